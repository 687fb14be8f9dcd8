"""A table as it was: restored into a new table, and put into the place of the present contents."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from local_platform.client import PlatformError

Item = Mapping[str, Any]

_POLL_SECONDS = 5.0
_NAME_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Changes:
    """What putting a table's contents in place came to, in items."""

    put: int
    deleted: int
    same: int


def restored_name(table: str, point: datetime) -> str:
    """The name of the table that a table is restored into; the same for the same point, so that a run can go on."""
    suffix = f"-at-{point:%Y%m%dT%H%M%SZ}"
    return table[: _NAME_LIMIT - len(suffix)] + suffix


def restore(dynamodb: Any, table: str, point: datetime, wait: Callable[[float], None] = time.sleep) -> str:
    """Restore a table as it was at `point` into a new one, unless that is there, wait for it and return its name.

    Raises `PlatformError` when the table cannot be restored to that point.
    """
    name = restored_name(table, point)
    try:
        dynamodb.restore_table_to_point_in_time(SourceTableName=table, TargetTableName=name, RestoreDateTime=point)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in {"TableAlreadyExistsException", "TableInUseException", "ResourceInUseException"}:
            raise PlatformError(f"{table} cannot be restored to {point.isoformat()}: {error}") from error
    while dynamodb.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
        wait(_POLL_SECONDS)
    return name


def put_in_place(dynamodb: Any, source: str, target: str) -> Changes:
    """Make the items of `target` those of `source`; what is the same is not written. Nobody else may write meanwhile.

    Keeps a digest of each item of `target` in memory, not the items.
    """
    keys = [key["AttributeName"] for key in dynamodb.describe_table(TableName=target)["Table"]["KeySchema"]]
    present = {_identity(item, keys): (_digest(item), _key(item, keys)) for item in _items(dynamodb, target)}
    put = same = 0
    for item in _items(dynamodb, source):
        digest, _ = present.pop(_identity(item, keys), (None, None))
        if digest == _digest(item):
            same += 1
        else:
            dynamodb.put_item(TableName=target, Item=item)
            put += 1
    for _, key in present.values():
        dynamodb.delete_item(TableName=target, Key=key)
    return Changes(put, len(present), same)


def _items(dynamodb: Any, table: str) -> Iterator[Item]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _key(item: Item, keys: list[str]) -> Item:
    return {name: item[name] for name in keys}


def _identity(item: Item, keys: list[str]) -> str:
    return _text(_key(item, keys))


def _digest(item: Item) -> bytes:
    return hashlib.sha256(_text(item).encode()).digest()


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=_plain)


def _plain(value: object) -> object:
    """Binary values and sets, of which JSON has none."""
    return sorted(value) if isinstance(value, set) else bytes(value).hex()  # type: ignore[call-overload]  # of what is left, bytes alone
