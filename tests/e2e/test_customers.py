"""Customers show tokens that their pool signed, and reach what is theirs; operators sign with IAM and reach it all."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from tests.e2e.support.shop import Shop, an_order
from tests.support.plans import EDGE_KEY

from local_platform.customers import Customer, sign_up

NO_ORDER = "00000000-0000-4000-8000-000000000000"
ROUTES = (("GET", "/orders/{}"), ("POST", "/orders/{}/cancellation"))
"""The routes of the customers' API with an order in them."""


@pytest.fixture(scope="module")
def ada(shop: Shop) -> Customer:
    return sign_up(shop.client)


@pytest.fixture(scope="module")
def eve(shop: Shop) -> Customer:
    return sign_up(shop.client)


def place(customer: Customer, order: Mapping[str, Any]) -> httpx.Response:
    return customer.request("POST", "/orders", order, headers={"idempotency-key": str(uuid.uuid4())})


def test_a_customer_orders_sees_and_cancels(shop: Shop, ada: Customer) -> None:
    item = shop.stocked()
    placed = place(ada, an_order(item.line(), customer_id=ada.customer_id))
    assert placed.status_code == 202, placed.text
    path = f"/orders/{placed.json()['order_id']}"
    seen = ada.request("GET", path)
    assert (seen.status_code, seen.json()["customer_id"]) == (200, ada.customer_id)
    shop.settle()
    assert ada.request("POST", f"{path}/cancellation").status_code in {202, 409}
    shop.settle()


def test_nobody_orders_in_anothers_name(shop: Shop, ada: Customer, eve: Customer) -> None:
    before = shop.table("order")
    refused = place(eve, an_order(shop.stocked().line(), customer_id=ada.customer_id))
    assert (refused.status_code, refused.json()["field"]) == (403, "customer_id")
    assert refused.headers["content-type"] == "application/problem+json"
    assert shop.table("order") == before


def test_of_anothers_order_there_is_nothing_to_learn(shop: Shop, ada: Customer, eve: Customer) -> None:
    order_id = place(ada, an_order(shop.stocked().line(), customer_id=ada.customer_id)).json()["order_id"]
    shop.settle()
    before = shop.table("order")
    for method, path in ROUTES:
        of_another, of_none = (eve.request(method, path.format(one)) for one in (order_id, NO_ORDER))
        assert (of_another.status_code, of_another.content) == (404, of_none.content), (method, path)
        assert of_none.status_code == 404
    assert shop.table("order") == before


def test_an_operator_sees_a_customers_order_and_a_customer_not_what_operators_see(shop: Shop, ada: Customer) -> None:
    order_id = place(ada, an_order(shop.stocked().line(), customer_id=ada.customer_id)).json()["order_id"]
    assert shop.client.request("GET", f"/orders/{order_id}").status_code == 200
    shop.settle()
    for path in (f"/orders/{order_id}/saga", "/sagas", "/stock/MUG-1"):
        assert ada.request("GET", path).status_code == 404, path


def test_a_token_that_nobody_signed_opens_nothing(ada: Customer, eve: Customer) -> None:
    header, payload, signature = ada.token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "sub": eve.customer_id}).encode()).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for token in (f"{header}.{forged}.{signature}", f"{unsigned}.{forged}.", "nonsense"):
        stranger = Customer(eve.customer_id, token, ada.endpoint)
        assert stranger.request("GET", f"/orders/{NO_ORDER}").status_code == 401, token
    assert ada.request("GET", f"/orders/{NO_ORDER}").status_code == 404


DIGEST = hashlib.sha256(EDGE_KEY.encode()).hexdigest()


@pytest.mark.parametrize(
    ("function", "method", "path"),
    [
        ("composer/get_customer_order", "GET", "/orders/{}"),
        ("order/request_cancellation", "POST", "/orders/{}/cancellation"),
    ],
)
def test_a_customer_comes_by_the_edge_or_not_at_all(
    shop: Shop, ada: Customer, function: str, method: str, path: str
) -> None:
    """Without CloudFront, whose place the test takes: what a customer says is what it would pass on."""
    order_id = place(ada, an_order(shop.stocked().line(), customer_id=ada.customer_id)).json()["order_id"]
    shop.settle()
    path = path.format(order_id)
    before = shop.table("order")
    with shop.changed(function, SAGA_EDGE_KEYS=DIGEST):
        for headers in ({}, {"x-origin-verify": EDGE_KEY[:-1]}, {"x-origin-verify": DIGEST}):
            refused = ada.request(method, path, headers=headers)
            assert (refused.status_code, refused.json()["title"]) == (403, "not by the edge"), headers
        assert shop.table("order") == before
        assert ada.request(method, path, headers={"X-Origin-Verify": EDGE_KEY}).status_code in {200, 202, 409}
        # Operators have an API of their own, without an edge.
        assert shop.client.request(method, path).status_code in {200, 202, 409}
    shop.settle()
