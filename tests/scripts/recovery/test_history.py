"""Rows that are rolled back to any point come back by the service's own events, and stay so whatever is replayed."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from tests.unit.conftest import TABLE, FakeContext, items_of
from tests.unit.support.api import a_request, ask
from tests.unit.support.dynamodb import event_of
from tests.unit.support.orders import ORDER, ORDER_ID, REASON, a_message, a_technical_failure, an_event, an_order

import inventory.handlers
import notification.service
import order.handlers
import shipping.service
from inventory import shards
from inventory import stock as stock_module
from recovery import history
from recovery.tables import put_in_place
from saga_kit import envelope, outbox
from saga_kit.envelope import Event
from saga_kit.rules import State
from saga_kit.step import Definition
from saga_kit.store import StepStore

KETTLE = "KETTLE-1"
SHIPMENT = {"shipment_id": "shp_1", "carrier": "Sandbox Express", "tracking_code": "SBX-000000000042"}
PAYMENT = {"authorization_id": "auth_1", "amount": 4250, "currency": "EUR", "last4": "4242"}

Items = dict[str, Any]


def saga(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012}"


def at(event: Event, second: int) -> dict[str, Any]:
    """The message of an event that occurred at a second of a minute."""
    message = a_message(event)
    message["detail"]["meta"]["occurred_at"] = f"2026-01-31T09:30:{second:02}.000Z"
    return message


def writer(table: Any, service: str) -> history.Write:
    return history.WRITERS[service](table, TABLE)


def roll_back(table: Any, items: Items) -> None:
    """Make the table what it was."""
    for item in items_of(table).values():
        table.delete_item(TableName=TABLE, Key={"pk": item["pk"]})
    for item in items.values():
        table.put_item(TableName=TABLE, Item=item)


class Stock:
    """The inventory, run by its own handlers; notes how the table was and what it published, write by write."""

    def __init__(self, table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self._table, self._clock = table, itertools.count()
        self.points: list[Items] = [{}]
        self.published: list[dict[str, Any]] = []
        self.triggers: list[tuple[Callable[..., Any], dict[str, Any]]] = []
        monkeypatch.setattr("saga_kit.clock.time.time", lambda: 1_769_851_800 + next(self._clock))

    def run(self, handler: Callable[..., Any], message: dict[str, Any]) -> None:
        self.triggers.append((handler, message))
        handler(message, FakeContext())
        self._note()

    def receive(self, delivery: str, quantity: int, unit_price: int, **more: int) -> None:
        body = {"delivery_id": delivery, "quantity": quantity, "unit_price": unit_price, "currency": "EUR", **more}
        status, _ = ask(inventory.handlers.receive_stock, a_request(body, sku=KETTLE))
        assert status == 200
        self._note()

    def _note(self) -> None:
        now = items_of(self._table)
        for key, item in now.items():
            if "outbox" in item and item["outbox"] != self.points[-1].get(key, {}).get("outbox"):
                self.published.append(a_message(event_of(item)))
        self.points.append(now)


def kettles(number: int, quantity: int, unit_price: int) -> dict[str, Any]:
    line = {"sku": KETTLE, "quantity": quantity, "unit_price": unit_price}
    return an_order(lines=[line], total=quantity * unit_price, customer_id=f"customer-{number}")


@pytest.fixture
def stock(table: Any, monkeypatch: pytest.MonkeyPatch) -> Stock:
    """A day with every way in which a reservation can go."""
    day = Stock(table, monkeypatch)
    do, undo = inventory.handlers.chk_inventory, inventory.handlers.reverse_inv

    def placed(number: int, quantity: int, unit_price: int) -> dict[str, Any]:
        return a_message(an_event("OrderPlaced", {"order": kettles(number, quantity, unit_price)}, saga(number)))

    def reversed_(number: int, quantity: int, unit_price: int) -> dict[str, Any]:
        data = {"order": kettles(number, quantity, unit_price), "reason": REASON}
        return a_message(an_event("PaymentReversed", data, saga(number)))

    day.receive("first", 5, 100)
    day.run(do, placed(1, 2, 100))
    day.run(do, placed(2, 3, 100))  # takes the last
    day.run(do, placed(3, 1, 100))  # out of stock
    day.run(undo, a_message(event_of(items_of(table)[f"step#{saga(3)}"])))
    day.run(undo, reversed_(2, 3, 100))  # gives three back
    day.run(undo, reversed_(4, 1, 100))  # before its do: a tombstone
    day.run(do, placed(4, 1, 100))  # which is late
    day.receive("second", 10, 120)
    day.run(do, placed(5, 1, 100))  # the price is another one now
    day.run(do, placed(6, 4, 120))
    day.run(undo, a_technical_failure(placed(6, 4, 120)))  # reported as failed, though its write went through
    return day


def test_rows_and_stock_come_back_from_every_point(table: Any, stock: Stock) -> None:
    end = stock.points[-1]
    for point in stock.points:
        roll_back(table, point)
        messages = [*stock.published, *stock.published]
        random.Random(len(point)).shuffle(messages)
        told = history.apply(writer(table, "inventory"), messages)
        assert items_of(table) == end
        assert told.left == []
        assert told.written + told.known == len(messages)


def test_the_archive_may_be_replayed_in_any_order_after_that(table: Any, stock: Stock) -> None:
    end = stock.points[-1]
    for seed, point in enumerate(stock.points):
        roll_back(table, point)
        history.apply(writer(table, "inventory"), stock.published)
        triggers = list(stock.triggers)
        random.Random(seed).shuffle(triggers)
        for handler, message in triggers:
            handler(message, FakeContext())
            assert items_of(table) == end


def test_the_archive_alone_would_not_do(table: Any, stock: Stock) -> None:
    """The do first: an order that was cancelled comes alive. The undo first: one that goes on is taken back."""
    ended = {number: items_of(table)[f"step#{saga(number)}"]["state"]["S"] for number in (4, 6)}
    assert ended == {4: "REVERSED", 6: "SUCCEEDED"}
    dos = [one for one in stock.triggers if one[1]["detail-type"] == "OrderPlaced"]
    undos = [one for one in stock.triggers if one not in dos]
    for number, triggers in ((4, [*dos, *undos]), (6, [*undos, *dos])):
        roll_back(table, stock.points[6])
        came_to = []
        for handler, message in triggers:
            handler(message, FakeContext())
            came_to.append(items_of(table).get(f"step#{saga(number)}", {}).get("state", {}).get("S"))
        assert {4: "SUCCEEDED", 6: "REVERSED"}[number] in came_to


def test_what_the_stock_does_not_allow_is_told_and_the_others_are_written(table: Any, stock: Stock) -> None:
    roll_back(table, {})
    messages = [message for message in stock.published if message["detail-type"] != "StockReceived"]
    told = history.apply(writer(table, "inventory"), messages)
    assert {detail_type for detail_type, _ in told.left} == {"StockReserved"}
    assert all("canary" not in why for _, why in told.left)
    states = {key: item["state"]["S"] for key, item in items_of(table).items()}
    expected = {2: "REVERSED", 3: "REVERSED", 4: "REVERSED", 5: "FAILED"}
    assert states == {f"step#{saga(number)}": state for number, state in expected.items()}


def in_all(items: Items) -> Any:
    """The stock over all shards, and what each order holds or held of it."""
    shards_of_it = [item for key, item in items.items() if key.startswith("stock#")]
    assert all(int(item[name]["N"]) >= 0 for item in shards_of_it for name in ("available", "reserved"))
    sums = {name: sum(int(item[name]["N"]) for item in shards_of_it) for name in ("available", "reserved")}
    rows = {key: item for key, item in items.items() if key.startswith("step#")}
    return sums, {
        key: (row["state"]["S"], row["outbox"]["S"], stock_module.held(row["lines"]["S"]) if "lines" in row else None)
        for key, row in rows.items()
    }


def test_stock_in_shards_comes_back_in_all(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From which shard an order took its pieces is in no event, and is the same to everybody."""
    day = Stock(table, monkeypatch)
    do, undo = inventory.handlers.chk_inventory, inventory.handlers.reverse_inv
    day.receive("first", 10, 100, shards=3)
    for number, quantity in enumerate((4, 3, 2, 1, 1)):
        placed = an_event("OrderPlaced", {"order": kettles(number, quantity, 100)}, saga(number))
        day.run(do, a_message(placed))
        if number in {1, 3}:
            data = {"order": kettles(number, quantity, 100), "reason": REASON}
            day.run(undo, a_message(an_event("PaymentReversed", data, saga(number))))
    day.receive("second", 5, 100, shards=4)
    end = in_all(day.points[-1])
    assert end[0] == {"available": 8, "reserved": 7}
    for seed, point in enumerate(day.points):
        roll_back(table, point)
        shards.forget()
        messages, triggers = list(day.published), list(day.triggers)
        random.Random(seed).shuffle(messages)
        told = history.apply(writer(table, "inventory"), messages)
        assert (in_all(items_of(table)), told.left) == (end, [])
        random.Random(seed).shuffle(triggers)
        for handler, message in triggers:
            handler(message, FakeContext())
        assert in_all(items_of(table)) == end


