"""Waiting for what happens in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 150.0
"""Far more than anything takes: a machine with other work to do is slow, and a test that waits too short is no test."""


def eventually(check: Callable[[], T], timeout: float = PATIENCE_SECONDS, every: float = 0.25) -> T:
    """Return what `check` returns as soon as it raises no `AssertionError`; the last one is raised after `timeout`."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(every)
