"""Asks for the sections of an order all at once, and takes what has come when the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from composer.cache import Read
from composer.sections import SECTIONS
from composer.sources import UnavailableError
from saga_kit import clock

Load = Callable[[], Read]


@dataclass(slots=True)
class Parts:
    """Reads under way, each in a thread of its own; ``seconds`` is what all of them have together."""

    loads: Mapping[str, Load]
    seconds: float
    _until: float = field(init=False)
    _pool: ThreadPoolExecutor = field(init=False)
    _reads: dict[str, Future[Read]] = field(init=False)

    def __post_init__(self) -> None:
        self._until = time.monotonic() + self.seconds
        self._pool = ThreadPoolExecutor(max_workers=len(self.loads) + 1)
        self._reads = {name: self._pool.submit(load) for name, load in self.loads.items()}

    def read(self, name: str) -> Read:
        """Wait for one section. Raises ``UnavailableError`` when its service fails or time is up.

        What a service answers that cannot be understood is an error of ours and raised as it is.
        """
        future = self._reads[name]
        done, _ = wait([future], timeout=max(0.0, self._until - time.monotonic()))
        if not done:
            raise UnavailableError(name)
        return future.result()

    def section(self, name: str) -> dict[str, Any]:
        """Wait for one section; return it as it is shown: its status, when that was so, and what is there."""
        try:
            read = self.read(name)
        except UnavailableError:
            return {"status": "unavailable", "as_of": clock.rfc3339(clock.now())}
        if read.document is None or not SECTIONS[name].is_there(read.document):
            return {"status": "missing", "as_of": read.as_of}
        return {"status": "available", "as_of": read.as_of, "data": read.document}

    def beside(self, work: Callable[[], None]) -> Future[None]:
        """Have something done beside the reads that are still under way."""
        return self._pool.submit(work)

    def close(self) -> None:
        """Wait for nothing more; a call that is under way ends by its own time limit."""
        self._pool.shutdown(wait=False, cancel_futures=True)
