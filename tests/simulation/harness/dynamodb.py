"""An in-memory DynamoDB that answers botocore's operations, with streams.

It knows the operations that the platform uses and refuses everything else loudly, parameters included: what is not
modelled must not look as if it worked. Items are never changed in place, so an item that was handed out, or that a
stream record holds, is a snapshot for free.
"""

from __future__ import annotations

import bisect
import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from . import expressions
from . import values as av
from .expressions import CompiledCondition, ExpressionError, OperandError
from .values import InvalidValueError, Item

MAX_ITEM_BYTES = 400 * 1024
MAX_TRANSACTION_ACTIONS = 100
MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
MAX_PAGE_BYTES = 1024 * 1024
MAX_BATCH_KEYS = 100
MAX_HASH_KEY_BYTES = 2048
MAX_RANGE_KEY_BYTES = 1024

_TOO_LARGE = "Item size to update has exceeded the maximum allowed size"

Key = tuple[Any, ...]
Params = Mapping[str, Any]


class UnsupportedError(NotImplementedError):
    """The code under test asked for something that this DynamoDB does not model."""


class DynamoError(Exception):
    """An error answer: its code, its message and further members of the answer (``Item``, ``CancellationReasons``)."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.members = members


def _invalid(message: str) -> NoReturn:
    raise DynamoError("ValidationException", message)


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; ``projected`` are the attributes it carries (``None``: all)."""

    hash_key: str
    range_key: str | None = None
    projected: frozenset[str] | None = None


class Change(NamedTuple):
    """One record of a table's stream: the item before and after, and when (seconds since the epoch)."""

    sequence: int
    key: Key
    old: Item | None
    new: Item | None
    time: float


@dataclass(slots=True)
class Table:
    """One table. ``key_types`` are the types of its key attributes ("S", "N" or "B"), in their order."""

    name: str
    hash_key: str
    range_key: str | None = None
    key_types: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, Index] = field(default_factory=dict)
    items: dict[Key, Item] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    order: dict[Any, list[tuple[Any, Key]]] = field(default_factory=dict)
    """For a table with a sort key: the keys of each partition by that key."""

    key_names: tuple[str, ...] = ()
    """Names of the key attributes, the partition key first."""

    def __post_init__(self) -> None:
        self.key_names = (self.hash_key,) if self.range_key is None else (self.hash_key, self.range_key)

    def key_of(self, attributes: Item, what: str) -> Key:
        """Return the key in ``attributes``. Raises ``DynamoError`` when it is missing or of a wrong type."""
        hash_value = attributes.get(self.hash_key)
        if self.range_key is None:
            return (self._part(hash_value, self.hash_key, what, MAX_HASH_KEY_BYTES),)
        return (
            self._part(hash_value, self.hash_key, what, MAX_HASH_KEY_BYTES),
            self._part(attributes.get(self.range_key), self.range_key, what, MAX_RANGE_KEY_BYTES),
        )

    def _part(self, value: av.Value | None, name: str, what: str, limit: int) -> Any:
        kind = self.key_types.get(name, "S")
        if value is None:
            if what == "Key":
                _invalid("The provided key element does not match the schema")
            _invalid(f"One or more parameter values were invalid: Missing the key {name} in the item")
        if kind not in value:
            if what == "Key":
                _invalid("The provided key element does not match the schema")
            _invalid(
                f"One or more parameter values were invalid: Type mismatch for key {name} "
                f"expected: {kind} actual: {next(iter(value))}"
            )
        content = value[kind]
        if kind == "N":
            return av.canonical_number(content)
        if not content:
            _invalid(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                f"empty {'string' if kind == 'S' else 'binary'} value. Key: {name}"
            )
        if len(content) * 4 > limit and (av.text_size(content) if kind == "S" else len(content)) > limit:
            _invalid(
                "One or more parameter values were invalid: Size of "
                f"{'hashkey' if name == self.hash_key else 'rangekey'} has exceeded the maximum size limit "
                f"of{limit} bytes"
            )
        return content if kind == "S" else bytes(content)

    def exact_key(self, key: Item) -> Key:
        """Return the key of a request's ``Key`` parameter, which holds the key attributes and nothing else."""
        if len(key) != len(self.key_names):
            _invalid("The provided key element does not match the schema")
        return self.key_of(key, "Key")

    def put(self, key: Key, item: Item | None, now: float) -> None:
        """Make ``item`` the item at ``key`` (``None``: delete it) and add to the stream if that changes anything."""
        old = self.items.get(key)
        if item is None:
            if old is None:
                return
            del self.items[key]
            if self.range_key is not None:
                partition = self.order[key[0]]
                del partition[bisect.bisect_left(partition, (self._rank(old), key))]
        else:
            if old is not None and (old == item or _same(old, item)):
                return
            self.items[key] = item
            if self.range_key is not None and old is None:
                bisect.insort(self.order.setdefault(key[0], []), (self._rank(item), key))
        self.changes.append(Change(len(self.changes), key, old, item, now))

    def _rank(self, item: Item) -> Any:
        assert self.range_key is not None
        return av.order_key(item[self.range_key])

    def key_item(self, key: Key) -> Item:
        """Return the attributes of a key."""
        types = self.key_types
        if self.range_key is None:
            return {self.hash_key: {types.get(self.hash_key, "S"): key[0]}}
        return {name: {types.get(name, "S"): part} for name, part in zip(self.key_names, key, strict=True)}


