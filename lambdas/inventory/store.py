"""The inventory service's table: a step row an order, an item a SKU, and a row a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from inventory import stock
from inventory.stock import Line
from saga_kit import aws, outbox, settings
from saga_kit.envelope import Event
from saga_kit.errors import TransactionConflictError
from saga_kit.store import Item, Row, StepStore


@dataclass(frozen=True, slots=True)
class Inventory:
    """The service's table ``table`` through the low-level DynamoDB client ``client``."""

    client: Any
    table: str

    @property
    def rows(self) -> StepStore:
        """The step rows of orders."""
        return StepStore(self.client, self.table)

    def reservations(self, lines: Sequence[Line]) -> list[Item]:
        """Return what has to change together with the row of an order that reserves ``lines``."""
        return [stock.reservation(self.table, line) for line in lines]

    def releases(self, kept: str) -> list[Item]:
        """Return what has to change together with the row of an order that kept ``kept``."""
        return [stock.release(self.table, sku, quantity) for sku, quantity in stock.load(kept)]

    def receive(self, delivery_id: str, line: Line, digest: str, event: Event) -> str | None:
        """Add a delivery to the stock, once, with its event in the delivery's row.

        Returns ``None``, or the digest of the delivery that had been received under this id before. Raises
        ``TransactionConflictError`` when other transactions held the item.
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
        try:
            self.client.transact_write_items(TransactItems=[delivery, stock.receipt(self.table, line)])
        except ClientError as error:
            answer = aws.response(error)
            if answer["Error"]["Code"] != "TransactionCanceledException":
                raise
            first, *_ = reasons = answer["CancellationReasons"]
            if first["Code"] == "ConditionalCheckFailed":
                found: str = first["Item"]["digest"]["S"]
                return found
            if any(reason["Code"] == "TransactionConflict" for reason in reasons):
                raise TransactionConflictError("another transaction holds the item") from None
            raise
        return None

    def item(self, sku: str) -> dict[str, Any] | None:
        """Return the item as a reader may see it, by a consistent read, or ``None``."""
        answer = self.client.get_item(TableName=self.table, Key=stock.key(sku), ConsistentRead=True)
        return stock.describe(answer["Item"]) if "Item" in answer else None


def inventory() -> Inventory:
    """Return the service's table."""
    return Inventory(aws.client("dynamodb"), settings.table())


def kept_lines(row: Row) -> str | None:
    """Return what the order's row keeps of the lines that it reserved, or ``None`` when it never did."""
    value: str | None = row.item.get("lines", {}).get("S")
    return value
