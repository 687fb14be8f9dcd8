"""The saga log's table: an item an event, ``pk`` "saga#<saga id>", ``sk`` "<occurred at>#<event id>"."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from saga_kit import aws, clock, settings
from saga_kit.store import Item
from saga_log.entry import Entry, Failure


@dataclass(frozen=True, slots=True)
class Log:
    """The entries in ``table`` through the low-level DynamoDB client ``client``; they expire after ``keep_days``."""

    client: Any
    table: str
    keep_days: int | None = None

    def add(self, entry: Entry) -> bool:
        """Add an entry; returns ``False`` when it was there."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item=_item(entry, self.keep_days),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if aws.response(error)["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def entries(self, saga_id: str) -> list[Entry]:
        """Return the entries of a saga in the order in which they occurred."""
        query: dict[str, Any] = {
            "TableName": self.table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": f"saga#{saga_id}"}},
            "ConsistentRead": True,
        }
        items: list[Item] = []
        while True:
            answer = self.client.query(**query)
            items += answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return [_entry(saga_id, item) for item in items]
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def log() -> Log:
    """Return the log in the service's table; its entries are kept for SAGA_LOG_KEEP_DAYS, or always without that."""
    keep_days = os.environ.get("SAGA_LOG_KEEP_DAYS")
    return Log(aws.client("dynamodb"), settings.table(), int(keep_days) if keep_days else None)


_TEXTS = ("event_id", "occurred_at", "detail_type", "source", "producer", "causation_id", "deadline_at", "schema")


def _item(entry: Entry, keep_days: int | None) -> Item:
    texts = {**{name: getattr(entry, name) for name in _TEXTS}, "reason_code": entry.reason_code}
    item: Item = {
        "pk": {"S": f"saga#{entry.saga_id}"},
        "sk": {"S": f"{entry.occurred_at}#{entry.event_id}"},
        "recorded_at": {"S": clock.rfc3339(clock.now())},
        **{name: {"S": text} for name, text in texts.items() if text is not None},
    }
    if entry.failure:
        item["failure"] = {
            "M": {
                "condition": {"S": entry.failure.condition},
                "error": {"S": entry.failure.error},
                "attempts": {"N": str(entry.failure.attempts)},
            }
        }
    if entry.attempt:
        item["attempt"] = {"N": str(entry.attempt)}
    if keep_days:
        item["expires_at"] = {"N": str(int(clock.after(keep_days * 86_400).timestamp()))}
    return item


def _entry(saga_id: str, item: Item) -> Entry:
    failure = item.get("failure", {}).get("M")
    return Entry(
        saga_id=saga_id,
        **{name: item.get(name, {}).get("S") for name in (*_TEXTS, "reason_code")},
        failure=Failure(failure["condition"]["S"], failure["error"]["S"], int(failure["attempts"]["N"]))
        if failure
        else None,
        attempt=int(item["attempt"]["N"]) if "attempt" in item else None,
    )
