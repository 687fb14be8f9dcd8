"""The command ``./scripts/fuzz``."""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from tests.fuzz.harness import campaign
from tests.fuzz.harness.campaign import Tally
from tests.fuzz.harness.target import OUTCOMES, prepared
from tests.simulation.harness.deployment import Deployment, from_plan
from tests.support import plans
from tests.support import progress as progress_bar

SEED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign, or one input again. Returns the exit status: 1 for findings."""
    parser = argparse.ArgumentParser(
        prog="fuzz",
        description="Give generated requests, events, stream records and invocations to every handler of the platform. "
        "None may be unhandled, change anything when it is refused, or show in a log what a customer typed.",
    )
    parser.add_argument("--inputs", type=_count, default=100_000, help="how many (default: 100000)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the generators (default: %(default)s)")
    parser.add_argument("--processes", type=_count, help="how many at a time (default: one a processor)")
    parser.add_argument("--replay", type=int, metavar="NUMBER", help="run the input of this number alone, and show it")
    given = parser.parse_args(arguments)
    logging.getLogger().setLevel(logging.CRITICAL)
    console = Console(soft_wrap=True, highlight=False)
    deployment = from_plan(plans.of_platform())
    if given.replay is not None:
        return _replay(console, deployment, given.seed, given.replay)
    started = time.monotonic()
    total = _run(console, deployment, given.inputs, given.seed, given.processes)
    console.print(table(total))
    seconds = time.monotonic() - started
    console.print(f"{total.inputs} inputs, seed {given.seed}, {len(total.findings)} findings, {seconds:.0f} s")
    for finding in total.findings:
        console.print(f"  {finding.function}: {finding.problem}", markup=False)
        console.print(f"    ./scripts/fuzz --seed {given.seed} --replay {finding.number}", markup=False)
    return 1 if total.findings else 0


def _run(console: Console, deployment: Deployment, inputs: int, seed: int, processes: int | None) -> Tally:
    columns = (TextColumn("inputs"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    total = Tally()
    with progress_bar.bar(console, *columns, disable=not console.is_terminal) as progress:
        task = progress.add_task("inputs", total=inputs)
        told = 0
        for tally in campaign.run(deployment, inputs, seed, processes):
            total.add(tally)
            progress.update(task, completed=total.inputs, refresh=True)
            if not console.is_terminal and total.inputs >= told + inputs // 10:
                told = total.inputs
                console.print(f"{total.inputs} of {inputs} inputs, {len(total.findings)} findings")
    return total


def table(total: Tally) -> Table:
    """What came of a campaign, by function."""
    found = Table("function", "inputs", *OUTCOMES)
    for column in found.columns[1:]:
        column.justify = "right"
    functions = sorted({function for function, _ in total.counts})
    for function in functions:
        counts = [total.counts[function, outcome] for outcome in OUTCOMES]
        found.add_row(function, str(sum(counts)), *map(str, counts))
    counts = [sum(total.counts[function, outcome] for function in functions) for outcome in OUTCOMES]
    found.add_row("all", str(sum(counts)), *map(str, counts), style="bold")
    return found


def _replay(console: Console, deployment: Deployment, seed: int, number: int) -> int:
    with prepared(deployment, seed) as target:
        _, event = target.input(number)
        verdict = target.run(number)
    console.print(json.dumps(event, indent=2), markup=False)
    console.print(f"{verdict.function}: {verdict.outcome}", markup=False)
    for problem in verdict.problems:
        console.print(problem, markup=False)
    return 1 if verdict.problems else 0


def _count(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number
