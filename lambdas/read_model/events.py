"""The event store: every event of an order, whole, as it was published. Items are added and never changed.

    pk "order#<order id>", sk "event#<event id>", source, detail_type, detail (JSON), occurred_at

An event has the same id however often it is made or delivered, so the second one finds the first. The table is
encrypted with the read model's key; an event holds what the customer typed, and expires with the bus's archive.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from saga_kit import aws, clock, settings
from saga_kit.envelope import Event, Meta
from saga_kit.errors import InvalidEventError
from saga_kit.store import Item


@dataclass(frozen=True, slots=True)
class Stored:
    """An event, and the EventBridge source that published it."""

    source: str
    event: Event

    def message(self) -> dict[str, Any]:
        """Return it as EventBridge delivered it: ``source``, ``detail-type``, ``detail``."""
        return {"source": self.source, "detail-type": self.event.detail_type, "detail": self.event.detail()}


@dataclass(frozen=True, slots=True)
class EventStore:
    """The events in ``table`` through the low-level DynamoDB client ``client``; kept for ``keep_days``."""

    client: Any
    table: str
    keep_days: int | None = None

    def add(self, event: Event, source: str) -> bool:
        """Add an event; ``False`` when it was there. Raises ``InvalidEventError`` for one of no day that there is."""
        item: Item = {
            **_key(event.meta.correlation_id, event.meta.event_id),
            "source": {"S": source},
            "detail_type": {"S": event.detail_type},
            "detail": {"S": json.dumps(event.detail(), ensure_ascii=False, separators=(",", ":"))},
            "occurred_at": {"S": event.meta.occurred_at},
        }
        if self.keep_days:
            # From when it happened: replayed from the archive it is not kept for longer.
            until = _moment(event).timestamp() + self.keep_days * 86_400
            item["expires_at"] = {"N": str(int(until))}
        try:
            self.client.put_item(TableName=self.table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if aws.response(error)["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def of_order(self, order_id: str) -> list[Stored]:
        """Return an order's events by a consistent read, in the order of their times."""
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"order#{order_id}"}},
            "ConsistentRead": True,
        }
        found: list[Stored] = []
        while True:
            answer = self.client.query(**query)
            found += map(_stored, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return sorted(found, key=lambda one: (one.event.meta.occurred_at, one.event.meta.event_id))
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def store() -> EventStore:
    """Return the events in the service's table; they are kept for READ_MODEL_KEEP_DAYS, or always without that."""
    keep_days = os.environ.get("READ_MODEL_KEEP_DAYS")
    return EventStore(aws.client("dynamodb"), settings.table(), int(keep_days) if keep_days else None)


def _moment(event: Event) -> datetime:
    try:
        return clock.parse(event.meta.occurred_at)
    except ValueError:
        # The schema knows how a moment is written, and not how many days a month has.
        raise InvalidEventError("meta.occurred_at", "a moment in the calendar") from None


def _key(order_id: str, event_id: str) -> Item:
    return {"pk": {"S": f"order#{order_id}"}, "sk": {"S": f"event#{event_id}"}}


def _stored(item: Item) -> Stored:
    detail = json.loads(item["detail"]["S"])
    return Stored(item["source"]["S"], Event(item["detail_type"]["S"], Meta(**detail["meta"]), detail["data"]))
