"""Functions that raise, and functions that run out of time: each do function of the saga, one after the other.

What Lambda gives up is reported to the bus, and the saga turns back from there. A provider's doubtful answers are the
hard part: it has charged or booked, and nobody was told.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager

import httpx
import pytest
from tests.e2e.support.outcome import SHIPPED, Outcome, check_end, check_stock, given_up
from tests.e2e.support.shop import Shop, an_order
from tests.e2e.support.waiting import eventually
from tests.unit.support.http_server import HANG_UP, Received, Sent, Server, serve

HANGING = Sent(200, after=60)
"""An answer that nobody waits for."""


@pytest.fixture(scope="module")
def silent() -> Iterator[str]:
    """The URL of a server that takes requests and does not answer."""
    with serve(lambda _: HANGING) as server:
        yield server.url


@pytest.fixture(scope="module", autouse=True)
def everything_is_handled(shop: Shop) -> Iterator[None]:
    """In the end no message is left: what failed was reported, and the reports were handled."""
    yield
    shop.settle()
    assert shop.dead_letters() == {}


def out_of_time(shop: Shop, function: str, silent: str) -> AbstractContextManager[None]:
    """Have Lambda end a function every time: its table answers later than it may run."""
    return shop.changed(function, timeout=1, AWS_ENDPOINT_URL_DYNAMODB=silent)


def check_given_up(shop: Shop, outcome: Outcome, breaking: AbstractContextManager[None], error: str) -> None:
    """An order that is placed while a function is broken is taken back; the next one is shipped."""
    item = shop.stocked(10)
    order = an_order(item.line(3))
    with breaking:
        order_id = shop.place(order)
        check_end(shop, order_id, order, outcome)
    failures = [event["failure"] for event in shop.story(order_id)["events"] if "failure" in event]
    assert [failure["error"] for failure in failures] == [error]
    check_stock(shop.tables(), {item.sku: 10}, {})
    order = an_order(item.line(3))
    check_end(shop, shop.place(order), order, SHIPPED)
    check_stock(shop.tables(), {item.sku: 10}, {item.sku: 3})


def before_the_provider(service: str) -> Outcome:
    """A function that fails before it has called its provider, or noted that it is going to."""
    return given_up(service).but(
        **{"payment": {"authorization": None}, "shipping": {"shipment": None}}.get(service, {})
    )


DO = {
    "inventory": "inventory/chk_inventory",
    "payment": "payment/process_pymt",
    "shipping": "shipping/shipping",
}


@pytest.mark.parametrize("service", DO)
def test_do_function_that_raises(shop: Shop, service: str) -> None:
    check_given_up(shop, before_the_provider(service), shop.raising(DO[service]), "ClientError")


@pytest.mark.parametrize("service", DO)
def test_do_function_that_runs_out_of_time(shop: Shop, service: str, silent: str) -> None:
    breaking = out_of_time(shop, DO[service], silent)
    check_given_up(shop, before_the_provider(service), breaking, "Sandbox.Timedout")


@pytest.mark.parametrize("service", ["payment", "shipping"])
def test_function_is_ended_while_its_provider_thinks(shop: Shop, service: str, silent: str) -> None:
    """The intent is on the row when Lambda ends the function, so the undo takes back what may have been done."""
    breaking = shop.changed(DO[service], timeout=2, PROVIDER_URL=silent)
    check_given_up(shop, given_up(service), breaking, "Sandbox.Timedout")


@pytest.mark.parametrize("service", ["payment", "shipping"])
def test_provider_that_acts_and_never_answers(shop: Shop, service: str) -> None:
    """Charged, or booked, at every attempt, and the function never learns: all of it is taken back."""
    took_effect: list[int] = []

    def forward(request: Received) -> Sent:
        kept = {"authorization", "content-type", "idempotency-key"}
        headers = {name: value for name, value in request.headers.items() if name in kept}
        url = shop.outputs["sandbox"]["endpoint"] + request.path
        answer = httpx.post(url, content=request.body, headers=headers, timeout=30, trust_env=False)
        took_effect.append(answer.status_code)
        return HANG_UP

    outcome = given_up(service).but(charged=True, **({"booked": True} if service == "shipping" else {}))
    with serve(forward) as server:
        check_given_up(shop, outcome, _provider_at(shop, service, server), "ProviderUnavailableError")

    def check() -> None:
        assert took_effect == [201, 201, 201]

    eventually(check)


def _provider_at(shop: Shop, service: str, server: Server) -> AbstractContextManager[None]:
    return shop.changed(DO[service], PROVIDER_URL=server.url)


@pytest.mark.parametrize("how", ["raises", "runs out of time"])
def test_order_that_cannot_be_taken_is_not_there(shop: Shop, how: str, silent: str) -> None:
    """The API says so, nothing is written, and the customer's next attempt under the same key goes through."""
    item = shop.stocked(10)
    order, key = an_order(item.line()), str(uuid.uuid4())
    before = shop.tables()
    breaking = shop.raising("order/place_order") if how == "raises" else out_of_time(shop, "order/place_order", silent)
    with breaking:
        response = shop.client.request("POST", "/orders", order, headers={"idempotency-key": key})
    assert 500 <= response.status_code < 600
    assert order["email"] not in response.text
    assert "table" not in response.text
    assert shop.tables() == before
    check_end(shop, shop.place(order, key), order, SHIPPED)


def test_order_that_was_taken_though_the_answer_was_lost(shop: Shop) -> None:
    """The same key and the same order again: the same answer, one order, one charge."""
    item = shop.stocked(10)
    order, key = an_order(item.line()), str(uuid.uuid4())
    first = shop.client.request("POST", "/orders", order, headers={"idempotency-key": key})
    answers = [shop.client.request("POST", "/orders", order, headers={"idempotency-key": key}) for _ in range(3)]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, first.json())] * 3
    check_end(shop, first.json()["order_id"], order, SHIPPED)
    check_stock(shop.tables(), {item.sku: 10}, {item.sku: 1})
