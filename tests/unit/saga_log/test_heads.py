"""Heads of sagas: which are open, in whatever order their events are recorded; the watchdog; and the lists of sagas."""

from __future__ import annotations

import itertools
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hcl2
import pytest
from tests.unit.conftest import TABLE, EventFactory, FakeContext, items_of, logged
from tests.unit.saga_log.conftest import INCLUDED
from tests.unit.support.dynamodb import event_of, published
from tests.unit.support.orders import ORDER, ORDER_ID, a_technical_failure

from saga_kit import envelope, schema
from saga_kit.errors import InvalidEventError
from saga_log import handlers, heads

pytestmark = pytest.mark.usefixtures("log_table")

ROOT = Path(__file__).resolve().parents[3]
PLACED, REJECTED, RESERVED = "OrderPlaced", "OrderRejected", "StockReserved"
BOOKED, CANCELLED, NOTIFIED = "ShipmentBooked", "OrderCancelled", "CustomerNotified"
STARTED, DEADLINE = "2026-01-31T09:30:00.000Z", "2026-01-31T09:40:00.000Z"
HEAD = f"head#{ORDER_ID}/head"


def identity(number: int) -> str:
    return str(uuid.uuid5(uuid.UUID(ORDER_ID), f"saga {number}"))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it with a time of the day on which everything here happens."""

    def at(time: str) -> None:
        moment = datetime.fromisoformat(f"2026-01-31T{time}+00:00").timestamp()
        monkeypatch.setattr("saga_kit.clock.time.time", lambda: moment)

    at("09:30:01")
    return at


@pytest.fixture
def message(event: EventFactory) -> Any:
    """Return a message of a saga; all but the first event have a cause."""

    def make(detail_type: str, saga_id: str = ORDER_ID, order: Any = ORDER, **meta: Any) -> dict[str, Any]:
        first = detail_type in {PLACED, REJECTED}
        cause = None if first else envelope.event_id(saga_id, "test", PLACED)
        return event(detail_type, {"order": order}, saga_id, **{"causation_id": cause, **meta})

    return make


def record(*messages: Any) -> None:
    for one in messages:
        handlers.record_event(one, FakeContext())


def watch(remaining_ms: int = 50_000) -> Any:
    return handlers.watch_deadlines({}, FakeContext(remaining_ms=remaining_ms))


def listed(**parameters: Any) -> Any:
    return handlers.get_sagas(parameters, FakeContext())


def metric(output: str, name: str) -> list[float]:
    return [value for line in logged(output) if "_aws" in line for value in line.get(name, [])]


class TestHead:
    def test_the_first_event_opens_the_saga_until_its_deadline(self, log_table: Any, message: Any) -> None:
        record(message(PLACED))

        head = items_of(log_table)[HEAD]
        assert head.pop("listed")["S"].startswith("open#")
        assert json.loads(head.pop("order")["S"]) == ORDER
        assert head.pop("traceparent")["S"] == message(PLACED)["detail"]["meta"]["traceparent"]
        assert head == {
            "pk": {"S": f"head#{ORDER_ID}"},
            "sk": {"S": "head"},
            "state": {"S": "OPEN"},
            "listed_at": {"S": DEADLINE},
            "deadline_at": {"S": DEADLINE},
            "started_at": {"S": STARTED},
            "first_event_id": {"S": envelope.event_id(ORDER_ID, "test", PLACED)},
        }

    @pytest.mark.parametrize(("detail_type", "state"), [(BOOKED, "COMPLETED"), (CANCELLED, "REVERSED")])
    def test_the_last_event_ends_it_and_takes_the_order_out(
        self, log_table: Any, message: Any, detail_type: str, state: str
    ) -> None:
        record(message(PLACED), message(detail_type, occurred_at="2026-01-31T09:31:00.000Z"))

        head = items_of(log_table)[HEAD]
        assert head["state"] == {"S": state}
        assert head["ended_at"] == head["listed_at"] == {"S": "2026-01-31T09:31:00.000Z"}
        assert head["listed"]["S"].startswith("ended#2026-01-31#")
        assert head["started_at"] == {"S": STARTED}
        assert "canary" not in json.dumps(head).lower()
        assert not {"order", "outbox", "expires_at"} & head.keys()

    def test_a_refused_order_is_open_until_it_is_cancelled(self, log_table: Any, message: Any) -> None:
        record(message(REJECTED))
        assert items_of(log_table)[HEAD]["state"] == {"S": "OPEN"}
        record(message(CANCELLED))
        assert items_of(log_table)[HEAD]["state"] == {"S": "REVERSED"}

    @pytest.mark.parametrize("detail_type", [RESERVED, NOTIFIED, "SagaDeadlineExceeded", "OrderCancellationRequested"])
    def test_no_other_event_touches_a_head(self, log_table: Any, message: Any, detail_type: str) -> None:
        record(message(detail_type))
        assert HEAD not in items_of(log_table)
        record(message(PLACED))
        before = items_of(log_table)[HEAD]
        record(message(detail_type, event_id=identity(1)), a_technical_failure(message(PLACED)))
        assert items_of(log_table)[HEAD] == before

    def test_the_report_of_a_failed_first_event_opens_nothing(self, log_table: Any, message: Any) -> None:
        record(a_technical_failure(message(PLACED)))
        assert HEAD not in items_of(log_table)

    @pytest.mark.parametrize("broken", [None, {"canary": 1}, {**ORDER, "total": "canary"}])
    def test_a_first_event_without_a_usable_order_gives_way_to_one_that_has_it(
        self, log_table: Any, message: Any, clock: Any, broken: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        record(message(PLACED, order=broken, event_id=identity(7), deadline_at="2099-01-01T00:00:00.000Z"))
        assert "order" not in items_of(log_table)[HEAD]
        assert [saga["saga_id"] for saga in listed()["sagas"]] == [ORDER_ID]
        assert "canary" not in capsys.readouterr().out

        record(message(PLACED))

        head = items_of(log_table)[HEAD]
        assert (head["deadline_at"], head["listed_at"]) == ({"S": DEADLINE}, {"S": DEADLINE})
        assert head["first_event_id"] == {"S": envelope.event_id(ORDER_ID, "test", PLACED)}
        clock("09:40:00")
        assert watch()["exceeded"] == 1
        assert event_of(items_of(log_table)[HEAD]).data == {"order": ORDER}

    @pytest.mark.parametrize("after", [[], [BOOKED], [CANCELLED], ["the deadline"]])
    @pytest.mark.parametrize("order", [None, {"canary": 1}, {**ORDER, "email": "other@example.com"}])
    def test_no_other_first_event_takes_the_place_of_one_that_has_an_order(
        self, log_table: Any, message: Any, clock: Any, after: list[str], order: Any
    ) -> None:
        record(message(PLACED))
        for detail_type in after:
            if detail_type == "the deadline":
                clock("09:40:00")
                assert watch()["exceeded"] == 1
            else:
                record(message(detail_type))
        before = items_of(log_table)[HEAD]
        record(message(PLACED, order=order, event_id=identity(7)))
        assert items_of(log_table)[HEAD] == before

    def test_a_saga_that_ended_is_not_opened_again_by_a_late_first_event(self, log_table: Any, message: Any) -> None:
        record(message(CANCELLED))
        before = items_of(log_table)[HEAD]
        record(message(PLACED, order={"canary": 1}, event_id=identity(7)), message(PLACED))
        after = items_of(log_table)[HEAD]
        assert after.keys() - before.keys() == {"started_at", "first_event_id", "traceparent"}
        assert {name: after[name] for name in before} == before

    @pytest.mark.parametrize("order", list(itertools.permutations([PLACED, RESERVED, BOOKED, NOTIFIED])))
    def test_in_any_order_and_twice_the_saga_has_ended_in_the_end(
        self, log_table: Any, message: Any, order: tuple[str, ...]
    ) -> None:
        for detail_type in (*order, *reversed(order)):
            record(message(detail_type))

        head = items_of(log_table)[HEAD]
        assert head["state"] == {"S": "COMPLETED"}
        assert "order" not in head
        assert listed()["sagas"] == []
        assert [(saga["started_at"], saga["state"]) for saga in listed(state="ended", day="2026-01-31")["sagas"]] == [
            (STARTED, "completed")
        ]
        assert watch()["exceeded"] == 0

    def test_the_first_of_two_ends_stays(self, log_table: Any, message: Any) -> None:
        record(message(PLACED), message(CANCELLED))
        before = items_of(log_table)[HEAD]
        record(message(BOOKED))
        assert items_of(log_table)[HEAD] == before

    def test_a_record_that_was_interrupted_after_the_entry_is_made_good_by_its_retry(
        self, log_table: Any, message: Any
    ) -> None:
        record(message(PLACED))
        log_table.delete_item(TableName=TABLE, Key={"pk": {"S": f"head#{ORDER_ID}"}, "sk": {"S": "head"}})
        record(message(PLACED))
        assert items_of(log_table)[HEAD]["state"] == {"S": "OPEN"}

    def test_open_heads_never_expire_and_ended_ones_do_with_their_entries(
        self, log_table: Any, message: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SAGA_LOG_KEEP_DAYS", "30")
        record(message(PLACED))
        assert "expires_at" not in items_of(log_table)[HEAD]
        record(message(BOOKED))
        ends = datetime(2026, 3, 2, 9, 30, 1, tzinfo=UTC)
        assert items_of(log_table)[HEAD]["expires_at"] == {"N": str(int(ends.timestamp()))}

    def test_the_calls_of_an_event_that_starts_or_ends_a_saga(self, message: Any, aws_calls: list[str]) -> None:
        first, last = message(PLACED), message(BOOKED)
        aws_calls.clear()
        record(first, last)
        assert aws_calls == ["PutItem", "PutItem", "PutItem", "UpdateItem"]


class TestFigures:
    def test_a_saga_that_ends_is_counted_once_with_how_and_how_long(
        self, log_table: Any, message: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        record(message(PLACED), message(BOOKED), message(BOOKED))
        output = capsys.readouterr().out
        assert metric(output, "SagaReversed") == [0]
        took = datetime.fromisoformat(message(BOOKED)["detail"]["meta"]["occurred_at"]) - datetime.fromisoformat(
            message(PLACED)["detail"]["meta"]["occurred_at"]
        )
        assert metric(output, "SagaDuration") == [took.total_seconds() * 1000]

    def test_where_the_end_overtakes_the_beginning_nobody_knows_how_long_it_took(
        self, log_table: Any, message: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        record(message(CANCELLED), message(PLACED))
        output = capsys.readouterr().out
        assert (metric(output, "SagaReversed"), metric(output, "SagaDuration")) == ([1], [])


class TestWatchdog:
    def test_before_the_deadline_nothing_is_told(self, log_table: Any, message: Any, clock: Any) -> None:
        record(message(PLACED))
        clock("09:39:59.999")
        assert watch() == {"exceeded": 0, "stuck": 0, "complete": True}
        assert "outbox" not in items_of(log_table)[HEAD]

    def test_the_deadline_is_told_through_the_outbox(
        self, log_table: Any, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SAGA_FUNCTION", "watch_deadlines")
        monkeypatch.setenv("SAGA_SOURCE", "shop.saga_log")
        record(message(PLACED))
        before = items_of(log_table)[HEAD]
        clock("09:40:00")

        assert watch()["exceeded"] == 1

        after = items_of(log_table)[HEAD]
        assert after["exceeded_at"] == {"S": "2026-01-31T09:40:00.000Z"}
        assert "order" not in after
        (entry,) = published(monkeypatch, before, after)
        assert (entry["Source"], entry["DetailType"]) == ("shop.saga_log", "SagaDeadlineExceeded")
        detail = json.loads(entry["Detail"])
        schema.check("SagaDeadlineExceeded.v1", detail)
        assert detail["data"] == {"order": ORDER}
        meta, first = detail["meta"], message(PLACED)["detail"]["meta"]
        assert (meta["correlation_id"], meta["causation_id"]) == (ORDER_ID, first["event_id"])
        assert (meta["producer"], meta["deadline_at"]) == ("watch_deadlines", DEADLINE)
        assert meta["traceparent"].split("-")[1] == first["traceparent"].split("-")[1]

    def test_it_is_told_once(self, log_table: Any, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        record(message(PLACED))
        clock("09:40:00")
        watch()
        before = items_of(log_table)[HEAD]
        clock("09:41:00")
        assert watch()["exceeded"] == 0
        assert items_of(log_table)[HEAD] == before

    def test_two_watchdogs_at_once_tell_it_once(
        self, log_table: Any, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record(message(PLACED))
        clock("09:40:00")
        store = heads.heads()
        item = items_of(log_table)[HEAD]
        # The second one read before the first one wrote.
        monkeypatch.setattr(store.client, "get_item", lambda **_: {"Item": item})
        assert store.exceed(ORDER_ID, "watch_deadlines") is True
        assert store.exceed(ORDER_ID, "watch_deadlines") is False

    def test_a_saga_that_ends_meanwhile_is_left_alone(
        self, log_table: Any, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record(message(PLACED))
        stale = items_of(log_table)[HEAD]
        record(message(BOOKED))
        clock("09:40:00")
        store = heads.heads()
        assert store.exceed(ORDER_ID, "watch_deadlines") is False
        monkeypatch.setattr(store.client, "get_item", lambda **_: {"Item": stale})
        assert store.exceed(ORDER_ID, "watch_deadlines") is False
        assert "outbox" not in items_of(log_table)[HEAD]

    def test_the_event_is_taken_out_with_the_end_and_publishes_nothing_more(
        self, log_table: Any, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record(message(PLACED))
        clock("09:40:00")
        watch()
        before = items_of(log_table)[HEAD]
        assert event_of(before).data == {"order": ORDER}
        record(message(CANCELLED))
        after = items_of(log_table)[HEAD]
        assert published(monkeypatch, before, after) == []
        assert "canary" not in json.dumps(after).lower()
        assert after["exceeded_at"] == {"S": "2026-01-31T09:40:00.000Z"}

    def test_stuck_is_what_is_open_some_time_after_its_deadline(
        self, message: Any, clock: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        record(message(PLACED), message(PLACED, identity(1), deadline_at="2026-01-31T09:45:00.000Z"))
        clock("09:49:59.999")
        assert watch()["stuck"] == 0
        clock("09:50:00")
        assert watch()["stuck"] == 1
        output = capsys.readouterr().out
        assert metric(output, "SagasStuck") == [0, 1]
        assert metric(output, "SagasPastDeadline") == [2, 2]
        assert metric(output, "SagaDeadlinesExceeded") == [2, 0]
        assert metric(output, "OldestOpenSaga") == [1199.999, 1200]
        assert "canary" not in output.lower()

    def test_silence_is_no_figure(self, capsys: pytest.CaptureFixture[str]) -> None:
        watch()
        output = capsys.readouterr().out
        assert metric(output, "SagasStuck") == metric(output, "OldestOpenSaga") == [0]

    @pytest.mark.parametrize("order", [None, "canary", {"canary": 1}, []])
    def test_a_saga_whose_order_cannot_be_carried_is_counted_and_does_not_stop_the_others(
        self, log_table: Any, message: Any, clock: Any, capsys: pytest.CaptureFixture[str], order: Any
    ) -> None:
        record(message(PLACED, order=order, schema="OrderPlaced.v9", deadline_at="2026-01-31T09:35:00.000Z"))
        record(message(PLACED, identity(1)))
        clock("09:50:00")

        assert watch() == {"exceeded": 1, "stuck": 2, "complete": True}

        assert "outbox" in items_of(log_table)[f"head#{identity(1)}/head"]
        output = capsys.readouterr().out
        assert metric(output, "SagaDeadlinesNotTold") == [1]
        assert "canary" not in output.lower()

    def test_a_round_without_time_left_says_that_it_is_not_complete(self, message: Any, clock: Any) -> None:
        record(message(PLACED))
        clock("09:41:00")
        assert watch(remaining_ms=4_000) == {"exceeded": 0, "stuck": 0, "complete": False}
        assert watch()["exceeded"] == 1

    def test_an_error_of_the_table_fails_the_round(
        self, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record(message(PLACED))
        clock("09:41:00")
        monkeypatch.setenv("SAGA_TABLE", "no-such-table")
        with pytest.raises(Exception, match="ResourceNotFound"):
            watch()

    def test_many_are_told_over_pages_and_partitions(
        self, log_table: Any, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, aws_calls: list[str]
    ) -> None:
        monkeypatch.setattr(heads, "_PAGE", 2)
        for number in range(40):
            record(message(PLACED, identity(number)))
        clock("09:40:00")
        aws_calls.clear()
        assert watch()["exceeded"] == 40
        assert "Scan" not in aws_calls
        partitions = {item["listed"]["S"] for key, item in items_of(log_table).items() if key.startswith("head#")}
        assert len(partitions) == heads.SHARDS


class TestList:
    def times(self, numbers: Any) -> dict[int, str]:
        return {number: f"2026-01-31T09:4{number // 10}:{number % 10:02}.000Z" for number in numbers}

    def test_open_ones_come_by_their_deadlines(self, message: Any, clock: Any) -> None:
        for number, deadline in self.times([3, 1, 2]).items():
            record(message(PLACED, identity(number), deadline_at=deadline))

        answer = listed()

        assert [saga["saga_id"] for saga in answer["sagas"]] == [identity(1), identity(2), identity(3)]
        assert "cursor" not in answer
        assert answer["sagas"][0] == {
            "saga_id": identity(1),
            "state": "open",
            "started_at": STARTED,
            "deadline_at": "2026-01-31T09:40:01.000Z",
            "deadline_exceeded_at": None,
            "ended_at": None,
            "stuck": False,
        }

    def test_stuck_ones_only(self, message: Any, clock: Any) -> None:
        record(message(PLACED, identity(1)), message(PLACED, identity(2), deadline_at="2026-01-31T09:40:01.000Z"))
        clock("09:50:00")
        watch()
        (stuck,) = listed(state="stuck")["sagas"]
        assert (stuck["saga_id"], stuck["stuck"]) == (identity(1), True)
        assert stuck["deadline_exceeded_at"] == "2026-01-31T09:50:00.000Z"
        assert [saga["stuck"] for saga in listed()["sagas"]] == [True, False]

    def test_ended_ones_of_a_day_the_last_first(self, message: Any, clock: Any) -> None:
        for number, time in self.times([3, 1, 2]).items():
            record(message(PLACED, identity(number)), message(BOOKED, identity(number), occurred_at=time))
        record(message(CANCELLED, identity(9), occurred_at="2026-01-30T23:59:59.999Z"))

        assert [saga["saga_id"] for saga in listed(state="ended")["sagas"]] == [identity(3), identity(2), identity(1)]
        (other,) = listed(state="ended", day="2026-01-30")["sagas"]
        assert (other["saga_id"], other["state"], other["started_at"]) == (identity(9), "reversed", None)
        assert listed(state="ended", day="2026-01-29") == {"sagas": []}

    @pytest.mark.parametrize("state", ["open", "stuck", "ended"])
    @pytest.mark.parametrize("limit", [1, 3, 7])
    @pytest.mark.parametrize("page_size", [1, 2, 100])
    def test_pages_hold_every_saga_once_also_those_of_the_same_moment(
        self, message: Any, clock: Any, monkeypatch: pytest.MonkeyPatch, state: str, limit: int, page_size: int
    ) -> None:
        monkeypatch.setattr(heads, "_PAGE", page_size)
        expected = {identity(number) for number in range(20)}
        for number, saga_id in enumerate(sorted(expected)):
            record(message(PLACED, saga_id, deadline_at=f"2026-01-31T09:35:0{number % 3}.000Z"))
            if state == "ended":
                record(message(BOOKED, saga_id, occurred_at=f"2026-01-31T09:33:0{number % 3}.000Z"))
        clock("09:55:00")
        found: list[str] = []
        answer = listed(state=state, limit=limit)
        while True:
            assert len(answer["sagas"]) <= limit
            found += [saga["saga_id"] for saga in answer["sagas"]]
            if "cursor" not in answer:
                break
            answer = listed(state=state, limit=limit, cursor=answer["cursor"])
        assert len(found) == len(set(found))
        assert set(found) == expected

    def test_over_the_api(self, message: Any) -> None:
        record(message(PLACED))
        answer = handlers.get_sagas(
            {"requestContext": {}, "queryStringParameters": {"state": "open", "limit": "5"}}, FakeContext()
        )
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == listed(state="open", limit=5)
        assert "canary" not in answer["body"].lower()

    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({"state": "lost"}, "state"),
            ({"state": ["open"]}, "state"),
            ({"limit": "0"}, "limit"),
            ({"limit": "101"}, "limit"),
            ({"limit": "1e2"}, "limit"),
            ({"limit": -1}, "limit"),
            ({"day": "2026-02-30"}, "day"),
            ({"day": "20260131"}, "day"),
            ({"day": 7}, "day"),
            ({"cursor": "next"}, "cursor"),
            ({"cursor": f"{STARTED}~{ORDER_ID}x"}, "cursor"),
            ({"customer": "ada"}, "customer"),
        ],
    )
    def test_a_wrong_parameter_is_told_by_its_name(self, parameters: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidEventError) as refused:
            listed(**parameters)
        assert refused.value.field == field
        answer = handlers.get_sagas({"requestContext": {}, "queryStringParameters": parameters}, FakeContext())
        assert (answer["statusCode"], json.loads(answer["body"])["field"]) == (400, field)

    @pytest.mark.parametrize("event", [None, [], "open"])
    def test_what_is_no_request_is_refused(self, event: Any) -> None:
        with pytest.raises(InvalidEventError, match="event: expected a JSON object"):
            handlers.get_sagas(event, FakeContext())


def test_terraform_deploys_the_index_that_the_code_reads() -> None:
    with (ROOT / "saga_log.tf").open(encoding="utf-8") as file:
        text = file.read()
    (service,) = [block["saga_log"] for block in hcl2.loads(text)["locals"] if "saga_log" in block]
    index = service["indexes"][heads.INDEX]
    plain = json.loads(json.dumps(index).replace('\\"', ""))
    assert (plain["hash_key"], plain["range_key"], plain["projection_type"]) == ("listed", "listed_at", "INCLUDE")
    assert sorted(plain["non_key_attributes"]) == sorted(INCLUDED)
