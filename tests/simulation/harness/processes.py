"""What parent and child processes say to each other."""

from __future__ import annotations

import multiprocessing.connection
from collections.abc import Iterable
from typing import Any


def ready(pipes: Iterable[Any]) -> list[Any]:
    """Wait until one of ``pipes`` has something to say, and return those that have."""
    return list(multiprocessing.connection.wait(list(pipes)))


def message(error: BaseException) -> Exception:
    """Return what a child tells its parent of ``error``."""
    return error if isinstance(error, Exception) else RuntimeError(repr(error))
