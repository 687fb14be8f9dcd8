"""The inventory service's functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from inventory import service, store
from saga_kit import http
from saga_kit.http import Problem, api_handler
from saga_kit.participant import participant
from saga_kit.read import reader
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import TECHNICAL_FAILURE, Trigger

SKU = "[A-Z0-9][A-Z0-9-]{0,31}"
SKU_EXPECTED = "1 to 32 capital letters, digits and hyphens"


@participant({"OrderPlaced": TriggerKind.PREVIOUS_SUCCEEDED})
def chk_inventory(trigger: Trigger, _context: Any) -> Effect:
    """Reserve an order's lines, all or none, at the prices that the customer was quoted."""
    return service.reserve(trigger, store.inventory())


@participant(
    {
        "StockRejected": TriggerKind.FAILED,
        TECHNICAL_FAILURE: TriggerKind.TECHNICAL_FAILURE,
        "PaymentReversed": TriggerKind.NEXT_REVERSED,
    }
)
def reverse_inv(trigger: Trigger, _context: Any) -> Effect:
    """Release an order's lines."""
    return service.release(trigger, store.inventory())


@api_handler
def receive_stock(request: http.Request) -> dict[str, Any]:
    """Take a delivery into stock: ``PUT /stock/{sku}``."""
    sku = request.path.get("sku", "")
    if not re.fullmatch(SKU, sku):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-path", f"sku: expected {SKU_EXPECTED}", field="sku")
    body = request.document("ReceiveStockRequest.v1")
    return http.answer(HTTPStatus.OK, service.receive(sku, body, store.inventory()))


def get_stock(event: Any, context: Any) -> Any:
    """Read an item (``GET /stock/{sku}``, or invoked with ``sku``) or, with ``order_id``, what an order holds."""
    of_an_order = isinstance(event, Mapping) and "order_id" in event
    return _reservation(event, context) if of_an_order else _item(event, context)


@reader("sku", "sku", pattern=SKU, expected=SKU_EXPECTED)
def _item(sku: str) -> Mapping[str, Any] | None:
    return store.inventory().item(sku)


@reader("order_id")
def _reservation(order_id: str) -> Mapping[str, Any] | None:
    return service.describe_reservation(order_id, store.inventory())
