"""Faults of the platform while orders are in flight: whatever is killed, refused, dead or stopped, each of them ends.

Business as usual is in flight all the time: orders that ship, a card that is declined, an address that is not served.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from tests.e2e.support.commands import Run
from tests.e2e.support.outcome import (
    SHIPPED,
    Outcome,
    check_end,
    check_stock,
    given_up,
    refused,
)
from tests.e2e.support.shop import Item, Shop, an_order
from tests.e2e.support.waiting import eventually
from tests.unit.support.http_server import HANG_UP, Received, Sent, serve

from emulator.server import Emulator
from local_platform.deployment import Deployment

QUANTITY = 2
WAIT_SECONDS = 300


@dataclass
class Flight:
    """Orders for one item, and how each has to end."""

    shop: Shop
    item: Item
    expected: dict[str, tuple[dict[str, Any], Outcome]] = field(default_factory=dict)

    @classmethod
    def of(cls, shop: Shop) -> Flight:
        """A flight of no orders yet."""
        return cls(shop, shop.stocked(100))

    def place(self, *outcomes: Outcome, **order: Any) -> list[str]:
        """Place an order for each outcome, all at once, and return their ids."""
        orders = [(an_order(self.item.line(QUANTITY), **order), outcome) for outcome in outcomes]
        with ThreadPoolExecutor(len(orders)) as pool:
            ids = list(pool.map(lambda one: self.shop.place(one[0]), orders))
        self.expected.update(zip(ids, orders, strict=True))
        return ids

    def mixed(self) -> list[str]:
        """Place three orders that ship, and two that do not."""
        return [
            *self.place(SHIPPED, SHIPPED, SHIPPED),
            *self.place(refused("payment", "insufficient_funds"), card="tok_decline"),
            *self.place(refused("shipping", "address_not_served", "ship_to"), postal_code="00000"),
        ]

    def land(self) -> None:
        """Wait until each order has ended as it has to, and see that no stock was lost or made up."""
        for order_id, (order, outcome) in self.expected.items():
            check_end(self.shop, order_id, order, outcome)
        shipped = sum(outcome.shipped for _, outcome in self.expected.values())
        check_stock(self.shop.tables(), {self.item.sku: 100}, {self.item.sku: shipped * QUANTITY})


@pytest.fixture
def flight(shop: Shop) -> Iterator[Flight]:
    """Orders that have all ended in the end, with no message left in any queue."""
    orders = Flight.of(shop)
    yield orders
    orders.land()
    assert shop.dead_letters() == {}


def kill_workers(emulator: Emulator, function: str) -> int:
    """End every process that runs a function, given by its name in AWS, at once and without a word."""
    # However wide the terminal: the arguments are long.
    listed = subprocess.run(["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    marks = (f"run-{emulator.pid}-", f"ministack-lambda-{function}-")
    found = [int(line.split()[0]) for line in listed.splitlines() if all(mark in line for mark in marks)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return len(found)


class DeadlyProvider:
    """A provider that does what it is asked; but the first who ask never learn, for they are killed meanwhile.

    It waits a moment for company, so that several are in the middle of their work.
    """

    def __init__(self, endpoint: str, kill: Callable[[], int]) -> None:
        self._endpoint, self._kill = endpoint, kill
        self._condition = threading.Condition()
        self._waiting = 0
        self.killed: int | None = None

    def __call__(self, request: Received) -> Sent:
        reply = forward(self._endpoint, request)
        with self._condition:
            if self.killed is not None:
                return reply
            self._waiting += 1
            self._condition.notify_all()
            if self._waiting > 1:
                self._condition.wait_for(lambda: self.killed is not None)
                return HANG_UP
            self._condition.wait_for(lambda: self._waiting > 2, timeout=1)
            self.killed = self._kill()
            self._condition.notify_all()
        return HANG_UP


def forward(endpoint: str, request: Received) -> Sent:
    """Have the sandbox's provider do what is asked."""
    kept = {"authorization", "content-type", "idempotency-key"}
    headers = {name: value for name, value in request.headers.items() if name in kept}
    answer = httpx.post(endpoint + request.path, content=request.body, headers=headers, timeout=30, trust_env=False)
    return Sent(answer.status_code, answer.content, {"content-type": "application/json"})


@pytest.mark.parametrize("function", ["payment/process_pymt", "shipping/shipping", "payment/reverse_pymt"])
def test_killed_in_the_middle(function: str, shop: Shop, deployment: Deployment, flight: Flight) -> None:
    """The provider has charged, booked or voided; the process that asked is gone. Another one finds what it began."""
    provider = DeadlyProvider(
        shop.outputs["sandbox"]["endpoint"], lambda: kill_workers(deployment.emulator, shop.name_of(function))
    )
    with serve(provider) as server, shop.changed(function, PROVIDER_URL=server.url):
        flight.mixed()
        flight.land()
    assert provider.killed


