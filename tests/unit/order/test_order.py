"""Orders: taken once for each idempotency key, taken back once, and shown without what nobody has to see."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conftest import EventFactory, FakeContext, items_of, logged
from tests.unit.support.api import OPERATOR
from tests.unit.support.orders import ORDER, a_technical_failure

from order import handlers, service, store
from order.countries import COUNTRIES
from order.money import LIMITS
from saga_kit import clock, envelope, outbox, schema
from saga_kit.errors import InvalidEventError, UnknownSchemaError

KEY = "key-1"
BODY = {name: value for name, value in ORDER.items() if name != "total"}
ID = service.Request(BODY, KEY).order_id
REASON = {"code": "out_of_stock", "message": "One of the items is out of stock.", "field": "lines[0].quantity"}
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def body(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BODY), **changes}


def lines(*entries: tuple[str, int, int]) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity, "unit_price": unit_price} for sku, quantity, unit_price in entries]


def place(content: Any = None, key: str | None = KEY, **headers: str) -> Any:
    """Return the status, the document and the headers of the answer to a request to place an order."""
    text = content if isinstance(content, str) else json.dumps(BODY if content is None else content)
    if key is not None:
        headers["Idempotency-Key"] = key
    event = {"version": "2.0", "requestContext": OPERATOR, "headers": headers, "body": text, "isBase64Encoded": False}
    answer = handlers.place_order(event, FakeContext())
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def cancellation(order_id: str = ID) -> Any:
    event = {"requestContext": OPERATOR, "pathParameters": {"id": order_id}, "headers": {}}
    answer = handlers.request_cancellation(event, FakeContext())
    return answer["statusCode"], json.loads(answer["body"])


def get(order_id: str = ID) -> Any:
    answer = handlers.get_order({"requestContext": OPERATOR, "pathParameters": {"id": order_id}}, FakeContext())
    return answer["statusCode"], json.loads(answer["body"])


class Orders:
    """The rows of the table, looked at from outside, and the messages that take orders back."""

    def __init__(self, client: Any, event: EventFactory) -> None:
        self.client = client
        self.event = event

    @property
    def row(self) -> Any:
        return items_of(self.client).get(f"step#{ID}")

    @property
    def state(self) -> str | None:
        return self.row["state"]["S"] if self.row else None

    @property
    def published(self) -> Any:
        """The event in the order's row, after a check against its schema."""
        event = outbox.load(self.row["outbox"]["S"])
        schema.check(event.meta.schema, event.detail())
        return event

    def undo(self, trigger: str) -> str:
        message = (
            a_technical_failure(self.event("OrderPlaced", {"order": ORDER}, ID))
            if trigger == "technical failure"
            else self.event(trigger, {"order": ORDER, "reason": REASON}, ID)
        )
        effect: str = handlers.reverse_order(message, FakeContext())["effect"]
        return effect


@pytest.fixture
def orders(table: Any, event: EventFactory) -> Orders:
    return Orders(table, event)


