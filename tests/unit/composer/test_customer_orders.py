"""A customer's orders, page by page, and the cursors that lead from one to the next."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from tests.unit.support.api import OPERATOR, a_request, ask, of_customer

from composer import handlers
from saga_kit import aws

from .conftest import CUSTOMER, THROTTLED, TIMED_OUT, Down, Services

ROUTE = "GET /customers/{id}/orders"
OWNER, OTHER = of_customer(CUSTOMER), of_customer("eve")
ALIAS = "alias/shop-test-composer-cursor"
PLACED = [
    {
        "order_id": f"00000000-0000-4000-8000-00000000000{number}",
        "placed_at": f"2026-01-31T10:00:0{number}.000Z",
        "state": "SHIPPED",
        "total": 4250,
        "currency": "EUR",
    }
    for number in (5, 4, 3, 2, 1)
]


def list_orders(question: Mapping[str, Any]) -> dict[str, Any]:
    """Answer as the read model does for a customer who has placed ``PLACED``."""
    after, limit = question["after"], question["limit"]
    found = [order for order in PLACED if not after or [order["placed_at"], order["order_id"]] < after]
    shown = found[:limit]
    return {
        "orders": shown,
        "after": [shown[-1]["placed_at"], shown[-1]["order_id"]] if len(found) > limit else None,
    }


@pytest.fixture(autouse=True)
def orders(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """A read model that knows the customer's orders, and a key that signs cursors."""
    services.answers["orders"] = list_orders
    kms = _kms()
    key = kms.create_key(KeyUsage="GENERATE_VERIFY_MAC", KeySpec="HMAC_256")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key)
    monkeypatch.setenv("COMPOSER_CURSOR_KEY", ALIAS)
    return services


def _kms() -> Any:
    return aws.client("kms")


def get(context: dict[str, Any] = OWNER, customer_id: str = CUSTOMER, **query: str) -> tuple[int, dict[str, Any]]:
    request = a_request(context=context, query=query, id=customer_id)
    return ask(handlers.get_customer_order, {**request, "routeKey": ROUTE})


def refuse_macs(monkeypatch: pytest.MonkeyPatch, how: Exception) -> None:
    """Have KMS fail for everybody."""
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def called(self: Any, operation: str, parameters: Any) -> Any:
        if operation == "GenerateMac":
            raise how
        return call(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", called)


class TestPages:
    @pytest.mark.parametrize("context", [OWNER, OPERATOR], ids=["the customer", "an operator"])
    @pytest.mark.parametrize("limit", [1, 2, 4])
    def test_page_by_page_every_order_is_shown_once_and_in_order(self, context: dict[str, Any], limit: int) -> None:
        shown: list[Any] = []
        query = {"limit": str(limit)}
        for _ in PLACED:
            status, page = get(context, **query)
            assert (status, len(page["orders"])) == (200, min(limit, len(PLACED) - len(shown)))
            shown += page["orders"]
            if "cursor" not in page:
                break
            query["cursor"] = page["cursor"]
        assert shown == PLACED

    def test_all_on_one_page_have_no_cursor(self) -> None:
        assert get(limit="5") == (200, {"orders": PLACED})

    def test_who_has_none_gets_an_empty_list(self, orders: Services) -> None:
        orders.say("orders", {"orders": [], "after": None})
        assert get() == (200, {"orders": []})

    def test_the_read_model_is_asked_and_no_other(self, orders: Services) -> None:
        get()
        assert orders.asked == [("orders", {"customer_id": CUSTOMER, "limit": 20, "after": None})]

    def test_a_cursor_holds_for_pages_of_any_size(self) -> None:
        cursor = get(limit="2")[1]["cursor"]
        assert get(limit="100", cursor=cursor) == (200, {"orders": PLACED[2:]})


class TestWrongParameters:
    @pytest.mark.parametrize("limit", ["0", "101", "-1", "1.5", "ten", "", "1" * 5000, "٣"])
    def test_a_wrong_limit_is_named(self, orders: Services, limit: str) -> None:
        status, problem = get(limit=limit)
        assert (status, problem["field"], problem["expected"]) == (400, "limit", "a whole number from 1 to 100")
        assert orders.asked == []

    def test_an_unknown_parameter_is_named(self, orders: Services) -> None:
        status, problem = get(state="SHIPPED")
        assert (status, problem["field"]) == (400, "state")
        assert orders.asked == []

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ".",
            "nonsense",
            "2026-01-31T10:00:04.000Z~00000000-0000-4000-8000-000000000004",
            "e30." + "A" * 43,
            "e30." + "ä" * 43,
            "A" * 401 + "." + "A" * 43,
        ],
    )
    def test_what_is_no_cursor_is_refused(self, orders: Services, text: str) -> None:
        status, problem = get(cursor=text)
        assert (status, problem["field"]) == (400, "cursor")
        assert orders.asked == []


