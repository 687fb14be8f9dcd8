"""What a data cache has to offer, and what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from saga_kit.errors import SagaError


class CacheDownError(SagaError):
    """The cache does not answer, or not as it should; whoever asked goes on without it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the cache knows of a document.

    ``document`` is ``None`` where only that is known: there is something newer than whatever has a lower ``version``.
    ``as_of`` is when the document was read from its service, RFC 3339 in UTC; ``fresh_until`` the time, in seconds
    since the epoch, from which on somebody should read it again.
    """

    version: int
    document: Mapping[str, Any] | None
    as_of: str
    fresh_until: float


class Store(Protocol):
    """Keeps entries. Every method raises ``CacheDownError`` when that does not work."""

    def get(self, key: str) -> Entry | None:
        """Return the entry under ``key``, or ``None``."""

    def put(self, key: str, entry: Entry, keep_seconds: float) -> bool:
        """Keep an entry unless one with a higher version is there; returns whether it was kept. One step."""

    def lock(self, key: str, holder: str, seconds: float) -> bool:
        """Take the right to read the document of ``key`` for at most ``seconds``; returns whether nobody had it."""

    def unlock(self, key: str, holder: str) -> None:
        """Give that right back, if ``holder`` still has it."""
