"""One entry of the log: what is kept of an event. No payload but the reason's code, so no personal data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saga_kit import clock, schema
from saga_kit.envelope import META_SCHEMA
from saga_kit.errors import InvalidEventError
from saga_kit.trigger import TECHNICAL_FAILURE, request_id

_REASON_CODE = re.compile("[a-z][a-z0-9_]{0,63}")
_DETAIL_TYPE = re.compile("[A-Za-z]{1,64}")
_MOST_ATTEMPTS = 1_000
"""Lambda tries a few times; a number beyond this is none of its."""
_NAME = re.compile("[A-Za-z][A-Za-z0-9._]{0,127}")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why Lambda gave an invocation up: ``condition`` is Lambda's, ``error`` the type of the function's error."""

    condition: str
    error: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What is kept of an event. ``producer`` is the function that made it, or of a failure the one that failed.

    ``attempt`` is which attempt it comes from, as far as the event tells: Lambda tells a function nothing of it.
    """

    saga_id: str
    event_id: str
    occurred_at: str
    detail_type: str
    source: str
    producer: str
    causation_id: str | None
    deadline_at: str
    schema: str | None = None
    reason_code: str | None = None
    failure: Failure | None = None
    attempt: int | None = None


def parse(message: object) -> Entry:
    """Return the entry for an EventBridge message: any version of an event with a readable envelope, or a failure.

    Raises ``InvalidEventError`` naming the field otherwise.
    """
    if not isinstance(message, Mapping):
        raise InvalidEventError("event", "a JSON object")
    detail, detail_type, source = message.get("detail"), message.get("detail-type"), message.get("source")
    if not isinstance(detail_type, str) or not isinstance(source, str):
        raise InvalidEventError("detail-type", "a text, with a source beside it")
    if not isinstance(detail, Mapping):
        raise InvalidEventError("detail", "a JSON object")
    if detail_type == TECHNICAL_FAILURE and source == "lambda":
        return _failure(detail)
    if not _DETAIL_TYPE.fullmatch(detail_type):
        raise InvalidEventError("detail-type", "the name of an event")
    meta = _meta(detail)
    return Entry(
        saga_id=meta["correlation_id"],
        event_id=meta["event_id"],
        occurred_at=meta["occurred_at"],
        detail_type=detail_type,
        source=source,
        producer=meta["producer"],
        causation_id=meta["causation_id"],
        deadline_at=meta["deadline_at"],
        schema=meta["schema"],
        reason_code=_reason_code(detail.get("data")),
        attempt=_attempt(detail.get("data")),
    )


def _failure(detail: Mapping[str, Any]) -> Entry:
    context, response = _mapping(detail, "requestContext"), _mapping(detail, "responsePayload")
    original = _mapping(detail, "requestPayload").get("detail")
    if not isinstance(original, Mapping):
        raise InvalidEventError("detail.requestPayload.detail", "the event that was not handled")
    meta = _meta(original)
    return Entry(
        saga_id=meta["correlation_id"],
        event_id=request_id(detail),
        occurred_at=_moment(detail.get("timestamp")),
        detail_type=TECHNICAL_FAILURE,
        source="lambda",
        producer=_function_name(str(context.get("functionArn", ""))),
        causation_id=meta["event_id"],
        deadline_at=meta["deadline_at"],
        failure=Failure(
            condition=_name(context.get("condition")),
            error=_name(response.get("errorType")),
            attempts=_count(context.get("approximateInvokeCount")),
        ),
    )


def _mapping(detail: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = detail.get(name)
    return value if isinstance(value, Mapping) else {}


def _meta(detail: Mapping[str, Any]) -> dict[str, Any]:
    schema.check(META_SCHEMA, detail.get("meta"), "meta")
    meta: dict[str, Any] = detail["meta"]
    return meta


def _moment(timestamp: object) -> str:
    """Return a timestamp in the form of the envelopes', which entries are sorted by."""
    try:
        return clock.rfc3339(clock.parse(str(timestamp)))
    except ValueError:
        raise InvalidEventError("detail.timestamp", "a moment as RFC 3339 has it") from None


def _reason_code(data: object) -> str | None:
    reason = data.get("reason") if isinstance(data, Mapping) else None
    code = reason.get("code") if isinstance(reason, Mapping) else None
    return code if isinstance(code, str) and _REASON_CODE.fullmatch(code) else None


def _attempt(data: object) -> int | None:
    attempt = data.get("attempt") if isinstance(data, Mapping) else None
    return attempt if isinstance(attempt, int) and not isinstance(attempt, bool) and attempt > 0 else None


def _function_name(arn: str) -> str:
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else "unknown"


def _count(value: object) -> int:
    """Return how often Lambda tried; it says itself that the number is approximate, so a report may lack it."""
    return value if isinstance(value, int) and 0 < value <= _MOST_ATTEMPTS else 1


def _name(value: object) -> str:
    """Return a name as it is; a free text could hold anything, so it is not kept."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else "unknown"
