"""DynamoDB's expressions: conditions, updates, projections and key conditions, parsed once and run as closures.

The names (``#name``) are resolved when an expression is compiled, the values (``:value``) when it runs, so the cache
holds one entry for each expression that the code under test ever writes.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, NoReturn

from . import values as av
from .values import Item, Value

Values = Mapping[str, Value]
Path = tuple[str | int, ...]
Operand = Callable[[Item, Values], Value | None]
Condition = Callable[[Item, Values], bool]
Names = tuple[tuple[str, str], ...]

_TOKEN = re.compile(
    r"\s*(?:(?P<word>#?[A-Za-z0-9_\-]*[A-Za-z0-9_])|(?P<value>:[A-Za-z0-9_]+)|(?P<index>\[\d+\])|(?P<sign><>|<=|>=|[=<>(),.+\-]))"
)
_SPACE = re.compile(r"\s*")


class ExpressionError(Exception):
    """What DynamoDB answers with a ValidationException; the text follows its own."""


class OperandError(ExpressionError):
    """An update that does not fit the item it meets; inside a transaction it is a reason to cancel that."""


class RedundantParenthesesError(ExpressionError):
    """Two pairs of parentheses around the same thing, which DynamoDB refuses."""


@functools.cache
def reserved_words() -> frozenset[str]:
    """Return the words that an expression may not use as the name of an attribute, in upper case."""
    text = resources.files("moto.dynamodb.parsing").joinpath("reserved_keywords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip().upper() for line in text.splitlines() if line.strip())


@dataclass(slots=True)
class _Reader:
    """The tokens of one expression, and which names and values it used."""

    kind: str
    text: str
    names: Mapping[str, str]
    tokens: list[tuple[str, str]] = field(default_factory=list)
    position: int = 0
    used_names: set[str] = field(default_factory=set)
    used_values: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        at = 0
        end = len(self.text.rstrip())
        if not end:
            raise ExpressionError(f"Invalid {self.kind}: The expression can not be empty;")
        while at < end:
            match = _TOKEN.match(self.text, at)
            if match is None or match.lastgroup is None:
                start = _SPACE.match(self.text, at)
                token = self.text[start.end() if start else at]
                self.fail(f'Syntax error; token: "{token}", near: "{self.text[at : at + 12].strip()}"')
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()

    def fail(self, message: str) -> NoReturn:
        raise ExpressionError(f"Invalid {self.kind}: {message}")

    def unexpected(self) -> NoReturn:
        token = self.tokens[self.position][1] if self.position < len(self.tokens) else "<EOF>"
        near = " ".join(text for _, text in self.tokens[max(self.position - 1, 0) : self.position + 2])
        self.fail(f'Syntax error; token: "{token}", near: "{near}"')

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.position += 1
        return token

    def at_sign(self, *signs: str) -> bool:
        kind, text = self.peek()
        return kind == "sign" and text in signs

    def accept(self, sign: str) -> bool:
        if self.at_sign(sign):
            self.position += 1
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            self.unexpected()

    def at_word(self, *words: str) -> bool:
        kind, text = self.peek()
        return kind == "word" and text.upper() in words

    def accept_word(self, word: str) -> bool:
        if self.at_word(word):
            self.position += 1
            return True
        return False

    def at_function(self) -> bool:
        following = self.tokens[self.position + 1] if self.position + 1 < len(self.tokens) else ("end", "")
        return self.peek()[0] == "word" and following == ("sign", "(")

    def done(self) -> None:
        if self.position != len(self.tokens):
            self.unexpected()

    def path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while True:
            if self.accept("."):
                parts.append(self._name())
            elif self.peek()[0] == "index":
                parts.append(int(self.take()[1][1:-1]))
            else:
                return tuple(parts)

    def _name(self) -> str:
        kind, text = self.peek()
        if kind != "word":
            self.unexpected()
        self.position += 1
        if text.startswith("#"):
            if text not in self.names:
                self.fail(
                    f"An expression attribute name used in the document path is not defined; attribute name: {text}"
                )
            self.used_names.add(text)
            return self.names[text]
        if "-" in text or text[0].isdigit():
            self.position -= 1
            self.unexpected()
        if text.upper() in reserved_words():
            self.fail(f"Attribute name is a reserved keyword; reserved keyword: {text}")
        return text

    def value(self) -> str:
        _, text = self.take()
        self.used_values.add(text)
        return text


def find(item: Item, path: Path) -> Value | None:
    """Return the value at ``path`` of ``item``, or ``None``."""
    current: Value | None = item.get(path[0])  # type: ignore[arg-type]  # a path begins with a name
    for part in path[1:]:
        if current is None:
            return None
        if isinstance(part, int):
            elements = current.get("L")
            current = elements[part] if elements is not None and part < len(elements) else None
        else:
            members = current.get("M")
            current = members.get(part) if members is not None else None
    return current


def _path_operand(path: Path) -> Operand:
    if len(path) == 1:
        name = str(path[0])
        return lambda item, _values: item.get(name)
    return lambda item, _values: find(item, path)


def _value_operand(name: str, kind: str) -> Operand:
    def read(_item: Item, values: Values) -> Value | None:
        try:
            return values[name]
        except KeyError:
            raise ExpressionError(
                f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                f"attribute value: {name}"
            ) from None

    return read


# --- conditions -----------------------------------------------------------------------------------------------------

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One comparison of a key condition: ``name`` by ``test`` with the values called ``operands``."""

    name: str
    test: str
    operands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompiledCondition:
    """A condition that can be run, with the names and values it needs."""

    run: Condition
    names: frozenset[str]
    values: frozenset[str]
    key_parts: tuple[KeyPart, ...] | None


