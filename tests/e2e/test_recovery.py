"""A service's table is lost, rolled back and brought forward by `scripts/recover`, one service after the other.

Orders have moved on since the point in every way in which they can, and each row comes back as it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.e2e.support.commands import Run, redrive_refreshes
from tests.e2e.support.events import a_failure
from tests.e2e.support.outcome import CANCELLATION, SHIPPED, Outcome, check_end, check_stock, refused, stopped
from tests.e2e.support.shop import Event, Item, Shop, Tables, an_order
from tests.e2e.support.waiting import eventually

SERVICES = ("order", "inventory", "payment", "shipping", "notification", "saga_log")
SHIPPING = ("shipping/shipping", "previous_succeeded")
LISTED = ("step#", "notice#", "stock#", "delivery#", "saga#", "head#")


@dataclass
class Past:
    """What there was at the point, what has happened since, and how the tables were after that."""

    point: datetime
    items: list[Item]
    under_way: tuple[str, dict[str, Any], Event]
    before: Tables = field(default_factory=dict)
    mails: int = 0


class Days:
    """Places orders and sees them end."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def end(self, order: Mapping[str, Any], outcome: Outcome) -> str:
        order_id = self.shop.place(order)
        check_end(self.shop, order_id, order, outcome)
        return order_id

    def held(self, order: Mapping[str, Any], function: str, rule: str, detail_type: str) -> tuple[str, Event]:
        """An order one of whose events stays on its way."""
        with self.shop.without_rule(function, rule):
            order_id = self.shop.place(order)
            return order_id, self.shop.await_event(order_id, detail_type)

    def cancel(self, order_id: str) -> None:
        response = self.shop.client.request("POST", f"/orders/{order_id}/cancellation")
        assert response.status_code == 202, response.text


@pytest.fixture(scope="module")
def past(shop: Shop) -> Past:
    # Longer than all of this takes: what stays under way must not be taken back meanwhile.
    with shop.changed("order/place_order", SAGA_DEADLINE_SECONDS="86400"):
        return what_happens(shop)


def what_happens(shop: Shop) -> Past:
    days, item = Days(shop), shop.stocked(100, 1_500)
    # Ended before the point, or under way then.
    days.end(an_order(item.line(2)), SHIPPED)
    days.end(an_order(item.line(), card="tok_decline"), refused("payment", "insufficient_funds"))
    ships, cancels = an_order(item.line(3)), an_order(item.line(4))
    ships_id, authorized = days.held(ships, *SHIPPING, "PaymentAuthorized")
    cancels_id, _ = days.held(cancels, *SHIPPING, "PaymentAuthorized")
    shop.settle()
    point = a_second_that_is_over()

    # Since then: on they go, to either end.
    shop.publish(authorized)
    check_end(shop, ships_id, ships, SHIPPED)
    days.cancel(cancels_id)
    check_end(shop, cancels_id, cancels, stopped("payment", CANCELLATION, "customer_cancelled", "OrderPlaced"))
    # New ones, at the price of then and at the next one.
    late_id = days.end(an_order(item.line()), SHIPPED)
    shop.client.stock(f"delivery-2-{item.sku}", item.sku, 50, 1_700)
    days.end(an_order(item.line(5, 1_700)), SHIPPED)
    days.end(an_order(item.line(unit_price=1_500)), refused("inventory", "price_changed", "lines[0].unit_price"))
    scarce = shop.stocked(1)
    days.end(an_order(scarce.line(2)), refused("inventory", "out_of_stock", "lines[0].quantity"))
    days.end(an_order(scarce.line(), postal_code="00000"), refused("shipping", "address_not_served", "ship_to"))
    # A do that was late: its undo has left a tombstone, and it must not come alive when the archive is replayed.
    order = an_order(item.line(6, 1_700))
    order_id, placed = days.held(order, "inventory/chk_inventory", "previous_succeeded", "OrderPlaced")
    days.cancel(order_id)
    check_end(shop, order_id, order, stopped("order", CANCELLATION, "customer_cancelled", "OrderPlaced"))
    shop.publish(placed)
    # Reports of functions that failed after their writes went through: they take nothing back, now or later.
    events = {event["detail-type"]: event for event in shop.events_of(late_id)}
    for function, cause in {
        "inventory/chk_inventory": "OrderPlaced",
        "payment/process_pymt": "StockReserved",
        "shipping/shipping": "PaymentAuthorized",
    }.items():
        shop.publish(a_failure(shop.outputs["functions"][function]["arn"], events[cause]))
    # And one that is under way until the end.
    order = an_order(item.line(unit_price=1_700))
    order_id, event = days.held(order, *SHIPPING, "PaymentAuthorized")
    shop.settle()
    assert shop.dead_letters() == {}
    return Past(point, [item, scarce], (order_id, order, event), shop.tables(), mails(shop, order))


