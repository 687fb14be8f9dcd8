"""Which generation of the projection is read.

Terraform tells a function the tables of the generations that there are. One is that which is read. Of two, one is being
filled: an item of the event store's table says which is read, and without that item it is the older one. The item is
asked for only while there are two, with every query, so that all functions change over at once.

    pk "generation", sk "live", generation "g2"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from read_model.projection import Projection
from saga_kit import aws, settings

KEY = {"pk": {"S": "generation"}, "sk": {"S": "live"}}


def live() -> Projection:
    """Return the projection that is read."""
    client, tables = aws.client("dynamodb"), settings.further_tables()
    return Projection(client, tables[_chosen(client, tables)])


def _chosen(client: Any, tables: Mapping[str, str]) -> str:
    oldest, *others = sorted(tables, key=lambda generation: int(generation.removeprefix("g")))
    if not others:
        return oldest
    item = client.get_item(TableName=settings.table(), Key=KEY, ConsistentRead=True).get("Item", {})
    chosen: str = item.get("generation", {}).get("S", oldest)
    # What the item names may have been taken out since.
    return chosen if chosen in tables else oldest


def own() -> Projection:
    """Return the projection that the running function keeps up to date: the one that it was given a table of."""
    (table,) = settings.further_tables().values()
    return Projection(aws.client("dynamodb"), table)
