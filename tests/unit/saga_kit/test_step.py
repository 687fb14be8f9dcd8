"""A step's do and undo, for every trigger and every state that its row can be in."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from saga_kit.envelope import Event
from saga_kit.errors import ProviderUnavailableError
from saga_kit.rules import State, TriggerKind
from saga_kit.step import Compensation, Effect, Outcome, Step
from saga_kit.store import Row, StepStore, TransactionRefusedError

from .conftest import SAGA, a_trigger, an_event

STATES: list[State | None] = [None, *State]
COMPENSATING = sorted(set(TriggerKind) - {TriggerKind.PREVIOUS_SUCCEEDED})
NOTHING_STARTED_OR_REFUSED = {None, State.FAILED}


@dataclass
class ScriptedProvider:
    """A provider that keeps the contract of ``saga_kit.step.Provider`` and fails on demand."""

    outcome: Outcome = field(default_factory=lambda: Outcome.succeeded({"weight": 7}))
    unavailable: bool = False
    performed: int = 0
    revoked: int = 0
    during_perform: Callable[[], Any] = lambda: None

    def perform(self, event: Event) -> Outcome:
        self.performed += 1
        self.during_perform()
        if self.unavailable:
            raise ProviderUnavailableError("no answer")
        return self.outcome

    def revoke(self, saga_id: str) -> None:
        assert saga_id == SAGA
        self.revoked += 1
        if self.unavailable:
            raise ProviderUnavailableError("no answer")


def put(store: StepStore, state: State | None) -> None:
    """Bring the row into ``state``, from nothing."""
    if state is not None:
        store.change(SAGA, state, allowed=frozenset({None}), event=an_event("ParcelPacked"))


def state_of(store: StepStore) -> State | None:
    row = store.find(SAGA)
    return row.state if row else None


def published(store: StepStore) -> str | None:
    row = store.find(SAGA)
    return row.event.detail_type if row and row.event else None


class TestLocalWork:
    def test_records_the_success_with_its_event_in_one_write(
        self, step: Step, store: StepStore, calls: list[str]
    ) -> None:
        assert step.record(a_trigger(), Outcome.succeeded({"weight": 9})) is Effect.DONE
        assert calls == ["UpdateItem"]
        row = store.find(SAGA)
        assert row
        assert row.event
        assert (row.state, row.event.detail_type, row.event.data) == (State.SUCCEEDED, "ParcelPacked", {"weight": 9})
        assert row.event.meta.causation_id == an_event().meta.event_id
        assert row.event.meta.producer == "pack"

    def test_records_a_refusal(self, step: Step, store: StepStore) -> None:
        assert step.record(a_trigger(), Outcome.failed({"reason": "too heavy"})) is Effect.REFUSED
        assert (state_of(store), published(store)) == (State.FAILED, "ParcelRefused")

    @pytest.mark.parametrize("state", list(State))
    def test_does_nothing_where_a_row_stands(
        self, step: Step, store: StepStore, calls: list[str], state: State
    ) -> None:
        put(store, state)
        calls.clear()
        assert step.record(a_trigger(), Outcome.succeeded({})) is Effect.NOTHING
        assert calls == ["UpdateItem"]
        assert state_of(store) == state

    def test_moves_other_items_with_the_row_or_not_at_all(self, step: Step, store: StepStore, dynamodb: Any) -> None:
        taken = {
            "Put": {
                "TableName": "parcels",
                "Item": {"pk": {"S": "box"}},
                "ConditionExpression": "attribute_not_exists(pk)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        assert step.record(a_trigger(), Outcome.succeeded({}), together=[taken]) is Effect.DONE
        assert "Item" in dynamodb.get_item(TableName="parcels", Key={"pk": {"S": "box"}})
        dynamodb.delete_item(TableName="parcels", Key={"pk": {"S": f"step#{SAGA}"}})
        with pytest.raises(TransactionRefusedError) as caught:
            step.record(a_trigger(), Outcome.succeeded({}), together=[taken])
        assert caught.value.reasons == ({"pk": {"S": "box"}},)
        assert state_of(store) is None

    @pytest.mark.parametrize(("kind", "state"), list(itertools.product(COMPENSATING, STATES)))
    def test_undo(self, step: Step, store: StepStore, calls: list[str], kind: TriggerKind, state: State | None) -> None:
        put(store, state)
        calls.clear()
        effect = step.reverse(a_trigger(kind), {"weight": 1})
        assert calls == ["UpdateItem"]
        if state in NOTHING_STARTED_OR_REFUSED:
            assert effect is Effect.PASSED_ON
        elif state is State.SUCCEEDED and kind is TriggerKind.NEXT_REVERSED:
            assert effect is Effect.COMPENSATED
        else:
            assert effect is Effect.NOTHING
            assert state_of(store) is state
            return
        assert (state_of(store), published(store)) == (State.REVERSED, "ParcelUnpacked")

    def test_a_late_do_finds_the_tombstone(self, step: Step, store: StepStore) -> None:
        step.reverse(a_trigger(TriggerKind.TECHNICAL_FAILURE), {})
        assert step.record(a_trigger(), Outcome.succeeded({})) is Effect.NOTHING
        assert state_of(store) is State.REVERSED


class TestCompensationOfOtherItems:
    """A box is taken by the do; the undo gives it back with the row's change or not at all."""

    @pytest.fixture(autouse=True)
    def boxes(self, dynamodb: Any) -> None:
        dynamodb.put_item(TableName="parcels", Item={"pk": {"S": "boxes"}, "available": {"N": "0"}})

    def compensate(self, known: bool) -> Callable[[Row | None], Compensation | None]:
        def work(row: Row | None) -> Compensation | None:
            if row is None and not known:
                return None
            give_back = {
                "Update": {
                    "TableName": "parcels",
                    "Key": {"pk": {"S": "boxes"}},
                    "UpdateExpression": "ADD available :one",
                    "ExpressionAttributeValues": {":one": {"N": "1"}},
                }
            }
            size = row.item["size"] if row else {"S": "small"}
            return Compensation([give_back], {"size": size})

        return work

    def free(self, dynamodb: Any) -> int:
        return int(dynamodb.get_item(TableName="parcels", Key={"pk": {"S": "boxes"}})["Item"]["available"]["N"])

    def do(self, step: Step, size: str = "small") -> None:
        step.record(a_trigger(), Outcome.succeeded({}, {"size": {"S": size}}))

    def test_takes_one_call_when_the_trigger_tells_enough(self, step: Step, dynamodb: Any, calls: list[str]) -> None:
        self.do(step)
        calls.clear()
        for expected in (Effect.COMPENSATED, Effect.NOTHING):
            assert step.reverse(a_trigger(TriggerKind.NEXT_REVERSED), {}, self.compensate(known=True)) is expected
        assert calls == ["TransactWriteItems", "TransactWriteItems"]
        assert self.free(dynamodb) == 1

    @pytest.mark.parametrize(("known", "size"), [(True, "large"), (False, "small")])
    def test_goes_by_the_row_when_the_trigger_does_not(
        self, step: Step, dynamodb: Any, calls: list[str], known: bool, size: str
    ) -> None:
        self.do(step, size)
        calls.clear()
        effect = step.reverse(a_trigger(TriggerKind.NEXT_REVERSED), {}, self.compensate(known))
        assert effect is Effect.COMPENSATED
        assert self.free(dynamodb) == 1
        assert len(calls) == 3, calls  # two changes and this test's own look at the boxes

    @pytest.mark.parametrize("kind", COMPENSATING)
    def test_gives_nothing_back_where_nothing_was_taken(
        self, step: Step, store: StepStore, dynamodb: Any, kind: TriggerKind
    ) -> None:
        assert step.reverse(a_trigger(kind), {}, self.compensate(known=True)) is Effect.PASSED_ON
        assert state_of(store) is State.REVERSED
        assert self.free(dynamodb) == 0

    def test_a_technical_failure_leaves_a_success_alone(self, step: Step, store: StepStore, dynamodb: Any) -> None:
        self.do(step)
        trigger = a_trigger(TriggerKind.TECHNICAL_FAILURE)
        assert step.reverse(trigger, {}, self.compensate(known=True)) is Effect.NOTHING
        assert state_of(store) is State.SUCCEEDED
        assert self.free(dynamodb) == 0


