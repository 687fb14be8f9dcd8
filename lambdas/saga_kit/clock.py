"""The one place where the kit reads the time and waits."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.fromtimestamp(time.time(), UTC)


def rfc3339(moment: datetime) -> str:
    """Return ``moment`` as RFC 3339 in UTC with milliseconds, for example ``2026-01-31T09:30:00.125Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text: str) -> datetime:
    """Return the moment that an RFC 3339 text names. Raises ``ValueError`` when it names none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no time zone in {text!r}")
    return moment


def after(seconds: float) -> datetime:
    """Return the moment that lies ``seconds`` ahead."""
    return now() + timedelta(seconds=seconds)


def sleep(seconds: float) -> None:
    """Wait for ``seconds``."""
    time.sleep(seconds)
