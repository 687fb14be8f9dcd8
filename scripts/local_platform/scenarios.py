"""The orders of the demo: one that ships, and one for each way in which an order can fail."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

PRICES = {"TEAPOT-1": 4_200, "MUG-2": 950, "LAST-ONE": 12_000}
"""What the demo's items cost, in euro cents."""
STOCK = {"TEAPOT-1": 1_000, "MUG-2": 1_000, "LAST-ONE": 1}

Order = dict[str, Any]

ORDER: Order = {
    "customer_id": "ada",
    "email": "ada@example.com",
    "currency": "EUR",
    "lines": [
        {"sku": "TEAPOT-1", "quantity": 1, "unit_price": PRICES["TEAPOT-1"]},
        {"sku": "MUG-2", "quantity": 4, "unit_price": PRICES["MUG-2"]},
    ],
    "payment": {"token": "tok_approve", "last4": "4242"},
    "ship_to": {
        "name": "Ada Example",
        "line1": "1 Main Street",
        "city": "Vienna",
        "postal_code": "1010",
        "country": "AT",
    },
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """An order, what is special about it, and how its saga has to end.

    Attributes:
        title: for the reader.
        change: makes the order out of the usual one.
        state: how the saga ends, "completed" or "reversed".
        reason: code of the reason of a reversal.
        cancel: whether the customer changes their mind while the order is under way.
    """

    title: str
    change: Callable[[Order], None]
    state: str
    reason: str | None = None
    cancel: bool = False

    @property
    def order(self) -> Order:
        """The order to place."""
        order = copy.deepcopy(ORDER)
        self.change(order)
        return order


def _card(token: str) -> Callable[[Order], None]:
    def change(order: Order) -> None:
        order["payment"]["token"] = token

    return change


def _postal_code(code: str) -> Callable[[Order], None]:
    def change(order: Order) -> None:
        order["ship_to"]["postal_code"] = code

    return change


def _currency(code: str) -> Callable[[Order], None]:
    def change(order: Order) -> None:
        order["currency"] = code

    return change


def _line(**values: Any) -> Callable[[Order], None]:
    def change(order: Order) -> None:
        order["lines"][0].update(values)

    return change


SCENARIOS: Mapping[str, Scenario] = {
    "ships": Scenario("everything works", lambda _: None, "completed"),
    "unknown_sku": Scenario("an item that does not exist", _line(sku="NO-SUCH-ITEM"), "reversed", "unknown_sku"),
    "out_of_stock": Scenario(
        "more than there is",
        _line(sku="LAST-ONE", quantity=2, unit_price=PRICES["LAST-ONE"]),
        "reversed",
        "out_of_stock",
    ),
    "price_changed": Scenario("a price that was never quoted", _line(unit_price=1), "reversed", "price_changed"),
    "wrong_currency": Scenario(
        "a currency that the item is not sold in", _currency("USD"), "reversed", "wrong_currency"
    ),
    "limit_exceeded": Scenario(
        "more than the shop takes in one order", _line(quantity=300), "reversed", "order_limit_exceeded"
    ),
    "declined": Scenario("a card that is declined", _card("tok_decline"), "reversed", "insufficient_funds"),
    "not_served": Scenario(
        "an address that the carrier does not serve", _postal_code("00000"), "reversed", "address_not_served"
    ),
    "payment_fails": Scenario(
        "a payment provider that fails every time", _card("tok_fail"), "reversed", "technical_failure"
    ),
    "payment_times_out": Scenario(
        "a payment provider that charges and then times out", _card("tok_charge_then_timeout"), "completed"
    ),
    "carrier_fails": Scenario(
        "a carrier that fails every time", _postal_code("99999"), "reversed", "technical_failure"
    ),
    "carrier_times_out": Scenario("a carrier that books and then times out", _postal_code("77777"), "completed"),
    "cancelled": Scenario(
        "a customer who cancels while the payment hangs",
        _card("tok_charge_then_timeout"),
        "reversed",
        "customer_cancelled",
        cancel=True,
    ),
}
