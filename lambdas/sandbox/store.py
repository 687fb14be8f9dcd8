"""The sandbox's table: a row an authorization or shipment, every change a conditional write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from saga_kit import aws, clock
from saga_kit.store import Item

_LIFETIME_SECONDS = 30 * 24 * 3600
"""How long a row is remembered; by then whatever was being tested has long ended."""


@dataclass(frozen=True, slots=True)
class Store:
    """Rows of ``table`` through the low-level DynamoDB client ``client``; the hash key is ``pk``."""

    client: Any
    table: str

    def find(self, pk: str) -> Item | None:
        """Return the row by a consistent read, or ``None``."""
        answer = self.client.get_item(TableName=self.table, Key={"pk": {"S": pk}}, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def create(self, pk: str, row: Item) -> Item | None:
        """Write ``row`` where there is none and return ``None``, or return the row that stands there."""
        try:
            self.client.put_item(
                TableName=self.table,
                Item={"pk": {"S": pk}, "expires_at": _expiry(), **row},
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return _standing(error)
        return None

    def move(self, pk: str, expected: str, to: str) -> Item:
        """Change the row's state from ``expected`` to ``to``; return the row as it stands then, changed or not."""
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key={"pk": {"S": pk}},
                UpdateExpression="SET #state = :to",
                ConditionExpression="#state = :expected",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":to": {"S": to}, ":expected": {"S": expected}},
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            return _standing(error)
        row: Item = answer["Attributes"]
        return row

    def put_state(self, pk: str, state: str) -> None:
        """Give the row the state ``state``, whatever it was; make it where there is none."""
        self.client.update_item(
            TableName=self.table,
            Key={"pk": {"S": pk}},
            UpdateExpression="SET #state = :state, expires_at = :expiry",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": {"S": state}, ":expiry": _expiry()},
        )


def _expiry() -> Item:
    return {"N": str(int(clock.after(_LIFETIME_SECONDS).timestamp()))}


def _standing(error: ClientError) -> Item:
    refusal = aws.response(error)
    if refusal["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    row: Item = refusal["Item"]
    return row
