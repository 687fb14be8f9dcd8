"""The notification service's table: a row an order, which tells of the one mail that the order's customer gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from saga_kit import aws, outbox, settings
from saga_kit.once import Once
from saga_kit.store import Item


@dataclass(frozen=True, slots=True)
class Notices:
    """The rows of ``table`` through the low-level DynamoDB client ``client``."""

    client: Any
    table: str

    def once(self, lease_seconds: float) -> Once:
        """Return what runs the sending of a mail once, under a claim that lasts for ``lease_seconds``."""
        return Once(self.client, self.table, lease_seconds)

    def find(self, order_id: str) -> dict[str, Any] | None:
        """Return the order's notice by a consistent read, or ``None``; ``attempts`` counts the times it was tried."""
        row = self.client.get_item(TableName=self.table, Key=key(order_id), ConsistentRead=True).get("Item")
        if row is None:
            return None
        notice: dict[str, Any] = {
            "outcome": row["outcome"]["S"],
            "state": row["state"]["S"],
            "attempts": int(row["attempts"]["N"]),
        }
        if outbox.ATTRIBUTE in row:
            notice["sent_at"] = outbox.load(row[outbox.ATTRIBUTE]["S"]).meta.occurred_at
        return notice


def notices() -> Notices:
    """Return the rows of the service's table."""
    return Notices(aws.client("dynamodb"), settings.table())


def key(order_id: str) -> Item:
    """Return the primary key of an order's notice."""
    return {"pk": {"S": f"notice#{order_id}"}}
