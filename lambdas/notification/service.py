"""The rules of notifying: one mail an order, about the one way in which it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from notification import mail, store
from notification.mail import Mail, Outcome
from notification.store import Notices
from saga_kit import envelope
from saga_kit.envelope import Event
from saga_kit.once import Once
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import Trigger

STEP = "notification"
PRODUCER = "notify_customer"
NOTIFIED = "CustomerNotified"

LEASE_MARGIN_SECONDS = 5.0
"""What a claim outlives its invocation by, for clocks that do not agree."""


def notify(trigger: Trigger, once: Once, send: Callable[[Mail], None]) -> Effect:
    """Send the customer the mail about the order's outcome, unless that has been done.

    Raises ``IntentInProgressError`` while another invocation is at it, and ``DifferentEffectError`` when the customer
    was told, or is being told, of the other outcome: an order has only one.
    """
    outcome = Outcome.SHIPPED if trigger.kind is TriggerKind.PREVIOUS_SUCCEEDED else Outcome.CANCELLED
    message = mail.compose(outcome, trigger.saga_id, trigger.event.data)

    def tell(attempt: int) -> Event:
        # Made before the mail goes out: an event that is refused afterwards would have the mail sent again.
        event = envelope.following(
            trigger.event.meta,
            trigger.causation_id,
            NOTIFIED,
            {"outcome": outcome.value, "attempt": attempt},
            step=STEP,
            producer=PRODUCER,
        )
        send(message)
        return event

    told = once.run(store.key(trigger.saga_id), {"outcome": {"S": outcome.value}}, tell)
    return Effect.DONE if told else Effect.NOTHING


def describe(order_id: str, notices: Notices) -> Mapping[str, Any]:
    """Return what the order's customer has been told: no notice or one."""
    notice = notices.find(order_id)
    return {"order_id": order_id, "notices": [notice] if notice else []}
