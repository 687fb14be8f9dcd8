"""One saga as it happened: every event with its cause, the function that made it, and the time that it took."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from saga_kit import clock
from saga_log.entry import Entry


def tell(
    saga_id: str, entries: Sequence[Entry], completed: Collection[str], reversed_: Collection[str]
) -> dict[str, Any]:
    """Return the story in ``entries``, of which there is at least one.

    ``completed`` and ``reversed_`` are the detail types that end a saga well and taken back. Times are RFC 3339 in
    UTC, durations in milliseconds.
    """
    by_id = {entry.event_id: entry for entry in entries}
    ordered = sorted(entries, key=lambda entry: (clock.parse(entry.occurred_at), _depth(entry, by_id)))
    start = ordered[0]
    end = next((entry for entry in ordered if entry.detail_type in {*completed, *reversed_}), None)
    state = "open" if end is None else "completed" if end.detail_type in completed else "reversed"
    return {
        "saga_id": saga_id,
        "state": state,
        "started_at": start.occurred_at,
        "deadline_at": start.deadline_at,
        "ended_at": end.occurred_at if end else None,
        "duration_ms": _milliseconds(start, end) if end else None,
        "events": [
            _told(entry, start, before, by_id.get(entry.causation_id or ""))
            for before, entry in zip([None, *ordered], ordered, strict=False)
        ],
    }


def _depth(entry: Entry, by_id: Mapping[str, Entry]) -> int:
    """Return how many causes lie before an entry, so that of two in the same millisecond the cause comes first."""
    depth, seen = 0, {entry.event_id}
    while (cause := by_id.get(entry.causation_id or "")) and cause.event_id not in seen:
        depth, entry = depth + 1, cause
        seen.add(cause.event_id)
    return depth


def _told(entry: Entry, start: Entry, before: Entry | None, cause: Entry | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "event_id": entry.event_id,
        "detail_type": entry.detail_type,
        "producer": entry.producer,
        "source": entry.source,
        "occurred_at": entry.occurred_at,
        "since_start_ms": _milliseconds(start, entry),
        "since_previous_ms": _milliseconds(before, entry) if before else None,
        "causation_id": entry.causation_id,
        "cause": cause.detail_type if cause else None,
        "since_cause_ms": _milliseconds(cause, entry) if cause else None,
    }
    attempt = entry.failure.attempts if entry.failure else entry.attempt
    if attempt:
        told["attempt"] = attempt
    if entry.reason_code:
        told["reason_code"] = entry.reason_code
    if entry.failure:
        told["failure"] = {
            "condition": entry.failure.condition,
            "error": entry.failure.error,
            "attempts": entry.failure.attempts,
        }
    return told


def _milliseconds(earlier: Entry, later: Entry) -> int:
    return (clock.parse(later.occurred_at) - clock.parse(earlier.occurred_at)) // timedelta(milliseconds=1)
