"""Makes a failing schedule as short as it gets: fewer orders, fewer happenings, fewer decisions out of the ordinary."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Iterator, Sequence

from . import scenario, simulate
from .decisions import Rates
from .scenario import OrderPlan, Scenario
from .simulate import Platform, Result


@dataclasses.dataclass(frozen=True, slots=True)
class Shrunk:
    """The shortest schedule that still fails: its scenario, its decisions, what came of it, and the runs it took."""

    about: Scenario
    allowed: frozenset[str]
    result: Result
    runs: int


def shrink(on: Platform, seed: int, *, seconds: float = 30.0) -> Shrunk:
    """Return the shortest schedule of ``seed`` that still fails, found within about ``seconds``.

    Raises ``ValueError`` when the schedule does not fail.
    """
    search = _Search(on, seed, time.monotonic() + seconds)
    about = scenario.draw_scenario(seed)
    first = search.run(about, None)
    if first.violation is None:
        raise ValueError(f"the schedule of seed {seed} does not fail")
    search.kind = _kind(first.violation)
    names = list(first.taken)
    changed = True
    while changed and not search.is_over():
        before = (about, names)
        names = search.fewer(about, names)
        about = search.simpler(about, names)
        changed = (about, names) != before
    final = search.run(about, frozenset(names), tracing=True)
    return Shrunk(about, frozenset(names), final, search.runs)


class _Search:
    def __init__(self, on: Platform, seed: int, until: float) -> None:
        self._on = on
        self._seed = seed
        self._until = until
        self.runs = 0
        self.kind = ""

    def is_over(self) -> bool:
        return time.monotonic() > self._until

    def run(self, about: Scenario, allowed: frozenset[str] | None, *, tracing: bool = False) -> Result:
        self.runs += 1
        rates: Rates = about.rates
        return simulate.run(self._on, self._seed, allowed=allowed, about=about, rates=rates, tracing=tracing)

    def fails(self, about: Scenario, names: Sequence[str]) -> bool:
        violation = self.run(about, frozenset(names)).violation
        return violation is not None and _kind(violation) == self.kind

    def fewer(self, about: Scenario, names: list[str]) -> list[str]:
        """Delta debugging: leave out halves, then quarters, and so on, as long as it fails."""
        if self.fails(about, []):
            return []
        parts = 2
        while len(names) > 1 and not self.is_over():
            size = -(-len(names) // parts)
            for start in range(0, len(names), size):
                rest = names[:start] + names[start + size :]
                if self.fails(about, rest):
                    names, parts = rest, max(parts - 1, 2)
                    break
            else:
                if size == 1:
                    break
                parts = min(parts * 2, len(names))
        return names

    def simpler(self, about: Scenario, names: Sequence[str]) -> Scenario:
        again = True
        while again and not self.is_over():
            again = False
            for candidate in _simpler(about):
                if self.fails(candidate, names):
                    about, again = candidate, True
                    break
        return about


def _kind(violation: str) -> str:
    """Return what a violation is about: its text without the ids and numbers in it."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9]+|\{.*", "", violation)[:60]


def _simpler(about: Scenario) -> Iterator[Scenario]:  # noqa: C901 - one thing less a line
    if about.deliveries:
        yield dataclasses.replace(about, deliveries=())
    if about.shards:
        yield dataclasses.replace(about, shards={})
    if about.poison_record:
        yield dataclasses.replace(about, poison_record=False)
    if about.deadline_seconds is not None:
        yield dataclasses.replace(about, deadline_seconds=None)
    if about.with_log:
        yield dataclasses.replace(about, with_log=False)
    if about.stream_lag:
        yield dataclasses.replace(about, stream_lag=0.0)
    for index, plan in enumerate(about.orders):
        if len(about.orders) > 1:
            yield _with(about, index, ())
        for change in (
            {"cancel_at": None},
            {"sends": 1},
            {"reuses_key": False},
            {"at": 0.0},
        ):
            simpler: OrderPlan = dataclasses.replace(plan, **change)
            if simpler != plan:
                yield _with(about, index, (simpler,))
        lines = plan.body["lines"]
        if len(lines) > 1:
            yield _with(about, index, (dataclasses.replace(plan, body={**plan.body, "lines": lines[:1]}),))


def _with(about: Scenario, index: int, plans: tuple[OrderPlan, ...]) -> Scenario:
    return dataclasses.replace(about, orders=(*about.orders[:index], *plans, *about.orders[index + 1 :]))