class _ConditionParser:
    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.key_parts: list[KeyPart] | None = []

    def parse(self) -> Condition:
        condition = self._either()
        self.reader.done()
        return condition

    def _either(self) -> Condition:
        first = self._both()
        alternatives = [first]
        while self.reader.accept_word("OR"):
            self.key_parts = None
            alternatives.append(self._both())
        if len(alternatives) == 1:
            return first
        if len(alternatives) == 2:
            second = alternatives[1]
            # Both sides run: DynamoDB reports undefined values wherever they stand, and so does each operand here.
            return lambda item, values: first(item, values) or second(item, values)
        return lambda item, values: any(run(item, values) for run in alternatives)

    def _both(self) -> Condition:
        first = self._not()
        parts = [first]
        while self.reader.accept_word("AND"):
            parts.append(self._not())
        if len(parts) == 1:
            return first
        if len(parts) == 2:
            second = parts[1]
            return lambda item, values: first(item, values) and second(item, values)
        return lambda item, values: all(run(item, values) for run in parts)

    def _not(self) -> Condition:
        if self.reader.accept_word("NOT"):
            self.key_parts = None
            inner = self._not()
            return lambda item, values: not inner(item, values)
        return self._primary()

    def _primary(self) -> Condition:
        reader = self.reader
        if reader.at_sign("("):
            # A parenthesis opens a condition, or an operand in parentheses.
            self._refuse_redundant()
            mark, parts = reader.position, None if self.key_parts is None else list(self.key_parts)
            reader.position += 1
            try:
                inner = self._either()
                reader.expect(")")
            except RedundantParenthesesError:
                raise
            except ExpressionError:
                reader.position = mark
                self.key_parts = parts
                return self._comparison()
            return inner
        if reader.at_function() and not reader.at_word("SIZE"):
            return self._function()
        return self._comparison()

    def _refuse_redundant(self) -> None:
        tokens, start = self.reader.tokens, self.reader.position
        if tokens[start + 1 : start + 2] != [("sign", "(")]:
            return
        depth = 0
        for place in range(start, len(tokens)):
            depth += {"(": 1, ")": -1}.get(tokens[place][1], 0)
            if depth == 1 and place > start and tokens[place + 1 : place + 2] == [("sign", ")")]:
                raise RedundantParenthesesError(
                    f"Invalid {self.reader.kind}: The expression has redundant parentheses;"
                )
            if depth == 1 and place > start:
                return

    def _function(self) -> Condition:
        reader = self.reader
        name = reader.take()[1]
        reader.expect("(")
        if name in ("attribute_exists", "attribute_not_exists"):
            self.key_parts = None
            path = reader.path()
            reader.expect(")")
            wanted = name == "attribute_exists"
            if len(path) == 1:
                attribute = str(path[0])
                if wanted:
                    return lambda item, _values: attribute in item
                return lambda item, _values: attribute not in item
            return lambda item, _values: (find(item, path) is not None) is wanted
        tests = {"begins_with": _begins_with, "contains": _contains, "attribute_type": _is_of_type}
        if name not in tests:
            reader.fail(f"Invalid function name; function: {name}")
        left, left_path, _ = self._operand()
        reader.expect(",")
        right, _, right_value = self._operand()
        reader.expect(")")
        if name == "begins_with":
            self._key_part(left_path, "begins_with", (right_value,))
        else:
            self.key_parts = None
        test = tests[name]
        return lambda item, values: test(left(item, values), right(item, values))

    def _comparison(self) -> Condition:  # noqa: C901 - a grammar, or a step, in one place
        reader = self.reader
        left, left_path, left_value = self._operand()
        if reader.accept_word("BETWEEN"):
            low, _, low_value = self._operand()
            if not reader.accept_word("AND"):
                reader.unexpected()
            high, _, high_value = self._operand()
            self._key_part(left_path, "between", (low_value, high_value))
            return lambda item, values: _between(left(item, values), low(item, values), high(item, values))
        if reader.accept_word("IN"):
            self.key_parts = None
            reader.expect("(")
            choices = [self._operand()[0]]
            while reader.accept(","):
                choices.append(self._operand()[0])
            reader.expect(")")
            return lambda item, values: _among(left(item, values), [choice(item, values) for choice in choices])
        if not reader.at_sign("=", "<>", "<", "<=", ">", ">="):
            reader.unexpected()
        sign = reader.take()[1]
        right, right_path, right_value = self._operand()
        if left_path and left_path == right_path:
            reader.fail(
                "The first operand must be distinct from the remaining operands for this operator or function; "
                f"operator: {sign}, first operand: [{'.'.join(map(str, left_path))}]"
            )
        if left_value and not right_value and right_path:
            turned = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign)
            self._key_part(right_path, turned, (left_value,))
        else:
            self._key_part(left_path, sign, (right_value,))
        if sign == "=":
            return lambda item, values: av.equal(left(item, values), right(item, values))
        if sign == "<>":
            return lambda item, values: not av.equal(left(item, values), right(item, values))
        test = _ORDERS[sign]
        literals = tuple(name for name in (left_value, right_value) if name)
        kind = reader.kind

        def run(item: Item, values: Values) -> bool:
            for name in literals:
                if name in values and not av.is_ordered(values[name]):
                    raise ExpressionError(
                        f"Invalid {kind}: Incorrect operand type for operator or function; "
                        f"operator: {sign}, operand type: {next(iter(values[name]))}"
                    )
            return _ordered(test, left(item, values), right(item, values))

        return run

    def _key_part(self, path: Path | None, test: str, operands: tuple[str | None, ...]) -> None:
        if self.key_parts is None:
            return
        if path is None or len(path) != 1 or test == "<>" or not all(operands):
            self.key_parts = None
            return
        self.key_parts.append(KeyPart(str(path[0]), test, tuple(name for name in operands if name)))

    def _operand(self) -> tuple[Operand, Path | None, str | None]:
        reader = self.reader
        if reader.accept("("):
            inner = self._operand()
            reader.expect(")")
            return inner
        if reader.peek()[0] == "value":
            name = reader.value()
            return _value_operand(name, reader.kind), None, name
        if reader.at_function():
            if reader.take()[1] != "size":
                reader.position -= 1
                reader.fail(f"Invalid function name; function: {reader.peek()[1]}")
            reader.expect("(")
            path = reader.path()
            reader.expect(")")
            self.key_parts = None
            return functools.partial(_size_of, path), None, None
        path = reader.path()
        return _path_operand(path), path, None


