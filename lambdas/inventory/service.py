"""The rules of stock: an order gets all of its lines at the quoted prices or nothing, and gives back what it got."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from inventory import shards, stock, store
from inventory.stock import Line, Piece
from inventory.store import Inventory
from saga_kit import clock, envelope
from saga_kit.errors import TransactionConflictError
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

ATTEMPTS = 6
"""Times that a change of an item in shards is tried anew because others changed the item first."""

DELIVERIES = uuid.UUID("0c5d6f3e-52c7-5f0f-8f39-3a1b6c1d9b42")
"""Namespace of the ids that deliveries have as the story of an event."""


def reserve(trigger: Trigger, inventory: Inventory) -> Effect:
    """Reserve every line of the order in one transaction with the order's row, or record why not.

    Raises ``TransactionConflictError`` when other orders were faster at every piece that this one tried to take.
    """
    order = trigger.event.data["order"]
    lines = stock.lines_of(order)
    step = Step(DEFINITION, inventory.rows)
    pieces = [[shards.first_choice(trigger.saga_id, line)] for line in lines]
    for _ in range(ATTEMPTS):
        taken = [piece for of_line in pieces for piece in of_line]
        reserved = Outcome.succeeded({"order": order}, {"lines": {"S": stock.dump(taken)}})
        try:
            return step.record(trigger, reserved, together=inventory.reservations(taken))
        except TransactionRefusedError as refusal:
            refused = list(zip(taken, refusal.reasons, strict=True))
        reason = next((told for piece, item in refused if (told := refusal_of(lines, piece, item))), None)
        for index, line in enumerate(lines):
            if reason is None and any(piece.line == line and item is not None for piece, item in refused):
                pieces[index], reason = _cut_again(trigger.saga_id, lines, line, inventory)
        if reason is None and sum(map(len, pieces)) > stock.MAX_PIECES:
            reason = out_of_stock(lines, max(pieces, key=len)[0].line)
        if reason is not None:
            return step.record(trigger, Outcome.failed({"order": order, "reason": reason}))
    raise TransactionConflictError(f"other orders were faster {ATTEMPTS} times")


def _cut_again(
    saga_id: str, lines: Sequence[Line], line: Line, inventory: Inventory
) -> tuple[list[Piece], dict[str, Any] | None]:
    """Return what a line can take from the shards as they are, or else why it can take nothing."""
    found = inventory.shards_at_once(line.sku, shards.remembered(line.sku), line.quantity)
    shards.remember(line.sku, len(found))
    reason = _refusal_by_item(lines, line, found[0])
    pieces = shards.cut(saga_id, line, [stock.available(item) for item in found])
    return pieces, reason or (None if pieces else out_of_stock(lines, line))


def refusal_of(lines: Sequence[Line], piece: Piece, item: Item | None) -> dict[str, Any] | None:
    """Return the reason (Reason.v1) for which ``piece`` cannot be had from anywhere; ``None`` if it is not as bad.

    ``item`` is ``None`` when the piece was there, else the shard as it is, empty for one that does not exist. What is
    not in one of several shards may be in another, and an item may have other shards than the piece was cut for.
    """
    if item is None or (not item and piece.shard):
        return None
    reason = _refusal_by_item(lines, piece.line, item)
    if item:
        shards.remember(piece.line.sku, stock.shards_of(item))
    if reason is not None or stock.shards_of(item) > 1 or piece.shards > 1:
        return reason
    return out_of_stock(lines, piece.line)


def _refusal_by_item(lines: Sequence[Line], line: Line, item: Item) -> dict[str, Any] | None:
    """Return the reason for which ``item``, empty for one that does not exist, is not what the line asks for."""
    index = lines.index(line)
    if not item:
        return {"code": "unknown_sku", "message": "One of the items does not exist.", "field": f"lines[{index}].sku"}
    currency, unit_price = item["currency"]["S"], int(item["unit_price"]["N"])
    if currency != line.currency:
        message = f"One of the items is sold in {currency} only."
        return {"code": "wrong_currency", "message": message, "field": "currency"}
    if unit_price != line.unit_price:
        message = "The price of one of the items is not the one that was quoted."
        return {"code": "price_changed", "message": message, "field": f"lines[{index}].unit_price"}
    return None


def out_of_stock(lines: Sequence[Line], line: Line) -> dict[str, Any]:
    """Return the reason (Reason.v1) for a line of which there is not enough."""
    field = f"lines[{lines.index(line)}].quantity"
    return {"code": "out_of_stock", "message": "One of the items is out of stock.", "field": field}


def release(trigger: Trigger, inventory: Inventory) -> Effect:
    """Give back what the order reserved, in one transaction with its row, and pass the reversal on."""
    order = trigger.event.data["order"]
    expected = stock.dump(shards.first_choice(trigger.saga_id, line) for line in stock.lines_of(order))

    def compensate(row: Row | None) -> Compensation | None:
        # Mostly the row says what the order in the trigger lets expect; the condition makes sure, and saves the read.
        kept = store.kept_lines(row) if row else expected
        return Compensation(inventory.releases(kept), {"lines": {"S": kept}}) if kept else None

    data = {"order": order, "reason": reason_of(trigger)}
    return Step(DEFINITION, inventory.rows).reverse(trigger, data, compensate)


def receive(sku: str, body: Mapping[str, Any], inventory: Inventory) -> dict[str, Any]:
    """Take a delivery (ReceiveStockRequest.v1) of ``sku`` into stock, once for each delivery id.

    Raises ``Problem`` (409) when the id was used for another delivery, or when the item has more shards than it says.
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
    for _ in range(ATTEMPTS):
        count = body.get("shards") or shards.remembered(sku)
        level = [0] if count == 1 else _levels(sku, count, inventory)
        try:
            found = inventory.receive(body["delivery_id"], line, shards.spread(line.quantity, level), digest, event)
        except TransactionRefusedError as refusal:
            actual = stock.shards_of(refusal.reasons[0] or {})
            if "shards" in body:
                raise Problem(
                    HTTPStatus.CONFLICT,
                    "shards-in-use",
                    f"shards: expected at least the {actual} that the item has",
                    field="shards",
                    expected=f"at least {actual}",
                ) from None
            shards.remember(sku, actual)
            continue
        if found not in {None, digest}:
            raise Problem(
                HTTPStatus.CONFLICT,
                "delivery-id-reused",
                "delivery_id: expected an id that was not used for another delivery",
                field="delivery_id",
            )
        return document
    raise TransactionConflictError(f"the item got more shards {ATTEMPTS} times")


def _levels(sku: str, count: int, inventory: Inventory) -> list[int]:
    """Return what is available in each of the ``count`` shards that an item has or is to get."""
    found = inventory.shards(sku, count)
    return [stock.available(item) for item in found[:count]] + [0] * (count - len(found))


def describe_reservation(order_id: str, inventory: Inventory) -> dict[str, Any] | None:
    """Return what the order holds of the stock, or ``None`` when inventory never heard of it."""
    row = inventory.rows.find(order_id)
    if row is None:
        return None
    kept = store.kept_lines(row)
    held = stock.held(kept) if kept and row.state is State.SUCCEEDED else {}
    document: dict[str, Any] = {
        "order_id": order_id,
        "state": row.state.value,
        "lines": [{"sku": sku, "quantity": quantity} for sku, quantity in held.items()],
    }
    if reason := row.reason:
        document["reason"] = reason
    return document
