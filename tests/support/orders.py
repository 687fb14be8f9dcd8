"""Orders for the platform in this process, and the ways in which their sagas can go."""

from __future__ import annotations

from typing import Any

from tests.support.platform import Platform

PRICES = {"KETTLE-1": 3250, "MUG-2": 500}


def a_body(
    customer: str = "customer-1", card: str = "tok_approve", postal_code: str = "1010", **changes: Any
) -> dict[str, Any]:
    """The body of a request for an order of two lines (PlaceOrderRequest.v1)."""
    return {
        "customer_id": customer,
        "email": "customer@example.com",
        "currency": "EUR",
        "lines": [
            {"sku": "KETTLE-1", "quantity": 1, "unit_price": PRICES["KETTLE-1"]},
            {"sku": "MUG-2", "quantity": 2, "unit_price": PRICES["MUG-2"]},
        ],
        "payment": {"token": card, "last4": "4242"},
        "ship_to": {
            "name": "Alex Doe",
            "line1": "1 Long Street",
            "city": "Vienna",
            "postal_code": postal_code,
            "country": "AT",
        },
        **changes,
    }


def stock(platform: Platform, quantity: int = 100) -> None:
    """Take a delivery of each item in."""
    for sku, price in PRICES.items():
        body = {"delivery_id": f"delivery-{sku}", "quantity": quantity, "unit_price": price, "currency": "EUR"}
        assert platform.request("inventory/receive_stock", body, sku=sku)["status"] == 200


def place(platform: Platform, body: dict[str, Any], key: str = "key-1") -> dict[str, Any]:
    """Place an order; nothing of it is delivered yet."""
    answer: dict[str, Any] = platform.request("order/place_order", body, headers={"idempotency-key": key})
    return answer
