"""The rules of an order: what may be ordered, what a repeated request gets, and what a reader may see."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from order import store
from order.countries import COUNTRIES
from order.money import LIMITS
from order.store import Orders
from saga_kit import clock, envelope
from saga_kit.envelope import Event
from saga_kit.errors import InvalidEventError
from saga_kit.http import Problem
from saga_kit.reason import reason_of
from saga_kit.rules import State
from saga_kit.step import Definition, Effect, Step
from saga_kit.store import Row
from saga_kit.trigger import Trigger

DEFINITION = Definition(
    name="order",
    do="place_order",
    undo="reverse_order",
    succeeded="OrderPlaced",
    failed="OrderRejected",
    reversed="OrderCancelled",
)
CANCELLATION_REQUESTED = "OrderCancellationRequested"

ORDER_IDS = uuid.UUID("6f1d8a52-7a3e-5c0b-9a55-3f4d3c5f7e10")
"""Namespace of order ids: an order is the same order for the same customer and idempotency key."""

STATUS = {State.SUCCEEDED: "PLACED", State.FAILED: "REJECTED", State.REVERSED: "CANCELLED"}
"""What the states of the order's row mean to a reader."""

LIMIT_EXCEEDED = "order_limit_exceeded"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to place an order: its body (PlaceOrderRequest.v1), its key, and the caller's traceparent."""

    body: Mapping[str, Any]
    idempotency_key: str
    traceparent: str | None = None

    @property
    def order_id(self) -> str:
        """The id that this customer's order under this key has."""
        return str(uuid.uuid5(ORDER_IDS, f"{self.body['customer_id']}/{self.idempotency_key}"))

    @property
    def digest(self) -> str:
        """SHA-256 of the body in base64, the same for every way to write the same JSON."""
        text = json.dumps(self.body, sort_keys=True, separators=(",", ":"))
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


def order_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the order (Order.v1) that a body asks for, with its total in minor units.

    Raises ``Problem`` (422) naming the field when a SKU is listed twice, the currency is not one of the shop's, or
    there is no such country.
    """
    if body["currency"] not in LIMITS:
        raise _invalid("currency", f"one of {', '.join(LIMITS)}")
    if body["ship_to"]["country"] not in COUNTRIES:
        raise _invalid("ship_to.country", "an ISO 3166-1 alpha-2 code")
    seen: set[str] = set()
    for index, line in enumerate(body["lines"]):
        if line["sku"] in seen:
            raise _invalid(f"lines[{index}].sku", "each SKU in one line only")
        seen.add(line["sku"])
    return {**body, "total": sum(line["quantity"] * line["unit_price"] for line in body["lines"])}


def refusal_of(order: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the reason (Reason.v1) why the shop does not take the order, or ``None`` when it does."""
    limit = LIMITS[order["currency"]]
    if order["total"] <= limit:
        return None
    message = f"An order may come to at most {limit} minor units of {order['currency']}."
    return {"code": LIMIT_EXCEEDED, "message": message, "field": "total"}


def place(request: Request, orders: Orders, deadline_seconds: float) -> dict[str, Any]:
    """Record the order, or find the one that was recorded under the same key; a repeated request gets the same answer.

    One write, for the first request and for a repeated one alike. Raises ``Problem``: 422 for a wrong body, and for an
    order that the shop refuses (which is recorded too); 409 when the key was used for another body.
    """
    order, order_id = order_of(request.body), request.order_id
    reason = refusal_of(order)
    event = envelope.first(
        DEFINITION.failed if reason else DEFINITION.succeeded,
        {"order": order, **({"reason": reason} if reason else {})},
        saga_id=order_id,
        step=DEFINITION.name,
        producer=DEFINITION.do,
        deadline_at=clock.rfc3339(clock.after(deadline_seconds)),
        parent=request.traceparent,
    )
    digest = request.digest
    change = orders.place(event, State.FAILED if reason else State.SUCCEEDED, digest)
    if not change.applied:
        if change.row is None or store.digest(change.row) != digest:
            raise Problem(
                HTTPStatus.CONFLICT,
                "idempotency-key-reused",
                "idempotency-key: expected a key that was not used for another body",
                field="idempotency-key",
            )
        reason = _refusal_on(change.row)  # the limit may have been another one then
    if reason:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "order-rejected",
            reason["message"],
            code=reason["code"],
            field=reason["field"],
            order_id=order_id,
        )
    path = f"/orders/{order_id}"
    return {
        "order_id": order_id,
        "state": STATUS[State.SUCCEEDED],
        "total": order["total"],
        "currency": order["currency"],
        "links": {"self": path, "cancellation": f"{path}/cancellation"},
    }


def _refusal_on(row: Row) -> dict[str, Any] | None:
    """Return why the shop did not take the order, which its reversal carries on; it may be reversed for others."""
    reason: dict[str, Any] | None = _event_of(row).data.get("reason")
    return reason if reason and reason["code"] == LIMIT_EXCEEDED else None


def cancel(trigger: Trigger, orders: Orders) -> Effect:
    """Take the order back and tell why."""
    data = {"order": trigger.event.data["order"], "reason": reason_of(trigger)}
    return Step(DEFINITION, orders.rows).reverse(trigger, data)


def request_cancellation(order_id: str, orders: Orders, customer: str | None) -> dict[str, Any]:
    """Publish that the customer wants the order to be taken back; a repeated request gets the same answer, also later.

    ``customer`` is who asks, ``None`` for an operator. Whether the order can still be taken back is decided by the
    saga's last step. Raises ``Problem``: 404 for an order that does not exist or is another customer's, 409 for one
    that did not stand any more when that was first asked for.
    """
    row = orders.rows.find(order_id)
    if row is None or customer not in {None, _event_of(row).data["order"]["customer_id"]}:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "id: expected an order that exists", field="id")
    if not orders.request_cancellation(row, _cancellation(row)):
        raise Problem(HTTPStatus.CONFLICT, "order-not-open", "id: expected an order that still stands", field="id")
    return {"order_id": order_id, "cancellation": "REQUESTED"}


def _cancellation(row: Row) -> Event:
    placed = _event_of(row)
    return envelope.following(
        placed.meta,
        envelope.event_id(placed.meta.correlation_id, DEFINITION.name, DEFINITION.succeeded),
        CANCELLATION_REQUESTED,
        {"order": placed.data["order"]},
        step=DEFINITION.name,
        producer="request_cancellation",
    )


def describe(order_id: str, orders: Orders) -> dict[str, Any] | None:
    """Return the order as a reader may see it, or ``None``: of the card only the last digits, money in minor units."""
    row = orders.rows.find(order_id)
    if row is None:
        return None
    event = _event_of(row)
    order = {**event.data["order"]}
    last4 = order.pop("payment").get("last4")
    document: dict[str, Any] = {
        "order_id": order_id,
        "state": STATUS[row.state],
        "placed_at": store.placed_at(row),
        "updated_at": event.meta.occurred_at,
        "deadline_at": event.meta.deadline_at,
        "cancellation_requested": store.cancellation_requested(row),
        **order,
    }
    if last4:
        document["card_last4"] = last4
    if "reason" in event.data:
        document["reason"] = event.data["reason"]
    return document


def _invalid(field: str, expected: str) -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-body", f"{field}: expected {expected}", field=field, expected=expected
    )


def _event_of(row: Row) -> Event:
    event = row.event
    if event is None:
        raise InvalidEventError("outbox", "an event in the order's row")
    return event
