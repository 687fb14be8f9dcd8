"""The search of the model checker: every state that steps lead to, each once, up to the first bad one."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from .checker import Checker, Configuration, Interned, State, Text
from .simulate import Platform

LOOK_UP_EVERY = 4096
"""States between two looks at the clock."""


@dataclass(slots=True)
class Report:
    """What an exploration found."""

    configuration: str
    crashes: int
    duplicates: int
    states: int = 0
    transitions: int = 0
    ends: int = 0
    shipped: int = 0
    cancelled: int = 0
    seconds: float = 0.0
    violation: str | None = None
    trace: list[str] = field(default_factory=list)


class _Seen:
    """The states that were seen, each by a number.

    A state is kept by what it is but for the crashes and duplicates that are left: one with more of both covers it.
    """

    def __init__(self) -> None:
        self.count = 0
        self._parts = [Interned() for _ in range(5)]
        self._numbers: dict[int, int | tuple[int, ...]] = {}

    def number(self, state: State) -> tuple[int, bool]:
        """Return the number of a state that covers this one, and whether it is new."""
        crashes, duplicates, day = state[5]
        packed = day
        for part, interned in zip(state, self._parts, strict=False):
            packed = (packed << 26) | interned.number(part)
        entry = self.count << 8 | crashes << 4 | duplicates
        known = self._numbers.get(packed)
        if known is None:
            self._numbers[packed] = entry
        else:
            entries = (known,) if isinstance(known, int) else known
            for one in entries:
                if one >> 4 & 15 >= crashes and one & 15 >= duplicates:
                    return one >> 8, False
            self._numbers[packed] = (*entries, entry)
        self.count += 1
        return self.count - 1, True


class _Search:
    def __init__(self, on: Platform, configuration: Configuration) -> None:
        self.checker = Checker(on, configuration)
        self.report = Report(configuration.name, configuration.crashes, configuration.duplicates)
        self._bounds = configuration.crashes + configuration.duplicates
        self._seen = _Seen()
        self._parents, self._reasons, self._texts = array("q"), array("l"), Interned()
        # By how much of the bounds is used up: what has most left comes first, and covers what has less.
        self._waiting: list[list[tuple[int, State]]] = [[] for _ in range(self._bounds + 1)]
        # Steps in which all goes well, as pairs of states: they must lead on, and never in a circle.
        self._sources, self._targets = array("l"), array("l")

    @property
    def states(self) -> int:
        return self._seen.count

    @property
    def waiting(self) -> int:
        return sum(len(stack) for stack in self._waiting)

    def run(self, look_up: Callable[[], None]) -> None:
        """Visit every state, or end with the first that is wrong."""
        first = self.checker.start()
        number, _ = self._seen.number(first)
        self._wait(number, first, -1, ())
        done = 0
        while self.report.violation is None and (stack := next((stack for stack in self._waiting if stack), None)):
            self._visit(*stack.pop())
            done += 1
            if done % LOOK_UP_EVERY == 0:
                look_up()
        if self.report.violation is None:
            circle = find_circle(self.states, self._sources, self._targets)
            if circle is not None:
                self._fail(circle, "steps that all go well lead in a circle")

    def _wait(self, number: int, state: State, parent: int, text: Text) -> None:
        self._parents.append(parent)
        self._reasons.append(self._texts.number(text))
        self._waiting[self._bounds - state[5][0] - state[5][1]].append((number, state))

    def _visit(self, number: int, state: State) -> None:
        leads_on = False
        for text, to, well, broken in self.checker.steps(state):
            self.report.transitions += 1
            if broken is not None:
                self._fail(number, broken, text)
                return
            known, is_new = self._seen.number(to)
            if is_new:
                self._wait(known, to, number, text)
                wrong = self.checker.judge(to)
                if wrong is not None:
                    self._fail(known, wrong)
                    return
            if well and known != number:
                leads_on = True
                self._sources.append(number)
                self._targets.append(known)
        if not leads_on:
            self._end(number, state)

    def _end(self, number: int, state: State) -> None:
        if state[1] or state[2]:
            self._fail(number, "nothing leads on from here, and messages are waiting")
            return
        wrong, outcomes = self.checker.judge_end(state)
        if wrong is not None:
            self._fail(number, wrong)
            return
        self.report.ends += 1
        self.report.shipped += "shipped" in outcomes
        self.report.cancelled += "cancelled" in outcomes

    def _fail(self, number: int, text: str, step: Text = ()) -> None:
        lines = [self.checker.words(step)] if step else []
        while number > 0:
            lines.append(self.checker.words(self._texts[self._reasons[number]]))
            number = self._parents[number]
        self.report.violation, self.report.trace = text, lines[::-1]


def explore(
    on: Platform,
    configuration: Configuration,
    *,
    progress: Callable[[int, int], None] | None = None,
    seconds: float | None = None,
) -> Report:
    """Explore a configuration completely. A report without a violation has seen every state there is.

    Raises ``TimeoutError`` when it takes more CPU time than ``seconds``.
    """
    began = time.process_time()
    search = _Search(on, configuration)

    def look_up() -> None:
        if progress is not None:
            progress(search.states, search.waiting)
        if seconds is not None and time.process_time() - began > seconds:
            text = f"{search.states} states after {seconds:.0f} s, {search.waiting} waiting"
            raise TimeoutError(f"{configuration.name}: {text}")

    search.run(look_up)
    search.report.states = search.states
    search.report.seconds = time.process_time() - began
    return search.report


def find_circle(count: int, sources: array[int], targets: array[int]) -> int | None:
    """Return a state on a circle of steps, or ``None`` when there is none."""
    entering = array("l", bytes(8 * count))
    for target in targets:
        entering[target] += 1
    starts = array("l", bytes(8 * (count + 1)))
    for source in sources:
        starts[source + 1] += 1
    for number in range(count):
        starts[number + 1] += starts[number]
    places, following = array("l", starts), array("l", bytes(8 * len(targets)))
    for source, target in zip(sources, targets, strict=True):
        following[places[source]] = target
        places[source] += 1
    ready = [number for number in range(count) if not entering[number]]
    seen = 0
    while ready:
        number = ready.pop()
        seen += 1
        for edge in range(starts[number], starts[number + 1]):
            target = following[edge]
            entering[target] -= 1
            if not entering[target]:
                ready.append(target)
    if seen == count:
        return None
    return next(number for number in range(count) if entering[number])
