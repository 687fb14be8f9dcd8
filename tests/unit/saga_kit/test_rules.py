"""The rules of a step: which states let a do or an undo take effect."""

from __future__ import annotations

import pytest

from saga_kit.rules import State, TriggerKind, needs_compensation, states_open_to_do, states_open_to_undo

COMPENSATING = sorted(set(TriggerKind) - {TriggerKind.PREVIOUS_SUCCEEDED})


def test_a_do_takes_effect_only_where_nothing_stands() -> None:
    assert states_open_to_do() == {None}
    assert states_open_to_do(with_intent=True) == {State.PENDING}


@pytest.mark.parametrize("kind", COMPENSATING)
@pytest.mark.parametrize("with_intent", [False, True])
def test_only_the_reversal_of_the_next_step_reverses_a_success(kind: TriggerKind, with_intent: bool) -> None:
    opens = State.SUCCEEDED in states_open_to_undo(kind, with_intent=with_intent)
    assert opens == (kind is TriggerKind.NEXT_REVERSED)


@pytest.mark.parametrize("kind", COMPENSATING)
@pytest.mark.parametrize("with_intent", [False, True])
def test_every_undo_leaves_a_tombstone_passes_a_failure_on_and_never_acts_twice(
    kind: TriggerKind, with_intent: bool
) -> None:
    states = states_open_to_undo(kind, with_intent=with_intent)
    assert {None, State.FAILED} <= states
    assert State.REVERSED not in states


@pytest.mark.parametrize("kind", COMPENSATING)
def test_an_open_intent_is_only_met_by_steps_that_have_one(kind: TriggerKind) -> None:
    intents = {State.PENDING, State.REVERSING}
    assert not intents & states_open_to_undo(kind)
    assert intents <= states_open_to_undo(kind, with_intent=True)


def test_a_success_of_the_previous_step_never_compensates() -> None:
    with pytest.raises(ValueError, match="never compensates"):
        states_open_to_undo(TriggerKind.PREVIOUS_SUCCEEDED)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, False),
        (State.PENDING, True),
        (State.SUCCEEDED, True),
        (State.FAILED, False),
        (State.REVERSING, True),
        (State.REVERSED, False),
    ],
)
def test_what_may_have_had_an_effect_is_compensated(state: State | None, expected: bool) -> None:
    assert needs_compensation(state) is expected
