"""Why a saga is taken back: said once, by whoever ended it, and carried on by every reversal after that."""

from __future__ import annotations

from typing import Any

from saga_kit.rules import TriggerKind
from saga_kit.trigger import Trigger

_REASONS = {
    TriggerKind.TECHNICAL_FAILURE: ("technical_failure", "Something did not work on our side."),
    TriggerKind.DEADLINE: ("deadline_exceeded", "It took too long."),
    TriggerKind.CANCELLATION: ("customer_cancelled", "It was cancelled at the customer's request."),
}


def reason_of(trigger: Trigger) -> dict[str, Any]:
    """Return the ``reason`` (Reason.v1) that an undo hands on: the trigger's own, or what its kind stands for.

    An undo that a reversal or a failure triggered finds the reason in that event; where such an event has none, the
    reason is a technical failure. The others are the reason themselves.
    """
    if trigger.kind in {TriggerKind.FAILED, TriggerKind.NEXT_REVERSED} and "reason" in trigger.event.data:
        return dict(trigger.event.data["reason"])
    code, message = _REASONS.get(trigger.kind, _REASONS[TriggerKind.TECHNICAL_FAILURE])
    return {"code": code, "message": message}
