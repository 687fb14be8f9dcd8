"""The shipping service's functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saga_kit import outbound
from saga_kit.participant import participant
from saga_kit.read import reader
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import TECHNICAL_FAILURE, Trigger
from shipping import service, store
from shipping.provider import Carrier


@participant({"PaymentAuthorized": TriggerKind.PREVIOUS_SUCCEEDED})
def shipping(trigger: Trigger, _context: Any) -> Effect:
    """Book the order's shipment, which makes the order final."""
    return service.book(trigger, store.steps(), Carrier(outbound.client()))


@participant(
    {
        "ShipmentRejected": TriggerKind.FAILED,
        TECHNICAL_FAILURE: TriggerKind.TECHNICAL_FAILURE,
        "SagaDeadlineExceeded": TriggerKind.DEADLINE,
        "OrderCancellationRequested": TriggerKind.CANCELLATION,
    }
)
def reverse_ship(trigger: Trigger, _context: Any) -> Effect:
    """Make sure that the order, unless it is final, is never shipped."""
    return service.cancel(trigger, store.steps(), Carrier(outbound.client()))


@reader("order_id")
def get_shipment(order_id: str) -> Mapping[str, Any] | None:
    """Tell the state of the order's shipment."""
    return service.describe(order_id, store.steps())
