"""The head of a saga: one item that says whether it is open, and until when it should have ended.

    pk "head#<saga id>", sk "head", state OPEN | COMPLETED | REVERSED
    listed, listed_at: where the index finds it, "open#<shard>" by its deadline or "ended#<day>#<shard>" by its end

An event without a cause opens a saga, the events that the environment names end it, in whatever order they come: what
has ended stays so. While a saga is open its head keeps the order, which the deadline's event has to carry; the write
that ends the saga takes it out again. Open heads never expire.

A first event without an order that can be carried (of a version that is not understood here, or broken) opens a head
that keeps none: it is seen, and cannot be told its deadline. A first event with one takes its place.
"""

from __future__ import annotations

import heapq
import itertools
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from saga_kit import aws, clock, envelope, outbox, schema, settings
from saga_kit.envelope import Meta
from saga_kit.errors import InvalidEventError
from saga_kit.observe import describe, logger
from saga_kit.store import Item
from saga_log.entry import Entry

INDEX = "by_state"
SHARDS = 8
"""Partitions that open sagas, and those that ended on one day, are spread over. To be raised only, never lowered."""
DEADLINE_EXCEEDED = "SagaDeadlineExceeded"
ORDER_SCHEMA = "Order.v1"
"""What the event of a deadline carries of the saga's first event."""
STEP = "saga_log"

OPEN, COMPLETED, REVERSED = "OPEN", "COMPLETED", "REVERSED"
_PAGE = 100
_SK = {"S": "head"}


