"""Reservations of one hot item a second, in several shards against one.

The inventory service's own code reserves, on a model of what DynamoDB does where transactions meet: an item is in one
of them at a time, for as long as a transaction takes, and whoever comes meanwhile is told of a conflict and waits as
the kit has it wait. Time is virtual, so a busy machine changes nothing. The seconds are the model's; what means
something is the ratio, and that only as far as the model goes: on AWS, partitions and the network come on top.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import greenlet
import pytest
from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table
from tests.simulation.harness import dynamodb
from tests.simulation.harness.simulate import stock_items
from tests.unit.support.orders import an_event, an_order

from inventory import service, shards
from inventory.store import Inventory
from saga_kit import store
from saga_kit.errors import TransactionConflictError
from saga_kit.rules import TriggerKind
from saga_kit.trigger import Trigger

TRANSACTION_SECONDS = 0.008
REQUEST_SECONDS = 0.002
WORKERS = 100
"""Orders that are handled at once."""
RESERVATIONS = 2_000
SHARDS = (1, 2, 4, 8, 16, 32)


class Clock:
    """Virtual time: whoever sleeps lets the others go on."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, int, greenlet.greenlet]] = []
        self._numbers = itertools.count()
        self._main = greenlet.getcurrent()

    def sleep(self, seconds: float) -> None:
        heapq.heappush(self._waiting, (self.now + seconds, next(self._numbers), greenlet.getcurrent()))
        self._main.switch()

    def run(self, *work: Callable[[], None]) -> None:
        for one in work:
            greenlet.greenlet(one).switch()
        while self._waiting:
            self.now, _, sleeper = heapq.heappop(self._waiting)
            sleeper.switch()


class Contended:
    """A DynamoDB client on which transactions take their time, and none of two about one item goes through at once."""

    def __init__(self, table: dynamodb.Table, clock: Clock) -> None:
        self.conflicts = 0
        self._clock = clock
        self._database = dynamodb.DynamoDB(lambda: clock.now)
        self._database.add(table)
        self._held_until: dict[str, float] = {}

    def transact_write_items(self, **request: Any) -> Any:
        keys = [entry["Update"]["Key"]["pk"]["S"] for entry in request["TransactItems"]]
        self._clock.sleep(REQUEST_SECONDS)
        held = [self._held_until.get(key, 0.0) > self._clock.now for key in keys]
        if any(held):
            self.conflicts += 1
            raise _error(
                dynamodb.cancelled([{"Code": "TransactionConflict" if taken else "None"} for taken in held]),
                "TransactWriteItems",
            )
        for key in keys:
            self._held_until[key] = self._clock.now + TRANSACTION_SECONDS
        self._clock.sleep(TRANSACTION_SECONDS)
        return self._call("TransactWriteItems", request)

    def batch_get_item(self, **request: Any) -> Any:
        self._clock.sleep(REQUEST_SECONDS)
        return self._call("BatchGetItem", request)

    def update_item(self, **request: Any) -> Any:
        self._clock.sleep(REQUEST_SECONDS)
        return self._call("UpdateItem", request)

    def _call(self, operation: str, request: Any) -> Any:
        try:
            return self._database.call(operation, request)
        except dynamodb.DynamoError as error:
            raise _error(error, operation) from None


def _error(error: dynamodb.DynamoError, operation: str) -> ClientError:
    answer: Any = {"Error": {"Code": error.code, "Message": error.message}, **error.members}
    return ClientError(answer, operation)


def sell(count: int, monkeypatch: pytest.MonkeyPatch) -> tuple[float, int, int, dict[str, Any]]:
    """Sell an item in ``count`` shards: the seconds it took, the conflicts, the retries, and the rows."""
    clock, dice = Clock(), random.Random(count)
    monkeypatch.setattr(store, "time", SimpleNamespace(sleep=clock.sleep))
    monkeypatch.setattr(store, "random", dice)
    shards.forget()
    table = dynamodb.Table("inventory", "pk", key_types={"pk": "S"})
    for item in stock_items("HOT-1", shards.spread(2 * RESERVATIONS, [0] * count), 100):
        table.items[item["pk"]["S"],] = item
    client = Contended(table, clock)
    orders = iter(range(RESERVATIONS))
    retries = 0

    def work() -> None:
        nonlocal retries
        for number in orders:
            order = an_order(lines=[{"sku": "HOT-1", "quantity": 1, "unit_price": 100}], total=100)
            saga_id = f"{dice.getrandbits(32):08x}-0000-5000-8000-{number:012}"
            trigger = Trigger(
                TriggerKind.PREVIOUS_SUCCEEDED, an_event("OrderPlaced", {"order": order}, saga_id), saga_id
            )
            while True:
                try:
                    service.reserve(trigger, Inventory(client, "inventory"))
                    break
                except TransactionConflictError:
                    retries += 1

    clock.run(*[work] * WORKERS)
    return clock.now, client.conflicts, retries, {key[0]: item for key, item in table.items.items()}


def test_reservations_a_second_of_an_item_in_shards(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = Table(
        title=f"Reservations of one item, {WORKERS} at once, a transaction takes {TRANSACTION_SECONDS * 1000:.0f} ms "
        "(a model: see the module)",
        title_justify="left",
    )
    for heading in ("shards", "reservations a second", "against one shard", "conflicts an order", "invocations again"):
        table.add_column(heading, justify="right")
    base = 0.0
    for count in SHARDS:
        seconds, conflicts, retries, rows = sell(count, monkeypatch)
        rate = RESERVATIONS / seconds
        base = base or rate
        table.add_row(
            str(count), f"{rate:,.0f}", f"{rate / base:.1f}", f"{conflicts / RESERVATIONS:.2f}", f"{retries:,}"
        )
        stock = [item for key, item in rows.items() if key.startswith("stock#")]
        assert len(stock) == count
        assert sum(int(item["reserved"]["N"]) for item in stock) == RESERVATIONS
        assert sum(int(item["available"]["N"]) for item in stock) == RESERVATIONS
        assert sum(row["state"]["S"] == "SUCCEEDED" for key, row in rows.items() if key.startswith("step#")) == (
            RESERVATIONS
        )
    with capsys.disabled():
        Console(width=120).print("\n", table)
