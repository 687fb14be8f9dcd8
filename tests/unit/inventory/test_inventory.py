"""Stock: an order gets all of its lines at the quoted prices or nothing, and gives back what it got."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.conftest import TABLE, EventFactory, FakeContext, items_of, logged
from tests.unit.support.api import OPERATOR
from tests.unit.support.orders import ORDER, ORDER_ID, a_technical_failure

from inventory import handlers, service, stock
from saga_kit import outbox, schema
from saga_kit.errors import InvalidEventError, TransactionConflictError, UnknownSchemaError
from saga_kit.store import TransactionRefusedError

REASON = {"code": "card_declined", "message": "The card was declined."}
KETTLE, MUG = "KETTLE-1", "MUG-2"
DELIVERY = {"delivery_id": "delivery-1", "quantity": 10, "unit_price": 3250, "currency": "EUR"}


def an_order(*lines: tuple[str, int, int], currency: str = "EUR") -> dict[str, Any]:
    order = copy.deepcopy(ORDER)
    if lines:
        order["lines"] = [
            {"sku": sku, "quantity": quantity, "unit_price": unit_price} for sku, quantity, unit_price in lines
        ]
        order["total"] = sum(quantity * unit_price for _, quantity, unit_price in lines)
    return {**order, "currency": currency}


def saga(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012}"


class Shop:
    """The service's functions, called with messages, and its table, looked at from outside."""

    def __init__(self, client: Any, event: EventFactory) -> None:
        self.client = client
        self.event = event

    def put(self, sku: str, available: int, unit_price: int, currency: str = "EUR") -> None:
        item = {"available": {"N": str(available)}, "reserved": {"N": "0"}, "unit_price": {"N": str(unit_price)}}
        self.client.put_item(TableName=TABLE, Item={**stock.key(sku), **item, "currency": {"S": currency}})

    def of(self, sku: str) -> tuple[int, int]:
        """Return what is available of an item and what is reserved."""
        item = items_of(self.client)[f"stock#{sku}"]
        return int(item["available"]["N"]), int(item["reserved"]["N"])

    def row(self, saga_id: str = ORDER_ID) -> Any:
        return items_of(self.client).get(f"step#{saga_id}")

    def published(self, saga_id: str = ORDER_ID) -> Any:
        """Return the event in the order's row, after a check against its schema."""
        event = outbox.load(self.row(saga_id)["outbox"]["S"])
        schema.check(event.meta.schema, event.detail())
        return event

    def placed(self, order: dict[str, Any], saga_id: str = ORDER_ID) -> dict[str, Any]:
        return self.event("OrderPlaced", {"order": order}, saga_id)

    def reserve(self, order: dict[str, Any] | None = None, saga_id: str = ORDER_ID) -> str:
        effect: str = handlers.chk_inventory(self.placed(order or ORDER, saga_id), FakeContext())["effect"]
        return effect

    def undo(self, trigger: str, order: dict[str, Any] | None = None, saga_id: str = ORDER_ID) -> str:
        data = {"order": order or ORDER, "reason": REASON}
        message = (
            a_technical_failure(self.placed(order or ORDER, saga_id))
            if trigger == "technical failure"
            else self.event(trigger, data, saga_id)
        )
        effect: str = handlers.reverse_inv(message, FakeContext())["effect"]
        return effect


@pytest.fixture
def shop(table: Any, event: EventFactory) -> Shop:
    return Shop(table, event)


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    shop.put(KETTLE, 10, 3250)
    shop.put(MUG, 10, 500)
    return shop


