"""What an order's events mean to those who look at it: the state that each leads to, and which of two is further on.

Events come in any order, and the clocks of functions do not agree. So no event's time decides which one is newer, but
its rank: its place in the order of causes. A saga goes forward along its steps, fails at one of them, and is taken back
from the last step to the first; whatever of this was published, what stands further down in ``RANKS`` came later or
makes what came later of no account. An event is old when the order has got as far, or further.
"""

from __future__ import annotations

from enum import StrEnum

from saga_kit.fold import StepEvents

STEPS = (
    StepEvents("order", "OrderPlaced", "OrderRejected", "OrderCancelled"),
    StepEvents("inventory", "StockReserved", "StockRejected", "StockReleased"),
    StepEvents("payment", "PaymentAuthorized", "PaymentDeclined", "PaymentReversed"),
    StepEvents("shipping", "ShipmentBooked", "ShipmentRejected", "ShipmentReversed"),
)
"""The saga's steps in their order, as Terraform wires them; held against that by a test."""


class State(StrEnum):
    """An order's state for people."""

    PLACED = "PLACED"
    RESERVED = "RESERVED"
    PAID = "PAID"
    CANCELLING = "CANCELLING"
    """It failed somewhere, and is being taken back."""
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


FINAL = frozenset({State.SHIPPED, State.CANCELLED})

_FORWARD = (State.PLACED, State.RESERVED, State.PAID)
_LAST = STEPS[-1]

STATES: dict[str, State] = {
    **{step.succeeded: state for step, state in zip(STEPS, _FORWARD, strict=False)},
    **{step.failed: State.CANCELLING for step in STEPS},
    **{step.reversed: State.CANCELLING for step in reversed(STEPS)},
    _LAST.succeeded: State.SHIPPED,
    STEPS[0].reversed: State.CANCELLED,
}
"""The state that an order is in after an event, by its detail type, in the order of causes."""

RANKS: dict[str, int] = {detail_type: rank for rank, detail_type in enumerate(STATES, 1)}

MARKS: dict[str, str] = {
    "OrderCancellationRequested": "cancellation_requested_at",
    "SagaDeadlineExceeded": "deadline_exceeded_at",
    "CustomerNotified": "notified_at",
}
"""Events that leave an order in its state: the attribute that keeps when each was."""

FIRST = frozenset({STEPS[0].succeeded, STEPS[0].failed})
"""Events that a saga starts with: they alone tell when the order was placed."""

EVENTS = frozenset({*STATES, *MARKS})
