"""What a step costs at its table: calls of DynamoDB, for its first delivery and for a duplicate, and bytes of its row.

The functions run in this process, as Terraform's plan connects them. A transaction counts as one call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from rich.console import Console
from rich.table import Table
from tests.simulation.harness.deployment import from_plan
from tests.support import plans, platform
from tests.support.orders import a_body, place, stock
from tests.support.platform import Invocation, Platform
from tests.unit.support.dynamodb import size

from toolchain.venv import CACHE

UPDATE, TRANSACTION = "UpdateItem", "TransactWriteItems"
INTENT_AND_OUTCOME = (UPDATE, UPDATE)
"""Work at a provider: the intent has to be on the row before the call."""


@dataclass(frozen=True)
class Step:
    """A function in one situation, and the operations that it calls: for the first delivery, and for the second."""

    function: str
    first: tuple[str, ...]
    duplicate: tuple[str, ...]


def step(function: str, first: tuple[str, ...] | str, duplicate: str) -> Step:
    return Step(function, (first,) if isinstance(first, str) else first, (duplicate,))


SHIPPED = [
    step("order/place_order", UPDATE, UPDATE),
    step("inventory/chk_inventory", TRANSACTION, TRANSACTION),
    step("payment/process_pymt", INTENT_AND_OUTCOME, UPDATE),
    step("shipping/shipping", INTENT_AND_OUTCOME, UPDATE),
    step("notification/notify_customer", INTENT_AND_OUTCOME, UPDATE),
]
REFUSED_BY_THE_CARRIER = [
    step("shipping/shipping", INTENT_AND_OUTCOME, UPDATE),
    step("shipping/reverse_ship", INTENT_AND_OUTCOME, UPDATE),
    step("payment/reverse_pymt", INTENT_AND_OUTCOME, UPDATE),
    step("inventory/reverse_inv", TRANSACTION, TRANSACTION),
    step("order/reverse_order", UPDATE, UPDATE),
    step("notification/notify_customer", INTENT_AND_OUTCOME, UPDATE),
]
OUT_OF_STOCK = [
    # The transaction tells which line cannot be had; only then is there a reason to record.
    step("inventory/chk_inventory", (TRANSACTION, UPDATE), TRANSACTION),
    step("inventory/reverse_inv", UPDATE, UPDATE),
    step("order/reverse_order", UPDATE, UPDATE),
]
SITUATIONS = {
    "shipped": (a_body(), SHIPPED),
    "refused by the carrier": (a_body(postal_code="00000"), REFUSED_BY_THE_CARRIER),
    "out of stock": (
        a_body(lines=[{"sku": "MUG-2", "quantity": 90, "unit_price": 500}]),
        OUT_OF_STOCK,
    ),
}


@pytest.fixture
def running() -> Iterator[Platform]:
    with platform.running(from_plan(plans.of_platform())) as started:
        stock(started, quantity=10)
        yield started


def operations(running: Platform, invocation: Invocation) -> tuple[str, ...]:
    """The operations of DynamoDB that an invocation called, in their order."""
    return tuple(
        call.operation for call in running.calls if call.invocation == invocation.number and call.service == "dynamodb"
    )


def deliveries(running: Platform, function: str) -> list[Invocation]:
    return [invocation for invocation in running.invocations if invocation.function == function]


@pytest.mark.parametrize("situation", SITUATIONS)
def test_calls_of_a_step(situation: str, running: Platform, report: Callable[[Table], None]) -> None:
    body, steps = SITUATIONS[situation]
    running.duplicates = True
    for _ in range(2):
        assert place(running, body)["status"] == 202
    running.run()
    table = Table(title=f"Calls of DynamoDB: {situation}", title_justify="left")
    for heading in ("function", "first", "duplicate"):
        table.add_column(heading)
    found = []
    for expected in steps:
        first, duplicate = deliveries(running, expected.function)
        assert first.event == duplicate.event
        found.append(Step(expected.function, operations(running, first), operations(running, duplicate)))
        table.add_row(
            expected.function,
            *(f"{len(calls)}: {', '.join(calls)}" for calls in (found[-1].first, found[-1].duplicate)),
        )
    report(table)
    assert found == steps


NO_STEPS = {"saga_log/record_event", "composer/cache_manager_payments", "composer/outdate_cache"}
"""Functions that listen to the saga and take no part in it."""


def test_every_step_is_counted() -> None:
    saga = from_plan(plans.of_platform())
    started_by_rules = {
        platform.key_of(saga.functions[target.function]) for rule in saga.rules for target in rule.targets
    }
    counted = {expected.function for _, steps in SITUATIONS.values() for expected in steps}
    assert started_by_rules >= NO_STEPS
    assert counted == started_by_rules - NO_STEPS | {"order/place_order"}


WRITE_UNIT = 1024
"""Bytes of an item that one write unit pays for."""
MOST_UNITS = 2
"""The row carries the order on in its event: a long address, or what a provider answered, takes it over the first."""


def test_size_of_a_row(running: Platform, report: Callable[[Table], None]) -> None:
    table = Table(title="Bytes of an order's row (write units), two lines", title_justify="left")
    table.add_column("service")
    situations = {"shipped": a_body(), "refused by the carrier": a_body(postal_code="00000")}
    sizes: dict[str, dict[str, int]] = {}
    for situation, body in situations.items():
        table.add_column(situation, justify="right")
        order_id = place(running, body, situation.replace(" ", "-"))["order_id"]
        running.run()
        for service in ("order", "inventory", "payment", "shipping", "notification"):
            (row,) = [item for key, item in running.rows(service).items() if key.endswith(order_id)]
            sizes.setdefault(service, {})[situation] = size(row)
    for service, found in sizes.items():
        table.add_row(service, *(f"{found[situation]} ({units(found[situation])})" for situation in situations))
    report(table)
    path = CACHE / "reports" / "rows.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(sizes, indent=2), encoding="utf-8")
    assert {service: found for service, found in sizes.items() if units(max(found.values())) > MOST_UNITS} == {}
    # The row that a client waits for.
    assert units(sizes["order"]["shipped"]) == 1


def units(size_of_item: int) -> int:
    """The write units of an item of so many bytes."""
    return -(-size_of_item // WRITE_UNIT)


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Callable[[Table], None]:
    """Prints a table, whatever pytest does with the output of tests."""

    def show(table: Table) -> None:
        with capsys.disabled():
            Console(width=120).print("\n", table)

    return show
