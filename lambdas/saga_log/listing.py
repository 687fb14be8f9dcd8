"""Lists sagas: the open ones, those that are stuck, and those that ended on a day. A page at a time, without a scan."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from saga_kit import clock, parameters
from saga_kit.errors import InvalidEventError
from saga_log.heads import OPEN, Head, Heads
from saga_log.watchdog import is_stuck

_LIMIT, MAX_LIMIT = 50, 100
_STATES = ("open", "stuck", "ended")


@dataclass(frozen=True, slots=True)
class Request:
    """Which sagas are asked for; ``after`` is the place of the last one of the page before."""

    state: str
    day: str
    limit: int
    after: tuple[str, str] | None


def parse(query: Mapping[str, Any]) -> Request:
    """Return the request in query parameters, or in what the function was invoked with.

    ``state``: open (default), stuck or ended. ``day``: of the ended ones, UTC, today by default. ``limit``: 1 to 100,
    50 by default. ``cursor``: of the page before. Raises ``InvalidEventError`` naming what is wrong.
    """
    parameters.only(query, {"state", "day", "limit", "cursor"})
    state = query.get("state", "open")
    if state not in _STATES:
        raise InvalidEventError("state", f"one of {', '.join(_STATES)}")
    limit = parameters.limit(query, _LIMIT, MAX_LIMIT)
    return Request(state, parameters.day(query), limit, parameters.cursor(query))


def page(request: Request, heads: Heads, stuck_after_seconds: float) -> dict[str, Any]:
    """Return ``sagas`` and, where there are more, the ``cursor`` of the next page."""
    now = clock.now()
    if request.state == "ended":
        found = heads.ended_sagas(request.day, after=request.after)
    else:
        until = clock.rfc3339(now - timedelta(seconds=stuck_after_seconds)) if request.state == "stuck" else None
        found = heads.open_sagas(until=until, after=request.after)
    listed = list(itertools.islice(found, request.limit + 1))
    shown = listed[: request.limit]
    answer: dict[str, Any] = {"sagas": [_told(head, stuck_after_seconds, now) for head in shown]}
    if len(listed) > request.limit:
        answer["cursor"] = parameters.cursor_of((shown[-1].listed_at, shown[-1].saga_id))
    return answer


def _told(head: Head, stuck_after_seconds: float, now: datetime) -> dict[str, Any]:
    return {
        "saga_id": head.saga_id,
        "state": head.state.lower(),
        "started_at": head.started_at,
        "deadline_at": head.deadline_at,
        "deadline_exceeded_at": head.exceeded_at,
        "ended_at": head.ended_at,
        "stuck": head.state == OPEN and is_stuck(head, stuck_after_seconds, now),
    }
