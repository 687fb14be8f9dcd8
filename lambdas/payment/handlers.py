"""The payment service's functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from payment import service, store
from payment.provider import PaymentProvider
from saga_kit import outbound
from saga_kit.participant import participant
from saga_kit.read import reader
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import TECHNICAL_FAILURE, Trigger


@participant({"StockReserved": TriggerKind.PREVIOUS_SUCCEEDED})
def process_pymt(trigger: Trigger, _context: Any) -> Effect:
    """Set the order's total aside on the customer's card."""
    return service.authorize(trigger, store.steps(), PaymentProvider(outbound.client()))


@participant(
    {
        "PaymentDeclined": TriggerKind.FAILED,
        TECHNICAL_FAILURE: TriggerKind.TECHNICAL_FAILURE,
        "ShipmentReversed": TriggerKind.NEXT_REVERSED,
    }
)
def reverse_pymt(trigger: Trigger, _context: Any) -> Effect:
    """Let go of the order's total again."""
    return service.void(trigger, store.steps(), PaymentProvider(outbound.client()))


@reader("order_id")
def get_payment(order_id: str) -> Mapping[str, Any] | None:
    """Tell the state of the order's payment: no token, no more of the card than its last four digits."""
    return service.describe(order_id, store.steps())