def _size_of(path: Path, item: Item, _values: Values) -> Value | None:
    found = find(item, path)
    length = av.measure(found) if found is not None else None
    return None if length is None else {"N": str(length)}


def _begins_with(value: Value | None, prefix: Value | None) -> bool:
    if value is None or prefix is None:
        return False
    for kind in ("S", "B"):
        if kind in prefix:
            return kind in value and bool(value[kind].startswith(prefix[kind]))
    raise ExpressionError(
        "Invalid ConditionExpression: Incorrect operand type for operator or function; "
        f"operator or function: begins_with, operand type: {next(iter(prefix))}"
    )


def _contains(value: Value | None, member: Value | None) -> bool:
    if value is None or member is None:
        return False
    [(kind, content)] = value.items()
    [(member_kind, member_content)] = member.items()
    if kind in ("S", "B"):
        return kind == member_kind and member_content in content
    if kind in ("SS", "NS", "BS"):
        return kind[0] == member_kind and member_content in content
    return kind == "L" and any(av.equal(element, member) for element in content)


def _is_of_type(value: Value | None, kind: Value | None) -> bool:
    name = None if kind is None else kind.get("S")
    if name not in av.TYPES:
        raise ExpressionError(
            f"Invalid ConditionExpression: Invalid attribute type name found; type: {name}, "
            "valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
        )
    return value is not None and name in value


