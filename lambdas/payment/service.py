"""The rules of the payment step: its names, and what a reader may see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payment import store
from saga_kit.reason import reason_of
from saga_kit.step import Definition, Effect, Provider, Step
from saga_kit.store import StepStore
from saga_kit.trigger import Trigger

DEFINITION = Definition(
    name="payment",
    do="process_pymt",
    undo="reverse_pymt",
    succeeded="PaymentAuthorized",
    failed="PaymentDeclined",
    reversed="PaymentReversed",
)


def authorize(trigger: Trigger, rows: StepStore, provider: Provider) -> Effect:
    """Have the order's total set aside, and record how that ended."""
    return Step(DEFINITION, rows).perform(trigger, provider)


def void(trigger: Trigger, rows: StepStore, provider: Provider) -> Effect:
    """Have the order's authorization voided where there may be one, and pass the reversal on."""
    data = {"order": trigger.event.data["order"], "reason": reason_of(trigger)}
    return Step(DEFINITION, rows).revoke(trigger, data, provider)


def describe(order_id: str, rows: StepStore) -> Mapping[str, Any] | None:
    """Return the state of the order's payment, or ``None`` when there is none. Amounts are in minor units."""
    row = rows.find(order_id)
    if row is None:
        return None
    document: dict[str, Any] = {"order_id": order_id, "state": row.state.value}
    if payment := store.payment(row):
        document["payment"] = payment
    if reason := row.reason:
        document["reason"] = reason
    return document
