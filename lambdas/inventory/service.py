"""The rules of stock: an order gets all of its lines at the quoted prices or nothing, and gives back what it got."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from inventory import stock, store
from inventory.stock import Line
from inventory.store import Inventory
from saga_kit import clock, envelope
from saga_kit.http import Problem
from saga_kit.reason import reason_of
from saga_kit.rules import State
from saga_kit.step import Compensation, Definition, Effect, Outcome, Step
from saga_kit.store import Item, Row, TransactionRefusedError
from saga_kit.trigger import Trigger

DEFINITION = Definition(
    name="inventory",
    do="chk_inventory",
    undo="reverse_inv",
    succeeded="StockReserved",
    failed="StockRejected",
    reversed="StockReleased",
)
RECEIVED = "StockReceived"

DELIVERIES = uuid.UUID("0c5d6f3e-52c7-5f0f-8f39-3a1b6c1d9b42")
"""Namespace of the ids that deliveries have as the story of an event."""


def reserve(trigger: Trigger, inventory: Inventory) -> Effect:
    """Reserve every line of the order in one transaction with the order's row, or record why not."""
    order = trigger.event.data["order"]
    lines = stock.lines_of(order)
    step = Step(DEFINITION, inventory.rows)
    reserved = Outcome.succeeded({"order": order}, {"lines": {"S": stock.dump(lines)}})
    try:
        return step.record(trigger, reserved, together=inventory.reservations(lines))
    except TransactionRefusedError as refusal:
        return step.record(trigger, Outcome.failed({"order": order, "reason": refusal_of(lines, refusal.reasons)}))


def refusal_of(lines: Sequence[Line], found: Sequence[Item | None]) -> dict[str, Any]:
    """Return the reason (Reason.v1) for the first line that cannot be had.

    ``found`` has for each line ``None`` when it can, else the item as it is, empty for an unknown SKU.
    """
    index = next(index for index, item in enumerate(found) if item is not None)
    line, item = lines[index], found[index]
    field = f"lines[{index}].sku"
    if not item:
        return {"code": "unknown_sku", "message": "One of the items does not exist.", "field": field}
    current = stock.describe(item)
    if current["currency"] != line.currency:
        message = f"One of the items is sold in {current['currency']} only."
        return {"code": "wrong_currency", "message": message, "field": "currency"}
    if current["unit_price"] != line.unit_price:
        message = "The price of one of the items is not the one that was quoted."
        return {"code": "price_changed", "message": message, "field": f"lines[{index}].unit_price"}
    return {"code": "out_of_stock", "message": "One of the items is out of stock.", "field": f"lines[{index}].quantity"}


def release(trigger: Trigger, inventory: Inventory) -> Effect:
    """Give back what the order reserved, in one transaction with its row, and pass the reversal on."""
    order = trigger.event.data["order"]
    quoted = stock.dump(stock.lines_of(order))

    def compensate(row: Row | None) -> Compensation | None:
        # The order in the trigger says the same as the row; the condition makes sure of it, and saves the read.
        kept = store.kept_lines(row) if row else quoted
        return Compensation(inventory.releases(kept), {"lines": {"S": kept}}) if kept else None

    data = {"order": order, "reason": reason_of(trigger)}
    return Step(DEFINITION, inventory.rows).reverse(trigger, data, compensate)


def receive(sku: str, body: Mapping[str, Any], inventory: Inventory) -> dict[str, Any]:
    """Take a delivery (ReceiveStockRequest.v1) of ``sku`` into stock, once for each delivery id.

    Raises ``Problem`` (409) when the id was used for another delivery.
    """
    line = Line(sku, body["quantity"], body["unit_price"], body["currency"])
    document = {"sku": sku, **body}
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    event = envelope.first(
        RECEIVED,
        document,
        saga_id=str(uuid.uuid5(DELIVERIES, body["delivery_id"])),
        step=DEFINITION.name,
        producer="receive_stock",
        deadline_at=clock.rfc3339(clock.now()),
    )
    found = inventory.receive(body["delivery_id"], line, digest, event)
    if found not in {None, digest}:
        raise Problem(
            HTTPStatus.CONFLICT,
            "delivery-id-reused",
            "delivery_id: expected an id that was not used for another delivery",
            field="delivery_id",
        )
    return document


def describe_reservation(order_id: str, inventory: Inventory) -> dict[str, Any] | None:
    """Return what the order holds of the stock, or ``None`` when inventory never heard of it."""
    row = inventory.rows.find(order_id)
    if row is None:
        return None
    kept = store.kept_lines(row)
    held = stock.load(kept) if kept and row.state is State.SUCCEEDED else []
    document: dict[str, Any] = {
        "order_id": order_id,
        "state": row.state.value,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in held],
    }
    if row.event and "reason" in row.event.data:
        document["reason"] = row.event.data["reason"]
    return document
