"""Every choice of a schedule: drawn from the seed by name, so that leaving one out changes no other.

A decision has a name that says where it falls ("chk_inventory/<event>/attempt 1/call 1"). Its value is a function of
the seed and that name alone. A schedule is the set of its decisions that differ from the ordinary course of things;
a shorter trace is a smaller set, and the same seed with the same set is the same run, bit for bit.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

_MASK = (1 << 64) - 1
_UNIT = 1.0 / (1 << 53)


@dataclass(slots=True)
class Rates:
    """How often anything out of the ordinary happens, from 0 to 1, and what kinds of it can (swarm testing)."""

    fault: float = 0.0
    delay: float = 0.0
    duplicate: float = 0.0
    kinds: frozenset[str] = frozenset()
    scatter: float | None = None
    """How often much time passes between two reads of one batch; ``None``: as often as anything is delayed."""


@dataclass(slots=True)
class Decisions:
    """The decisions of one schedule; only those in ``allowed`` may differ from the ordinary (``None``: all)."""

    seed: int
    rates: Rates
    allowed: frozenset[str] | None = None
    taken: dict[str, str] = field(default_factory=dict)
    _salt: int = 0
    _crc: int = 0
    _possible: dict[Sequence[str], list[str]] = field(default_factory=dict)
    """Of kinds of fault those that this schedule may have: with few kinds, most calls have none to draw."""

    def __post_init__(self) -> None:
        self._salt = (self.seed * 0x9E3779B97F4A7C15 + 0x1234567) & _MASK
        self._crc = self._salt & 0xFFFFFFFF

    def draw(self, name: str) -> float:
        """Return the number in [0, 1) that belongs to ``name``."""
        mixed = (zlib.crc32(name.encode(), self._crc) * 0xBF58476D1CE4E5B9 + self._salt) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0x94D049BB133111EB) & _MASK
        return ((mixed ^ (mixed >> 29)) >> 11) * _UNIT

    def happens(self, name: str, rate: float, value: str = "yes") -> bool:
        """Decide whether something out of the ordinary happens."""
        if rate <= 0.0 or self.draw(name) >= rate or (self.allowed is not None and name not in self.allowed):
            return False
        self.taken[name] = value
        return True

    def fault(self, name: str, kinds: Sequence[str]) -> str | None:
        """Decide on a fault of one of ``kinds``, or on none."""
        rate = self.rates.fault
        if rate <= 0.0:
            return None
        possible = self._possible.get(kinds)
        if possible is None:
            possible = self._possible[kinds] = [kind for kind in kinds if kind in self.rates.kinds]
        if not possible or self.draw(name) >= rate or (self.allowed is not None and name not in self.allowed):
            return None
        kind = possible[int(self.draw(name + "?") * len(possible))]
        self.taken[name] = kind
        return kind

    def delay(self, name: str, ordinary: float, long: Sequence[float]) -> float:
        """Decide on a delay in seconds: the ordinary one, or one of about the ``long`` ones."""
        return self._delay(name, self.rates.delay, ordinary, long)

    def _delay(self, name: str, rate: float, ordinary: float, long: Sequence[float]) -> float:
        if rate <= 0.0 or self.draw(name) >= rate or (self.allowed is not None and name not in self.allowed):
            return ordinary
        fine = self.draw(name + "?") * len(long)
        seconds = long[int(fine)] * (0.5 + (fine - int(fine)))
        self.taken[name] = f"{seconds:.3f} s"
        return seconds

    def apart(self, name: str, ordinary: float, long: Sequence[float]) -> float:
        """Decide on the seconds between two reads of one batch, as ``delay`` does."""
        rates = self.rates
        return self._delay(name, rates.delay if rates.scatter is None else rates.scatter, ordinary, long)

    def number(self, name: str, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high`` that belongs to ``name``; it counts as ordinary."""
        return low + int(self.draw(name) * (high - low + 1))


def source(seed: int, purpose: str) -> random.Random:
    """Return a generator for what a schedule is about, such as its orders."""
    return random.Random(f"{seed}/{purpose}")
