"""Dead letters taken, held, put back and released: by the office, and by the command over it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import boto3
import click
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto import mock_aws

from dead_letters import commands, office
from dead_letters.letters import Kind
from dead_letters.office import NotPutBackError, Office
from environments import options
from environments.target import Target
from local_platform.client import PlatformError

ORDERS = ["0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1", "1f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"]
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-"
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/shop-dev-order/stream/2026"
RELAY, UNDO = "order/relay/failed", "order/reverse_order/failed"
DO, NOTIFY, BUS = "payment/process_pymt/undelivered", "notification/notify_customer/failed", "event_bus"


def event(order: str = ORDERS[0]) -> dict[str, Any]:
    return {
        "source": "shop.order",
        "detail-type": "OrderPlaced",
        "time": "2026-01-31T09:30:00Z",
        "detail": {"meta": {"correlation_id": order, "occurred_at": "2026-01-31T09:30:00.000Z"}},
    }


@dataclass
class FakeLambda:
    """Notes invocations; answers what it is told to."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)
    relayed: Any = None
    refuse: set[str] = field(default_factory=set)

    def invoke(self, *, FunctionName: str, Payload: bytes, InvocationType: str = "RequestResponse") -> Any:
        if FunctionName in self.refuse:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "gone"}}, "Invoke")
        self.calls.append({"function": FunctionName, "payload": json.loads(Payload), "type": InvocationType})
        if InvocationType == "Event":
            return {"StatusCode": 202, **self.answer}
        told = {"batchItemFailures": []} if self.relayed is None else self.relayed
        return {"StatusCode": 200, "Payload": BytesIO(json.dumps(told).encode()), **self.answer}


@dataclass
class FakeStreams:
    """A stream with records at 100, 200 and 300, a page each; or none any more."""

    orders: list[str] = field(default_factory=lambda: list(ORDERS))
    gone: str | None = None

    def get_shard_iterator(self, *, SequenceNumber: str, **_: Any) -> Any:
        if self.gone:
            raise ClientError({"Error": {"Code": self.gone, "Message": ""}}, "GetShardIterator")
        return {"ShardIterator": str((int(SequenceNumber) + 99) // 100)}

    def get_records(self, *, ShardIterator: str, Limit: int) -> Any:
        number = int(ShardIterator)
        images = {
            position: {"outbox": {"S": json.dumps({"detail": event(order)["detail"]})}}
            for position, order in enumerate(self.orders, start=1)
        }
        records = [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "SequenceNumber": str(number * 100),
                    "ApproximateCreationDateTime": datetime(2026, 1, 31, tzinfo=UTC),
                    "NewImage": {**images.get(number, {}), "blob": {"B": b"\x00\x01"}},
                },
            }
        ]
        # Between two records there is a page with nothing in it, as shards have them.
        return {"Records": records if number <= 3 else [], "NextShardIterator": str(number + 1)}


class FakeClient:
    """Stands for `local_platform.client.Client`."""

    def __init__(self) -> None:
        self.lambda_, self.streams, self.put, self.rows = FakeLambda(), FakeStreams(), list[Any](), list[Any]()
        self.sqs = boto3.client("sqs", region_name="eu-west-1")
        keys = [RELAY, UNDO, DO, NOTIFY, BUS]
        urls = {key: self.sqs.create_queue(QueueName=key.replace("/", "-"))["QueueUrl"] for key in keys}
        self.outputs: dict[str, dict[str, Any]] = {
            "queues": {key: {"name": key.replace("/", "-"), "url": url} for key, url in urls.items()},
            "functions": {"notification/notify_customer": {"name": "shop-dev-notification-notify_customer"}},
            "event_bus": {"name": "shop-dev-events"},
        }

    def aws(self, service: str) -> Any:
        return {
            "sqs": self.sqs,
            "lambda": self.lambda_,
            "events": self,
            "dynamodbstreams": self.streams,
            "dynamodb": self,
        }[service]

    def put_events(self, *, Entries: list[Any]) -> Any:
        self.put += Entries
        return {"FailedEntryCount": 0, "Entries": [{}]}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "scan"
        return self

    def paginate(self, **request: Any) -> Any:
        assert request["TableName"] == "shop-dev-order"
        return [{"Items": self.rows[:1]}, {"Items": self.rows[1:]}]

    # What the tests do

    def send(self, key: str, body: Any, **attributes: str) -> None:
        self.sqs.send_message(
            QueueUrl=self.outputs["queues"][key]["url"],
            MessageBody=json.dumps(body),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )

    def waiting(self) -> dict[str, int]:
        """How many messages anybody could receive now, by queue."""
        found = {}
        for key, queue in self.outputs["queues"].items():
            attributes = self.sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=["All"])["Attributes"]
            if count := int(attributes["ApproximateNumberOfMessages"]):
                found[key] = count
        return found


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(office, "_WAIT_SECONDS", 0)
    with mock_aws():
        yield FakeClient()


