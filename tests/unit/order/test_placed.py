"""What stands once an order was placed: one row, however many ask at once, whatever has changed since."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.unit.conftest import items_of
from tests.unit.support.api import a_request, ask
from tests.unit.support.dynamodb import at_once, event_of, published, size
from tests.unit.support.orders import ORDER, a_message, an_event

from order import handlers, store
from order.money import LIMITS
from order.service import ORDER_IDS

BODY = {name: value for name, value in ORDER.items() if name != "total"}
ID = str(uuid.uuid5(ORDER_IDS, f"{BODY['customer_id']}/key-1"))
REASON = {"code": "out_of_stock", "message": "One of the items is out of stock.", "field": "lines[0].quantity"}


def place(**changes: Any) -> tuple[int, dict[str, Any]]:
    return ask(handlers.place_order, a_request({**BODY, **changes}, headers={"Idempotency-Key": "key-1"}))


def cancellation() -> tuple[int, dict[str, Any]]:
    return ask(handlers.request_cancellation, a_request(id=ID))


def take_back(detail_type: str = "StockReleased") -> Any:
    data = {"order": ORDER, "reason": REASON}
    return handlers.reverse_order(a_message(an_event(detail_type, data, ID)), None)["effect"]


def row(table: Any) -> dict[str, Any]:
    item: dict[str, Any] = items_of(table)[f"step#{ID}"]
    return item


def test_of_requests_at_once_one_is_taken_and_all_get_its_answer(table: Any) -> None:
    answers = at_once(lambda _: place(), range(16))
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert answers[0][0] == 202
    assert list(items_of(table)) == [f"step#{ID}"]


def test_of_different_bodies_at_once_one_is_taken(table: Any) -> None:
    mails = [f"mail{number}@example.com" for number in range(8)]
    answers = dict(zip(mails, at_once(lambda mail: place(email=mail), mails), strict=True))
    (taken,) = (mail for mail, (status, _) in answers.items() if status == 202)
    assert sorted(status for status, _ in answers.values()) == [202] + [409] * 7
    assert event_of(row(table)).data["order"]["email"] == taken


def test_of_cancellations_at_once_one_is_published(table: Any) -> None:
    place()
    answers = at_once(lambda _: cancellation(), range(12))
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert answers[0][0] == 202
    before = row(table)
    assert event_of(before).meta.occurred_at == before["cancellation_requested_at"]["S"]


def test_a_cancellation_and_a_reversal_at_once_end_in_the_reversal(table: Any) -> None:
    place()
    at_once(lambda work: work(), [cancellation, take_back] * 4)
    assert row(table)["state"] == {"S": "REVERSED"}
    assert event_of(row(table)).detail_type == "OrderCancelled"


def test_a_cancellation_again_gets_its_first_answer_also_after_it_took_effect(table: Any) -> None:
    place()
    first = cancellation()
    assert first[0] == 202
    take_back()
    before = row(table)
    assert cancellation() == first
    assert row(table) == before


@pytest.mark.parametrize(("asked_before", "status"), [(True, 202), (False, 409)])
def test_a_cancellation_that_meets_the_reversal_is_answered_by_whether_it_was_asked_for_before(
    table: Any, monkeypatch: pytest.MonkeyPatch, asked_before: bool, status: int
) -> None:
    place()
    work = store.Orders.request_cancellation

    def late(self: Any, found: Any, event: Any) -> bool:
        monkeypatch.setattr(store.Orders, "request_cancellation", work)
        if asked_before:
            assert cancellation()[0] == 202
        take_back()
        return work(self, found, event)

    monkeypatch.setattr(store.Orders, "request_cancellation", late)
    assert cancellation()[0] == status
    assert row(table)["state"] == {"S": "REVERSED"}
    assert event_of(row(table)).detail_type == "OrderCancelled"


def test_every_event_is_published_once_from_the_row(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before: dict[str, Any] | None = None
    sent = []
    for work in (place, place, cancellation, cancellation, place, take_back, take_back, place):
        work()
        after = row(table)
        sent.append([entry["DetailType"] for entry in published(monkeypatch, before, after)])
        before = after
    assert sent == [["OrderPlaced"], [], ["OrderCancellationRequested"], [], [], ["OrderCancelled"], [], []]


@pytest.mark.parametrize(("before", "after", "status"), [(1_000_000, 10, 202), (10, 1_000_000, 422)])
@pytest.mark.parametrize("ended", [False, True])
def test_a_limit_that_has_changed_since_does_not_change_the_answer(
    table: Any, monkeypatch: pytest.MonkeyPatch, before: int, after: int, status: int, ended: bool
) -> None:
    monkeypatch.setitem(LIMITS, "EUR", before)
    first = place()
    assert first[0] == status
    if ended:
        placed = event_of(row(table))
        assert handlers.reverse_order(a_message(placed), None) if status == 422 else take_back()
        assert row(table)["state"] == {"S": "REVERSED"}
    monkeypatch.setitem(LIMITS, "EUR", after)
    kept = row(table)
    assert place() == first
    assert row(table) == kept


@pytest.mark.parametrize("variable", ["SAGA_TABLE", "SAGA_DEADLINE_SECONDS"])
def test_a_function_without_its_settings_answers_500_and_tells_the_operator(
    table: Any, variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(variable)
    status, problem = place()
    assert (status, variable in json.dumps(problem)) == (500, False)
    assert '"ConfigurationError"' in capsys.readouterr().out
    assert items_of(table) == {}


@pytest.mark.parametrize(
    "ship_to",
    [
        ORDER["ship_to"],
        {
            "name": "Maximiliane Müller-Lüdenscheidt",
            "line1": "Große Straße 1127 / Stiege 2 / Tür 14",
            "city": "Klosterneuburg",
            "postal_code": "3400",
            "country": "AT",
        },
        {
            "name": "山田 太郎",
            "line1": "千代田区千代田1-1 サンプルマンション 101号室",
            "city": "東京都千代田区",
            "postal_code": "100-0001",
            "country": "JP",
        },
    ],
    ids=["ascii", "long", "three bytes a letter"],
)
def test_an_order_of_two_lines_is_written_by_one_write_unit(table: Any, ship_to: dict[str, str]) -> None:
    place(ship_to=ship_to, customer_id="c0a8012e-7f3b-4a52-9d59-4c55c2f2b6a1", email="first.last@mail.example.com")
    (item,) = items_of(table).values()
    assert size(item) < 1024, size(item)
