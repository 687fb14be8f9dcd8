"""The data cache: documents of the services, read through it, with a guard by version.

Cache-aside. An older read never replaces a newer one, since the store compares versions in the step that writes. An
event that tells of a newer version leaves an entry without a document, which keeps older reads out until somebody has
read the newer one. Of those who miss a document at once one reads it; the others get the last one known or wait a
moment. Whatever the cache does, the services have the truth: without it an answer is slower and no different.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from composer.entries import CacheDownError, Entry, Store
from composer.sections import Section
from saga_kit import clock
from saga_kit.errors import SagaError

Answer = TypeVar("Answer")

POLL_SECONDS = 0.02
FAILURES = 3
"""In a row, after which the cache is left alone for a while."""


@dataclass(frozen=True, slots=True)
class Read:
    """A document, or ``None`` where there is nothing, and when the service said so (RFC 3339, UTC)."""

    document: Mapping[str, Any] | None
    as_of: str
    cached: bool = False


@dataclass(slots=True)
class Breaker:
    """Keeps a process from waiting again and again for a cache that does not answer."""

    pause_seconds: float
    failures: int = 0
    closed_at: float = 0.0

    def lets_through(self) -> bool:
        """Return whether the cache may be asked."""
        return self.failures < FAILURES or time.monotonic() >= self.closed_at

    def failed(self) -> None:
        """Note a failure. One more after a pause starts the next."""
        self.failures += 1
        if self.failures >= FAILURES:
            self.closed_at = time.monotonic() + self.pause_seconds

    def worked(self) -> None:
        """Note an answer."""
        self.failures = 0


@dataclass(frozen=True, slots=True)
class Times:
    """How long things last, in seconds.

    ``fresh``: a document needs no second look; ``keep``: it, and the guard, stay; ``lock``: a reader has; ``wait``:
    others wait for that reader. ``keep`` has to be longer than any invocation: a read that began before the guard went
    must not end after it.
    """

    fresh: float = 60.0
    keep: float = 3600.0
    lock: float = 5.0
    wait: float = 0.5


@dataclass(frozen=True, slots=True)
class Cache:
    """Documents of the services through ``store``; ``None`` is no cache at all. ``prefix`` starts every key."""

    store: Store | None
    prefix: str = ""
    times: Times = field(default_factory=Times)
    breaker: Breaker = field(default_factory=lambda: Breaker(5.0))

    def read(self, section: Section, order_id: str, load: Callable[[], Mapping[str, Any] | None]) -> Read:
        """Return the section's document, from the cache or by ``load``.

        Raises what ``load`` raises where the cache has nothing to offer in its place.
        """
        key = self._key(section, order_id)
        found = self._get(key)
        if found and found.document is not None and time.time() < found.fresh_until:
            return Read(found.document, found.as_of, cached=True)
        holder = str(uuid.uuid4())
        if self._lock(key, holder):
            try:
                return self._load(section, order_id, load)
            except SagaError:
                if found and found.document is not None:
                    return Read(found.document, found.as_of, cached=True)
                raise
            finally:
                self._ask(lambda store: store.unlock(key, holder))
        if found and found.document is not None:
            return Read(found.document, found.as_of, cached=True)
        return self._wait(key) or self._load(section, order_id, load)

    def refresh(self, section: Section, order_id: str, load: Callable[[], Mapping[str, Any] | None]) -> bool:
        """Read the section's document from its service and keep it. Returns whether it was kept."""
        read = self._read(load)
        return read.document is not None and self._keep(section, order_id, read)

    def outdate(self, section: Section, order_id: str, version: int) -> bool:
        """Let go of a document that is older than ``version``. Returns whether the cache has taken note."""
        found = self._get(self._key(section, order_id))
        if found and found.version >= version:
            return True
        entry = Entry(version, None, clock.rfc3339(clock.now()), 0)
        return self._ask(lambda store: store.put(self._key(section, order_id), entry, self.times.keep)) is not None

    def _load(self, section: Section, order_id: str, load: Callable[[], Mapping[str, Any] | None]) -> Read:
        read = self._read(load)
        if read.document is not None and section.is_there(read.document):
            self._keep(section, order_id, read)
        return read

    def _read(self, load: Callable[[], Mapping[str, Any] | None]) -> Read:
        # The time before, not after: what changes in between is not in the document.
        as_of = clock.rfc3339(clock.now())
        return Read(load(), as_of)

    def _keep(self, section: Section, order_id: str, read: Read) -> bool:
        assert read.document is not None
        entry = Entry(section.version(read.document), read.document, read.as_of, time.time() + self.times.fresh)
        return bool(self._ask(lambda store: store.put(self._key(section, order_id), entry, self.times.keep)))

    def _key(self, section: Section, order_id: str) -> str:
        return f"{self.prefix}{section.name}:{order_id}"

    def _get(self, key: str) -> Entry | None:
        return self._ask(lambda store: store.get(key))

    def _lock(self, key: str, holder: str) -> bool:
        """Return whether to read the document: also where the cache cannot say who else does."""
        return self._ask(lambda store: store.lock(key, holder, self.times.lock)) is not False

    def _wait(self, key: str) -> Read | None:
        until = time.monotonic() + self.times.wait
        while time.monotonic() < until:
            clock.sleep(POLL_SECONDS)
            found = self._get(key)
            if found and found.document is not None:
                return Read(found.document, found.as_of, cached=True)
        return None

    def _ask(self, question: Callable[[Store], Answer]) -> Answer | None:
        """Return what the store says, or ``None`` when there is none or it does not answer."""
        if self.store is None or not self.breaker.lets_through():
            return None
        try:
            answer = question(self.store)
        except CacheDownError:
            self.breaker.failed()
            return None
        self.breaker.worked()
        return answer
