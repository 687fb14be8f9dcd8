"""The envelope that every event travels in.

``detail`` of the EventBridge entry holds ``meta`` (who, when, why) and ``data`` (what happened). Identities are
derived, not drawn: the same step with the same outcome of the same saga is the same event, however often it is made.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

from saga_kit import clock, schema
from saga_kit.errors import InvalidEventError, named

META_SCHEMA = "Meta.v1"

# Made once: `json.dumps` makes an encoder for every call that is not about its defaults.
_AS_IT_IS = json.JSONEncoder(ensure_ascii=False)


class Meta(NamedTuple):
    """Who published an event, when, and because of what.

    ``correlation_id`` is the saga's id, ``causation_id`` the id of the message that led to this event (``None`` for
    the first one), ``occurred_at`` and ``deadline_at`` are RFC 3339 in UTC, ``producer`` is a function's logical name,
    ``traceparent`` follows W3C Trace Context.
    """

    event_id: str
    schema: str
    correlation_id: str
    causation_id: str | None
    occurred_at: str
    producer: str
    deadline_at: str
    traceparent: str


class Event(NamedTuple):
    """One event: its EventBridge detail type, its envelope and its payload."""

    detail_type: str
    meta: Meta
    data: Mapping[str, Any]

    def detail(self) -> dict[str, Any]:
        """Return what goes into ``Detail`` of a PutEvents entry, before it becomes JSON."""
        return {"meta": self.meta._asdict(), "data": dict(self.data)}


def event_id(saga_id: str, step: str, outcome: str) -> str:
    """Return the UUIDv5 of a step's outcome in a saga. ``saga_id`` is a UUID, ``outcome`` a detail type."""
    return str(uuid.uuid5(uuid.UUID(saga_id), f"{step}/{outcome}"))


def traceparent(saga_id: str, identity: str, parent: str | None = None) -> str:
    """Return a W3C traceparent: the trace of ``parent`` or else of the saga, with the event as its span."""
    trace = parent.split("-")[1] if parent else saga_id.replace("-", "")
    return f"00-{trace}-{identity.replace('-', '')[:16]}-01"


def first(
    detail_type: str,
    data: Mapping[str, Any],
    *,
    saga_id: str,
    step: str,
    producer: str,
    deadline_at: str,
    version: int = 1,
    parent: str | None = None,
) -> Event:
    """Return the event that starts a saga; ``parent`` is the caller's traceparent, if it sent one.

    Raises ``InvalidEventError`` when ``data`` does not agree with the event's schema.
    """
    identity = event_id(saga_id, step, detail_type)
    meta = Meta(
        event_id=identity,
        schema=f"{detail_type}.v{version}",
        correlation_id=saga_id,
        causation_id=None,
        occurred_at=clock.rfc3339(clock.now()),
        producer=producer,
        deadline_at=deadline_at,
        traceparent=traceparent(saga_id, identity, parent),
    )
    return _checked(Event(detail_type, meta, data))


def following(
    cause: Meta,
    causation_id: str,
    detail_type: str,
    data: Mapping[str, Any],
    *,
    step: str,
    producer: str,
    version: int = 1,
) -> Event:
    """Return the event that ``step`` publishes because of ``cause``, in the same saga, trace and deadline.

    Raises ``InvalidEventError`` when ``data`` does not agree with the event's schema.
    """
    identity = event_id(cause.correlation_id, step, detail_type)
    meta = Meta(
        event_id=identity,
        schema=f"{detail_type}.v{version}",
        correlation_id=cause.correlation_id,
        causation_id=causation_id,
        occurred_at=clock.rfc3339(clock.now()),
        producer=producer,
        deadline_at=cause.deadline_at,
        traceparent=traceparent(cause.correlation_id, identity, cause.traceparent),
    )
    return _checked(Event(detail_type, meta, data))


def _checked(event: Event) -> Event:
    schema.check(event.meta.schema, event.detail())
    return event


def parse(message: object) -> Event:
    """Return the event in an EventBridge message (a mapping with ``detail-type`` and ``detail``).

    Raises ``UnknownSchemaError`` for a schema or version that this package was not built for, and
    ``InvalidEventError`` naming the field for anything else that breaks the contract.
    """
    if not isinstance(message, Mapping):
        raise InvalidEventError("event", "a JSON object")
    detail_type, detail = message.get("detail-type"), message.get("detail")
    if not isinstance(detail_type, str):
        raise InvalidEventError("detail-type", "a text")
    if not isinstance(detail, dict):
        raise InvalidEventError("detail", "a JSON object with meta and data")
    meta = detail.get("meta")
    name = meta.get("schema") if isinstance(meta, dict) else None
    if not isinstance(name, str):
        schema.check(META_SCHEMA, meta, "meta")
        raise InvalidEventError("meta.schema", "a text")
    if name.partition(".")[0] != detail_type:
        raise InvalidEventError("meta.schema", f"a version of {named(detail_type)}, got {named(name)}")
    schema.check(name, detail)
    try:
        # Here, and not where the step's own event is made of it: by then the intent may be on the row.
        _AS_IT_IS.encode(detail).encode()
    except UnicodeEncodeError:
        raise InvalidEventError("detail", "texts without half of a surrogate pair") from None
    return Event(detail_type, Meta(**detail["meta"]), detail["data"])
