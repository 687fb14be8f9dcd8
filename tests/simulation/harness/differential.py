"""Holds the in-memory DynamoDB against another one: random operations, the same answers.

Operations are drawn over two small tables with few keys and few values, so that conditions hold and fail about as
often, and with mistakes among them. What is compared: the answer, or the error's code and members; at the end of every
round the items themselves. Where the other side differs from DynamoDB's documentation, ``EXPLAINED`` says how.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import values as av
from .dynamodb import WRITES, DynamoDB, DynamoError, Index, Table
from .values import Item, Value

PLAIN, SORTED = "plain", "sorted"
ITEMS = "(items)"

Operation = tuple[str, dict[str, Any]]


class Reference(Protocol):
    """The other DynamoDB."""

    def reset(self) -> None:
        """Start again with the two tables of ``tables``, empty."""
        ...

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Run one operation. Raises ``DynamoError`` for an error answer."""
        ...

    def items(self, table: str) -> list[Item]:
        """Return all items of a table."""
        ...


def tables() -> list[Table]:
    """Return the two tables: one like a service's, and one with a sort key and an index."""
    return [
        Table(PLAIN, "pk", key_types={"pk": "S"}),
        Table(
            SORTED,
            "pk",
            "sk",
            key_types={"pk": "S", "sk": "N", "label": "S"},
            indexes={"by_label": Index("label", "sk")},
        ),
    ]


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference that is the other side's: ``applies(operation, params, ours, theirs)``."""

    reference: str
    reason: str
    applies: Callable[[str, Mapping[str, Any], Any, Any], bool]
    sees_items: bool = False
    """Whether ``params`` have under ``ITEMS`` what the operation found in the tables."""


@dataclass(slots=True)
class Difference:
    """One operation with two different answers."""

    operation: str
    params: Mapping[str, Any]
    ours: Any
    theirs: Any

    def __str__(self) -> str:
        return f"{self.operation} {self.params}\n  ours:   {self.ours}\n  theirs: {self.theirs}"


@dataclass(slots=True)
class Comparison:
    """What ``compare`` found; ``outcomes`` counts answers by operation and kind: ``ok``, or an error's code."""

    operations: int = 0
    outcomes: dict[tuple[str, str], int] = field(default_factory=dict)
    explained: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


