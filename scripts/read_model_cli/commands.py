"""What `scripts/rebuild-read-model` does: replay, wait, compare, switch."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import click
from rich.console import Console

from environments.options import target_options
from environments.target import Target
from local_platform import story
from local_platform.client import PlatformError
from read_model_cli.generations import Pair
from read_model_cli.replay import ARCHIVE_LAG_SECONDS, Archive

POLL_SECONDS = 1.0
QUIET_POLLS = 3
"""The counts of a queue are approximate: it has caught up when they say so this often in a row."""
LIVE_EVENTS = 50
"""How many more may wait than for the generation that is read, because orders come in just now."""
PATIENCE_SECONDS = 120.0
"""How long what differs may stay as it is: the counts of a queue may be a minute behind what is in it."""
SHOWN = 20


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100})
@target_options(with_api=False)
@click.option("--switch/--no-switch", default=True, help="Have the new generation read when it equals the other one.")
@click.option("--even-if-different", is_flag=True, help="Switch also when it lacks orders or has others.")
@click.option(
    "--archive-lag",
    type=click.IntRange(min=0),
    metavar="SECONDS",
    help=f"How long an event may take into the archive. [default: {ARCHIVE_LAG_SECONDS} in AWS, 0 on this machine]",
)
@click.option("--timeout", type=click.IntRange(min=1), default=86_400, metavar="SECONDS", help="How long to wait.")
def main(target: Target, switch: bool, even_if_different: bool, archive_lag: int | None, timeout: int) -> int:
    """Fill the new generation of the read model's projection from the archive, compare it, and switch to it.

    The deployment has to have two generations: the one that is read, and one that Terraform has just made, which takes
    events in from then on. All that happened before is replayed to that one alone. When it has caught up, the orders in
    both are compared; when they are equal, the new one is read from then on.

    Without an option that names a deployment, the one on this machine is meant. Exit code 1 when they differ.
    """
    console = story.terminal()
    pair = Pair.of(target)
    deadline = time.monotonic() + timeout
    console.print(f"{pair.live.name} is read; {pair.new.name} is filled from the archive of {target.title}")
    _let_the_archive_catch_up(console, pair, ARCHIVE_LAG_SECONDS if archive_lag is None else archive_lag, archive_lag)
    archive = Archive(target)
    replay = archive.replay(pair.new)
    with console.status(f"replay {replay}"):
        _wait(lambda: archive.is_over(replay), deadline, f"replay {replay} is not over")
    console.print(f"replay {replay} is over")
    with console.status("waiting for what it put into the queue"):
        _catch_up(pair, deadline)
    if lost := pair.given_up(pair.new):
        said = ", ".join(f"{count} in {key}" for key, count in lost.items())
        raise PlatformError(f"events of {pair.new.name} were given up: {said}. See ./scripts/redrive, and start again")
    with console.status("comparing"):
        differing = _compare(pair, deadline)
    _tell(console, pair, differing)
    if differing and not even_if_different:
        console.print(f"{pair.live.name} is still read. --even-if-different switches all the same.")
        return 1
    if switch:
        pair.switch()
        console.print(
            f"{pair.new.name} is read from now on. Take {pair.live.name} out of read_model.generations and apply."
        )
    return 0


def _let_the_archive_catch_up(console: Console, pair: Pair, lag: int, asked: int | None) -> None:
    """Wait until whatever is not in the archive yet has come to the new generation's own rules."""
    if asked is None and pair.target.is_local:
        return
    table = pair.target.client.aws("dynamodb").describe_table(TableName=pair.new.table)["Table"]
    left = lag - (datetime.now(UTC) - table["CreationDateTime"]).total_seconds()
    if left > 0:
        with console.status(f"events may be {lag} s on their way to the archive: waiting {left:.0f} s"):
            time.sleep(left)


def _wait(check: Callable[[], bool], deadline: float, said: str) -> None:
    while not check():
        if time.monotonic() > deadline:
            raise PlatformError(f"{said} when the time was up")
        time.sleep(POLL_SECONDS)


def _catch_up(pair: Pair, deadline: float) -> None:
    quiet = 0
    while quiet < QUIET_POLLS:
        waiting = pair.waiting(pair.new)
        # With orders coming in the queue is never empty for long. What is still missing then, the comparison finds.
        quiet = quiet + 1 if waiting <= pair.waiting(pair.live) + LIVE_EVENTS else 0
        if pair.given_up(pair.new):
            return
        if time.monotonic() > deadline:
            raise PlatformError(f"{waiting} events wait for {pair.new.name} still when the time was up")
        time.sleep(POLL_SECONDS)


def _compare(pair: Pair, deadline: float, patience: float = PATIENCE_SECONDS) -> dict[str, str]:
    """What differs and goes on to differ: an order that changes just now is in one table before it is in the other.

    As long as there is progress, events that are late are still coming in. Only when nothing has changed for
    `patience` seconds, what differs then differs for good.
    """
    differing = pair.differences()
    until = time.monotonic() + patience
    while differing and time.monotonic() < min(deadline, until):
        time.sleep(POLL_SECONDS)
        before, differing = differing, {key: found for key in differing if (found := pair.difference(key))}
        if differing != before:
            until = time.monotonic() + patience
    return differing


def _tell(console: Console, pair: Pair, differing: dict[str, str]) -> None:
    if not differing:
        console.print(f"{pair.new.name} equals {pair.live.name}")
        return
    console.print(f"{pair.new.name} differs from {pair.live.name} in {len(differing)} orders", style="red")
    for key, said in list(differing.items())[:SHOWN]:
        console.print(f"{key.removeprefix('order#')}  {said}", markup=False)
    if len(differing) > SHOWN:
        console.print(f"and {len(differing) - SHOWN} more", style="dim")
