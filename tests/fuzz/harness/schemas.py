"""The JSON Schemas of requests and events: what they allow at a place, just about, and whether a message agrees."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
from referencing import Registry
from referencing import Resource as SchemaResource

LAMBDAS = Path(__file__).resolve().parents[3] / "lambdas"

Schema = Mapping[str, Any]


@functools.cache
def documents() -> dict[str, Schema]:
    """Every schema by its name ("OrderPlaced.v1")."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(LAMBDAS.glob("*/schemas/*.json"))}


@functools.cache
def requests_of(service: str) -> tuple[str, ...]:
    """The schemas of the bodies that a service takes."""
    names = (path.stem for path in sorted((LAMBDAS / service / "schemas").glob("*.json")))
    return tuple(name for name in names if "Request." in name)


@functools.cache
def _validator(name: str) -> jsonschema.protocols.Validator:
    known = [(f"schema:{stem}", SchemaResource.from_contents(document)) for stem, document in documents().items()]
    registry: Registry[Any] = Registry().with_resources(known)
    return jsonschema.Draft7Validator(documents()[name], registry=registry)


def agrees(name: str, value: Any) -> bool:
    """Whether a value agrees with a schema, by another library than the handlers'."""
    return name in documents() and bool(_validator(name).is_valid(value))


def inside(schema: Schema | None, key: str | int) -> Schema | None:
    """The schema of a member or an item of what a schema describes, None where it is not said."""
    for part in _parts(schema):
        found = part.get("properties", {}).get(key) if isinstance(key, str) else part.get("items")
        if isinstance(found, Mapping):
            return found
    return None


def _parts(schema: Schema | None) -> Iterator[Schema]:
    if schema is None:
        return
    yield schema
    if "$ref" in schema:
        name, _, pointer = str(schema["$ref"]).removeprefix("schema:").partition("#")
        target: Any = documents().get(name)
        for step in filter(None, pointer.split("/")):
            target = (target or {}).get(step)
        yield from _parts(target)
    for word in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(word, ()):
            yield from _parts(part)


def boundaries(schema: Schema | None) -> list[Any]:
    """Values on both sides of what a schema allows."""
    found: list[Any] = []
    for part in _parts(schema):
        for word, steps in (("minimum", (-1, 0)), ("maximum", (0, 1))):
            if word in part:
                found += [part[word] + step for step in steps]
        for word, steps in (("minLength", (-1, 0)), ("maxLength", (0, 1))):
            if word in part:
                found += ["a" * max(0, part[word] + step) for step in steps]
        found += part.get("enum", [])
        if "const" in part:
            found.append(part["const"])
        if part.get("type") == "integer":
            found += [0, -1, 1.0, 1.5, "1", 2**53 + 1]
    return found
