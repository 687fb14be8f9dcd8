"""Items in stock: ``pk`` "stock#<sku>", what is available and reserved, and the list price.

Every change is an entry of the transaction that changes the order's row or the delivery's. Nothing is available that is
not there: a reservation is conditional on it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saga_kit.store import Item


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order: ``quantity`` of a SKU at ``unit_price`` minor units, in ``currency`` (ISO 4217)."""

    sku: str
    quantity: int
    unit_price: int
    currency: str


def lines_of(order: Mapping[str, Any]) -> list[Line]:
    """Return the lines of an order (Order.v1)."""
    return [Line(line["sku"], line["quantity"], line["unit_price"], order["currency"]) for line in order["lines"]]


def dump(lines: Sequence[Line]) -> str:
    """Return what the order's row keeps of its lines, to release them by."""
    return json.dumps([[line.sku, line.quantity] for line in lines], separators=(",", ":"))


def load(text: str) -> list[tuple[str, int]]:
    """Return the SKUs and quantities in what the order's row keeps."""
    return [(sku, quantity) for sku, quantity in json.loads(text)]


def key(sku: str) -> Item:
    """Return the primary key of an item."""
    return {"pk": {"S": f"stock#{sku}"}}


def reservation(table: str, line: Line) -> Item:
    """Return the entry that takes a line out of what is available, if it is there at the price of the line."""
    return {
        "Update": {
            "TableName": table,
            "Key": key(line.sku),
            "UpdateExpression": "SET available = available - :quantity, reserved = reserved + :quantity",
            "ConditionExpression": "available >= :quantity AND unit_price = :price AND currency = :currency",
            "ExpressionAttributeValues": {
                ":quantity": {"N": str(line.quantity)},
                ":price": {"N": str(line.unit_price)},
                ":currency": {"S": line.currency},
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def release(table: str, sku: str, quantity: int) -> Item:
    """Return the entry that gives a reserved quantity back."""
    return {
        "Update": {
            "TableName": table,
            "Key": key(sku),
            "UpdateExpression": "SET available = available + :quantity, reserved = reserved - :quantity",
            "ConditionExpression": "reserved >= :quantity",
            "ExpressionAttributeValues": {":quantity": {"N": str(quantity)}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def receipt(table: str, line: Line) -> Item:
    """Return the entry that adds a delivered quantity and sets the list price, for an item old or new."""
    return {
        "Update": {
            "TableName": table,
            "Key": key(line.sku),
            "UpdateExpression": "SET available = if_not_exists(available, :none) + :quantity, "
            "reserved = if_not_exists(reserved, :none), unit_price = :price, currency = :currency",
            "ExpressionAttributeValues": {
                ":none": {"N": "0"},
                ":quantity": {"N": str(line.quantity)},
                ":price": {"N": str(line.unit_price)},
                ":currency": {"S": line.currency},
            },
        }
    }


def describe(item: Item) -> dict[str, Any]:
    """Return an item as a reader may see it; the price is in minor units."""
    return {
        "sku": item["pk"]["S"].removeprefix("stock#"),
        "available": int(item["available"]["N"]),
        "reserved": int(item["reserved"]["N"]),
        "unit_price": int(item["unit_price"]["N"]),
        "currency": item["currency"]["S"],
    }
