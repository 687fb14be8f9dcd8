"""The conditional writes of a step's row: conflicts are tried again, anything else is not hidden."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from saga_kit.errors import TransactionConflictError
from saga_kit.rules import State
from saga_kit.store import StepStore, TransactionRefusedError

from .conftest import SAGA

OTHER: dict[str, Any] = {"Put": {"TableName": "parcels", "Item": {"pk": {"S": "box"}}}}
ABSENT = frozenset({None})


class Cancelling:
    """A client whose transactions are cancelled for the given reasons, one list a call, then succeed."""

    def __init__(self, *reasons: list[dict[str, Any]]) -> None:
        self.reasons = list(reasons)
        self.calls = 0

    def transact_write_items(self, TransactItems: list[Any]) -> dict[str, Any]:
        self.calls += 1
        assert len(TransactItems) == 2
        if not self.reasons:
            return {}
        answer: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": self.reasons.pop(0),
        }
        raise ClientError(answer, "TransactWriteItems")


NONE, CONFLICT, REFUSED = {"Code": "None"}, {"Code": "TransactionConflict"}, {"Code": "ConditionalCheckFailed"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


def test_a_conflict_is_tried_again_with_jitter(no_waiting: list[float]) -> None:
    client = Cancelling([NONE, CONFLICT], [CONFLICT, NONE])
    change = StepStore(client, "parcels").change(SAGA, State.SUCCEEDED, allowed=ABSENT, together=[OTHER])
    assert change.applied
    assert client.calls == 3
    assert len(no_waiting) == 2


def test_a_lasting_conflict_is_an_error_that_asks_for_another_delivery() -> None:
    client = Cancelling(*[[NONE, CONFLICT]] * 20)
    with pytest.raises(TransactionConflictError):
        StepStore(client, "parcels").change(SAGA, State.SUCCEEDED, allowed=ABSENT, together=[OTHER])
    assert client.calls < 10


def test_the_row_decides_before_the_other_items_do() -> None:
    own = {**REFUSED, "Item": {"pk": {"S": "x"}, "state": {"S": "REVERSED"}}}
    change = StepStore(Cancelling([own, REFUSED]), "parcels").change(
        SAGA, State.SUCCEEDED, allowed=ABSENT, together=[OTHER]
    )
    assert (change.applied, change.found) == (False, State.REVERSED)


def test_a_refused_item_without_a_value_is_told_from_one_that_held() -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        StepStore(Cancelling([NONE, REFUSED]), "parcels").change(
            SAGA, State.SUCCEEDED, allowed=ABSENT, together=[OTHER]
        )
    assert caught.value.reasons == ({},)


def test_other_reasons_are_not_hidden() -> None:
    client = Cancelling([NONE, {"Code": "ThrottlingError"}])
    with pytest.raises(ClientError):
        StepStore(client, "parcels").change(SAGA, State.SUCCEEDED, allowed=ABSENT, together=[OTHER])


def test_other_errors_are_not_hidden(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="ResourceNotFound"):
        StepStore(dynamodb, "nothing").change(SAGA, State.SUCCEEDED, allowed=ABSENT)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        StepStore(dynamodb, "nothing").change(SAGA, State.SUCCEEDED, allowed=ABSENT, together=[OTHER])


def test_a_requirement_on_the_row_is_part_of_the_condition(dynamodb: Any) -> None:
    store = StepStore(dynamodb, "parcels")
    store.change(SAGA, State.SUCCEEDED, allowed=ABSENT, attributes={"size": {"S": "small"}})
    for size, applied in (("large", False), ("small", True)):
        change = store.change(SAGA, State.REVERSED, allowed=frozenset({State.SUCCEEDED}), require={"size": {"S": size}})
        assert change.applied is applied
