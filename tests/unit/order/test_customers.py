"""Customers: each places, sees and cancels orders of their own, and learns nothing of another's."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.conftest import items_of
from tests.unit.support.api import OPERATOR, a_request, ask, of_customer
from tests.unit.support.orders import ORDER

from order import handlers, service

BODY = {name: value for name, value in ORDER.items() if name != "total"}
OWNER = of_customer(BODY["customer_id"])
OTHER = of_customer("eve")
NOBODY: dict[str, Any] = {}
NO_ORDER = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def claim(service_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGA_CUSTOMER_CLAIM", "sub")


def place(context: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return ask(handlers.place_order, a_request(BODY, headers={"idempotency-key": "key-1"}, context=context))


def get(context: dict[str, Any], order_id: str) -> tuple[int, dict[str, Any]]:
    return ask(handlers.get_order, a_request(context=context, id=order_id))


def cancel(context: dict[str, Any], order_id: str) -> tuple[int, dict[str, Any]]:
    return ask(handlers.request_cancellation, a_request(context=context, id=order_id))


def test_a_customer_has_orders_of_their_own(table: Any) -> None:
    status, placed = place(OWNER)
    assert status == 202
    assert get(OWNER, placed["order_id"])[1]["customer_id"] == BODY["customer_id"]
    assert cancel(OWNER, placed["order_id"])[0] == 202


@pytest.mark.parametrize("context", [OTHER, NOBODY], ids=["another customer", "nobody"])
def test_nobody_orders_in_anothers_name(table: Any, context: dict[str, Any]) -> None:
    status, problem = place(context)
    assert status == 403
    assert problem.get("field") == ("customer_id" if context is OTHER else None)
    assert items_of(table) == {}


def test_of_anothers_order_there_is_nothing_to_learn(table: Any) -> None:
    order_id = place(OWNER)[1]["order_id"]
    before = items_of(table)
    assert get(OTHER, order_id) == get(OTHER, NO_ORDER)
    assert get(OTHER, order_id)[0] == 404
    assert cancel(OTHER, order_id) == cancel(OTHER, NO_ORDER)
    assert cancel(OTHER, order_id)[0] == 404
    assert items_of(table) == before


def test_of_an_order_that_cannot_be_cancelled_any_more_there_is_nothing_to_learn_either(table: Any) -> None:
    order = {**ORDER, "lines": [{"sku": "KETTLE-1", "quantity": 1000, "unit_price": 999_999}]}
    body = {name: value for name, value in order.items() if name != "total"}
    request = a_request(body, headers={"idempotency-key": "key-1"}, context=OWNER)
    order_id = ask(handlers.place_order, request)[1]["order_id"]
    assert cancel(OWNER, order_id)[0] == 409
    assert cancel(OTHER, order_id)[0] == 404


@pytest.mark.parametrize("route", [get, cancel])
def test_who_is_not_known_gets_nothing(table: Any, route: Any) -> None:
    order_id = place(OWNER)[1]["order_id"]
    assert route(NOBODY, order_id)[0] == 403


def test_operators_place_see_and_cancel_for_everybody(table: Any) -> None:
    order_id = place(OPERATOR)[1]["order_id"]
    assert order_id == service.Request(BODY, "key-1").order_id
    assert get(OPERATOR, order_id)[0] == 200
    assert cancel(OPERATOR, order_id)[0] == 202
