"""The payment service's table: a step row an order, with the authorization beside the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saga_kit import aws, settings
from saga_kit.store import Item, Row, StepStore


def steps() -> StepStore:
    """Return the rows of the service's table."""
    return StepStore(aws.client("dynamodb"), settings.table())


def attributes(payment: Mapping[str, Any]) -> Item:
    """Return what the row keeps of a payment. Its amount is in minor units of its currency; there is no token in it."""
    kept: Item = {
        "authorization_id": {"S": payment["authorization_id"]},
        "amount": {"N": str(payment["amount"])},
        "currency": {"S": payment["currency"]},
    }
    if "last4" in payment:
        kept["last4"] = {"S": payment["last4"]}
    return kept


def payment(row: Row) -> dict[str, Any] | None:
    """Return the payment that the row keeps, or ``None`` when no authorization was recorded."""
    if "authorization_id" not in row.item:
        return None
    kept: dict[str, Any] = {
        name: row.item[name]["S"] for name in ("authorization_id", "currency", "last4") if name in row.item
    }
    return {**kept, "amount": int(row.item["amount"]["N"])}