class TestReserve:
    def test_every_line_is_reserved_with_the_row_and_its_event_in_one_call(
        self, stocked: Shop, aws_calls: list[str]
    ) -> None:
        aws_calls.clear()
        assert stocked.reserve() == "done"
        assert aws_calls == ["TransactWriteItems"]

        assert (stocked.of(KETTLE), stocked.of(MUG)) == ((9, 1), (8, 2))
        assert stocked.row()["state"] == {"S": "SUCCEEDED"}
        event = stocked.published()
        assert (event.detail_type, event.meta.producer, event.data) == (
            "StockReserved",
            "chk_inventory",
            {"order": ORDER},
        )
        assert event.meta.causation_id == stocked.placed(ORDER)["detail"]["meta"]["event_id"]

    def test_a_duplicate_takes_one_call_and_changes_nothing(self, stocked: Shop, aws_calls: list[str]) -> None:
        stocked.reserve()
        before = items_of(stocked.client)
        aws_calls.clear()
        assert stocked.reserve() == "nothing"
        assert aws_calls == ["TransactWriteItems"]
        assert items_of(stocked.client) == before

    def test_a_duplicate_that_comes_after_the_stock_ran_out_stays_reserved(self, shop: Shop) -> None:
        shop.put(KETTLE, 1, 3250)
        shop.put(MUG, 2, 500)
        assert shop.reserve() == "done"
        assert shop.reserve() == "nothing"
        assert shop.published().detail_type == "StockReserved"
        assert (shop.of(KETTLE), shop.of(MUG)) == ((0, 1), (0, 2))

    @pytest.mark.parametrize(
        ("order", "code", "field"),
        [
            (an_order(("NOTHING-0", 1, 100)), "unknown_sku", "lines[0].sku"),
            (an_order((KETTLE, 1, 3250), ("NOTHING-0", 1, 100)), "unknown_sku", "lines[1].sku"),
            (an_order((KETTLE, 11, 3250)), "out_of_stock", "lines[0].quantity"),
            (an_order((MUG, 1, 500), (KETTLE, 1000, 3250)), "out_of_stock", "lines[1].quantity"),
            (an_order((KETTLE, 1, 3249)), "price_changed", "lines[0].unit_price"),
            (an_order((KETTLE, 1, 3251)), "price_changed", "lines[0].unit_price"),
            (an_order((KETTLE, 1, 3250), currency="USD"), "wrong_currency", "currency"),
            # The first line that fails is the one that is told, and of it the reason that matters most.
            (an_order((MUG, 11, 500), ("NOTHING-0", 1, 1)), "out_of_stock", "lines[0].quantity"),
            (an_order((MUG, 11, 499)), "price_changed", "lines[0].unit_price"),
            (an_order((MUG, 11, 499), currency="USD"), "wrong_currency", "currency"),
        ],
    )
    def test_a_refusal_reserves_nothing_and_tells_the_first_line_that_failed(
        self, stocked: Shop, order: dict[str, Any], code: str, field: str
    ) -> None:
        assert stocked.reserve(order) == "refused"

        event = stocked.published()
        assert (event.detail_type, event.data["order"]) == ("StockRejected", order)
        assert (event.data["reason"]["code"], event.data["reason"]["field"]) == (code, field)
        assert event.data["reason"]["message"]
        assert stocked.row()["state"] == {"S": "FAILED"}
        assert "lines" not in stocked.row()
        assert (stocked.of(KETTLE), stocked.of(MUG)) == ((10, 0), (10, 0))

    def test_a_refusal_stands_even_when_stock_comes_in_before_its_duplicate(self, shop: Shop) -> None:
        assert shop.reserve() == "refused"
        shop.put(KETTLE, 10, 3250)
        shop.put(MUG, 10, 500)
        assert shop.reserve() == "nothing"
        assert (shop.of(KETTLE), shop.of(MUG)) == ((10, 0), (10, 0))

    def test_the_last_piece_goes_to_one_order(self, shop: Shop) -> None:
        shop.put(KETTLE, 1, 3250)
        order = an_order((KETTLE, 1, 3250))
        assert [shop.reserve(order, saga(number)) for number in range(3)] == ["done", "refused", "refused"]
        assert shop.of(KETTLE) == (0, 1)

    def test_an_order_of_the_most_lines_there_can_be_fits_in_a_transaction(
        self, shop: Shop, aws_calls: list[str]
    ) -> None:
        lines = [(f"SKU-{number}", 1000, 1) for number in range(20)]
        for sku, quantity, unit_price in lines:
            shop.put(sku, quantity, unit_price)
        aws_calls.clear()
        assert shop.reserve(an_order(*lines)) == "done"
        assert aws_calls == ["TransactWriteItems"]
        assert {shop.of(sku) for sku, _, _ in lines} == {(0, 1000)}

    def test_an_order_with_two_lines_of_an_item_is_refused(self, stocked: Shop) -> None:
        before = items_of(stocked.client)
        for name in ("OrderPlaced", "PaymentReversed"):
            data = {
                "order": an_order((MUG, 1, 500), (MUG, 2, 500)),
                **({"reason": REASON} if name != "OrderPlaced" else {}),
            }
            message = stocked.event(name, data, ORDER_ID)
            with pytest.raises(InvalidEventError, match=r"data\.order\.lines"):
                (handlers.chk_inventory if name == "OrderPlaced" else handlers.reverse_inv)(message, FakeContext())
        assert items_of(stocked.client) == before

    def test_a_late_do_finds_the_tombstone_and_reserves_nothing(self, stocked: Shop) -> None:
        assert stocked.undo("technical failure") == "passed_on"
        before = items_of(stocked.client)
        assert stocked.reserve() == "nothing"
        assert items_of(stocked.client) == before

    def test_a_step_that_was_taken_back_is_not_done_again(self, stocked: Shop) -> None:
        stocked.reserve()
        stocked.undo("PaymentReversed")
        before = items_of(stocked.client)
        assert stocked.reserve() == "nothing"
        assert items_of(stocked.client) == before

    def test_a_conflict_with_another_transaction_is_tried_again(
        self, stocked: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        failures = conflicts(monkeypatch, 2)
        assert stocked.reserve() == "done"
        assert failures == []
        assert (stocked.of(KETTLE), stocked.of(MUG)) == ((9, 1), (8, 2))

    def test_a_conflict_that_does_not_end_fails_the_invocation_with_nothing_written(
        self, stocked: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = items_of(stocked.client)
        conflicts(monkeypatch, 1000)
        with pytest.raises(TransactionConflictError):
            stocked.reserve()
        assert items_of(stocked.client) == before


def conflicts(monkeypatch: pytest.MonkeyPatch, count: int) -> list[int]:
    """Have the next ``count`` transactions meet another one at their second item; returns those still to come."""
    monkeypatch.setattr("saga_kit.store._CONFLICT_DELAY_SECONDS", 0.0)
    left = list(range(count))
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def contended(self: Any, operation: str, parameters: Any) -> Any:
        if operation == "TransactWriteItems" and left:
            left.pop()
            reasons = [{"Code": "None"}] * len(parameters["TransactItems"])
            reasons[1] = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
            answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise ClientError(answer, operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", contended)
    return left


class TestRelease:
    @pytest.mark.parametrize(
        ("trigger", "state", "effect", "becomes"),
        [
            ("StockRejected", None, "passed_on", "REVERSED"),
            ("StockRejected", "SUCCEEDED", "nothing", "SUCCEEDED"),
            ("StockRejected", "FAILED", "passed_on", "REVERSED"),
            ("StockRejected", "REVERSED", "nothing", "REVERSED"),
            ("technical failure", None, "passed_on", "REVERSED"),
            ("technical failure", "SUCCEEDED", "nothing", "SUCCEEDED"),
            ("technical failure", "FAILED", "passed_on", "REVERSED"),
            ("technical failure", "REVERSED", "nothing", "REVERSED"),
            ("PaymentReversed", None, "passed_on", "REVERSED"),
            ("PaymentReversed", "SUCCEEDED", "compensated", "REVERSED"),
            ("PaymentReversed", "FAILED", "passed_on", "REVERSED"),
            ("PaymentReversed", "REVERSED", "nothing", "REVERSED"),
        ],
    )
    def test_every_trigger_in_every_state(
        self, stocked: Shop, trigger: str, state: str | None, effect: str, becomes: str
    ) -> None:
        order = an_order((KETTLE, 1, 3250), (MUG, 2, 500))
        if state == "FAILED":
            order = an_order((KETTLE, 99, 3250))
        if state in {"SUCCEEDED", "FAILED"}:
            stocked.reserve(order)
        if state == "REVERSED":
            stocked.undo("technical failure", order)
        before = items_of(stocked.client)

        assert stocked.undo(trigger, order) == effect

        assert stocked.row()["state"] == {"S": becomes}
        if effect == "nothing":
            assert items_of(stocked.client) == before
        else:
            event = stocked.published()
            assert (event.detail_type, event.meta.producer, event.data["order"]) == (
                "StockReleased",
                "reverse_inv",
                order,
            )
            kept = becomes == "SUCCEEDED"
            assert stocked.of(KETTLE) == ((9, 1) if kept else (10, 0))
            assert stocked.of(MUG) == ((8, 2) if kept else (10, 0))

    @pytest.mark.parametrize(
        ("trigger", "code"),
        [
            ("StockRejected", REASON["code"]),
            ("PaymentReversed", REASON["code"]),
            ("technical failure", "technical_failure"),
        ],
    )
    def test_the_reason_is_handed_on(self, stocked: Shop, trigger: str, code: str) -> None:
        stocked.undo(trigger)
        assert stocked.published().data["reason"]["code"] == code

    def test_a_release_takes_one_call_and_so_does_its_duplicate(self, stocked: Shop, aws_calls: list[str]) -> None:
        stocked.reserve()
        aws_calls.clear()
        assert stocked.undo("PaymentReversed") == "compensated"
        assert aws_calls == ["TransactWriteItems"]
        assert (stocked.of(KETTLE), stocked.of(MUG)) == ((10, 0), (10, 0))
        before = items_of(stocked.client)

        aws_calls.clear()
        assert stocked.undo("PaymentReversed") == "nothing"
        assert aws_calls == ["TransactWriteItems"]
        assert items_of(stocked.client) == before

    @pytest.mark.parametrize("trigger", ["StockRejected", "technical failure"])
    def test_an_undo_that_never_compensates_takes_one_call(
        self, stocked: Shop, aws_calls: list[str], trigger: str
    ) -> None:
        aws_calls.clear()
        stocked.undo(trigger)
        stocked.undo(trigger)
        assert aws_calls == ["UpdateItem", "UpdateItem"]

    def test_the_row_decides_what_is_released_where_the_message_says_otherwise(
        self, stocked: Shop, aws_calls: list[str]
    ) -> None:
        stocked.reserve()
        aws_calls.clear()
        assert stocked.undo("PaymentReversed", an_order((KETTLE, 7, 3250))) == "compensated"
        assert aws_calls == ["TransactWriteItems", "TransactWriteItems"]
        assert (stocked.of(KETTLE), stocked.of(MUG)) == ((10, 0), (10, 0))

    def test_nothing_is_released_that_is_not_reserved(self, stocked: Shop) -> None:
        stocked.reserve()
        stocked.put(MUG, 10, 500)  # somebody has put the item right by hand
        before = items_of(stocked.client)
        with pytest.raises(TransactionRefusedError):
            stocked.undo("PaymentReversed")
        assert items_of(stocked.client) == before

    def test_a_change_of_price_does_not_keep_stock_from_coming_back(self, stocked: Shop) -> None:
        stocked.reserve()
        receive(KETTLE, {**DELIVERY, "unit_price": 9999, "currency": "USD"})
        assert stocked.undo("PaymentReversed") == "compensated"
        assert stocked.of(KETTLE) == (20, 0)


QUANTITIES = st.integers(min_value=1, max_value=6)
OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["reserve", "release", "give up", "deliver"]), st.integers(0, 3), QUANTITIES, QUANTITIES),
    max_size=8,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=OPERATIONS)
