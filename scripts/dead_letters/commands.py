"""What `scripts/redrive` does: list dead letters, or put them back."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from dead_letters.letters import Letter
from dead_letters.office import NotPutBackError, Office, about
from environments.options import target_options
from environments.target import Target
from local_platform import story
from saga_cli.lists import span

DEFAULT_RATE = 20.0


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100})
@target_options(with_api=False)
@click.option("--all", "everything", is_flag=True, help="Put back every dead letter.")
@click.option("--order", metavar="ID", help="Put back those about one order. Stream records go back with their batch.")
@click.option("--queue", "queue_key", metavar="QUEUE", help="Put back those of one queue, by its key or its name.")
@click.option("--dry-run", is_flag=True, help="List what would be put back, and put nothing back.")
@click.option("--rate", type=click.FloatRange(min=0.1), default=DEFAULT_RATE, help="How many a second, at most.")
@click.option(
    "--scan-tables",
    is_flag=True,
    help="Scan the tables of relays for what their streams, which keep records for a day, have lost.",
)
@click.option("--json", "as_json", is_flag=True, help="List as JSON.")
def main(
    target: Target,
    everything: bool,
    order: str | None,
    queue_key: str | None,
    dry_run: bool,
    rate: float,
    scan_tables: bool,
    as_json: bool,
) -> int:
    """List the dead letters in all queues of a deployment, or put them back.

    Without --all, --order or --queue they are listed: the order, the reason, the age. Putting back means giving a
    message to the function that missed it; it leaves its queue after that. Whether the function can handle it now is
    seen by listing again: what it gives up again is back in the queue.

    Without an option that names a deployment, the one on this machine is meant. Exit code 1 when something could not be
    put back.
    """
    if everything and (order or queue_key):
        raise click.UsageError("--all is all of them: expected it without --order and --queue")
    putting_back = everything or order is not None or queue_key is not None
    if (dry_run or scan_tables) and not putting_back:
        raise click.UsageError(
            "--dry-run and --scan-tables are for putting back: give --all, --order or --queue as well"
        )
    console = story.terminal()
    office = Office(target, scan_tables)
    try:
        queues = office.queues(queue_key)
        with console.status(f"reading {len(queues)} queues of {target.title}"):
            letters = about(office.take(queues), order)
        if not putting_back or dry_run:
            _list(console, letters, target, would=dry_run, as_json=as_json)
            return 0
        return _put_back(console, office, letters, rate)
    finally:
        office.release()


def _list(console: Console, letters: Sequence[Letter], target: Target, *, would: bool, as_json: bool) -> None:
    now = datetime.now(UTC)
    if as_json:
        click.echo(json.dumps([_document(letter, now) for letter in letters], indent=2))
        return
    if not letters:
        console.print("Nothing would be put back." if would else f"There are no dead letters in {target.title}.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, options in {
        "queue": {"no_wrap": True},
        "order": {"no_wrap": True},
        "what": {},
        "reason": {},
        "age": {"justify": "right", "no_wrap": True},
    }.items():
        table.add_column(heading, **options)  # type: ignore[arg-type]  # a table of keyword arguments
    for letter in letters:
        orders = "\n".join(letter.orders) or "not told"
        table.add_row(letter.queue.key, orders, letter.what, letter.reason, span(now - letter.sent_at))
    console.print(table)
    count = f"{len(letters)} dead letter{'' if len(letters) == 1 else 's'} in {target.title}"
    console.print(f"\n{count}: they would be put back." if would else f"\n{count}. --all puts them back.")


def _document(letter: Letter, now: datetime) -> dict[str, Any]:
    return {
        "queue": letter.queue.key,
        "message_id": letter.message_id,
        "kind": letter.kind.value,
        "orders": list(letter.orders),
        "what": letter.what,
        "reason": letter.reason,
        "function": letter.function,
        "sent_at": letter.sent_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "age_seconds": round((now - letter.sent_at).total_seconds(), 3),
    }


def _put_back(console: Console, office: Office, letters: Sequence[Letter], rate: float) -> int:
    if not letters:
        console.print("There is nothing to put back.")
        return 0
    done: Counter[str] = Counter()
    failed: list[tuple[Letter, str]] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("putting back", total=len(letters))
        for letter in letters:
            progress.update(task, description=letter.queue.key)
            started = time.monotonic()
            try:
                office.put_back(letter)
                done[letter.queue.key] += 1
            except NotPutBackError as error:
                failed.append((letter, str(error)))
            progress.advance(task)
            time.sleep(max(0.0, 1 / rate - (time.monotonic() - started)))
    _summarise(console, done, failed)
    return 1 if failed else 0


def _summarise(console: Console, done: Counter[str], failed: Sequence[tuple[Letter, str]]) -> None:
    left = Counter(letter.queue.key for letter, _ in failed)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("queue", no_wrap=True)
    table.add_column("put back", justify="right")
    table.add_column("left", justify="right")
    for key in sorted({*done, *left}):
        table.add_row(key, str(done[key]), str(left[key]), style="red" if left[key] else None)
    console.print(table)
    for letter, why in failed:
        orders = ", ".join(letter.orders) or letter.message_id
        console.print(f"left in {letter.queue.key} ({orders}): {why}", style="red", markup=False, soft_wrap=True)
    console.print(f"\n{done.total()} put back, {left.total()} left.")