STEPS: dict[str, tuple[Any, ...]] = {
    "payment": ("process_pymt", {"payment": PAYMENT}, "PaymentAuthorized", "PaymentDeclined", "PaymentReversed"),
    "shipping": ("shipping", {"shipment": SHIPMENT}, "ShipmentBooked", "ShipmentRejected", "ShipmentReversed"),
}


def events_of(service: str) -> dict[str, Event]:
    _, done, succeeded, failed, reversed_ = STEPS[service]
    return {
        "succeeded": an_event(succeeded, {"order": ORDER, **done}),
        "failed": an_event(failed, {"order": ORDER, "reason": REASON}),
        "reversed": an_event(reversed_, {"order": ORDER, "reason": REASON}),
    }


@pytest.mark.parametrize("service", STEPS)
@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        (["succeeded"], "SUCCEEDED"),
        (["failed"], "FAILED"),
        (["reversed"], "REVERSED"),
        (["succeeded", "reversed"], "REVERSED"),
        (["failed", "reversed"], "REVERSED"),
    ],
)
@pytest.mark.parametrize("found", [None, State.PENDING])
def test_a_step_at_a_provider(
    table: Any, service: str, outcomes: Sequence[str], state: str, found: State | None
) -> None:
    if found:
        table.put_item(TableName=TABLE, Item={"pk": {"S": f"step#{ORDER_ID}"}, "state": {"S": found.value}})
    messages = [at(events_of(service)[outcome], second) for second, outcome in enumerate(outcomes)]

    told = history.apply(writer(table, service), list(reversed(messages)))

    assert (told.written, told.left) == (len(outcomes), [])
    row = items_of(table)[f"step#{ORDER_ID}"]
    assert row["state"] == {"S": state}
    last = envelope.parse(messages[-1])
    assert outbox.load(row["outbox"]["S"]) == last
    kept = {"payment": "authorization_id", "shipping": "tracking_code"}[service]
    assert (kept in row) == ("succeeded" in outcomes)
    assert history.apply(writer(table, service), messages).written == 0
    assert items_of(table)[f"step#{ORDER_ID}"] == row


