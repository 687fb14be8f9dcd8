"""All that can happen to an order, in one run of the platform: whoever watches it sees what each function does."""

from __future__ import annotations

import functools
import ipaddress
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.orders import a_body, place, stock
from tests.support.platform import Platform

CANCELLED = ("OrderCancelled", "CustomerNotified")
SHIPPED = ("OrderPlaced", "StockReserved", "PaymentAuthorized", "ShipmentBooked", "CustomerNotified")
BESIDE_THE_SAGA = {"OrderViewed", "PaymentCacheRefreshed"}
"""What the composer tells of; an order goes its way without."""
FAILURE = "Lambda Function Invocation Result - Failure"


@dataclass(frozen=True)
class Scenario:
    """An order, what happens to it between its placing and the first delivery, and the events that it then has.

    ``placed`` is the status of the answer to its client.
    """

    name: str
    events: tuple[str, ...]
    body: dict[str, Any]
    placed: int = 202
    meanwhile: Callable[[Platform, str], None] = lambda _platform, _order_id: None
    broken: str | None = None


def _cancel(platform: Platform, order_id: str) -> None:
    for _ in range(2):
        assert platform.request("order/request_cancellation", id=order_id)["status"] == 202


def _pass_the_deadline(platform: Platform, _order_id: str) -> None:
    # Until the log knows the order, and no further: what comes next has to come too late.
    platform.run(limit=4 if platform.duplicates else 2)
    platform.now += 86_400
    platform.tick()


def _lines(**changes: Any) -> list[dict[str, Any]]:
    return [{"sku": "KETTLE-1", "quantity": 1, "unit_price": 3250, **changes}]


def _hot(quantity: int) -> list[dict[str, Any]]:
    return _lines(sku="HOT-1", unit_price=500, quantity=quantity)


REJECTED = ("OrderPlaced", "StockRejected", "StockReleased", *CANCELLED)
DECLINED = ("OrderPlaced", "StockReserved", "PaymentDeclined", "PaymentReversed", "StockReleased", *CANCELLED)
REFUSED = (
    *("OrderPlaced", "StockReserved", "PaymentAuthorized", "ShipmentRejected"),
    *("ShipmentReversed", "PaymentReversed", "StockReleased", *CANCELLED),
)
STOPPED = ("ShipmentReversed", "PaymentReversed", "StockReleased", *CANCELLED)

SCENARIOS = (
    Scenario("ships", SHIPPED, a_body()),
    Scenario("ships after the provider failed once", SHIPPED, a_body(card="tok_fail_once")),
    Scenario("is too large", ("OrderRejected", *CANCELLED), a_body(lines=_lines(quantity=99, unit_price=999_999)), 422),
    Scenario("unknown item", REJECTED, a_body(lines=_lines(sku="NO-SUCH-ITEM"))),
    Scenario("other price", REJECTED, a_body(lines=_lines(unit_price=1))),
    Scenario("other currency", REJECTED, a_body(currency="USD")),
    Scenario("out of stock", REJECTED, a_body(lines=_lines(quantity=99))),
    Scenario("ships from shards", SHIPPED, a_body(lines=_hot(quantity=3))),
    Scenario("all shards together have too little", REJECTED, a_body(lines=_hot(quantity=9))),
    Scenario("card declined", DECLINED, a_body(card="tok_decline")),
    Scenario("address not served", REFUSED, a_body(postal_code="00000")),
    Scenario(
        "inventory fails",
        ("OrderPlaced", FAILURE, "StockReleased", *CANCELLED),
        a_body(),
        broken="inventory/chk_inventory",
    ),
    Scenario(
        "payment fails",
        ("OrderPlaced", "StockReserved", FAILURE, "PaymentReversed", "StockReleased", *CANCELLED),
        a_body(card="tok_fail"),
    ),
    Scenario(
        "shipping fails",
        ("OrderPlaced", "StockReserved", "PaymentAuthorized", FAILURE, *STOPPED),
        a_body(postal_code="99999"),
    ),
    Scenario("cancelled at once", ("OrderPlaced", "OrderCancellationRequested", *STOPPED), a_body(), meanwhile=_cancel),
    Scenario("too late", ("OrderPlaced", "SagaDeadlineExceeded", *STOPPED), a_body(), meanwhile=_pass_the_deadline),
)
"""Where a saga is stopped from outside, steps before the last may have succeeded by then, or not."""


def perform(platform: Platform) -> None:
    """Have everything happen, once in order and once with each event delivered twice."""
    stock(platform, quantity=50)
    stock(platform, quantity=50)
    _keep_customers_apart(platform)
    refused = {"delivery_id": "delivery-MUG-2", "quantity": 1, "unit_price": 500, "currency": "EUR"}
    assert platform.request("inventory/receive_stock", refused, sku="MUG-2")["status"] == 409
    hot = {"delivery_id": "delivery-hot", "quantity": 8, "unit_price": 500, "currency": "EUR", "shards": 2}
    assert platform.request("inventory/receive_stock", hot, sku="HOT-1")["status"] == 200
    for platform.duplicates in (False, True):
        for scenario in SCENARIOS:
            _perform(platform, scenario, f"{scenario.name}, twice" if platform.duplicates else scenario.name)
    platform.duplicates = False
    _list_own_orders(platform, a_body()["customer_id"])
    _use_the_console(platform)


