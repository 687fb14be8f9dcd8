"""What `scripts/saga` does: place an order, watch or show its saga, list sagas."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from environments.options import target_options
from environments.target import Target
from local_platform import story
from local_platform.client import STEPS, PlatformError
from local_platform.scenarios import PRICES, SCENARIOS, STOCK
from saga_cli import dead, lists

POLL_SECONDS = 0.5
SETTLE_SECONDS = 10.0
"""How long after a saga's end its customer should have been told."""
STILL_OPEN = 3
"""Exit code of a watch that ended before the saga did."""

_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SCENARIOS = "\n".join(f"  {name:<19}{scenario.title}" for name, scenario in SCENARIOS.items())


def _order_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not _UUID.fullmatch(value):
        raise click.BadParameter(f"expected the id of an order, a UUID in lower case, got {value!r}")
    return value


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True, "max_content_width": 100})
def main() -> None:
    """Place orders and look at their sagas.

    Without an option that names a deployment, the one on this machine is meant: ./scripts/demo --keep leaves it
    running. In AWS, requests are signed with your own credentials.
    """


@main.command(
    epilog="\b\nSCENARIO is one of\n" + _SCENARIOS,
)
@target_options(with_api=True)
@click.argument("scenario", type=click.Choice(list(SCENARIOS)), default="ships", metavar="[SCENARIO]")
@click.option("--order", "file", metavar="FILE", help="Place the order in a file (PlaceOrderRequest.v1) instead.")
@click.option("--customer", metavar="ID", help="Whose order it is; the scenario's customer by default.")
@click.option("--card", metavar="TOKEN", help="The card, for example tok_approve or tok_decline.")
@click.option("--key", metavar="TEXT", help="The idempotency key; a new one by default.")
@click.option("--stock", is_flag=True, help="Take a delivery of the scenarios' items into stock first.")
@click.option("--watch/--no-watch", "watching", default=True, help="Show what becomes of it until it has ended.")
@click.option("--timeout", type=click.FloatRange(min=1), default=120, metavar="SECONDS", help="How long to watch.")
def place(
    target: Target,
    scenario: str,
    file: str | None,
    customer: str | None,
    card: str | None,
    key: str | None,
    stock: bool,
    watching: bool,
    timeout: float,
) -> int:
    """Place an order, and watch its saga."""
    order = _read_order(file) if file else SCENARIOS[scenario].order
    if customer:
        order["customer_id"] = customer
    if card:
        order["payment"] = {**order.get("payment", {}), "token": card}
    if stock:
        delivery = uuid.uuid4().hex[:12]
        for sku, quantity in STOCK.items():
            target.client.stock(f"saga-{delivery}-{sku}", sku, quantity, PRICES[sku])
    order_id = target.client.place(order, key or str(uuid.uuid4()))
    if not file and SCENARIOS[scenario].cancel:
        target.client.await_event(order_id, "StockReserved")
        target.client.cancel(order_id)
    if not watching:
        click.echo(order_id)
        return 0
    return _watch(target, order_id, timeout)


def _read_order(path: str) -> dict[str, Any]:
    try:
        order = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise PlatformError(f"--order {path}: {error.strerror}") from None
    except ValueError as error:
        raise PlatformError(f"--order {path}: expected JSON: {error}") from None
    if not isinstance(order, dict):
        raise PlatformError(f"--order {path}: expected a JSON object")
    return order


@main.command()
@target_options(with_api=True)
@click.argument("order_id", callback=_order_id, metavar="ORDER")
@click.option("--timeout", type=click.FloatRange(min=1), default=900, metavar="SECONDS", help="How long to watch.")
def watch(target: Target, order_id: str, timeout: float) -> int:
    """Show an order's saga as it goes on, until it has ended. Exit code 3 when it is still open then."""
    return _watch(target, order_id, timeout)


@main.command()
@target_options(with_api=True)
@click.argument("order_id", callback=_order_id, metavar="ORDER")
@click.option("--json", "as_json", is_flag=True, help="As the API tells it.")
def show(target: Target, order_id: str, as_json: bool) -> None:
    """Show an order's saga: what happened when, because of what, and where the rows stand."""
    told = target.client.story(order_id)
    if told is None:
        raise PlatformError(f"nothing is on record of an order {order_id}")
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    story.terminal().print(_picture(target, order_id, told))


