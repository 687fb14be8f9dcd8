"""Composition: what is shown of an order, to whom, and what an answer says of a service that does not answer."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from tests.unit.conftest import items_of
from tests.unit.support.api import OPERATOR, a_request, ask, of_customer

from composer import facts, handlers
from composer.sections import SECTIONS
from saga_kit import outbox, schema

from .conftest import CUSTOMER, DOCUMENTS, ORDER_ID, THROTTLED, TIMED_OUT, Down, Services

OWNER = of_customer(CUSTOMER)
OTHER = of_customer("eve")
PARTS = list(SECTIONS)
ROUTES = {
    "GET /orders/{id}": handlers.get_customer_order,
    "GET /orders/{id}/details": handlers.get_details,
    "GET /orders/{id}/payment": handlers.cache_manager_payments,
}


def get(
    route: str, context: dict[str, Any] = OPERATOR, order_id: str = ORDER_ID, **query: Any
) -> tuple[int, dict[str, Any]]:
    return ask(ROUTES[route], {**a_request(context=context, query=query, id=order_id), "routeKey": route})


def details(context: dict[str, Any] = OPERATOR, **query: str) -> tuple[int, dict[str, Any]]:
    return get("GET /orders/{id}/details", context, **query)


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {name: document[name]["status"] for name in PARTS}


ALL_THERE = {
    "order": "available",
    "stock": "available",
    "payment": "available",
    "shipment": "missing",
    "notices": "missing",
}


class TestDetails:
    def test_each_section_is_what_its_service_says(self, services: Services) -> None:
        status, document = details()
        assert (status, statuses(document)) == (200, ALL_THERE)
        assert list(document) == ["order_id", *PARTS]
        for name in ("order", "stock", "payment"):
            assert document[name]["data"] == DOCUMENTS[name]
        assert all(document[name]["as_of"].endswith("Z") for name in PARTS)
        assert sorted(services.asked) == [(name, {"order_id": ORDER_ID}) for name in sorted(PARTS)]

    def test_the_services_are_asked_all_at_once(self, services: Services) -> None:
        """None answers before all have been asked: one after the other would never end."""
        all_asked = threading.Barrier(len(PARTS))
        for name in PARTS:

            def answer(_question: Any, name: str = name) -> Any:
                all_asked.wait(60)
                return DOCUMENTS[name]

            services.answers[name] = answer
        status, document = details()
        assert (status, statuses(document)) == (200, ALL_THERE)

    @pytest.mark.parametrize("how", [Down(), TIMED_OUT, THROTTLED], ids=["fails", "is slow", "is throttled"])
    @pytest.mark.parametrize("down", PARTS)
    def test_a_service_that_is_down_leaves_the_rest_intact(self, services: Services, down: str, how: Exception) -> None:
        services.fail(down, how)
        status, document = details()
        assert (status, statuses(document)) == (200, {**ALL_THERE, down: "unavailable"})
        assert set(document[down]) == {"status", "as_of"}

    def test_all_may_be_down_but_for_an_operator(self, services: Services) -> None:
        for name in PARTS:
            services.fail(name)
        status, document = details()
        assert (status, statuses(document)) == (200, dict.fromkeys(PARTS, "unavailable"))
        assert details(OWNER)[0] == 503

    def test_when_the_time_is_up_the_answer_goes_out(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        released = threading.Event()

        def hang(_question: Any) -> Any:
            assert released.wait(60)
            return DOCUMENTS["stock"]

        services.answers["stock"] = hang
        monkeypatch.setenv("COMPOSER_SECONDS", "2")
        try:
            status, document = details()
        finally:
            released.set()
        assert (status, document["stock"]["status"]) == (200, "unavailable")

    @pytest.mark.parametrize("down", PARTS)
    def test_what_is_required_and_down_is_a_problem_that_names_it(self, services: Services, down: str) -> None:
        services.fail(down)
        for required in (down, f"stock,{down}"):
            status, problem = details(require=required)
            assert (status, problem["type"], problem["section"]) == (503, "urn:problem:unavailable", down)
        other = next(name for name in PARTS if name != down)
        assert details(require=other)[0] == 200

    def test_what_is_required_and_missing_is_no_problem(self, services: Services) -> None:
        assert details(require=",".join(PARTS))[0] == 200

    @pytest.mark.parametrize(
        ("query", "field"),
        [({"require": "payments"}, "require"), ({"require": "order;stock"}, "require"), ({"a": "b"}, "a")],
    )
    def test_a_wrong_parameter_is_named(self, services: Services, query: dict[str, Any], field: str) -> None:
        status, problem = get("GET /orders/{id}/details", **query)
        assert (status, problem["field"]) == (400, field)
        assert services.asked == []

    def test_an_order_that_there_is_not_is_a_404(self, services: Services) -> None:
        services.say("order", None)
        assert details()[0] == details(OWNER)[0] == 404

    def test_an_answer_that_nobody_understands_is_our_error(self, services: Services) -> None:
        services.say("stock", "no document")
        assert details()[0] == 500


class TestCallers:
    @pytest.mark.parametrize("route", ROUTES)
    def test_a_customer_sees_an_order_of_their_own(self, services: Services, route: str) -> None:
        assert get(route, OWNER)[0] == 200
        assert get(route, OPERATOR)[0] == 200

    @pytest.mark.parametrize("route", ROUTES)
    def test_of_anothers_order_there_is_nothing_to_learn(self, services: Services, route: str) -> None:
        of_another = get(route, OTHER)
        services.fail("payment")
        assert get(route, OTHER) == of_another
        services.say("order", None)
        assert get(route, OWNER) == of_another
        assert of_another[0] == 404

    @pytest.mark.parametrize("route", ROUTES)
    def test_while_nobody_can_say_whose_it_is_a_customer_sees_nothing(self, services: Services, route: str) -> None:
        services.fail("order")
        status, problem = get(route, OWNER)
        assert (status, problem["section"]) == (503, "order")

    @pytest.mark.parametrize("route", ROUTES)
    @pytest.mark.parametrize("order_id", ["", "7", ORDER_ID.upper() + "A"])
    def test_what_is_no_id_is_a_404_and_nobody_is_asked(self, services: Services, route: str, order_id: str) -> None:
        assert get(route, OPERATOR, order_id)[0] == 404
        assert services.asked == []

    @pytest.mark.parametrize("route", ROUTES)
    def test_who_is_not_known_gets_nothing(self, services: Services, route: str) -> None:
        assert get(route, {})[0] == 403


class TestOrderAndPayment:
    def test_an_order_is_what_its_service_says(self, services: Services) -> None:
        assert get("GET /orders/{id}") == (200, DOCUMENTS["order"])
        assert [name for name, _ in services.asked] == ["order"]

    def test_a_payment_says_as_of_when(self, services: Services) -> None:
        status, document = get("GET /orders/{id}/payment")
        as_of = document.pop("as_of")
        assert (status, document, as_of[-1]) == (200, DOCUMENTS["payment"], "Z")
        assert sorted(name for name, _ in services.asked) == ["order", "payment"]

    def test_an_order_without_a_payment_is_a_404_of_its_own(self, services: Services) -> None:
        services.say("payment", None)
        status, problem = get("GET /orders/{id}/payment", OWNER)
        assert (status, problem["type"]) == (404, "urn:problem:no-payment")

    @pytest.mark.parametrize(
        ("route", "down"), [("GET /orders/{id}", "order"), ("GET /orders/{id}/payment", "payment")]
    )
    def test_a_service_that_is_down_is_named(self, services: Services, route: str, down: str) -> None:
        services.fail(down)
        status, problem = get(route)
        assert (status, problem["section"]) == (503, down)


class TestViews:
    """That a customer looked is written down, once, and whether that works is of no consequence."""

    @pytest.mark.parametrize(("route", "view"), list(zip(ROUTES, ("order", "details", "payment"), strict=True)))
    def test_a_customers_look_is_written_down(self, services: Services, table: Any, route: str, view: str) -> None:
        get(route, OWNER)
        ((key, row),) = items_of(table).items()
        assert key.startswith("view#")
        event = outbox.load(row["outbox"]["S"])
        assert (event.detail_type, event.data) == (facts.VIEWED, {"order_id": ORDER_ID, "view": view})
        schema.check(event.meta.schema, json.loads(json.dumps(event.detail())))
        assert event.meta.correlation_id == ORDER_ID
        assert int(row["expires_at"]["N"]) > 0

    def test_the_same_invocation_writes_it_down_once(
        self, services: Services, table: Any, aws_calls: list[str]
    ) -> None:
        get("GET /orders/{id}", OWNER)
        get("GET /orders/{id}", OWNER)
        assert len(items_of(table)) == 1

    @pytest.mark.parametrize("context", [OPERATOR, OTHER], ids=["an operator", "another"])
    @pytest.mark.parametrize("route", ROUTES)
    def test_nobody_elses_look_is(self, services: Services, table: Any, route: str, context: dict[str, Any]) -> None:
        get(route, context)
        assert items_of(table) == {}

    @pytest.mark.parametrize("route", ROUTES)
    def test_where_that_fails_the_answer_is_the_same(
        self, services: Services, table: Any, route: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
    ) -> None:
        expected = get(route, OWNER)
        monkeypatch.setenv("SAGA_TABLE", "no-such-table")
        found = get(route, OWNER)
        for answer in (expected, found):
            _without_times(answer[1])
        assert found == expected
        assert "view_lost" in capsys.readouterr().out


def _without_times(document: Any) -> None:
    if isinstance(document, dict):
        document.pop("as_of", None)
        for part in document.values():
            _without_times(part)


def test_nothing_of_a_customer_is_logged(services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    services.say("order", {**DOCUMENTS["order"], "email": "canary@example.com"})
    services.fail("stock")
    details(OWNER)
    get("GET /orders/{id}", OTHER)
    output = capsys.readouterr().out
    assert "unavailable" in output
    assert "canary" not in output
    assert CUSTOMER not in output
