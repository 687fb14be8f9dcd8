"""The notification service's functions."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from notification import mail, service, store
from saga_kit import aws, settings
from saga_kit.participant import participant
from saga_kit.read import reader
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import Trigger


@participant(
    {
        "ShipmentBooked": TriggerKind.PREVIOUS_SUCCEEDED,
        "OrderCancelled": TriggerKind.NEXT_REVERSED,
    }
)
def notify_customer(trigger: Trigger, context: Any) -> Effect:
    """Tell the customer by mail, once, how the order ended."""
    lease_seconds = context.get_remaining_time_in_millis() / 1000 + service.LEASE_MARGIN_SECONDS
    once = store.notices().once(lease_seconds)
    # A single attempt: SES cannot tell a repeated request from a second mail, and the row counts the attempts.
    send = functools.partial(mail.send, aws.client("sesv2", attempts=1), settings.text("MAIL_FROM"))
    return service.notify(trigger, once, send)


@reader("order_id")
def get_notices(order_id: str) -> Mapping[str, Any] | None:
    """Tell what the order's customer has been told."""
    return service.describe(order_id, store.notices())