class TestPlaceOrder:
    def test_an_order_is_accepted_and_published_in_one_call(self, orders: Orders, aws_calls: list[str]) -> None:
        aws_calls.clear()
        status, document, headers = place()
        assert aws_calls == ["UpdateItem"]

        assert (status, headers["location"]) == (202, f"/orders/{ID}")
        assert document == {
            "order_id": ID,
            "state": "PLACED",
            "total": 4250,
            "currency": "EUR",
            "links": {"self": f"/orders/{ID}", "cancellation": f"/orders/{ID}/cancellation"},
        }
        assert orders.state == "SUCCEEDED"
        event = orders.published
        assert (event.detail_type, event.data) == ("OrderPlaced", {"order": ORDER})
        meta = event.meta
        assert (meta.correlation_id, meta.causation_id, meta.producer) == (ID, None, "place_order")
        assert meta.event_id == envelope.event_id(ID, "order", "OrderPlaced")

    def test_the_deadline_lies_as_far_ahead_as_the_environment_says(
        self, orders: Orders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SAGA_DEADLINE_SECONDS", "90")
        place()
        meta = orders.published.meta
        ahead = clock.parse(meta.deadline_at) - clock.parse(meta.occurred_at)
        assert abs(ahead.total_seconds() - 90) < 0.1

    @pytest.mark.parametrize(
        ("sent", "trace"),
        [
            (TRACEPARENT, "4bf92f3577b34da6a3ce929d0e0e4736"),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", ID.replace("-", "")),
            ("not a traceparent", ID.replace("-", "")),
            ("", ID.replace("-", "")),
        ],
    )
    def test_the_callers_trace_goes_on_if_there_is_one(self, orders: Orders, sent: str, trace: str) -> None:
        place(Traceparent=sent)
        assert orders.published.meta.traceparent.split("-")[1] == trace

    def test_the_same_request_again_takes_one_call_and_gets_the_same_answer(
        self, orders: Orders, aws_calls: list[str]
    ) -> None:
        first = place()
        before = items_of(orders.client)
        aws_calls.clear()
        assert place() == first
        assert aws_calls == ["UpdateItem"]
        assert items_of(orders.client) == before

    def test_the_same_json_written_in_another_way_is_the_same_request(self, orders: Orders) -> None:
        first = place()
        assert place(json.dumps(dict(reversed(BODY.items())), indent=3)) == first
        assert place(json.dumps(BODY).replace('"quantity": 2', '"quantity": 2.0')) == first

    def test_it_gets_the_same_answer_also_after_the_order_was_taken_back(self, orders: Orders) -> None:
        first = place()
        orders.undo("StockReleased")
        before = items_of(orders.client)
        assert place() == first
        assert items_of(orders.client) == before

    @pytest.mark.parametrize(
        "changes",
        [
            {"email": "other@example.com"},
            {"lines": lines(("KETTLE-1", 2, 3250))},
            {"lines": lines(("KETTLE-1", 1000, 3250))},  # over the limit: refused, had the key not been used
            {"payment": {"token": "tok_decline"}},
        ],
    )
    def test_the_key_with_another_body_is_a_conflict(self, orders: Orders, changes: dict[str, Any]) -> None:
        place()
        before = items_of(orders.client)
        status, problem, _ = place(body(**changes))
        assert (status, problem["type"]) == (409, "urn:problem:idempotency-key-reused")
        assert problem["field"] == "idempotency-key"
        assert items_of(orders.client) == before

    def test_each_customer_has_keys_of_their_own(self, orders: Orders) -> None:
        first, second = place(), place(body(customer_id="customer-2"))
        assert (first[0], second[0]) == (202, 202)
        assert first[1]["order_id"] != second[1]["order_id"]

    def test_another_key_is_another_order(self, orders: Orders) -> None:
        assert place(key="a")[1]["order_id"] != place(key="b")[1]["order_id"]

    @pytest.mark.parametrize("key", [None, "", "two words", "x" * 129, "ä", "tab\t", "line\n", "\x7f"])
    def test_a_request_without_a_usable_key_is_refused(self, orders: Orders, key: str | None) -> None:
        status, problem, _ = place(key=key)
        assert (status, problem["field"]) == (400, "idempotency-key")
        assert orders.row is None

    @pytest.mark.parametrize("key", ["!", "~" * 128, 'a"b/c\\d'])
    def test_every_visible_character_may_be_in_a_key(self, orders: Orders, key: str) -> None:
        assert place(key=key)[0] == 202


class TestRules:
    @pytest.mark.parametrize("currency", sorted(LIMITS))
    def test_an_order_may_come_to_the_limit_and_not_above(self, currency: str) -> None:
        limit = LIMITS[currency]
        at_limit = service.order_of(body(currency=currency, lines=lines(("A", 1, limit))))
        above = service.order_of(body(currency=currency, lines=lines(("A", 1, limit), ("B", 1, 1))))
        assert service.refusal_of(at_limit) is None
        refusal = service.refusal_of(above)
        assert refusal is not None
        assert (refusal["code"], refusal["field"]) == ("order_limit_exceeded", "total")
        assert str(limit) in refusal["message"]
        schema.check("Reason.v1", refusal)

    def test_the_total_is_that_of_the_lines(self) -> None:
        order = service.order_of(body(lines=lines(("A", 3, 199), ("B", 1, 1), ("C", 1000, 7))))
        assert order["total"] == 3 * 199 + 1 + 7000
        schema.check("Order.v1", order)

    def test_the_largest_order_that_can_be_written_is_refused_not_an_error(self, orders: Orders) -> None:
        largest = lines(*[(f"SKU-{number}", 1000, 100_000_000) for number in range(20)])
        assert place(body(lines=largest))[:1] == (422,)
        assert orders.published.data["order"]["total"] == 2_000_000_000_000

    def test_an_order_over_the_limit_is_recorded_as_rejected(self, orders: Orders, aws_calls: list[str]) -> None:
        aws_calls.clear()
        status, problem, headers = place(body(lines=lines(("KETTLE-1", 1000, 3250))))
        assert aws_calls == ["UpdateItem"]
        assert (status, problem["type"], problem["order_id"]) == (422, "urn:problem:order-rejected", ID)
        assert (problem["field"], problem["code"]) == ("total", "order_limit_exceeded")
        assert headers["content-type"] == "application/problem+json"
        assert orders.state == "FAILED"
        event = orders.published
        assert (event.detail_type, event.data["reason"]["code"]) == ("OrderRejected", "order_limit_exceeded")

    def test_a_rejected_order_again_gets_the_same_answer(self, orders: Orders) -> None:
        over = body(lines=lines(("KETTLE-1", 1000, 3250)))
        first = place(over)
        before = items_of(orders.client)
        assert place(over) == first
        assert items_of(orders.client) == before
        assert place()[0] == 409

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"lines": lines(("A", 1, 1), ("B", 1, 1), ("A", 2, 1))}, "lines[2].sku"),
            ({"lines": lines(("A", 1, 1), ("A", 1, 1))}, "lines[1].sku"),
            ({"lines": []}, "lines"),
            ({"lines": lines(*[(f"S-{number}", 1, 1) for number in range(21)])}, "lines"),
            ({"lines": lines(("A", 0, 1))}, "lines[0].quantity"),
            ({"lines": lines(("A", 1, 1), ("B", -1, 1))}, "lines[1].quantity"),
            ({"lines": lines(("A", 1001, 1))}, "lines[0].quantity"),
            ({"lines": lines(("A", 10**40, 1))}, "lines[0].quantity"),
            ({"lines": lines(("A", 1, 0))}, "lines[0].unit_price"),
            ({"lines": lines(("A", 1, 100_000_001))}, "lines[0].unit_price"),
            ({"lines": [{"sku": "A", "quantity": "1", "unit_price": 1}]}, "lines[0].quantity"),
            ({"lines": [{"sku": "A", "quantity": 1.5, "unit_price": 1}]}, "lines[0].quantity"),
            ({"lines": [{"sku": "A", "quantity": True, "unit_price": 1}]}, "lines[0].quantity"),
            ({"lines": [{"sku": "A", "quantity": 1}]}, "lines[0].unit_price"),
            ({"lines": [{"sku": "A", "quantity": 1, "unit_price": 1, "discount": 1}]}, "lines[0].discount"),
            ({"lines": lines(("no sku", 1, 1))}, "lines[0].sku"),
            ({"lines": "KETTLE-1"}, "lines"),
            ({"currency": "XXX"}, "currency"),
            ({"currency": "eur"}, "currency"),
            ({"currency": "EUR\n"}, "currency"),
            ({"currency": 978}, "currency"),
            ({"customer_id": ""}, "customer_id"),
            ({"customer_id": "a/b"}, "customer_id"),
            ({"email": "no mail"}, "email"),
            ({"email": "a@b.c\nBcc: d@e.f"}, "email"),
            ({"email": None}, "email"),
            ({"payment": {}}, "payment.token"),
            ({"payment": {"token": "4111111111111111"}}, "payment.token"),
            ({"payment": {"token": "tok_a", "number": "4111111111111111"}}, "payment.number"),
            ({"payment": {"token": "tok_a", "last4": "42424"}}, "payment.last4"),
            ({"ship_to": {**BODY["ship_to"], "country": "XX"}}, "ship_to.country"),
            ({"ship_to": {**BODY["ship_to"], "country": "UK"}}, "ship_to.country"),
            ({"ship_to": {**BODY["ship_to"], "country": "Austria"}}, "ship_to.country"),
            ({"ship_to": {**BODY["ship_to"], "name": ""}}, "ship_to.name"),
            ({"total": 1}, "total"),
            ({"order_id": ID}, "order_id"),
        ],
    )
    def test_a_wrong_body_is_refused_by_its_field_with_nothing_written(
        self, orders: Orders, aws_calls: list[str], changes: dict[str, Any], field: str
    ) -> None:
        aws_calls.clear()
        status, problem, headers = place(body(**changes))
        assert (status, problem["type"], problem["field"]) == (422, "urn:problem:invalid-body", field)
        assert problem["expected"]
        assert headers["content-type"] == "application/problem+json"
        assert aws_calls == []

    @pytest.mark.parametrize("field", sorted(BODY))
    def test_a_missing_field_is_named(self, orders: Orders, field: str) -> None:
        status, problem, _ = place({name: value for name, value in BODY.items() if name != field})
        assert (status, problem["field"]) == (422, field)

    @pytest.mark.parametrize("content", ["[]", '"text"', "7", "null", "true"])
    def test_a_body_that_is_no_object_is_refused(self, orders: Orders, content: str) -> None:
        status, problem, _ = place(content)
        assert (status, problem["field"], problem["expected"]) == (422, "body", "a value of type object")

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "{",
            "not json",
            json.dumps(BODY)[:-1],
            json.dumps(BODY).replace("3250", "NaN"),
            json.dumps(BODY).replace("3250", "Infinity"),
            "[" * 9_000,
        ],
    )
    def test_a_body_that_is_no_json_is_refused(self, orders: Orders, content: str) -> None:
        status, problem, _ = place(content)
        assert (status, problem["type"]) == (400, "urn:problem:malformed-body")
        assert orders.row is None

    def test_a_number_beyond_all_numbers_is_refused(self, orders: Orders) -> None:
        status, problem, _ = place(json.dumps(BODY).replace("3250", "1e999"))
        assert (status, problem["field"]) == (422, "lines[0].unit_price")

    def test_a_body_that_is_too_large_is_refused(self, orders: Orders) -> None:
        assert place(json.dumps(BODY) + " " * 20_000)[:1] == (413,)
        assert orders.row is None

    def test_the_limits_are_of_currencies_and_the_countries_those_of_iso_3166(self) -> None:
        assert all(len(code) == 3 and code.isupper() and limit > 0 for code, limit in LIMITS.items())
        assert len(COUNTRIES) == 249
        assert {"AT", "DE", "GB", "US", "ZW"} <= COUNTRIES
        assert not {"UK", "EU", "XX", "ZZ", "AN"} & COUNTRIES

    def test_a_body_differs_from_an_order_by_its_total_alone(self) -> None:
        asked, order = schema.load("PlaceOrderRequest.v1"), schema.load("Order.v1")
        without_total = {name: value for name, value in order["properties"].items() if name != "total"}
        assert asked["properties"] == without_total
        assert {*asked["required"], "total"} == set(order["required"])


