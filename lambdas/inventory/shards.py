"""How an item's stock is spread over its shards: where a line looks first, what it takes, where a delivery goes.

Nothing here reads or writes the table. A process remembers how many shards an item was seen to have, so that its next
order knows where to look without asking; every write is conditional on it being right.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from inventory.stock import Line, Piece

_seen: dict[str, int] = {}


def remember(sku: str, shards: int) -> None:
    """Remember how many shards an item has."""
    if shards > 1:
        _seen[sku] = shards
    else:
        _seen.pop(sku, None)


def remembered(sku: str) -> int:
    """Return how many shards an item was last seen to have; 1 for an item that nothing is known of."""
    return _seen.get(sku, 1)


def forget() -> None:
    """Know nothing, as a new process does."""
    _seen.clear()


def first_choice(saga_id: str, line: Line) -> Piece:
    """Return the piece that a line tries to take first: all of it from the shard that the order's id picks."""
    shards = remembered(line.sku)
    return Piece(line, line.quantity, _start(saga_id, shards), shards)


def cut(saga_id: str, line: Line, available: Sequence[int]) -> list[Piece]:
    """Return the pieces that make up a line where the shards have this much; none when together they have too little.

    The line is taken from one shard if one has all of it, the nearest to the order's own; else from as few as it takes.
    """
    shards = len(available)
    start = _start(saga_id, shards)
    order = sorted(range(shards), key=lambda shard: (shard - start) % shards)
    whole = next((shard for shard in order if available[shard] >= line.quantity), None)
    if whole is not None:
        return [Piece(line, line.quantity, whole, shards)]
    pieces = []
    left = line.quantity
    for shard in sorted(order, key=lambda shard: -available[shard]):
        quantity = min(left, available[shard])
        if quantity:
            pieces.append(Piece(line, quantity, shard, shards))
            left -= quantity
    return [] if left else pieces


def spread(quantity: int, available: Sequence[int]) -> list[int]:
    """Return what each shard gets of a delivery where the shards have this much: the emptiest are filled up first."""
    given = [0] * len(available)
    left = quantity
    by_level = sorted(range(len(available)), key=lambda shard: available[shard])
    for count in range(1, len(by_level) + 1):
        lowest = by_level[:count]
        level = available[lowest[0]] + given[lowest[0]]
        rise = available[by_level[count]] - level if count < len(by_level) else left
        each, rest = divmod(min(left, rise * count), count)
        for place, shard in enumerate(lowest):
            given[shard] += each + (1 if place < rest else 0)
        left -= each * count + rest
        if not left:
            break
    return given


def _start(saga_id: str, shards: int) -> int:
    return zlib.crc32(saga_id.encode()) % shards