class TestSignature:
    def test_every_character_of_a_cursor_counts(self, orders: Services) -> None:
        cursor = get(limit="2")[1]["cursor"]
        orders.asked.clear()
        for place, character in enumerate(cursor):
            for other in "AQ-." if character != "A" else "Q":
                tampered = cursor[:place] + other + cursor[place + 1 :]
                if tampered != cursor:
                    assert get(limit="2", cursor=tampered)[0] == 400, tampered
        for tampered in (cursor[:-1], cursor + "A", f" {cursor}", cursor + "=", cursor.partition(".")[0]):
            assert get(limit="2", cursor=tampered)[0] == 400, tampered
        assert orders.asked == []
        assert get(limit="2", cursor=cursor)[0] == 200

    def test_another_place_under_the_same_signature_is_refused(self, orders: Services) -> None:
        signature = get(limit="2")[1]["cursor"].partition(".")[2]
        place = json.dumps([PLACED[0]["placed_at"], PLACED[0]["order_id"]]).encode()
        assert get(cursor=f"{base64.urlsafe_b64encode(place).decode().rstrip('=')}.{signature}")[0] == 400

    @pytest.mark.parametrize("context", [OTHER, OPERATOR], ids=["a customer", "an operator"])
    def test_a_cursor_of_another_customers_list_is_refused(self, orders: Services, context: dict[str, Any]) -> None:
        """Also to an operator, who may see both: it leads nowhere in this list."""
        cursor = get(OWNER, limit="2")[1]["cursor"]
        orders.asked.clear()
        status, problem = get(context, "eve", cursor=cursor)
        assert (status, problem["field"]) == (400, "cursor")
        assert orders.asked == []

    def test_a_cursor_of_another_key_is_refused(self) -> None:
        cursor, kms = get(limit="2")[1]["cursor"], _kms()
        key = kms.create_key(KeyUsage="GENERATE_VERIFY_MAC", KeySpec="HMAC_256")["KeyMetadata"]["KeyId"]
        kms.update_alias(AliasName=ALIAS, TargetKeyId=key)
        assert get(cursor=cursor)[0] == 400


class TestCallers:
    def test_anothers_orders_are_not_shown(self, orders: Services) -> None:
        status, problem = get(OTHER)
        assert (status, problem["type"], problem["field"]) == (403, "urn:problem:not-your-orders", "id")
        assert orders.asked == []

    def test_who_is_not_known_gets_nothing(self, orders: Services) -> None:
        assert get({})[0] == 403
        assert orders.asked == []

    @pytest.mark.parametrize("customer_id", ["", "a/b", "-a", "a" * 65, "eve\n", "ä"])
    def test_what_is_no_customers_id_is_a_404(self, orders: Services, customer_id: str) -> None:
        assert get(OPERATOR, customer_id)[0] == get(of_customer(customer_id), customer_id)[0] == 404
        assert orders.asked == []


class TestUnavailable:
    @pytest.mark.parametrize("how", [Down(), TIMED_OUT, THROTTLED], ids=["fails", "is slow", "is throttled"])
    def test_without_the_read_model_there_is_no_list(self, orders: Services, how: Exception) -> None:
        orders.fail("orders", how)
        status, problem = get()
        assert (status, problem["type"], problem["section"]) == (503, "urn:problem:unavailable", "orders")

    @pytest.mark.parametrize(
        "how",
        [
            ReadTimeoutError(endpoint_url="https://kms.test"),
            ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "GenerateMac"),
            ClientError({"Error": {"Code": "DisabledException", "Message": "disabled"}}, "GenerateMac"),
        ],
        ids=["is slow", "is throttled", "has the key disabled"],
    )
    def test_without_a_signature_there_is_no_page_that_would_need_one(
        self, monkeypatch: pytest.MonkeyPatch, how: Exception
    ) -> None:
        cursor = get(limit="2")[1]["cursor"]
        refuse_macs(monkeypatch, how)
        for query in ({"limit": "2"}, {"cursor": cursor}):
            status, problem = get(**query)
            assert (status, problem["section"]) == (503, "orders")
        assert get() == (200, {"orders": PLACED})


def test_nothing_of_the_list_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    cursor = get(limit="2")[1]["cursor"]
    get(OTHER)
    get(cursor=cursor + "A")
    output = capsys.readouterr().out
    assert "not-your-orders" in output
    assert not [secret for secret in (CUSTOMER, cursor, PLACED[0]["order_id"]) if str(secret) in output]
