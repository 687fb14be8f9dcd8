"""The reason that an undo hands on: said once by whoever ended the saga, carried on by the others."""

from __future__ import annotations

from typing import Any

import pytest

from saga_kit import schema
from saga_kit.reason import reason_of
from saga_kit.rules import TriggerKind
from saga_kit.trigger import Trigger

from .conftest import an_event

CARRIED = {"code": "too_heavy", "message": "The parcel is too heavy.", "field": "weight"}


def because_of(kind: TriggerKind, **data: Any) -> dict[str, Any]:
    event = an_event("ParcelRefused", weight=5, **data)
    reason = reason_of(Trigger(kind, event, event.meta.event_id))
    schema.check("Reason.v1", reason)
    return reason


@pytest.mark.parametrize("kind", [TriggerKind.FAILED, TriggerKind.NEXT_REVERSED])
def test_a_failure_and_a_reversal_carry_the_reason_on(kind: TriggerKind) -> None:
    assert because_of(kind, reason=CARRIED) == CARRIED


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (TriggerKind.TECHNICAL_FAILURE, "technical_failure"),
        (TriggerKind.DEADLINE, "deadline_exceeded"),
        (TriggerKind.CANCELLATION, "customer_cancelled"),
    ],
)
@pytest.mark.parametrize("data", [{}, {"reason": CARRIED}])
def test_the_others_are_the_reason_themselves_whatever_their_event_says(
    kind: TriggerKind, code: str, data: dict[str, Any]
) -> None:
    assert because_of(kind, **data)["code"] == code


@pytest.mark.parametrize("kind", [TriggerKind.FAILED, TriggerKind.NEXT_REVERSED])
def test_an_event_without_a_reason_stands_for_a_technical_failure(kind: TriggerKind) -> None:
    assert because_of(kind)["code"] == "technical_failure"


def test_every_kind_of_undo_has_a_reason_and_each_its_own() -> None:
    kinds = set(TriggerKind) - {TriggerKind.PREVIOUS_SUCCEEDED}
    own = kinds - {TriggerKind.FAILED, TriggerKind.NEXT_REVERSED}
    assert all(because_of(kind) for kind in kinds)
    assert len({because_of(kind)["code"] for kind in own}) == len(own)


def test_the_reason_is_a_copy_that_may_be_changed() -> None:
    event = an_event("ParcelRefused", weight=5, reason=CARRIED)
    reason_of(Trigger(TriggerKind.FAILED, event, event.meta.event_id))["code"] = "other"
    assert event.data["reason"]["code"] == "too_heavy"
