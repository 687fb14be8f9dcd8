"""Parameters of lists, of a query string or of an invocation: a day, a limit, a place to go on from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from saga_kit import clock
from saga_kit.errors import InvalidEventError

MOMENT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z"
IDENTIFIER = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CURSOR = re.compile(f"({MOMENT})~({IDENTIFIER})")

Place = tuple[str, str]
"""Where an entry stands in a list that is sorted by time: its moment (RFC 3339, UTC), and its id."""


def only(parameters: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise ``InvalidEventError`` naming a parameter that is not among the ``known`` ones."""
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise InvalidEventError(unknown[0], "no such parameter")


def day(parameters: Mapping[str, Any]) -> str:
    """Return ``day`` ("2026-01-31"), today in UTC by default. Raises ``InvalidEventError``."""
    text = str(parameters.get("day", clock.rfc3339(clock.now())[:10]))
    try:
        # The basic format and weeks are ISO's too, but not what days are listed by.
        known = date.fromisoformat(text).isoformat() == text
    except ValueError:
        known = False
    if not known:
        raise InvalidEventError("day", "a day such as 2026-01-31")
    return text


def limit(parameters: Mapping[str, Any], default: int, greatest: int) -> int:
    """Return ``limit``, a whole number from 1 to ``greatest``. Raises ``InvalidEventError``."""
    text = str(parameters.get("limit", default))
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= greatest:
        raise InvalidEventError("limit", f"a whole number from 1 to {greatest}")
    return int(text)


def cursor(parameters: Mapping[str, Any]) -> Place | None:
    """Return the place that ``cursor`` names, or ``None`` without one. Raises ``InvalidEventError``."""
    if "cursor" not in parameters:
        return None
    match = _CURSOR.fullmatch(str(parameters["cursor"]))
    if not match:
        raise InvalidEventError("cursor", "the cursor of the page before")
    return match[1], match[2]


def cursor_of(place: Place) -> str:
    """Return the text by which a caller asks for what comes after ``place``."""
    return f"{place[0]}~{place[1]}"
