"""What the log keeps of every event, and the story that it tells of a saga."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conftest import TABLE, EventFactory, FakeContext, items_of, logged
from tests.unit.support.api import OPERATOR
from tests.unit.support.orders import ORDER, ORDER_ID, a_technical_failure

from saga_kit.errors import InvalidEventError
from saga_kit.trigger import TECHNICAL_FAILURE
from saga_log import handlers

pytestmark = pytest.mark.usefixtures("log_table")

REASON = {"code": "out_of_stock", "message": "canary-message", "field": "lines[0].quantity"}
FAILURE_ID = "aaaaaaaa-0000-4000-8000-000000000000"
PLACED, RESERVED, BOOKED, CANCELLED = "OrderPlaced", "StockReserved", "ShipmentBooked", "OrderCancelled"


@pytest.fixture(autouse=True)
def ends(monkeypatch: pytest.MonkeyPatch, log_table: Any) -> None:
    monkeypatch.setenv("SAGA_COMPLETED", "ShipmentBooked")
    monkeypatch.setenv("SAGA_REVERSED", "OrderCancelled")
    monkeypatch.delenv("SAGA_LOG_KEEP_DAYS", raising=False)


def record(message: Any) -> str:
    effect: str = handlers.record_event(message, FakeContext())["effect"]
    return effect


def entries_of(client: Any) -> dict[str, Any]:
    """Return the entries in the table, without the heads."""
    return {key: item for key, item in items_of(client).items() if key.startswith("saga#")}


def story(saga_id: str = ORDER_ID) -> Any:
    return handlers.get_saga({"order_id": saga_id}, FakeContext())


def at(second: int, millisecond: int = 0) -> str:
    return f"2026-01-31T09:30:{second:02}.{millisecond:03}Z"


def identity(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012}"


class TestRecord:
    def test_an_entry_holds_the_envelope_and_nothing_of_the_data(self, log_table: Any, event: EventFactory) -> None:
        message = event(PLACED, {"order": ORDER})

        assert record(message) == "done"

        meta = message["detail"]["meta"]
        (item,) = entries_of(log_table).values()
        assert item.pop("recorded_at")["S"].endswith("Z")
        assert item == {
            "pk": {"S": f"saga#{ORDER_ID}"},
            "sk": {"S": f"{meta['occurred_at']}#{meta['event_id']}"},
            "event_id": {"S": meta["event_id"]},
            "occurred_at": {"S": meta["occurred_at"]},
            "detail_type": {"S": PLACED},
            "source": {"S": "shop.test"},
            "producer": {"S": "test"},
            "deadline_at": {"S": meta["deadline_at"]},
            "schema": {"S": "OrderPlaced.v1"},
        }

    def test_the_code_of_a_reason_is_kept_and_its_words_are_not(self, log_table: Any, event: EventFactory) -> None:
        record(event("StockRejected", {"order": ORDER, "reason": REASON}, causation_id=identity(1)))

        (item,) = entries_of(log_table).values()
        assert item["reason_code"] == {"S": "out_of_stock"}
        assert item["causation_id"] == {"S": identity(1)}
        assert "canary" not in json.dumps(item)

    @pytest.mark.parametrize("reason", ["canary@example.com", {"code": "canary@example.com"}, {"code": 7}, {}, None])
    def test_a_reason_that_is_no_code_is_not_kept(self, log_table: Any, event: EventFactory, reason: Any) -> None:
        record(event("StockRejected", {"reason": reason}))

        (item,) = entries_of(log_table).values()
        assert "reason_code" not in item
        assert "canary" not in json.dumps(item)

    def test_one_call_for_an_event_in_the_middle_and_for_a_duplicate_which_changes_nothing(
        self, log_table: Any, event: EventFactory, aws_calls: list[str]
    ) -> None:
        message = event(RESERVED, {"order": ORDER}, causation_id=identity(1))
        aws_calls.clear()

        assert record(message) == "done"
        assert aws_calls == ["PutItem"]
        before = items_of(log_table)

        assert record({**message, "source": "shop.other"}) == "nothing"
        assert aws_calls[1:] == ["Scan", "PutItem"]
        assert items_of(log_table) == before

    @pytest.mark.parametrize("data", [{"anything": ["at", "all"]}, [], None])
    def test_an_unknown_schema_version_is_on_record_whatever_its_data(
        self, log_table: Any, event: EventFactory, data: Any
    ) -> None:
        message = event(PLACED, {}, schema="OrderPlaced.v9")
        message["detail"]["data"] = data

        assert record(message) == "done"
        (item,) = entries_of(log_table).values()
        assert item["schema"] == {"S": "OrderPlaced.v9"}

    def test_a_technical_failure_keeps_what_failed_and_no_word_of_it(self, log_table: Any, event: EventFactory) -> None:
        original = event(PLACED, {"order": ORDER})

        assert record(a_technical_failure(original)) == "done"

        (item,) = entries_of(log_table).values()
        assert item["pk"] == {"S": f"saga#{ORDER_ID}"}
        assert item["sk"] == {"S": f"2026-01-31T09:31:00.000Z#{FAILURE_ID}"}
        assert item["detail_type"] == {"S": TECHNICAL_FAILURE}
        assert item["producer"] == {"S": "shop-test"}
        assert item["causation_id"] == {"S": original["detail"]["meta"]["event_id"]}
        assert item["failure"] == {
            "M": {"condition": {"S": "RetriesExhausted"}, "error": {"S": "ValueError"}, "attempts": {"N": "3"}}
        }
        assert "canary" not in json.dumps(item)

    def test_the_error_type_of_a_failure_is_kept_only_if_it_is_a_name(
        self, log_table: Any, event: EventFactory
    ) -> None:
        message = a_technical_failure(event(PLACED, {"order": ORDER}))
        message["detail"]["responsePayload"] = {"errorType": "canary@example.com said no"}
        record(message)

        (item,) = entries_of(log_table).values()
        assert item["failure"]["M"]["error"] == {"S": "unknown"}

    def test_a_function_that_timed_out_left_no_error(self, log_table: Any, event: EventFactory) -> None:
        message = a_technical_failure(event(PLACED, {"order": ORDER}))
        message["detail"]["responsePayload"] = None
        record(message)

        (item,) = entries_of(log_table).values()
        assert item["failure"]["M"]["error"] == {"S": "unknown"}

    @pytest.mark.parametrize("count", [None, 0, -1, 10**40, "canary", 2.5, [], {}])
    def test_a_failure_that_does_not_tell_its_attempts_had_one(
        self, log_table: Any, event: EventFactory, count: Any
    ) -> None:
        message = a_technical_failure(event(PLACED, {"order": ORDER}))
        message["detail"]["requestContext"]["approximateInvokeCount"] = count
        assert record(message) == "done"

        (item,) = entries_of(log_table).values()
        assert item["failure"]["M"]["attempts"] == {"N": "1"}

    def test_a_failure_of_an_unknown_schema_version_is_on_record(self, log_table: Any, event: EventFactory) -> None:
        assert record(a_technical_failure(event(PLACED, {"new": "shape"}, schema="OrderPlaced.v9"))) == "done"
        assert len(entries_of(log_table)) == 1

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (lambda message: message.pop("detail"), "detail"),
            (lambda message: message.update(detail=[1]), "detail"),
            (lambda message: message.pop("detail-type"), "detail-type"),
            (lambda message: message.update({"detail-type": "1 Main Street"}), "detail-type"),
            (lambda message: message["detail"].pop("meta"), "meta"),
            (lambda message: message["detail"].update(meta="canary"), "meta"),
            (lambda message: message["detail"]["meta"].pop("event_id"), "meta.event_id"),
            (lambda message: message["detail"]["meta"].update(occurred_at="yesterday"), "meta.occurred_at"),
            (lambda message: message["detail"]["meta"].update(correlation_id=7), "meta.correlation_id"),
            (lambda message: message["detail"]["meta"].update(extra=1), "meta.extra"),
        ],
    )
    def test_a_message_without_a_readable_envelope_is_refused_by_its_field(
        self, log_table: Any, event: EventFactory, change: Any, field: str
    ) -> None:
        message = event(PLACED, {"order": ORDER})
        change(message)

        with pytest.raises(InvalidEventError) as refused:
            record(message)

        assert refused.value.field == field
        assert items_of(log_table) == {}

    @pytest.mark.parametrize("message", [None, [], "text", 7])
    def test_what_is_no_message_is_refused(self, message: Any) -> None:
        with pytest.raises(InvalidEventError, match="event: expected a JSON object"):
            record(message)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            (lambda detail: detail.pop("requestPayload"), "detail.requestPayload.detail"),
            (lambda detail: detail.update(requestPayload={"detail": "text"}), "detail.requestPayload.detail"),
            (lambda detail: detail["requestPayload"]["detail"].pop("meta"), "meta"),
            (lambda detail: detail.pop("requestContext"), "detail.requestContext.requestId"),
            (lambda detail: detail["requestContext"].update(requestId="Ada"), "detail.requestContext.requestId"),
            (lambda detail: detail.pop("timestamp"), "detail.timestamp"),
        ],
    )
    def test_a_failure_that_names_no_saga_is_refused_by_its_field(
        self, log_table: Any, event: EventFactory, change: Any, field: str
    ) -> None:
        message = a_technical_failure(event(PLACED, {"order": ORDER}))
        change(message["detail"])

        with pytest.raises(InvalidEventError) as refused:
            record(message)

        assert refused.value.field == field
        assert items_of(log_table) == {}

    @pytest.mark.parametrize("timestamp", ["yesterday", "2026-01-31T09:31:00", 7, None])
    def test_a_failure_without_a_moment_is_refused_since_no_story_could_place_it(
        self, log_table: Any, event: EventFactory, timestamp: str
    ) -> None:
        message = a_technical_failure(event(PLACED, {"order": ORDER}))
        message["detail"]["timestamp"] = timestamp

        with pytest.raises(InvalidEventError, match="timestamp"):
            record(message)
        assert items_of(log_table) == {}

    def test_the_moment_of_a_failure_is_kept_in_the_form_that_entries_are_sorted_by(
        self, log_table: Any, event: EventFactory
    ) -> None:
        message = a_technical_failure(event(PLACED, {"order": ORDER}))
        message["detail"]["timestamp"] = "2026-01-31T10:31:00.5+01:00"
        record(message)
        (item,) = entries_of(log_table).values()
        assert item["sk"] == {"S": f"2026-01-31T09:31:00.500Z#{FAILURE_ID}"}

    def test_entries_expire_where_the_environment_says_so(
        self, log_table: Any, event: EventFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("saga_kit.clock.time.time", lambda: 1_700_000_000.0)
        monkeypatch.setenv("SAGA_LOG_KEEP_DAYS", "30")
        record(event(PLACED, {"order": ORDER}))

        (item,) = entries_of(log_table).values()
        assert item["expires_at"] == {"N": str(1_700_000_000 + 30 * 86_400)}

    def test_nothing_that_a_customer_typed_is_logged(
        self, event: EventFactory, capsys: pytest.CaptureFixture[str]
    ) -> None:
        record(event(PLACED, {"order": ORDER}))
        record(a_technical_failure(event("StockRejected", {"order": ORDER, "reason": REASON})))
        broken = event(PLACED, {"order": ORDER})
        broken["detail"]["meta"]["producer"] = "canary-producer"
        with pytest.raises(InvalidEventError):
            record(broken)

        output = capsys.readouterr().out
        assert len(logged(output)) >= 3
        assert "canary" not in output.lower()

    def test_the_package_carries_the_schemas_that_its_own_refer_to(self) -> None:
        folder = Path(handlers.__file__).parent
        own = {path.stem for path in (folder / "schemas").glob("*.json")}
        text = "".join(path.read_text() for path in (folder / "schemas").glob("*.json"))
        referred = {part.split('"')[0] for part in text.split('"schema:')[1:]} - {"Meta.v1", "Reason.v1"}
        assert own == {"SagaDeadlineExceeded.v1"}
        for name in referred - own:
            assert f'"{name}"' in (folder / "package.toml").read_text()


class TestStory:
    def completed(self, event: EventFactory) -> None:
        """Record a saga that went well, its last event first."""
        for number, (detail_type, second) in reversed(list(enumerate([(PLACED, 1), (RESERVED, 2), (BOOKED, 4)]))):
            cause = identity(number - 1) if number else None
            record(
                event(
                    detail_type,
                    {"order": ORDER},
                    event_id=identity(number),
                    causation_id=cause,
                    occurred_at=at(second, 250 * number),
                )
            )

    def test_a_story_tells_what_happened_in_order_with_cause_and_time(self, event: EventFactory) -> None:
        self.completed(event)

        told = story()

        assert (told["saga_id"], told["state"], told["duration_ms"]) == (ORDER_ID, "completed", 3500)
        assert (told["started_at"], told["ended_at"]) == (at(1), at(4, 500))
        assert [
            (entry["detail_type"], entry["cause"], entry["producer"], entry["since_start_ms"], entry["since_cause_ms"])
            for entry in told["events"]
        ] == [
            (PLACED, None, "test", 0, None),
            (RESERVED, PLACED, "test", 1250, 1250),
            (BOOKED, RESERVED, "test", 3500, 2250),
        ]

    def test_no_story_holds_what_a_customer_typed(self, event: EventFactory) -> None:
        self.completed(event)
        record(a_technical_failure(event("StockRejected", {"order": ORDER, "reason": REASON})))
        assert "canary" not in json.dumps(story()).lower()

    @pytest.mark.parametrize(
        ("events", "state"),
        [
            ([PLACED], "open"),
            ([PLACED, RESERVED], "open"),
            ([PLACED, BOOKED], "completed"),
            ([PLACED, BOOKED, "CustomerNotified"], "completed"),
            ([PLACED, CANCELLED], "reversed"),
            ([CANCELLED], "reversed"),
        ],
    )
    def test_the_outcome_is_what_the_environment_calls_it(
        self, event: EventFactory, events: list[str], state: str
    ) -> None:
        for number, detail_type in enumerate(events):
            record(event(detail_type, {}, event_id=identity(number), occurred_at=at(number)))
        assert story()["state"] == state

    def test_without_names_of_ends_no_saga_ends(self, event: EventFactory, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SAGA_COMPLETED")
        monkeypatch.delenv("SAGA_REVERSED")
        self.completed(event)
        assert (story()["state"], story()["ended_at"], story()["duration_ms"]) == ("open", None, None)

    def test_any_of_several_ends_counts(self, event: EventFactory, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SAGA_COMPLETED", "ParcelSent,ShipmentBooked")
        self.completed(event)
        assert story()["state"] == "completed"

    def test_of_two_events_in_the_same_millisecond_the_cause_comes_first(self, event: EventFactory) -> None:
        # The identifier of the effect sorts before that of its cause.
        record(event(RESERVED, {}, event_id=identity(1), causation_id=identity(9), occurred_at=at(1)))
        record(event(PLACED, {}, event_id=identity(9), occurred_at=at(1)))

        assert [entry["detail_type"] for entry in story()["events"]] == [PLACED, RESERVED]

    def test_a_failure_stands_between_its_cause_and_the_undo_that_it_led_to(self, event: EventFactory) -> None:
        placed = event(PLACED, {"order": ORDER}, event_id=identity(1), occurred_at=at(1))
        record(placed)
        record(a_technical_failure(placed))
        record(event("StockReleased", {}, causation_id=FAILURE_ID, occurred_at="2026-01-31T09:31:00.500Z"))

        told = story()["events"]

        assert [entry["cause"] for entry in told] == [None, PLACED, TECHNICAL_FAILURE]
        assert told[1]["failure"] == {"condition": "RetriesExhausted", "error": "ValueError", "attempts": 3}
        assert told[2]["since_cause_ms"] == 500

    def test_a_cause_that_was_never_recorded_is_told_by_its_id_alone(self, event: EventFactory) -> None:
        record(event(RESERVED, {}, causation_id=identity(5)))

        (entry,) = story()["events"]
        assert (entry["causation_id"], entry["cause"], entry["since_cause_ms"]) == (identity(5), None, None)

    def test_events_that_name_each_other_as_cause_do_not_hang_the_reader(self, event: EventFactory) -> None:
        record(event(PLACED, {}, event_id=identity(1), causation_id=identity(2)))
        record(event(RESERVED, {}, event_id=identity(2), causation_id=identity(1)))
        assert len(story()["events"]) == 2

    def test_other_sagas_are_not_in_the_story(self, event: EventFactory) -> None:
        self.completed(event)
        record(event(PLACED, {}, identity(77)))
        assert len(story()["events"]) == 3

    def test_a_story_longer_than_a_page_is_whole(
        self, log_table: Any, aws_calls: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entry = {name: {"S": "x" * 250} for name in ("event_id", "producer", "source")}
        padding = {"S": "x" * 300_000}
        for second in range(5):
            log_table.put_item(
                TableName=TABLE,
                Item={
                    "pk": {"S": f"saga#{ORDER_ID}"},
                    "sk": {"S": f"{at(second)}#{second}"},
                    **entry,
                    "event_id": {"S": identity(second)},
                    "occurred_at": {"S": at(second)},
                    "deadline_at": {"S": at(59)},
                    "detail_type": {"S": RESERVED},
                    "padding": padding,
                },
            )
        aws_calls.clear()

        assert len(story()["events"]) == 5
        assert len(aws_calls) > 1
        assert set(aws_calls) == {"Query"}

    def test_one_call_reads_a_story(self, event: EventFactory, aws_calls: list[str]) -> None:
        self.completed(event)
        aws_calls.clear()
        story()
        assert aws_calls == ["Query"]

    def test_over_the_api(self, event: EventFactory) -> None:
        self.completed(event)

        answer = handlers.get_saga({"requestContext": OPERATOR, "pathParameters": {"id": ORDER_ID}}, FakeContext())

        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == story()

    @pytest.mark.parametrize("saga_id", [identity(404), "no-uuid", ORDER_ID.upper(), ""])
    def test_an_unknown_saga_is_a_404_over_the_api(self, saga_id: str) -> None:
        answer = handlers.get_saga({"requestContext": OPERATOR, "pathParameters": {"id": saga_id}}, FakeContext())
        assert answer["statusCode"] == 404
        assert answer["headers"]["content-type"] == "application/problem+json"
        assert json.loads(answer["body"])["field"] == "id"

    def test_an_unknown_saga_is_nothing_to_a_function(self) -> None:
        assert story(identity(404)) is None

    @pytest.mark.parametrize("message", [{}, {"order_id": 7}, {"order_id": "no-uuid"}, None, []])
    def test_a_function_that_asks_for_no_saga_is_told_so(self, message: Any) -> None:
        with pytest.raises(InvalidEventError, match="order_id: expected a UUID"):
            handlers.get_saga(message, FakeContext())
