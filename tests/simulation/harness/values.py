"""DynamoDB's attribute values in the low-level notation (``{"S": "text"}``): numbers, equality, order and size.

Values are immutable once they are stored: an update makes new ones, so that items can be shared without copies.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from decimal import Context, Decimal, Inexact, InvalidOperation, Rounded
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]

_PLAIN_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,37}")
_EXACT = Context(prec=38, traps=[InvalidOperation, Inexact, Rounded])
_SCALARS = frozenset({"S", "N", "B", "BOOL", "NULL"})
_SETS = frozenset({"SS", "NS", "BS"})
TYPES = _SCALARS | _SETS | {"L", "M"}


class InvalidValueError(ValueError):
    """A value that DynamoDB refuses; the text is its own."""


def canonical_number(text: str) -> str:
    """Return the one way in which DynamoDB writes a number: up to 38 digits, no exponent, no trailing zeros."""
    if _PLAIN_INTEGER.fullmatch(text):
        return text
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise InvalidValueError(
            f"The parameter cannot be converted to a numeric value: {text}" if text else "Cannot convert"
        ) from None
    if not number.is_finite():
        raise InvalidValueError(f"The parameter cannot be converted to a numeric value: {text}")
    return _rendered(number)


def _rendered(number: Decimal) -> str:
    if not number:
        return "0"
    try:
        number = _EXACT.plus(number)
    except (Inexact, Rounded):
        raise InvalidValueError("Attempting to store more than 38 significant digits in a Number") from None
    if number.adjusted() > 125:
        raise InvalidValueError(
            "Number overflow. Attempting to store a number with magnitude larger than supported range"
        )
    if number.adjusted() < -130:
        raise InvalidValueError(
            "Number underflow. Attempting to store a number with magnitude smaller than supported range"
        )
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def add_numbers(left: str, right: str, sign: int) -> str:
    """Return ``left`` plus (``sign`` 1) or minus (-1) ``right`` in canonical form."""
    if len(left) < 18 and len(right) < 18:
        try:
            return str(int(left) + sign * int(right))
        except ValueError:
            pass  # at least one has a fraction
    wide = Context(prec=300)
    return _rendered(wide.add(Decimal(left), Decimal(right) * sign))


def canonical(value: Any) -> Value:  # noqa: PLR0911 - a case a line
    """Return ``value`` as DynamoDB keeps it. Raises ``InvalidValueError`` for what it refuses."""
    if not isinstance(value, dict) or len(value) != 1:
        raise InvalidValueError(
            "Supplied AttributeValue has more than one datatypes set, "
            "must contain exactly one of the supported datatypes"
        )
    [(kind, content)] = value.items()
    if kind == "S":
        return value
    if kind == "N":
        text = canonical_number(content)
        return value if text is content else {"N": text}
    if kind in ("BOOL", "NULL"):
        return value
    if kind == "B":
        return {"B": bytes(content)}
    if kind == "M":
        return {"M": {name: canonical(inner) for name, inner in content.items()}}
    if kind == "L":
        return {"L": [canonical(inner) for inner in content]}
    if kind in _SETS:
        return {kind: _canonical_set(kind, content)}
    raise InvalidValueError("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")


def _canonical_set(kind: str, content: list[Any]) -> list[Any]:
    members = [canonical_number(text) for text in content] if kind == "NS" else list(content)
    if not members:
        name = {"SS": "string", "NS": "number", "BS": "binary"}[kind]
        raise InvalidValueError(f"One or more parameter values were invalid: An {name} set  may not be empty")
    if len(set(members)) != len(members):
        raise InvalidValueError(
            f"One or more parameter values were invalid: Input collection {members} contains duplicates."
        )
    return members


def equal(left: Value | None, right: Value | None) -> bool:  # noqa: PLR0911 - a case a line
    """Whether two canonical values are the same; sets are the same in any order."""
    if left is None or right is None:
        return False
    if left == right:
        return True
    [(kind, content)] = left.items()
    if kind not in right:
        return False
    other = right[kind]
    if kind in _SETS:
        return set(content) == set(other)
    if kind == "L":
        return len(content) == len(other) and all(equal(a, b) for a, b in zip(content, other, strict=True))
    if kind == "M":
        return content.keys() == other.keys() and all(equal(inner, other[name]) for name, inner in content.items())
    return False


def order_key(value: Value) -> Any:
    """Return what a string, number or binary value is ordered by among values of its type."""
    [(kind, content)] = value.items()
    if kind == "S":
        return content.encode() if not content.isascii() else content.encode("ascii")
    if kind == "N":
        return Decimal(content)
    if kind == "B":
        return bytes(content)
    raise InvalidValueError(f"a value of type {kind} has no order")


def is_ordered(value: Value) -> bool:
    """Whether values of this type can be compared by order."""
    return "S" in value or "N" in value or "B" in value


def text_size(text: str) -> int:
    """Return the bytes of ``text`` in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def size(value: Value) -> int:  # noqa: PLR0911 - a case a line
    """Return the bytes that a value counts towards an item's size."""
    [(kind, content)] = value.items()
    if kind == "S":
        return text_size(content)
    if kind == "N":
        return _number_size(content)
    if kind == "B":
        return len(content)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "M":
        return 3 + sum(text_size(name) + 1 + size(inner) for name, inner in content.items())
    if kind == "L":
        return 3 + sum(1 + size(inner) for inner in content)
    if kind == "NS":
        return sum(_number_size(number) for number in content)
    return sum(text_size(member) if isinstance(member, str) else len(member) for member in content)


def _number_size(text: str) -> int:
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + (2 if text.startswith("-") else 1)


def may_exceed(item: Mapping[str, Value], limit: int) -> bool:
    """Whether an item could be larger than ``limit`` bytes; quick for one of short texts, as most are."""
    total = 0
    for name, value in item.items():
        text = value.get("S") or value.get("N")
        if text is None:
            return True
        total += len(name) + len(text)
    return total * 4 > limit


def item_size(item: Mapping[str, Value]) -> int:
    """Return the bytes of an item: its attributes' names and values."""
    return sum(text_size(name) + size(value) for name, value in item.items())


def measure(value: Value) -> int | None:
    """Return what the function ``size`` of a condition gives, or ``None`` for a type that has none."""
    [(kind, content)] = value.items()
    return len(content) if kind in ("S", "B", "L", "M") or kind in _SETS else None


def plain(value: Value) -> Any:
    """Return the value as JSON-like Python data, for reports: binary as base64 text."""
    [(kind, content)] = value.items()
    if kind == "N":
        return int(content) if _PLAIN_INTEGER.fullmatch(content) else float(content)
    if kind == "M":
        return {name: plain(inner) for name, inner in content.items()}
    if kind == "L":
        return [plain(inner) for inner in content]
    if kind == "B":
        return base64.b64encode(content).decode()
    return None if kind == "NULL" else content
