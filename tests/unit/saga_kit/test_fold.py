"""Events fold into where the steps of their saga stand, in whatever order they come."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.sagas import ENDINGS, events_of
from tests.unit.support.orders import ORDER, ORDER_ID

from saga_kit.errors import InvalidEventError
from saga_kit.fold import StepEvents, fold
from saga_kit.rules import State

STEPS = (
    StepEvents("order", "OrderPlaced", "OrderRejected", "OrderCancelled"),
    StepEvents("payment", "PaymentAuthorized", "PaymentDeclined", "PaymentReversed"),
    StepEvents("shipping", "ShipmentBooked", "ShipmentRejected", "ShipmentReversed"),
)


@settings(deadline=None)
@given(st.sampled_from(sorted(ENDINGS)), st.randoms(use_true_random=False), st.integers(0, 5), st.data())
def test_neither_order_nor_duplicates_matter(
    ending: str, random_: random.Random, repeated: int, data: st.DataObject
) -> None:
    events = events_of(ending, ORDER_ID, ORDER)
    some = events[: data.draw(st.integers(0, len(events)))]
    shuffled = [*some, *(random_.choices(some, k=repeated) if some else [])]
    random_.shuffle(shuffled)
    assert fold(shuffled, STEPS) == fold(some, STEPS)


@pytest.mark.parametrize(
    ("ending", "count", "expected"),
    [
        ("shipped", 0, [None, None, None]),
        ("shipped", 3, ["SUCCEEDED", "SUCCEEDED", None]),
        ("shipped", 5, ["SUCCEEDED", "SUCCEEDED", "SUCCEEDED"]),
        ("declined", 3, ["SUCCEEDED", "FAILED", None]),
        ("declined", 7, ["REVERSED", "REVERSED", None]),
        ("not served", 5, ["SUCCEEDED", "SUCCEEDED", "REVERSED"]),
        ("rejected", 1, ["FAILED", None, None]),
        ("cancelled at once", 3, ["SUCCEEDED", None, "REVERSED"]),
    ],
)
def test_the_furthest_outcome_of_a_step_is_where_it_stands(ending: str, count: int, expected: list[str | None]) -> None:
    folded = fold(events_of(ending, ORDER_ID, ORDER)[:count], STEPS)
    assert [one and one.state for one in folded.values()] == [name and State(name) for name in expected]
    assert all(
        one is None or one.event.detail_type in step.states for step, one in zip(STEPS, folded.values(), strict=True)
    )


def test_events_that_cannot_be_of_one_saga_are_refused() -> None:
    other = events_of("shipped", "6f1d8a52-7a3e-5c0b-9a55-3f4d3c5f7e10", ORDER)
    with pytest.raises(InvalidEventError, match=r"meta\.correlation_id"):
        fold([*events_of("shipped", ORDER_ID, ORDER), *other], STEPS)
    both = [*events_of("declined", ORDER_ID, ORDER), *events_of("shipped", ORDER_ID, ORDER)]
    with pytest.raises(InvalidEventError, match="PaymentAuthorized and PaymentDeclined"):
        fold(both, STEPS)
