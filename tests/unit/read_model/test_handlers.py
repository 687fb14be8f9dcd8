"""The read model's functions: batches with partial failures, the event store, lists over the API and by invocation."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.support.sagas import ENDINGS, events_of
from tests.unit.conftest import TABLE, FakeContext, logged
from tests.unit.read_model.conftest import PROJECTION, make_projection
from tests.unit.support.api import a_request, ask
from tests.unit.support.orders import ORDER, ORDER_ID, a_message

from read_model import generations, handlers, listing, progress
from read_model.projection import Projection
from saga_kit.errors import InvalidEventError
from saga_kit.fold import fold

CONTEXT = FakeContext()


def a_batch(*messages: object) -> dict[str, Any]:
    return {
        "Records": [
            {"messageId": f"m{number}", "body": message if isinstance(message, str) else json.dumps(message)}
            for number, message in enumerate(messages)
        ]
    }


def messages(ending: str = "shipped", order_id: str = ORDER_ID) -> list[dict[str, Any]]:
    return [a_message(event) for event in events_of(ending, order_id, ORDER)]


@pytest.mark.parametrize("handler", [handlers.project, handlers.store_events])
def test_of_a_batch_only_what_failed_is_reported(handler: Any, tables: Any, capsys: pytest.CaptureFixture[str]) -> None:
    good, other = messages()[:2]
    unknown = {
        **good,
        "detail-type": "OrderForgotten",
        "detail": {**good["detail"], "meta": {**good["detail"]["meta"]}},
    }
    unknown["detail"]["meta"]["schema"] = "OrderForgotten.v1"
    newer = json.loads(json.dumps(good).replace("OrderPlaced.v1", "OrderPlaced.v2"))
    broken = json.loads(json.dumps(good).replace('"currency"', '"curency"'))
    batch = a_batch("no JSON", good, unknown, newer, broken, {**good, "source": 7}, other)
    failed = handler(batch, CONTEXT)["batchItemFailures"]
    assert failed == [{"itemIdentifier": f"m{number}"} for number in (0, 2, 3, 4, 5)]
    output = capsys.readouterr().out
    assert "canary" not in output.lower()
    lines = [line for line in logged(output) if line.get("message") == "failed"]
    assert [(line["message_id"], line["error"]) for line in lines] == [
        ("m0", "InvalidEventError"),
        ("m2", "UnknownSchemaError"),
        ("m3", "UnknownSchemaError"),
        ("m4", "InvalidEventError"),
        ("m5", "InvalidEventError"),
    ]
    assert handler(a_batch(good, other), CONTEXT) == {"batchItemFailures": []}


@pytest.mark.parametrize("wrong", [None, {}, {"Records": {}}, {"Records": [{"body": "{}"}]}])
def test_what_is_no_batch_fails_as_a_whole(wrong: object, tables: Any) -> None:
    with pytest.raises(InvalidEventError, match="Records"):
        handlers.project(wrong, CONTEXT)


@pytest.mark.parametrize("ending", ENDINGS)
def test_events_are_kept_once_whole_and_fold_into_the_steps(ending: str, tables: Any) -> None:
    kept = messages(ending)
    for batch in (a_batch(*kept[::-1]), a_batch(*kept)):
        assert handlers.store_events(batch, CONTEXT) == {"batchItemFailures": []}
    told = handlers.get_events({"order_id": ORDER_ID}, CONTEXT)
    assert told["events"] == [{name: message[name] for name in ("source", "detail-type", "detail")} for message in kept]
    folded = fold(events_of(ending, ORDER_ID, ORDER), progress.STEPS)
    assert told["steps"] == {step: one.state.value if one else "absent" for step, one in folded.items()}
    assert len(tables.scan(TableName=TABLE)["Items"]) == len(kept)


def test_an_event_is_never_changed(tables: Any) -> None:
    (kept, *_) = messages()
    handlers.store_events(a_batch(kept), CONTEXT)
    before = tables.scan(TableName=TABLE)["Items"]
    kept["detail"]["data"]["order"]["total"] = 1
    handlers.store_events(a_batch(kept), CONTEXT)
    assert tables.scan(TableName=TABLE)["Items"] == before


def test_an_event_expires_with_the_archive(tables: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READ_MODEL_KEEP_DAYS", "2")
    handlers.store_events(a_batch(messages()[0]), CONTEXT)
    (item,) = tables.scan(TableName=TABLE)["Items"]
    # 2026-01-31T09:30:00Z and two days.
    assert item["expires_at"] == {"N": str(1_769_851_800 + 172_800)}


def test_messages_that_no_reader_could_take_fail_by_a_rule(
    tables: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("READ_MODEL_KEEP_DAYS", "2")
    too_deep, no_day = "[" * 100_000, messages()[0]
    no_day["detail"]["meta"]["occurred_at"] = "2026-02-30T09:30:00.000Z"
    failed = handlers.store_events(a_batch(too_deep, no_day), CONTEXT)["batchItemFailures"]
    assert failed == [{"itemIdentifier": "m0"}, {"itemIdentifier": "m1"}]
    lines = [line for line in logged(capsys.readouterr().out) if line.get("message") == "failed"]
    assert [(line["error"], line["field"]) for line in lines] == [
        ("InvalidEventError", "body"),
        ("InvalidEventError", "meta.occurred_at"),
    ]
    assert tables.scan(TableName=TABLE)["Items"] == []


def test_nothing_is_known_of_an_order_without_events(tables: Any) -> None:
    assert handlers.get_events({"order_id": ORDER_ID}, CONTEXT) is None
    with pytest.raises(InvalidEventError, match="order_id"):
        handlers.get_events({"order_id": "1"}, CONTEXT)


# Lists


@pytest.fixture
def ids(tables: Any) -> list[str]:
    """Seven orders of one customer, the last one first, of which two are open and late."""
    found = []
    for number in range(7):
        order_id = str(uuid.UUID(int=number))
        events = events_of("shipped", order_id, ORDER, f"2026-01-31T10:{number:02}:00")
        handlers.project(a_batch(*map(a_message, events[: 2 if number < 2 else 5])), CONTEXT)
        found.append(order_id)
    return found[::-1]


def test_a_customers_orders_page_by_page(ids: list[str]) -> None:
    seen: list[str] = []
    after = None
    for count in (3, 3, 1):
        page = handlers.get_customer_orders({"customer_id": "customer-1", "limit": 3, "after": after}, CONTEXT)
        assert len(page["orders"]) == count
        seen += [order["order_id"] for order in page["orders"]]
        after = page["after"]
    assert (seen, after) == (ids, None)
    (newest,) = handlers.get_customer_orders({"customer_id": "customer-1", "limit": 1}, CONTEXT)["orders"]
    assert newest == {
        "order_id": ids[0],
        "customer_id": "customer-1",
        "state": "SHIPPED",
        "placed_at": "2026-01-31T10:06:00.000Z",
        "updated_at": "2026-01-31T10:06:00.003Z",
        "deadline_at": "2026-01-31T09:40:00.000Z",
        "notified_at": "2026-01-31T10:06:00.004Z",
        "total": 4250,
        "currency": "EUR",
        "lines": 2,
    }


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (None, "event"),
        ({}, "customer_id"),
        ({"customer_id": "a b"}, "customer_id"),
        ({"customer_id": "c", "limit": 0}, "limit"),
        ({"customer_id": "c", "limit": 101}, "limit"),
        ({"customer_id": "c", "limit": True}, "limit"),
        ({"customer_id": "c", "limit": "3"}, "limit"),
        ({"customer_id": "c", "after": "x"}, "after"),
        ({"customer_id": "c", "after": ["2026-01-31", ORDER_ID]}, "after"),
        ({"customer_id": "c", "page": 2}, "page"),
    ],
)
def test_a_request_for_a_customers_orders_that_is_wrong(document: object, field: str) -> None:
    with pytest.raises(InvalidEventError) as refused:
        listing.parse_customer(document)
    assert refused.value.field == field


def queried(**query: str) -> dict[str, Any]:
    return {**a_request(), "queryStringParameters": query}


def test_operators_ask_by_state_and_day_and_for_what_is_late(ids: list[str]) -> None:
    status, first = ask(handlers.get_orders, queried(state="SHIPPED", day="2026-01-31", limit="3"))
    assert status == 200
    _, second = ask(handlers.get_orders, queried(state="SHIPPED", day="2026-01-31", limit="3", cursor=first["cursor"]))
    assert [order["order_id"] for order in first["orders"] + second["orders"]] == ids[:5]
    assert "cursor" not in second
    _, late = ask(handlers.get_orders, queried(overdue="true"))
    assert [order["order_id"] for order in late["orders"]] == sorted(ids[5:])
    assert handlers.get_orders({"overdue": True, "limit": 1}, CONTEXT)["cursor"].endswith(min(ids[5:]))
    with pytest.raises(InvalidEventError, match="event"):
        handlers.get_orders(None, CONTEXT)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "state"),
        ({"state": "shipped"}, "state"),
        ({"state": "SHIPPED", "day": "2026-1-31"}, "day"),
        ({"state": "SHIPPED", "limit": "0"}, "limit"),
        ({"state": "SHIPPED", "cursor": "next"}, "cursor"),
        ({"overdue": "yes"}, "overdue"),
        ({"overdue": "true", "state": "SHIPPED"}, "state"),
        ({"overdue": "true", "day": "2026-01-31"}, "day"),
        ({"status": "SHIPPED"}, "status"),
    ],
)
def test_a_query_that_is_wrong_is_told_which_parameter(query: dict[str, str], field: str, tables: Any) -> None:
    status, problem = ask(handlers.get_orders, queried(**query))
    assert (status, problem["field"]) == (400, field)


# Generations


def test_one_generation_is_read_without_asking_which(tables: Any, aws_calls: list[str]) -> None:
    aws_calls.clear()
    assert generations.live().table == PROJECTION
    assert aws_calls == []


def test_of_two_the_older_one_is_read_until_the_item_says_otherwise(
    tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_projection(tables, "newer")
    monkeypatch.setenv("SAGA_FURTHER_TABLES", json.dumps({"g10": "newer", "g9": PROJECTION}))
    assert generations.live().table == PROJECTION
    tables.put_item(TableName=TABLE, Item={**generations.KEY, "generation": {"S": "g10"}})
    assert generations.live().table == "newer"
    # One that is no longer there is not read.
    tables.put_item(TableName=TABLE, Item={**generations.KEY, "generation": {"S": "g8"}})
    assert generations.live().table == PROJECTION


def test_a_function_keeps_the_generation_up_to_date_that_it_was_given(
    tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_projection(tables, "newer")
    monkeypatch.setenv("SAGA_FURTHER_TABLES", json.dumps({"g2": "newer"}))
    handlers.project(a_batch(messages()[0]), CONTEXT)
    assert len(list(Projection(tables, "newer").of_customer("customer-1"))) == 1
    assert list(Projection(tables, PROJECTION).of_customer("customer-1")) == []
