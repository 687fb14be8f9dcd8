"""The command `scripts/demo`: deploys the platform on this machine and shows what becomes of real orders."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

from rich.console import Console
from rich.panel import Panel

from emulator.server import EmulatorError, attach
from local_platform import story
from local_platform.cache_server import CacheServerError
from local_platform.client import Client, PlatformError
from local_platform.deployment import Deployment, Platform, clear_environment
from local_platform.scenarios import PRICES, SCENARIOS, STOCK, Scenario
from toolchain.build import BuildError
from toolchain.dependencies import DependencyError
from toolchain.terraform import TerraformError
from toolchain.venv import EnvironmentSetupError

PLATFORM = Platform("demo", {})


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Deploy the order platform on a local AWS emulator with Terraform and drive orders through it.",
        epilog="Without an option everything is stopped at the end. What was deployed is kept for the next time.",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--keep", action="store_true", help="leave the platform running, to play with")
    group.add_argument("--down", action="store_true", help="stop a platform that was left running")
    group.add_argument("--fresh", action="store_true", help="deploy from nothing, whatever there was before")
    options = parser.parse_args()
    console = story.terminal()
    clear_environment()
    # A closed terminal ends the command as Ctrl-C does, and so the emulator with it.
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        if options.down:
            return down(console)
        if options.fresh:
            down(console)
            shutil.rmtree(PLATFORM.folder, ignore_errors=True)
        return run(console, keep=options.keep)
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started has been stopped")
        return 130
    except (
        BuildError,
        CacheServerError,
        DependencyError,
        EmulatorError,
        EnvironmentSetupError,
        PlatformError,
        TerraformError,
    ) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def down(console: Console) -> int:
    """Stop a platform that was left running."""
    emulator = attach(PLATFORM.record)
    if emulator is None:
        console.print("nothing is running")
        return 0
    emulator.stop()
    PLATFORM.record.unlink(missing_ok=True)
    console.print(f"stopped (process {emulator.pid})")
    return 0


def run(console: Console, *, keep: bool) -> int:
    """Deploy the platform and show its orders; returns 1 when one of them did not end as it has to."""
    started = time.monotonic()
    with _deployed(console, keep=keep) as deployment:
        how = "deployed by Terraform" if deployment.applied else "as it was deployed before"
        functions = len(deployment.outputs["functions"])
        console.print(f"[green]ready[/] in {time.monotonic() - started:.1f} s: {functions} functions, {how}\n")
        failed = show(console, Client.of(deployment))
        if keep:
            _how_to_play(console, deployment)
        else:
            console.print("The emulator is stopped now. [bold]./scripts/demo --keep[/] leaves it running.")
    return 1 if failed else 0


@contextlib.contextmanager
def _deployed(console: Console, *, keep: bool) -> Iterator[Deployment]:
    deployment = PLATFORM.running()
    if deployment:
        console.print(f"found a running platform (process {deployment.emulator.pid})")
        yield deployment
        return
    with console.status("starting") as status:

        def report(line: str) -> None:
            status.update(line)
            if not line.startswith("module."):
                console.print(f"[dim]{line}[/]")

        deployment = PLATFORM.start(report, detached=keep)
    try:
        yield deployment
    except BaseException:
        deployment.emulator.stop()
        raise
    if not keep:
        deployment.emulator.stop()


def show(console: Console, client: Client) -> list[str]:
    """Place every order of the demo and draw its saga; returns the names of those that ended wrongly."""
    run_id = f"{time.time_ns():x}"
    for sku, quantity in STOCK.items():
        client.stock(f"demo-{run_id}-{sku}", sku, quantity, PRICES[sku])
    names = {function["name"]: function["function"] for function in client.outputs["functions"].values()}
    failed = []
    for number, (name, scenario) in enumerate(SCENARIOS.items(), start=1):
        with console.status(f"order {number} of {len(SCENARIOS)}: {scenario.title}"):
            order_id = client.place(scenario.order, f"demo-{run_id}-{name}")
            if scenario.cancel:
                client.await_event(order_id, "StockReserved")
                client.cancel(order_id)
            told = client.finished_story(order_id)
            rows = client.rows(order_id)
        title = f"{number}. {scenario.title}: order {order_id}"
        subtitle = story.outcome(told)
        console.print(
            Panel(story.draw(told, rows, names), title=title, title_align="left", subtitle=subtitle, padding=(0, 1))
        )
        if not _as_expected(scenario, told["state"], [event.get("reason_code") for event in told["events"]]):
            failed.append(name)
            console.print(f"[red]expected {scenario.state}, reason {scenario.reason}[/]")
    _show_mails(console, client)
    console.print(
        f"{len(SCENARIOS) - len(failed)} of {len(SCENARIOS)} orders ended as they have to, each in one of two states."
    )
    return failed


def _as_expected(scenario: Scenario, state: str, reasons: list[str | None]) -> bool:
    return state == scenario.state and (scenario.reason is None or scenario.reason in reasons)


def _show_mails(console: Console, client: Client) -> None:
    mails = client.mails()[-len(SCENARIOS) :]
    console.print(f"\nThe last {len(mails)} mails that customers got:")
    for mail in mails:
        console.print(f"  to {', '.join(mail.get('To') or [])}: {mail.get('Subject')}", style="dim", markup=False)
    console.print()


def _how_to_play(console: Console, deployment: Deployment) -> None:
    environment = "\n".join(f"export {name}={value}" for name, value in deployment.emulator.environment().items())
    console.print(
        Panel(
            f"console  {deployment.outputs['console']['url']}\n"
            f"API      {deployment.outputs['api']['endpoint']}\n"
            f"emulator {deployment.emulator.endpoint}, log {deployment.emulator.log_file}\n\n"
            f"Any AWS client works on it with\n{environment}\n\n"
            "Stop it with ./scripts/demo --down",
            title="left running",
            title_align="left",
        ),
        markup=False,
        soft_wrap=True,
    )


if __name__ == "__main__":
    sys.exit(main())
