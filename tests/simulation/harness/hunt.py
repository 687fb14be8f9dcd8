"""Hunts seeded bugs: each in a process of its own, with the simulator, until it is found or its CPU time is over."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from . import bugs as bug_list
from . import plan as plans
from . import processes as pipes
from .bugs import Bug
from .deployment import from_plan
from .shrink import Shrunk

SECONDS = 60.0
"""Of CPU time: a busy machine must not let a bug get away."""


@dataclass(frozen=True, slots=True)
class Kill:
    """How a bug ended: what found it (``None``: it survived), with which seed, after how many schedules and seconds."""

    bug: str
    found: str | None
    seed: int | None
    schedules: int
    seconds: float
    by: str = "simulator"


def _hunt(bug: Bug, seconds: float, plan: dict[str, Any], pipe: multiprocessing.connection.Connection) -> None:
    from . import simulate

    started = time.process_time()
    try:
        bug_list.seed(bug)
        deployment = from_plan(plan, change_pattern=bug.change_pattern)
        if bug.deployed is not None:
            deployment = bug.deployed(deployment)
        platform = simulate.Platform(deployment)
        gc.disable()
        schedules = 0
        while time.process_time() - started < seconds:
            result = simulate.run(platform, schedules)
            schedules += 1
            if result.violation is not None:
                pipe.send(Kill(bug.name, result.violation, result.seed, schedules, time.process_time() - started))
                return
            if schedules % 200 == 0:
                gc.collect()
        pipe.send(Kill(bug.name, None, None, schedules, time.process_time() - started))
    except BaseException as error:  # noqa: BLE001 - it goes to the parent
        pipe.send(pipes.message(error))


def _shortest(bug: Bug, seconds: float, plan: dict[str, Any], pipe: multiprocessing.connection.Connection) -> None:
    from . import shrink, simulate

    try:
        bug_list.seed(bug)
        platform = simulate.Platform(from_plan(plan, change_pattern=bug.change_pattern))
        seed = next(seed for seed in range(25_000) if simulate.run(platform, seed).violation is not None)
        pipe.send(shrink.shrink(platform, seed, seconds=seconds))
    except BaseException as error:  # noqa: BLE001 - it goes to the parent
        pipe.send(pipes.message(error))


def shortest(bug: Bug, *, seconds: float = 30.0) -> Shrunk:
    """Return the shortest schedule that shows ``bug``, looked for in a process of its own for ``seconds``."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_shortest, args=(bug, seconds, plans.plan(), sender), daemon=True)
    process.start()
    sender.close()
    outcome = receiver.recv()
    process.join()
    if isinstance(outcome, Exception):
        raise outcome
    assert isinstance(outcome, Shrunk)
    return outcome


def hunt(chosen: Sequence[Bug], *, seconds: float = SECONDS, processes: int = 1) -> Iterator[Kill]:
    """Hunt ``chosen`` bugs, ``processes`` at once, and yield how each ended. Raises what a process failed with."""
    context = multiprocessing.get_context("fork")
    plan = plans.plan()
    waiting = list(chosen)
    running: dict[Any, Any] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_hunt, args=(waiting.pop(0), seconds, plan, sender), daemon=True)
            process.start()
            sender.close()
            running[receiver] = process
        for ready in pipes.ready(running):
            process = running.pop(ready)
            outcome = ready.recv()
            process.join()
            if isinstance(outcome, Exception):
                raise outcome
            yield outcome