@pytest.fixture
def work(client: FakeClient) -> Office:
    return Office(Target("test", client))  # type: ignore[arg-type]  # as much of a client as it takes


def report(function: str, payload: Any) -> dict[str, Any]:
    context = {"functionArn": f"{ARN}{function}:$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": 3}
    return {"requestContext": context, "requestPayload": payload}


def stream_report(first: str = "100", last: str = "200") -> dict[str, Any]:
    return {
        "requestContext": {"functionArn": f"{ARN}order-relay", "condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {
            "shardId": "shard",
            "startSequenceNumber": first,
            "endSequenceNumber": last,
            "batchSize": 2,
            "streamArn": STREAM,
            "approximateArrivalOfFirstRecord": "2026-01-31T09:30:01.000Z",
            "approximateArrivalOfLastRecord": "2026-01-31T09:30:02.000Z",
        },
    }


def one(work: Office) -> Any:
    (letter,) = work.take(work.queues())
    return letter


class TestOffice:
    def test_an_event_goes_to_the_function_that_missed_it_and_not_to_the_bus(
        self, client: FakeClient, work: Office
    ) -> None:
        client.send(DO, event(), TARGET_ARN=f"{ARN}payment-process_pymt", ERROR_CODE="NO_PERMISSIONS")
        work.put_back(one(work))
        assert client.lambda_.calls == [{"function": f"{ARN}payment-process_pymt", "payload": event(), "type": "Event"}]
        assert client.put == []
        assert work.take(work.queues()) == []

    def test_an_event_goes_to_the_queue_that_missed_it(self, client: FakeClient, work: Office) -> None:
        url = client.sqs.create_queue(QueueName="project-events")["QueueUrl"]
        client.send(DO, event(), TARGET_ARN="arn:aws:sqs:eu-west-1:123456789012:project-events", ERROR_CODE="E")
        work.put_back(one(work))
        (message,) = client.sqs.receive_message(QueueUrl=url)["Messages"]
        assert json.loads(message["Body"]) == event()
        assert (client.lambda_.calls, client.put, client.waiting()) == ([], [], {})

    def test_an_invocation_goes_to_its_function(self, client: FakeClient, work: Office) -> None:
        client.send(UNDO, report("order-reverse_order", event()))
        work.put_back(one(work))
        assert client.lambda_.calls == [{"function": f"{ARN}order-reverse_order", "payload": event(), "type": "Event"}]

    def test_a_bare_event_goes_to_the_function_whose_queue_it_is(self, client: FakeClient, work: Office) -> None:
        client.send(NOTIFY, event(), RequestID="1", ErrorCode="200")
        work.put_back(one(work))
        (call,) = client.lambda_.calls
        assert (call["function"], call["payload"]) == ("shop-dev-notification-notify_customer", event())

    def test_a_bare_event_in_a_queue_of_no_known_function_stays(self, client: FakeClient, work: Office) -> None:
        client.send(UNDO, event(), RequestID="1", ErrorCode="200")
        with pytest.raises(NotPutBackError, match="not known"):
            work.put_back(one(work))
        work.release()
        assert client.waiting() == {UNDO: 1}

    def test_an_event_of_the_bus_goes_to_the_bus(self, client: FakeClient, work: Office) -> None:
        client.send(BUS, event())
        work.put_back(one(work))
        (entry,) = client.put
        assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
            "shop-dev-events",
            "shop.order",
            "OrderPlaced",
        )
        assert json.loads(entry["Detail"]) == event()["detail"]
        assert entry["Time"] == datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    def test_stream_records_are_read_and_given_to_the_relay(self, client: FakeClient, work: Office) -> None:
        client.send(RELAY, stream_report())
        letter = one(work)
        assert (letter.kind, letter.orders) == (Kind.STREAM, tuple(ORDERS))
        work.put_back(letter)
        (call,) = client.lambda_.calls
        assert (call["function"], call["type"]) == (f"{ARN}order-relay", "RequestResponse")
        records = call["payload"]["Records"]
        assert [record["dynamodb"]["SequenceNumber"] for record in records] == ["100", "200"]
        assert records[0]["eventSourceARN"] == STREAM
        assert records[0]["dynamodb"]["NewImage"]["blob"] == {"B": "AAE="}
        assert records[0]["dynamodb"]["ApproximateCreationDateTime"] == 1769817600.0
        assert work.take(work.queues()) == []

    @pytest.mark.parametrize(
        ("answer", "relayed", "why"),
        [
            ({"FunctionError": "Unhandled"}, {"errorType": "InvalidEventError"}, "failed again: InvalidEventError"),
            ({"FunctionError": "Unhandled"}, None, "failed again: an error"),
            ({}, {"batchItemFailures": [{"itemIdentifier": "100"}]}, "refused an event again"),
        ],
    )
    def test_records_that_the_relay_cannot_publish_stay(
        self, client: FakeClient, work: Office, answer: dict[str, Any], relayed: Any, why: str
    ) -> None:
        client.send(RELAY, stream_report())
        client.lambda_.answer, client.lambda_.relayed = answer, relayed
        with pytest.raises(NotPutBackError, match=why):
            work.put_back(one(work))
        work.release()
        assert client.waiting() == {RELAY: 1}

    @pytest.mark.parametrize("gone", ["TrimmedDataAccessException", "ResourceNotFoundException"])
    def test_what_the_stream_has_lost_stays_until_the_table_may_be_scanned(
        self, client: FakeClient, work: Office, gone: str
    ) -> None:
        client.send(RELAY, stream_report())
        client.streams.gone = gone
        letter = one(work)
        assert "no longer in the stream" in letter.reason
        with pytest.raises(NotPutBackError, match="--scan-tables"):
            work.put_back(letter)
        assert client.lambda_.calls == []
        work.scan_tables = True
        with pytest.raises(NotPutBackError, match="no row of shop-dev-order"):
            work.put_back(letter)

        def row(occurred_at: str) -> Any:
            detail = {"meta": {"occurred_at": occurred_at, "correlation_id": ORDERS[0]}}
            return {"pk": {"S": occurred_at}, "outbox": {"S": json.dumps({"detail": detail})}}

        client.rows = [
            row("2026-01-31T09:24:59.000Z"),
            row("2026-01-31T09:29:58.000Z"),
            row("2026-01-31T09:31:00.000Z"),
            {"pk": {"S": "poison"}, "outbox": {"S": "no event"}},
        ]
        work.put_back(letter)
        (call,) = client.lambda_.calls
        (record,) = call["payload"]["Records"]
        assert record["dynamodb"]["NewImage"]["pk"] == {"S": "2026-01-31T09:29:58.000Z"}

    def test_a_stream_that_starts_later_has_lost_the_records(self, client: FakeClient, work: Office) -> None:
        client.send(RELAY, stream_report(first="50"))
        with pytest.raises(NotPutBackError, match="no record 50 any more"):
            work.put_back(one(work))

    def test_an_error_of_the_stream_that_means_something_else_is_not_taken_for_a_loss(
        self, client: FakeClient, work: Office
    ) -> None:
        client.send(RELAY, stream_report())
        client.streams.gone = "AccessDeniedException"
        with pytest.raises(ClientError, match="AccessDenied"):
            work.take(work.queues())

    def test_a_message_that_could_not_be_put_back_is_not_deleted(self, client: FakeClient, work: Office) -> None:
        client.lambda_.refuse = {f"{ARN}order-reverse_order"}
        client.send(UNDO, report("order-reverse_order", event()))
        with pytest.raises(NotPutBackError, match="gone"):
            work.put_back(one(work))
        assert client.waiting() == {}
        work.release()
        assert client.waiting() == {UNDO: 1}

    def test_what_is_not_known_is_not_touched(self, client: FakeClient, work: Office) -> None:
        client.send(UNDO, "?")
        with pytest.raises(NotPutBackError, match="not known"):
            work.put_back(one(work))
        work.release()
        assert client.waiting() == {UNDO: 1}

    def test_all_of_a_long_queue_are_taken_once_and_the_oldest_first(self, client: FakeClient, work: Office) -> None:
        for number in range(57):
            client.send(UNDO, report("order-reverse_order", {**event(), "number": number}))
        client.send(DO, event(), TARGET_ARN="target")
        letters = work.take(work.queues())
        assert len({letter.message_id for letter in letters}) == len(letters) == 58
        assert [letter.sent_at for letter in letters] == sorted(letter.sent_at for letter in letters)
        assert client.waiting() == {}
        work.release()
        assert client.waiting() == {UNDO: 57, DO: 1}

    def test_a_queue_by_key_and_by_name(self, work: Office) -> None:
        assert [queue.key for queue in work.queues(UNDO)] == [UNDO]
        assert [queue.key for queue in work.queues("order-relay-failed")] == [RELAY]
        with pytest.raises(PlatformError, match="--queue none: expected one of event_bus, "):
            work.queues("none")


