"""The command `scripts/screenshot`: places orders on the local platform, and takes a picture of the console."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from emulator.server import EmulatorError
from local_platform import story
from local_platform.client import Client, PlatformError
from local_platform.deployment import Deployment, Platform, clear_environment
from local_platform.scenarios import PRICES, SCENARIOS, STOCK
from toolchain import browser
from toolchain.browser import BrowserError
from toolchain.build import BuildError
from toolchain.dependencies import DependencyError
from toolchain.terraform import TerraformError
from toolchain.venv import ROOT

PLATFORM = Platform("demo", {})
PICTURE = ROOT / "docs" / "console.png"
LIMIT = 300_000
"""Most bytes that the picture may have."""
WIDTH, HEIGHT = 1280, 1400
MARGIN = 24
"""What is left below what the services know, the last thing on the picture; in pixels, as width and height."""

ORDERS = ("ships", "declined", "ships", "payment_fails", "ships", "ships", "cancelled", "ships", "not_served", "ships")
"""Those on the picture; the newest one is on top."""
CHOSEN = 8
"""Which of them is shown: it goes all the way, and back again."""


def main() -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/screenshot",
        description="Place orders on the local platform, and take a picture of the console with them.",
    )
    parser.add_argument(
        "--output", type=Path, default=PICTURE, metavar="FILE", help="a PNG; docs/console.png by default"
    )
    parser.add_argument("--dark", action="store_true", help="in dark")
    options = parser.parse_args()
    console = story.terminal()
    clear_environment()
    try:
        with _running(console) as deployment:
            size = take(deployment, options.output, dark=options.dark)
    except (*(BrowserError, BuildError, DependencyError, EmulatorError, PlatformError, TerraformError),) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    console.print(
        f"{options.output.relative_to(ROOT) if options.output.is_relative_to(ROOT) else options.output}: {size:,} bytes"
    )
    return 0


@contextlib.contextmanager
def _running(console: Console) -> Iterator[Deployment]:
    """The platform that runs, or one for as long as this takes."""
    found = PLATFORM.running()
    if found:
        yield found
        return
    started = PLATFORM.start(lambda line: console.print(f"[dim]{line}[/]") if not line.startswith("module.") else None)
    with started.emulator:
        yield started


def take(deployment: Deployment, output: Path, *, dark: bool) -> int:
    """Place the orders and take the picture; returns its bytes. Raises `PlatformError` when it has too many."""
    client = Client.of(deployment)
    run_id = f"{time.time_ns():x}"
    for sku, quantity in STOCK.items():
        client.stock(f"picture-{run_id}-{sku}", sku, quantity, PRICES[sku])
    placed = []
    for number, name in enumerate(ORDERS):
        placed.append(client.place(SCENARIOS[name].order, f"picture-{run_id}-{number}"))
        if SCENARIOS[name].cancel:
            client.await_event(placed[-1], "StockReserved")
            client.cancel(placed[-1])
        client.finished_story(placed[-1], timeout=120)
    with browser.launched() as chromium:
        context = chromium.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            locale="en-GB",
        )
        page = context.new_page()
        page.goto(f"{deployment.outputs['console']['url']}#/orders/{placed[CHOSEN]}")
        page.locator(".picture .node.told").wait_for(timeout=120_000)
        page.locator(f"#saga-{placed[-1]}").wait_for(timeout=120_000)
        notices = page.locator(".cards").get_by_role("region", name="Notices", exact=True)
        notices.locator(".chip", has_text="sent").wait_for(timeout=120_000)
        bottom = page.locator(".cards").evaluate("cards => cards.getBoundingClientRect().bottom")
        content = page.screenshot(clip={"x": 0, "y": 0, "width": WIDTH, "height": min(HEIGHT, bottom + MARGIN)})
    if len(content) > LIMIT:
        raise PlatformError(f"the picture has {len(content):,} bytes: expected at most {LIMIT:,}")
    output.write_bytes(content)
    return len(content)


if __name__ == "__main__":
    sys.exit(main())
