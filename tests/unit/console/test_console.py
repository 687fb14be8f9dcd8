from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.conftest import FakeContext, logged
from tests.unit.console.conftest import STEPS, Platform, TroubleError, secured

from composer.sections import SECTIONS
from console import doorman, handlers, service, testorders
from saga_kit import http, schema
from saga_kit.errors import ConfigurationError
from sandbox.service import CARDS, POSTAL_CODES

ORDER_ID = "0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"
KEY = "00000000-0000-4000-8000-00000000c0de"
OWN_PAGE = {
    "host": "api.example",
    "origin": "https://api.example",
    "sec-fetch-site": "same-origin",
    "x-console": "1",
    "content-type": "application/json",
}
CHOSEN = {"customer_id": "ada", "basket": "tea_for_four", "card": "tok_approve", "address": "1010", "stock": False}


def ask(handler: Any, *, headers: dict[str, str] | None = None, body: Any = None, **path: str) -> tuple[int, Any]:
    request = {
        "version": "2.0",
        "headers": headers or {},
        "requestContext": {"http": {}},
        "pathParameters": path,
        "body": json.dumps(body),
    }
    answer = secured(handler(request, FakeContext()))
    return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None


def saga(number: int, **changes: Any) -> dict[str, Any]:
    return {"saga_id": f"00000000-0000-5000-8000-{number:012}", "state": "open", **changes}


