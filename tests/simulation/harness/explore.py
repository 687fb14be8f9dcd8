"""Explores the checker's configurations, each in a process of its own."""

from __future__ import annotations

import gc
import multiprocessing
import multiprocessing.connection
from collections.abc import Iterator, Sequence
from typing import Any

from . import bugs as bug_list
from . import plan as plans
from . import processes as pipes
from . import search, simulate
from .bugs import Bug
from .checker import Configuration
from .deployment import from_plan
from .search import Report


def _explore(
    configuration: Configuration, bug: Bug | None, plan: dict[str, Any], seconds: float | None, pipe: Any
) -> None:
    try:
        if bug is None:
            deployment = from_plan(plan)
        else:
            bug_list.seed(bug)
            deployment = from_plan(plan, change_pattern=bug.change_pattern)
            if bug.deployed is not None:
                deployment = bug.deployed(deployment)
        platform = simulate.Platform(deployment)
        # Nothing that the search makes is ever garbage in a circle.
        gc.disable()
        pipe.send(search.explore(platform, configuration, seconds=seconds))
    except BaseException as error:  # noqa: BLE001 - it goes to the parent
        pipe.send(pipes.message(error))


def run(
    configurations: Sequence[Configuration],
    *,
    processes: int = 2,
    bug: Bug | None = None,
    seconds: float | None = None,
) -> Iterator[Report]:
    """Explore ``configurations``, ``processes`` at once, and yield what was found; raise what a process raised."""
    context = multiprocessing.get_context("fork")
    plan = plans.plan()
    waiting = list(configurations)
    running: dict[Any, Any] = {}
    try:
        while waiting or running:
            while waiting and len(running) < processes:
                receiver, sender = context.Pipe(duplex=False)
                arguments = (waiting.pop(0), bug, plan, seconds, sender)
                process = context.Process(target=_explore, args=arguments, daemon=True)
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
    finally:
        for process in running.values():
            process.terminate()
            process.join()