@pytest.mark.parametrize("service", STEPS)
def test_a_row_that_is_further_than_its_event_stays(table: Any, service: str) -> None:
    for state in (State.SUCCEEDED, State.REVERSED):
        item = {"pk": {"S": f"step#{ORDER_ID}"}, "state": {"S": state.value}}
        table.put_item(TableName=TABLE, Item=item)
        assert history.apply(writer(table, service), [at(events_of(service)["succeeded"], 1)]).known == 1
        assert items_of(table) == {f"step#{ORDER_ID}": item}


def test_orders_keep_what_a_repeated_request_is_told_by(table: Any) -> None:
    body = {name: value for name, value in an_order().items() if name != "total"}
    request = a_request(body, headers={"idempotency-key": "key-1"})
    answer = ask(order.handlers.place_order, request)
    order_id = answer[1]["order_id"]
    assert ask(order.handlers.request_cancellation, a_request(id=order_id))[0] == 202
    row = items_of(table)[f"step#{order_id}"]
    cancellation = event_of(row)
    placed = Event("OrderPlaced", cancellation.meta, cancellation.data)
    messages = [at(_as(placed, order_id, "OrderPlaced"), 1), at(cancellation, 2)]
    roll_back(table, {})

    assert history.apply(writer(table, "order"), messages).written == 2

    found = items_of(table)[f"step#{order_id}"]
    assert found["request_digest"] == row["request_digest"]
    assert found["placed_at"] == {"S": "2026-01-31T09:30:01.000Z"}
    assert found["cancellation_requested_at"] == {"S": "2026-01-31T09:30:02.000Z"}
    assert ask(order.handlers.place_order, request) == answer
    cancelled = at(an_event("OrderCancelled", {"order": ORDER, "reason": REASON}, order_id), 3)
    assert history.apply(writer(table, "order"), [*messages, cancelled]).written == 1
    assert items_of(table)[f"step#{order_id}"]["state"] == {"S": "REVERSED"}