def _ordered(test: Callable[[Any, Any], bool], left: Value | None, right: Value | None) -> bool:
    if left is None or right is None or left.keys() != right.keys() or not av.is_ordered(left):
        return False
    return test(av.order_key(left), av.order_key(right))


def _between(value: Value | None, low: Value | None, high: Value | None) -> bool:
    return _ordered(operator.ge, value, low) and _ordered(operator.le, value, high)


def _among(value: Value | None, choices: Sequence[Value | None]) -> bool:
    return any(av.equal(value, choice) for choice in choices)


@functools.cache
def condition(kind: str, text: str, names: Names) -> CompiledCondition:
    """Compile a condition; ``kind`` is the request's parameter, for messages. Raises ``ExpressionError``."""
    reader = _Reader(kind, text, dict(names))
    parser = _ConditionParser(reader)
    run = parser.parse()
    return CompiledCondition(
        run,
        frozenset(reader.used_names),
        frozenset(reader.used_values),
        None if parser.key_parts is None else tuple(parser.key_parts),
    )


# --- updates --------------------------------------------------------------------------------------------------------

Assigned = Callable[[Item, Values], Value]


@dataclass(frozen=True, slots=True)
class CompiledUpdate:
    """An update that can be run, the attributes it touches, and the names and values it needs."""

    sets: tuple[tuple[Path, Assigned], ...]
    removes: tuple[Path, ...]
    adds: tuple[tuple[Path, str], ...]
    deletes: tuple[tuple[Path, str], ...]
    names: frozenset[str]
    values: frozenset[str]

    @property
    def attributes(self) -> frozenset[str]:
        """Names of the top-level attributes that the update touches."""
        return frozenset(str(path[0]) for path in self.paths)

    @property
    def paths(self) -> tuple[Path, ...]:
        """All paths that the update touches."""
        return (
            *(path for path, _ in self.sets),
            *self.removes,
            *(path for path, _ in self.adds),
            *(path for path, _ in self.deletes),
        )

    def run(self, item: Item, values: Values) -> Item:
        """Return ``item`` as the update leaves it; ``item`` itself stays as it is."""
        changed = dict(item)
        # Every right-hand side sees the item as it was.
        assigned = [(path, operand(item, values)) for path, operand in self.sets]
        for path, value in assigned:
            if len(path) == 1:
                changed[path[0]] = value  # type: ignore[index]  # a path begins with a name
            else:
                changed = _put(changed, path, value)
        for path in sorted(self.removes, key=_last_index, reverse=True):
            changed = _drop(changed, path)
        for path, name in self.adds:
            changed = _put(changed, path, _added(find(item, path), _value_of(values, name)))
        for path, name in self.deletes:
            left = _without(find(item, path), _value_of(values, name))
            changed = _drop(changed, path) if left is None else _put(changed, path, left)
        return changed


def _last_index(path: Path) -> int:
    return path[-1] if isinstance(path[-1], int) else -1


def _value_of(values: Values, name: str) -> Value:
    found = _value_operand(name, "UpdateExpression")({}, values)
    assert found is not None
    return found


_NO_PATH = "The document path provided in the update expression is invalid for update"
_WRONG_TYPE = "An operand in the update expression has an incorrect data type"
_ABSENT = "The provided expression refers to an attribute that does not exist in the item"


def _put(item: Item, path: Path, value: Value) -> Item:
    if len(path) == 1:
        return {**item, str(path[0]): value}
    name = str(path[0])
    if name not in item:
        raise OperandError(_NO_PATH)
    return {**item, name: _put_inside(item[name], path[1:], value)}


