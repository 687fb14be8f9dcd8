"""What made a function of a step run: an event from the bus, or the report that another function gave up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saga_kit import envelope
from saga_kit.envelope import Event
from saga_kit.errors import InvalidEventError, named
from saga_kit.rules import TriggerKind

TECHNICAL_FAILURE = "Lambda Function Invocation Result - Failure"
"""Detail type that Lambda's on-failure destination gives its report when the destination is a bus."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Trigger:
    """Why a function runs.

    ``event`` carries the saga's envelope and data; for a technical failure it is the event that the failed function
    could not handle. ``causation_id`` is the id of the message that arrived: the event's own, or for a technical
    failure the request id of the invocation that failed.
    """

    kind: TriggerKind
    event: Event
    causation_id: str

    @property
    def saga_id(self) -> str:
        """The saga that the trigger belongs to."""
        return self.event.meta.correlation_id


def parse(message: object, kinds: Mapping[str, TriggerKind]) -> Trigger:
    """Return the trigger in an EventBridge message; ``kinds`` says what each detail type means to this function.

    Raises ``InvalidEventError`` for a message that breaks its contract or that this function has no use for.
    """
    if isinstance(message, Mapping) and message.get("detail-type") == TECHNICAL_FAILURE:
        return _technical_failure(message, kinds)
    event = envelope.parse(message)
    kind = kinds.get(event.detail_type)
    if kind is None:
        raise InvalidEventError("detail-type", f"one of {', '.join(sorted(kinds))}, got {event.detail_type!r}")
    return Trigger(kind, event, event.meta.event_id)


def _technical_failure(message: Mapping[str, Any], kinds: Mapping[str, TriggerKind]) -> Trigger:
    if TriggerKind.TECHNICAL_FAILURE not in kinds.values():
        raise InvalidEventError("detail-type", f"one of {', '.join(sorted(kinds))}, got {TECHNICAL_FAILURE!r}")
    if message.get("source") != "lambda":
        raise InvalidEventError("source", f"lambda for a technical failure, got {named(message.get('source'))}")
    detail = message.get("detail")
    if not isinstance(detail, Mapping):
        raise InvalidEventError("detail", "a JSON object")
    identity = request_id(detail)
    return Trigger(TriggerKind.TECHNICAL_FAILURE, envelope.parse(detail.get("requestPayload")), identity)


def request_id(detail: Mapping[str, Any]) -> str:
    """Return the request id in the detail of Lambda's report. Raises ``InvalidEventError`` when it is no UUID.

    The id is logged and stored, so nothing else may pass for one.
    """
    context = detail.get("requestContext")
    found = context.get("requestId") if isinstance(context, Mapping) else None
    if not isinstance(found, str) or not _UUID.fullmatch(found):
        raise InvalidEventError("detail.requestContext.requestId", "a UUID in lower case")
    return found