@main.command("list")
@target_options(with_api=True)
@click.option("--ended", is_flag=True, help="Those that have ended, instead of the open ones.")
@click.option("--dead-lettered", is_flag=True, help="Those that messages in dead-letter queues are about, instead.")
@click.option("--day", metavar="YYYY-MM-DD", help="The day on which they ended, in UTC; today by default.")
@click.option("--limit", type=click.IntRange(min=1), default=50, help="How many, at most.")
@click.option("--json", "as_json", is_flag=True, help="As the API tells it.")
def list_(target: Target, ended: bool, dead_lettered: bool, day: str | None, limit: int, as_json: bool) -> int:
    """List sagas: the open ones by their deadlines, or those that ended on a day, the last one first.

    With --dead-lettered, those that a function or EventBridge has given up a message of: exit code 1 when there are
    any, for somebody has to put it back with ./scripts/redrive.
    """
    if dead_lettered:
        if ended or day:
            raise click.UsageError("--dead-lettered is for all of them: expected it without --ended and --day")
        return dead.show(target, limit, as_json=as_json)
    if day and not ended:
        raise click.UsageError("--day is for those that have ended: give --ended as well")
    parameters = {"state": "ended", **({"day": day} if day else {})} if ended else {"state": "open"}
    sagas, more = lists.fetch(target.client, parameters, limit)
    lists.show(sagas, more, "No saga ended then." if ended else "No saga is open.", as_json=as_json)
    return 0


@main.command()
@target_options(with_api=True)
@click.option("--limit", type=click.IntRange(min=1), default=100, help="How many, at most.")
@click.option("--json", "as_json", is_flag=True, help="As the API tells it.")
def stuck(target: Target, limit: int, as_json: bool) -> int:
    """List the sagas that are open long after their deadline. Exit code 1 when there are any.

    Somebody has to see to them: ./scripts/redrive tells what may hold them.
    """
    sagas, more = lists.fetch(target.client, {"state": "stuck"}, limit)
    lists.show(sagas, more, "No saga is stuck.", as_json=as_json)
    return 1 if sagas else 0


def _watch(target: Target, order_id: str, timeout: float) -> int:
    console = story.terminal()
    waiting = Text(f"nothing is on record of order {order_id} yet", style="dim")
    with Live(waiting, console=console, auto_refresh=False, transient=not console.is_terminal) as live:

        def see(told: Mapping[str, Any] | None) -> None:
            if told is not None and console.is_terminal:
                live.update(_picture(target, order_id, told), refresh=True)

        told = follow(lambda: target.client.story(order_id), see, timeout)
    if told is None:
        raise PlatformError(f"nothing is on record of an order {order_id} after {timeout:.0f} s")
    if not console.is_terminal:
        console.print(_picture(target, order_id, told))
    return STILL_OPEN if told["state"] == "open" else 0


def follow(
    read: Callable[[], Mapping[str, Any] | None], see: Callable[[Mapping[str, Any] | None], None], timeout: float
) -> Mapping[str, Any] | None:
    """Read a saga's story again and again until the customer was told how it ended; return the last one.

    `see` gets every story that differs from the one before. It is over earlier after `timeout` seconds, or where the
    customer has not been told some time after the end.
    """
    started, ended, before = time.monotonic(), None, None
    while True:
        told = read()
        if told != before:
            see(told)
            before = told
        now = time.monotonic()
        if told is not None and told["state"] != "open":
            ended = ended or now
            if (
                any(event["detail_type"] == "CustomerNotified" for event in told["events"])
                or now - ended > SETTLE_SECONDS
            ):
                return told
        if now - started > timeout:
            return told
        time.sleep(POLL_SECONDS)


def _picture(target: Target, order_id: str, told: Mapping[str, Any]) -> RenderableType:
    # Behind the URL of an API alone, the functions that tell the rows are not known.
    rows = (
        target.client.rows(order_id)
        if {f"{key}/{name}" for key, name in STEPS.items()} <= target.functions.keys()
        else {}
    )
    return Panel(
        story.draw(told, rows, target.function_names),
        title=f"order {order_id}",
        title_align="left",
        subtitle=story.outcome(told),
        padding=(0, 1),
    )
