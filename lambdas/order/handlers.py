"""The order service's functions."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from order import service, store
from saga_kit import http, settings
from saga_kit.http import Problem, api_handler
from saga_kit.participant import participant
from saga_kit.read import reader
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import TECHNICAL_FAILURE, Trigger

KEY_PATTERN = "[\\x21-\\x7e]{1,128}"


@api_handler
def place_order(request: http.Request) -> dict[str, Any]:
    """Take an order: ``POST /orders`` with an Idempotency-Key."""
    key = request.header("idempotency-key", KEY_PATTERN, "1 to 128 visible ASCII characters")
    body = request.document("PlaceOrderRequest.v1")
    if not request.may_see(body["customer_id"]):
        raise Problem(
            HTTPStatus.FORBIDDEN, "not-your-order", "customer_id: expected your own customer id", field="customer_id"
        )
    placed = service.place(
        service.Request(body, key, request.traceparent()), store.orders(), settings.number("SAGA_DEADLINE_SECONDS")
    )
    answer = http.answer(HTTPStatus.ACCEPTED, placed)
    answer["headers"]["location"] = placed["links"]["self"]
    return answer


@participant(
    {
        "OrderRejected": TriggerKind.FAILED,
        TECHNICAL_FAILURE: TriggerKind.TECHNICAL_FAILURE,
        "StockReleased": TriggerKind.NEXT_REVERSED,
    }
)
def reverse_order(trigger: Trigger, _context: Any) -> Effect:
    """Take an order back, which ends its saga."""
    return service.cancel(trigger, store.orders())


@api_handler
def request_cancellation(request: http.Request) -> dict[str, Any]:
    """Ask for an order to be taken back: ``POST /orders/{id}/cancellation``."""
    document = service.request_cancellation(request.identifier("id"), store.orders(), request.caller)
    return http.answer(HTTPStatus.ACCEPTED, document)


@reader("order_id", owner="customer_id")
def get_order(order_id: str) -> Mapping[str, Any] | None:
    """Read an order: ``GET /orders/{id}``, or invoked with ``order_id``."""
    return service.describe(order_id, store.orders())
