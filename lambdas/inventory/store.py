"""The inventory service's table: a step row an order, an item a SKU or a shard of it, and a row a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inventory import stock
from inventory.stock import Line, Piece
from saga_kit import aws, outbox, settings
from saga_kit.envelope import Event
from saga_kit.errors import RetryLaterError, TransactionConflictError
from saga_kit.store import Item, Row, StepStore, TransactionRefusedError, transact

LOOKS = 6
"""Times that the shards of an item are read until they stand still."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """The service's table ``table`` through the low-level DynamoDB client ``client``."""

    client: Any
    table: str

    @property
    def rows(self) -> StepStore:
        """The step rows of orders."""
        return StepStore(self.client, self.table)

    def reservations(self, pieces: Sequence[Piece]) -> list[Item]:
        """Return what has to change together with the row of an order that reserves ``pieces``."""
        return [stock.reservation(self.table, piece) for piece in pieces]

    def releases(self, kept: str) -> list[Item]:
        """Return what has to change together with the row of an order that kept ``kept``."""
        return [stock.release(self.table, item, quantity) for item, quantity in stock.load(kept)]

    def receive(self, delivery_id: str, line: Line, quantities: Sequence[int], digest: str, event: Event) -> str | None:
        """Add a delivery to the stock, once, with its event in the delivery's row: so much to each of the shards.

        Returns ``None``, or the digest of the delivery that had been received under this id before. Raises
        ``TransactionRefusedError``, with the item in its first reason, when the item has more shards than that, and
        ``TransactionConflictError`` when other transactions held the item for too long.
        """
        delivery = {
            "Update": {
                "TableName": self.table,
                "Key": {"pk": {"S": f"delivery#{delivery_id}"}},
                "UpdateExpression": f"SET digest = :digest, {outbox.ATTRIBUTE} = :event",
                "ConditionExpression": "attribute_not_exists(pk)",
                "ExpressionAttributeValues": {":digest": {"S": digest}, ":event": {"S": outbox.dump(event)}},
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        found = transact(self.client, [delivery, *stock.receipts(self.table, line, quantities)])
        if found[0]:
            received: str = found[0]["digest"]["S"]
            return received
        if any(item is not None for item in found):
            raise TransactionRefusedError(found[1:])
        return None

    def item(self, sku: str) -> dict[str, Any] | None:
        """Return the item as a reader may see it, by consistent reads, or ``None``."""
        answer = self.client.get_item(TableName=self.table, Key=stock.key(sku), ConsistentRead=True)
        if "Item" not in answer:
            return None
        first = answer["Item"]
        return stock.describe([first] if stock.shards_of(first) == 1 else self.shards(sku, stock.shards_of(first)))

    def shards(self, sku: str, count: int) -> list[Item]:
        """Return the shards of an item by consistent reads of each: all that there are, ``count`` or another number.

        One that does not exist is an empty mapping; so is the only one of an item that does not exist. Raises
        ``RetryLaterError`` when the table has no room for the reads.
        """
        while True:
            keys = [stock.key(stock.name(sku, shard)) for shard in range(count)]
            answer = self.client.batch_get_item(RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}})
            if answer.get("UnprocessedKeys"):
                raise RetryLaterError("the table is too busy to read all shards of an item")
            items = {item["pk"]["S"]: item for item in answer["Responses"].get(self.table, [])}
            found = [items.get(key["pk"]["S"], {}) for key in keys]
            actual = stock.shards_of(found[0])
            if actual <= count:
                return found[:actual]
            count = actual

    def shards_at_once(self, sku: str, count: int, enough: int) -> list[Item]:
        """Return the shards of an item, as ``shards`` does, that together have ``enough`` available, or all had less.

        Where less is returned, the shards were like that at one moment: none changed between two reads of them all.
        Raises ``TransactionConflictError`` when they did not hold still.
        """
        before: list[int] | None = None
        for _ in range(LOOKS):
            found = self.shards(sku, count)
            versions = [stock.version(item) for item in found]
            if len(found) == 1 or versions == before or sum(map(stock.available, found)) >= enough:
                return found
            before, count = versions, len(found)
        raise TransactionConflictError(f"the shards of {sku} changed between {LOOKS} looks at them")


def inventory() -> Inventory:
    """Return the service's table."""
    return Inventory(aws.client("dynamodb"), settings.table())


def kept_lines(row: Row) -> str | None:
    """Return what the order's row keeps of what it reserved, or ``None`` when it never did."""
    value: str | None = row.item.get("lines", {}).get("S")
    return value
