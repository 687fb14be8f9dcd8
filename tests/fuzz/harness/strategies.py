"""Hypothesis strategies for what agrees with a schema, as far as the platform's schemas go."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from tests.fuzz.harness.schemas import documents

_KNOWN = frozenset(
    {
        *("$schema", "$id", "$ref", "title", "description", "type", "allOf", "const", "enum", "pattern"),
        *("properties", "required", "additionalProperties", "items", "minItems", "maxItems"),
        *("minimum", "maximum", "minLength", "maxLength"),
    }
)


class UnknownWordError(NotImplementedError):
    """A word of JSON Schema that is not known here."""


def agreeing_with(schema: Any) -> st.SearchStrategy[Any]:
    """Values that agree with a schema. Raises ``UnknownWordError`` for a schema that says more than is known here."""
    merged = _merged(schema)
    unknown = merged.keys() - _KNOWN
    if unknown:
        raise UnknownWordError(", ".join(sorted(unknown)))
    if "const" in merged:
        return st.just(merged["const"])
    if "enum" in merged:
        return st.sampled_from(merged["enum"])
    kinds = merged.get("type", "object")
    return st.one_of([_of_kind(kind, merged) for kind in ([kinds] if isinstance(kinds, str) else kinds)])


def _of_kind(kind: str, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    if kind == "object":
        return _object(schema)
    if kind == "array":
        items = agreeing_with(schema.get("items", {}))
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=min(schema.get("maxItems", 4), 4))
    if kind == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if kind == "string":
        return _text(schema)
    simple: dict[str, st.SearchStrategy[Any]] = {"null": st.none(), "boolean": st.booleans()}
    return simple[kind]


def _object(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    members = {name: agreeing_with(part) for name, part in schema.get("properties", {}).items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: part for name, part in members.items() if name in required},
        optional={name: part for name, part in members.items() if name not in required},
    )


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    if "pattern" not in schema:
        return st.text(min_size=least, max_size=most)
    found = st.from_regex(schema["pattern"].removesuffix("$") + r"\Z")
    return found.filter(lambda text: least <= len(text) <= most and max(text, default="") < "\ud800")


def _merged(schema: Any) -> dict[str, Any]:
    """A schema with what it refers to, and with all that has to hold at once, in one."""
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
    parts = list(schema.get("allOf", ()))
    if "$ref" in schema:
        parts.append(documents()[schema["$ref"].removeprefix("schema:")])
    for part in map(_merged, parts):
        properties = {**part.get("properties", {})}
        for name, own in merged.get("properties", {}).items():
            properties[name] = {"allOf": [properties[name], own]} if name in properties else own
        required = {*part.get("required", ()), *merged.get("required", ())}
        merged = {**part, **merged}
        if properties:
            merged |= {"properties": properties, "required": sorted(required)}
    return merged
