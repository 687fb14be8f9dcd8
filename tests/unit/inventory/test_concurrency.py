"""Orders, reversals and deliveries of several invocations at once: no piece is sold, lost or given back twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.conftest import TABLE, FakeContext, items_of
from tests.unit.support.api import a_request, ask
from tests.unit.support.dynamodb import at_once, event_of, published
from tests.unit.support.orders import a_message, an_event, an_order

from inventory import handlers, stock

REASON = {"code": "card_declined", "message": "The card was declined."}
KETTLE, MUG = "KETTLE-1", "MUG-2"


def saga(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012}"


def stocked(table: Any, **available: int) -> None:
    for sku, quantity in available.items():
        table.put_item(
            TableName=TABLE,
            Item={
                **stock.key(sku.replace("_", "-")),
                "available": {"N": str(quantity)},
                "reserved": {"N": "0"},
                "unit_price": {"N": "100"},
                "currency": {"S": "EUR"},
            },
        )


def order_of(kettles: int, mugs: int) -> dict[str, Any]:
    lines = [
        {"sku": sku, "quantity": quantity, "unit_price": 100}
        for sku, quantity in ((KETTLE, kettles), (MUG, mugs))
        if quantity
    ]
    return an_order(lines=lines, total=100 * (kettles + mugs))


def reserve(order: dict[str, Any], number: int) -> str:
    message = a_message(an_event("OrderPlaced", {"order": order}, saga(number)))
    effect: str = handlers.chk_inventory(message, FakeContext())["effect"]
    return effect


def release(order: dict[str, Any], number: int) -> str:
    message = a_message(an_event("PaymentReversed", {"order": order, "reason": REASON}, saga(number)))
    effect: str = handlers.reverse_inv(message, FakeContext())["effect"]
    return effect


def of(table: Any, sku: str) -> tuple[int, int]:
    item = items_of(table)[f"stock#{sku}"]
    return int(item["available"]["N"]), int(item["reserved"]["N"])


def test_the_last_pieces_go_to_as_many_orders_as_there_are_pieces(table: Any) -> None:
    stocked(table, KETTLE_1=5, MUG_2=1000)
    order = order_of(1, 1)

    effects = at_once(lambda number: reserve(order, number), range(24))

    assert sorted(effects) == ["done"] * 5 + ["refused"] * 19
    assert (of(table, KETTLE), of(table, MUG)) == ((0, 5), (995, 5))


def test_duplicates_at_once_reserve_once(table: Any) -> None:
    stocked(table, KETTLE_1=100, MUG_2=100)
    order = order_of(2, 3)
    effects = at_once(lambda _: reserve(order, 1), range(16))
    assert sorted(effects) == ["done"] + ["nothing"] * 15
    assert (of(table, KETTLE), of(table, MUG)) == ((98, 2), (97, 3))


def test_duplicates_at_once_are_refused_once(table: Any) -> None:
    stocked(table, KETTLE_1=1)
    order = order_of(2, 0)
    effects = at_once(lambda _: reserve(order, 1), range(16))
    assert sorted(effects) == ["nothing"] * 15 + ["refused"]
    assert of(table, KETTLE) == (1, 0)


def test_reversals_at_once_give_back_once(table: Any) -> None:
    stocked(table, KETTLE_1=10, MUG_2=10)
    order = order_of(2, 3)
    reserve(order, 1)
    reserve(order, 2)
    effects = at_once(lambda _: release(order, 1), range(16))
    assert sorted(effects) == ["compensated"] + ["nothing"] * 15
    assert (of(table, KETTLE), of(table, MUG)) == ((8, 2), (7, 3))


def test_a_do_and_its_undo_at_once_leave_nothing_reserved(table: Any) -> None:
    stocked(table, KETTLE_1=1000, MUG_2=1000)
    order = order_of(1, 2)
    work = [(run, number) for number in range(16) for run in (reserve, release)]

    at_once(lambda item: item[0](order, item[1]), work)

    assert (of(table, KETTLE), of(table, MUG)) == ((1000, 0), (1000, 0))
    states = {item["state"]["S"] for key, item in items_of(table).items() if key.startswith("step#")}
    assert states == {"REVERSED"}


def test_orders_reversals_and_deliveries_at_once_lose_nothing(table: Any) -> None:
    stocked(table, KETTLE_1=6, MUG_2=6)
    orders = {number: order_of(1 + number % 2, 2 - number % 2) for number in range(12)}

    def deliver(_: dict[str, Any], number: int) -> str:
        body = {"delivery_id": f"delivery-{number // 2}", "quantity": 1, "unit_price": 100, "currency": "EUR"}
        status, _document = ask(handlers.receive_stock, a_request(body, sku=KETTLE))
        assert status == 200
        return "delivered"

    work = [(run, number) for number in orders for run in (reserve, deliver, release if number % 3 else reserve)]
    at_once(lambda item: item[0](orders[item[1]], item[1]), work)

    items = items_of(table)
    held = [
        dict(stock.load(item["lines"]["S"]))
        for key, item in items.items()
        if key.startswith("step#") and item["state"]["S"] == "SUCCEEDED"
    ]
    for sku, received in ((KETTLE, 6 + 6), (MUG, 6)):
        reserved = sum(lines.get(sku, 0) for lines in held)
        assert of(table, sku) == (received - reserved, reserved)
        assert received >= reserved


@pytest.mark.parametrize("prices", [(100, 200)])
def test_of_different_deliveries_under_one_id_at_once_one_is_taken(table: Any, prices: tuple[int, int]) -> None:
    def deliver(price: int) -> int:
        body = {"delivery_id": "delivery-1", "quantity": 7, "unit_price": price, "currency": "EUR"}
        return ask(handlers.receive_stock, a_request(body, sku=KETTLE))[0]

    statuses = dict(zip(prices, at_once(deliver, prices), strict=True))

    (taken,) = (price for price, status in statuses.items() if status == 200)
    assert sorted(statuses.values()) == [200, 409]
    item = items_of(table)[f"stock#{KETTLE}"]
    assert (item["available"], item["unit_price"]) == ({"N": "7"}, {"N": str(taken)})


def test_a_delivery_is_published_from_its_row_and_the_item_is_not(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"delivery_id": "delivery-1", "quantity": 7, "unit_price": 100, "currency": "EUR"}
    ask(handlers.receive_stock, a_request(body, sku=KETTLE))
    items = items_of(table)

    (entry,) = published(monkeypatch, None, items["delivery#delivery-1"])

    assert (entry["DetailType"], entry["Source"], entry["EventBusName"]) == ("StockReceived", "shop.test", "test-bus")
    assert json.loads(entry["Detail"])["data"] == {"sku": KETTLE, **body}
    assert published(monkeypatch, None, items[f"stock#{KETTLE}"]) == []


def test_every_event_of_an_order_is_published_once_from_its_row(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stocked(table, KETTLE_1=10, MUG_2=10)
    key, order = f"step#{saga(1)}", order_of(1, 1)
    reserve(order, 1)
    reserved = items_of(table)[key]
    reserve(order, 1)
    release(order, 1)
    released = items_of(table)[key]
    release(order, 1)

    entries = [published(monkeypatch, *images) for images in [(None, reserved), (reserved, reserved)]]
    entries += [published(monkeypatch, *images) for images in [(reserved, released), (released, items_of(table)[key])]]

    assert [[entry["DetailType"] for entry in sent] for sent in entries] == [
        ["StockReserved"],
        [],
        ["StockReleased"],
        [],
    ]
    assert event_of(reserved).meta.event_id != event_of(released).meta.event_id