def test_throttled_for_a_while(shop: Shop, flight: Flight) -> None:
    """One at a time: what Lambda refuses it tries again."""
    with shop.with_concurrency("payment/process_pymt", 1), shop.with_concurrency("inventory/chk_inventory", 1):
        flight.mixed()
        flight.land()


def test_a_do_without_concurrency_is_reversed(shop: Shop, flight: Flight) -> None:
    """Of a function that may not run at all Lambda gives every event up at once: the saga turns back from there."""
    turned_back = given_up("shipping").but(
        shipment=None, condition="ZeroReservedConcurrency", attempts=1
    )  # the log says at least one
    with shop.with_concurrency("shipping/shipping", 0):
        flight.place(turned_back, turned_back, turned_back)
        flight.place(refused("payment", "insufficient_funds"), card="tok_decline")
        flight.land()
    flight.place(SHIPPED)


def test_an_undo_without_concurrency_is_done_later(shop: Shop, run: Run, flight: Flight) -> None:
    with shop.with_concurrency("inventory/reverse_inv", 0):
        declined = refused("payment", "insufficient_funds")
        flight.place(declined, declined, declined, card="tok_decline")
        flight.place(SHIPPED, SHIPPED)
        await_letters(shop, {"inventory/reverse_inv/failed": 3})
    result = run("dead_letters", "--all")
    assert (result.returncode, "3 put back, 0 left." in result.stdout) == (0, True), result.stdout


def test_dead_targets(shop: Shop, run: Run, flight: Flight) -> None:
    """Functions that EventBridge cannot reach, on the way out and on the way back."""
    with (
        shop.not_permitted("shipping/shipping", "previous_succeeded"),
        shop.not_permitted("payment/reverse_pymt", "failed"),
        shop.not_permitted("notification/notify_customer", "reversed"),
    ):
        flight.mixed()
        flight.place(refused("inventory", "price_changed", "lines[0].unit_price"), lines=[flight.item.line(1, 9)])
        await_letters(
            shop,
            {
                "shipping/shipping/undelivered": 4,
                "payment/reverse_pymt/undelivered": 1,
                "notification/notify_customer/undelivered": 1,
            },
        )
    for _ in range(2):
        assert run("dead_letters", "--all").returncode == 0
    flight.land()


def await_letters(shop: Shop, expected: dict[str, int]) -> None:
    def check() -> None:
        assert shop.dead_letters() == expected

    eventually(check)


@pytest.mark.parametrize("service", ["order", "payment"])
def test_relay_stopped_and_started(service: str, shop: Shop, flight: Flight) -> None:
    """What was written meanwhile waits in the stream."""
    with shop.stopped_relay(service):
        ids = flight.mixed()

        def check() -> None:
            rows = shop.table(service)
            assert all("outbox" in rows.get(f"step#{order_id}", {}) for order_id in ids)

        eventually(check)
        source = f"shop.{service}"
        assert [event for order_id in ids for event in shop.events_of(order_id) if event["source"] == source] == []


class HoldingProvider:
    """A provider that does what it is asked, once; while it is told to hold, nobody learns of it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._replies: dict[str, Sent] = {}
        self.holds = False
        self.asked, self.released = threading.Event(), threading.Event()

    def __call__(self, request: Received) -> Sent:
        key = request.headers["idempotency-key"]
        reply = self._replies.get(key) or forward(self._endpoint, request)
        if reply.status < 500:
            self._replies[key] = reply
        if not self.holds:
            return reply
        self.asked.set()
        assert self.released.wait(WAIT_SECONDS)
        return HANG_UP

    def release(self) -> None:
        """Answer again."""
        self.holds = False
        self.released.set()


def test_restarted_with_its_state_kept(shop: Shop, deployment: Deployment, flight: Flight) -> None:
    """Nothing of what was under way is lost: shipments that no relay has told of yet, and one in the middle.

    What is left to do after that needs little, for every function starts cold. All mails are among it: the emulator
    keeps none.
    """
    provider = HoldingProvider(shop.outputs["sandbox"]["endpoint"])
    with serve(provider) as server, shop.changed("shipping/shipping", PROVIDER_URL=server.url):
        with shop.stopped_relay("shipping"):
            ids = flight.place(SHIPPED, SHIPPED, SHIPPED)

            def check() -> None:
                rows = shop.table("shipping")
                assert all("outbox" in rows.get(f"step#{order_id}", {}) for order_id in ids)

            eventually(check)
            provider.holds = True
            flight.place(SHIPPED)
            assert provider.asked.wait(WAIT_SECONDS)
            before = deployment.emulator.pid
            deployment.restart()
            assert deployment.emulator.pid != before
            provider.release()
        flight.land()
