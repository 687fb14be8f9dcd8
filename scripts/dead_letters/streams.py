"""Finds what a relay gave up: in the stream for as long as that holds it, and in the table's rows after that."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from dead_letters.letters import Batch

Record = dict[str, Any]

_PAGE = 1_000
_EMPTY_PAGES = 100
"""A shard answers with pages that hold nothing where nothing was written for a while."""
_BEFORE = timedelta(minutes=5)
_AFTER = timedelta(seconds=30)
"""How far an event's moment may lie from the write that carried it: a function's time-out, clocks that differ."""
_GONE = {"TrimmedDataAccessException", "ResourceNotFoundException"}


class RecordsGoneError(RuntimeError):
    """The stream holds the records no longer."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Reads with a client of DynamoDB streams and one of DynamoDB."""

    streams: Any
    dynamodb: Any

    def records(self, batch: Batch) -> list[Record]:
        """The records of a batch as Lambda gives them to a function. Raises `RecordsGoneError`."""
        try:
            found = list(self._read(batch))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise RecordsGoneError(
                    f"the stream of {batch.table} has no record {batch.first} any more: it keeps them for a day"
                ) from None
            raise
        except ParamValidationError:
            raise RecordsGoneError(f"the report names no records of the stream of {batch.table}") from None
        if not found or found[0]["dynamodb"]["SequenceNumber"] != batch.first:
            raise RecordsGoneError(f"the stream of {batch.table} has no record {batch.first} any more")
        return [_as_lambda_has_it(record, batch.stream_arn) for record in found]

    def _read(self, batch: Batch) -> Iterator[Record]:
        iterator = self.streams.get_shard_iterator(
            StreamArn=batch.stream_arn,
            ShardId=batch.shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch.first,
        )["ShardIterator"]
        empty = 0
        while iterator and empty < _EMPTY_PAGES:
            page = self.streams.get_records(ShardIterator=iterator, Limit=_PAGE)
            for record in page["Records"]:
                if int(record["dynamodb"]["SequenceNumber"]) > int(batch.last):
                    return
                yield record
                if record["dynamodb"]["SequenceNumber"] == batch.last:
                    return
            empty = 0 if page["Records"] else empty + 1
            iterator = page.get("NextShardIterator")

    def rows(self, batch: Batch) -> list[Record]:
        """Records for the rows whose event is of the time of a batch that the stream has lost, by a scan of its table.

        A row bears the last event that it published. Where another one has followed the lost one, that is enough for
        the saga to end.
        """
        if batch.arrived_from is None or batch.arrived_until is None:
            raise RecordsGoneError("the report does not tell when its records arrived")
        earliest, latest = batch.arrived_from - _BEFORE, batch.arrived_until + _AFTER
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=batch.table, FilterExpression="attribute_exists(outbox)", ConsistentRead=True
        )
        rows = [row for page in pages for row in page["Items"] if _is_between(row, earliest, latest)]
        return [
            {
                "eventID": f"redriven-{number}",
                "eventName": "MODIFY",
                "eventSource": "aws:dynamodb",
                "eventSourceARN": batch.stream_arn,
                "dynamodb": {"SequenceNumber": str(number), "NewImage": _plain(row)},
            }
            for number, row in enumerate(rows)
        ]


def _is_between(row: Mapping[str, Any], earliest: datetime, latest: datetime) -> bool:
    try:
        occurred_at = json.loads(row["outbox"]["S"])["detail"]["meta"]["occurred_at"]
        return earliest <= datetime.fromisoformat(occurred_at) <= latest
    except (KeyError, TypeError, ValueError):
        return False  # what is no event has never been on its way to the bus


def _as_lambda_has_it(record: Mapping[str, Any], stream_arn: str) -> Record:
    return {**_plain(record), "eventSourceARN": stream_arn}


def _plain(value: Any) -> Any:
    """A value as JSON has it: moments as seconds, bytes in base64."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def orders_in(records: Sequence[Record]) -> tuple[str, ...]:
    """The orders that the events in records are about."""
    found = []
    for record in records:
        try:
            event = json.loads(record["dynamodb"]["NewImage"]["outbox"]["S"])
            found.append(str(event["detail"]["meta"]["correlation_id"]))
        except (KeyError, TypeError, ValueError):
            continue  # a row without an event, or poison: no order to tell
    return tuple(dict.fromkeys(found))
