"""What people read: progress, tables, traces."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.console import Console, Group
from rich.table import Table

from .campaign import Outcome, Totals
from .differential import Comparison
from .hunt import Kill
from .search import Report
from .shrink import Shrunk

SHOWN_LINES = 200


def totals_table(outcome: Outcome) -> Table:
    """Return the table that a campaign ends in."""
    totals = outcome.totals
    table = Table(box=box.SIMPLE, show_header=False, title="Simulation")
    table.add_column(style="bold")
    table.add_column(justify="right")
    rate = totals.schedules / totals.cpu_seconds if totals.cpu_seconds else 0.0
    rows: list[tuple[str, str]] = [
        ("schedules", f"{totals.schedules:,}"),
        ("orders", f"{totals.orders:,}"),
        ("  shipped", f"{totals.shipped:,}"),
        ("  cancelled", f"{totals.cancelled:,}"),
        ("invocations", f"{totals.invocations:,}"),
        ("steps", f"{totals.steps:,}"),
        ("events on the bus", f"{totals.events:,}"),
        ("faults", f"{sum(totals.faults.values()):,}"),
        ("dead letters, all put back but poison", f"{totals.dead_letters:,}"),
        ("mails repeated after a crash between sending and recording", f"{totals.repeated_mails:,}"),
        ("deadlines that passed", f"{totals.deadlines:,}"),
        ("CPU seconds", f"{totals.cpu_seconds:,.1f}"),
        ("schedules per CPU-second", f"{rate:,.0f}"),
        ("seconds", f"{outcome.seconds:,.1f}"),
        ("violations", "0" if outcome.failure is None else "1"),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def faults_table(totals: Totals) -> Table:
    """Return the faults by kind."""
    table = Table(box=box.SIMPLE, title="Faults by kind")
    table.add_column("kind")
    table.add_column("times", justify="right")
    table.add_column("call sites", justify="right")
    sites: dict[str, set[str]] = {}
    for site, kind in totals.faults:
        sites.setdefault(kind, set()).add(site)
    for kind, count in totals.by_kind().most_common():
        table.add_row(kind, f"{count:,}", str(len(sites[kind])))
    return table


def coverage_table(totals: Totals) -> Table:
    """Return how many of the kinds of fault that can fall at each call site did fall there."""
    table = Table(box=box.SIMPLE, title="Coverage: call site x fault kind")
    table.add_column("call site")
    table.add_column("kinds", justify="right")
    table.add_column("not yet")
    hit = possible = 0
    for site, (covered, missing) in totals.coverage().items():
        hit += len(covered)
        possible += len(covered) + len(missing)
        table.add_row(site, f"{len(covered)}/{len(covered) + len(missing)}", ", ".join(sorted(missing)))
    table.add_row("all", f"{hit}/{possible}", "")
    return table


def summary(outcome: Outcome) -> Group:
    """Return everything that a campaign ends in."""
    return Group(totals_table(outcome), faults_table(outcome.totals), coverage_table(outcome.totals))


def kills_table(kills: Iterable[Kill]) -> Table:
    """Return the seeded bugs and what killed each."""
    table = Table(box=box.SIMPLE, title="Seeded bugs")
    for name in ("bug", "killed by", "seed", "after", "seconds"):
        table.add_column(name, justify="right" if name in ("seed", "after", "seconds") else "left")
    for kill in kills:
        table.add_row(
            kill.bug,
            f"{kill.by}: {kill.found}" if kill.found else "[bold red]survived[/]",
            "" if kill.seed is None else str(kill.seed),
            f"{kill.schedules:,}",
            f"{kill.seconds:.1f}",
        )
    return table


def checks_table(reports: Iterable[Report]) -> Table:
    """Return what the model checker explored."""
    table = Table(box=box.SIMPLE, title="Model checker: every interleaving, complete")
    table.add_column("configuration")
    for name in ("crashes", "duplicates", "states", "steps", "ends", "shipped", "cancelled", "seconds"):
        table.add_column(name, justify="right")
    table.add_column("")
    for found in reports:
        table.add_row(
            found.configuration,
            str(found.crashes),
            str(found.duplicates),
            f"{found.states:,}",
            f"{found.transitions:,}",
            f"{found.ends:,}",
            f"{found.shipped:,}",
            f"{found.cancelled:,}",
            f"{found.seconds:.1f}",
            "holds" if found.violation is None else "[bold red]violated[/]",
        )
    return table


def comparison_table(name: str, found: Comparison) -> Table:
    """Return how the in-memory DynamoDB compares with another."""
    table = Table(box=box.SIMPLE, title=f"{found.operations:,} random operations against {name}")
    table.add_column("operation, or difference")
    table.add_column("outcome")
    table.add_column("times", justify="right")
    for (operation, kind), count in sorted(found.outcomes.items()):
        table.add_row(operation, kind, f"{count:,}")
    for reason, count in sorted(found.explained.items()):
        table.add_row(f"explained: {reason}", "", f"{count:,}")
    table.add_row("unexplained differences", "", f"{len(found.differences):,}")
    return table


def print_failure(console: Console, shrunk: Shrunk) -> None:
    """Print a failing schedule: its shortest form, the decisions it needs, and the trace."""
    result = shrunk.result
    console.print(f"\n[bold red]Seed {result.seed} fails:[/] {result.violation}", highlight=False)
    console.print(f"Replay it: ./scripts/simulate --seed {result.seed}\n", highlight=False)
    console.print(f"Shortest trace that still fails ({shrunk.runs} runs to find it):", highlight=False)
    console.print(f"  orders: {len(shrunk.about.orders)}, decisions out of the ordinary: {len(result.taken)}")
    for name, value in result.taken.items():
        console.print(f"    {value}: {name}", highlight=False, markup=False)
    print_trace(console, result.trace)


def print_trace(console: Console, trace: list[str]) -> None:
    """Print a trace, its middle left out when it is long."""
    lines = trace
    if len(lines) > SHOWN_LINES:
        half = SHOWN_LINES // 2
        lines = [*lines[:half], f"      ... {len(lines) - 2 * half} lines ...", *lines[-half:]]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
