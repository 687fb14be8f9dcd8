"""What cannot be done or delivered ends in a queue, whole, and from there the order comes to its end after all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from tests.e2e.support.outcome import SHIPPED, check_end, check_stock, refused
from tests.e2e.support.shop import Shop, an_order, saga_of
from tests.e2e.support.waiting import eventually
from tests.unit.support.http_server import sent, serve

NOT_SERVED = refused("shipping", "address_not_served", "ship_to")

# Each undo function, and the event that it cannot handle when a carrier does not serve an address.
UNDONE = {
    "shipping/reverse_ship": "ShipmentRejected",
    "payment/reverse_pymt": "ShipmentReversed",
    "inventory/reverse_inv": "PaymentReversed",
    "order/reverse_order": "StockReleased",
    "notification/notify_customer": "OrderCancelled",
}


@pytest.fixture(autouse=True)
def nothing_is_left(shop: Shop) -> Iterator[None]:
    """Every test takes out what it had put in the queues."""
    yield
    assert shop.dead_letters() == {}


def check_parked(letter: dict[str, Any], order_id: str, detail_type: str, source: str) -> None:
    """A dead letter of a function is Lambda's report, with the event in it as it was on the bus."""
    report = letter["Body"]
    assert report["requestContext"]["condition"] == "RetriesExhausted"
    assert report["requestContext"]["approximateInvokeCount"] == 3
    event = report["requestPayload"]
    assert (event["detail-type"], event["source"]) == (detail_type, source)
    meta = event["detail"]["meta"]
    assert (meta["correlation_id"], meta["schema"]) == (order_id, f"{detail_type}.v1")
    assert event["detail"]["data"]["order"]


@pytest.mark.parametrize("function", UNDONE)
def test_undo_that_cannot_be_done_is_parked(function: str, shop: Shop) -> None:
    item = shop.stocked(10)
    order = an_order(item.line(3), postal_code="00000")
    with shop.raising(function):
        order_id = shop.place(order)
        letter = shop.take_dead_letter(f"{function}/failed", order_id)
    events = shop.events_of(order_id)
    source = next(event["source"] for event in events if event["detail-type"] == UNDONE[function])
    check_parked(letter, order_id, UNDONE[function], source)
    # The story stops there, and the customer has not been told anything.
    stop = NOT_SERVED.detail_types.index(UNDONE[function]) + 1
    told = shop.await_story(order_id, NOT_SERVED.detail_types[:stop])
    assert told["state"] == ("reversed" if function == "notification/notify_customer" else "open")
    assert shop.mails_to(order["email"]) == []

    shop.deliver(function, letter["Body"]["requestPayload"])
    check_end(shop, order_id, order, NOT_SERVED)
    check_stock(shop.tables(), {item.sku: 10}, {})


def test_provider_that_is_down_holds_the_reversal_up(shop: Shop) -> None:
    """The intent to void stands on the row; nothing is passed on before the provider has confirmed."""
    item = shop.stocked(10)
    order = an_order(item.line(3), postal_code="00000")
    with serve(lambda _: sent(503, {"code": "maintenance"})) as server:
        with shop.changed("payment/reverse_pymt", PROVIDER_URL=server.url):
            order_id = shop.place(order)
            letter = shop.take_dead_letter("payment/reverse_pymt/failed", order_id)
        assert len(server.requests) == 3
    check_parked(letter, order_id, "ShipmentReversed", "shop.shipping")
    tables = shop.tables()
    assert tables["payment"][f"step#{order_id}"]["state"] == "REVERSING"
    assert tables["sandbox"][f"authorization#{order_id}"]["state"] == "authorized"
    assert shop.stock_of(item) == (7, 3)

    shop.deliver("payment/reverse_pymt", letter["Body"]["requestPayload"])
    check_end(shop, order_id, order, NOT_SERVED)
    check_stock(shop.tables(), {item.sku: 10}, {})


def test_log_that_cannot_be_written_holds_no_order_up(shop: Shop) -> None:
    item = shop.stocked(10)
    order = an_order(item.line())
    with shop.raising("saga_log/record_event"):
        order_id = shop.place(order)
        letters = [shop.take_dead_letter("saga_log/record_event/failed", order_id) for _ in SHIPPED.events]
    assert len(shop.mails_to(order["email"])) == 1
    for letter in reversed(letters):
        shop.deliver("saga_log/record_event", letter["Body"]["requestPayload"])
    check_end(shop, order_id, order, SHIPPED)