def test_whatever_happens_in_whatever_order_no_piece_is_lost_or_sold_twice(
    table: Any, event: EventFactory, operations: list[tuple[str, int, int, int]]
) -> None:
    shop = Shop(table, event)
    for key in items_of(table):
        table.delete_item(TableName=TABLE, Key={"pk": {"S": key}})
    shop.put(KETTLE, 5, 100)
    shop.put(MUG, 5, 100)
    ordered: dict[int, dict[str, Any]] = {}
    delivered = 0
    for index, (operation, number, kettles, mugs) in enumerate(operations):
        order = ordered.setdefault(number, an_order((KETTLE, kettles, 100), (MUG, mugs, 100)))
        if operation == "reserve":
            shop.reserve(order, saga(number))
        elif operation == "release":
            shop.undo("PaymentReversed", order, saga(number))
        elif operation == "give up":
            shop.undo("technical failure", order, saga(number))
        else:
            delivery = {"delivery_id": f"delivery-{index}", "quantity": kettles, "unit_price": 100, "currency": "EUR"}
            receive(KETTLE, delivery)
            delivered += kettles
    rows = {number: shop.row(saga(number)) for number in ordered}
    held = [ordered[number]["lines"] for number, row in rows.items() if row and row["state"]["S"] == "SUCCEEDED"]
    for index, (sku, received) in enumerate([(KETTLE, 5 + delivered), (MUG, 5)]):
        reserved = sum(lines[index]["quantity"] for lines in held)
        assert shop.of(sku) == (received - reserved, reserved)
        assert received >= reserved


