"""The shipping service's table: a step row an order, with the shipment beside the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saga_kit import aws, settings
from saga_kit.store import Item, Row, StepStore

_NAMES = ("shipment_id", "carrier", "tracking_code")


def steps() -> StepStore:
    """Return the rows of the service's table."""
    return StepStore(aws.client("dynamodb"), settings.table())


def attributes(shipment: Mapping[str, Any]) -> Item:
    """Return what the row keeps of a shipment."""
    return {name: {"S": shipment[name]} for name in _NAMES}


def shipment(row: Row) -> dict[str, Any] | None:
    """Return the shipment that the row keeps, or ``None`` when no booking was recorded."""
    return {name: row.item[name]["S"] for name in _NAMES} if "shipment_id" in row.item else None