def _same(old: Item, new: Item) -> bool:
    return old.keys() == new.keys() and all(av.equal(value, new[name]) for name, value in old.items())


def sequence_number(sequence: int) -> str:
    """Return the sequence number of a stream record as DynamoDB writes it."""
    return str(100000000000000000000 + sequence)


def stream_record(table: Table, change: Change, region: str, arn: str) -> dict[str, Any]:
    """Return a change as a function behind the table's stream sees it."""
    document: dict[str, Any] = {
        "ApproximateCreationDateTime": float(int(change.time)),
        "Keys": table.key_item(change.key),
        "SequenceNumber": sequence_number(change.sequence),
        "SizeBytes": 1,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    }
    if change.new is not None:
        document["NewImage"] = dict(change.new)
    if change.old is not None:
        document["OldImage"] = dict(change.old)
    return {
        "eventID": f"{change.sequence:032x}",
        "eventName": "REMOVE" if change.new is None else "INSERT" if change.old is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": region,
        "dynamodb": document,
        "eventSourceARN": arn,
    }


_COMMON = {"ReturnConsumedCapacity", "ReturnItemCollectionMetrics"}
_EXPRESSION = {"ExpressionAttributeNames", "ExpressionAttributeValues"}
_CONDITIONAL = _EXPRESSION | {"ConditionExpression", "ReturnValuesOnConditionCheckFailure"}
_PARAMETERS: dict[str, frozenset[str]] = {
    "PutItem": frozenset({"TableName", "Item", "ReturnValues"} | _CONDITIONAL | _COMMON),
    "UpdateItem": frozenset({"TableName", "Key", "UpdateExpression", "ReturnValues"} | _CONDITIONAL | _COMMON),
    "DeleteItem": frozenset({"TableName", "Key", "ReturnValues"} | _CONDITIONAL | _COMMON),
    "GetItem": frozenset(
        {"TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"} | _COMMON
    ),
    "Query": frozenset(
        {
            "TableName",
            "IndexName",
            "KeyConditionExpression",
            "FilterExpression",
            "ProjectionExpression",
            "ConsistentRead",
            "ScanIndexForward",
            "Limit",
            "ExclusiveStartKey",
            "Select",
        }
        | _EXPRESSION
        | _COMMON
    ),
    "BatchGetItem": frozenset({"RequestItems"} | _COMMON),
    "TransactWriteItems": frozenset({"TransactItems", "ClientRequestToken"} | _COMMON),
    "TransactGetItems": frozenset({"TransactItems"} | _COMMON),
    "Put": frozenset({"TableName", "Item"} | _CONDITIONAL),
    "Update": frozenset({"TableName", "Key", "UpdateExpression"} | _CONDITIONAL),
    "Delete": frozenset({"TableName", "Key"} | _CONDITIONAL),
    "ConditionCheck": frozenset({"TableName", "Key"} | _CONDITIONAL),
    "Get": frozenset({"TableName", "Key", "ProjectionExpression", "ExpressionAttributeNames"}),
    "KeysAndAttributes": frozenset({"Keys", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"}),
}

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
READS = frozenset({"GetItem", "Query", "BatchGetItem", "TransactGetItems"})


@dataclass(slots=True)
class _Write:
    """A write that was evaluated and may be applied."""

    table: Table
    key: Key
    old: Item | None
    new: Item | None
    refused: bool = False
    wants_old: bool = False
    checks_only: bool = False
    invalid: str = ""
    """Why the item cannot be changed as asked, which cancels a transaction."""


class DynamoDB:
    """The tables of an account; ``clock`` gives the time of changes in seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.tables: dict[str, Table] = {}
        self._clock = clock
        self._tokens: dict[str, str] = {}
        self._applied_tokens: set[str] = set()

    def add(self, table: Table) -> None:
        """Make ``table`` exist."""
        self.tables[table.name] = table

    def call(self, operation: str, params: Params) -> dict[str, Any]:
        """Run one operation of the API and return its answer. Raises ``DynamoError`` as DynamoDB would answer one."""
        run = _OPERATIONS.get(operation)
        if run is None:
            raise UnsupportedError(f"DynamoDB operation {operation}")
        _known(operation, params)
        try:
            return run(self, params)
        except (ExpressionError, InvalidValueError) as error:
            raise DynamoError("ValidationException", str(error)) from None

    def table(self, name: str) -> Table:
        """Return the table called ``name``. Raises ``DynamoError`` when there is none."""
        try:
            return self.tables[name]
        except KeyError:
            raise DynamoError("ResourceNotFoundException", "Requested resource not found") from None

    # --- writes -----------------------------------------------------------------------------------------------------

    def _put_item(self, params: Params) -> dict[str, Any]:
        write = self._evaluate("Put", params)
        return_values = params.get("ReturnValues", "NONE")
        if return_values not in ("NONE", "ALL_OLD"):
            _invalid("Return values set to invalid value")
        return self._finish(write, write.old if return_values == "ALL_OLD" else None)

    def _delete_item(self, params: Params) -> dict[str, Any]:
        write = self._evaluate("Delete", params)
        return_values = params.get("ReturnValues", "NONE")
        if return_values not in ("NONE", "ALL_OLD"):
            _invalid("Return values set to invalid value")
        return self._finish(write, write.old if return_values == "ALL_OLD" else None)

    def _update_item(self, params: Params) -> dict[str, Any]:
        write = self._evaluate("Update", params)
        return_values = params.get("ReturnValues", "NONE")
        answered: Item | None = None
        if return_values == "ALL_OLD":
            answered = write.old
        elif return_values == "ALL_NEW":
            answered = write.new
        elif return_values in ("UPDATED_OLD", "UPDATED_NEW"):
            source = write.old if return_values == "UPDATED_OLD" else write.new
            answered = _touched(params, source or {})
        elif return_values != "NONE":
            _invalid("Return values set to invalid value")
        return self._finish(write, answered)

    def _finish(self, write: _Write, answered: Item | None) -> dict[str, Any]:
        if write.invalid:
            _invalid(write.invalid)
        if write.refused:
            members = {"Item": dict(write.old)} if write.wants_old and write.old else {}
            raise DynamoError("ConditionalCheckFailedException", "The conditional request failed", **members)
        write.table.put(write.key, write.new, self._clock())
        return {"Attributes": dict(answered)} if answered else {}

    def _evaluate(self, kind: str, params: Params) -> _Write:
        table = self.table(params["TableName"])
        supplied = _supplied(params)
        given: Item = {}
        if kind == "Put":
            given = {name: _stored(value) for name, value in params["Item"].items()}
            key = table.key_of(given, "Item")
        else:
            key = table.exact_key(params["Key"])
        old = table.items.get(key)
        names, values = params.get("ExpressionAttributeNames"), params.get("ExpressionAttributeValues")
        request = _request(
            kind,
            params.get("ConditionExpression"),
            params.get("UpdateExpression"),
            None if names is None else tuple(names.items()),
            None if values is None else tuple(values),
            table.key_names,
        )
        condition, update = request.condition, request.update
        if request.refusal:
            _invalid(request.refusal)
        wants_old = _wants_old(params)
        if condition is not None and not condition.run(old or {}, supplied):
            return _Write(table, key, old, old, refused=True, wants_old=wants_old)
        new: Item | None
        if kind == "Put":
            new = given
        elif kind == "Delete":
            new = None
        elif kind == "ConditionCheck":
            return _Write(table, key, old, old, wants_old=wants_old, checks_only=True)
        else:
            base = old if old is not None else {name: _stored(value) for name, value in params["Key"].items()}
            try:
                new = update.run(base, supplied) if update is not None else dict(base)
            except OperandError as error:
                return _Write(table, key, old, old, invalid=str(error))
        if new is not None and av.may_exceed(new, MAX_ITEM_BYTES) and av.item_size(new) > MAX_ITEM_BYTES:
            return _Write(table, key, old, old, invalid=_TOO_LARGE)
        if new is not None and table.indexes:
            self._check_item(table, new)
        return _Write(table, key, old, new, wants_old=wants_old)

    def _check_item(self, table: Table, item: Item) -> None:
        for name, index in table.indexes.items():
            for attribute in (index.hash_key, index.range_key):
                value = item.get(attribute) if attribute else None
                if value is not None and table.key_types.get(str(attribute), "S") not in value:
                    _invalid(
                        f"One or more parameter values were invalid: Type mismatch for Index Key {attribute} "
                        f"Expected: {table.key_types.get(str(attribute), 'S')} Actual: {next(iter(value))} "
                        f"IndexName: {name}"
                    )

    # --- transactions -----------------------------------------------------------------------------------------------

    def _transact_write_items(self, params: Params) -> dict[str, Any]:  # noqa: C901 - a grammar, or a step, in one place
        entries = params["TransactItems"]
        if not 1 <= len(entries) <= MAX_TRANSACTION_ACTIONS:
            _invalid(
                "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have "
                f"length {'less' if entries else 'greater'} than or equal to "
                f"{MAX_TRANSACTION_ACTIONS if entries else 1}"
            )
        token = params.get("ClientRequestToken")
        if token is not None:
            content = json.dumps(entries, sort_keys=True, default=repr)
            known = self._tokens.setdefault(token, content)
            if known != content:
                raise DynamoError(
                    "IdempotentParameterMismatchException",
                    "Request with the same client token but with different parameters was received",
                )
            if token in self._applied_tokens:
                return {}
        writes = [self._action(entry) for entry in entries]
        seen = {(write.table.name, write.key) for write in writes}
        if len(seen) != len(writes):
            _invalid("Transaction request cannot include multiple operations on one item")
        large = any(write.new is not None and av.may_exceed(write.new, MAX_ITEM_BYTES // 10) for write in writes)
        if large and sum(av.item_size(write.new or {}) for write in writes) > MAX_TRANSACTION_BYTES:
            _invalid("Collection size exceeded")
        if any(write.refused or write.invalid for write in writes):
            raise cancelled([_reason(write) for write in writes])
        now = self._clock()
        for write in writes:
            if not write.checks_only:
                write.table.put(write.key, write.new, now)
        if token is not None:
            self._applied_tokens.add(token)
        return {}

    def _action(self, entry: Params) -> _Write:
        if len(entry) != 1:
            _invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        [(kind, params)] = entry.items()
        if kind not in ("Put", "Update", "Delete", "ConditionCheck"):
            raise UnsupportedError(f"transaction action {kind}")
        _known(kind, params)
        return self._evaluate(kind, params)

    def _transact_get_items(self, params: Params) -> dict[str, Any]:
        entries = params["TransactItems"]
        if not 1 <= len(entries) <= MAX_TRANSACTION_ACTIONS:
            _invalid("Member must have length less than or equal to 100 and greater than or equal to 1")
        responses: list[dict[str, Any]] = []
        seen: set[tuple[str, Key]] = set()
        for entry in entries:
            get = entry["Get"]
            _known("Get", get)
            place = get["TableName"], self.table(get["TableName"]).exact_key(get["Key"])
            if place in seen:
                _invalid("Transaction request cannot include multiple operations on one item")
            seen.add(place)
            item = self._found(self.table(get["TableName"]), get["Key"], get)
            responses.append({} if item is None else {"Item": item})
        return {"Responses": responses}

    # --- reads ------------------------------------------------------------------------------------------------------

    def _get_item(self, params: Params) -> dict[str, Any]:
        item = self._found(self.table(params["TableName"]), params["Key"], params)
        return {} if item is None else {"Item": item}

    def _found(self, table: Table, key: Item, params: Params) -> Item | None:
        item = table.items.get(table.exact_key(key))
        return _projected(params, item)

    def _batch_get_item(self, params: Params) -> dict[str, Any]:
        responses: dict[str, list[Item]] = {}
        if not 1 <= sum(len(request["Keys"]) for request in params["RequestItems"].values()) <= MAX_BATCH_KEYS:
            _invalid("Too many items requested for the BatchGetItem call")
        for name, request in params["RequestItems"].items():
            _known("KeysAndAttributes", request)
            table = self.table(name)
            keys = [table.exact_key(key) for key in request["Keys"]]
            if len(set(keys)) != len(keys):
                _invalid("Provided list of item keys contains duplicates")
            found = [_projected(request, table.items.get(key)) for key in keys]
            responses[name] = [item for item in found if item is not None]
        return {"Responses": responses, "UnprocessedKeys": {}}

    def _query(self, params: Params) -> dict[str, Any]:
        table = self.table(params["TableName"])
        index = self._index(table, params)
        names, supplied = _names(params), _supplied(params)
        compiled = expressions.condition("KeyConditionExpression", params["KeyConditionExpression"], names)
        hash_key, range_key = (index.hash_key, index.range_key) if index else (table.hash_key, table.range_key)
        _check_key_condition(compiled, hash_key, range_key)
        where = _condition(params, "FilterExpression", names)
        projection = params.get("ProjectionExpression")
        shown = expressions.projection(projection, names) if projection else None
        _check_use(
            _given(params, "ExpressionAttributeNames"),
            _given(params, "ExpressionAttributeValues"),
            compiled.names | (where.names if where else frozenset()) | (shown.names if shown else frozenset()),
            compiled.values | (where.values if where else frozenset()),
        )
        limit = params.get("Limit")
        if limit is not None and limit < 1:
            _invalid("Limit must be greater than or equal to 1")
        items: list[Item] = []
        scanned = used = 0
        last: Item | None = None
        for item in self._matching(table, index, compiled, supplied, params):
            scanned += 1
            used += av.item_size(item)
            if where is None or where.run(item, supplied):
                items.append(item if shown is None else shown.run(item))
            if (limit is not None and scanned == limit) or used >= MAX_PAGE_BYTES:
                last = item
                break
        answer: dict[str, Any] = {"Count": len(items), "ScannedCount": scanned}
        if params.get("Select") != "COUNT":
            answer["Items"] = [dict(item) for item in items]
        if last is not None:
            wanted = {*table.key_names, *((index.hash_key, index.range_key) if index else ())}
            answer["LastEvaluatedKey"] = {name: last[name] for name in wanted if name is not None}
        return answer

    def _index(self, table: Table, params: Params) -> Index | None:
        name = params.get("IndexName")
        if name is None:
            return None
        if name not in table.indexes:
            _invalid(f"The table does not have the specified index: {name}")
        if params.get("ConsistentRead"):
            _invalid("Consistent reads are not supported on global secondary indexes")
        return table.indexes[name]

    def _matching(
        self,
        table: Table,
        index: Index | None,
        compiled: CompiledCondition,
        supplied: Mapping[str, av.Value],
        params: Params,
    ) -> Iterator[Item]:
        rows = self._partition(table, index, compiled, supplied)
        if not params.get("ScanIndexForward", True):
            rows = rows[::-1]
        start = params.get("ExclusiveStartKey")
        if start is not None:
            after = table.key_of(start, "Key")
            position = next((place for place, (key, _) in enumerate(rows) if key == after), None)
            if position is None:
                raise UnsupportedError("ExclusiveStartKey that is not an item of the partition")
            rows = rows[position + 1 :]
        return (item for _, item in rows if compiled.run(item, supplied))

    def _partition(
        self,
        table: Table,
        index: Index | None,
        compiled: CompiledCondition,
        supplied: Mapping[str, av.Value],
    ) -> list[tuple[Key, Item]]:
        if index is None:
            assert compiled.key_parts is not None
            [part] = [part for part in compiled.key_parts if part.name == table.hash_key]
            if part.operands[0] not in supplied:
                raise ExpressionError(
                    "Invalid KeyConditionExpression: An expression attribute value used in expression is not defined; "
                    f"attribute value: {part.operands[0]}"
                )
            wanted = table._part(supplied[part.operands[0]], table.hash_key, "Key", MAX_HASH_KEY_BYTES)
            if table.range_key is None:
                item = table.items.get((wanted,))
                return [] if item is None else [((wanted,), item)]
            return [(key, table.items[key]) for _, key in table.order.get(wanted, ())]
        rows = [
            (key, item)
            for key, item in table.items.items()
            if index.hash_key in item and (index.range_key is None or index.range_key in item)
        ]
        if index.range_key is not None:
            range_key = index.range_key
            rows.sort(key=lambda row: (av.order_key(row[1][range_key]), row[0]))
        if index.projected is not None:
            kept = index.projected | set(table.key_names) | {index.hash_key} | ({index.range_key} - {None})
            rows = [(key, {name: value for name, value in item.items() if name in kept}) for key, item in rows]
        return rows


_OPERATIONS: Mapping[str, Callable[[DynamoDB, Params], dict[str, Any]]] = {
    "PutItem": DynamoDB._put_item,
    "UpdateItem": DynamoDB._update_item,
    "DeleteItem": DynamoDB._delete_item,
    "GetItem": DynamoDB._get_item,
    "Query": DynamoDB._query,
    "BatchGetItem": DynamoDB._batch_get_item,
    "TransactWriteItems": DynamoDB._transact_write_items,
    "TransactGetItems": DynamoDB._transact_get_items,
}


@dataclass(frozen=True, slots=True)
class _Request:
    """The expressions of a write, compiled together, and what is wrong with them for this table."""

    condition: CompiledCondition | None
    update: expressions.CompiledUpdate | None
    refusal: str


@functools.cache
def _request(
    kind: str,
    condition_text: str | None,
    update_text: str | None,
    names: expressions.Names | None,
    values: tuple[str, ...] | None,
    keys: tuple[str, ...],
) -> _Request:
    """Compile the expressions of a write. Raises ``DynamoError`` when they do not use just what is given to them."""
    condition = None
    if condition_text is not None:
        condition = expressions.condition("ConditionExpression", condition_text, names or ())
    update = None if update_text is None else expressions.update(update_text, names or ())
    used = [part for part in (condition, update) if part is not None]
    _check_use(
        None if names is None else {name for name, _ in names},
        None if values is None else set(values),
        frozenset().union(*(part.names for part in used)),
        frozenset().union(*(part.values for part in used)),
    )
    refusal = ""
    if kind == "ConditionCheck" and condition is None:
        refusal = "The ConditionExpression parameter is required"
    for name in keys:
        if update is not None and name in update.attributes:
            refusal = (
                f"One or more parameter values were invalid: Cannot update attribute {name}. "
                "This attribute is part of the key"
            )
    return _Request(condition, update, refusal)


def cancelled(reasons: Sequence[Mapping[str, Any]]) -> DynamoError:
    """Return the error of a transaction that was cancelled for ``reasons``, one for each of its actions."""
    codes = ", ".join(str(reason["Code"]) for reason in reasons)
    return DynamoError(
        "TransactionCanceledException",
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=[dict(reason) for reason in reasons],
    )


def _reason(write: _Write) -> dict[str, Any]:
    if write.invalid:
        return {"Code": "ValidationError", "Message": write.invalid}
    if not write.refused:
        return {"Code": "None"}
    reason: dict[str, Any] = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    if write.wants_old and write.old:
        reason["Item"] = dict(write.old)
    return reason


def _known(operation: str, params: Params) -> None:
    known = _PARAMETERS[operation]
    if not known.issuperset(params):
        raise UnsupportedError(f"{operation} with {', '.join(sorted(set(params) - known))}")


def _names(params: Params) -> expressions.Names:
    names = params.get("ExpressionAttributeNames")
    return tuple(names.items()) if names else ()


def _given(params: Params, parameter: str) -> AbstractSet[str] | None:
    given = params.get(parameter)
    return None if given is None else given.keys()


def _stored(value: av.Value) -> av.Value:
    return value if "S" in value and len(value) == 1 else av.canonical(value)


def _supplied(params: Params) -> dict[str, av.Value]:
    supplied = params.get("ExpressionAttributeValues")
    if supplied is None:
        return {}
    return {
        name: value if "S" in value and len(value) == 1 else av.canonical(value) for name, value in supplied.items()
    }


def _condition(params: Params, parameter: str, names: expressions.Names) -> CompiledCondition | None:
    text = params.get(parameter)
    return None if text is None else expressions.condition(parameter, text, names)


def _wants_old(params: Params) -> bool:
    wanted = params.get("ReturnValuesOnConditionCheckFailure", "NONE")
    if wanted not in ("NONE", "ALL_OLD"):
        _invalid("ReturnValuesOnConditionCheckFailure set to invalid value")
    return bool(wanted == "ALL_OLD")


def _check_use(
    names: AbstractSet[str] | None,
    supplied: AbstractSet[str] | None,
    used_names: frozenset[str],
    used_values: frozenset[str],
) -> None:
    missing = used_values.difference(supplied or ())
    if missing:
        _invalid(
            "Invalid expression: An expression attribute value used in expression is not defined; "
            f"attribute value: {min(missing)}"
        )
    if names is not None and len(names) != len(used_names):
        if not names:
            _invalid("ExpressionAttributeNames must not be empty")
        unused = ", ".join(sorted(names - used_names))
        _invalid(f"Value provided in ExpressionAttributeNames unused in expressions: keys: {{{unused}}}")
    if supplied is not None and used_values != supplied:
        if not supplied:
            _invalid("ExpressionAttributeValues must not be empty")
        if unused := ", ".join(sorted(supplied - used_values)):
            _invalid(f"Value provided in ExpressionAttributeValues unused in expressions: keys: {{{unused}}}")


def _touched(params: Params, source: Item) -> Item:
    update = expressions.update(params["UpdateExpression"], _names(params)) if "UpdateExpression" in params else None
    result: Item = {}
    for path in update.paths if update else ():
        if len(path) > 1:
            raise UnsupportedError("ReturnValues=UPDATED_* with a nested path")
        name = str(path[0])
        if name in source:
            result[name] = source[name]
    return result


def _projected(params: Params, item: Item | None) -> Item | None:
    text = params.get("ProjectionExpression")
    if text is None:
        if "ExpressionAttributeNames" in params:
            _invalid("ExpressionAttributeNames can only be specified when using expressions")
        return None if item is None else dict(item)
    projection = expressions.projection(text, _names(params))
    _check_use(_given(params, "ExpressionAttributeNames"), None, projection.names, frozenset())
    return None if item is None else projection.run(item)


def _check_key_condition(compiled: CompiledCondition, hash_key: str, range_key: str | None) -> None:
    parts = compiled.key_parts
    if parts is None:
        _invalid("Invalid operator used in KeyConditionExpression")
    by_name = {part.name: part for part in parts}
    if len(by_name) != len(parts):
        _invalid("KeyConditionExpressions must only contain one condition per key")
    if hash_key not in by_name:
        _invalid(f"Query condition missed key schema element: {hash_key}")
    if by_name[hash_key].test != "=":
        _invalid("Query key condition not supported")
    others = set(by_name) - {hash_key}
    if others and others != {range_key}:
        _invalid(f"Query condition missed key schema element: {range_key or hash_key}")
