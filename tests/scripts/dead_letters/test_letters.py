"""What a message in a dead-letter queue is taken for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dead_letters.letters import TECHNICAL_FAILURE, Kind, Letter, Queue, read

ORDER = "0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-payment-process_pymt"
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/shop-dev-order/stream/2026-01-31T00:00:00.000"
QUEUE = Queue("payment/process_pymt/undelivered", "shop-dev-payment-process_pymt-undelivered", "https://queue")
EVENT = {
    "source": "shop.inventory",
    "detail-type": "StockReserved",
    "detail": {"meta": {"correlation_id": ORDER}, "data": {"email": "canary@example.com"}},
}


def letter(body: Any, **attributes: str) -> Letter:
    return read(
        QUEUE,
        {
            "MessageId": "m1",
            "ReceiptHandle": "r1",
            "Attributes": {"SentTimestamp": "1769851800125"},
            "Body": body if isinstance(body, str) else json.dumps(body),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        },
    )


def report(payload: Any = EVENT, **more: Any) -> dict[str, Any]:
    return {
        "requestContext": {
            "functionArn": f"{FUNCTION}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": payload,
        "responsePayload": {"errorType": "ProviderUnavailableError", "errorMessage": "canary"},
        **more,
    }


def test_an_event_that_was_not_delivered_goes_to_the_function_that_missed_it() -> None:
    found = letter(
        EVENT, RULE_ARN="arn:rule", TARGET_ARN=FUNCTION, ERROR_CODE="NO_PERMISSIONS", ERROR_MESSAGE="not allowed"
    )
    assert (found.kind, found.function, found.payload) == (Kind.UNDELIVERED, FUNCTION, EVENT)
    assert (found.what, found.reason, found.orders) == ("StockReserved", "NO_PERMISSIONS: not allowed", (ORDER,))
    assert found.sent_at == datetime(2026, 1, 31, 9, 30, 0, 125000, UTC)
    assert (found.queue, found.message_id, found.receipt) == (QUEUE, "m1", "r1")


def test_why_eventbridge_gave_up_is_told() -> None:
    found = letter(
        EVENT, TARGET_ARN=FUNCTION, ERROR_CODE="THROTTLING", EXHAUSTED_RETRY_CONDITION="MaximumEventAgeInSeconds"
    )
    assert found.reason == "THROTTLING (MaximumEventAgeInSeconds)"


def test_the_report_of_an_invocation_goes_back_with_its_payload_only() -> None:
    found = letter(report())
    assert (found.kind, found.function, found.payload) == (Kind.FAILED, FUNCTION, EVENT)
    assert found.reason == "RetriesExhausted after 3 attempts: ProviderUnavailableError"
    assert found.orders == (ORDER,)


def test_what_an_error_said_is_told_nowhere() -> None:
    found = letter(report())
    assert "canary" not in f"{found.reason} {found.what}"


def test_an_undo_that_failed_on_a_report_is_about_the_order_in_it() -> None:
    failure = {"source": "lambda", "detail-type": TECHNICAL_FAILURE, "detail": {"requestPayload": EVENT}}
    assert letter(report(failure)).orders == (ORDER,)
    assert letter(failure, TARGET_ARN=FUNCTION).orders == (ORDER,)


def test_a_function_that_never_ran_has_no_attempts_and_no_error() -> None:
    message = report()
    message["requestContext"] |= {"condition": "ZeroReservedConcurrency", "approximateInvokeCount": 0}
    del message["responsePayload"]
    assert letter(message).reason == "ZeroReservedConcurrency"


def test_a_bare_event_does_not_tell_its_function() -> None:
    found = letter(EVENT, RequestID="1", ErrorCode="200", ErrorMessage="canary")
    assert (found.kind, found.function, found.reason) == (Kind.BARE, None, "retries used up")
    assert letter(EVENT, RequestID="1", ErrorCode="429").reason == "throttled"


def test_an_event_of_the_bus() -> None:
    found = letter(EVENT, ERROR_CODE="AccessDenied")
    assert (found.kind, found.payload, found.reason) == (Kind.BUS, EVENT, "AccessDenied")
    assert letter(EVENT).reason == "no reason told"


def stream_report(**changes: Any) -> dict[str, Any]:
    batch = {
        "shardId": "shard-1",
        "startSequenceNumber": "100",
        "endSequenceNumber": "300",
        "approximateArrivalOfFirstRecord": "2026-01-31T09:30:00Z",
        "approximateArrivalOfLastRecord": "2026-01-31T09:31:00Z",
        "batchSize": 3,
        "streamArn": STREAM,
        **changes,
    }
    message = report(DDBStreamBatchInfo={name: value for name, value in batch.items() if value is not None})
    del message["requestPayload"]
    return message


def test_stream_records_are_told_by_their_place() -> None:
    found = letter(stream_report())
    assert (found.kind, found.function, found.what) == (Kind.STREAM, FUNCTION, "3 records of shop-dev-order")
    assert found.batch is not None
    assert (found.batch.first, found.batch.last, found.batch.shard_id) == ("100", "300", "shard-1")
    assert found.batch.arrived_until == datetime(2026, 1, 31, 9, 31, tzinfo=UTC)
    assert letter(stream_report(batchSize=1)).what == "1 record of shop-dev-order"


@pytest.mark.parametrize("field", ["shardId", "startSequenceNumber", "endSequenceNumber", "batchSize", "streamArn"])
def test_an_incomplete_report_of_records_is_not_guessed_at(field: str) -> None:
    found = letter(stream_report(**{field: None}))
    assert found.kind is Kind.UNKNOWN
    assert field in found.reason


@pytest.mark.parametrize(
    "body", ["no JSON", [], 7, None, {}, {"detail": {}}, {"requestContext": {"functionArn": FUNCTION}}, '"text"']
)
def test_anything_else_is_unknown(body: Any) -> None:
    found = letter(body)
    assert (found.kind, found.function, found.payload, found.orders) == (Kind.UNKNOWN, None, None, ())


@pytest.mark.parametrize("detail", [None, "text", {"meta": None}, {"meta": {"correlation_id": 7}}])
def test_an_event_without_an_order_has_none(detail: Any) -> None:
    assert letter({**EVENT, "detail": detail}, TARGET_ARN=FUNCTION).orders == ()


EVENT_QUEUE = "arn:aws:sqs:eu-west-1:123456789012:shop-dev-read_model-project_g1-events"


def test_an_event_that_did_not_come_into_a_queue_goes_into_it() -> None:
    found = letter(EVENT, RULE_ARN="arn:rule", TARGET_ARN=EVENT_QUEUE, ERROR_CODE="NO_PERMISSIONS")
    assert (found.kind, found.function, found.event_queue) == (Kind.UNDELIVERED, None, EVENT_QUEUE)
    assert (found.payload, found.orders) == (EVENT, (ORDER,))


def test_an_event_that_its_function_could_not_handle_goes_back_into_its_queue() -> None:
    message = {
        "MessageId": "m1",
        "ReceiptHandle": "r1",
        "Attributes": {"SentTimestamp": "1769851800125", "DeadLetterQueueSourceArn": EVENT_QUEUE},
        "Body": json.dumps(EVENT),
    }
    found = read(QUEUE, message)
    assert (found.kind, found.function, found.event_queue) == (Kind.QUEUED, None, EVENT_QUEUE)
    assert (found.what, found.payload, found.orders) == ("StockReserved", EVENT, (ORDER,))
