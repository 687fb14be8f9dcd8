"""What the bus tells the cache: payments are read again, other sections are let go of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.conftest import EventFactory, FakeContext, items_of
from tests.unit.support.api import a_request, ask
from tests.unit.support.orders import ORDER

from composer import facts, handlers
from composer.sections import PAYMENT, SECTIONS
from local_platform import cache_server
from local_platform.cache_server import CacheServer
from saga_kit import aws, outbox, schema
from saga_kit.errors import InvalidEventError

from .conftest import DOCUMENTS, PASSWORD, Services, an_order_id

PARAMETER = "/test/cache/password"
REASON = {"code": "card_declined", "message": "No.", "field": "payment.token"}
DATA: dict[str, Any] = {
    "PaymentAuthorized": {
        "order": ORDER,
        "payment": {"authorization_id": "auth-1", "amount": 4250, "currency": "EUR", "last4": "4242"},
    },
    "ShipmentBooked": {
        "order": ORDER,
        "shipment": {"shipment_id": "s-1", "carrier": "carrier", "tracking_code": "T-1"},
    },
    "StockReserved": {"order": ORDER},
    "OrderCancellationRequested": {"order": ORDER},
    "CustomerNotified": {"outcome": "shipped", "attempt": 1},
}


@pytest.fixture
def cached(services: Services, server: CacheServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services behind a cache, whose password stands in SSM."""
    aws.client("ssm").put_parameter(Name=PARAMETER, Value=PASSWORD, Type="SecureString", Overwrite=True)
    settings = {
        "host": cache_server.HOST,
        "port": server.port,
        "tls": False,
        "user": cache_server.USER,
        "parameter": PARAMETER,
        "prefix": "test:",
        "seconds": 60,
        "fresh_seconds": 3600,
        "keep_seconds": 7200,
        "pause_seconds": 3600,
    }
    monkeypatch.setenv("COMPOSER_CACHE", json.dumps(settings))
    handlers._made.cache_clear()
    yield services
    handlers._made.cache_clear()


def message(event: EventFactory, detail_type: str, order_id: str) -> dict[str, Any]:
    return event(detail_type, DATA.get(detail_type, {"order": ORDER, "reason": REASON}), order_id)


def deliver(handler: Any, event: EventFactory, detail_type: str, order_id: str) -> str:
    effect: str = handler(message(event, detail_type, order_id), FakeContext())["effect"]
    return effect


def get_payment(order_id: str) -> dict[str, Any]:
    request = {**a_request(id=order_id), "routeKey": "GET /orders/{id}/payment"}
    status, document = ask(handlers.cache_manager_payments, request)
    assert status == 200
    return document


def get_order(order_id: str) -> dict[str, Any]:
    request = {**a_request(id=order_id), "routeKey": "GET /orders/{id}"}
    status, document = ask(handlers.get_customer_order, request)
    assert status == 200
    return document


def test_a_read_goes_through_the_cache(cached: Services) -> None:
    order_id = an_order_id()
    first, second = get_payment(order_id), get_payment(order_id)
    assert first == second
    assert (cached.count("payment"), cached.count("order")) == (1, 1)
    get_order(order_id)
    assert cached.count("order") == 1, "all functions share the cache"


@pytest.mark.parametrize("detail_type", PAYMENT.events)
def test_after_an_event_the_payment_in_the_cache_is_the_new_one(
    cached: Services, event: EventFactory, detail_type: str, table: Any
) -> None:
    order_id = an_order_id()
    cached.say("payment", {**DOCUMENTS["payment"], "state": "PENDING"})
    assert get_payment(order_id)["state"] == "PENDING"
    state = {"PaymentAuthorized": "SUCCEEDED", "PaymentDeclined": "FAILED", "PaymentReversed": "REVERSED"}[detail_type]
    cached.say("payment", {**DOCUMENTS["payment"], "state": state})
    assert deliver(handlers.cache_manager_payments, event, detail_type, order_id) == "done"
    asked = cached.count("payment")
    assert get_payment(order_id)["state"] == state
    assert cached.count("payment") == asked
    (row,) = items_of(table).values()
    told = outbox.load(row["outbox"]["S"])
    assert (told.detail_type, told.data) == (facts.REFRESHED, {"order_id": order_id, "because_of": detail_type})
    schema.check(told.meta.schema, json.loads(json.dumps(told.detail())))