def receive(sku: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    event = {"requestContext": OPERATOR, "pathParameters": {"sku": sku}, "headers": {}, "body": text}
    answer = handlers.receive_stock(event, FakeContext())
    return answer["statusCode"], json.loads(answer["body"])


class TestReceiveStock:
    def test_a_delivery_of_a_new_item_makes_it_with_its_price(self, shop: Shop, aws_calls: list[str]) -> None:
        aws_calls.clear()
        assert receive(KETTLE, DELIVERY) == (200, {"sku": KETTLE, **DELIVERY})
        assert aws_calls == ["TransactWriteItems"]
        assert items_of(shop.client)[f"stock#{KETTLE}"] == {
            **stock.key(KETTLE),
            "available": {"N": "10"},
            "reserved": {"N": "0"},
            "unit_price": {"N": "3250"},
            "currency": {"S": "EUR"},
            "version": {"N": "1"},
        }

    def test_the_delivery_is_published_by_its_own_row(self, shop: Shop) -> None:
        receive(KETTLE, DELIVERY)
        event = outbox.load(items_of(shop.client)["delivery#delivery-1"]["outbox"]["S"])
        schema.check("StockReceived.v1", event.detail())
        assert (event.detail_type, event.meta.producer, event.meta.causation_id) == (
            "StockReceived",
            "receive_stock",
            None,
        )
        assert event.data == {"sku": KETTLE, **DELIVERY}

    def test_a_further_delivery_adds_to_the_stock_and_sets_the_list_price(self, stocked: Shop) -> None:
        stocked.reserve()
        receive(KETTLE, {**DELIVERY, "quantity": 5, "unit_price": 3500, "currency": "USD"})
        assert stocked.of(KETTLE) == (14, 1)
        item = items_of(stocked.client)[f"stock#{KETTLE}"]
        assert (item["unit_price"], item["currency"]) == ({"N": "3500"}, {"S": "USD"})

    def test_an_order_at_the_old_price_is_refused_after_that(self, stocked: Shop) -> None:
        receive(KETTLE, {**DELIVERY, "unit_price": 3500})
        assert stocked.reserve() == "refused"
        assert stocked.published().data["reason"]["code"] == "price_changed"

    def test_the_same_delivery_again_takes_one_call_and_changes_nothing(self, shop: Shop, aws_calls: list[str]) -> None:
        first = receive(KETTLE, DELIVERY)
        before = items_of(shop.client)
        aws_calls.clear()
        assert receive(KETTLE, dict(reversed(DELIVERY.items()))) == first
        assert aws_calls == ["TransactWriteItems"]
        assert items_of(shop.client) == before

    @pytest.mark.parametrize(
        ("sku", "change"),
        [
            (KETTLE, {"quantity": 11}),
            (KETTLE, {"unit_price": 1}),
            (KETTLE, {"currency": "USD"}),
            (MUG, {}),
        ],
    )
    def test_another_delivery_under_the_same_id_is_refused(self, shop: Shop, sku: str, change: dict[str, Any]) -> None:
        receive(KETTLE, DELIVERY)
        before = items_of(shop.client)
        status, problem = receive(sku, {**DELIVERY, **change})
        assert (status, problem["type"], problem["field"]) == (409, "urn:problem:delivery-id-reused", "delivery_id")
        assert items_of(shop.client) == before

    def test_a_conflict_with_a_reservation_asks_the_caller_to_come_back(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        conflicts(monkeypatch, 1000)
        status, problem = receive(KETTLE, DELIVERY)
        assert (status, problem["type"]) == (503, "urn:problem:try-again")
        assert items_of(shop.client) == {}

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"quantity": 0}, "quantity"),
            ({"quantity": -5}, "quantity"),
            ({"quantity": 1_000_001}, "quantity"),
            ({"quantity": 10**30}, "quantity"),
            ({"quantity": 1.5}, "quantity"),
            ({"quantity": "10"}, "quantity"),
            ({"quantity": True}, "quantity"),
            ({"quantity": None}, "quantity"),
            ({"unit_price": 0}, "unit_price"),
            ({"unit_price": 100_000_001}, "unit_price"),
            ({"currency": "eur"}, "currency"),
            ({"currency": "EURO"}, "currency"),
            ({"currency": "EUR\n"}, "currency"),
            ({"delivery_id": ""}, "delivery_id"),
            ({"delivery_id": "x" * 65}, "delivery_id"),
            ({"delivery_id": "a#b"}, "delivery_id"),
            ({"shards": 0}, "shards"),
            ({"shards": 33}, "shards"),
            ({"shards": "2"}, "shards"),
            ({"sku": MUG}, "sku"),
        ],
    )
    def test_a_wrong_body_is_refused_by_its_field(self, shop: Shop, change: dict[str, Any], field: str) -> None:
        status, problem = receive(KETTLE, {**DELIVERY, **change})
        assert (status, problem["field"]) == (422, field)
        assert problem["expected"]
        assert items_of(shop.client) == {}

    @pytest.mark.parametrize("field", sorted(DELIVERY))
    def test_a_missing_field_is_named(self, shop: Shop, field: str) -> None:
        status, problem = receive(KETTLE, {name: value for name, value in DELIVERY.items() if name != field})
        assert (status, problem["field"]) == (422, field)

    @pytest.mark.parametrize("body", ["", "{", "[" * 20_000, '{"quantity": NaN}', '{"quantity": Infinity}'])
    def test_what_is_no_json_is_refused(self, shop: Shop, body: str) -> None:
        status, problem = receive(KETTLE, body)
        assert (status, problem["type"]) in {(400, "urn:problem:malformed-body"), (413, "urn:problem:body-too-large")}

    def test_a_body_that_is_too_large_is_refused(self, shop: Shop) -> None:
        assert receive(KETTLE, json.dumps(DELIVERY) + " " * 20_000)[0] == 413

    def test_a_whole_number_is_one_however_it_is_written(self, shop: Shop) -> None:
        text = json.dumps(DELIVERY).replace(": 10,", ": 1.0e1,")
        assert receive(KETTLE, text) == receive(KETTLE, DELIVERY)
        assert shop.of(KETTLE) == (10, 0)

    @pytest.mark.parametrize("sku", ["", "kettle-1", "A" * 33, "-A", "A B", "A#1", "A\n"])
    def test_a_wrong_sku_is_refused(self, shop: Shop, sku: str) -> None:
        status, problem = receive(sku, DELIVERY)
        assert (status, problem["field"]) == (422, "sku")
        assert items_of(shop.client) == {}


