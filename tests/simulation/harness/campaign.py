"""Many schedules, on all cores, added up."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import multiprocessing.connection
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import processes, simulate
from .simulate import Platform, Result
from .world import FAULTS

CHUNK = 250
COLLECT_EVERY = 250


@dataclass(slots=True)
class Totals:
    """What a number of schedules came to; ``faults`` counts by call site and kind."""

    schedules: int = 0
    orders: int = 0
    shipped: int = 0
    cancelled: int = 0
    steps: int = 0
    invocations: int = 0
    events: int = 0
    dead_letters: int = 0
    repeated_mails: int = 0
    deadlines: int = 0
    cpu_seconds: float = 0.0
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Add one schedule."""
        self.schedules += 1
        self.orders += result.orders
        self.shipped += result.shipped
        self.cancelled += result.cancelled
        self.steps += result.steps
        self.invocations += result.invocations
        self.events += result.events
        self.dead_letters += result.dead_letters
        self.repeated_mails += result.repeated_mails
        self.deadlines += result.deadlines
        self.faults.update(result.faults)

    def merge(self, other: Totals) -> None:
        """Add up with ``other``."""
        for name in (
            "schedules",
            "orders",
            "shipped",
            "cancelled",
            "steps",
            "invocations",
            "events",
            "dead_letters",
            "repeated_mails",
            "deadlines",
            "cpu_seconds",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults.update(other.faults)

    def by_kind(self) -> Counter[str]:
        """Return the faults by kind."""
        kinds: Counter[str] = Counter()
        for (_, kind), count in self.faults.items():
            kinds[kind] += count
        return kinds

    def coverage(self) -> dict[str, tuple[set[str], set[str]]]:
        """Return for each call site the kinds of fault that fell there, and those that could but did not."""
        sites: dict[str, set[str]] = {}
        for site, kind in self.faults:
            sites.setdefault(site, set()).add(kind)
        covered = {}
        for site, kinds in sorted(sites.items()):
            operation = site.split(" ", 1)[1]
            possible = FAULTS.get("http" if operation.startswith("POST") else operation)
            if possible is not None:
                covered[site] = (kinds & set(possible), set(possible) - kinds)
        return covered


@dataclass(slots=True)
class Outcome:
    """How a campaign ended: its totals, and the first schedule that failed, if one did."""

    totals: Totals
    failure: Result | None
    seconds: float


def run_chunk(on: Platform, first: int, count: int) -> tuple[Totals, Result | None]:
    """Run ``count`` schedules from the seed ``first`` on, up to one that fails."""
    totals = Totals()
    failure: Result | None = None
    gc.disable()
    # What is there before a schedule stays; the collections below look at what schedules leave behind.
    gc.freeze()
    started = time.process_time()
    try:
        for seed in range(first, first + count):
            result = simulate.run(on, seed)
            totals.add(result)
            if result.violation is not None:
                failure = result
                break
            if seed % COLLECT_EVERY == 0:
                gc.collect()
    finally:
        gc.unfreeze()
        gc.enable()
    totals.cpu_seconds = time.process_time() - started
    return totals, failure


def run(
    on: Platform,
    first: int,
    count: int,
    *,
    jobs: int | None = None,
    progress: Callable[[Totals], None] | None = None,
) -> Outcome:
    """Run ``count`` schedules from the seed ``first`` on in ``jobs`` processes (``None``: one a core).

    Who interrupts it gets what the schedules up to then came to.
    """
    started = time.monotonic()
    totals = Totals()
    failure: Result | None = None
    with contextlib.suppress(KeyboardInterrupt):
        for part, failed in _chunks(on, first, count, jobs or os.cpu_count() or 1):
            totals.merge(part)
            if failed is not None and (failure is None or failed.seed < failure.seed):
                failure = failed
            if progress is not None:
                progress(totals)
            if failure is not None:
                break
    return Outcome(totals, failure, time.monotonic() - started)


def _chunks(on: Platform, first: int, count: int, jobs: int) -> Any:
    chunks = [(start, min(CHUNK, first + count - start)) for start in range(first, first + count, CHUNK)]
    if jobs == 1:
        for start, size in chunks:
            yield run_chunk(on, start, size)
        return
    # One schedule before the fork: it makes the clients and compiles the schemas, once for all processes.
    simulate.run(on, first)
    gc.collect()
    context = multiprocessing.get_context("fork")
    workers = []
    pipes: dict[Any, Any] = {}
    waiting = list(reversed(chunks))
    try:
        for _ in range(min(jobs, len(chunks))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(on, theirs), daemon=True)
            process.start()
            theirs.close()
            workers.append(process)
            pipes[ours] = process
            ours.send(waiting.pop())
        while pipes:
            for pipe in processes.ready(pipes):
                answer = pipe.recv()
                if isinstance(answer, Exception):
                    raise answer
                if waiting:
                    pipe.send(waiting.pop())
                else:
                    pipe.send(None)
                    del pipes[pipe]
                yield answer
    finally:
        for process in workers:
            if process.is_alive():
                process.terminate()
            process.join()


def _work(on: Platform, pipe: Any) -> None:
    try:
        while (chunk := pipe.recv()) is not None:
            pipe.send(run_chunk(on, *chunk))
    except (EOFError, KeyboardInterrupt):
        return
    except BaseException as error:  # noqa: BLE001 - it goes to the parent
        pipe.send(processes.message(error))
