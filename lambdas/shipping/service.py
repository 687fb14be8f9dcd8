"""The rules of the shipping step, the pivot: its names, and what a reader may see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saga_kit.reason import reason_of
from saga_kit.step import Definition, Effect, Provider, Step
from saga_kit.store import StepStore
from saga_kit.trigger import Trigger
from shipping import store

DEFINITION = Definition(
    name="shipping",
    do="shipping",
    undo="reverse_ship",
    succeeded="ShipmentBooked",
    failed="ShipmentRejected",
    reversed="ShipmentReversed",
)


def book(trigger: Trigger, rows: StepStore, provider: Provider) -> Effect:
    """Have the order's shipment booked, and record how that ended."""
    return Step(DEFINITION, rows).perform(trigger, provider)


def cancel(trigger: Trigger, rows: StepStore, provider: Provider) -> Effect:
    """Have the order's shipment cancelled where one may be under way, and pass the reversal on.

    A recorded booking stays: no step comes after this one whose reversal could ask for it back.
    """
    data = {"order": trigger.event.data["order"], "reason": reason_of(trigger)}
    return Step(DEFINITION, rows).revoke(trigger, data, provider)


def describe(order_id: str, rows: StepStore) -> Mapping[str, Any] | None:
    """Return the state of the order's shipment, or ``None`` when there is none."""
    row = rows.find(order_id)
    if row is None:
        return None
    document: dict[str, Any] = {"order_id": order_id, "state": row.state.value}
    if shipment := store.shipment(row):
        document["shipment"] = shipment
    if reason := row.reason:
        document["reason"] = reason
    return document