def _as(event: Event, saga_id: str, detail_type: str) -> Event:
    return an_event(detail_type, dict(event.data), saga_id)


def test_a_mail_that_was_sent_is_not_sent_again(table: Any) -> None:
    event = an_event("CustomerNotified", {"outcome": "shipped", "attempt": 2})
    assert history.apply(writer(table, "notification"), [at(event, 1)] * 2).written == 1
    (row,) = items_of(table).values()
    assert (row["state"], row["outcome"], row["attempts"]) == ({"S": "DONE"}, {"S": "shipped"}, {"N": "2"})
    assert outbox.load(row["outbox"]["S"]).detail_type == notification.service.NOTIFIED


def test_an_event_that_is_not_understood_is_told_and_the_others_are_written(table: Any) -> None:
    newer = at(events_of("shipping")["succeeded"], 1)
    newer["detail"]["meta"]["schema"] = "ShipmentBooked.v9"
    broken = json.loads(json.dumps(newer))
    broken["detail"]["meta"] = "canary"
    told = history.apply(writer(table, "shipping"), [newer, broken, at(events_of("shipping")["failed"], 2)])
    assert told.written == 1
    assert told.left == [("ShipmentBooked", "UnknownSchemaError"), ("ShipmentBooked", "InvalidEventError")]


def test_every_service_that_publishes_what_its_rows_say_can_be_brought_forward() -> None:
    assert set(history.WRITERS) == {"order", "inventory", "payment", "shipping", "notification"}
    assert isinstance(shipping.service.DEFINITION, Definition)


def test_a_table_gets_the_items_of_another_one(table: Any) -> None:
    table.create_table(
        TableName="then",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for name, items in {
        "then": {"same": "1", "changed": "1", "deleted": "1"},
        TABLE: {"same": "1", "changed": "2", "added": "1"},
    }.items():
        for key, value in items.items():
            item = {"pk": {"S": key}, "value": {"N": value}, "raw": {"B": b"\x00"}, "set": {"SS": ["b", "a"]}}
            table.put_item(TableName=name, Item=item)

    changes = put_in_place(table, "then", TABLE)

    assert (changes.put, changes.deleted, changes.same) == (2, 1, 1)
    assert {key: item["value"]["N"] for key, item in items_of(table).items()} == {
        "same": "1",
        "changed": "1",
        "deleted": "1",
    }
    assert put_in_place(table, "then", TABLE).same == 3
    assert StepStore(table, TABLE).find(ORDER_ID) is None
