"""An effect that has no idempotency of its own: at most once but for a crash between the effect and its record."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from saga_kit import clock
from saga_kit.envelope import Event
from saga_kit.errors import IntentInProgressError
from saga_kit.once import Once

from .conftest import an_event

KEY = {"pk": {"S": "letter#1"}}


class Killed(BaseException):
    """The end of the process: nothing more is done."""


class Letters:
    """Counts what was sent; raises ``failures`` one after the other, after sending."""

    def __init__(self, *failures: BaseException) -> None:
        self.attempts: list[int] = []
        self.failures = list(failures)

    def __call__(self, attempt: int) -> Event:
        self.attempts.append(attempt)
        if self.failures:
            raise self.failures.pop(0)
        return an_event("ParcelPacked")


def once(dynamodb: Any, lease_seconds: float = 30) -> Once:
    return Once(dynamodb, "parcels", lease_seconds)


def row(dynamodb: Any) -> dict[str, Any]:
    item: dict[str, Any] = dynamodb.get_item(TableName="parcels", Key=KEY)["Item"]
    return item


def test_has_its_effect_once_over_any_number_of_deliveries(dynamodb: Any) -> None:
    letters = Letters()
    ran = [once(dynamodb).run(KEY, {"to": {"S": "x"}}, letters) for _ in range(3)]
    assert ran == [True, False, False]
    assert letters.attempts == [1]
    assert (row(dynamodb)["state"]["S"], row(dynamodb)["to"]["S"]) == ("DONE", "x")
    assert "ParcelPacked" in row(dynamodb)["outbox"]["S"]


def test_another_invocation_waits_for_the_one_that_is_at_it(dynamodb: Any) -> None:
    """Whoever it is: Lambda may run one event twice at once, and gives both the same request id."""
    letters = Letters()

    def meanwhile(attempt: int) -> Event:
        with pytest.raises(IntentInProgressError):
            once(dynamodb).run(KEY, {}, letters)
        return letters(attempt)

    assert once(dynamodb).run(KEY, {}, meanwhile)
    assert letters.attempts == [1]


def test_an_effect_that_fails_is_tried_again_at_once_and_counts(dynamodb: Any, calls: list[str]) -> None:
    letters = Letters(RuntimeError("no answer"))
    with pytest.raises(RuntimeError, match="no answer"):
        once(dynamodb).run(KEY, {}, letters)
    assert calls == ["UpdateItem"] * 2
    assert row(dynamodb)["state"]["S"] == "CLAIMED"
    assert once(dynamodb).run(KEY, {}, letters)
    assert letters.attempts == [1, 2]
    assert row(dynamodb)["attempts"]["N"] == "2"


def test_a_claim_whose_holder_died_is_free_when_its_lease_has_run_out(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = Letters(Killed())
    with pytest.raises(Killed):
        once(dynamodb, lease_seconds=30).run(KEY, {}, letters)
    with pytest.raises(IntentInProgressError):
        once(dynamodb).run(KEY, {}, letters)
    later = clock.after(31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert once(dynamodb).run(KEY, {}, letters)
    assert letters.attempts == [1, 2]


@pytest.mark.parametrize("failure", [RuntimeError("late"), None])
def test_who_comes_to_an_end_after_its_lease_changes_nothing_of_the_next_claim(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch, failure: Exception | None
) -> None:
    """Only a clock that is wrong leads there. What it did cannot be undone; what the other records stays."""
    found: dict[str, Any] = {}

    def late(_attempt: int) -> Event:
        later = clock.after(31)
        with monkeypatch.context() as at:
            at.setattr(clock, "now", lambda: later)
            with pytest.raises(Killed):
                once(dynamodb).run(KEY, {}, Letters(Killed()))
        found.update(row(dynamodb))
        if failure:
            raise failure
        return an_event("ParcelPacked")

    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        once(dynamodb, lease_seconds=30).run(KEY, {}, late)
    assert found["attempts"]["N"] == "2"
    assert row(dynamodb) == found


def test_takes_two_calls_for_the_first_and_one_for_a_duplicate(dynamodb: Any, calls: list[str]) -> None:
    once(dynamodb).run(KEY, {}, Letters())
    assert calls == ["UpdateItem", "UpdateItem"]
    once(dynamodb).run(KEY, {}, Letters())
    assert calls == ["UpdateItem"] * 3
