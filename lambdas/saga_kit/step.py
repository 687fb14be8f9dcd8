"""A step of a saga: a do and an undo around one row of the service's table.

Two kinds of work fit in a step. *Local* work changes the table alone and takes one write, the outcome. Work at a
*provider* (something outside of the table that is called over the network) takes two: the intent first, so that an
undo can see that a call may be on its way, then the outcome. The provider must be idempotent by the saga's id and must
let its effect be taken back by that id even before it has seen it (see ``Provider``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from saga_kit import envelope
from saga_kit.envelope import Event
from saga_kit.errors import RetryLaterError
from saga_kit.rules import State, needs_compensation, states_open_to_do, states_open_to_undo
from saga_kit.store import Item, Row, StepStore
from saga_kit.trigger import Trigger

_RACES = 4
"""A row moves forward at most this often: absent, outcome, reversed, and one more for good measure."""


class Effect(StrEnum):
    """What a function did, for its log line and its metric."""

    DONE = "done"
    REFUSED = "refused"
    COMPENSATED = "compensated"
    PASSED_ON = "passed_on"
    """There was nothing to compensate: the row is now a tombstone and the reversal goes on."""
    NOTHING = "nothing"
    """The row had already decided: a duplicate, a late do, or an undo that must not take effect."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A step by its names: its own, those of its two functions, and the detail types it publishes."""

    name: str
    do: str
    undo: str
    succeeded: str
    failed: str
    reversed: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a do ended for business reasons: the data of its event, and what to keep on the row beside it."""

    state: State
    data: Mapping[str, Any]
    attributes: Mapping[str, Item] = field(default_factory=dict)

    @classmethod
    def succeeded(cls, data: Mapping[str, Any], attributes: Mapping[str, Item] | None = None) -> Outcome:
        """The step took effect."""
        return cls(State.SUCCEEDED, data, attributes or {})

    @classmethod
    def failed(cls, data: Mapping[str, Any], attributes: Mapping[str, Item] | None = None) -> Outcome:
        """The step was refused; ``data`` should carry the reason."""
        return cls(State.FAILED, data, attributes or {})


@dataclass(frozen=True, slots=True)
class Compensation:
    """What has to change together with a row that goes from SUCCEEDED to REVERSED.

    ``together`` are entries of a TransactWriteItems request; ``require`` names attributes of the row that must have
    the given values for them to be the right ones.
    """

    together: Sequence[Item]
    require: Mapping[str, Item] = field(default_factory=dict)


class Provider(Protocol):
    """An outside system that a step has its work done by, keyed by the saga's id.

    ``perform`` may be called any number of times, also at once, and has its effect at most once. ``revoke`` takes the
    effect back, and where there is none yet it makes sure that there never will be one: a ``perform`` that arrives
    later is refused. Both raise ``ProviderUnavailableError`` when no answer decides the call.
    """

    def perform(self, event: Event) -> Outcome:
        """Do the work that ``event`` asks for and return how it ended."""
        ...

    def revoke(self, saga_id: str) -> None:
        """Take the saga's effect back, now and for ever."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """Runs the do and the undo of one step by the rules in ``saga_kit.rules``."""

    definition: Definition
    store: StepStore

    def event(self, trigger: Trigger, detail_type: str, data: Mapping[str, Any], producer: str) -> Event:
        """Return the event that this step publishes because of ``trigger``."""
        return envelope.following(
            trigger.event.meta, trigger.causation_id, detail_type, data, step=self.definition.name, producer=producer
        )

    def record(self, trigger: Trigger, outcome: Outcome, *, together: Sequence[Item] = ()) -> Effect:
        """Record the outcome of local work in one write, with the items in ``together`` or not at all.

        Raises ``TransactionRefusedError`` when one of these does not meet its condition; nothing is written then.
        """
        return self._decide(trigger, outcome, with_intent=False, together=together)

    def perform(self, trigger: Trigger, provider: Provider) -> Effect:
        """Record the intent, have the provider do the work, and record how it ended.

        Raises ``ProviderUnavailableError``, with the intent left on the row, when the provider gave no answer.
        """
        intent = self.store.change(trigger.saga_id, State.PENDING, allowed=states_open_to_do())
        if not intent.applied and intent.found is not State.PENDING:
            return Effect.NOTHING
        return self._decide(trigger, provider.perform(trigger.event), with_intent=True)

    def _decide(
        self, trigger: Trigger, outcome: Outcome, *, with_intent: bool, together: Sequence[Item] = ()
    ) -> Effect:
        names = self.definition
        succeeded = outcome.state is State.SUCCEEDED
        change = self.store.change(
            trigger.saga_id,
            outcome.state,
            allowed=states_open_to_do(with_intent=with_intent),
            event=self.event(trigger, names.succeeded if succeeded else names.failed, outcome.data, names.do),
            attributes=outcome.attributes,
            together=together,
        )
        if not change.applied:
            return Effect.NOTHING
        return Effect.DONE if succeeded else Effect.REFUSED

    def reverse(
        self,
        trigger: Trigger,
        data: Mapping[str, Any],
        compensate: Callable[[Row | None], Compensation | None] | None = None,
    ) -> Effect:
        """Compensate local work, or leave a tombstone, and pass the reversal on with ``data``.

        ``compensate`` says what else has to change where the do took effect. It is asked first with ``None``, for
        what the trigger alone tells (which saves a read; ``None`` for an answer: nothing), and only where that does
        not fit the row again with the row. Raises ``RetryLaterError`` when the row never held still.
        """
        open_states = states_open_to_undo(trigger.kind)
        event = self.event(trigger, self.definition.reversed, data, self.definition.undo)
        row: Row | None = None
        expects_success = compensate is not None and State.SUCCEEDED in open_states
        for _ in range(_RACES):
            work = compensate(row) if compensate and expects_success else None
            change = self.store.change(
                trigger.saga_id,
                State.REVERSED,
                allowed=frozenset({State.SUCCEEDED})
                if work
                else open_states - ({State.SUCCEEDED} if compensate else set()),
                event=event,
                require=work.require if work else None,
                together=work.together if work else (),
            )
            if change.applied:
                return Effect.COMPENSATED if work or change.found is State.SUCCEEDED else Effect.PASSED_ON
            if change.found not in open_states:
                return Effect.NOTHING
            row, expects_success = change.row, change.found is State.SUCCEEDED
        raise RetryLaterError(f"step row of {trigger.saga_id} changed {_RACES} times in a row")

    def revoke(self, trigger: Trigger, data: Mapping[str, Any], provider: Provider) -> Effect:
        """Record the intent to undo, have the provider take its effect back, and pass the reversal on with ``data``.

        The intent keeps a do that is still under way from recording a success. Raises ``ProviderUnavailableError``,
        with the intent left on the row, when the provider gave no answer.
        """
        event = self.event(trigger, self.definition.reversed, data, self.definition.undo)
        intent = self.store.change(
            trigger.saga_id, State.REVERSING, allowed=states_open_to_undo(trigger.kind, with_intent=True)
        )
        if not intent.applied:
            return Effect.NOTHING
        compensates = needs_compensation(intent.found)
        if compensates:
            provider.revoke(trigger.saga_id)
        change = self.store.change(trigger.saga_id, State.REVERSED, allowed=frozenset({State.REVERSING}), event=event)
        if not change.applied:
            return Effect.NOTHING
        return Effect.COMPENSATED if compensates else Effect.PASSED_ON