class TestReverseOrder:
    @pytest.mark.parametrize(
        ("trigger", "state", "effect", "becomes"),
        [
            ("OrderRejected", None, "passed_on", "REVERSED"),
            ("OrderRejected", "SUCCEEDED", "nothing", "SUCCEEDED"),
            ("OrderRejected", "FAILED", "passed_on", "REVERSED"),
            ("OrderRejected", "REVERSED", "nothing", "REVERSED"),
            ("technical failure", None, "passed_on", "REVERSED"),
            ("technical failure", "SUCCEEDED", "nothing", "SUCCEEDED"),
            ("technical failure", "FAILED", "passed_on", "REVERSED"),
            ("technical failure", "REVERSED", "nothing", "REVERSED"),
            ("StockReleased", None, "passed_on", "REVERSED"),
            ("StockReleased", "SUCCEEDED", "compensated", "REVERSED"),
            ("StockReleased", "FAILED", "passed_on", "REVERSED"),
            ("StockReleased", "REVERSED", "nothing", "REVERSED"),
        ],
    )
    def test_every_trigger_in_every_state_takes_one_call(
        self, orders: Orders, aws_calls: list[str], trigger: str, state: str | None, effect: str, becomes: str
    ) -> None:
        if state == "SUCCEEDED":
            place()
        elif state == "FAILED":
            place(body(lines=lines(("KETTLE-1", 1000, 3250))))
        elif state == "REVERSED":
            orders.undo("technical failure")
        assert orders.state == state
        before = items_of(orders.client)
        aws_calls.clear()

        assert orders.undo(trigger) == effect

        assert aws_calls == ["UpdateItem"]
        assert orders.state == becomes
        if effect == "nothing":
            assert items_of(orders.client) == before
        else:
            event = orders.published
            assert (event.detail_type, event.meta.producer) == ("OrderCancelled", "reverse_order")
            assert event.data["order"] == ORDER

    @pytest.mark.parametrize(
        ("trigger", "code"),
        [
            ("OrderRejected", "out_of_stock"),
            ("StockReleased", "out_of_stock"),
            ("technical failure", "technical_failure"),
        ],
    )
    def test_the_reason_is_handed_on(self, orders: Orders, trigger: str, code: str) -> None:
        orders.undo(trigger)
        assert orders.published.data["reason"]["code"] == code

    def test_no_late_request_brings_an_order_back(self, orders: Orders) -> None:
        orders.undo("technical failure")
        before = items_of(orders.client)
        assert place()[0] == 409
        assert items_of(orders.client) == before

    def test_an_unknown_version_is_refused(self, orders: Orders, event: EventFactory) -> None:
        message = event("StockReleased", {"order": ORDER, "reason": REASON}, ID, schema="StockReleased.v2")
        with pytest.raises(UnknownSchemaError, match=r"StockReleased\.v2"):
            handlers.reverse_order(message, FakeContext())
        assert orders.row is None

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"reason": REASON}, "data.order"),
            ({"order": ORDER}, "data.reason"),
            ({"order": {**ORDER, "email": "canary"}, "reason": REASON}, "data.order.email"),
            ({"order": ORDER, "reason": {"code": "NOT A CODE", "message": "x"}}, "data.reason.code"),
        ],
    )
    def test_a_message_that_breaks_its_contract_is_refused_by_its_field(
        self, orders: Orders, event: EventFactory, data: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidEventError) as refused:
            handlers.reverse_order(event("StockReleased", data, ID), FakeContext())
        assert refused.value.field == field
        assert orders.row is None

    def test_an_event_of_no_use_is_refused(self, orders: Orders, event: EventFactory) -> None:
        with pytest.raises(InvalidEventError, match="detail-type"):
            handlers.reverse_order(event("OrderPlaced", {"order": ORDER}), FakeContext())


