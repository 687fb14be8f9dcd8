"""An effect that has no idempotency of its own: at most once but for a crash between the effect and its record."""

from __future__ import annotations

from typing import Any

import pytest

from saga_kit import clock
from saga_kit.envelope import Event
from saga_kit.errors import IntentInProgressError
from saga_kit.once import Once

from .conftest import an_event

KEY = {"pk": {"S": "letter#1"}}


class Letters:
    """Counts what was sent; raises as often as ``crashes`` says, after sending."""

    def __init__(self, crashes: int = 0) -> None:
        self.attempts: list[int] = []
        self.crashes = crashes

    def __call__(self, attempt: int) -> Event:
        self.attempts.append(attempt)
        if len(self.attempts) <= self.crashes:
            raise RuntimeError("killed after sending")
        return an_event("ParcelPacked")


def once(dynamodb: Any, holder: str = "a", lease_seconds: float = 30) -> Once:
    return Once(dynamodb, "parcels", holder, lease_seconds)


def row(dynamodb: Any) -> dict[str, Any]:
    item: dict[str, Any] = dynamodb.get_item(TableName="parcels", Key=KEY)["Item"]
    return item


def test_has_its_effect_once_over_any_number_of_deliveries(dynamodb: Any) -> None:
    letters = Letters()
    ran = [once(dynamodb, holder).run(KEY, {"to": {"S": "x"}}, letters) for holder in "aabc"]
    assert ran == [True, False, False, False]
    assert letters.attempts == [1]
    assert (row(dynamodb)["state"]["S"], row(dynamodb)["to"]["S"]) == ("DONE", "x")
    assert "ParcelPacked" in row(dynamodb)["outbox"]["S"]


def test_a_second_delivery_waits_for_the_first(dynamodb: Any) -> None:
    letters = Letters(crashes=1)
    with pytest.raises(RuntimeError):
        once(dynamodb, "first").run(KEY, {}, letters)
    with pytest.raises(IntentInProgressError):
        once(dynamodb, "second").run(KEY, {}, letters)
    assert letters.attempts == [1]


def test_a_retry_of_the_same_delivery_takes_its_own_claim_over_and_counts(dynamodb: Any) -> None:
    letters = Letters(crashes=1)
    with pytest.raises(RuntimeError):
        once(dynamodb, "first").run(KEY, {}, letters)
    assert once(dynamodb, "first").run(KEY, {}, letters)
    assert letters.attempts == [1, 2]
    assert row(dynamodb)["attempts"]["N"] == "2"


def test_a_claim_whose_lease_ran_out_is_taken_over(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = Letters(crashes=1)
    with pytest.raises(RuntimeError):
        once(dynamodb, "first", lease_seconds=30).run(KEY, {}, letters)
    later = clock.after(31)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert once(dynamodb, "second").run(KEY, {}, letters)
    assert letters.attempts == [1, 2]


def test_takes_two_calls_for_the_first_and_one_for_a_duplicate(dynamodb: Any, calls: list[str]) -> None:
    once(dynamodb).run(KEY, {}, Letters())
    assert calls == ["UpdateItem", "UpdateItem"]
    once(dynamodb).run(KEY, {}, Letters())
    assert calls == ["UpdateItem"] * 3