@dataclass(frozen=True, slots=True)
class Head:
    """A saga as the index lists it: no payload, so no personal data. Times are RFC 3339 in UTC."""

    saga_id: str
    state: str
    deadline_at: str
    listed_at: str
    started_at: str | None = None
    ended_at: str | None = None
    exceeded_at: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a saga has just ended. ``started_at`` is ``None`` where the last event has overtaken the first."""

    state: str
    started_at: str | None
    ended_at: str


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads in ``table`` through the low-level DynamoDB client ``client``; ended ones expire (``keep_days``)."""

    client: Any
    table: str
    keep_days: int | None = None

    def open(self, entry: Entry, message: Mapping[str, Any]) -> bool:
        """Open the saga that starts with ``entry``, made of ``message``, or note the start of one that ended before.

        Returns ``False`` when its head has a start already.
        """
        detail = message["detail"]
        start: Item = {
            "started_at": {"S": entry.occurred_at},
            "first_event_id": {"S": entry.event_id},
            "traceparent": {"S": detail["meta"]["traceparent"]},
        }
        return self._open(entry, start, _order_of(entry.saga_id, detail.get("data"))) or self._start(entry, start)

    def _open(self, entry: Entry, start: Item, order: Mapping[str, Any] | None) -> bool:
        item: Item = {
            **_key(entry.saga_id),
            "state": {"S": OPEN},
            "listed": {"S": _open_partition(_shard(entry.saga_id))},
            "listed_at": {"S": entry.deadline_at},
            "deadline_at": {"S": entry.deadline_at},
            **start,
        }
        if order is None:
            return self._conditionally(
                self.client.put_item, TableName=self.table, Item=item, ConditionExpression="attribute_not_exists(pk)"
            )
        item["order"] = {"S": json.dumps(order, ensure_ascii=False, separators=(",", ":"))}
        return self._conditionally(
            self.client.put_item,
            TableName=self.table,
            Item=item,
            # Once its deadline was told, the order is in the outbox.
            ConditionExpression="attribute_not_exists(pk) OR "
            "(#state = :open AND attribute_not_exists(#order) AND attribute_not_exists(exceeded_at))",
            ExpressionAttributeNames={"#state": "state", "#order": "order"},
            ExpressionAttributeValues={":open": {"S": OPEN}},
        )

    def _start(self, entry: Entry, start: Item) -> bool:
        """Note the start of a saga whose end was recorded first."""
        return self._conditionally(
            self.client.update_item,
            TableName=self.table,
            Key=_key(entry.saga_id),
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in start),
            ConditionExpression="#state <> :open AND attribute_not_exists(started_at)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":open": {"S": OPEN}, **{f":{name}": value for name, value in start.items()}},
        )

    def end(self, entry: Entry, state: str) -> End | None:
        """Note that ``entry`` ended its saga in ``state``, and forget the order; ``None`` when it had ended before."""
        day, shard = entry.occurred_at[:10], _shard(entry.saga_id)
        assignments = {
            "state": {"S": state},
            "listed": {"S": _ended_partition(day, shard)},
            "listed_at": {"S": entry.occurred_at},
            "deadline_at": {"S": entry.deadline_at},
            "ended_at": {"S": entry.occurred_at},
        }
        if self.keep_days:
            assignments["expires_at"] = {"N": str(int(clock.after(self.keep_days * 86_400).timestamp()))}
        found = self._attempt(
            self.client.update_item,
            TableName=self.table,
            Key=_key(entry.saga_id),
            ReturnValues="ALL_OLD",
            UpdateExpression="SET "
            + ", ".join(f"#{name} = :{name}" for name in assignments)
            + f" REMOVE #order, {outbox.ATTRIBUTE}",
            ConditionExpression="attribute_not_exists(pk) OR #state = :open",
            ExpressionAttributeNames={"#order": "order", **{f"#{name}": name for name in assignments}},
            ExpressionAttributeValues={
                ":open": {"S": OPEN},
                **{f":{name}": value for name, value in assignments.items()},
            },
        )
        if found is None:
            return None
        return End(state, found.get("Attributes", {}).get("started_at", {}).get("S"), entry.occurred_at)

    def exceed(self, saga_id: str, producer: str) -> bool:
        """Put the event that the deadline has passed into the outbox of an open saga, once.

        Returns ``False`` when the saga has ended or its deadline was told before. Raises ``InvalidEventError`` when
        what the saga began with has no order that the event could carry.
        """
        item = self.client.get_item(TableName=self.table, Key=_key(saga_id), ConsistentRead=True).get("Item")
        if item is None or item["state"]["S"] != OPEN or "exceeded_at" in item:
            return False
        cause = Meta(
            event_id=item["first_event_id"]["S"],
            schema="",
            correlation_id=saga_id,
            causation_id=None,
            occurred_at=item["started_at"]["S"],
            producer="",
            deadline_at=item["deadline_at"]["S"],
            traceparent=item["traceparent"]["S"],
        )
        if "order" not in item:
            raise InvalidEventError("data.order", "an order, which the saga's first event did not hold")
        data = {"order": json.loads(item["order"]["S"])}
        event = envelope.following(cause, cause.event_id, DEADLINE_EXCEEDED, data, step=STEP, producer=producer)
        return self._conditionally(
            self.client.update_item,
            TableName=self.table,
            Key=_key(saga_id),
            # The order is in the outbox now.
            UpdateExpression=f"SET exceeded_at = :now, {outbox.ATTRIBUTE} = :event REMOVE #order",
            ConditionExpression="#state = :open AND attribute_not_exists(exceeded_at)",
            ExpressionAttributeNames={"#state": "state", "#order": "order"},
            ExpressionAttributeValues={
                ":now": {"S": event.meta.occurred_at},
                ":event": {"S": outbox.dump(event)},
                ":open": {"S": OPEN},
            },
        )

    def open_sagas(self, *, until: str | None = None, after: tuple[str, str] | None = None) -> Iterator[Head]:
        """Return the open sagas by their deadlines, the earliest first; with ``until``, those of deadlines up to it.

        ``after`` is the (``listed_at``, ``saga_id``) of the last one that was seen.
        """
        return self._merged(_open_partition, until=until, after=after, newest_first=False)

    def ended_sagas(self, day: str, *, after: tuple[str, str] | None = None) -> Iterator[Head]:
        """Return the sagas that ended on a ``day`` ("2026-01-31", UTC), the last one first; ``after`` as above."""
        return self._merged(lambda shard: _ended_partition(day, shard), until=None, after=after, newest_first=True)

    def _merged(
        self, partition: Any, *, until: str | None, after: tuple[str, str] | None, newest_first: bool
    ) -> Iterator[Head]:
        streams = [self._listed(partition(shard), until, after, newest_first) for shard in range(SHARDS)]
        return heapq.merge(*streams, key=_place, reverse=newest_first)

    def _listed(
        self, partition: str, until: str | None, after: tuple[str, str] | None, newest_first: bool
    ) -> Iterator[Head]:
        """Return one partition in order; of those that are listed at the same moment, in the order of their ids."""
        condition, values = "listed = :listed", {":listed": {"S": partition}}
        if after is not None:
            values[":after"] = {"S": after[0]}
        if until is not None:
            values[":until"] = {"S": until}
        if after is not None and until is not None:
            condition += " AND listed_at BETWEEN :after AND :until"
        elif after is not None:
            condition += " AND listed_at <= :after" if newest_first else " AND listed_at >= :after"
        elif until is not None:
            condition += " AND listed_at <= :until"
        found = self._pages(condition, values, newest_first)
        for _, together in itertools.groupby(found, key=lambda head: head.listed_at):
            for head in sorted(together, key=_place, reverse=newest_first):
                if after is None or (_place(head) < after if newest_first else _place(head) > after):
                    yield head

    def _pages(self, condition: str, values: Item, newest_first: bool) -> Iterator[Head]:
        query: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": INDEX,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
            "Limit": _PAGE,
        }
        while True:
            answer = self.client.query(**query)
            yield from map(_head, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _conditionally(self, operation: Any, **request: Any) -> bool:
        return self._attempt(operation, **request) is not None

    def _attempt(self, operation: Any, **request: Any) -> Mapping[str, Any] | None:
        """Return the answer, or ``None`` when the condition was not met."""
        try:
            answer: Mapping[str, Any] = operation(**request)
        except ClientError as error:
            if aws.response(error)["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return None
        return answer


def record(heads: Heads, entry: Entry, message: Mapping[str, Any], ends: Mapping[str, str]) -> End | None:
    """Keep the head of a saga up to date with an event; ``ends`` has the state for each detail type that ends one.

    Returns how the saga ended, for the one event that ends it. Events may come twice, and in any order.
    """
    if entry.failure:
        return None
    if entry.detail_type in ends:
        return heads.end(entry, ends[entry.detail_type])
    if entry.causation_id is None:
        heads.open(entry, message)
    return None


def heads() -> Heads:
    """Return the heads in the service's table; ended ones are kept for SAGA_LOG_KEEP_DAYS, or always without that."""
    keep_days = os.environ.get("SAGA_LOG_KEEP_DAYS")
    return Heads(aws.client("dynamodb"), settings.table(), int(keep_days) if keep_days else None)


def _order_of(saga_id: str, data: object) -> Mapping[str, Any] | None:
    """Return the order in the data of a saga's first event, or ``None`` when it holds none that can be carried."""
    order = data.get("order") if isinstance(data, Mapping) else None
    try:
        schema.check(ORDER_SCHEMA, order, "data.order")
    except InvalidEventError as error:
        logger.error("order_not_usable", saga_id=saga_id, extra=describe(error))
        return None
    found: Mapping[str, Any] = order  # type: ignore[assignment]  # the schema says that it is an object
    return found


def _key(saga_id: str) -> Item:
    return {"pk": {"S": f"head#{saga_id}"}, "sk": _SK}


def _shard(saga_id: str) -> int:
    return zlib.crc32(saga_id.encode()) % SHARDS


def _open_partition(shard: int) -> str:
    return f"open#{shard}"


def _ended_partition(day: str, shard: int) -> str:
    return f"ended#{day}#{shard}"


def _place(head: Head) -> tuple[str, str]:
    return head.listed_at, head.saga_id


def _head(item: Item) -> Head:
    names = ("state", "deadline_at", "listed_at", "started_at", "ended_at", "exceeded_at")
    return Head(item["pk"]["S"].removeprefix("head#"), **{name: item.get(name, {}).get("S") for name in names})
