"""Every event again, and again, and in the wrong order: the bus delivers at least once, and promises no order.

The stories have all ended. Whatever comes now has been handled before, and so no row of any table may change, and
nobody may get another mail.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.e2e.support.commands import Run, redrive_refreshes
from tests.e2e.support.events import a_deadline
from tests.e2e.support.outcome import (
    CANCELLATION,
    DEADLINE,
    FAILED,
    REVERSED,
    SHIPPED,
    SUCCEEDED,
    Outcome,
    check_end,
    given_up,
    refused,
    stopped,
)
from tests.e2e.support.shop import TECHNICAL_FAILURE, Event, Shop, Tables, an_order

Story = tuple[str, dict[str, Any], Outcome]


@pytest.fixture(scope="module")
def stories(shop: Shop) -> dict[str, Story]:
    """Orders that together had every event published that there is, each ended and checked."""
    item = shop.stocked(100)
    orders = {
        "shipped": (an_order(item.line(2)), SHIPPED),
        "refused by the shop": (
            an_order(item.line(1000, unit_price=1_001)),
            refused("order", "order_limit_exceeded", "total"),
        ),
        "out of stock": (an_order(item.line(101)), refused("inventory", "out_of_stock", "lines[0].quantity")),
        "declined": (an_order(item.line(), card="tok_decline"), refused("payment", "insufficient_funds")),
        "not served": (
            an_order(item.line(), postal_code="00000"),
            refused("shipping", "address_not_served", "ship_to"),
        ),
        "payment fails": (an_order(item.line(), card="tok_fail"), given_up("payment")),
        "carrier fails": (an_order(item.line(), postal_code="99999"), given_up("shipping")),
    }
    with ThreadPoolExecutor(4) as pool:
        ids = dict(zip(orders, pool.map(lambda case: shop.place(case[0]), orders.values()), strict=True))
    told = {name: (ids[name], order, outcome) for name, (order, outcome) in orders.items()}
    for order_id, order, outcome in told.values():
        check_end(shop, order_id, order, outcome)

    for name, event, reason in (
        ("cancelled", CANCELLATION, "customer_cancelled"),
        ("too late", DEADLINE, "deadline_exceeded"),
    ):
        order = an_order(item.line())
        with shop.without_rule("shipping/shipping", "previous_succeeded"):
            order_id = shop.place(order)
            shop.await_event(order_id, "PaymentAuthorized")
            if event == CANCELLATION:
                shop.client.expect("POST", f"/orders/{order_id}/cancellation")
            else:
                shop.publish(a_deadline(shop.await_event(order_id, "OrderPlaced")))
            outcome = stopped("payment", event, reason, "OrderPlaced")
            check_end(shop, order_id, order, outcome)
        told[name] = (order_id, order, outcome)
    shop.settle()
    return told


@pytest.fixture(scope="module")
def events(shop: Shop, stories: dict[str, Story]) -> list[Event]:
    """Every event of these stories, as it was on the bus."""
    found = list(shop.listen())
    every = {
        *SUCCEEDED,
        *FAILED,
        *REVERSED,
        "CustomerNotified",
        CANCELLATION,
        DEADLINE,
        TECHNICAL_FAILURE,
        "StockReceived",
        "PaymentCacheRefreshed",
    }
    assert {event["detail-type"] for event in found} == every
    return found


@pytest.fixture
def ended(shop: Shop, stories: dict[str, Story]) -> tuple[Tables, int]:
    """Every table and the number of mails before a test."""
    return shop.tables(), len(shop.client.mails())


def _once(events: Sequence[Event]) -> list[Event]:
    return list(events)


def _twice(events: Sequence[Event]) -> list[Event]:
    return [event for event in events for _ in range(2)]


def _backwards(events: Sequence[Event]) -> list[Event]:
    return list(reversed(events))


def _shuffled(events: Sequence[Event]) -> list[Event]:
    order = list(events)
    random.Random(1).shuffle(order)
    return order


@pytest.mark.parametrize("again", [_once, _twice, _backwards, _shuffled], ids=lambda again: again.__name__.strip("_"))
def test_events_that_come_again_change_nothing(
    again: Callable[[Sequence[Event]], list[Event]],
    shop: Shop,
    run: Run,
    stories: dict[str, Story],
    events: list[Event],
    ended: tuple[Tables, int],
) -> None:
    published = again(events)
    before = len(shop.listen())
    for event in published:
        shop.publish(event)
    shop.settle()
    assert _counted(shop.listen()[before:]) == _counted(published), "a duplicate had something published"
    _check_unchanged(shop, run, stories, ended)


def test_events_that_come_again_at_once_change_nothing(
    shop: Shop, run: Run, stories: dict[str, Story], events: list[Event], ended: tuple[Tables, int]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(shop.publish, events))
    shop.settle()
    _check_unchanged(shop, run, stories, ended)


def test_replayed_archive_changes_nothing(
    shop: Shop, run: Run, stories: dict[str, Story], events: list[Event], ended: tuple[Tables, int]
) -> None:
    """The archive has all that was ever on the bus, with the duplicates of the tests before."""
    before = len(shop.listen())
    shop.replay()
    shop.settle()
    replayed = shop.listen()[before:]
    assert {_identity(event) for event in events} <= {_identity(event) for event in replayed}
    assert all(event.get("replay-name") for event in replayed), "a duplicate had something published"
    _check_unchanged(shop, run, stories, ended)


def _check_unchanged(shop: Shop, run: Run, stories: dict[str, Story], ended: tuple[Tables, int]) -> None:
    tables, mails = ended
    now = shop.tables()
    for service, rows in tables.items():
        assert now[service] == rows, service
    assert len(shop.client.mails()) == mails
    for order_id, order, outcome in stories.values():
        check_end(shop, order_id, order, outcome)
    redrive_refreshes(shop, run)
    assert shop.dead_letters() == {}


def _identity(event: Event) -> tuple[str, str]:
    detail = event["detail"]
    if event["detail-type"] == TECHNICAL_FAILURE:
        return event["detail-type"], detail["requestContext"]["requestId"]
    return event["detail-type"], detail["meta"]["event_id"]


def _counted(events: Sequence[Event]) -> Counter[tuple[str, str]]:
    return Counter(map(_identity, events))