class Generator:
    """Draws operations."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self._kinds: list[tuple[Callable[[], Operation], int]] = [
            (self.update, 40),
            (self.put, 14),
            (self.delete, 6),
            (self.get, 8),
            (self.query, 10),
            (self.batch_get, 3),
            (self.transact_write, 16),
            (self.transact_get, 3),
        ]
        self._weights = [weight for _, weight in self._kinds]

    def operation(self) -> Operation:
        """Draw one operation of any kind."""
        [(make, _)] = self.draw.choices(self._kinds, self._weights)
        return make()

    # --- parts ------------------------------------------------------------------------------------------------------

    def table(self) -> str:
        return self.draw.choice((PLAIN, PLAIN, SORTED))

    def key(self, table: str) -> Item:
        key: Item = {"pk": {"S": self.draw.choice(("a", "b", "c"))}}
        if table == SORTED:
            key["sk"] = {"N": str(self.draw.randrange(4))}
        if self.draw.random() < 0.01:
            broken: Item = self.draw.choice(({}, {"pk": {"S": ""}}, {**key, "extra": {"S": "x"}}, {"pk": {"N": "1"}}))
            return broken
        return key

    def number(self) -> Value:
        if self.draw.random() < 0.01:
            return {"N": "1E2"}
        return {"N": self.draw.choice(("0", "1", "2", "-1", "10", "1.5", "0.10", "99999999999999999999"))}

    def text(self) -> Value:
        return {"S": self.draw.choice(("", "x", "y", "xy", "z", "\u00e4"))}

    def scalar(self) -> Value:
        choice = self.draw.random()
        if choice < 0.4:
            return self.number()
        if choice < 0.85:
            return self.text()
        return {"BOOL": self.draw.random() < 0.5} if choice < 0.95 else {"NULL": True}

    def value(self) -> Value:
        choice = self.draw.random()
        if choice < 0.7:
            return self.scalar()
        if choice < 0.78:
            return {"SS": self.draw.sample(["p", "q", "r", "s"], self.draw.randrange(1, 4))}
        if choice < 0.85:
            return {"NS": self.draw.sample(["1", "2", "3.5"], self.draw.randrange(1, 3))}
        if choice < 0.93:
            return {"L": [self.scalar() for _ in range(self.draw.randrange(3))]}
        return {"M": {name: self.scalar() for name in self.draw.sample(["m", "n"], self.draw.randrange(3))}}

    def attributes(self) -> list[str]:
        return ["u", "v", "w", "label", "tags", "list", "map"]

    def item(self, table: str) -> Item:
        item = self.key(table)
        for name in self.draw.sample(self.attributes(), self.draw.randrange(5)):
            item[name] = self.typed(name)
        return item

    def typed(self, name: str) -> Value:
        """A value for an attribute; mostly of the type that the attribute usually has."""
        if self.draw.random() < 0.06 and name != "label":
            return self.value()
        if name in ("u", "v"):
            return self.number()
        if name == "tags":
            return {"SS": self.draw.sample(["p", "q", "r", "s"], self.draw.randrange(1, 4))}
        if name == "list":
            return {"L": [self.scalar() for _ in range(self.draw.randrange(4))]}
        if name == "map":
            return {"M": {key: self.number() for key in self.draw.sample(["m", "n"], self.draw.randrange(3))}}
        return {"S": self.draw.choice(("x", "y", "xy", "z", "\u00e4"))}

    def condition(self, bound: _Bound, depth: int = 0) -> str:  # noqa: C901, PLR0911 - a case a line
        draw = self.draw
        choice = draw.random()
        if depth < 2 and choice < 0.22:
            return f"{self.condition(bound, depth + 1)} {draw.choice(('AND', 'OR'))} {self.condition(bound, depth + 1)}"
        if depth < 2 and choice < 0.28:
            return f"NOT {self.condition(bound, depth + 2)}"
        if depth < 2 and choice < 0.34:
            return f"({self.condition(bound, depth + 1)})"
        if choice < 0.50:
            function = draw.choice(("attribute_exists", "attribute_not_exists"))
            return f"{function}({bound.name(draw.choice(('pk', 'pk', *self.attributes())))})"
        attribute = draw.choice(("u", "v", "w", "label"))
        if choice < 0.80:
            sign = draw.choice(("=", "=", "<>", "<", "<=", ">", ">="))
            return f"{bound.name(attribute)} {sign} {bound.value(self.typed(attribute))}"
        if choice < 0.84:
            low, high = sorted(draw.sample(range(-1, 6), 2))
            return f"{bound.name('u')} BETWEEN {bound.value({'N': str(low)})} AND {bound.value({'N': str(high)})}"
        if choice < 0.88:
            options = ", ".join(bound.value(self.typed(attribute)) for _ in range(draw.randrange(1, 4)))
            return f"{bound.name(attribute)} IN ({options})"
        if choice < 0.91:
            return f"begins_with({bound.name(draw.choice(('w', 'label')))}, {bound.value({'S': 'x'})})"
        if choice < 0.94:
            return (
                f"contains({bound.name(draw.choice(('tags', 'w', 'list')))}, {bound.value({'S': draw.choice('px')})})"
            )
        if choice < 0.97:
            size = bound.value({"N": str(draw.randrange(3))})
            return f"size({bound.name(draw.choice(('w', 'tags', 'list', 'map')))}) >= {size}"
        kind = bound.value({"S": draw.choice(("S", "N", "SS", "L"))})
        return f"attribute_type({bound.name(draw.choice(self.attributes()))}, {kind})"

    def update_expression(self, bound: _Bound) -> str:
        draw = self.draw
        names = draw.sample(self.attributes(), draw.randrange(1, 4))
        sets: list[str] = []
        removes: list[str] = []
        adds: list[str] = []
        deletes: list[str] = []
        for name in names:
            choice = draw.random()
            if name in ("u", "v") and choice < 0.45:
                sign = draw.choice("+-")
                base = (
                    bound.name(name)
                    if choice < 0.25
                    else f"if_not_exists({bound.name(name)}, {bound.value(self.number())})"
                )
                sets.append(f"{bound.name(name)} = {base} {sign} {bound.value(self.number())}")
            elif name in ("u", "v") and choice < 0.6:
                adds.append(f"{bound.name(name)} {bound.value(self.number())}")
            elif name == "tags" and choice < 0.6:
                target = adds if choice < 0.3 else deletes
                target.append(f"{bound.name(name)} {bound.value({'SS': draw.sample(['p', 'q', 'r'], 2)})}")
            elif name == "list" and choice < 0.3:
                left = f"if_not_exists({bound.name(name)}, {bound.value({'L': []})})"
                sets.append(f"{bound.name(name)} = list_append({left}, {bound.value({'L': [self.scalar()]})})")
            elif name == "list" and choice < 0.4:
                sets.append(f"{bound.name(name)}[0] = {bound.value(self.scalar())}")
            elif name == "map" and choice < 0.4:
                sets.append(f"{bound.name(name)}.{bound.name('m')} = {bound.value(self.number())}")
            elif choice < 0.8:
                sets.append(f"{bound.name(name)} = {bound.value(self.typed(name))}")
            else:
                removes.append(bound.name(name))
        clauses = [("SET", sets), ("REMOVE", removes), ("ADD", adds), ("DELETE", deletes)]
        if draw.random() < 0.01:
            clauses.append(("SET", [f"{bound.name('pk')} = {bound.value({'S': 'q'})}"]))
        return " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses if parts)

    def maybe_conditional(self, params: dict[str, Any], bound: _Bound, chance: float = 0.7) -> None:
        if self.draw.random() < chance:
            params["ConditionExpression"] = self.condition(bound)
            if self.draw.random() < 0.7:
                params["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"

    # --- operations -------------------------------------------------------------------------------------------------

    def put_part(self) -> dict[str, Any]:
        table, bound = self.table(), _Bound(self.draw)
        params: dict[str, Any] = {"TableName": table, "Item": self.item(table)}
        self.maybe_conditional(params, bound)
        return bound.into(params)

    def delete_part(self) -> dict[str, Any]:
        table, bound = self.table(), _Bound(self.draw)
        params: dict[str, Any] = {"TableName": table, "Key": self.key(table)}
        self.maybe_conditional(params, bound)
        return bound.into(params)

    def update_part(self) -> dict[str, Any]:
        table, bound = self.table(), _Bound(self.draw)
        params: dict[str, Any] = {"TableName": table, "Key": self.key(table)}
        params["UpdateExpression"] = self.update_expression(bound)
        self.maybe_conditional(params, bound)
        return bound.into(params)

    def check_part(self) -> dict[str, Any]:
        table, bound = self.table(), _Bound(self.draw)
        params: dict[str, Any] = {"TableName": table, "Key": self.key(table)}
        self.maybe_conditional(params, bound, 1.0)
        return bound.into(params)

    def put(self) -> Operation:
        params = self.put_part()
        if self.draw.random() < 0.3:
            params["ReturnValues"] = self.draw.choice(("ALL_OLD", "NONE"))
        return "PutItem", params

    def delete(self) -> Operation:
        params = self.delete_part()
        if self.draw.random() < 0.5:
            params["ReturnValues"] = "ALL_OLD"
        return "DeleteItem", params

    def update(self) -> Operation:
        params = self.update_part()
        nested = "." in params["UpdateExpression"] or "[" in params["UpdateExpression"]
        choices = ["ALL_OLD", "ALL_NEW", "NONE"] + ([] if nested else ["UPDATED_NEW", "UPDATED_OLD"])
        params["ReturnValues"] = self.draw.choice(choices)
        return "UpdateItem", params

    def get(self) -> Operation:
        table, bound = self.table(), _Bound(self.draw)
        params: dict[str, Any] = {"TableName": table, "Key": self.key(table), "ConsistentRead": True}
        if self.draw.random() < 0.3:
            names = self.draw.sample(["pk", *self.attributes()], 2)
            params["ProjectionExpression"] = ", ".join(bound.name(name) for name in names)
        return "GetItem", bound.into(params)

    def query(self) -> Operation:
        draw, bound = self.draw, _Bound(self.draw)
        params: dict[str, Any] = {"TableName": SORTED}
        if draw.random() < 0.25:
            params["IndexName"] = "by_label"
            text = f"{bound.name('label')} = {bound.value({'S': draw.choice('xyz')})}"
        else:
            params["ConsistentRead"] = True
            text = f"{bound.name('pk')} = {bound.value({'S': draw.choice('abc')})}"
        choice = draw.random()
        low, high = sorted(draw.sample(range(5), 2))
        if choice < 0.2:
            text += (
                f" AND {bound.name('sk')} BETWEEN {bound.value({'N': str(low)})} AND {bound.value({'N': str(high)})}"
            )
        elif choice < 0.5:
            text += f" AND {bound.name('sk')} {draw.choice(('=', '<', '<=', '>', '>='))} {bound.value({'N': str(low)})}"
        params["KeyConditionExpression"] = text
        # Items of equal sort keys in an index come in no defined order; a limit would make that show.
        if draw.random() < 0.4 and "IndexName" not in params:
            params["Limit"] = draw.randrange(1, 4)
        if draw.random() < 0.3:
            params["ScanIndexForward"] = False
        if draw.random() < 0.2:
            params["FilterExpression"] = f"attribute_exists({bound.name('u')})"
        return "Query", bound.into(params)

    def batch_get(self) -> Operation:
        keys = [{"pk": {"S": name}} for name in self.draw.sample("abc", 2)]
        request: dict[str, Any] = {PLAIN: {"Keys": keys, "ConsistentRead": True}}
        if self.draw.random() < 0.05:
            request[PLAIN]["Keys"].append(keys[0])
        return "BatchGetItem", {"RequestItems": request}

    def transact_write(self) -> Operation:
        parts: list[tuple[str, Callable[[], dict[str, Any]]]] = [
            ("Update", self.update_part),
            ("Update", self.update_part),
            ("Put", self.put_part),
            ("Delete", self.delete_part),
            ("ConditionCheck", self.check_part),
        ]
        entries = []
        for _ in range(self.draw.randrange(1, 4)):
            kind, make = self.draw.choice(parts)
            entries.append({kind: make()})
        return "TransactWriteItems", {"TransactItems": entries}

    def transact_get(self) -> Operation:
        entries = []
        for _ in range(self.draw.randrange(1, 4)):
            table = self.table()
            entries.append({"Get": {"TableName": table, "Key": self.key(table)}})
        return "TransactGetItems", {"TransactItems": entries}


class _Bound:
    """Names and values of one request's expressions."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self.names: dict[str, str] = {}
        self.values: dict[str, Value] = {}

    def name(self, attribute: str) -> str:
        if attribute not in ("list", "map") and self._draw.random() < 0.5:
            return attribute
        self.names[f"#{attribute}"] = attribute
        return f"#{attribute}"

    def value(self, value: Value) -> str:
        name = f":v{len(self.values)}"
        self.values[name] = value
        return name

    def into(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.names:
            params["ExpressionAttributeNames"] = self.names
        if self.values:
            params["ExpressionAttributeValues"] = self.values
        return params


def operations(seed: int, count: int) -> Iterator[Operation]:
    """Yield ``count`` operations that ``seed`` decides."""
    generator = Generator(random.Random(seed))
    for _ in range(count):
        yield generator.operation()


def compare(reference: Reference, name: str, seed: int, count: int, *, round_length: int = 100) -> Comparison:
    """Run ``count`` random operations on both sides, on fresh tables every ``round_length`` operations."""
    result = Comparison()
    number = 0
    while result.operations < count:
        number += 1
        reference.reset()
        ours = DynamoDB(lambda: 0.0)
        for table in tables():
            ours.add(table)
        generator = Generator(random.Random(f"{seed}/{number}"))
        for _ in range(min(round_length, count - result.operations)):
            operation, params = generator.operation()
            found = {name: dict(table.items) for name, table in ours.tables.items()}
            one = _outcome(ours.call, operation, params)
            other = _outcome(reference.call, operation, params)
            result.operations += 1
            kind = one[1] if one[0] == "error" else "ok"
            result.outcomes[operation, kind] = result.outcomes.get((operation, kind), 0) + 1
            if one == other:
                refused = operation in WRITES and one[0] == "error" and one[1] == "ValidationException"
                if refused and _differing(ours, reference):
                    reason = HALF_DONE.get(name)
                    if reason is None:
                        _compare_tables(ours, reference, result)
                    else:
                        result.explained[reason] = result.explained.get(reason, 0) + 1
                    break
                continue
            explained = next(
                (
                    entry
                    for entry in EXPLAINED
                    if entry.reference == name
                    and entry.applies(operation, {**params, ITEMS: found} if entry.sees_items else params, one, other)
                ),
                None,
            )
            if explained is None:
                result.differences.append(Difference(operation, params, one, other))
            else:
                result.explained[explained.reason] = result.explained.get(explained.reason, 0) + 1
            if operation in WRITES:
                break  # the tables may differ from here on
        else:
            _compare_tables(ours, reference, result)
    return result


def _compare_tables(ours: DynamoDB, reference: Reference, result: Comparison) -> None:
    for name, one, other in _differing(ours, reference):
        result.differences.append(Difference("items", {"TableName": name}, ("items", one), ("items", other)))


def _differing(ours: DynamoDB, reference: Reference) -> list[tuple[str, list[Any], list[Any]]]:
    differing = []
    for name, table in ours.tables.items():
        one = sorted((_comparable(item) for item in table.items.values()), key=repr)
        other = sorted((_comparable(item) for item in reference.items(name)), key=repr)
        if one != other:
            differing.append((name, one, other))
    return differing


def _outcome(
    call: Callable[[str, Mapping[str, Any]], dict[str, Any]], operation: str, params: Mapping[str, Any]
) -> tuple[Any, ...]:
    try:
        answer = call(operation, params)
    except DynamoError as error:
        reasons = error.members.get("CancellationReasons")
        return (
            "error",
            error.code,
            _comparable(error.members.get("Item", {})),
            None if reasons is None else [(r.get("Code"), _comparable(r.get("Item", {}))) for r in reasons],
        )
    # An empty Attributes and none are the same to whoever reads it.
    return (
        "ok",
        {name: _comparable_answer(name, part) for name, part in answer.items() if name in _COMPARED and part != {}},
    )


_COMPARED = {"Attributes", "Item", "Items", "Count", "Responses", "LastEvaluatedKey"}


def _comparable_answer(name: str, part: Any) -> Any:
    if name in ("Attributes", "Item", "LastEvaluatedKey"):
        return _comparable(part)
    if name == "Items":
        return [_comparable(item) for item in part]
    if name == "Responses" and isinstance(part, dict):
        return {table: sorted((_comparable(item) for item in items), key=repr) for table, items in part.items()}
    if name == "Responses":
        return [_comparable(entry.get("Item", {})) for entry in part]
    return part


def _comparable(item: Item) -> Any:
    return {name: _comparable_value(value) for name, value in sorted(item.items())}


def _comparable_value(value: Value) -> Any:
    [(kind, content)] = value.items()
    if kind in ("SS", "NS", "BS"):
        return (kind, sorted(content))
    if kind == "M":
        return (kind, _comparable(content))
    if kind == "L":
        return (kind, [_comparable_value(inner) for inner in content])
    if kind == "N":
        return (kind, av.canonical_number(content))
    return (kind, content)


def _crashes_on(text: str) -> Callable[[str, Mapping[str, Any], Any, Any], bool]:
    """The reference fell over (or cancelled a transaction with a made-up code) where the request holds ``text``.

    It may be what an item had held before, as the reference keeps it, that it fell over: then it says so.
    """

    def applies(_operation: str, params: Mapping[str, Any], _ours: Any, theirs: Any) -> bool:
        told = theirs[0] == "error" and str(theirs[1]).startswith("crash:") and text in str(theirs[1])
        return told or (text in repr(params) and theirs[0] == "error" and "Error" in repr(theirs))

    return applies


def _changed_only(_operation: str, params: Mapping[str, Any], ours: Any, theirs: Any) -> bool:
    """Theirs has the key more, or lacks what was touched but kept its value."""
    if ours[0] != "ok" or theirs[0] != "ok" or not str(params.get("ReturnValues", "")).startswith("UPDATED"):
        return False
    own, other = ours[1].get("Attributes", {}), theirs[1].get("Attributes", {})
    return all(_is_part(value, own.get(name)) for name, value in other.items() if name not in ("pk", "sk"))


def _is_part(value: Any, whole: Any) -> bool:
    """Whether a value is another one, or a map without some of the other's members."""
    if value == whole or whole is None or value[0] != "M" or whole[0] != "M":
        return bool(value == whole)
    return all(_is_part(inner, whole[1].get(name)) for name, inner in value[1].items())


def _accepts_bad_key(operation: str, params: Mapping[str, Any], ours: Any, _theirs: Any) -> bool:
    text = repr(params)
    bad = "{'S': ''}" in text or "'extra'" in text or "'pk': {'N'" in text or "'Key': {}" in text
    return bad and bool(ours[1] == "ValidationException")


def _page_ends_at_end(operation: str, _params: Mapping[str, Any], ours: Any, theirs: Any) -> bool:
    if operation != "Query" or ours[0] != "ok" or theirs[0] != "ok":
        return False
    return bool({**theirs[1], "LastEvaluatedKey": None} == {**ours[1], "LastEvaluatedKey": None})


def _unordered(_operation: str, params: Mapping[str, Any], ours: Any, theirs: Any) -> bool:
    text = repr(params)
    has_such = any(f"{{'{kind}':" in text for kind in ("L", "M", "BOOL", "NULL", "SS", "NS"))
    return "TypeError" in repr(theirs) or (has_such and bool(ours[1] == "ValidationException"))


def _counts_truth(_operation: str, params: Mapping[str, Any], ours: Any, theirs: Any) -> bool:
    """A condition that compares with a number held on one side alone, on an item that has a truth value."""
    condition = str(params.get("ConditionExpression", ""))
    items = params[ITEMS].get(params.get("TableName"), {}).values()
    refused = "ConditionalCheckFailedException"
    return (
        any(sign in condition for sign in ("<", ">", "=", "BETWEEN", " IN "))
        and any("N" in value for value in params.get("ExpressionAttributeValues", {}).values())
        and any("BOOL" in value for item in items for value in item.values())
        and ((ours[1] == refused and theirs[0] == "ok") or (ours[0] == "ok" and theirs[1] == refused))
    )


def _refused_whole(_operation: str, _params: Mapping[str, Any], ours: Any, theirs: Any) -> bool:
    return bool(theirs[1] == "ValidationException" and ours[0] == "error" and "ValidationError" in repr(ours[3]))


def _reads_twice(operation: str, params: Mapping[str, Any], ours: Any, _theirs: Any) -> bool:
    if operation != "TransactGetItems" or ours[1] != "ValidationException":
        return False
    places = [repr((entry["Get"]["TableName"], entry["Get"]["Key"])) for entry in params["TransactItems"]]
    return len(set(places)) < len(places)


def _sets_twice(operation: str, params: Mapping[str, Any], ours: Any, _theirs: Any) -> bool:
    return bool(operation == "TransactWriteItems" and ours[1] == "ValidationException" and " SET " in repr(params))


def _counts_text(_operation: str, params: Mapping[str, Any], ours: Any, _theirs: Any) -> bool:
    text = repr(params)
    return (" + :" in text or " - :" in text) and "Validation" in repr(ours)


def _begins_with_other(_operation: str, params: Mapping[str, Any], _ours: Any, theirs: Any) -> bool:
    return "begins_with(" in repr(params) and "Validation" in repr(theirs)


def _nested_in_other(_operation: str, params: Mapping[str, Any], ours: Any, theirs: Any) -> bool:
    text = repr(params)
    refused = "ValidationException" in (ours[1], theirs[1])
    return ("#map." in text or "[0]" in text) and (
        refused or (ours[0] == "error" and "ValidationError" in repr(ours[3]))
    )


def _null_among(_operation: str, params: Mapping[str, Any], _ours: Any, _theirs: Any) -> bool:
    text = repr(params)
    return (" IN (" in text or " = " in text or "<>" in text) and "NULL" in text


def _validated_late(_operation: str, _params: Mapping[str, Any], ours: Any, theirs: Any) -> bool:
    return bool(
        ours[1] == "ValidationException"
        and theirs[1] in ("ConditionalCheckFailedException", "TransactionCanceledException")
    )


EXPLAINED: list[Explained] = [
    Explained(
        "moto", "size() of an absent attribute raises ValueError; DynamoDB's condition is false", _crashes_on("size(")
    ),
    Explained("moto", "arithmetic on a number in exponent notation raises ValueError", _crashes_on("1E2")),
    Explained(
        "moto",
        "ReturnValues UPDATED_* answers with the key, and without what kept its value; DynamoDB's answer is "
        "what was touched",
        _changed_only,
    ),
    Explained(
        "moto", "an empty or too long key is accepted in UpdateItem and in reads of a transaction", _accepts_bad_key
    ),
    Explained("moto", "no LastEvaluatedKey when Limit falls on the last item; DynamoDB gives one", _page_ends_at_end),
    Explained("moto", "an absent attribute counts as equal to NULL", _null_among),
    Explained("moto", "comparing the order of types that have none raises TypeError or is false", _unordered),
    Explained("moto", "a truth value counts as the number 1 or 0 in conditions", _counts_truth, sees_items=True),
    Explained(
        "moto", "an update that does not fit its item refuses a transaction, DynamoDB cancels it", _refused_whole
    ),
    Explained("moto", "one item may be read twice in a transaction", _reads_twice),
    Explained("moto", "a nested path through what is no map, or no list, is ignored or cancels", _nested_in_other),
    Explained("moto", "the condition is evaluated before the update expression is validated", _validated_late),
]
"""The one list of differences that are the other side's, each with the reason."""
EXPLAINED += [
    Explained("emulator", "a wrong key is accepted in transactions", _accepts_bad_key),
    Explained("emulator", "a nested path through what is no map, or no list, is ignored", _nested_in_other),
    Explained("emulator", "the condition is evaluated before the update expression is validated", _validated_late),
    Explained(
        "emulator", "a second SET section, or a key among what is set, is accepted in a transaction", _sets_twice
    ),
    Explained("emulator", "arithmetic on what is no number is accepted", _counts_text),
    Explained(
        "emulator", "begins_with of an attribute that is no text is refused; DynamoDB's is false", _begins_with_other
    ),
    Explained("emulator", "comparing the order of types that have none is false, not refused", _unordered),
]

HALF_DONE = {"moto": "an UpdateItem whose ADD is refused keeps what its SET changed; DynamoDB changes nothing"}
"""By reference: why its items differ after a write that both sides refused as invalid."""


class BotoReference:
    """A DynamoDB behind a boto3 client, such as moto or the emulator."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def reset(self) -> None:
        for name in self._client.list_tables()["TableNames"]:
            self._client.delete_table(TableName=name)
        for table in tables():
            self._client.create_table(**_creation(table))

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import ClientError

        try:
            answer: dict[str, Any] = self._client._make_api_call(operation, dict(params))
        except ClientError as error:
            response: Any = error.response
            members = {name: response[name] for name in ("Item", "CancellationReasons") if name in response}
            raise DynamoError(response["Error"]["Code"], response["Error"]["Message"], **members) from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # The reference itself fell over; a difference like any other, to be explained or not.
            raise DynamoError(f"crash:{type(error).__name__}: {error}", str(error)) from None
        return answer

    def items(self, table: str) -> list[Item]:
        found: list[Item] = self._client.scan(TableName=table, ConsistentRead=True)["Items"]
        return found


def _creation(table: Table) -> dict[str, Any]:
    def schema(hash_key: str, range_key: str | None) -> list[dict[str, str]]:
        keys = [{"AttributeName": hash_key, "KeyType": "HASH"}]
        return keys + ([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else [])

    document: dict[str, Any] = {
        "TableName": table.name,
        "KeySchema": schema(table.hash_key, table.range_key),
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in table.key_types.items()
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if table.indexes:
        document["GlobalSecondaryIndexes"] = [
            {
                "IndexName": name,
                "KeySchema": schema(index.hash_key, index.range_key),
                "Projection": {"ProjectionType": "ALL"},
            }
            for name, index in table.indexes.items()
        ]
    return document