class TestCancellation:
    def test_a_request_is_published_by_the_order_which_still_stands(self, orders: Orders, aws_calls: list[str]) -> None:
        place()
        placed = orders.published
        aws_calls.clear()
        assert cancellation() == (202, {"order_id": ID, "cancellation": "REQUESTED"})
        assert aws_calls == ["GetItem", "UpdateItem"]
        event = orders.published
        assert orders.state == "SUCCEEDED"
        assert (event.detail_type, event.meta.producer) == ("OrderCancellationRequested", "request_cancellation")
        assert event.data == {"order": ORDER}
        assert (event.meta.causation_id, event.meta.deadline_at) == (placed.meta.event_id, placed.meta.deadline_at)

    def test_a_second_request_gets_the_same_answer_and_publishes_nothing(
        self, orders: Orders, aws_calls: list[str]
    ) -> None:
        place()
        first = cancellation()
        before = items_of(orders.client)
        aws_calls.clear()
        assert cancellation() == first
        assert aws_calls == ["GetItem"]
        assert items_of(orders.client) == before

    def test_of_two_requests_at_once_one_publishes(self, orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
        place()
        between: list[Any] = []
        change = store.Orders.request_cancellation

        def late(self: Any, row: Any, event: Any) -> bool:
            monkeypatch.setattr(store.Orders, "request_cancellation", change)
            assert cancellation()[0] == 202
            between.append(items_of(orders.client))
            return change(self, row, event)

        monkeypatch.setattr(store.Orders, "request_cancellation", late)
        assert cancellation()[0] == 202
        assert [items_of(orders.client)] == between

    def test_a_request_that_meets_a_reversal_changes_nothing(
        self, orders: Orders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place()
        change = store.Orders.request_cancellation

        def late(self: Any, row: Any, event: Any) -> bool:
            orders.undo("StockReleased")
            return change(self, row, event)

        monkeypatch.setattr(store.Orders, "request_cancellation", late)
        status, problem = cancellation()
        assert (status, problem["type"]) == (409, "urn:problem:order-not-open")
        assert orders.published.detail_type == "OrderCancelled"
        assert orders.state == "REVERSED"

    @pytest.mark.parametrize("trigger", ["rejected", "taken back"])
    def test_an_order_that_does_not_stand_cannot_be_cancelled(self, orders: Orders, trigger: str) -> None:
        place(body(lines=lines(("KETTLE-1", 1000, 3250))) if trigger == "rejected" else BODY)
        if trigger == "taken back":
            orders.undo("StockReleased")
        before = items_of(orders.client)
        status, problem = cancellation()
        assert (status, problem["type"], problem["field"]) == (409, "urn:problem:order-not-open", "id")
        assert items_of(orders.client) == before

    def test_an_order_is_taken_back_also_after_the_request(self, orders: Orders) -> None:
        place()
        cancellation()
        assert orders.undo("StockReleased") == "compensated"
        assert orders.published.detail_type == "OrderCancelled"

    def test_the_order_again_after_the_request_gets_the_first_answer(self, orders: Orders) -> None:
        first = place()
        cancellation()
        assert place() == first
        assert orders.published.detail_type == "OrderCancellationRequested"

    @pytest.mark.parametrize("order_id", [ID.replace("0", "1"), ID.upper(), "no-uuid", ""])
    def test_an_unknown_order_is_a_404(self, orders: Orders, order_id: str) -> None:
        status, problem = cancellation(order_id)
        assert (status, problem["type"], problem["field"]) == (404, "urn:problem:not-found", "id")
        assert items_of(orders.client) == {}


class TestGetOrder:
    def test_an_order_is_shown_without_its_payment_token(self, orders: Orders, aws_calls: list[str]) -> None:
        place()
        meta = orders.published.meta
        aws_calls.clear()
        status, document = get()
        assert aws_calls == ["GetItem"]
        assert status == 200
        assert document == {
            "order_id": ID,
            "state": "PLACED",
            "placed_at": meta.occurred_at,
            "updated_at": meta.occurred_at,
            "deadline_at": meta.deadline_at,
            "cancellation_requested": False,
            "card_last4": "4242",
            **{name: value for name, value in ORDER.items() if name != "payment"},
        }
        assert "tok_" not in json.dumps(document)

    def test_an_order_without_the_cards_digits_shows_none(self, orders: Orders) -> None:
        place(body(payment={"token": "tok_approve"}))
        assert "card_last4" not in get()[1]

    def test_a_cancelled_order_tells_when_and_why(self, orders: Orders) -> None:
        place()
        placed_at = orders.published.meta.occurred_at
        cancellation()
        assert (get()[1]["state"], get()[1]["cancellation_requested"]) == ("PLACED", True)
        orders.undo("StockReleased")
        document = get()[1]
        assert (document["state"], document["reason"]) == ("CANCELLED", REASON)
        assert (document["placed_at"], document["updated_at"]) == (placed_at, orders.published.meta.occurred_at)
        assert "tok_" not in json.dumps(document)

    def test_a_rejected_order_tells_why(self, orders: Orders) -> None:
        place(body(lines=lines(("KETTLE-1", 1000, 3250))))
        document = get()[1]
        assert (document["state"], document["reason"]["code"]) == ("REJECTED", "order_limit_exceeded")

    def test_an_order_that_was_given_up_before_it_was_placed_can_be_read(self, orders: Orders) -> None:
        orders.undo("technical failure")
        document = get()[1]
        assert (document["state"], document["placed_at"]) == ("CANCELLED", None)

    def test_a_function_gets_the_same_document(self, orders: Orders) -> None:
        place()
        assert handlers.get_order({"order_id": ID}, FakeContext()) == get()[1]

    @pytest.mark.parametrize("order_id", [ID.replace("0", "1"), ID.upper(), "no-uuid", ""])
    def test_an_unknown_order_is_a_404(self, orders: Orders, order_id: str) -> None:
        status, problem = get(order_id)
        assert (status, problem["type"], problem["field"]) == (404, "urn:problem:not-found", "id")

    def test_an_unknown_order_is_nothing_to_a_function(self, orders: Orders) -> None:
        assert handlers.get_order({"order_id": ID}, FakeContext()) is None

    @pytest.mark.parametrize("message", [{}, {"order_id": 7}, {"order_id": "no-uuid"}, None, []])
    def test_a_function_that_names_no_order_is_told_so(self, orders: Orders, message: Any) -> None:
        with pytest.raises(InvalidEventError, match="order_id: expected a UUID"):
            handlers.get_order(message, FakeContext())


def test_the_row_of_a_two_line_order_takes_one_write_unit(orders: Orders) -> None:
    place()
    size = sum(len(name) + len(value["S"]) for name, value in orders.row.items())
    assert size < 1024, size


def test_nothing_that_a_customer_typed_is_logged(
    orders: Orders, event: EventFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    place()
    place(body(email="canary-without-at"))
    place(body(ship_to={**BODY["ship_to"], "country": "Canary"}))
    place(body(lines=lines(("KETTLE-1", 1000, 3250))), key="other")
    place("canary")
    cancellation()
    get()
    orders.undo("StockReleased")
    with pytest.raises(InvalidEventError):
        handlers.reverse_order(event("StockReleased", {"order": {"email": "canary"}}, ID), FakeContext())
    output = capsys.readouterr().out
    assert len(logged(output)) >= 5
    for secret in ("canary", "tok_", "4242", KEY):
        assert secret not in output.lower()


def test_a_failure_inside_tells_nothing_of_it(
    orders: Orders, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("canary of a value")

    monkeypatch.setattr(service, "refusal_of", broken)
    status, problem, _ = place()
    assert (status, problem["type"]) == (500, "urn:problem:internal-error")
    assert "canary" not in json.dumps(problem)
    assert "canary" not in capsys.readouterr().out.lower()
    assert orders.row is None


def test_the_package_carries_every_schema_that_its_functions_meet() -> None:
    folder = Path(handlers.__file__).parent
    own = {path.stem for path in (folder / "schemas").glob("*.json")}
    names = service.DEFINITION
    made = {names.succeeded, names.failed, names.reversed, service.CANCELLATION_REQUESTED, "Order", "PlaceOrderRequest"}
    assert {f"{name}.v1" for name in made} == own
    toml = (folder / "package.toml").read_text()
    consumed = {f"{name}.v1" for name in handlers.reverse_order.triggers if " " not in name}  # type: ignore[attr-defined]  # the participant's
    for name in consumed - own:
        assert f'"{name}"' in toml
