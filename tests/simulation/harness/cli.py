"""``./scripts/simulate``: many schedules, one schedule again, the seeded bugs, the model checker, the comparisons."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from tests.support import progress as progress_bar

from . import (
    bugs,
    campaign,
    checker,
    differential,
    explore,
    hunt,
    references,
    report,
    scenario,
    shrink,
    simulate,
)
from .campaign import Totals

LINES = 40
"""Lines of progress of a long run whose output goes to a file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 0 when every invariant held."""
    parser = _parser()
    options = parser.parse_args(arguments)
    console = Console(stderr=False)
    # Asked to end by a signal, as by Ctrl-C: a long run tells what there was up to then.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if options.seed is not None:
            return _replay(console, options.seed, shortest=not options.whole)
        if options.bugs is not None:
            return _bugs(console, options.bugs, options.jobs)
        if options.check:
            return _check(console, options.jobs)
        if options.compare is not None:
            return _compare(console, options.compare, options.operations)
        return _campaign(console, options.first, options.schedules, options.jobs)
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--schedules", type=_positive, default=25_000, metavar="N", help="how many (default 25,000)")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first (default 0)")
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count(), metavar="N", help="processes (default: cores)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="run this one schedule and print its trace")
    parser.add_argument("--whole", action="store_true", help="with --seed: the whole trace, also of one that fails")
    parser.add_argument(
        "--bugs", nargs="*", metavar="NAME", help="hunt the seeded bugs (all, or these) and print what killed each"
    )
    parser.add_argument("--check", action="store_true", help="explore every interleaving within the checker's bounds")
    parser.add_argument(
        "--compare",
        choices=("moto", "emulator"),
        help="hold the in-memory DynamoDB against another by random operations",
    )
    parser.add_argument("--operations", type=_positive, default=10_000, metavar="N", help="with --compare: how many")
    return parser


def _positive(text: str) -> int:
    number = int(text.replace("_", "").replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return number


def _campaign(console: Console, first: int, count: int, jobs: int) -> int:
    with console.status("reading the plan of the root module"):
        platform = simulate.platform()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with progress_bar.bar(console, *columns) as progress:
        task = progress.add_task("schedules", total=count, rate="")
        step = max(count // LINES, campaign.CHUNK)

        def show(totals: Totals) -> None:
            rate = totals.schedules / totals.cpu_seconds if totals.cpu_seconds else 0.0
            progress.update(task, completed=totals.schedules, rate=f"{rate:,.0f} per CPU-second", refresh=True)
            if not console.is_terminal and totals.schedules // step > (totals.schedules - campaign.CHUNK) // step:
                console.print(f"{totals.schedules:,} of {count:,} schedules, {rate:,.0f} per CPU-second")

        outcome = campaign.run(platform, first, count, jobs=jobs, progress=show)
    console.print(report.summary(outcome))
    if outcome.failure is None:
        stopped = outcome.totals.schedules < count
        if stopped:
            console.print(f"stopped after {outcome.totals.schedules:,} of {count:,} schedules")
        return 130 if stopped else 0
    with console.status("looking for the shortest trace"):
        shrunk = shrink.shrink(platform, outcome.failure.seed)
    report.print_failure(console, shrunk)
    return 1


def _replay(console: Console, seed: int, *, shortest: bool) -> int:
    platform = simulate.platform()
    result = simulate.run(platform, seed, tracing=True)
    if result.violation is not None and shortest:
        report.print_failure(console, shrink.shrink(platform, seed))
        return 1
    story = scenario.draw_scenario(seed)
    console.print(
        f"seed {seed}: {len(story.orders)} orders, faults {story.rates.fault:.0%}, delays {story.rates.delay:.0%}, "
        f"duplicates {story.rates.duplicate:.0%}",
        highlight=False,
    )
    for line in result.trace:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"seed {seed}: " + (result.violation or "every invariant holds"), highlight=False)
    return 1 if result.violation else 0


def _bugs(console: Console, names: Sequence[str], jobs: int) -> int:
    known = {bug.name: bug for bug in bugs.BUGS}
    unknown = sorted(set(names) - set(known))
    if unknown:
        console.print(f"error: no such bug: {', '.join(unknown)}; known are {', '.join(known)}")
        return 2
    chosen = [known[name] for name in names] or list(known.values())
    kills = []
    with progress_bar.bar(console) as progress:
        task = progress.add_task("hunting", total=len(chosen))
        for kill in hunt.hunt(chosen, processes=jobs):
            kills.append(kill)
            progress.update(task, advance=1, refresh=True)
    console.print(report.kills_table(kills))
    survivors = [kill.bug for kill in kills if kill.found is None]
    console.print(f"{len(kills) - len(survivors)} of {len(kills)} killed")
    return 1 if survivors else 0


def _check(console: Console, jobs: int) -> int:
    reports = []
    with progress_bar.bar(console) as progress:
        task = progress.add_task("exploring configurations", total=len(checker.CONFIGURATIONS))
        for found in explore.run(checker.CONFIGURATIONS, processes=jobs):
            reports.append(found)
            progress.update(task, advance=1, refresh=True)
    console.print(report.checks_table(reports))
    failed = [found for found in reports if found.violation is not None]
    for found in failed:
        console.print(f"\n[bold red]{found.configuration}:[/] {found.violation}", highlight=False)
        report.print_trace(console, found.trace)
    return 1 if failed else 0


def _compare(console: Console, name: str, count: int) -> int:
    with references.reference(name) as other, console.status(f"{count:,} operations against {name}"):
        found = differential.compare(other, name, 1, count)
    console.print(report.comparison_table(name, found))
    for difference in found.differences[:5]:
        console.print(str(difference), highlight=False, markup=False)
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(main())
