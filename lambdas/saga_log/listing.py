"""Lists sagas: the open ones, those that are stuck, and those that ended on a day. A page at a time, without a scan."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from saga_kit import clock
from saga_kit.errors import InvalidEventError
from saga_log.heads import OPEN, Head, Heads
from saga_log.watchdog import is_stuck

MAX_LIMIT = 100
_STATES = ("open", "stuck", "ended")
_CURSOR = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)~([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)


@dataclass(frozen=True, slots=True)
class Request:
    """Which sagas are asked for; ``after`` is the place of the last one of the page before."""

    state: str
    day: str
    limit: int
    after: tuple[str, str] | None


def parse(parameters: Mapping[str, Any]) -> Request:
    """Return the request in query parameters, or in what the function was invoked with.

    ``state``: open (default), stuck or ended. ``day``: of the ended ones, UTC, today by default. ``limit``: 1 to 100,
    50 by default. ``cursor``: of the page before. Raises ``InvalidEventError`` naming what is wrong.
    """
    unknown = sorted(set(parameters) - {"state", "day", "limit", "cursor"})
    if unknown:
        raise InvalidEventError(unknown[0], "no such parameter")
    state = parameters.get("state", "open")
    if state not in _STATES:
        raise InvalidEventError("state", f"one of {', '.join(_STATES)}")
    return Request(state, _day(parameters), _limit(parameters), _after(parameters))


def _day(parameters: Mapping[str, Any]) -> str:
    day = str(parameters.get("day", clock.rfc3339(clock.now())[:10]))
    try:
        # The basic format and weeks are ISO's too, but not what days are listed by.
        known = date.fromisoformat(day).isoformat() == day
    except ValueError:
        known = False
    if not known:
        raise InvalidEventError("day", "a day such as 2026-01-31")
    return day


def _limit(parameters: Mapping[str, Any]) -> int:
    text = str(parameters.get("limit", 50))
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidEventError("limit", f"a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def _after(parameters: Mapping[str, Any]) -> tuple[str, str] | None:
    if "cursor" not in parameters:
        return None
    match = _CURSOR.fullmatch(str(parameters["cursor"]))
    if not match:
        raise InvalidEventError("cursor", "the cursor of the page before")
    return match[1], match[2]


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
        answer["cursor"] = f"{shown[-1].listed_at}~{shown[-1].saga_id}"
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
