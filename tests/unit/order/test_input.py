"""What customers type: nothing is taken that no table, mail or parcel can carry, and no customer is refused by name."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from tests.unit.conftest import items_of
from tests.unit.support.api import a_request, ask
from tests.unit.support.dynamodb import event_of
from tests.unit.support.orders import ORDER

from order import handlers

BODY = {name: value for name, value in ORDER.items() if name != "total"}


def a_body(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BODY), **changes}


def addressed(**changes: Any) -> dict[str, Any]:
    return a_body(ship_to={**BODY["ship_to"], **changes})


def place(body: object, **request: Any) -> tuple[int, dict[str, Any]]:
    return ask(handlers.place_order, {**a_request(body, headers={"Idempotency-Key": "key-1"}), **request})


class TestRefused:
    """Nothing is called for what is refused, so that no table is needed."""

    @pytest.fixture(autouse=True)
    def nothing_is_called(self, service_environment: None, aws_calls: list[str]) -> Any:
        yield
        assert aws_calls == []

    def refused(self, body: object, field: str) -> str:
        status, problem = place(body)
        assert (status, problem["type"], problem["field"]) == (422, "urn:problem:invalid-body", field)
        expected: str = problem["expected"]
        assert problem["detail"] == f"{field}: expected {expected}"
        return expected

    @pytest.mark.parametrize(
        "body",
        [
            json.dumps(BODY).replace("Canary Name", "\\ud800"),
            json.dumps(BODY).replace("Canary Name", "\\udc00\\ud800"),
            json.dumps({**BODY, "\ud800": 1}),
            json.dumps(BODY).replace("3250", "-Infinity"),
            json.dumps(BODY).replace("3250", "9" * 5000),
            "[" * 10_000,
        ],
        ids=["half a pair", "a pair turned round", "in a name", "infinite", "digits", "deep"],
    )
    def test_what_is_not_json_for_everybody(self, body: str) -> None:
        status, problem = place(body)
        assert (status, problem["type"]) == (400, "urn:problem:malformed-body")

    @pytest.mark.parametrize(
        "content",
        [
            b"\xff\xfe",
            json.dumps(BODY).encode("utf-16"),
            json.dumps(BODY).replace("Canary Name", "Zoë").encode("latin-1"),
            json.dumps(BODY).replace("Canary Name", "\ud800").encode("utf-8", "surrogatepass"),
            json.dumps(BODY, ensure_ascii=False).replace("Canary Name", "\ud800").encode("utf-8", "surrogatepass"),
        ],
        ids=["no text", "UTF-16", "Latin-1", "an escaped half", "half a pair"],
    )
    def test_what_is_not_utf_8(self, content: bytes) -> None:
        status, problem = place(base64.b64encode(content).decode(), isBase64Encoded=True)
        assert (status, problem["type"]) == (400, "urn:problem:malformed-body")

    @pytest.mark.parametrize("number", ["1e999", "-0.0", "1e-3", "3250.5", "-1"])
    @pytest.mark.parametrize("field", ["quantity", "unit_price"])
    def test_a_number_that_is_none_of_the_line_s(self, field: str, number: str) -> None:
        line = json.dumps({"sku": "MUG-2", "quantity": 1, "unit_price": 1}).replace(
            f'"{field}": 1', f'"{field}": {number}'
        )
        self.refused(json.dumps(a_body(lines=[])).replace("[]", f"[{line}]"), f"lines[0].{field}")

    @pytest.mark.parametrize(
        "text",
        ["", " ", "\t \n", " Name", "two\nlines", "nul\x00", "bell\x07", "\x7f", "c1\x85", "a\u2028b", 5, None, {}],
    )
    @pytest.mark.parametrize("name", ["name", "line1", "city", "postal_code"])
    def test_a_part_of_an_address_that_is_not_one_line_of_text(self, name: str, text: Any) -> None:
        self.refused(addressed(**{name: text}), f"ship_to.{name}")

    @pytest.mark.parametrize(("name", "most"), [("name", 80), ("line1", 120), ("city", 80), ("postal_code", 16)])
    def test_a_part_of_an_address_that_is_too_long(self, name: str, most: int) -> None:
        assert self.refused(addressed(**{name: "x" * (most + 1)}), f"ship_to.{name}") == f"at most {most} characters"

    @pytest.mark.parametrize("name", ["name", "line1", "city", "postal_code", "country"])
    def test_an_address_that_lacks_a_part(self, name: str) -> None:
        address = {key: value for key, value in BODY["ship_to"].items() if key != name}
        assert "required" in self.refused(a_body(ship_to=address), f"ship_to.{name}")

    @pytest.mark.parametrize("country", ["at", "AUT", "A", "", "A1", "AT\n", "Österreich", 43, None])
    def test_a_country_without_the_form_of_one(self, country: Any) -> None:
        self.refused(addressed(country=country), "ship_to.country")

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "nobody",
            "a@b",
            "@example.com",
            "a b@example.com",
            "a@exa mple.com",
            "a@b@example.com",
            "a@example.com\n",
            "a@example.com,b@example.com",
            "a\x00@example.com",
            "<a@example.com",
            '"a,b"@example.com',
            "ä@example.com",
            "a@example..com",
            f"{'a' * 65}@example.com",
            f"a@{'b' * 250}.com",
            5,
        ],
    )
    def test_an_address_that_the_mail_service_does_not_take(self, email: Any) -> None:
        self.refused(a_body(email=email), "email")

    @pytest.mark.parametrize("token", ["", "tok_", "tok_A", "tok_a\n", f"tok_{'a' * 61}", "tok_4111111111111111", None])
    def test_a_card_that_is_no_token(self, token: Any) -> None:
        self.refused(a_body(payment={"token": token}), "payment.token")

    @pytest.mark.parametrize("last4", ["424", "abcd", 4242, "4242424242424242", "٤٢٤٢"])
    def test_of_a_card_anything_but_its_last_four_digits(self, last4: Any) -> None:
        self.refused(a_body(payment={"token": "tok_approve", "last4": last4}), "payment.last4")

    @pytest.mark.parametrize("sku", ["", "mug-2", "-MUG", "M" * 33, "MÜG", "MUG-2\n", 2, None])
    def test_a_sku_without_the_form_of_one(self, sku: Any) -> None:
        self.refused(a_body(lines=[{"sku": sku, "quantity": 1, "unit_price": 500}]), "lines[0].sku")

    @pytest.mark.parametrize("customer", ["-a", "a b", "x" * 65, "a\n", 5, None])
    def test_a_customer_id_without_the_form_of_one(self, customer: Any) -> None:
        self.refused(a_body(customer_id=customer), "customer_id")


class TestTaken:
    @pytest.mark.parametrize("text", ["Zoë O'Hara-Löwenthal", "東京都", "Flat 3, №7", "Straße 1 / Top 2", "👍🏽", "؛"])
    @pytest.mark.parametrize("write", [json.dumps, lambda body: json.dumps(body, ensure_ascii=False)])
    def test_names_of_all_the_world(self, table: Any, text: str, write: Any) -> None:
        body = addressed(name=text, line1=text)
        assert place(write(body))[0] == 202
        (item,) = items_of(table).values()
        assert event_of(item).data["order"]["ship_to"] == body["ship_to"]
        assert text in item["outbox"]["S"]  # as it is: escapes would take twice the bytes

    @pytest.mark.parametrize("email", ["a@example.com", "first.last+tag$1@mail.example.co.uk", "o'hara@example.com"])
    def test_ordinary_mail_addresses(self, table: Any, email: str) -> None:
        assert place(a_body(email=email))[0] == 202

    def test_a_body_with_a_byte_order_mark(self, table: Any) -> None:
        content = base64.b64encode(b"\xef\xbb\xbf" + json.dumps(BODY).encode()).decode()
        assert place(content, isBase64Encoded=True)[0] == 202

    def test_a_corrected_body_under_the_same_key(self, table: Any) -> None:
        assert place(a_body(currency="ZZZ"))[0] == 422
        assert place(BODY)[0] == 202