def _put_inside(holder: Value, path: Path, value: Value) -> Value:
    part, *rest = path
    if isinstance(part, int):
        if "L" not in holder:
            raise OperandError(_NO_PATH)
        elements = list(holder["L"])
        if rest:
            if part >= len(elements):
                raise OperandError(_NO_PATH)
            elements[part] = _put_inside(elements[part], tuple(rest), value)
        elif part < len(elements):
            elements[part] = value
        else:
            elements.append(value)
        return {"L": elements}
    if "M" not in holder:
        raise OperandError(_NO_PATH)
    members = holder["M"]
    if rest:
        if part not in members:
            raise OperandError(_NO_PATH)
        return {"M": {**members, part: _put_inside(members[part], tuple(rest), value)}}
    return {"M": {**members, part: value}}


def _drop(item: Item, path: Path) -> Item:
    name = str(path[0])
    if len(path) == 1:
        return {key: value for key, value in item.items() if key != name}
    if name not in item:
        raise OperandError(_NO_PATH)
    return {**item, name: _drop_inside(item[name], path[1:])}


def _drop_inside(holder: Value, path: Path) -> Value:
    part, *rest = path
    if isinstance(part, int):
        if "L" not in holder:
            raise OperandError(_NO_PATH)
        elements = list(holder["L"])
        if part >= len(elements):
            if rest:
                raise OperandError(_NO_PATH)
            return holder
        if rest:
            elements[part] = _drop_inside(elements[part], tuple(rest))
        else:
            del elements[part]
        return {"L": elements}
    if "M" not in holder:
        raise OperandError(_NO_PATH)
    members = holder["M"]
    if part not in members:
        if rest:
            raise OperandError(_NO_PATH)
        return holder
    if rest:
        return {"M": {**members, part: _drop_inside(members[part], tuple(rest))}}
    return {"M": {key: value for key, value in members.items() if key != part}}


def _added(current: Value | None, value: Value) -> Value:
    [(kind, content)] = value.items()
    if kind not in ("N", "SS", "NS", "BS"):
        raise ExpressionError(
            "Invalid UpdateExpression: Incorrect operand type for operator or function; "
            f"operator: ADD, operand type: {kind}"
        )
    if current is None:
        return value
    if kind not in current:
        raise OperandError(_WRONG_TYPE)
    if kind == "N":
        return {"N": av.add_numbers(current["N"], content, 1)}
    return {kind: current[kind] + [member for member in content if member not in current[kind]]}


def _without(current: Value | None, value: Value) -> Value | None:
    [(kind, content)] = value.items()
    if kind not in ("SS", "NS", "BS"):
        raise ExpressionError(
            "Invalid UpdateExpression: Incorrect operand type for operator or function; "
            f"operator: DELETE, operand type: {kind}"
        )
    if current is None:
        return None
    if kind not in current:
        raise OperandError(_WRONG_TYPE)
    left = [member for member in current[kind] if member not in content]
    return {kind: left} if left else None


