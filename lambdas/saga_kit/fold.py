"""Folds the events of a saga into the state of its steps: what the rows of services hold follows from what they said.

The fold of an event-sourced aggregate (as in Fowler's "Event Sourcing"), with one difference: services publish without
an order among them, so the fold asks for none. A step's row moves forward only (``saga_kit.rules``), each of its
outcomes is published once and by its own detail type; so the furthest outcome among the events decides, in whatever
order and however often they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from saga_kit.envelope import Event
from saga_kit.errors import InvalidEventError
from saga_kit.rules import State


@dataclass(frozen=True, slots=True)
class StepEvents:
    """What a step publishes, by the outcome that it reports: detail types."""

    step: str
    succeeded: str
    failed: str
    reversed: str

    @property
    def states(self) -> Mapping[str, State]:
        """The state that each detail type reports, the furthest last."""
        return {self.succeeded: State.SUCCEEDED, self.failed: State.FAILED, self.reversed: State.REVERSED}


@dataclass(frozen=True, slots=True)
class Folded:
    """Where a step stands by its events: the state of its row, and the event that brought it there."""

    state: State
    event: Event


def fold(events: Iterable[Event], steps: Sequence[StepEvents]) -> dict[str, Folded | None]:
    """Return where each step of a saga stands, by the step's name; ``None`` for one that has said nothing.

    Intents (``PENDING``, ``REVERSING``) are published by nobody: of a row that has one the fold tells the state before
    it. Raises ``InvalidEventError`` when the events are of several sagas, or tell of both outcomes of one do, which
    has only one.
    """
    told: dict[str, Event] = {}
    sagas = set()
    for event in events:
        told[event.detail_type] = event
        sagas.add(event.meta.correlation_id)
    if len(sagas) > 1:
        raise InvalidEventError("meta.correlation_id", "events of one saga")
    return {step.step: _furthest(step, told) for step in steps}


def _furthest(step: StepEvents, told: Mapping[str, Event]) -> Folded | None:
    if step.succeeded in told and step.failed in told:
        raise InvalidEventError("detail-type", f"one of {step.succeeded} and {step.failed}, which exclude each other")
    found = None
    for detail_type, state in step.states.items():
        if detail_type in told:
            found = Folded(state, told[detail_type])
    return found
