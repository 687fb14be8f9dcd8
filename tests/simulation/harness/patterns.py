"""EventBridge's event patterns: what the platform's rules and stream filters use of them, compiled once.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
An operator that is not modelled is refused when the pattern is compiled, so that no rule seems to match or not to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Matcher = Callable[[Mapping[str, Any]], bool]
_Test = Callable[[Any], bool]

_ABSENT: Any = object()


class UnsupportedPatternError(ValueError):
    """A pattern that is malformed or uses an operator that is not modelled."""


def compile_pattern(text: str) -> Matcher:
    """Return the function that tells whether an event matches. Raises ``UnsupportedPatternError``."""
    document = json.loads(text)
    if not isinstance(document, dict) or not document:
        raise UnsupportedPatternError(f"a pattern is a JSON object with at least one field: {text}")
    return _object(document)


def _object(document: Mapping[str, Any]) -> Matcher:
    parts: list[tuple[str, Callable[[Any], bool]]] = []
    for name, wanted in document.items():
        if name == "$or":
            raise UnsupportedPatternError("$or")
        if isinstance(wanted, dict):
            parts.append((name, _nested(_object(wanted), _may_be_absent(wanted))))
        elif isinstance(wanted, list) and wanted:
            parts.append((name, _leaf(wanted)))
        else:
            raise UnsupportedPatternError(f"{name}: expected an object or a list of choices, got {wanted!r}")

    def matches(event: Mapping[str, Any]) -> bool:
        for name, test in parts:  # noqa: SIM110 - it runs for every event, and a generator costs more than the test
            if not test(event.get(name, _ABSENT)):
                return False
        return True

    return matches


def _may_be_absent(document: Mapping[str, Any]) -> bool:
    return all(
        _may_be_absent(wanted) if isinstance(wanted, dict) else {"exists": False} in wanted
        for wanted in document.values()
    )


def _nested(inner: Matcher, may_be_absent: bool) -> _Test:
    def matches(value: Any) -> bool:
        if isinstance(value, dict):
            return inner(value)
        if isinstance(value, list):
            return any(isinstance(element, dict) and inner(element) for element in value)
        return may_be_absent and value is _ABSENT

    return matches


def _leaf(choices: Sequence[Any]) -> _Test:
    tests = [_choice(choice) for choice in choices]
    exact = frozenset(choice for choice in choices if isinstance(choice, str))
    if len(exact) == len(choices):
        return lambda value: (value in exact) if isinstance(value, str) else _any_of(tests, value)
    return lambda value: _any_of(tests, value)


def _any_of(tests: Sequence[_Test], value: Any) -> bool:
    if isinstance(value, list):
        return any(test(element) for test in tests for element in value)
    return any(test(value) for test in tests)


def _choice(choice: Any) -> _Test:  # noqa: PLR0911 - a case a line
    if not isinstance(choice, dict):
        return lambda value: type(value) is type(choice) and value == choice
    if len(choice) != 1:
        raise UnsupportedPatternError(f"one operator expected: {choice!r}")
    [(operator, operand)] = choice.items()
    if operator == "prefix" and isinstance(operand, str):
        return lambda value: isinstance(value, str) and value.startswith(operand)
    if operator == "suffix" and isinstance(operand, str):
        return lambda value: isinstance(value, str) and value.endswith(operand)
    if operator == "exists" and isinstance(operand, bool):
        return lambda value: (value is not _ABSENT) is operand
    if operator == "anything-but":
        return _anything_but(operand)
    if operator == "equals-ignore-case" and isinstance(operand, str):
        return lambda value: isinstance(value, str) and value.lower() == operand.lower()
    if operator == "numeric":
        return _numeric(operand)
    raise UnsupportedPatternError(f"operator {operator!r}")


def _anything_but(operand: Any) -> _Test:
    if isinstance(operand, dict):
        inner = _choice(operand)
        return lambda value: value is not _ABSENT and not inner(value)
    unwanted = operand if isinstance(operand, list) else [operand]
    return lambda value: value is not _ABSENT and value not in unwanted


def _numeric(operand: Any) -> _Test:
    tests: dict[str, Callable[[float, float], bool]] = {
        "=": lambda value, limit: value == limit,
        "<": lambda value, limit: value < limit,
        "<=": lambda value, limit: value <= limit,
        ">": lambda value, limit: value > limit,
        ">=": lambda value, limit: value >= limit,
    }
    if not isinstance(operand, list) or len(operand) not in (2, 4) or not all(sign in tests for sign in operand[::2]):
        raise UnsupportedPatternError(f"numeric {operand!r}")
    parts = [(tests[sign], limit) for sign, limit in zip(operand[::2], operand[1::2], strict=True)]
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and all(test(value, limit) for test, limit in parts)
    )