def a_second_that_is_over() -> datetime:
    """The second that it is now, once it is over: what a table held at its end is what is restored."""
    second = int(time.time())

    def check() -> None:
        assert int(time.time()) > second

    eventually(check)
    return datetime.fromtimestamp(second, UTC)


def lose(shop: Shop, service: str) -> int:
    """Take every row out of a table but one, and spoil that."""
    client, name = shop.client.aws("dynamodb"), shop.outputs["tables"][service]["name"]
    keys = [key["AttributeName"] for key in client.describe_table(TableName=name)["Table"]["KeySchema"]]
    items = [item for page in client.get_paginator("scan").paginate(TableName=name) for item in page["Items"]]
    assert {item["pk"]["S"].partition("#")[0] + "#" for item in items} <= set(LISTED)
    client.put_item(TableName=name, Item={**{key: items[0][key] for key in keys}, "state": {"S": "SPOILT"}})
    for item in items[1:]:
        client.delete_item(TableName=name, Key={key: item[key] for key in keys})
    return len(items)


def differences(past: Past, after: Tables) -> dict[str, Any]:
    """What differs in any table, by row, but for the order under way: it may get a lost event again, and go on."""
    found, before = {}, past.before
    for service in before:
        for key in before[service].keys() | after[service].keys():
            was, now = (comparable(tables[service].get(key)) for tables in (before, after))
            if was != now and past.under_way[0] not in key:
                found[f"{service} {key}"] = {"was": was, "is": now}
    return found


def mails(shop: Shop, under_way: Mapping[str, Any]) -> int:
    """How many mails were sent, but for those about the order under way."""
    return sum(mail["To"] != [under_way["email"]] for mail in shop.client.mails())


def comparable(row: Mapping[str, Any] | None) -> Any:
    """A row but for when the log noted an event, which is another moment then."""
    plain = {name: value for name, value in (row or {}).items() if name != "recorded_at"}
    return plain | ({"outbox": json.loads(plain["outbox"])} if "outbox" in plain else {})


@pytest.mark.parametrize("service", SERVICES)
def test_a_lost_table_comes_back_as_it_was(shop: Shop, run: Run, past: Past, service: str) -> None:
    point = past.point.strftime("%Y-%m-%dT%H:%M:%SZ")
    lost = lose(shop, service)
    assert lost > 5

    result = run("recovery", service, "--to", point, "--archive-delay", "1")

    assert result.returncode == 0, result.stdout + result.stderr
    shop.settle()
    assert differences(past, shop.tables()) == {}
    assert mails(shop, past.under_way[1]) == past.mails
    redrive_refreshes(shop, run)
    assert shop.dead_letters() == {}
    assert "@example.com" not in result.stdout + result.stderr


def test_the_order_under_way_goes_on_and_the_service_takes_new_ones(shop: Shop, past: Past) -> None:
    """After every recovery: nothing is off, and what was not delivered all the time arrives."""
    order_id, order, event = past.under_way
    shop.publish(event)
    check_end(shop, order_id, order, SHIPPED)
    item = past.items[0]
    order = an_order(item.line(7, 1_700))
    check_end(shop, shop.place(order), order, SHIPPED)
    shop.settle()
    check_stock(shop.tables(), {item.sku: 150}, {item.sku: 2 + 3 + 1 + 5 + 1 + 7})


def test_a_recovery_that_cannot_be_is_refused_and_leaves_the_service_on(shop: Shop, run: Run) -> None:
    queue = shop.outputs["queues"]["payment/relay/failed"]["url"]
    sqs = shop.client.aws("sqs")
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    past = "2020-01-31T09:30:00Z"
    for arguments, expected in {
        ("payments", "--to", past): "expected one of the services",
        ("payment", "--to", "yesterday"): "expected a moment with its zone",
        ("payment", "--to", "2020-01-31T09:30:00"): "expected a moment with its zone",
        ("payment", "--to", "2999-01-31T09:30:00Z"): "expected a moment in the past",
        ("read_model", "--to", past): "no rule delivers to its functions",
        ("payment", "--to", past): "./scripts/redrive --queue payment/relay/failed",
    }.items():
        result = run("recovery", *arguments, "--archive-delay", "0", by="outputs")
        assert (result.returncode, expected in result.stderr) == (1, True), result.stdout + result.stderr
    sqs.purge_queue(QueueUrl=queue)
    dry = run("recovery", "payment", "--to", past, "--dry-run", by="outputs")
    assert (dry.returncode, "Nothing was done" in dry.stdout) == (0, True), dry.stderr
    order = an_order(shop.stocked().line())
    check_end(shop, shop.place(order), order, SHIPPED)
