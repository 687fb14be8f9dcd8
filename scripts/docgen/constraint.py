"""Terraform's type constraints, read into attributes that can be listed in a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_COLLECTIONS = ("list", "map", "set")
_PRIMITIVES = ("any", "bool", "number", "string")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class ConstraintError(ValueError):
    """A type constraint that cannot be read; the message quotes the place."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an object: its name, its type, and its default as HCL (``None``: it has to be given)."""

    name: str
    type: Constraint
    default: str | None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A type: a primitive, a collection of ``element``, a tuple, or an object with ``attributes``."""

    kind: str
    element: Constraint | None = None
    attributes: tuple[Attribute, ...] = ()
    members: tuple[Constraint, ...] = ()

    def short(self) -> str:
        """Return the type without the attributes of objects, such as ``map(object)``."""
        if self.element is not None:
            return f"{self.kind}({self.element.short()})"
        if self.members:
            return f"tuple({', '.join(member.short() for member in self.members)})"
        return self.kind


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute at any depth. ``path`` has ``[*]`` after a collection: ``indexes[*].hash_key``."""

    path: str
    type: Constraint
    default: str | None


def fields(constraint: Constraint) -> list[Field]:
    """Return the attributes of the object that a variable is, or is a collection of, with those of nested objects."""
    return list(_fields(_inner(constraint), ""))


def _fields(constraint: Constraint, prefix: str) -> Iterator[Field]:
    for attribute in constraint.attributes:
        path = f"{prefix}{attribute.name}"
        yield Field(path, attribute.type, attribute.default)
        yield from _fields(_inner(attribute.type), f"{path}{_stars(attribute.type)}.")


def _inner(constraint: Constraint) -> Constraint:
    while constraint.element is not None:
        constraint = constraint.element
    return constraint


def _stars(constraint: Constraint) -> str:
    return "[*]" + _stars(constraint.element) if constraint.element is not None else ""


def parse(text: str) -> Constraint:
    """Return the constraint in ``text``, an HCL expression on one line. Raises ``ConstraintError``."""
    reader = _Reader(text)
    constraint = reader.constraint()
    reader.end()
    return constraint


class _Reader:
    """Reads a constraint from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def constraint(self) -> Constraint:
        kind = self._identifier()
        if kind in _PRIMITIVES:
            return Constraint(kind)
        if kind in _COLLECTIONS:
            self._expect("(")
            element = self.constraint()
            self._expect(")")
            return Constraint(kind, element=element)
        if kind == "tuple":
            return self._tuple()
        if kind == "object":
            return self._object()
        raise self._error(f"a type, not {kind!r}")

    def end(self) -> None:
        self._skip_space()
        if self._at != len(self._text):
            raise self._error("the end of the type")

    def _object(self) -> Constraint:
        self._expect("(")
        self._expect("{")
        attributes = []
        while not self._accept("}"):
            name = self._identifier()
            self._expect("=")
            attributes.append(self._attribute(name))
            self._accept(",")
        self._expect(")")
        return Constraint("object", attributes=tuple(attributes))

    def _attribute(self, name: str) -> Attribute:
        start = self._at
        if self._identifier() != "optional":
            self._at = start
            return Attribute(name, self.constraint(), None)
        self._expect("(")
        constraint = self.constraint()
        default = self._expression() if self._accept(",") else "null"
        self._expect(")")
        return Attribute(name, constraint, default)

    def _tuple(self) -> Constraint:
        self._expect("(")
        self._expect("[")
        members = []
        while not self._accept("]"):
            members.append(self.constraint())
            self._accept(",")
        self._expect(")")
        return Constraint("tuple", members=tuple(members))

    def _expression(self) -> str:
        """Read up to the parenthesis that closes what the expression stands in, over nested brackets and strings."""
        start, depth, in_string = self._at, 0, False
        while self._at < len(self._text):
            character = self._text[self._at]
            if in_string:
                self._at += character == "\\"
                in_string = character != '"'
            elif character == '"':
                in_string = True
            elif character in "([{":
                depth += 1
            elif character in ")]}":
                if depth == 0:
                    return self._text[start : self._at].strip()
                depth -= 1
            self._at += 1
        raise self._error("a closing parenthesis")

    def _identifier(self) -> str:
        self._skip_space()
        match = _IDENTIFIER.match(self._text, self._at)
        if match is None:
            raise self._error("a name")
        self._at = match.end()
        return match.group()

    def _accept(self, token: str) -> bool:
        self._skip_space()
        if not self._text.startswith(token, self._at):
            return False
        self._at += len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self._error(repr(token))

    def _skip_space(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def _error(self, expected: str) -> ConstraintError:
        return ConstraintError(f"expected {expected} at {self._text[self._at :][:40]!r} in the type {self._text!r}")