class TestWorkAtAProvider:
    def test_takes_two_writes_the_intent_first(self, step: Step, store: StepStore, calls: list[str]) -> None:
        provider = ScriptedProvider(during_perform=lambda: seen.append(state_of(store)))
        seen: list[State | None] = []
        assert step.perform(a_trigger(), provider) is Effect.DONE
        assert seen == [State.PENDING]
        assert [name for name in calls if name != "GetItem"] == ["UpdateItem", "UpdateItem"]
        assert (state_of(store), published(store)) == (State.SUCCEEDED, "ParcelPacked")

    def test_a_refusal_is_an_outcome(self, step: Step, store: StepStore) -> None:
        provider = ScriptedProvider(outcome=Outcome.failed({"reason": "closed"}))
        assert step.perform(a_trigger(), provider) is Effect.REFUSED
        assert published(store) == "ParcelRefused"

    @pytest.mark.parametrize("state", sorted(set(State) - {State.PENDING}))
    def test_does_not_call_where_the_row_has_decided(
        self, step: Step, store: StepStore, calls: list[str], state: State
    ) -> None:
        put(store, state)
        calls.clear()
        provider = ScriptedProvider()
        assert step.perform(a_trigger(), provider) is Effect.NOTHING
        assert provider.performed == 0
        assert calls == ["UpdateItem"]

    def test_a_call_without_an_answer_leaves_the_intent_and_is_resumed(self, step: Step, store: StepStore) -> None:
        provider = ScriptedProvider(unavailable=True)
        with pytest.raises(ProviderUnavailableError):
            step.perform(a_trigger(), provider)
        assert (state_of(store), published(store)) == (State.PENDING, None)
        provider.unavailable = False
        assert step.perform(a_trigger(), provider) is Effect.DONE

    @pytest.mark.parametrize("kind", COMPENSATING)
    def test_an_undo_fences_a_do_that_is_under_way(self, step: Step, store: StepStore, kind: TriggerKind) -> None:
        undoer = ScriptedProvider()
        effects: list[Effect] = []
        doer = ScriptedProvider(during_perform=lambda: effects.append(step.revoke(a_trigger(kind), {}, undoer)))
        assert step.perform(a_trigger(), doer) is Effect.NOTHING
        assert effects == [Effect.COMPENSATED]
        assert undoer.revoked == 1
        assert (state_of(store), published(store)) == (State.REVERSED, "ParcelUnpacked")

    @pytest.mark.parametrize(("kind", "state"), list(itertools.product(COMPENSATING, STATES)))
    def test_undo(self, step: Step, store: StepStore, kind: TriggerKind, state: State | None) -> None:
        put(store, state)
        provider = ScriptedProvider()
        effect = step.revoke(a_trigger(kind), {}, provider)
        if state in NOTHING_STARTED_OR_REFUSED:
            assert (effect, provider.revoked) == (Effect.PASSED_ON, 0)
        elif state in {State.PENDING, State.REVERSING} or (
            state is State.SUCCEEDED and kind is TriggerKind.NEXT_REVERSED
        ):
            assert (effect, provider.revoked) == (Effect.COMPENSATED, 1)
        else:
            assert (effect, provider.revoked) == (Effect.NOTHING, 0)
            assert state_of(store) is state
            return
        assert (state_of(store), published(store)) == (State.REVERSED, "ParcelUnpacked")

    def test_an_undo_without_an_answer_is_resumed_by_any_trigger(self, step: Step, store: StepStore) -> None:
        put(store, State.SUCCEEDED)
        provider = ScriptedProvider(unavailable=True)
        with pytest.raises(ProviderUnavailableError):
            step.revoke(a_trigger(TriggerKind.NEXT_REVERSED), {}, provider)
        assert state_of(store) is State.REVERSING
        provider.unavailable = False
        assert step.revoke(a_trigger(TriggerKind.TECHNICAL_FAILURE), {}, provider) is Effect.COMPENSATED
        assert state_of(store) is State.REVERSED