def _use_the_console(platform: Platform) -> None:
    """Everything that the console's page asks for, by an operator whose address is admitted."""
    network = platform.functions["console/authorize"].environment["CONSOLE_NETWORKS"].split(",")[0]
    address = str(ipaddress.ip_network(network)[1])
    asked = {"version": "2.0", "requestContext": {"http": {"sourceIp": address}}}
    assert platform.invoke("console/authorize", asked).answer == {"isAuthorized": True}
    for path in ({}, {"file": "app.js"}):
        assert platform.invoke("console/get_page", {**asked, "pathParameters": path}).answer["statusCode"] == 200
    chosen = {"customer_id": "ada", "basket": "tea_for_four", "card": "tok_approve", "address": "1010", "stock": True}
    own_page = {"host": "api.example", "origin": "https://api.example", "x-console": "1"}
    key = {"idempotency-key": "00000000-0000-4000-8000-000000000001"}
    placed = platform.request("console/place_order", chosen, headers={**own_page, **key})
    assert placed["status"] == 202, placed
    platform.run()
    told = platform.request("console/get_order", id=placed["order_id"])
    assert told["saga"]["story"]["state"] == "completed", told
    told = platform.request("console/get_details", id=placed["order_id"])
    assert {section["status"] for section in told["sections"].values()} == {"ok"}, told
    assert platform.request("console/get_orders")["sagas"]["status"] == "ok"


def _keep_customers_apart(platform: Platform) -> None:
    """A customer's routes serve that customer alone. Every one of them is asked."""
    body = a_body()
    own, key = body["customer_id"], {"idempotency-key": "of-a-customer"}
    assert platform.request("order/place_order", body, headers=key, customer="eve")["status"] == 403
    placed = platform.request("order/place_order", body, headers=key, customer=own)
    assert placed["status"] == 202
    for customer, status in {"eve": 404, own: 200}.items():
        for function in ("composer/get_customer_order", "composer/get_details"):
            assert platform.request(function, customer=customer, id=placed["order_id"])["status"] == status
        # Nothing of the order is delivered yet, so nobody has a payment.
        answer = platform.request("composer/cache_manager_payments", customer=customer, id=placed["order_id"])
        assert (answer["status"], answer["type"]) == (
            404,
            f"urn:problem:{'not-found' if status == 404 else 'no-payment'}",
        )
    for customer, status in {"eve": 404, own: 202}.items():
        answer = platform.request("order/request_cancellation", customer=customer, id=placed["order_id"])
        assert answer["status"] == status
    platform.run()


def _list_own_orders(platform: Platform, own: str) -> None:
    """The customer reads their list page by page, and nobody else does."""
    route = "GET /customers/{id}/orders"
    list_orders = functools.partial(platform.request, "composer/get_customer_order", route=route, id=own)
    assert list_orders(customer="eve")["status"] == 403
    shown: list[str] = []
    page = list_orders(customer=own, query={"limit": "1"})
    while True:
        assert page["status"] == 200, page
        shown += [order["order_id"] for order in page["orders"]]
        if "cursor" not in page:
            break
        page = list_orders(customer=own, query={"limit": "9", "cursor": page["cursor"]})
    assert len(set(shown)) == len(shown) > 1


def _perform(platform: Platform, scenario: Scenario, key: str) -> None:
    before = len(platform.published)
    body = scenario.body
    answer = place(platform, body, key.replace(" ", "_"))
    assert answer["status"] == scenario.placed, (key, answer)
    order_id = answer["order_id"]
    assert place(platform, body, key.replace(" ", "_"))["status"] == scenario.placed
    scenario.meanwhile(platform, order_id)
    platform.broken = {scenario.broken} if scenario.broken else set()
    platform.run()
    platform.broken = set()
    happened = {message["detail-type"] for message in platform.published[before:]} - BESIDE_THE_SAGA
    expected = set(scenario.events)
    assert expected <= happened, (key, sorted(expected - happened))
    unexpected = (
        happened - expected - ({"StockReserved", "PaymentAuthorized"} if "ShipmentReversed" in expected else set())
    )
    assert not unexpected, (key, sorted(unexpected))
    assert not platform.dead_letters, (key, platform.dead_letters)
    _read(platform, order_id)
    _compose(platform, order_id, body["customer_id"])


def _compose(platform: Platform, order_id: str, own: str) -> None:
    """The customer looks at the order, twice: the second time the cache may answer. Each route is the first in turn."""
    routes = ["get_details", "get_customer_order", "cache_manager_payments"]
    first = sum(message["detail-type"] == "OrderPlaced" for message in platform.published) % len(routes)
    for route in [*routes[first:], *routes[:first]] * 2:
        answer = platform.request(f"composer/{route}", customer=own, id=order_id)
        without_payment = route == "cache_manager_payments" and answer.get("type") == "urn:problem:no-payment"
        assert answer["status"] == (404 if without_payment else 200), (route, answer)
        assert "unavailable" not in json.dumps(answer), (route, answer)


def _read(platform: Platform, order_id: str) -> None:
    behind_the_api = ("composer/", "console/")
    others: dict[str, list[dict[str, Any]]] = {
        "saga_log/get_sagas": [{}],
        "read_model/get_customer_orders": [{"customer_id": "customer-1"}],
        "read_model/get_orders": [{"overdue": "true"}, {"state": "SHIPPED"}],
    }
    for reader in sorted(key for key in platform.functions if "/get_" in key and not key.startswith(behind_the_api)):
        for asked in others.get(reader, [{"order_id": order_id}]):
            invocation = platform.invoke(reader, asked)
            assert invocation.error is None, (reader, invocation.error)
    for sku in ("MUG-2", "HOT-1"):
        assert platform.request("inventory/get_stock", sku=sku)["status"] == 200
    for route in ("GET /authorizations/{key}", "GET /shipments/{key}"):
        event = {"version": "2.0", "routeKey": route, "headers": {}, "pathParameters": {"key": order_id}}
        assert platform.invoke("sandbox/provider", event).answer["statusCode"] in {200, 404}
