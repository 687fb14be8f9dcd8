"""What is wrong with a request or an event is said, by name, and nothing of it is done."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from tests.e2e.support.outcome import SHIPPED, SUCCEEDED, check_end, check_stock, refused
from tests.e2e.support.shop import TECHNICAL_FAILURE, Event, Item, Shop, altered, an_order
from tests.e2e.support.waiting import eventually

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def item(shop: Shop) -> Item:
    return shop.stocked(1000)


def key() -> dict[str, str]:
    return {"idempotency-key": str(uuid.uuid4())}


def refusal(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refused request, as RFC 9457 has it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"].startswith("urn:problem:")
    assert document["detail"]
    return document


# Requests


WRONG_FIELDS: dict[str, tuple[str, Change]] = {
    "no quantity": ("lines[0].quantity", lambda body: body["lines"][0].pop("quantity")),
    "zero quantity": ("lines[0].quantity", lambda body: body["lines"][0].update(quantity=0)),
    "negative quantity": ("lines[0].quantity", lambda body: body["lines"][0].update(quantity=-1)),
    "absurd quantity": ("lines[0].quantity", lambda body: body["lines"][0].update(quantity=1001)),
    "more than any number": ("lines[0].quantity", lambda body: body["lines"][0].update(quantity=10**40)),
    "half a quantity": ("lines[0].quantity", lambda body: body["lines"][0].update(quantity=0.5)),
    "quantity in words": ("lines[0].quantity", lambda body: body["lines"][0].update(quantity="two")),
    "quantity that is true": ("lines[0].quantity", lambda body: body["lines"][0].update(quantity=True)),
    "free of charge": ("lines[0].unit_price", lambda body: body["lines"][0].update(unit_price=0)),
    "absurd price": ("lines[0].unit_price", lambda body: body["lines"][0].update(unit_price=10**9)),
    "no lines": ("lines", lambda body: body.update(lines=[])),
    "too many lines": ("lines", lambda body: body.update(lines=body["lines"] * 21)),
    "one sku twice": ("lines[1].sku", lambda body: body.update(lines=body["lines"] * 2)),
    "sku that can't be": ("lines[0].sku", lambda body: body["lines"][0].update(sku="tea pot")),
    "currency that there is not": ("currency", lambda body: body.update(currency="XTS")),
    "currency in lower case": ("currency", lambda body: body.update(currency="eur")),
    "no currency": ("currency", lambda body: body.pop("currency")),
    "no mail address": ("email", lambda body: body.update(email="ada")),
    "two mail addresses": ("email", lambda body: body.update(email="ada@example.com,eve@example.com")),
    "line break in a name": ("ship_to.name", lambda body: body["ship_to"].update(name="Ada\r\nBcc: eve")),
    "country that there is not": ("ship_to.country", lambda body: body["ship_to"].update(country="XX")),
    "card number": ("payment.token", lambda body: body["payment"].update(token="4242424242424242")),
    "field that nobody knows": ("discount", lambda body: body.update(discount=100)),
    "customer id with a slash": ("customer_id", lambda body: body.update(customer_id="a/b")),
}


@pytest.mark.parametrize("wrong", WRONG_FIELDS)
def test_wrong_field_is_named(wrong: str, shop: Shop, item: Item) -> None:
    field, change = WRONG_FIELDS[wrong]
    body = an_order(item.line())
    change(body)
    before = shop.tables()
    document = refusal(shop.client.request("POST", "/orders", body, headers=key()), 422)
    assert document["field"] == field
    assert field in document["detail"]
    assert document["expected"]
    assert shop.tables() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{", 400, id="half of it"),
        pytest.param(b"order=1", 400, id="a form"),
        pytest.param(b"\xff\xfe{}", 400, id="no utf-8"),
        pytest.param(b'{"lines": NaN}', 400, id="not a number"),
        pytest.param(b'{"customer_id": "\\ud800"}', 400, id="half a character"),
        pytest.param(b"[" * 5000, 400, id="deep nesting"),
        pytest.param(b"null", 422, id="null"),
        pytest.param(b"[]", 422, id="a list"),
        pytest.param(b'"order"', 422, id="a text"),
        pytest.param(b'{"padding": "' + b"x" * 20_000 + b'"}', 413, id="oversized"),
        pytest.param(b" " * 5_000_000, 413, id="megabytes of nothing"),
    ],
)
def test_malformed_body_is_refused(body: bytes, status: int, shop: Shop) -> None:
    before = shop.tables()
    refusal(shop.client.request("POST", "/orders", body, headers=key()), status)
    assert shop.tables() == before


@pytest.mark.parametrize(
    "headers", [{}, {"idempotency-key": ""}, {"idempotency-key": "x" * 129}, {"idempotency-key": "a b"}]
)
def test_order_needs_an_idempotency_key(headers: dict[str, str], shop: Shop, item: Item) -> None:
    before = shop.tables()
    document = refusal(shop.client.request("POST", "/orders", an_order(item.line()), headers=headers), 400)
    assert document["field"] == "idempotency-key"
    assert shop.tables() == before


def test_key_is_good_for_one_body(shop: Shop, item: Item) -> None:
    """Another body under the same key is refused; the order that there is goes its way."""
    order, headers = an_order(item.line()), key()
    order_id = shop.place(order, headers["idempotency-key"])
    for change in ({"email": "eve@example.com"}, {"lines": [item.line(2)]}, {"payment": {"token": "tok_decline"}}):
        document = refusal(shop.client.request("POST", "/orders", {**order, **change}, headers=headers), 409)
        assert document["field"] == "idempotency-key"
    check_end(shop, order_id, order, SHIPPED)
    # Another customer's key is another key.
    other = an_order(item.line())
    other_id = shop.place(other, headers["idempotency-key"])
    assert other_id != order_id
    check_end(shop, other_id, other, SHIPPED)


def test_one_key_many_bodies_at_once(shop: Shop) -> None:
    """Of many orders under one key, one is taken, whichever comes first; the others are refused."""
    item = shop.stocked(100)
    order, headers = an_order(item.line()), key()
    bodies = [{**order, "lines": [item.line(quantity)]} for quantity in range(1, 7)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda body: shop.client.request("POST", "/orders", body, headers=headers), bodies))
    assert sorted(answer.status_code for answer in answers) == [202, *[409] * 5]
    taken = [body for body, answer in zip(bodies, answers, strict=True) if answer.status_code == 202]
    order_id = next(answer.json()["order_id"] for answer in answers if answer.status_code == 202)
    check_end(shop, order_id, taken[0], SHIPPED)
    check_stock(shop.tables(), {item.sku: 100}, {item.sku: taken[0]["lines"][0]["quantity"]})


def test_request_without_a_signature_is_refused(shop: Shop, item: Item) -> None:
    before = shop.tables()
    endpoint = shop.client.endpoint
    stock = {"delivery_id": "d", "quantity": 1, "unit_price": 1, "currency": "EUR"}
    for method, path, body in (
        ("POST", "/orders", an_order(item.line())),
        ("GET", "/orders/00000000-0000-4000-8000-000000000000", None),
        ("POST", "/orders/00000000-0000-4000-8000-000000000000/cancellation", None),
        ("GET", "/orders/00000000-0000-4000-8000-000000000000/saga", None),
        ("PUT", f"/stock/{item.sku}", stock),
        ("GET", f"/stock/{item.sku}", None),
    ):
        response = httpx.request(method, endpoint + path, json=body, headers=key(), trust_env=False)
        assert response.status_code == 403, (method, path)
        assert response.json() == {"message": "Forbidden"}
    sandbox = shop.outputs["sandbox"]["endpoint"]
    for headers in ({}, {"authorization": "Bearer guess"}):
        response = httpx.post(f"{sandbox}/authorizations", json={}, headers={**key(), **headers}, trust_env=False)
        assert response.status_code in {401, 403}
    assert shop.tables() == before


def test_path_that_there_is_not(shop: Shop) -> None:
    for method, path in (("DELETE", "/orders"), ("GET", "/"), ("POST", "/stock/MUG-2")):
        assert shop.client.request(method, path).status_code == 404


@pytest.mark.parametrize("path", ["/orders/{}", "/orders/{}/saga"])
@pytest.mark.parametrize("order_id", ["no-uuid", "00000000-0000-4000-8000-000000000000", "%00", "../stock"])
def test_order_that_there_is_not(path: str, order_id: str, shop: Shop) -> None:
    assert shop.client.request("GET", path.format(order_id)).status_code == 404


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("quantity", {"quantity": 0}),
        ("quantity", {"quantity": -5}),
        ("quantity", {"quantity": 10**9}),
        ("unit_price", {"unit_price": 0}),
        ("currency", {"currency": "euro"}),
        ("delivery_id", {"delivery_id": ""}),
        ("note", {"note": "fragile"}),
    ],
)
def test_delivery_that_cannot_be_is_refused(field: str, change: dict[str, Any], shop: Shop, item: Item) -> None:
    before = shop.tables()
    body = {"delivery_id": str(uuid.uuid4()), "quantity": 1, "unit_price": item.unit_price, "currency": "EUR", **change}
    assert refusal(shop.client.request("PUT", f"/stock/{item.sku}", body), 422)["field"] == field
    assert shop.tables() == before


def test_delivery_counts_once(shop: Shop) -> None:
    item = shop.stocked(10)
    body = {"delivery_id": f"delivery-{item.sku}", "quantity": 10, "unit_price": 1_500, "currency": "EUR"}
    shop.client.expect("PUT", f"/stock/{item.sku}", body)
    document = refusal(shop.client.request("PUT", f"/stock/{item.sku}", {**body, "quantity": 11}), 409)
    assert document["field"] == "delivery_id"
    assert shop.stock_of(item) == (10, 0)


def test_what_only_the_inventory_knows_ends_the_order_with_the_field(shop: Shop, item: Item) -> None:
    """An order that reads well, but cannot be met: it is taken, cancelled, and tells what was at fault."""
    cases = {
        "unknown_sku": (an_order({"sku": "NO-SUCH-ITEM", "quantity": 1, "unit_price": 1}), "lines[0].sku"),
        "wrong_currency": (an_order(item.line(), currency="JPY"), "currency"),
    }
    for reason, (order, field) in cases.items():
        order_id = shop.place(order)
        check_end(shop, order_id, order, refused("inventory", reason, field))
        told = shop.client.request("GET", f"/orders/{order_id}").json()
        assert (told["state"], told["reason"]["code"], told["reason"]["field"]) == ("CANCELLED", reason, field)


# Events


@pytest.fixture(scope="module")
def known(shop: Shop, item: Item) -> dict[str, Event]:
    """An event of each type that a function of the saga reads, of orders that have ended."""
    shipped, reversed_ = an_order(item.line()), an_order(item.line(), postal_code="00000")
    ids = [shop.place(order) for order in (shipped, reversed_)]
    check_end(shop, ids[0], shipped, SHIPPED)
    check_end(shop, ids[1], reversed_, refused("shipping", "address_not_served", "ship_to"))
    shop.settle()
    return {event["detail-type"]: event for order_id in ids for event in shop.events_of(order_id)}


# Where an event ends that the functions it is for cannot read. What a do function gives up is reported to the bus, and
# so comes to its undo function, which cannot read it either.
DEAD_LETTERS = {
    "OrderPlaced": "inventory/reverse_inv/failed",
    "StockReserved": "payment/reverse_pymt/failed",
    "PaymentAuthorized": "shipping/reverse_ship/failed",
    "ShipmentRejected": "shipping/reverse_ship/failed",
    "ShipmentReversed": "payment/reverse_pymt/failed",
    "PaymentReversed": "inventory/reverse_inv/failed",
    "StockReleased": "order/reverse_order/failed",
    "ShipmentBooked": "notification/notify_customer/failed",
    "OrderCancelled": "notification/notify_customer/failed",
}


def _another_saga(event: Event) -> Event:
    """The event as if of an order that nobody has heard of: whatever is done about it can be seen."""
    return altered(event, correlation_id=str(uuid.uuid4()), event_id=str(uuid.uuid4()))


def _unknown_version(event: Event) -> Event:
    return altered(event, schema=f"{event['detail-type']}.v2")


def _other_schema(event: Event) -> Event:
    return altered(event, schema="SomethingElse.v1")


def _no_order(event: Event) -> Event:
    changed = copy.deepcopy(event)
    del changed["detail"]["data"]["order"]
    return changed


def _no_envelope(event: Event) -> Event:
    return {**event, "detail": {"order_id": event["detail"]["meta"]["correlation_id"]}}


def _no_saga(event: Event) -> Event:
    return altered(event, correlation_id="every order")


@pytest.mark.parametrize(
    ("spoil", "detail_types", "error", "logged"),
    [
        pytest.param(_unknown_version, [*DEAD_LETTERS], "UnknownSchemaError", True, id="unknown version"),
        pytest.param(_no_envelope, ["OrderPlaced", "ShipmentRejected"], "InvalidEventError", False, id="no envelope"),
        pytest.param(_other_schema, ["StockReserved"], "InvalidEventError", True, id="schema of another event"),
        pytest.param(_no_order, ["OrderCancelled"], "InvalidEventError", True, id="no order"),
        pytest.param(_no_saga, ["ShipmentReversed"], "InvalidEventError", False, id="no saga"),
    ],
)
def test_event_that_cannot_be_read_is_a_dead_letter(
    spoil: Callable[[Event], Event],
    detail_types: list[str],
    error: str,
    logged: bool,
    shop: Shop,
    known: dict[str, Event],
) -> None:
    before = shop.tables()
    spoilt = {detail_type: spoil(_another_saga(known[detail_type])) for detail_type in detail_types}
    for event in spoilt.values():
        shop.publish(event)
    shop.settle()

    found: dict[str, list[Any]] = {}
    while queues := shop.dead_letters():
        for queue in queues:
            found.setdefault(queue, []).append(shop.take_dead_letter(queue)["Body"])
    wanted: dict[str, list[Any]] = {}
    for detail_type, event in spoilt.items():
        # The functions that keep the composer's cache fresh read it too.
        observers = [function for function in shop.consumers(event) if function.startswith("composer/")]
        for queue in (DEAD_LETTERS[detail_type], *(f"{function}/failed" for function in observers)):
            wanted.setdefault(queue, []).append(event["detail"])
    # The log keeps what it can place, and reports of failures are events as well.
    unlogged = found.pop("saga_log/record_event/failed", [])
    reports = sum(detail_type in SUCCEEDED[:-1] for detail_type in spoilt)
    assert len(unlogged) == (0 if logged else len(spoilt) + reports)
    assert {queue: len(letters) for queue, letters in found.items()} == {
        queue: len(events) for queue, events in wanted.items()
    }
    for queue, letters in found.items():
        assert all(letter["requestContext"]["condition"] == "RetriesExhausted" for letter in letters)
        assert {letter["responsePayload"]["errorType"] for letter in letters} == {error}
        originals = [_original(letter["requestPayload"]) for letter in letters]
        assert sorted(map(json.dumps, originals)) == sorted(map(json.dumps, wanted[queue]))

    after = shop.tables()
    changed = {service for service in before if before[service] != after[service]}
    assert changed == ({"saga_log"} if logged else set())


def _original(event: Event) -> Any:
    """The detail of an event, or of the one that a report of a failure is about."""
    return event["detail"]["requestPayload"]["detail"] if event["detail-type"] == TECHNICAL_FAILURE else event["detail"]


def test_event_of_a_stranger_is_refused(shop: Shop, known: dict[str, Event]) -> None:
    """The bus takes events of the saga's services only."""
    publisher = shop.as_user("publisher", "events", {"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"})
    entry = {"EventBusName": shop.outputs["event_bus"]["arn"], "DetailType": "ShipmentReversed", "Detail": "{}"}
    before = shop.tables()
    with pytest.raises(ClientError, match="AccessDenied"):
        publisher.put_events(Entries=[{**entry, "Source": "somebody.else"}])
    with pytest.raises(ClientError, match="AccessDenied"):
        publisher.put_events(Entries=[{**entry, "Source": source} for source in ("shop.shipping", "somebody.else")])
    # Of a known service, but not the one whose event it is: nobody listens.
    for source in ("shop.order", "shop.notification"):
        shop.publish({**_another_saga(known["ShipmentReversed"]), "source": source})
    shop.settle()
    assert shop.tables() == before
    assert shop.dead_letters() == {}