def test_the_same_event_again_tells_nothing_new(cached: Services, event: EventFactory, table: Any) -> None:
    order_id = an_order_id()
    effects = [deliver(handlers.cache_manager_payments, event, "PaymentAuthorized", order_id) for _ in range(2)]
    assert effects == ["done", "nothing"]
    assert len(items_of(table)) == 1


def test_while_the_payment_cannot_be_read_the_old_one_is_not_shown(
    cached: Services, event: EventFactory, table: Any
) -> None:
    order_id = an_order_id()
    get_payment(order_id)
    cached.fail("payment")
    with pytest.raises(Exception, match="payment is not available"):
        deliver(handlers.cache_manager_payments, event, "PaymentReversed", order_id)
    request = {**a_request(id=order_id), "routeKey": "GET /orders/{id}/payment"}
    assert ask(handlers.cache_manager_payments, request)[0] == 503
    assert items_of(table) == {}


OTHERS = [(section.name, name) for section in SECTIONS.values() if section is not PAYMENT for name in section.events]


@pytest.mark.parametrize(("section", "detail_type"), OTHERS)
def test_after_an_event_its_section_is_read_again(
    cached: Services, event: EventFactory, section: str, detail_type: str
) -> None:
    order_id = an_order_id()
    older = {
        "order": {**DOCUMENTS["order"]},
        "stock": {"state": "PENDING"},
        "shipment": {"state": "PENDING"},
        "notices": {"notices": [{"attempts": 1}]},
    }
    cached.say(section, older[section])
    for _ in range(2):
        ask(handlers.get_details, a_request(id=order_id))
    assert cached.count(section) == 1
    if detail_type == "OrderRejected":
        # A rejected order never was another: there is nothing older to let go of.
        assert deliver(handlers.outdate_cache, event, detail_type, order_id) == "done"
        return
    assert deliver(handlers.outdate_cache, event, detail_type, order_id) == "done"
    ask(handlers.get_details, a_request(id=order_id))
    assert cached.count(section) == 2


@pytest.mark.parametrize(
    ("handler", "detail_type"),
    [(handlers.cache_manager_payments, "ShipmentBooked"), (handlers.outdate_cache, "PaymentAuthorized")],
)
def test_an_event_of_no_use_is_refused(cached: Services, event: EventFactory, handler: Any, detail_type: str) -> None:
    with pytest.raises(InvalidEventError, match="detail-type"):
        deliver(handler, event, detail_type, an_order_id())


def test_without_a_cache_an_event_changes_nothing(services: Services, event: EventFactory, table: Any) -> None:
    assert deliver(handlers.cache_manager_payments, event, "PaymentAuthorized", an_order_id()) == "nothing"
    assert deliver(handlers.outdate_cache, event, "StockReserved", an_order_id()) == "nothing"
    assert items_of(table) == {}


def test_a_cache_that_is_away_is_no_error(
    cached: Services, event: EventFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = json.loads(os.environ["COMPOSER_CACHE"])
    monkeypatch.setenv("COMPOSER_CACHE", json.dumps({**settings, "port": cache_server.free_port()}))
    order_id = an_order_id()
    for _ in range(5):
        assert get_payment(order_id)["state"] == "SUCCEEDED"
    assert cached.count("payment") == 5
    assert deliver(handlers.cache_manager_payments, event, "PaymentReversed", order_id) == "nothing"
    assert "CacheNotTold" in capsys.readouterr().out
