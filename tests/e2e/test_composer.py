"""One order from five services and a cache, each of which may be away."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.e2e.support.shop import Event, Shop, an_order
from tests.e2e.support.waiting import eventually

from local_platform.cache_server import CacheServer
from local_platform.customers import Customer, sign_up
from local_platform.deployment import Deployment

SHIPPED = {
    "order": "PLACED",
    "stock": "SUCCEEDED",
    "payment": "SUCCEEDED",
    "shipment": "SUCCEEDED",
    "notices": None,
}
READERS = {
    "stock": "inventory/get_stock",
    "payment": "payment/get_payment",
    "shipment": "shipping/get_shipment",
    "notices": "notification/get_notices",
}
"""The sections that are not the order itself, with the functions that read them."""


@pytest.fixture(scope="module")
def ada(shop: Shop) -> Customer:
    return sign_up(shop.client)


@pytest.fixture
def cache(deployment: Deployment) -> CacheServer:
    assert deployment.cache
    return deployment.cache


def place(shop: Shop, customer_id: str | None = None, **changes: Any) -> str:
    """Place an order and wait until its saga has ended, as far as anybody reacts."""
    order = an_order(shop.stocked().line(), **changes)
    order_id = shop.place({**order, **({"customer_id": customer_id} if customer_id else {})})
    shop.client.finished_story(order_id, timeout=300)
    shop.settle()
    return order_id


def details(shop: Shop, order_id: str, query: str = "") -> dict[str, Any]:
    response = shop.client.request("GET", f"/orders/{order_id}/details{query}")
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def statuses(told: dict[str, Any]) -> dict[str, str]:
    return {name: told[name]["status"] for name in SHIPPED}


@contextmanager
def throttled(shop: Shop, function: str) -> Iterator[None]:
    """Have a function refuse every invocation for a while."""
    functions, name = shop.client.aws("lambda"), shop.name_of(function)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)


def of_composer(shop: Shop, order_id: str) -> list[Event]:
    return [event for event in shop.events_of(order_id) if event["source"] == "shop.composer"]


def test_everything_of_an_order_in_one_answer(shop: Shop) -> None:
    order_id = place(shop)
    told = details(shop, order_id)
    assert statuses(told) == dict.fromkeys(SHIPPED, "available"), told
    assert {name: told[name]["data"].get("state") for name in SHIPPED} == SHIPPED
    assert told["notices"]["data"]["notices"][0]["outcome"] == "shipped"
    assert all(told[name]["as_of"].endswith("Z") for name in SHIPPED)


@pytest.mark.parametrize("section", READERS)
def test_a_service_that_fails_is_told_of_and_the_rest_is_there(shop: Shop, section: str) -> None:
    order_id = place(shop)
    if section == "payment":
        # The bus had it cached. Without what is cached its service is all there is.
        _forget(shop, order_id)
    with shop.raising(READERS[section]):
        told = details(shop, order_id)
        assert statuses(told) == {**dict.fromkeys(SHIPPED, "available"), section: "unavailable"}
        strict = shop.client.request("GET", f"/orders/{order_id}/details?require={section}")
        assert (strict.status_code, strict.json()["section"]) == (503, section)
    assert statuses(details(shop, order_id)) == dict.fromkeys(SHIPPED, "available")


def _forget(shop: Shop, order_id: str) -> None:
    """Tell the composer of a reversal that there was not, so that it lets go of the payment it knows."""
    with throttled(shop, "payment/get_payment"):
        authorized = shop.await_event(order_id, "PaymentAuthorized")
        reason = {"code": "test", "message": "Not so.", "field": "test"}
        detail = {**authorized["detail"], "data": {"order": authorized["detail"]["data"]["order"], "reason": reason}}
        detail["meta"] = {**detail["meta"], "schema": "PaymentReversed.v1", "event_id": str(uuid.uuid4())}
        event = {**authorized, "detail-type": "PaymentReversed", "detail": detail}
        shop.deliver("composer/cache_manager_payments", event)
        shop.take_dead_letter("composer/cache_manager_payments/failed", order_id)


def test_a_service_that_is_throttled_is_told_of_as_well(shop: Shop) -> None:
    order_id = place(shop)
    with throttled(shop, "shipping/get_shipment"):
        assert statuses(details(shop, order_id))["shipment"] == "unavailable"


def test_what_bus_events_changed_is_what_is_shown(shop: Shop) -> None:
    """Looked at all the way, an order is in the cache with what it was; in the end nothing old is shown."""
    item = shop.stocked()
    order_id = shop.place(an_order(item.line(), postal_code="00000"))

    def ended() -> None:
        assert details(shop, order_id)["order"]["data"]["state"] == "CANCELLED"

    eventually(ended)
    shop.settle()
    told = details(shop, order_id)
    assert {name: told[name]["data"].get("state") for name in SHIPPED} == {
        "order": "CANCELLED",
        "stock": "REVERSED",
        "payment": "REVERSED",
        "shipment": "REVERSED",
        "notices": None,
    }
    assert told["notices"]["data"]["notices"][0]["outcome"] == "cancelled"


def test_the_cached_payment_is_kept_fresh_by_the_bus(shop: Shop) -> None:
    """Nobody has asked for it yet, and its service is away: the answer is what the cache was told of."""
    order_id = place(shop, postal_code="00000")
    with shop.raising("payment/get_payment"):
        response = shop.client.request("GET", f"/orders/{order_id}/payment")
        assert (response.status_code, response.json()["state"]) == (200, "REVERSED")
    refreshed = [event["detail"]["data"]["because_of"] for event in of_composer(shop, order_id)]
    assert sorted(refreshed) == ["PaymentAuthorized", "PaymentReversed"]


def test_without_its_cache_the_composer_answers_all_the_same(shop: Shop, cache: CacheServer) -> None:
    before = place(shop)
    known = details(shop, before)
    cache.stop()
    try:
        told = details(shop, before)
        assert {name: told[name]["data"] for name in SHIPPED} == {name: known[name]["data"] for name in SHIPPED}
        meanwhile = place(shop)
        assert statuses(details(shop, meanwhile)) == dict.fromkeys(SHIPPED, "available")
        for path in (f"/orders/{meanwhile}", f"/orders/{meanwhile}/payment"):
            assert shop.client.request("GET", path).status_code == 200
        assert shop.dead_letters() == {}
    finally:
        cache.resume()
    assert statuses(details(shop, meanwhile)) == dict.fromkeys(SHIPPED, "available")


def test_a_customers_look_is_on_the_bus_and_an_operators_is_not(shop: Shop, ada: Customer) -> None:
    order_id = place(shop, ada.customer_id)
    for path, view in (("", "order"), ("/details", "details"), ("/payment", "payment")):
        assert shop.client.request("GET", f"/orders/{order_id}{path}").status_code == 200
        assert ada.request("GET", f"/orders/{order_id}{path}").status_code == 200

        def check(view: str = view) -> None:
            views = [event for event in of_composer(shop, order_id) if event["detail-type"] == "OrderViewed"]
            assert views, "nothing yet"
            assert views[-1]["detail"]["data"] == {"order_id": order_id, "view": view}

        eventually(check)
    shop.settle()
    assert sum(event["detail-type"] == "OrderViewed" for event in of_composer(shop, order_id)) == 3


def test_a_look_that_cannot_be_written_down_is_answered_all_the_same(shop: Shop, ada: Customer) -> None:
    order_id = place(shop, ada.customer_id)
    with shop.raising("composer/get_details"):
        assert ada.request("GET", f"/orders/{order_id}/details").status_code == 200
    shop.settle()
    assert not [event for event in of_composer(shop, order_id) if event["detail-type"] == "OrderViewed"]


def test_a_customers_list_goes_on_from_page_to_page(shop: Shop) -> None:
    """Newest first, each order once, for the customer and for operators, and with that customer's cursor alone."""
    own, other = sign_up(shop.client), sign_up(shop.client)
    item, path = shop.stocked(), f"/customers/{own.customer_id}/orders"
    placed = [shop.place(an_order(item.line(), customer_id=own.customer_id)) for _ in range(3)]

    def heard_of_all() -> None:
        assert len(own.request("GET", path).json()["orders"]) == len(placed)

    eventually(heard_of_all)
    first = own.request("GET", f"{path}?limit=2")
    assert first.status_code == 200, first.text
    cursor = first.json()["cursor"]
    for caller in (own, shop.client):
        second = caller.request("GET", f"{path}?limit=2&cursor={cursor}")
        assert (second.status_code, set(second.json())) == (200, {"orders"}), second.text
        shown = [order["order_id"] for page in (first, second) for order in page.json()["orders"]]
        assert shown == placed[::-1]
    assert other.request("GET", path).status_code == 403
    for caller in (other, shop.client):
        refused = caller.request("GET", f"/customers/{other.customer_id}/orders?cursor={cursor}")
        assert (refused.status_code, refused.json()["field"]) == (400, "cursor")
    shop.settle()


def test_another_customers_order_is_no_order(shop: Shop, ada: Customer) -> None:
    order_id = place(shop)
    for path in ("", "/details", "/payment"):
        assert ada.request("GET", f"/orders/{order_id}{path}").status_code == 404
