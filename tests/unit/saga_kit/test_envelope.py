"""The contract of events: derived identities, and errors that name the field."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from saga_kit import clock, envelope, outbox, schema
from saga_kit.errors import InvalidEventError, UnknownSchemaError

from .conftest import SAGA, a_message, an_event


def test_the_first_event_starts_the_trace_and_has_no_cause() -> None:
    event = envelope.first(
        "ParcelOrdered",
        {"weight": 3},
        saga_id=SAGA,
        step="order",
        producer="order",
        deadline_at="2026-01-31T10:00:00.000Z",
    )
    assert event.meta.causation_id is None
    assert event.meta.correlation_id == SAGA
    assert event.meta.traceparent.split("-")[1] == uuid.UUID(SAGA).hex
    assert clock.parse(event.meta.occurred_at) <= clock.now()
    assert envelope.parse(a_message(event)) == event


def test_the_caller_s_trace_is_carried_on() -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    first = envelope.first(
        "ParcelOrdered",
        {},
        saga_id=SAGA,
        step="order",
        producer="order",
        deadline_at="2026-01-31T10:00:00.000Z",
        parent=parent,
    )
    second = envelope.following(first.meta, first.meta.event_id, "ParcelPacked", {}, step="pack", producer="pack")
    traces = {event.meta.traceparent.split("-")[1] for event in (first, second)}
    spans = {event.meta.traceparent.split("-")[2] for event in (first, second)} | {parent.split("-")[2]}
    assert traces == {"4bf92f3577b34da6a3ce929d0e0e4736"}
    assert len(spans) == 3


def test_an_event_made_twice_is_the_same_event() -> None:
    cause = an_event()
    made = [
        envelope.following(cause.meta, cause.meta.event_id, "ParcelPacked", {}, step="pack", producer="pack").meta
        for _ in range(2)
    ]
    assert made[0].event_id == made[1].event_id == envelope.event_id(SAGA, "pack", "ParcelPacked")
    assert made[0].event_id != envelope.event_id(SAGA, "pack", "ParcelUnpacked")
    assert (made[0].deadline_at, made[0].causation_id) == (cause.meta.deadline_at, cause.meta.event_id)


def test_a_producer_cannot_break_its_own_schema() -> None:
    cause = an_event()
    with pytest.raises(InvalidEventError, match=r"data\.weight: expected at most 30000"):
        envelope.following(
            cause.meta, cause.meta.event_id, "ParcelPacked", {"weight": 30_001}, step="pack", producer="pack"
        )


def _without(message: dict[str, Any], *path: str) -> dict[str, Any]:
    place = message
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return message


def _with(message: dict[str, Any], value: object, *path: str) -> dict[str, Any]:
    place = message
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return message


@pytest.mark.parametrize(
    ("message", "field", "expected"),
    [
        ([], "event", "a JSON object"),
        ({}, "detail-type", "a text"),
        ({"detail-type": "ParcelOrdered"}, "detail", "meta and data"),
        (_without(a_message(an_event()), "detail", "meta"), "meta", "object"),
        (_without(a_message(an_event()), "detail", "data"), "data", "required"),
        (_without(a_message(an_event()), "detail", "meta", "event_id"), "meta.event_id", "required"),
        (_with(a_message(an_event()), "yesterday", "detail", "meta", "occurred_at"), "meta.occurred_at", "matches"),
        (_with(a_message(an_event()), 1, "detail", "meta", "more"), "meta.more", "no such field"),
        (_with(a_message(an_event()), "heavy", "detail", "data", "weight"), "data.weight", "integer"),
        (_with(a_message(an_event()), 0, "detail", "data", "weight"), "data.weight", "at least 1"),
        (_with(a_message(an_event()), "ParcelPacked", "detail-type"), "meta.schema", "a version of ParcelPacked"),
        (_with(a_message(an_event()), chr(0xD800), "detail", "data", "note"), "detail", "half of a surrogate pair"),
    ],
)
def test_a_broken_message_is_refused_by_the_field(message: object, field: str, expected: str) -> None:
    with pytest.raises(InvalidEventError) as caught:
        envelope.parse(message)
    assert caught.value.field == field
    assert expected in caught.value.expected


@pytest.mark.parametrize("name", ["ParcelOrdered.v2", "ParcelLost.v1", "../../secrets.v1", "Meta.v1\n"])
def test_a_schema_that_was_not_packaged_is_unknown(name: str) -> None:
    with pytest.raises(UnknownSchemaError):
        schema.check(name, {})


def test_a_version_that_was_not_packaged_is_unknown() -> None:
    message = a_message(an_event())
    message["detail"]["meta"]["schema"] = "ParcelOrdered.v2"
    with pytest.raises(UnknownSchemaError, match=r"ParcelOrdered\.v2"):
        envelope.parse(message)


def test_the_outbox_gives_back_what_was_put_in() -> None:
    event = an_event("ParcelPacked", weight=4)
    assert outbox.load(outbox.dump(event)) == event


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"detail_type": "A", "detail": {"meta": {"x": 1}, "data": {}}}'])
def test_an_outbox_that_holds_something_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidEventError, match="outbox"):
        outbox.load(text)


@pytest.mark.parametrize(
    "value", ["1 Main Street", "ada@example.com", "tok_4111111111111111", "4111111111111111", 7, None]
)
def test_no_message_of_an_error_quotes_what_could_be_a_customers(value: Any) -> None:
    with pytest.raises(InvalidEventError) as caught:
        envelope.parse(_with(a_message(an_event()), value, "detail-type"))
    assert str(value) not in str(caught.value)
