"""The outbox relay: reads a table's stream and publishes the events that its rows carry. Nothing else publishes.

A record whose row carries a new event becomes one PutEvents entry. Entries that EventBridge does not accept are
reported by their position in the stream, so that Lambda delivers the rest of the batch again from there. A record
that cannot be read fails the whole batch: the mapping then bisects until it stands alone and ends in the relay's
dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from saga_kit import aws, clock, outbox, settings
from saga_kit.errors import InvalidEventError
from saga_kit.observe import function_handler, logger, metrics

MAX_ENTRIES = 10
"""Entries that one PutEvents request may hold (EventBridge quota)."""
MAX_BYTES = 256 * 1024
"""Bytes that the entries of one PutEvents request may hold together (EventBridge quota)."""


@dataclass(frozen=True, slots=True)
class _Outgoing:
    sequence_number: str
    entry: dict[str, Any]
    size: int


@function_handler
def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Publish the events of one batch of stream records; return the first position to deliver again, if any.

    Raises ``InvalidEventError`` when a record does not hold what the kit writes.
    """
    outgoing = [item for record in event["Records"] if (item := _outgoing(record))]
    for batch in _batches(outgoing):
        failed = _publish(batch)
        if failed is not None:
            return {"batchItemFailures": [{"itemIdentifier": failed.sequence_number}]}
    return {"batchItemFailures": []}


def _outgoing(record: Mapping[str, Any]) -> _Outgoing | None:
    try:
        change = record["dynamodb"]
        sequence_number = change["SequenceNumber"]
        new = change.get("NewImage", {}).get(outbox.ATTRIBUTE, {}).get("S")
        old = change.get("OldImage", {}).get(outbox.ATTRIBUTE, {}).get("S")
    except (KeyError, AttributeError, TypeError) as error:
        raise InvalidEventError("Records", f"records of a DynamoDB stream ({type(error).__name__})") from None
    if new is None or new == old:
        return None
    event, detail = outbox.load_with_detail(new)
    entry: dict[str, Any] = {
        "EventBusName": settings.text("SAGA_BUS"),
        "Source": settings.text("SAGA_SOURCE"),
        "DetailType": event.detail_type,
        "Detail": detail,
        "Time": clock.parse(event.meta.occurred_at),
    }
    size = sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail")) + 14
    return _Outgoing(sequence_number, entry, size)


def _batches(outgoing: Sequence[_Outgoing]) -> Iterator[list[_Outgoing]]:
    batch: list[_Outgoing] = []
    for item in outgoing:
        if batch and (len(batch) == MAX_ENTRIES or sum(held.size for held in batch) + item.size > MAX_BYTES):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def _publish(batch: Sequence[_Outgoing]) -> _Outgoing | None:
    answer = aws.client("events").put_events(Entries=[item.entry for item in batch])
    metrics.add_metric(name="EventsPublished", unit=MetricUnit.Count, value=len(batch) - answer["FailedEntryCount"])
    if not answer["FailedEntryCount"]:
        return None
    metrics.add_metric(name="EventsRefused", unit=MetricUnit.Count, value=answer["FailedEntryCount"])
    for item, result in zip(batch, answer["Entries"], strict=True):
        if "ErrorCode" in result:
            logger.warning("event_refused", detail_type=item.entry["DetailType"], error_code=result["ErrorCode"])
            return item
    raise InvalidEventError("FailedEntryCount", "an entry with an error code for every failure")
