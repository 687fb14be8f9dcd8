"""Every way in which an order can go by itself: what the customer, the stock and the providers make of it.

All of them are under way at once, as in a shop. A test then looks at one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from tests.e2e.support.outcome import (
    DO,
    SHIPPED,
    UNDO,
    Outcome,
    check_mail,
    check_rows,
    check_stock,
    check_story,
    given_up,
    refused,
)
from tests.e2e.support.shop import Item, Shop, Tables, an_order
from tests.e2e.support.waiting import eventually

DELIVERED = 10


@dataclass(frozen=True, slots=True)
class Case:
    """An order of an item of its own, and how it has to end."""

    order: Callable[[Item], dict[str, Any]]
    outcome: Outcome


def card(token: str, quantity: int = 1) -> Callable[[Item], dict[str, Any]]:
    return lambda item: an_order(item.line(quantity), card=token)


def address(postal_code: str) -> Callable[[Item], dict[str, Any]]:
    return lambda item: an_order(item.line(), postal_code=postal_code)


CASES: Mapping[str, Case] = {
    "ships": Case(lambda item: an_order(item.line(3)), SHIPPED),
    "ships_the_last": Case(lambda item: an_order(item.line(DELIVERED)), SHIPPED),
    # The order is refused by the shop itself.
    "over_the_limit": Case(
        lambda item: an_order(item.line(1000, unit_price=1_001)), refused("order", "order_limit_exceeded", "total")
    ),
    # By the inventory.
    "unknown_sku": Case(
        lambda item: an_order(item.line(), {"sku": "NO-SUCH-ITEM", "quantity": 1, "unit_price": 100}),
        refused("inventory", "unknown_sku", "lines[1].sku"),
    ),
    "out_of_stock": Case(
        lambda item: an_order(item.line(DELIVERED + 1)), refused("inventory", "out_of_stock", "lines[0].quantity")
    ),
    "price_changed": Case(
        lambda item: an_order(item.line(unit_price=1)), refused("inventory", "price_changed", "lines[0].unit_price")
    ),
    "wrong_currency": Case(
        lambda item: an_order(item.line(), currency="USD"), refused("inventory", "wrong_currency", "currency")
    ),
    # By the payment service provider.
    "declined": Case(card("tok_decline", quantity=2), refused("payment", "insufficient_funds")),
    "unknown_card": Case(card("tok_nobody_knows"), refused("payment", "unknown_card")),
    # By the carrier.
    "not_served": Case(address("00000"), refused("shipping", "address_not_served", "ship_to")),
    # Functions fail, because a provider does: for once, or until they are not tried any more.
    "payment_fails_once": Case(card("tok_fail_once"), SHIPPED),
    "payment_fails": Case(card("tok_fail"), given_up("payment")),
    "payment_never_answers": Case(card("tok_timeout"), given_up("payment")),
    "payment_charges_then_times_out": Case(card("tok_charge_then_timeout"), SHIPPED),
    "carrier_fails_once": Case(address("66666"), SHIPPED),
    "carrier_fails": Case(address("99999"), given_up("shipping")),
    "carrier_never_answers": Case(address("88888"), given_up("shipping")),
    "carrier_books_then_times_out": Case(address("77777"), SHIPPED),
}


@dataclass(frozen=True, slots=True)
class Placed:
    item: Item
    order: dict[str, Any]
    order_id: str


@pytest.fixture(scope="module")
def placed(shop: Shop) -> dict[str, Placed]:
    """Every case's order, placed."""

    def place(case: Case) -> Placed:
        item = shop.stocked(DELIVERED)
        order = case.order(item)
        return Placed(item, order, shop.place(order))

    with ThreadPoolExecutor(6) as pool:
        return dict(zip(CASES, pool.map(place, CASES.values()), strict=True))


@pytest.fixture(scope="module")
def tables(shop: Shop, placed: dict[str, Placed]) -> Tables:
    """Every table, once every order has ended, or nothing more happens."""

    def check() -> None:
        told = {name: shop.story(order.order_id)["events"] for name, order in placed.items()}
        open_ = [name for name, events in told.items() if events[-1]["detail_type"] != "CustomerNotified"]
        assert not open_

    eventually(check)
    return shop.tables()


@pytest.mark.parametrize("case", CASES)
def test_saga_log_tells_what_happened(case: str, shop: Shop, placed: dict[str, Placed]) -> None:
    check_story(shop, placed[case].order_id, CASES[case].outcome)


@pytest.mark.parametrize("case", CASES)
def test_tables_hold_the_outcome(case: str, tables: Tables, placed: dict[str, Placed]) -> None:
    check_rows(tables, placed[case].order_id, placed[case].order, CASES[case].outcome)