class _UpdateParser:
    def __init__(self, reader: _Reader) -> None:
        self.reader = reader
        self.sets: list[tuple[Path, Assigned]] = []
        self.removes: list[Path] = []
        self.adds: list[tuple[Path, str]] = []
        self.deletes: list[tuple[Path, str]] = []

    def parse(self) -> None:
        reader = self.reader
        seen: set[str] = set()
        actions = {"SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete}
        while reader.peek()[0] != "end":
            kind, text = reader.take()
            clause = text.upper()
            if kind != "word" or clause not in actions:
                reader.position -= 1
                reader.unexpected()
            if clause in seen:
                reader.fail(f'The "{clause}" section can only be used once in an update expression;')
            seen.add(clause)
            actions[clause]()
            while reader.accept(","):
                actions[clause]()

    def _set(self) -> None:
        path = self.reader.path()
        self.reader.expect("=")
        self.sets.append((path, self._sum()))

    def _remove(self) -> None:
        self.removes.append(self.reader.path())

    def _add(self) -> None:
        self.adds.append((self.reader.path(), self._value_name()))

    def _delete(self) -> None:
        self.deletes.append((self.reader.path(), self._value_name()))

    def _value_name(self) -> str:
        if self.reader.peek()[0] != "value":
            self.reader.unexpected()
        return self.reader.value()

    def _sum(self) -> Assigned:
        reader = self.reader
        left = self._term()
        if not reader.at_sign("+", "-"):
            return left
        sign = 1 if reader.take()[1] == "+" else -1
        right = self._term()

        def run(item: Item, values: Values) -> Value:
            one, other = left(item, values), right(item, values)
            if "N" not in one or "N" not in other:
                raise OperandError(_WRONG_TYPE)
            return {"N": av.add_numbers(one["N"], other["N"], sign)}

        return run

    def _term(self) -> Assigned:
        reader = self.reader
        if reader.accept("("):
            inner = self._sum()
            reader.expect(")")
            return inner
        if reader.peek()[0] == "value":
            name = reader.value()
            kind = reader.kind

            def read(_item: Item, values: Values) -> Value:
                try:
                    return values[name]
                except KeyError:
                    raise ExpressionError(
                        f"Invalid {kind}: An expression attribute value used in expression is not defined; "
                        f"attribute value: {name}"
                    ) from None

            return read
        if reader.at_function():
            return self._function()
        path = reader.path()

        def look_up(item: Item, _values: Values) -> Value:
            found = find(item, path)
            if found is None:
                raise OperandError(_ABSENT)
            return found

        return look_up

    def _function(self) -> Assigned:  # noqa: RET503 - fail() never returns
        reader = self.reader
        name = reader.take()[1]
        reader.expect("(")
        if name == "if_not_exists":
            path = reader.path()
            reader.expect(",")
            default = self._term()
            reader.expect(")")

            def run(item: Item, values: Values) -> Value:
                other = default(item, values)
                found = find(item, path)
                return other if found is None else found

            return run
        if name == "list_append":
            left = self._term()
            reader.expect(",")
            right = self._term()
            reader.expect(")")

            def append(item: Item, values: Values) -> Value:
                one, other = left(item, values), right(item, values)
                if "L" not in one or "L" not in other:
                    raise OperandError(_WRONG_TYPE)
                return {"L": [*one["L"], *other["L"]]}

            return append
        reader.fail(f"Invalid function name; function: {name}")


@functools.cache
def update(text: str, names: Names) -> CompiledUpdate:
    """Compile an update expression. Raises ``ExpressionError``."""
    reader = _Reader("UpdateExpression", text, dict(names))
    parser = _UpdateParser(reader)
    parser.parse()
    compiled = CompiledUpdate(
        tuple(parser.sets),
        tuple(parser.removes),
        tuple(parser.adds),
        tuple(parser.deletes),
        frozenset(reader.used_names),
        frozenset(reader.used_values),
    )
    _refuse_overlaps(reader, compiled.paths)
    return compiled


def _refuse_overlaps(reader: _Reader, paths: Sequence[Path]) -> None:
    for index, one in enumerate(paths):
        for other in paths[index + 1 :]:
            shorter = min(len(one), len(other))
            if one[:shorter] == other[:shorter]:
                reader.fail(
                    "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                    f"path one: {list(one)}, path two: {list(other)}"
                )


# --- projections ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CompiledProjection:
    """A projection that can be run, with the names it needs."""

    paths: tuple[Path, ...]
    names: frozenset[str]

    def run(self, item: Item) -> Item:
        """Return the projected part of ``item``."""
        result: Item = {}
        for path in self.paths:
            if len(path) == 1:
                name = str(path[0])
                if name in item:
                    result[name] = item[name]
            elif (found := find(item, path)) is not None:
                result = _merge(result, path, found)
        return result


def _merge(result: Item, path: Path, value: Value) -> Item:
    name = str(path[0])
    return {**result, name: _merge_inside(result.get(name), path[1:], value)}


def _merge_inside(holder: Value | None, path: Path, value: Value) -> Value:
    if not path:
        return value
    part, *rest = path
    if isinstance(part, int):
        elements = list(holder["L"]) if holder else []
        return {"L": [*elements, _merge_inside(None, tuple(rest), value)]}
    members = holder["M"] if holder else {}
    return {"M": {**members, part: _merge_inside(members.get(part), tuple(rest), value)}}


@functools.cache
def projection(text: str, names: Names) -> CompiledProjection:
    """Compile a projection expression. Raises ``ExpressionError``."""
    reader = _Reader("ProjectionExpression", text, dict(names))
    paths = [reader.path()]
    while reader.accept(","):
        paths.append(reader.path())
    reader.done()
    _refuse_overlaps(reader, paths)
    return CompiledProjection(tuple(paths), frozenset(reader.used_names))