class TestCommand:
    @pytest.fixture
    def run(self, client: FakeClient, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setattr(options, "find", lambda **_: Target("test", client))  # type: ignore[arg-type]  # as much of a client as it takes

        def start(*arguments: str) -> Any:
            result = CliRunner().invoke(commands.main, arguments, standalone_mode=False)
            if result.exception and not isinstance(result.exception, (click.UsageError, PlatformError)):
                raise result.exception
            return result

        return start

    @pytest.fixture(autouse=True)
    def letters(self, client: FakeClient) -> None:
        client.send(UNDO, report("order-reverse_order", event(ORDERS[0])))
        client.send(UNDO, report("order-reverse_order", event(ORDERS[1])))
        client.send(DO, event(ORDERS[1]), TARGET_ARN=f"{ARN}payment-process_pymt", ERROR_CODE="NO_PERMISSIONS")

    def test_without_an_option_they_are_listed_and_stay(self, client: FakeClient, run: Any) -> None:
        result = run()
        assert result.return_value == 0
        for text in (
            *ORDERS,
            UNDO,
            DO,
            "RetriesExhausted",
            "NO_PERMISSIONS",
            "3 dead letters in test",
        ):
            assert text in result.output
        assert client.lambda_.calls == []
        assert client.waiting() == {UNDO: 2, DO: 1}

    def test_as_json(self, client: FakeClient, run: Any) -> None:
        found = json.loads(run("--json").output)
        assert {(letter["queue"], letter["kind"], *letter["orders"]) for letter in found} == {
            (UNDO, "failed", ORDERS[0]),
            (UNDO, "failed", ORDERS[1]),
            (DO, "not delivered", ORDERS[1]),
        }
        assert all(letter["age_seconds"] >= 0 for letter in found)
        assert client.waiting() == {UNDO: 2, DO: 1}

    @pytest.mark.parametrize(
        ("arguments", "calls", "left"),
        [
            (["--all"], 3, {}),
            (["--order", ORDERS[0]], 1, {UNDO: 1, DO: 1}),
            (["--order", ORDERS[1]], 2, {UNDO: 1}),
            (["--queue", UNDO], 2, {DO: 1}),
            (["--queue", UNDO, "--order", ORDERS[1]], 1, {UNDO: 1, DO: 1}),
            (["--queue", RELAY], 0, {UNDO: 2, DO: 1}),
        ],
    )
    def test_what_is_put_back(
        self, client: FakeClient, run: Any, arguments: list[str], calls: int, left: dict[str, int]
    ) -> None:
        dry = run(*arguments, "--dry-run")
        assert (dry.return_value, client.lambda_.calls, client.waiting()) == (0, [], {UNDO: 2, DO: 1})
        result = run(*arguments, "--rate", "1000")
        assert result.return_value == 0
        assert len(client.lambda_.calls) == calls
        assert client.waiting() == left
        assert (f"{calls} put back, 0 left." if calls else "nothing to put back") in result.output

    def test_what_is_left_is_told_and_is_an_error(self, client: FakeClient, run: Any) -> None:
        client.lambda_.refuse = {f"{ARN}payment-process_pymt"}
        result = run("--all", "--rate", "1000")
        assert result.return_value == 1
        assert "2 put back, 1 left." in result.output
        assert f"left in {DO} ({ORDERS[1]})" in result.output
        assert client.waiting() == {DO: 1}

    def test_an_interruption_gives_everything_back_that_is_held(
        self, client: FakeClient, run: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(Office, "put_back", interrupted)
        with pytest.raises((KeyboardInterrupt, click.Abort)):
            run("--all")
        assert client.waiting() == {UNDO: 2, DO: 1}

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            (["--all", "--order", ORDERS[0]], "--all is all"),
            (["--all", "--queue", UNDO], "--all is all"),
            (["--dry-run"], "for putting back"),
            (["--scan-tables"], "for putting back"),
            (["--all", "--rate", "0"], "not in the range"),
        ],
    )
    def test_options_that_do_not_go_together(self, run: Any, arguments: list[str], why: str) -> None:
        result = run(*arguments)
        assert isinstance(result.exception, click.UsageError)
        assert why in str(result.exception)
