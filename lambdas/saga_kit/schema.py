"""JSON Schemas of events and requests: found by name, compiled once, checked on both sides of the bus.

A schema lives in its owner's folder (``order/schemas/OrderPlaced.v1.json``). A package carries its own schemas and
those of the events that it consumes, so "not in the package" and "not understood" are the same thing. A schema refers
to another one as ``schema:Order.v1``.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saga_kit.errors import InvalidEventError, UnknownSchemaError

_ROOT = Path(__file__).resolve().parent.parent
_NAME = re.compile(r"[A-Za-z]+\.v[1-9][0-9]*")


@functools.cache
def _folders() -> tuple[Path, ...]:
    return tuple(sorted(folder for folder in _ROOT.glob("*/schemas") if folder.is_dir()))


@functools.cache
def load(name: str) -> dict[str, Any]:
    """Return the schema ``name`` ("OrderPlaced.v1"). Raises ``UnknownSchemaError`` when the package has none."""
    if _NAME.fullmatch(name):
        for folder in _folders():
            path = folder / f"{name}.json"
            if path.is_file():
                document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
                return document
    raise UnknownSchemaError(name)


@functools.cache
def _validator(name: str) -> Callable[[object], object]:
    import fastjsonschema  # noqa: PLC0415 - read functions never need it

    document = load(name)
    compiled: Callable[[object], object] = fastjsonschema.compile(
        document, handlers={"schema": lambda uri: load(uri.removeprefix("schema:"))}, use_default=False
    )
    return compiled


def check(name: str, value: object, root: str = "") -> None:
    """Check ``value`` against the schema ``name``; ``root`` is put before the path of an offending field.

    Raises ``UnknownSchemaError`` for a schema that the package does not have, and ``InvalidEventError`` naming the
    field and what was expected.
    """
    validate = _validator(name)
    import fastjsonschema  # noqa: PLC0415 - the same

    try:
        validate(value)
    except fastjsonschema.JsonSchemaValueException as error:
        raise InvalidEventError(_path(error, root), _expectation(error)) from None


def _path(error: Any, root: str) -> str:
    path = str(error.name).removeprefix("data").lstrip(".")
    if error.rule == "required" and isinstance(error.value, dict):
        missing = next((key for key in error.rule_definition if key not in error.value), "")
        path = f"{path}.{missing}".lstrip(".")
    elif error.rule == "additionalProperties" and isinstance(error.value, dict):
        known = error.definition.get("properties", {})
        unknown = next((key for key in error.value if key not in known), "")
        path = f"{path}.{unknown}".lstrip(".")
    return ".".join(part for part in (root, path) if part) or "body"


def _expectation(error: Any) -> str:
    rule, definition = error.rule, error.rule_definition
    if rule == "required":
        return "a value, the field is required"
    if rule == "additionalProperties":
        return "no such field"
    if rule == "type":
        return " or ".join(definition) if isinstance(definition, list) else f"a value of type {definition}"
    if rule == "enum":
        return "one of " + ", ".join(json.dumps(choice) for choice in definition)
    if rule == "const":
        return json.dumps(definition)
    limits = {
        "minimum": "at least {}",
        "maximum": "at most {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "minItems": "at least {} items",
        "maxItems": "at most {} items",
        "pattern": "text that matches {}",
        "format": "text in the format {}",
    }
    return limits.get(rule, f"{rule} {{}}").format(definition)
