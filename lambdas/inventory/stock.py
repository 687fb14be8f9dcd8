"""Items in stock: ``pk`` "stock#<sku>", what is available and reserved, and the list price.

The stock of an item that many orders want at once lies in several shards: the first is the item itself, the others are
"stock#<sku>~1" and so on. All have the price, and the number of shards, which every delivery writes to all of them.

Every change is an entry of the transaction that changes the order's row or the delivery's. Nothing is available that is
not there: a reservation is conditional on it. ``version`` counts an item's changes, so that who reads several items one
after the other can tell whether they stood still meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saga_kit.errors import InvalidEventError
from saga_kit.store import Item

MAX_PIECES = 99
"""Pieces that one order can be made of: a transaction has room for 100 items, and one is the order's row."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order: ``quantity`` of a SKU at ``unit_price`` minor units, in ``currency`` (ISO 4217)."""

    sku: str
    quantity: int
    unit_price: int
    currency: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What a line takes from one shard: ``quantity`` from number ``shard`` (from 0) of as many as there are shards."""

    line: Line
    quantity: int
    shard: int
    shards: int

    @property
    def item(self) -> str:
        """The shard's name: what follows "stock#" in its key."""
        return name(self.line.sku, self.shard)


def lines_of(order: Mapping[str, Any]) -> list[Line]:
    """Return the lines of an order (Order.v1). Raises ``InvalidEventError`` when two are of the same item.

    That is more than a schema can ask for, and a transaction has room for one change of an item.
    """
    lines = [Line(line["sku"], line["quantity"], line["unit_price"], order["currency"]) for line in order["lines"]]
    if len({line.sku for line in lines}) < len(lines):
        raise InvalidEventError("data.order.lines", "each item on one line")
    return lines


def dump(pieces: Iterable[Piece]) -> str:
    """Return what the order's row keeps of what it reserved, to release it by: the quantity of each shard."""
    return json.dumps([[piece.item, piece.quantity] for piece in pieces], separators=(",", ":"))


def load(text: str) -> list[tuple[str, int]]:
    """Return the shards' names and quantities in what the order's row keeps."""
    return [(item, quantity) for item, quantity in json.loads(text)]


def held(text: str) -> dict[str, int]:
    """Return the quantity of each SKU in what the order's row keeps."""
    quantities: dict[str, int] = {}
    for item, quantity in load(text):
        sku = item.partition("~")[0]
        quantities[sku] = quantities.get(sku, 0) + quantity
    return quantities


def name(sku: str, shard: int) -> str:
    """Return the name of a shard, which is the SKU itself for the first."""
    return f"{sku}~{shard}" if shard else sku


def key(item: str) -> Item:
    """Return the primary key of an item, or of a shard by its name."""
    return {"pk": {"S": f"stock#{item}"}}


def reservation(table: str, piece: Piece) -> Item:
    """Return the entry that takes a piece out of what is available.

    Its condition: the piece is there, at the price of its line, and the item has as many shards as the piece was cut
    for.
    """
    line = piece.line
    values: Item = {
        ":quantity": {"N": str(piece.quantity)},
        ":price": {"N": str(line.unit_price)},
        ":currency": {"S": line.currency},
        ":one": {"N": "1"},
    }
    if piece.shards > 1:
        values[":shards"] = {"N": str(piece.shards)}
    layout = "shards = :shards" if piece.shards > 1 else "attribute_not_exists(shards)"
    return {
        "Update": {
            "TableName": table,
            "Key": key(piece.item),
            "UpdateExpression": "SET available = available - :quantity, reserved = reserved + :quantity "
            "ADD version :one",
            "ConditionExpression": "available >= :quantity AND unit_price = :price AND currency = :currency "
            f"AND {layout}",
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def release(table: str, item: str, quantity: int) -> Item:
    """Return the entry that gives a reserved quantity back to the shard that it was taken from."""
    return {
        "Update": {
            "TableName": table,
            "Key": key(item),
            "UpdateExpression": "SET available = available + :quantity, reserved = reserved - :quantity "
            "ADD version :one",
            "ConditionExpression": "reserved >= :quantity",
            "ExpressionAttributeValues": {":quantity": {"N": str(quantity)}, ":one": {"N": "1"}},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
    }


def receipts(table: str, line: Line, quantities: Sequence[int]) -> list[Item]:
    """Return the entries that add a delivered quantity to each shard and set the list price, for an item old or new.

    The first has a condition: the item does not have more shards than there are quantities.
    """
    shards = len(quantities)
    entries = []
    for shard, quantity in enumerate(quantities):
        values: Item = {
            ":none": {"N": "0"},
            ":quantity": {"N": str(quantity)},
            ":price": {"N": str(line.unit_price)},
            ":currency": {"S": line.currency},
            ":one": {"N": "1"},
        }
        update = (
            "SET available = if_not_exists(available, :none) + :quantity, "
            "reserved = if_not_exists(reserved, :none), unit_price = :price, currency = :currency"
        )
        if shards > 1:
            values[":shards"] = {"N": str(shards)}
            update += ", shards = :shards"
        entry: Item = {
            "TableName": table,
            "Key": key(name(line.sku, shard)),
            "UpdateExpression": f"{update} ADD version :one",
            "ExpressionAttributeValues": values,
        }
        if not shard:
            entry["ConditionExpression"] = "attribute_not_exists(shards)" + (
                " OR shards <= :shards" if shards > 1 else ""
            )
            entry["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        entries.append({"Update": entry})
    return entries


def shards_of(item: Item) -> int:
    """Return how many shards an item has, by any of them."""
    return int(item["shards"]["N"]) if "shards" in item else 1


def available(item: Item) -> int:
    """Return what is available of an item, or of a shard; 0 for one that does not exist."""
    return int(item["available"]["N"]) if item else 0


def version(item: Item) -> int:
    """Return how often an item, or a shard, has changed."""
    return int(item["version"]["N"]) if "version" in item else 0


def describe(shards: Sequence[Item]) -> dict[str, Any]:
    """Return an item, given by all its shards, as a reader may see it; the price is in minor units."""
    first = shards[0]
    return {
        "sku": first["pk"]["S"].removeprefix("stock#"),
        "available": sum(available(shard) for shard in shards),
        "reserved": sum(int(shard["reserved"]["N"]) for shard in shards),
        "unit_price": int(first["unit_price"]["N"]),
        "currency": first["currency"]["S"],
    }
