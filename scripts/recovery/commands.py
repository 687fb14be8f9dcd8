"""What `scripts/recover` does, step by step. Every step can be done again: a run that broke off is started again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import click
from botocore.exceptions import ClientError
from rich.console import Console

from environments.options import target_options
from environments.target import Target
from local_platform import story
from local_platform.client import PlatformError
from recovery import history, tables
from recovery.bus import Bus, Rule

ARCHIVE_DELAY_SECONDS = 600.0
"""EventBridge puts an event into the archive up to ten minutes after the bus has got it."""
REPLAY_HOURS = 24.0
"""EventBridge tries for a day to deliver an event, so what changed a row after the point may be a day older."""
OWN_EVENTS_MARGIN = timedelta(minutes=5)
"""How much older than its write an event may be: a function's time-out, and clocks that differ."""


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100})
@target_options(with_api=False)
@click.argument("service")
@click.option("--to", "point", metavar="TIME", required=True, help="The point, such as 2026-01-31T09:30:00Z.")
@click.option(
    "--archive-delay",
    type=click.FloatRange(min=0),
    default=ARCHIVE_DELAY_SECONDS,
    metavar="SECONDS",
    help="How long to wait until the archive has what was published.",
)
@click.option(
    "--replay-hours",
    type=click.FloatRange(min=0),
    default=REPLAY_HOURS,
    metavar="HOURS",
    help="From how long before the point on the archive is given to the functions.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def main(target: Target, service: str, point: str, archive_delay: float, replay_hours: float, dry_run: bool) -> int:
    """Roll the table of SERVICE back to an earlier point, and bring it forward by the events in the archive.

    The service does nothing meanwhile: its rules are off, and its routes answer that they are busy. It is on again at
    the end. Where something fails on the way it stays off: start the same command again. docs/recovery.md says when
    this is the thing to do, and what to look at afterwards.

    Without an option that names a deployment, the one on this machine is meant. Exit code 1 when the table could not be
    brought forward.
    """
    recovery = Recovery(target, service, moment(point, datetime.now(UTC)), timedelta(hours=replay_hours))
    console = story.terminal()
    _say(console, recovery)
    recovery.check()
    if dry_run:
        console.print("Nothing was done.")
        return 0
    recovery.stop()
    console.print("The service is off.")
    _wait(console, archive_delay, "waiting until the archive has everything")
    with console.status("restoring the table"):
        restored = tables.restore(recovery.dynamodb, recovery.table, recovery.point)
    console.print(f"Restored into {restored}.")
    with console.status("putting its items in place"):
        changes = tables.put_in_place(recovery.dynamodb, restored, recovery.table)
    console.print(f"In place: {changes.put} put, {changes.deleted} deleted, {changes.same} as they were.")
    with console.status("bringing rows forward by what the service has published"):
        told = recovery.bring_forward()
    console.print(f"Own events since then: {told.written} written, {told.known} known, {len(told.left)} left.")
    if told.left:
        for detail_type, why in told.left:
            console.print(f"left: {detail_type}: {why}", style="red", markup=False, soft_wrap=True)
        console.print("The service stays off: its rows are behind what it has published. docs/recovery.md", style="red")
        return 1
    recovery.start()
    console.print("The service is on.")
    _wait(console, archive_delay, "waiting until the archive has what came meanwhile")
    with console.status("giving the archive to the service"):
        recovery.replay()
    console.print(
        f"Replayed to {len(recovery.rules)} rules. ./scripts/saga stuck and ./scripts/redrive tell what is still open; "
        f"the table {restored} can be deleted."
    )
    return 0


def moment(text: str, now: datetime) -> datetime:
    """Return the point that `--to` names, in UTC. Raises `PlatformError` when it is none, or not before `now`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise PlatformError(f"--to {text}: expected a moment with its zone, such as 2026-01-31T09:30:00Z")
    if found >= now:
        raise PlatformError(f"--to {text}: expected a moment in the past")
    return found.astimezone(UTC)


@dataclass
class Recovery:
    """Brings one service's table back to `point` and forward again.

    `reach` is how long before the point the replay of the archive starts. Raises `PlatformError` for a service that
    the deployment does not have.
    """

    target: Target
    service: str
    point: datetime
    reach: timedelta
    _concurrency: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        services = sorted(self.target.client.outputs["tables"])
        if self.service not in services:
            raise PlatformError(f"{self.service}: expected one of the services {', '.join(services)}")

    # What there is

    @cached_property
    def dynamodb(self) -> Any:
        """A client of DynamoDB."""
        return self.target.client.aws("dynamodb")

    @cached_property
    def _lambda(self) -> Any:
        return self.target.client.aws("lambda")

    @cached_property
    def bus(self) -> Bus:
        """The deployment's bus."""
        return Bus.of(self.target)

    @property
    def table(self) -> str:
        """The name of the service's table."""
        name: str = self.target.client.outputs["tables"][self.service]["name"]
        return name

    @cached_property
    def functions(self) -> Mapping[str, Mapping[str, Any]]:
        """The service's functions but for its relay, by their logical names."""
        return {
            key.partition("/")[2]: function
            for key, function in self.target.functions.items()
            if key.startswith(f"{self.service}/") and not key.endswith("/relay")
        }

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules of the bus that deliver to these functions."""
        return self.bus.rules_of({function["arn"] for function in self.functions.values()})

    @cached_property
    def called_by_api(self) -> list[str]:
        """The functions, by their names in AWS, that the API may invoke."""
        return [function["name"] for function in self.functions.values() if self._is_called_by_api(function["name"])]

    def _is_called_by_api(self, name: str) -> bool:
        try:
            return "apigateway.amazonaws.com" in self._lambda.get_policy(FunctionName=name)["Policy"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return False

    @cached_property
    def source(self) -> str | None:
        """The source that the service publishes as, which its relay knows; None when it publishes nothing."""
        relay = self.target.functions.get(f"{self.service}/relay")
        if relay is None:
            return None
        told = self._lambda.get_function_configuration(FunctionName=relay["name"])
        source: str = told["Environment"]["Variables"]["SAGA_SOURCE"]
        return source

    # Steps

    def check(self) -> None:
        """Raise `PlatformError` when the table cannot be brought forward in this way, or not now.

        Rows that have not been published, put back later, would tell of what is gone.
        """
        if not self.rules:
            raise PlatformError(
                f"{self.service}: no rule delivers to its functions, so the archive cannot bring its table forward; "
                "docs/recovery.md says what to do with the tables that only hold what others tell"
            )
        queue = self.target.client.outputs["queues"].get(f"{self.service}/relay/failed")
        if queue is None:
            return
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.bus.sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=names)
        if any(int(answer["Attributes"][name]) for name in names):
            raise PlatformError(
                f"the relay of {self.service} has given up on rows that others have not heard of: first "
                f"./scripts/redrive --queue {self.service}/relay/failed, and delete there what cannot be put back"
            )

    def stop(self) -> None:
        """Keep everything from the service's table but its relay: rules first, then what the API calls."""
        self.bus.switch(self.rules, on=False)
        for name in self.called_by_api:
            before = self._lambda.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0)
            self._concurrency[name] = before
            self._lambda.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    def bring_forward(self) -> history.Told:
        """Put what the service has published since the point back into its rows."""
        make = history.WRITERS.get(self.service)
        if make is None or self.source is None:
            return history.Told()
        events = self.bus.published_by(self.source, self.point - OWN_EVENTS_MARGIN, datetime.now(UTC))
        return history.apply(make(self.dynamodb, self.table), events)

    def start(self) -> None:
        """Let the service work again."""
        for name, before in self._concurrency.items():
            # None of its own, also where an earlier run had stopped it already; Terraform knows what there should be.
            if before:
                self._lambda.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=before)
            else:
                self._lambda.delete_function_concurrency(FunctionName=name)
        self.bus.switch(self.rules, on=True)

    def replay(self) -> None:
        """Give the service what the archive has for it, up to now."""
        if self.rules:
            self.bus.replay(self.rules, self.point - self.reach, datetime.now(UTC))


def _say(console: Console, recovery: Recovery) -> None:
    console.print(
        f"{recovery.table} of {recovery.target.title} goes back to {recovery.point:%Y-%m-%dT%H:%M:%SZ}.\n"
        f"Off meanwhile: {len(recovery.rules)} rules, and what the API calls: "
        f"{', '.join(recovery.called_by_api) or 'nothing'}.",
        highlight=False,
    )


def _wait(console: Console, seconds: float, what: str) -> None:
    with console.status(f"{what} ({seconds:.0f} s)") if seconds else nullcontext():
        time.sleep(seconds)
