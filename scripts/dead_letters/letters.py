"""What a message in a dead-letter queue is: its kind, the orders that it is about, and why it ended there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

TECHNICAL_FAILURE = "Lambda Function Invocation Result - Failure"


class Kind(Enum):
    """Kinds of dead letters, by what they are called in lists."""

    UNDELIVERED = "not delivered"
    """An event that EventBridge could not hand to a rule's target."""
    FAILED = "failed"
    """The report of an asynchronous invocation that was given up."""
    BARE = "failed, bare event"
    """The event of such an invocation."""
    QUEUED = "not handled"
    """An event out of a function's queue that failed as often as it was tried."""
    STREAM = "stream records"
    """The report of records that the reader of a stream gave up."""
    BUS = "not taken by the bus"
    """An event that the bus itself could not handle."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of a deployment: key (`<service>/<function>/<undelivered or failed>`), name in AWS, and URL."""

    key: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of a stream that were given up: where they start and end, and when the first and the last arrived."""

    stream_arn: str
    shard_id: str
    first: str
    last: str
    size: int
    arrived_from: datetime | None
    arrived_until: datetime | None

    @property
    def table(self) -> str:
        """The table whose stream it is."""
        return self.stream_arn.split(":", 5)[5].split("/")[1]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that waits in a queue.

    Attributes:
        queue: where.
        message_id, receipt: as SQS has them.
        sent_at: since when.
        kind: what it is.
        what: what it is about, for people: a detail type, or how many records.
        reason: why it ended there, for people. Nothing that a customer typed.
        function: ARN of the function that it was for; None where the message does not tell.
        event_queue: ARN of the queue that it was in, or on its way to, for a function that takes batches out of one.
        orders: ids of the orders that it is about, as far as it tells.
        payload: what the function has to be given, or the event for the bus.
        batch: the stream records that it stands for.
    """

    queue: Queue
    message_id: str
    receipt: str
    sent_at: datetime
    kind: Kind
    what: str
    reason: str
    function: str | None = None
    event_queue: str | None = None
    orders: tuple[str, ...] = ()
    payload: Any = None
    batch: Batch | None = None


def read(queue: Queue, message: Mapping[str, Any]) -> Letter:
    """Return what a message of SQS is; one that is nothing known is of kind `UNKNOWN`."""
    attributes = {name: value["StringValue"] for name, value in message.get("MessageAttributes", {}).items()}
    sent_at = datetime.fromtimestamp(int(message["Attributes"]["SentTimestamp"]) / 1000, UTC)
    common: dict[str, Any] = {
        "queue": queue,
        "message_id": message["MessageId"],
        "receipt": message["ReceiptHandle"],
        "sent_at": sent_at,
    }
    try:
        body = json.loads(message["Body"])
    except ValueError:
        return Letter(**common, **_unknown("no JSON"))
    # SQS notes the queue that it has taken a message out of.
    source = message["Attributes"].get("DeadLetterQueueSourceArn")
    if source is not None:
        content = _event(Kind.QUEUED, body, None, "its function failed as often as it was tried")
        return Letter(**common, **content, event_queue=source)
    return Letter(**common, **_content(body, attributes))


def _content(body: Any, attributes: Mapping[str, str]) -> dict[str, Any]:
    if "TARGET_ARN" in attributes:
        return _undelivered(body, attributes["TARGET_ARN"], _error(attributes))
    if not isinstance(body, Mapping):
        return _unknown(type(body).__name__)
    context = body.get("requestContext")
    if isinstance(context, Mapping) and isinstance(context.get("functionArn"), str):
        return _report(body, unqualified(context["functionArn"]))
    if "RequestID" in attributes:
        throttled = attributes.get("ErrorCode") == "429"
        return _event(Kind.BARE, body, None, "throttled" if throttled else "retries used up")
    if isinstance(body.get("detail-type"), str) and isinstance(body.get("source"), str):
        return _event(Kind.BUS, body, None, _error(attributes))
    return _unknown("a JSON object")


def _undelivered(body: Any, target: str, reason: str) -> dict[str, Any]:
    if ":sqs:" in target:
        return {**_event(Kind.UNDELIVERED, body, None, reason), "event_queue": target}
    return _event(Kind.UNDELIVERED, body, target, reason)


def _report(body: Mapping[str, Any], function: str) -> dict[str, Any]:
    if isinstance(body.get("DDBStreamBatchInfo"), Mapping):
        return _batch(body, function)
    if "requestPayload" in body:
        return _event(Kind.FAILED, body["requestPayload"], function, _given_up(body))
    return _unknown("a report without a payload")


def _unknown(what: str, reason: str = "not a message of the platform") -> dict[str, Any]:
    return {"kind": Kind.UNKNOWN, "what": what, "reason": reason}


def _event(kind: Kind, payload: Any, function: str | None, reason: str) -> dict[str, Any]:
    detail_type = payload.get("detail-type") if isinstance(payload, Mapping) else None
    return {
        "kind": kind,
        "what": detail_type if isinstance(detail_type, str) else "an invocation",
        "reason": reason,
        "function": function,
        "orders": tuple(dict.fromkeys(orders_of(payload))),
        "payload": payload,
    }


def _batch(body: Mapping[str, Any], function: str) -> dict[str, Any]:
    told = body["DDBStreamBatchInfo"]
    try:
        batch = Batch(
            stream_arn=told["streamArn"],
            shard_id=told["shardId"],
            first=told["startSequenceNumber"],
            last=told["endSequenceNumber"],
            size=int(told["batchSize"]),
            arrived_from=_moment(told.get("approximateArrivalOfFirstRecord")),
            arrived_until=_moment(told.get("approximateArrivalOfLastRecord")),
        )
    except (KeyError, TypeError, ValueError) as error:
        return _unknown("stream records", f"an incomplete report ({error!r})")
    return {
        "kind": Kind.STREAM,
        "what": f"{batch.size} record{'' if batch.size == 1 else 's'} of {batch.table}",
        "reason": _given_up(body),
        "function": function,
        "batch": batch,
    }


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


def _given_up(body: Mapping[str, Any]) -> str:
    """Why Lambda gave up. Of the function's error only the type: its message may quote what a customer typed."""
    context, response = body["requestContext"], body.get("responsePayload")
    condition = str(context.get("condition", "unknown"))
    attempts = context.get("approximateInvokeCount")
    error = response.get("errorType") if isinstance(response, Mapping) else None
    said = f"{condition} after {attempts} attempts" if attempts else condition
    return f"{said}: {error}" if isinstance(error, str) else said


def _error(attributes: Mapping[str, str]) -> str:
    code, message = attributes.get("ERROR_CODE", "no reason told"), attributes.get("ERROR_MESSAGE")
    condition = attributes.get("EXHAUSTED_RETRY_CONDITION")
    return " ".join(
        part for part in (f"{code}:" if message else code, message, f"({condition})" if condition else "") if part
    )


def unqualified(arn: str) -> str:
    """The ARN of a function without the version or alias in it."""
    return ":".join(arn.split(":")[:7])


def orders_of(payload: Any) -> Iterator[str]:
    """The orders that an event is about; of the report of a technical failure, those of the event in it."""
    detail = payload.get("detail") if isinstance(payload, Mapping) else None
    if not isinstance(detail, Mapping):
        return
    if payload.get("detail-type") == TECHNICAL_FAILURE:
        yield from orders_of(detail.get("requestPayload"))
    elif isinstance(detail.get("meta"), Mapping) and isinstance(detail["meta"].get("correlation_id"), str):
        yield detail["meta"]["correlation_id"]
