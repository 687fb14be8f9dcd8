"""Changes messages, knowing what they are made of: JSON, JSON within texts of it, and the schemas of both."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from random import Random
from typing import Any

from tests.fuzz.harness import schemas
from tests.fuzz.harness.corpus import CANARY, CARD_NUMBER
from tests.fuzz.harness.schemas import Schema

TEXTS: tuple[str, ...] = (
    *(
        "",
        " ",
        "a",
        "0",
        "null",
        "-1",
        "1e400",
        "NaN",
        "[]",
        "{}",
        "\x00",
        "\n",
        "\u2028",
        "\ud800",
        "é",
        "漢字",
        "😀",
        "\u202e",
    ),
    *(CANARY, f"{CANARY}@example.com", f"1 {CANARY} Street", f"tok_{CANARY}", CARD_NUMBER, f"tok_{CARD_NUMBER}"),
    *("00000000-0000-4000-8000-000000000000", "2026-01-31T09:30:00.125Z", "2026-13-45", "9999-12-31T23:59:59.999Z"),
    *(
        "EUR",
        "eur",
        "XXX",
        "AT",
        "OrderPlaced",
        "OrderPlaced.v1",
        "OrderPlaced.v999",
        "../../etc/passwd",
        "' OR 1=1 --",
    ),
    *("a" * 300, "9" * 40, "x" * 20_000, "%s%n{0}", "__proto__", "outbox", "pk", "attribute_not_exists(pk)"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 99, 1.5, -0.0, 1e308, 2**31, 2**53 + 1, 2**63, 10**38, 10**40, -(10**40)),
    *([], {}, [None], [[]], {"": None}, {"a": {"b": []}}),
)
RAW = (
    *("", "{", "null", "[]", '"', "NaN", "Infinity", '{"a":1,"a":2}', "\ufeff{}", '"\\ud800"', "9" * 5_000),
    *("[" * 3_000, '{"a":' * 3_000, "1e999", "\x00", " " * 17_000),
)


class Mutator:
    """Makes messages from a seed's event. ``donors`` are values that stand in other seeds, to put in others' places."""

    def __init__(self, random: Random, donors: list[Any]) -> None:
        self._random = random
        self._donors = donors

    def event(self, function: str, event: Any) -> Any:
        """A message that may reach the function, made from one that has."""
        if isinstance(event, dict) and event.get("version") == "2.0":
            return self._request(function, event)
        if isinstance(event, dict) and "Records" in event:
            return {**event, "Records": self._records(event["Records"])}
        return self._message(event)

    # What API Gateway makes of a request: the caller has the texts in his hands, not the shape

    def _request(self, function: str, event: dict[str, Any]) -> dict[str, Any]:
        changed = dict(event)
        for _ in range(self._times()):
            choice = self._random.random()
            if choice < 0.6 and changed.get("body"):
                changed["body"] = self._body(function, changed["body"])
            elif choice < 0.7:
                changed["body"] = self._pick((None, "", *RAW, *TEXTS))
            elif choice < 0.8:
                changed["headers"] = self._texts(changed.get("headers"))
            elif choice < 0.9:
                changed["pathParameters"] = self._texts(changed.get("pathParameters"))
            elif choice < 0.97:
                changed["queryStringParameters"] = self._texts(changed.get("queryStringParameters"))
            else:
                body = self._pick(((changed.get("body") or "").encode(errors="replace"), self._random.randbytes(40)))
                changed |= {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
        return changed

    def _texts(self, given: Mapping[str, str] | None) -> dict[str, str] | None:
        changed = dict(given or {})
        if self._random.random() < 0.1:
            return None
        names = [*changed, "id", "sku", "key", "state", "day", "limit", "cursor", "idempotency-key", "traceparent"]
        name = self._pick(names)
        if self._random.random() < 0.2:
            changed.pop(name, None)
        else:
            changed[name] = self._text(changed.get(name, ""))
        return changed

    def _body(self, function: str, text: str) -> str:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return self._text(text)
        if self._random.random() < 0.08:
            return self._text(text)
        names = schemas.requests_of(function.partition("/")[0])
        schema = schemas.documents()[self._pick(names)] if names else None
        return json.dumps(self._changed(document, schema), ensure_ascii=self._random.random() < 0.5)

    # What comes from the bus, from a stream, or from another function

    def _message(self, event: Any) -> Any:
        changed = event
        for _ in range(self._times()):
            if self._random.random() < 0.02:
                return self._value(changed)
            changed = self._changed(changed, _schema_of(changed))
        return changed

    def _records(self, records: list[Any]) -> list[Any]:
        if not any("body" in record for record in records):
            return [self._record(record) for record in records]
        # A queue's: a few are enough, since each is handled by itself.
        start, number = self._random.randrange(len(records)), self._pick((1, 1, 2, 3))
        return [self._queued(record) for record in records[start : start + number]]

    def _queued(self, record: dict[str, Any]) -> Any:
        choice = self._random.random()
        if choice < 0.1:
            return self._changed(record, None)
        if choice < 0.2:
            return {**record, "body": self._pick((self._text(record["body"]), *RAW))}
        return {**record, "body": json.dumps(self._message(json.loads(record["body"])))}

    def _record(self, record: Any) -> Any:
        if not isinstance(record, dict) or self._random.random() < 0.3:
            return record
        images = record.get("dynamodb", {})
        for name in ("NewImage", "OldImage"):
            text = (images.get(name) or {}).get("outbox", {}).get("S") if isinstance(images, dict) else None
            if text and self._random.random() < 0.6:
                outbox = self._inside(text)
                return {**record, "dynamodb": {**images, name: {**images[name], "outbox": {"S": outbox}}}}
        return {**record, "dynamodb": self._changed(images, None)}

    def _inside(self, text: str) -> str:
        try:
            return json.dumps(self._changed(json.loads(text), None))
        except (ValueError, RecursionError):
            return self._text(text)

    # A change of a value, somewhere in it

    def _changed(self, value: Any, schema: Schema | None) -> Any:
        if not isinstance(value, (dict, list)) or not value or self._random.random() < 0.12:
            return self._in_place(value, schema)
        key: Any = self._pick(list(value)) if isinstance(value, dict) else self._random.randrange(len(value))
        changed: Any = copy.copy(value)
        changed[key] = self._changed(value[key], schemas.inside(schema, key))
        return changed

    def _in_place(self, value: Any, schema: Schema | None) -> Any:
        known = schemas.boundaries(schema)
        if known and self._random.random() < 0.5:
            return self._pick(known)
        if isinstance(value, dict):
            return self._members(value)
        if isinstance(value, list):
            return self._items(value)
        if isinstance(value, str) and self._random.random() < 0.6:
            return self._text(value)
        # A larger one, which changes before this may have led to, is no float.
        if isinstance(value, int) and abs(value) < 10**300 and self._random.random() < 0.6:
            return self._pick((value + 1, value - 1, -value, value * 10, value * 10**12, float(value), str(value)))
        return self._value(value)

    def _members(self, value: dict[str, Any]) -> Any:
        changed = dict(value)
        choice = self._random.random()
        if changed and choice < 0.4:
            del changed[self._pick(list(changed))]
        elif choice < 0.6:
            changed[self._pick(("extra", "", "pk", "__class__", *changed))] = self._value(None)
        elif changed and choice < 0.8:
            name = self._pick(list(changed))
            changed[self._pick((name.upper(), f"{name}_", f" {name}"))] = changed.pop(name)
        else:
            return self._value(value)
        return changed

    def _items(self, value: list[Any]) -> Any:
        choice = self._random.random()
        if value and choice < 0.3:
            place = self._random.randrange(len(value))
            return [*value[:place], *value[place + 1 :]]
        if choice < 0.5:
            return [*value, self._value(None)]
        if choice < 0.7:
            return value * self._pick((2, 2, 3, 25))
        return self._value(value)

    def _value(self, _: Any) -> Any:
        choice = self._random.random()
        if choice < 0.4:
            return self._pick(VALUES)
        if choice < 0.7:
            return self._pick(TEXTS)
        return self._pick(self._donors)

    def _text(self, value: str) -> str:
        choice = self._random.random()
        place = self._random.randrange(len(value) + 1)
        if choice < 0.3:
            return str(self._pick(TEXTS))
        if choice < 0.45:
            return value[:place]
        if choice < 0.6:
            return f"{value[:place]}{self._pick(TEXTS[:30])}{value[place:]}"
        if choice < 0.7:
            return value[:place] + chr(self._random.randrange(0xD7FF)) + value[place + 1 :]
        if choice < 0.8:
            return str(self._pick((value.upper(), value.lower(), value * 2, f" {value} ", value[::-1], value + "\n")))
        other = self._pick(self._donors)
        return other if isinstance(other, str) else json.dumps(other)

    def _times(self) -> int:
        return int(self._pick((0, 1, 1, 1, 1, 1, 1, 2, 2, 3, 5)))

    def _pick(self, choices: Any) -> Any:
        return choices[int(self._random.random() * len(choices))]


def _schema_of(event: Any) -> Schema | None:
    """The schema of a message of the bus, with the message's shape around it."""
    detail = event.get("detail") if isinstance(event, dict) else None
    meta = detail.get("meta") if isinstance(detail, dict) else None
    name = meta.get("schema") if isinstance(meta, dict) else None
    if isinstance(name, str) and name in schemas.documents():
        return {"properties": {"detail": schemas.documents()[name]}}
    payload = detail.get("requestPayload") if isinstance(detail, dict) else None
    inner = _schema_of(payload) if payload else None
    return {"properties": {"detail": {"properties": {"requestPayload": inner}}}} if inner else None


def leaves(value: Any) -> list[Any]:
    """Every value within a value that is neither an object nor a list."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]
