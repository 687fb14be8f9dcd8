"""The rules of a step, without any storage: which states let a do or an undo take effect.

They are the whole correctness argument in a page. The row decides, not the message: an ``undo`` takes effect only
when the step after it can never happen any more, and a ``do`` only where nothing stands yet. Borrowed from the
sub-transaction barrier of dtm (``client/dtmcli/barrier.go``), with the barrier's row and the business row made one.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """State of a step's row. A row that is absent stands for "nothing has happened yet"."""

    PENDING = "PENDING"
    """The intent to call a provider is recorded; whether the call happened is not known."""
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    """The step was refused for a business reason."""
    REVERSING = "REVERSING"
    """The intent to take a provider's effect back is recorded; the do can no longer succeed."""
    REVERSED = "REVERSED"
    """Compensated, or a tombstone: the undo came first, so a late do does nothing."""


class TriggerKind(StrEnum):
    """Why a function of a step runs."""

    PREVIOUS_SUCCEEDED = "previous_succeeded"
    FAILED = "failed"
    TECHNICAL_FAILURE = "technical_failure"
    NEXT_REVERSED = "next_reversed"
    DEADLINE = "deadline"
    CANCELLATION = "cancellation"


States = frozenset[State | None]
"""A set of states in which a change is allowed; ``None`` stands for the absent row."""

_UNDECIDED: States = frozenset({None, State.FAILED})
_INTENTS: States = frozenset({State.PENDING, State.REVERSING})


def states_open_to_do(*, with_intent: bool = False) -> States:
    """Return the states in which a do may record its outcome: none yet, or its own open intent."""
    return frozenset({State.PENDING}) if with_intent else frozenset({None})


def states_open_to_undo(kind: TriggerKind, *, with_intent: bool = False) -> States:
    """Return the states in which an undo that runs because of ``kind`` may take effect.

    Only the reversal of the next step reverses a success: whatever else triggers an undo while the row says
    SUCCEEDED, the saga is going on. Raises ``ValueError`` for a trigger that never compensates.
    """
    if kind is TriggerKind.PREVIOUS_SUCCEEDED:
        raise ValueError("the success of the previous step starts a do, it never compensates")
    states = _UNDECIDED | _INTENTS if with_intent else _UNDECIDED
    return states | {State.SUCCEEDED} if kind is TriggerKind.NEXT_REVERSED else states


def needs_compensation(state: State | None) -> bool:
    """Return whether a row that was found in ``state`` may have had an effect outside of the table."""
    return state in {State.PENDING, State.SUCCEEDED, State.REVERSING}