class TestAuthorizer:
    def admitted(self, source: Any) -> bool:
        event = {"version": "2.0", "type": "REQUEST", "requestContext": {"http": {"sourceIp": source}}}
        answer = handlers.authorize(event, FakeContext())
        assert list(answer) == ["isAuthorized"]
        admitted: bool = answer["isAuthorized"]
        return admitted

    @pytest.mark.parametrize("source", ["10.1.0.0", "10.1.255.255", "2001:db8::1", "::ffff:10.1.2.3"])
    def test_admits_the_networks_that_are_named(self, source: str, platform: Platform) -> None:
        assert self.admitted(source) is True

    @pytest.mark.parametrize(
        "source",
        [
            "10.2.0.0",
            "10.0.255.255",
            "127.0.0.1",
            "2001:db9::1",
            "::ffff:10.2.0.1",
            "",
            "localhost",
            "10.1",
            None,
            167837953,
        ],
    )
    def test_and_nobody_else(self, source: Any, platform: Platform, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.admitted(source) is False
        (line,) = logged(capsys.readouterr().out)
        assert line["message"] == "refused"
        assert not source or str(source) not in json.dumps(line)

    def test_a_request_without_an_address(self, platform: Platform) -> None:
        assert handlers.authorize({}, FakeContext()) == {"isAuthorized": False}

    def test_headers_of_the_caller_change_nothing(self, platform: Platform) -> None:
        event = {
            "headers": {"x-forwarded-for": "10.1.0.1", "forwarded": "for=10.1.0.1"},
            "requestContext": {"http": {"sourceIp": "192.0.2.1"}},
        }
        assert handlers.authorize(event, FakeContext()) == {"isAuthorized": False}

    @pytest.mark.parametrize("text", ["", "10.1.0.0/33", "10.1.0.1/16", "everybody"])
    def test_networks_that_are_none_admit_nobody(self, text: str) -> None:
        with pytest.raises(ConfigurationError, match="CONSOLE_NETWORKS"):
            doorman.networks(text)


class TestOrders:
    @pytest.fixture(autouse=True)
    def sagas(self, platform: Platform) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {"open": [saga(1)], "2026-01-31": [saga(2)], "2026-01-30": [saga(3)]}

        def answer(question: dict[str, Any]) -> dict[str, Any]:
            assert question["limit"] == service.LIMIT
            assert question["state"] in {"open", "ended"}
            listed = found[question.get("day", "open")]
            more = {"cursor": "more"} if len(listed) > service.LIMIT else {}
            return {"sagas": listed[: service.LIMIT], **more}

        platform.answers["saga_log/get_sagas"] = answer
        return found

    @pytest.fixture(autouse=True)
    def today(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("saga_kit.clock.time.time", lambda: 1_769_850_000.0)  # 2026-01-31T09:00:00Z

    def test_open_ones_and_those_that_ended_lately(self) -> None:
        status, told = ask(handlers.get_orders)
        assert status == 200
        assert told["environment"] == "shop test"
        assert told["steps"] == STEPS
        assert told["sagas"] == {
            "status": "ok",
            "open": [saga(1)],
            "more_open": False,
            "ended": [saga(2), saga(3)],
            "more_ended": False,
        }

    def test_a_busy_day_is_enough(self, sagas: dict[str, Any], platform: Platform) -> None:
        sagas["2026-01-31"] = [saga(number) for number in range(service.FEW)]
        _, told = ask(handlers.get_orders)
        assert told["sagas"]["ended"] == sagas["2026-01-31"]
        assert len(platform.asked) == 2

    def test_more_than_are_told(self, sagas: dict[str, Any]) -> None:
        sagas["open"] = [saga(number) for number in range(service.LIMIT + 1)]
        sagas["2026-01-30"] = [saga(number) for number in range(service.LIMIT)]
        _, told = ask(handlers.get_orders)
        assert [len(told["sagas"][name]) for name in ("open", "ended")] == [service.LIMIT] * 2
        assert (told["sagas"]["more_open"], told["sagas"]["more_ended"]) == (True, True)

    def test_what_has_not_changed_is_not_sent_again(self, sagas: dict[str, Any]) -> None:
        def answer(tag: str | None) -> dict[str, Any]:
            headers = {"if-none-match": tag} if tag else {}
            request = {"headers": headers, "requestContext": {}, "pathParameters": {}}
            return secured(handlers.get_orders(request, FakeContext()))

        first = answer(None)
        assert first["headers"]["cache-control"] == "no-store"
        assert first["headers"]["x-as-of"] == "2026-01-31T09:00:00.000Z"
        again = answer(first["headers"]["etag"])
        assert (again["statusCode"], again["body"]) == (304, "")
        assert again["headers"]["x-as-of"] == "2026-01-31T09:00:00.000Z"
        sagas["open"] = [saga(1, stuck=True)]
        changed = answer(first["headers"]["etag"])
        assert changed["statusCode"] == 200
        assert changed["headers"]["etag"] != first["headers"]["etag"]

    @pytest.mark.parametrize("trouble", ["refused", "timed_out", "garbage", "KeyError"])
    def test_a_log_that_is_down_is_told(
        self, trouble: str, platform: Platform, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def answer(_: Any) -> Any:
            raise TroubleError(trouble)

        platform.answers["saga_log/get_sagas"] = answer
        status, told = ask(handlers.get_orders)
        assert status == 200
        assert told["sagas"] == {"status": "unavailable", "function": "saga_log/get_sagas"}
        output = capsys.readouterr().out
        assert "canary" not in output
        (line,) = logged(output)
        assert (line["message"], line["function"]) == ("unavailable", "saga_log/get_sagas")

    def test_placing_is_offered_with_every_choice(self) -> None:
        _, told = ask(handlers.get_orders)
        assert told["placing"]["allowed"] is True
        assert {field: [one["value"] for one in choices] for field, choices in told["placing"]["choices"].items()} == {
            "basket": list(testorders.BASKETS),
            "card": list(testorders.CARDS),
            "address": list(testorders.ADDRESSES),
        }

    def test_without_a_sandbox_placing_is_not_offered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONSOLE_PLACING", "no")
        assert ask(handlers.get_orders)[1]["placing"] == {"allowed": False}


class TestOrder:
    def test_its_story(self, platform: Platform) -> None:
        platform.answers["saga_log/get_saga"] = lambda question: {"saga_id": question["order_id"], "state": "open"}
        status, told = ask(handlers.get_order, id=ORDER_ID)
        assert status == 200
        assert told["order_id"] == ORDER_ID
        assert told["saga"] == {"status": "ok", "story": {"saga_id": ORDER_ID, "state": "open"}}

    def test_an_order_that_nobody_knows(self, platform: Platform) -> None:
        platform.answers["saga_log/get_saga"] = lambda _: None
        assert ask(handlers.get_order, id=ORDER_ID)[1]["saga"] == {"status": "missing"}

    @pytest.mark.parametrize("order_id", ["", "x", ORDER_ID.upper(), f"{ORDER_ID}/"])
    def test_an_id_that_is_none(self, order_id: str, platform: Platform) -> None:
        assert ask(handlers.get_order, id=order_id)[0] == 404
        assert platform.asked == []


class TestDetails:
    AS_OF = "2026-01-31T09:00:00.000Z"

    @pytest.fixture(autouse=True)
    def composed(self, platform: Platform) -> dict[str, Any]:
        """What the composer tells of an order; a test changes what it is about."""
        data: dict[str, dict[str, Any]] = {
            "order": {
                "order_id": ORDER_ID,
                "state": "PLACED",
                "customer_id": "ada",
                "email": "canary@example.com",
                "ship_to": {"name": "Canary"},
                "total": 4_200,
                "currency": "EUR",
                "lines": [{"sku": "TEAPOT-1", "quantity": 1, "unit_price": 4_200}],
                "cancellation_requested": False,
            },
            "stock": {"order_id": ORDER_ID, "state": "SUCCEEDED", "lines": [{"sku": "TEAPOT-1", "quantity": 1}]},
            "payment": {"order_id": ORDER_ID, "state": "SUCCEEDED", "payment": {"amount": 4_200, "currency": "EUR"}},
            "shipment": {"order_id": ORDER_ID, "state": "FAILED", "reason": {"code": "address_not_served"}},
            "notices": {"order_id": ORDER_ID, "notices": [{"outcome": "shipped", "state": "DONE", "attempts": 1}]},
        }
        told = {name: {"status": "available", "as_of": self.AS_OF, "data": document} for name, document in data.items()}
        platform.answers["composer/get_details"] = lambda _: {
            "statusCode": 200,
            "body": json.dumps({"order_id": ORDER_ID, **told}),
        }
        return told

    def sections(self) -> dict[str, Any]:
        status, told = ask(handlers.get_details, id=ORDER_ID)
        assert (status, told["order_id"]) == (200, ORDER_ID)
        found: dict[str, Any] = told["sections"]
        return found

    def test_every_section_with_the_time_that_it_is_of(self, composed: dict[str, Any], platform: Platform) -> None:
        sections = self.sections()
        assert list(sections) == list(SECTIONS)
        for name, section in sections.items():
            assert (section["status"], section["as_of"]) == ("ok", self.AS_OF)
            assert section["data"].items() <= composed[name]["data"].items()
        assert sections["order"]["data"]["total"] == 4_200
        assert sections["shipment"]["data"] == {"state": "FAILED", "reason": {"code": "address_not_served"}}
        # As long as the composer waits for services that do not answer.
        assert platform.seconds == 5

    def test_the_composer_is_asked_as_the_api_would_for_an_operator(self, platform: Platform) -> None:
        self.sections()
        ((function, question),) = platform.asked
        request = http.parse(question)
        assert function == "composer/get_details"
        assert (request.route, request.identifier("id"), request.caller) == (
            "GET /orders/{id}/details",
            ORDER_ID,
            None,
        )

    def test_no_name_and_no_address_is_passed_on(self) -> None:
        assert "canary" not in json.dumps(self.sections()).lower()

    @pytest.mark.parametrize("name", SECTIONS)
    @pytest.mark.parametrize("status", ["missing", "unavailable"])
    def test_one_that_is_not_there_leaves_the_others(self, status: str, name: str, composed: dict[str, Any]) -> None:
        composed[name] = {"status": status, "as_of": self.AS_OF}
        sections = self.sections()
        assert sections.pop(name) == {"status": status, "as_of": self.AS_OF}
        assert {section["status"] for section in sections.values()} == {"ok"}

    @pytest.mark.parametrize("trouble", ["refused", "timed_out", "garbage", "KeyError"])
    def test_a_composer_that_is_down_is_told_of(self, trouble: str, platform: Platform) -> None:
        def answer(_: Any) -> Any:
            raise TroubleError(trouble)

        platform.answers["composer/get_details"] = answer
        assert self.sections() == {
            key: {"status": "unavailable", "function": "composer/get_details"} for key in SECTIONS
        }

    @pytest.mark.parametrize("status", [403, 500, 503])
    def test_so_is_one_that_refuses(self, status: int, platform: Platform) -> None:
        platform.answers["composer/get_details"] = lambda _: {"statusCode": status, "body": "{}"}
        assert {section["status"] for section in self.sections().values()} == {"unavailable"}

    def test_an_order_that_nobody_knows(self, platform: Platform) -> None:
        platform.answers["composer/get_details"] = lambda _: {"statusCode": 404, "body": "{}"}
        assert self.sections() == {key: {"status": "missing"} for key in SECTIONS}

    @pytest.mark.parametrize("order_id", ["", "x", ORDER_ID.upper(), f"{ORDER_ID}/"])
    def test_an_id_that_is_none(self, order_id: str, platform: Platform) -> None:
        assert ask(handlers.get_details, id=order_id)[0] == 404
        assert platform.asked == []


class TestOtherSites:
    """An operator's browser is let in by its address, whatever page it shows."""

    @pytest.mark.parametrize(
        "handler", [handlers.get_orders, handlers.get_order, handlers.get_details, handlers.place_order]
    )
    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_their_pages_are_refused(self, handler: Any, site: str, platform: Platform) -> None:
        headers = {**OWN_PAGE, "sec-fetch-site": site}
        status, problem = ask(handler, headers=headers, body=CHOSEN, id=ORDER_ID)
        assert (status, problem["field"]) == (403, "sec-fetch-site")
        assert platform.asked == []

    @pytest.mark.parametrize(
        ("change", "status", "field"),
        [
            ({"origin": "https://evil.example"}, 403, "origin"),
            ({"origin": "null"}, 403, "origin"),
            ({"origin": "https://[half"}, 403, "origin"),
            ({"origin": "https://api.example.evil.example"}, 403, "origin"),
            ({"origin": ""}, 403, "origin"),
            ({"host": ""}, 403, "origin"),
            ({"x-console": ""}, 403, "x-console"),
            ({"content-type": "text/plain"}, 415, "content-type"),
            ({"content-type": "application/x-www-form-urlencoded"}, 415, "content-type"),
            ({"content-type": "text/plain; application/json"}, 415, "content-type"),
        ],
    )
    def test_whatever_changes_something_is_the_own_page_s(
        self, change: dict[str, str], status: int, field: str, platform: Platform
    ) -> None:
        headers = {**OWN_PAGE, "idempotency-key": KEY, **change}
        refused, problem = ask(handlers.place_order, headers=headers, body=CHOSEN)
        assert (refused, problem["field"]) == (status, field)
        assert platform.asked == []


class TestPlacing:
    @pytest.fixture(autouse=True)
    def shop(self, platform: Platform) -> None:
        body = json.dumps({"order_id": ORDER_ID, "state": "PLACED"})
        platform.answers["order/place_order"] = lambda _: {"statusCode": 202, "body": body}
        platform.answers["inventory/receive_stock"] = lambda _: {"statusCode": 200, "body": "{}"}

    def place(self, key: str = KEY, **changes: Any) -> tuple[int, Any]:
        return ask(handlers.place_order, headers={**OWN_PAGE, "idempotency-key": key}, body={**CHOSEN, **changes})

    def test_an_order(self, platform: Platform) -> None:
        assert self.place() == (202, {"order_id": ORDER_ID, "state": "PLACED"})
        ((function, request),) = platform.asked
        assert function == "order/place_order"
        assert request["headers"]["idempotency-key"] == f"console-{KEY}"
        order = json.loads(request["body"])
        schema.check("PlaceOrderRequest.v1", order)
        assert [line["sku"] for line in order["lines"]] == ["TEAPOT-1", "MUG-2"]

    def test_with_a_delivery_first_which_counts_once_for_a_key(self, platform: Platform) -> None:
        for _ in range(2):
            self.place(stock=True)
        functions = [function for function, _ in platform.asked]
        assert functions == ["inventory/receive_stock", "inventory/receive_stock", "order/place_order"] * 2
        bodies = [json.loads(request["body"]) for _, request in platform.asked]
        for body in bodies[:2]:
            schema.check("ReceiveStockRequest.v1", body)
        assert len({body["delivery_id"] for body in bodies[:2]}) == 2
        assert bodies[:3] == bodies[3:]
        assert platform.asked[0][1]["pathParameters"] == {"sku": "TEAPOT-1"}

    def test_a_refused_order_has_a_saga_too(self, platform: Platform) -> None:
        problem = {"type": "urn:problem:order-rejected", "detail": "An order may come to less.", "order_id": ORDER_ID}
        platform.answers["order/place_order"] = lambda _: {"statusCode": 422, "body": json.dumps(problem)}
        assert self.place(basket="too_large") == (
            202,
            {"order_id": ORDER_ID, "state": "REJECTED", "reason": "An order may come to less."},
        )

    def test_what_the_shop_refuses_is_told(self, platform: Platform) -> None:
        problem = {"type": "urn:problem:idempotency-key-reused", "detail": "another body"}
        platform.answers["order/place_order"] = lambda _: {"statusCode": 409, "body": json.dumps(problem)}
        status, answer = self.place()
        assert (status, answer["type"], answer["detail"]) == (409, "urn:problem:idempotency-key-reused", "another body")

    @pytest.mark.parametrize("function", ["order/place_order", "inventory/receive_stock"])
    def test_a_shop_that_is_down_is_told(self, function: str, platform: Platform) -> None:
        def answer(_: Any) -> Any:
            raise TroubleError("timed_out")

        platform.answers[function] = answer
        status, problem = self.place(stock=True)
        assert (status, problem["type"]) == (503, "urn:problem:unavailable")
        assert function in problem["detail"]

    def test_a_shop_that_fails_is_down(self, platform: Platform) -> None:
        platform.answers["order/place_order"] = lambda _: {"statusCode": 500, "body": "{}"}
        status, problem = self.place()
        assert (status, problem["type"]) == (503, "urn:problem:unavailable")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"basket": "nothing"}, "basket"),
            ({"card": "tok_stolen"}, "card"),
            ({"address": "1234"}, "address"),
            ({"customer_id": "ada@example.com"}, "customer_id"),
            ({"stock": "yes"}, "stock"),
            ({"email": "ada@example.com"}, "email"),
        ],
    )
    def test_a_choice_that_is_none(self, change: dict[str, Any], field: str, platform: Platform) -> None:
        status, problem = self.place(**change)
        assert (status, problem["field"]) == (422, field)
        assert platform.asked == []

    def test_without_a_key(self, platform: Platform) -> None:
        status, problem = self.place(key="x")
        assert (status, problem["field"]) == (400, "idempotency-key")

    def test_of_the_order_only_its_id_is_logged(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.place(customer_id="canary")
        (line,) = logged(capsys.readouterr().out)
        assert (line["message"], line["saga_id"], line["state"]) == ("placed", ORDER_ID, "PLACED")
        assert "canary" not in json.dumps(line)
        assert "tok_" not in json.dumps(line)


class TestChoices:
    def test_every_test_card_of_the_sandbox(self) -> None:
        assert testorders.CARDS.keys() == CARDS.keys()

    def test_every_address_of_the_sandbox_and_one_that_is_served(self) -> None:
        assert set(testorders.ADDRESSES) - {"1010"} == POSTAL_CODES.keys()

    @pytest.mark.parametrize("basket", testorders.BASKETS)
    @pytest.mark.parametrize("customer", ["ada", "A_b-C", "x" * 64])
    def test_every_basket_makes_an_order_that_can_be_read(self, basket: str, customer: str) -> None:
        order = testorders.order({**CHOSEN, "basket": basket, "customer_id": customer})
        schema.check("PlaceOrderRequest.v1", order)
        for _, delivery in testorders.deliveries({**CHOSEN, "basket": basket}, KEY):
            schema.check("ReceiveStockRequest.v1", delivery)

    def test_baskets_quote_the_price_but_for_one(self) -> None:
        wrong = {
            value
            for value, basket in testorders.BASKETS.items()
            for sku, _, price in basket.lines
            if sku in testorders.ITEMS and testorders.ITEMS[sku].unit_price != price
        }
        assert wrong == {"old_price"}

    def test_of_the_last_one_there_is_never_a_second(self) -> None:
        deliveries = [next(testorders.deliveries({**CHOSEN, "basket": "too_many"}, key)) for key in ("a", "b")]
        assert deliveries[0] == deliveries[1]
        assert deliveries[0][1]["quantity"] == 1
