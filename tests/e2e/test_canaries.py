"""What customers type is in events, rows and mails, and in no log line; of a card there is a token and four digits."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.e2e.support.shop import Shop, an_order
from tests.support import canaries
from tests.support.canaries import CARD_NUMBER

PERSON = {"name": "Canary Person", "line1": "7 Canary Lane", "city": "Canaryville", "country": "AT"}


def a_canary(shop: Shop, **changes: Any) -> dict[str, Any]:
    item = shop.stocked()
    order = an_order(item.line(1), **changes)
    return {**order, "ship_to": {**order["ship_to"], **PERSON}}


@pytest.mark.parametrize(
    ("payment", "field"),
    [
        ({"token": f"tok_{CARD_NUMBER}"}, "payment.token"),
        ({"token": CARD_NUMBER}, "payment.token"),
        ({"token": "tok_approve", "last4": CARD_NUMBER}, "payment.last4"),
        ({"token": "tok_approve", "number": CARD_NUMBER}, "payment.number"),
    ],
)
def test_a_card_number_is_refused(shop: Shop, payment: dict[str, str], field: str) -> None:
    response = shop.client.request(
        "POST", "/orders", {**a_canary(shop), "payment": payment}, headers={"idempotency-key": f"canary-{field}"}
    )
    assert response.status_code == 422
    assert response.json()["field"] == field
    assert CARD_NUMBER not in response.text


def test_nothing_that_a_customer_typed_is_logged_whatever_becomes_of_the_order(shop: Shop) -> None:
    orders = [
        shop.place(a_canary(shop)),
        shop.place(a_canary(shop, card="tok_decline")),
        shop.place(a_canary(shop, postal_code="00000")),
    ]
    with shop.raising("payment/process_pymt"):
        orders.append(shop.place(a_canary(shop)))
        shop.await_event(orders[-1], "OrderCancelled")
    for order_id in orders:
        shop.await_event(order_id, "CustomerNotified")
    shop.settle()
    lines = list(shop.log_lines())
    print(f"\n{len(lines)} log lines of {len({group for group, _ in lines})} functions")
    assert {line for _, line in lines if orders[0] in line}, "the logs tell nothing of the order"
    assert shop.revealing_lines() == []


def test_payment_data_is_a_token_and_four_digits_everywhere(shop: Shop) -> None:
    order_id = shop.place(a_canary(shop))
    shop.await_event(order_id, "CustomerNotified")
    shop.settle()
    rows = [{name: _read(value) for name, value in row.items()} for row in shop.stored()]
    events = shop.listen()
    found = [*canaries.payments(rows), *canaries.payments(events)]
    assert found
    assert {name for payment in found for name in payment} <= canaries.PAYMENT_DATA
    assert canaries.card_numbers(json.dumps([rows, events], default=str)) == []


@pytest.mark.parametrize("line", ["shipped to 7 Canary Lane", f"card {CARD_NUMBER}", '{"to": "ada@example.com"}'])
def test_a_line_that_shows_it_is_found(shop: Shop, line: str) -> None:
    logs = shop.client.aws("logs")
    logs.create_log_group(logGroupName="planted")
    try:
        logs.create_log_stream(logGroupName="planted", logStreamName="one")
        event = {"timestamp": int(time.time() * 1000), "message": line}
        logs.put_log_events(logGroupName="planted", logStreamName="one", logEvents=[event])
        found = shop.revealing_lines()
        assert len(found) == 1
        assert found[0].endswith(line)
    finally:
        logs.delete_log_group(logGroupName="planted")


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value[:1] in {"{", "["} else value