class WithoutPermission(AbstractContextManager[None]):
    """A function whose policy does not let one of its rules invoke it."""

    def __init__(self, shop: Shop, function: str, rule: str) -> None:
        self._lambda, self._name = shop.client.aws("lambda"), shop.name_of(function)
        policy = json.loads(self._lambda.get_policy(FunctionName=self._name)["Policy"])
        self._statement = next(found for found in policy["Statement"] if found["Sid"] == f"rule-{rule}")

    def __enter__(self) -> None:
        self._lambda.remove_permission(FunctionName=self._name, StatementId=self._statement["Sid"])

    def __exit__(self, *_: object) -> None:
        self._lambda.add_permission(
            FunctionName=self._name,
            StatementId=self._statement["Sid"],
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=self._condition("aws:SourceArn"),
            SourceAccount=self._condition("aws:SourceAccount"),
        )

    def _condition(self, key: str) -> str:
        tests = self._statement["Condition"].values()
        return next(str(value) for test in tests for name, value in test.items() if name.lower() == key.lower())


@pytest.mark.parametrize(
    ("function", "detail_type"),
    [("inventory/chk_inventory", "OrderPlaced"), ("shipping/shipping", "PaymentAuthorized")],
)
def test_event_that_may_not_be_delivered_is_kept_raw(function: str, detail_type: str, shop: Shop) -> None:
    item = shop.stocked(10)
    order = an_order(item.line())
    with WithoutPermission(shop, function, "previous_succeeded"):
        order_id = shop.place(order)
        letter = shop.take_dead_letter(f"{function}/undelivered", order_id)
    # The event itself, as it was on the bus; what is wrong with it stands beside it.
    published = next(event for event in shop.events_of(order_id) if event["detail-type"] == detail_type)
    assert letter["Body"] == published
    said = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert said["ERROR_CODE"] == "NO_PERMISSIONS"
    assert said["TARGET_ARN"] == shop.outputs["functions"][function]["arn"]
    assert said["RULE_ARN"].endswith("previous_succeeded")

    shop.deliver(function, letter["Body"])
    check_end(shop, order_id, order, SHIPPED)


def test_row_that_cannot_be_published_holds_no_order_up(shop: Shop) -> None:
    """A poisoned row among good ones, as deployed: the rows behind it wait until it is given up, and then go on."""
    item = shop.stocked(100)
    orders = [an_order(item.line()) for _ in range(4)]
    ids = [shop.place(order) for order in orders[:2]]
    table = shop.outputs["tables"]["order"]["name"]
    poison = {"pk": {"S": "step#poison"}, "outbox": {"S": "{not json"}}
    shop.client.aws("dynamodb").put_item(TableName=table, Item=poison)
    ids += [shop.place(order) for order in orders[2:]]
    letter = shop.take_dead_letter("order/relay/failed")
    context = letter["Body"]["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("RetryAttemptsExhausted", 6)
    batch = letter["Body"]["DDBStreamBatchInfo"]
    assert batch["batchSize"] == 1
    assert batch["streamArn"].startswith(shop.outputs["tables"]["order"]["arn"])
    for order_id, order in zip(ids, orders, strict=True):
        check_end(shop, order_id, order, SHIPPED)
    shop.client.aws("dynamodb").delete_item(TableName=table, Key={"pk": poison["pk"]})


def test_events_for_a_function_that_is_gone_are_kept(shop: Shop) -> None:
    """Last: the function does not come back."""
    item = shop.stocked(10)
    order = an_order(item.line(3))
    function = "notification/notify_customer"
    shop.client.aws("lambda").delete_function(FunctionName=shop.name_of(function))
    order_id = shop.place(order)
    letter = shop.take_dead_letter(f"{function}/undelivered", order_id)
    assert (letter["Body"]["detail-type"], saga_of(letter["Body"])) == ("ShipmentBooked", order_id)
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_RESOURCE"

    def check() -> None:
        assert shop.story(order_id)["state"] == "completed"

    eventually(check)
    assert shop.mails_to(order["email"]) == []
    check_stock(shop.tables(), {item.sku: 10}, {item.sku: 3})