def over_http(sku: str) -> Any:
    answer = handlers.get_stock({"requestContext": OPERATOR, "pathParameters": {"sku": sku}}, FakeContext())
    return answer["statusCode"], json.loads(answer["body"])


class TestGetStock:
    def test_an_item_over_the_api_and_for_a_function(self, stocked: Shop, aws_calls: list[str]) -> None:
        stocked.reserve()
        document = {"sku": MUG, "available": 8, "reserved": 2, "unit_price": 500, "currency": "EUR"}
        aws_calls.clear()
        assert over_http(MUG) == (200, document)
        assert handlers.get_stock({"sku": MUG}, FakeContext()) == document
        assert aws_calls == ["GetItem", "GetItem"]

    @pytest.mark.parametrize("sku", ["NOTHING-0", "no sku", "", "A" * 33])
    def test_an_unknown_item_is_a_404(self, shop: Shop, sku: str) -> None:
        status, problem = over_http(sku)
        assert (status, problem["field"]) == (404, "sku")

    def test_an_unknown_item_is_nothing_to_a_function(self, shop: Shop) -> None:
        assert handlers.get_stock({"sku": "NOTHING-0"}, FakeContext()) is None

    @pytest.mark.parametrize("message", [{}, {"sku": 7}, {"sku": "no sku"}, None, []])
    def test_a_function_that_names_no_item_is_told_so(self, shop: Shop, message: Any) -> None:
        with pytest.raises(InvalidEventError, match="sku: expected"):
            handlers.get_stock(message, FakeContext())

    def test_what_an_order_holds(self, stocked: Shop) -> None:
        asked = {"order_id": ORDER_ID}
        assert handlers.get_stock(asked, FakeContext()) is None
        stocked.reserve()
        lines = [{"sku": KETTLE, "quantity": 1}, {"sku": MUG, "quantity": 2}]
        held = {"order_id": ORDER_ID, "state": "SUCCEEDED", "lines": lines}
        assert handlers.get_stock(asked, FakeContext()) == held
        stocked.undo("PaymentReversed")
        given_back = {"order_id": ORDER_ID, "state": "REVERSED", "lines": [], "reason": REASON}
        assert handlers.get_stock(asked, FakeContext()) == given_back

    def test_why_an_order_holds_nothing(self, shop: Shop) -> None:
        shop.reserve()
        held = handlers.get_stock({"order_id": ORDER_ID}, FakeContext())
        assert (held["state"], held["lines"], held["reason"]["code"]) == ("FAILED", [], "unknown_sku")

    def test_an_order_that_is_no_uuid_is_refused(self, shop: Shop) -> None:
        with pytest.raises(InvalidEventError, match="order_id: expected a UUID"):
            handlers.get_stock({"order_id": "no-uuid"}, FakeContext())