@pytest.mark.parametrize("case", CASES)
def test_stock_is_conserved(case: str, tables: Tables, placed: dict[str, Placed]) -> None:
    item, order = placed[case].item, placed[case].order
    reserved = {line["sku"]: line["quantity"] for line in order["lines"]} if CASES[case].outcome.shipped else {}
    check_stock(tables, {item.sku: DELIVERED}, reserved)


@pytest.mark.parametrize("case", CASES)
def test_customer_is_told_once(case: str, shop: Shop, tables: Tables, placed: dict[str, Placed]) -> None:
    check_mail(shop, placed[case].order_id, placed[case].order, CASES[case].outcome)


@pytest.mark.parametrize("case", CASES)
def test_reader_is_told_the_outcome(case: str, shop: Shop, tables: Tables, placed: dict[str, Placed]) -> None:
    outcome, order = CASES[case].outcome, placed[case].order
    told = shop.client.request("GET", f"/orders/{placed[case].order_id}").json()
    assert told["state"] == ("PLACED" if outcome.shipped else "CANCELLED")
    assert told.get("reason", {}).get("code") == outcome.reason
    assert told["lines"] == order["lines"]
    assert "payment" not in told


def test_all_nine_functions_took_part(shop: Shop, tables: Tables, placed: dict[str, Placed]) -> None:
    producers = {event["producer"] for order in placed.values() for event in shop.story(order.order_id)["events"]}
    assert {*DO, *UNDO, "notify_customer"} <= producers


def test_several_items_are_reserved_and_released_together(shop: Shop) -> None:
    first, second = shop.stocked(5), shop.stocked(2)
    orders = {
        "shipped": (an_order(first.line(2), second.line(1)), SHIPPED),
        "not enough of one": (
            an_order(first.line(2), second.line(2)),
            refused("inventory", "out_of_stock", "lines[1].quantity"),
        ),
        "taken back": (
            an_order(first.line(1), second.line(1), card="tok_decline"),
            refused("payment", "insufficient_funds"),
        ),
    }
    for order, outcome in orders.values():
        order_id = shop.place(order)
        check_story(shop, order_id, outcome)
        check_rows(shop.tables(), order_id, order, outcome)
    assert (shop.stock_of(first), shop.stock_of(second)) == ((3, 2), (1, 1))


def test_last_one_is_sold_once(shop: Shop) -> None:
    item = shop.stocked(1)
    orders = [an_order(item.line()) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        ids = list(pool.map(shop.place, orders))

    def check() -> list[str]:
        states = [shop.story(order_id)["state"] for order_id in ids]
        assert "open" not in states
        return states

    states = eventually(check)
    assert sorted(states) == ["completed", *["reversed"] * 5]
    nothing_left = refused("inventory", "out_of_stock", "lines[0].quantity")
    for order, order_id, state in zip(orders, ids, states, strict=True):
        outcome = SHIPPED if state == "completed" else nothing_left
        check_story(shop, order_id, outcome)
        check_rows(shop.tables(), order_id, order, outcome)
        check_mail(shop, order_id, order, outcome)
    assert shop.stock_of(item) == (0, 1)


def test_hot_item_is_sold_from_all_its_shards(shop: Shop) -> None:
    item = shop.stocked(6, shards=3)
    made_up = an_order(item.line(4))
    taken_back = an_order(item.line(2), card="tok_decline")
    ids = [shop.place(made_up), shop.place(taken_back)]
    check_story(shop, ids[0], SHIPPED)
    check_story(shop, ids[1], refused("payment", "insufficient_funds"))
    singles = [an_order(item.line()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(shop.place, singles))

    def check() -> list[str]:
        states = [shop.story(order_id)["state"] for order_id in ids]
        assert "open" not in states
        return states

    assert sorted(eventually(check)) == ["completed"] * 2 + ["reversed"] * 2
    table = shop.table("inventory")
    shards = [table[f"stock#{item.sku}{suffix}"] for suffix in ("", "~1", "~2")]
    assert [(shard["available"], shard["reserved"]) for shard in shards] == [(0, 2)] * 3
    told = shop.client.request("GET", f"/stock/{item.sku}").json()
    assert (told["available"], told["reserved"]) == (0, 6)


def test_nothing_is_left_over(shop: Shop, tables: Tables) -> None:
    """When all is handled, no message is in a queue, and no event was published twice."""
    shop.settle()
    assert shop.dead_letters() == {}
    identities = [event["detail"]["meta"]["event_id"] for event in shop.listen() if event["source"] != "lambda"]
    assert len(identities) == len(set(identities))
