"""Runs many inputs, on as many processors as there are."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.fuzz.harness.target import INPUTS_OF_A_SEED, Target, prepared
from tests.simulation.harness.deployment import Deployment

SHARE = 100 * INPUTS_OF_A_SEED
"""Inputs that a process is given at a time."""
MOST_FINDINGS = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with an input, which its number brings back."""

    number: int
    function: str
    problem: str


@dataclass
class Tally:
    """How many inputs came to what, by function and outcome, and what was found."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.counts += other.counts
        self.findings = sorted([*self.findings, *other.findings], key=lambda finding: finding.number)[:MOST_FINDINGS]

    @property
    def inputs(self) -> int:
        """How many there were."""
        return self.counts.total()


def run_here(target: Target, numbers: range) -> Tally:
    """Give inputs to their handlers in this process."""
    tally = Tally()
    for number in numbers:
        verdict = target.run(number)
        tally.counts[verdict.function, verdict.outcome] += 1
        for problem in verdict.problems:
            if len(tally.findings) < MOST_FINDINGS:
                tally.findings.append(Finding(number, verdict.function, problem))
    return tally


def run(deployment: Deployment, inputs: int, seed: int, processes: int | None = None) -> Iterator[Tally]:
    """Give ``inputs`` inputs to their handlers and yield what came of each share of them, as it is done."""
    shares = [range(start, min(start + SHARE, inputs)) for start in range(0, inputs, SHARE)]
    context = multiprocessing.get_context("fork")
    workers = min(processes or os.cpu_count() or 1, len(shares))
    with ProcessPoolExecutor(workers, context, _prepare, (deployment, seed)) as pool:
        for done in as_completed([pool.submit(_share, share) for share in shares]):
            yield done.result()


_OPEN = ExitStack()
_TARGETS: list[Target] = []


def _prepare(deployment: Deployment, seed: int) -> None:
    _TARGETS.append(_OPEN.enter_context(prepared(deployment, seed)))


def _share(numbers: range) -> Tally:
    return run_here(_TARGETS[0], numbers)