class TestMessages:
    def test_an_unknown_version_is_refused(self, stocked: Shop, event: EventFactory) -> None:
        before = items_of(stocked.client)
        with pytest.raises(UnknownSchemaError, match=r"OrderPlaced\.v2"):
            handlers.chk_inventory(event("OrderPlaced", {"order": ORDER}, schema="OrderPlaced.v2"), FakeContext())
        assert items_of(stocked.client) == before

    @pytest.mark.parametrize(
        ("detail_type", "handler"), [("StockReserved", handlers.chk_inventory), ("OrderPlaced", handlers.reverse_inv)]
    )
    def test_an_event_of_no_use_is_refused(
        self, stocked: Shop, event: EventFactory, detail_type: str, handler: Any
    ) -> None:
        with pytest.raises(InvalidEventError, match="detail-type"):
            handler(event(detail_type, {"order": ORDER}), FakeContext())

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("quantity", 0),
            ("quantity", -1),
            ("quantity", 1001),
            ("quantity", 1.5),
            ("quantity", "1"),
            ("quantity", True),
            ("quantity", float("nan")),
            ("unit_price", 0),
            ("sku", "no sku"),
        ],
    )
    def test_a_wrong_line_is_refused_by_its_field(
        self, stocked: Shop, event: EventFactory, path: str, value: Any
    ) -> None:
        order = copy.deepcopy(ORDER)
        order["lines"][1][path] = value
        with pytest.raises(InvalidEventError) as refused:
            handlers.chk_inventory(event("OrderPlaced", {"order": order}), FakeContext())
        assert refused.value.field == f"data.order.lines[1].{path}"
        assert stocked.row() is None

    def test_nothing_that_a_customer_typed_is_logged(
        self, stocked: Shop, event: EventFactory, capsys: pytest.CaptureFixture[str]
    ) -> None:
        stocked.reserve()
        stocked.reserve(an_order((KETTLE, 99, 3250)), saga(2))
        stocked.undo("PaymentReversed")
        broken = {**ORDER, "email": "canary-mail"}
        with pytest.raises(InvalidEventError):
            handlers.chk_inventory(event("OrderPlaced", {"order": broken}), FakeContext())
        output = capsys.readouterr().out
        assert len(logged(output)) >= 4
        assert "canary" not in output.lower()
        assert "tok_" not in output


def test_the_row_of_a_two_line_order_takes_one_write_unit(stocked: Shop) -> None:
    stocked.reserve()
    size = sum(len(name) + len(value["S"]) for name, value in stocked.row().items())
    assert size < 1024, size


def test_the_package_carries_every_schema_that_its_functions_meet() -> None:
    folder = Path(handlers.__file__).parent
    own = {path.stem for path in (folder / "schemas").glob("*.json")}
    consumed = {f"{name}.v1" for name in (*handlers.chk_inventory.triggers, *handlers.reverse_inv.triggers)}  # type: ignore[attr-defined]  # the participant's
    toml = (folder / "package.toml").read_text()
    names = service.DEFINITION
    assert {f"{name}.v1" for name in (names.succeeded, names.failed, names.reversed, service.RECEIVED)} <= own
    for name in {name for name in consumed if " " not in name} - own:
        assert f'"{name}"' in toml
    assert '"Order.v1"' in toml