def test_event_by_another_service_ends_no_saga(shop: Shop, item: Item, known: dict[str, Event]) -> None:
    """The log would take an order for ended, and the watchdog would look at it no more."""
    order = an_order(item.line())
    with shop.without_rule("shipping/shipping", "previous_succeeded"):
        order_id = shop.place(order)
        late = shop.await_event(order_id, "PaymentAuthorized")
    shop.settle()
    before = shop.tables()
    assert before["saga_log"][f"head#{order_id}|head"]["state"] == "OPEN"
    for detail_type in ("OrderCancelled", "ShipmentBooked"):
        forged = altered(known[detail_type], correlation_id=order_id, event_id=str(uuid.uuid4()))
        shop.publish({**forged, "source": "shop.payment"})
    shop.settle()
    assert shop.tables() == before
    shop.publish(late)
    check_end(shop, order_id, order, SHIPPED)


def test_a_broken_first_event_does_not_keep_the_real_one_from_being_watched(
    shop: Shop, item: Item, known: dict[str, Event]
) -> None:
    """Broken, with an envelope that can be read, and recorded before the real one: the deadline can still be told."""
    with shop.without_rule("inventory/chk_inventory", "previous_succeeded"):
        real = _another_saga(known["OrderPlaced"])
        order_id = real["detail"]["meta"]["correlation_id"]
        broken = altered(_no_order(real), event_id=str(uuid.uuid4()), deadline_at="2099-01-01T00:00:00.000Z")
        for event, usable in ((broken, False), (altered(real, deadline_at="2020-01-01T00:00:00.000Z"), True)):
            shop.publish(event)

            def check(usable: bool = usable) -> None:
                assert ("order" in shop.table("saga_log").get(f"head#{order_id}|head", {})) == usable
                assert len(shop.story(order_id)["events"]) == 1 + usable

            eventually(check)
    shop.client.ask("saga_log", "watch_deadlines")
    told = shop.await_event(order_id, "SagaDeadlineExceeded")
    assert told["detail"]["data"]["order"] == real["detail"]["data"]["order"]
    # Nobody had placed it: it is taken back as far as it got, and the order service has a tombstone.
    shop.await_event(order_id, "OrderCancelled")
    shop.settle()
    assert shop.table("saga_log")[f"head#{order_id}|head"]["state"] == "REVERSED"
    assert shop.dead_letters() == {}


def test_report_of_a_failure_that_none_was(shop: Shop, known: dict[str, Event]) -> None:
    """A forged report cannot take back what has succeeded: the row decides, not the message."""
    booked = known["ShipmentBooked"]
    cause = known["PaymentAuthorized"]
    function = shop.outputs["functions"]["shipping/shipping"]["arn"]
    context = {"requestId": str(uuid.uuid4()), "functionArn": f"{function}:$LATEST", "condition": "RetriesExhausted"}
    payload = altered(cause, correlation_id=booked["detail"]["meta"]["correlation_id"])
    detail = {
        "version": "1.0",
        "timestamp": booked["detail"]["meta"]["occurred_at"],
        "requestContext": {**context, "approximateInvokeCount": 3},
        "requestPayload": payload,
    }
    before = shop.tables()
    shop.publish({"source": "lambda", "detail-type": TECHNICAL_FAILURE, "detail": detail})
    shop.settle()
    after = shop.tables()
    assert {service for service in before if before[service] != after[service]} == {"saga_log"}
    assert shop.dead_letters() == {}
