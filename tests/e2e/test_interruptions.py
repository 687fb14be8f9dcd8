"""Customers who change their minds, deadlines that pass, and messages that come late: before the pivot, and after it.

Before: the order is taken back, all of it. After: nothing changes any more.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.e2e.support.events import a_deadline
from tests.e2e.support.outcome import (
    CANCELLATION,
    DEADLINE,
    SHIPPED,
    check_end,
    check_mail,
    check_rows,
    check_stock,
    refused,
    stopped,
)
from tests.e2e.support.shop import Shop, an_order, saga_of
from tests.e2e.support.waiting import eventually

RULES = {"order": "inventory/chk_inventory", "inventory": "payment/process_pymt", "payment": "shipping/shipping"}
"""After the success of a service, which function comes next."""
SUCCEEDED = {"order": "OrderPlaced", "inventory": "StockReserved", "payment": "PaymentAuthorized"}


@pytest.fixture(scope="module", autouse=True)
def everything_is_handled(shop: Shop) -> Iterator[None]:
    """In the end no message is left, for none of this is a failure."""
    yield
    shop.settle()
    assert shop.dead_letters() == {}


def cancel(shop: Shop, order_id: str) -> None:
    response = shop.client.request("POST", f"/orders/{order_id}/cancellation")
    assert response.status_code == 202, response.text
    assert response.json() == {"order_id": order_id, "cancellation": "REQUESTED"}


def exceed(shop: Shop, order_id: str) -> None:
    shop.publish(a_deadline(shop.await_event(order_id, "OrderPlaced")))


@pytest.mark.parametrize("after", RULES)
@pytest.mark.parametrize(
    ("interrupt", "event", "reason", "cause"),
    [
        pytest.param(cancel, CANCELLATION, "customer_cancelled", "OrderPlaced", id="cancelled"),
        pytest.param(exceed, DEADLINE, "deadline_exceeded", "OrderPlaced", id="deadline"),
    ],
)
def test_before_the_pivot_the_order_is_taken_back(
    shop: Shop, after: str, interrupt: Callable[[Shop, str], None], event: str, reason: str, cause: str
) -> None:
    item = shop.stocked(10)
    order = an_order(item.line(4))
    with shop.without_rule(RULES[after], "previous_succeeded"):
        order_id = shop.place(order)
        late = shop.await_event(order_id, SUCCEEDED[after])
        interrupt(shop, order_id)
        outcome = stopped(after, event, reason, cause)
        check_end(shop, order_id, order, outcome)
    check_stock(shop.tables(), {item.sku: 10}, {})

    # What was on its way all the time arrives at last.
    before = shop.tables()
    shop.publish(late)
    shop.settle()
    assert shop.tables() == before
    check_end(shop, order_id, order, outcome)


@pytest.mark.parametrize(
    ("interrupt", "event"),
    [pytest.param(cancel, CANCELLATION, id="cancelled"), pytest.param(exceed, DEADLINE, id="deadline")],
)
def test_after_the_pivot_nothing_changes(shop: Shop, interrupt: Callable[[Shop, str], None], event: str) -> None:
    item = shop.stocked(10)
    order = an_order(item.line(4))
    order_id = shop.place(order)
    check_end(shop, order_id, order, SHIPPED)
    shop.settle()
    before = shop.tables()

    interrupt(shop, order_id)
    told = shop.await_story(order_id, [*SHIPPED.detail_types, event])
    assert told["state"] == "completed"
    shop.settle()
    after = shop.tables()
    changed = {service for service in before if service != "saga_log" and before[service] != after[service]}
    assert changed == ({"order"} if event == CANCELLATION else set())
    check_rows(after, order_id, order, SHIPPED)
    check_mail(shop, order_id, order, SHIPPED)
    check_stock(after, {item.sku: 10}, {item.sku: 4})


def test_cancelled_again_and_again(shop: Shop) -> None:
    """A customer without patience: one event, however often and however concurrently it is asked for."""
    item = shop.stocked(10)
    order = an_order(item.line())
    with shop.without_rule("shipping/shipping", "previous_succeeded"):
        order_id = shop.place(order)
        shop.await_event(order_id, "PaymentAuthorized")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: cancel(shop, order_id), range(8)))
        outcome = stopped("payment", CANCELLATION, "customer_cancelled", "OrderPlaced")
        check_end(shop, order_id, order, outcome)
    before = shop.tables()
    cancel(shop, order_id)
    shop.settle()
    assert shop.tables() == before


def test_cancelled_while_under_way(shop: Shop) -> None:
    """Cancellations race with the saga itself: each order is either shipped, or taken back, and never both."""
    item = shop.stocked(100)
    orders = [an_order(item.line(2)) for _ in range(8)]

    def place_and_cancel(order: dict[str, Any]) -> str:
        order_id = shop.place(order)
        cancel(shop, order_id)
        return order_id

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(place_and_cancel, orders))

    def check() -> list[dict[str, Any]]:
        stories = [shop.story(order_id) for order_id in ids]
        assert all(story["events"][-1]["detail_type"] in {"CustomerNotified", CANCELLATION} for story in stories)
        assert "open" not in {story["state"] for story in stories}
        return stories

    eventually(check)
    shop.settle()
    tables, shipped = shop.tables(), 0
    for order, order_id in zip(orders, ids, strict=True):
        states = {
            tables[service][f"step#{order_id}"]["state"] for service in ("order", "inventory", "payment", "shipping")
        }
        assert states in ({"SUCCEEDED"}, {"REVERSED"})
        provider = {key: row["state"] for key, row in tables["sandbox"].items() if order_id in key}
        assert set(provider.values()) <= (
            {"authorized", "booked"} if states == {"SUCCEEDED"} else {"voided", "cancelled"}
        )
        assert [mail["Subject"].rsplit(" ", 1)[-1] for mail in shop.mails_to(order["email"])] == [
            "way" if states == {"SUCCEEDED"} else "cancelled"
        ]
        shipped += states == {"SUCCEEDED"}
    check_stock(tables, {item.sku: 100}, {item.sku: 2 * shipped})


def test_deadline_of_an_order_that_was_refused(shop: Shop) -> None:
    """The reversal had not come to the last step: the deadline makes that a tombstone, and nobody is told again."""
    item = shop.stocked(10)
    order = an_order(item.line(), card="tok_decline")
    order_id = shop.place(order)
    outcome = refused("payment", "insufficient_funds")
    check_end(shop, order_id, order, outcome)
    shop.settle()
    before = shop.tables()
    exceed(shop, order_id)
    shop.await_story(order_id, [*outcome.detail_types, DEADLINE, "ShipmentReversed"])
    shop.settle()
    after = shop.tables()
    assert {service for service in before if before[service] != after[service]} == {"shipping", "saga_log"}
    assert after["shipping"][f"step#{order_id}"]["state"] == "REVERSED"
    check_mail(shop, order_id, order, outcome)
    check_stock(after, {item.sku: 10}, {})


def test_cancellation_of_what_is_not_there(shop: Shop) -> None:
    before = copy.deepcopy(shop.tables())
    for order_id, status in (("no-order", 404), ("00000000-0000-4000-8000-000000000000", 404)):
        response = shop.client.request("POST", f"/orders/{order_id}/cancellation")
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["field"] == "id"
    assert shop.tables() == before


def test_watchdog_has_an_order_taken_back_that_is_late(shop: Shop) -> None:
    """The whole way: a short deadline, a saga that stands still, and the function that a schedule runs."""
    item = shop.stocked(10)
    late, in_time = an_order(item.line()), an_order(item.line())
    with shop.changed("order/place_order", SAGA_DEADLINE_SECONDS="1"):
        shipped_id = shop.place(in_time)
        check_end(shop, shipped_id, in_time, SHIPPED)
        with shop.without_rule("shipping/shipping", "previous_succeeded"):
            order_id = shop.place(late)
            shop.await_event(order_id, "PaymentAuthorized")
            outcome = stopped("payment", DEADLINE, "deadline_exceeded", "OrderPlaced")

            def watch() -> None:
                assert shop.client.ask("saga_log", "watch_deadlines")["complete"]
                assert order_id in {saga_of(event) for event in shop.listen() if event["detail-type"] == DEADLINE}

            eventually(watch)
            check_end(shop, order_id, late, outcome)
        deadlines = [event for event in shop.listen() if event["detail-type"] == DEADLINE]
    assert [saga_of(event) for event in deadlines].count(order_id) == 1
    assert shipped_id not in {saga_of(event) for event in deadlines}
    check_end(shop, shipped_id, in_time, SHIPPED)
