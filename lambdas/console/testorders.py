"""The orders that the console places: a basket, a test card and an address, chosen from what the sandbox knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from saga_kit.http import Problem

CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Item:
    """An item: its price in minor units, what a delivery brings of it, and whether there is but a ``single`` one."""

    unit_price: int
    delivery: int = 100
    single: bool = False


ITEMS: Mapping[str, Item] = {
    "TEAPOT-1": Item(4_200),
    "MUG-2": Item(950),
    "LAST-ONE": Item(12_000, delivery=1, single=True),
}

Line = tuple[str, int, int]
"""SKU, quantity, and the price that the customer was quoted."""


@dataclass(frozen=True, slots=True)
class Basket:
    """What is ordered."""

    label: str
    lines: tuple[Line, ...]


BASKETS: Mapping[str, Basket] = {
    "tea_for_four": Basket("A teapot and four mugs", (("TEAPOT-1", 1, 4_200), ("MUG-2", 4, 950))),
    "one_mug": Basket("One mug", (("MUG-2", 1, 950),)),
    "too_many": Basket("More than there is", (("LAST-ONE", 2, 12_000),)),
    "old_price": Basket("A price that was never quoted", (("TEAPOT-1", 1, 1),)),
    "unknown_item": Basket("An item that does not exist", (("NO-SUCH-ITEM", 1, 1_000),)),
    "too_large": Basket("More than the shop takes in one order", (("TEAPOT-1", 300, 4_200),)),
}

CARDS: Mapping[str, str] = {
    "tok_approve": "Approved",
    "tok_decline": "Declined",
    "tok_fail": "The provider fails every time",
    "tok_fail_once": "The provider fails once",
    "tok_timeout": "The provider times out",
    "tok_charge_then_timeout": "Charged, then the provider times out",
}
"""The sandbox's test cards, each with what becomes of it."""

ADDRESSES: Mapping[str, str] = {
    "1010": "Served",
    "00000": "Not served by the carrier",
    "66666": "The carrier fails once",
    "99999": "The carrier fails every time",
    "88888": "The carrier times out",
    "77777": "Booked, then the carrier times out",
}
"""Postal codes of the sandbox, each with what becomes of it."""


def choices() -> dict[str, list[dict[str, str]]]:
    """Return what may be chosen, for the page's form: for each field the values with their labels."""
    labels = {
        "basket": {value: basket.label for value, basket in BASKETS.items()},
        "card": CARDS,
        "address": ADDRESSES,
    }
    return {
        field: [{"value": value, "label": label} for value, label in labelled.items()]
        for field, labelled in labels.items()
    }


def order(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the order (PlaceOrderRequest.v1) by a request of the page (PlaceTestOrderRequest.v1).

    Raises ``Problem`` (422) naming the field that is none of its choices.
    """
    for field, known in (("basket", BASKETS), ("card", CARDS), ("address", ADDRESSES)):
        if chosen[field] not in known:
            expected = f"one of {', '.join(known)}"
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid-body",
                f"{field}: expected {expected}",
                field=field,
                expected=expected,
            )
    lines = BASKETS[chosen["basket"]].lines
    customer = chosen["customer_id"]
    return {
        "customer_id": customer,
        "email": f"{customer.lower()}@example.com",
        "currency": CURRENCY,
        "lines": [{"sku": sku, "quantity": quantity, "unit_price": price} for sku, quantity, price in lines],
        "payment": {"token": chosen["card"], "last4": "4242"},
        "ship_to": {
            "name": "Test Customer",
            "line1": "1 Main Street",
            "city": "Vienna",
            "postal_code": chosen["address"],
            "country": "AT",
        },
    }


def deliveries(chosen: Mapping[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return for each item of the basket that exists its SKU and a delivery of it (ReceiveStockRequest.v1).

    The delivery is the same one for the same ``key``, so that it counts once.
    """
    for sku, _, _ in BASKETS[chosen["basket"]].lines:
        if item := ITEMS.get(sku):
            yield (
                sku,
                {
                    "delivery_id": f"console-{sku}" if item.single else f"console-{key}-{sku}",
                    "quantity": item.delivery,
                    "unit_price": item.unit_price,
                    "currency": CURRENCY,
                },
            )
