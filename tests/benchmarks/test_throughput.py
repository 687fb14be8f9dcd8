"""Orders a second through the platform on the emulator, placed at once and, to compare, one after the other.

An order has gone through when its customer has been told. The emulator runs every function in processes on this
machine, so the seconds say how fast the machine is; what the ratio says is how much of the saga's time is waiting, that
of one order being the work of another. Only counts are asserted.
"""

from __future__ import annotations

import fcntl
import os
import statistics
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from rich.console import Console
from rich.table import Table
from tests.e2e.support.shop import Item, Shop, an_order, open_shop
from tests.e2e.support.waiting import eventually

from local_platform.deployment import PLATFORMS, Platform, clear_environment

PLATFORM = Platform("e2e", {})
"""The deployment that the tests end to end keep."""
ORDERS = int(os.environ.get("BENCHMARK_ROUNDS", "10")) + 2
AT_ONCE = 4
"""How many customers place orders at the same time, each the next one when the last has been accepted."""


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    PLATFORMS.mkdir(parents=True, exist_ok=True)
    with (PLATFORMS / f"{PLATFORM.name}.lock").open("w") as lock:
        # Another run works on the platform's folder: it is waited for.
        fcntl.flock(lock, fcntl.LOCK_EX)
        clear_environment()
        started = PLATFORM.start(lambda line: print(line, flush=True), auth=True)
        with started.emulator, open_shop(started) as shop:
            yield shop


@dataclass(frozen=True, slots=True)
class Run:
    """Orders that have gone through: their ids, and the seconds that all of them took."""

    order_ids: list[str]
    seconds: float

    @property
    def per_second(self) -> float:
        return len(self.order_ids) / self.seconds


def await_told(shop: Shop, order_ids: list[str]) -> None:
    """Wait until the customer of each order has been told of its outcome."""

    def check() -> None:
        missing = set(order_ids) - told(shop).keys()
        assert not missing, f"{len(missing)} of {len(order_ids)} orders are still under way"

    eventually(check, timeout=600, every=0.02)


def told(shop: Shop) -> Counter[str]:
    """How often the customer of each order has been told."""
    return Counter(
        event["detail"]["meta"]["correlation_id"]
        for event in shop.listen()
        if event["detail-type"] == "CustomerNotified"
    )


def one_after_the_other(shop: Shop, item: Item, count: int) -> Run:
    started = time.monotonic()
    order_ids = []
    for _ in range(count):
        order_ids.append(shop.place(an_order(item.line())))
        await_told(shop, order_ids[-1:])
    return Run(order_ids, time.monotonic() - started)


def at_once(shop: Shop, item: Item, count: int) -> Run:
    orders = [an_order(item.line()) for _ in range(count)]
    keys = [str(uuid.uuid4()) for _ in range(count)]
    started = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as customers:
        order_ids = list(customers.map(shop.place, orders, keys))
    await_told(shop, order_ids)
    return Run(order_ids, time.monotonic() - started)


@pytest.mark.timeout(1200)
def test_orders_per_second(shop: Shop) -> None:
    item = shop.stocked(quantity=2 * ORDERS + AT_ONCE)
    # As many processes of each function as are needed are there before anything is measured.
    warm = at_once(shop, item, AT_ONCE)
    alone = one_after_the_other(shop, item, ORDERS)
    together = at_once(shop, item, ORDERS)

    table = Table(title=f"{ORDERS} orders through the platform on the emulator, as orders a second")
    for column in ("placed", "orders/s", "ratio", "an order, p50 ms", "slowest ms"):
        table.add_column(column, justify="right")
    for name, run in ((f"{AT_ONCE} at a time", together), ("one after the other", alone)):
        stories = [shop.story(order_id) for order_id in run.order_ids]
        assert Counter(story["state"] for story in stories) == {"completed": ORDERS}
        took = [story["duration_ms"] for story in stories]
        ratio = run.per_second / alone.per_second
        table.add_row(name, f"{run.per_second:.2f}", f"{ratio:.2f}", f"{statistics.median(took):.0f}", f"{max(took)}")
    Console(width=100).print(table)

    placed = [*warm.order_ids, *alone.order_ids, *together.order_ids]
    assert {order_id: told(shop)[order_id] for order_id in placed} == dict.fromkeys(placed, 1)
    assert len(set(placed)) == 2 * ORDERS + AT_ONCE
    assert shop.stock_of(item) == (0, len(placed))
