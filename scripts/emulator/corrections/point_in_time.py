"""Restoring a table to a point in time.

Stock MiniStack 1.5.33 fills the new table with what the old one holds now, whatever point is asked for.

AWS gives the new table what the old one held at the `RestoreDateTime`
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html). Here the changes that
came after that second are taken back, the last one first, which the table's stream has to tell with old images: so it
works for as long as the stream holds them, which is until the emulator ends, and not for a table without such a stream.
"""

import copy
from typing import Any

from emulator.patching import module, replace

dynamodb = module("services.dynamodb")
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    _stock["restore"] = replace(dynamodb, "_restore_table_to_point_in_time", _restore_table_to_point_in_time)


def _restore_table_to_point_in_time(data: dict[str, Any]) -> Any:
    answer = _stock["restore"](data)
    point = data.get("RestoreDateTime")
    if answer[0] != 200 or data.get("UseLatestRestorableTime") or point is None:
        return answer
    source = data.get("SourceTableName") or dynamodb._normalize_table_name(data["SourceTableArn"])
    table = dynamodb._tables[data["TargetTableName"]]
    for record in reversed(dynamodb.stream_live_records(source)):
        change = record["dynamodb"]
        if change["ApproximateCreationDateTime"] > float(point):
            _take_back(table, change)
    dynamodb._items_replaced(table)
    return dynamodb.json_response({"TableDescription": dynamodb._table_description(data["TargetTableName"])})


def _take_back(table: dict[str, Any], change: dict[str, Any]) -> None:
    keys = change["Keys"]
    hash_key = dynamodb._extract_key_val(keys[table["pk_name"]])
    range_key = dynamodb._extract_key_val(keys[table["sk_name"]]) if table["sk_name"] else "__no_sort__"
    if "OldImage" in change:
        table["items"][hash_key][range_key] = copy.deepcopy(change["OldImage"])
    else:
        table["items"].get(hash_key, {}).pop(range_key, None)
        if not table["items"].get(hash_key):
            table["items"].pop(hash_key, None)
