"""The sandbox providers: what their test cards and addresses do, and the promises that both providers keep."""

from __future__ import annotations

import datetime as dt
import hmac
import json
import re
import threading
import tomllib
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from tests.unit.support.fixtures import SANDBOX_TIMEOUT_SECONDS, SECRET, SECRET_PARAMETER, TABLE
from tests.unit.support.http_server import Received
from tests.unit.support.orders import ORDER_ID, an_order
from tests.unit.support.sandbox_app import CONTEXT, payload

import sandbox as package
from saga_kit import aws, clock, outbound
from sandbox import handlers, service
from sandbox.service import CARRIER, PAYMENTS
from sandbox.store import Store

OTHER_ID = "1a2b3c4d-3a52-5c1e-9d59-4c55c2f2b6a1"


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the sandbox kept its client waiting, without the wait."""
    seconds: list[float] = []
    monkeypatch.setattr(clock, "sleep", seconds.append)
    return seconds


def call(method: str, path: str, document: object = None, **headers: str) -> tuple[int, dict[str, Any]]:
    body = b"" if document is None else json.dumps(document).encode()
    event = payload(Received(method, path, headers, body, 0))
    assert event
    answer = handlers.provider(event, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def authorize(card: str = "tok_approve", key: str = ORDER_ID, **changes: Any) -> tuple[int, dict[str, Any]]:
    document = {"amount": 4250, "currency": "EUR", "token": card, "reference": key, **changes}
    return call("POST", "/authorizations", document, **{"idempotency-key": key})


def book(postal_code: str = "1010", key: str = ORDER_ID, **changes: Any) -> tuple[int, dict[str, Any]]:
    order = an_order(postal_code=postal_code)
    parcels = [{"sku": "KETTLE-1", "quantity": 1}]
    document = {"reference": key, "ship_to": order["ship_to"], "parcels": parcels, **changes}
    return call("POST", "/shipments", document, **{"idempotency-key": key})


def void(key: str = ORDER_ID) -> tuple[int, dict[str, Any]]:
    return call("POST", f"/authorizations/{key}/void")


def cancel(key: str = ORDER_ID) -> tuple[int, dict[str, Any]]:
    return call("POST", f"/shipments/{key}/cancel")


def authorization(key: str = ORDER_ID) -> tuple[int, dict[str, Any]]:
    return call("GET", f"/authorizations/{key}")


def shipment(key: str = ORDER_ID) -> tuple[int, dict[str, Any]]:
    return call("GET", f"/shipments/{key}")


@pytest.mark.usefixtures("dynamodb")
class TestCards:
    def test_approve(self, slept: list[float]) -> None:
        status, answer = authorize()
        assert status == 201
        assert re.fullmatch("auth_[0-9a-f]{32}", answer["authorization_id"])
        assert (answer["amount"], answer["currency"], answer["last4"]) == (4250, "EUR", "4242")
        assert authorization()[1]["state"] == "authorized"
        assert slept == []

    @pytest.mark.parametrize(
        ("token", "code"), [("tok_decline", "insufficient_funds"), ("tok_no_such_card", "unknown_card")]
    )
    def test_decline(self, token: str, code: str) -> None:
        for _ in range(2):
            assert authorize(token) == (402, {"code": code})
        assert authorization() == (200, {"key": ORDER_ID, "state": "declined"})

    def test_fail(self) -> None:
        for _ in range(3):
            assert authorize("tok_fail")[0] == 500
        assert authorization()[0] == 404

    def test_fail_once(self) -> None:
        assert authorize("tok_fail_once")[0] == 500
        assert authorization() == (200, {"key": ORDER_ID, "state": "troubled"})
        assert [authorize("tok_fail_once")[0] for _ in range(2)] == [201, 201]
        assert authorization()[1]["last4"] == "3155"

    def test_timeout_never_charges(self, slept: list[float]) -> None:
        for _ in range(2):
            assert authorize("tok_timeout")[0] == 504
        assert slept == [SANDBOX_TIMEOUT_SECONDS] * 2
        assert authorization()[0] == 404

    def test_charge_then_timeout_charges_before_it_waits_and_answers_a_repeat_at_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        while_waiting: list[tuple[int, dict[str, Any]]] = []
        monkeypatch.setattr(clock, "sleep", lambda _: while_waiting.append(authorization()))
        first = authorize("tok_charge_then_timeout")
        assert [answer["state"] for _, answer in while_waiting] == ["authorized"]
        assert authorize("tok_charge_then_timeout") == first == (201, first[1])
        assert len(while_waiting) == 1


@pytest.mark.usefixtures("dynamodb")
class TestAddresses:
    def test_served(self) -> None:
        status, answer = book()
        assert status == 201
        assert re.fullmatch("SBX-[0-9]{12}", answer["tracking_code"])
        assert (answer["shipment_id"][:4], answer["carrier"]) == ("shp_", "Sandbox Express")

    def test_not_served(self) -> None:
        assert book("00000") == (422, {"code": "address_not_served"})
        assert shipment()[1]["state"] == "rejected"

    def test_fail(self) -> None:
        assert [book("99999")[0] for _ in range(3)] == [500, 500, 500]
        assert shipment()[0] == 404

    def test_fail_once(self) -> None:
        assert [book("66666")[0] for _ in range(3)] == [500, 201, 201]

    def test_timeout_never_books(self, slept: list[float]) -> None:
        assert book("88888")[0] == 504
        assert (slept, shipment()[0]) == ([SANDBOX_TIMEOUT_SECONDS], 404)

    def test_book_then_timeout(self, slept: list[float]) -> None:
        assert book("77777") == book("77777")
        assert slept == [SANDBOX_TIMEOUT_SECONDS]
        assert shipment()[1]["state"] == "booked"

    def test_waits_five_seconds_unless_told(self, slept: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("SANDBOX_TIMEOUT_SECONDS")
        book("88888")
        assert slept == [5]


@pytest.mark.usefixtures("dynamodb")
@pytest.mark.parametrize(
    ("ask", "end", "look", "ended"),
    [(authorize, void, authorization, "voided"), (book, cancel, shipment, "cancelled")],
    ids=["payments", "carrier"],
)
class TestPromises:
    def test_a_repeat_gets_the_first_answer(self, ask: Any, end: Any, look: Any, ended: str) -> None:
        assert ask() == ask()

    def test_ids_are_derived_from_the_key(self, ask: Any, end: Any, look: Any, ended: str) -> None:
        first, other = ask()[1], ask(key=OTHER_ID)[1]
        for name in {"authorization_id", "shipment_id", "tracking_code"} & set(first):
            assert first[name] != other[name]

    def test_another_body_under_the_same_key_is_refused(self, ask: Any, end: Any, look: Any, ended: str) -> None:
        ask()
        before = look()
        change = {"amount": 1} if ended == "voided" else {"parcels": [{"sku": "MUG-2", "quantity": 9}]}
        assert ask(**change) == (422, {"code": "idempotency_key_reused"})
        assert look() == before

    def test_an_end_is_a_fence_for_a_key_never_seen(self, ask: Any, end: Any, look: Any, ended: str) -> None:
        assert end() == (200, {"key": ORDER_ID, "state": ended})
        assert ask() == (409, {"code": ended})
        assert look() == (200, {"key": ORDER_ID, "state": ended})
        assert ask(key=OTHER_ID)[0] == 201

    def test_an_end_takes_back_what_was_done_and_can_be_repeated(
        self, ask: Any, end: Any, look: Any, ended: str
    ) -> None:
        accepted = ask()[1]
        assert end() == end() == (200, {"key": ORDER_ID, "state": ended})
        assert ask() == (409, {"code": ended})
        assert look() == (200, {"key": ORDER_ID, "state": ended, **accepted})

    def test_an_end_fences_a_retry_after_a_failure(self, ask: Any, end: Any, look: Any, ended: str) -> None:
        fail_once = "tok_fail_once" if ended == "voided" else "66666"
        assert ask(fail_once)[0] == 500
        end()
        assert ask(fail_once) == (409, {"code": ended})

    def test_an_unknown_key_is_not_found(self, ask: Any, end: Any, look: Any, ended: str) -> None:
        assert look() == (404, {"code": "not_found"})

    def test_only_one_of_many_requests_at_once_takes_effect(
        self, ask: Any, end: Any, look: Any, ended: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        creations: list[bool] = []
        create = Store.create

        def counted(self: Store, pk: str, row: Any) -> Any:
            found = create(self, pk, row)
            creations.append(found is None)
            return found

        monkeypatch.setattr(Store, "create", counted)
        answers: list[Any] = []
        threads = [threading.Thread(target=lambda: answers.append(ask())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(creations) == [False, False, False, True]
        assert answers == [answers[0]] * 4

    def test_an_end_between_the_failure_and_its_repair_wins(
        self, ask: Any, end: Any, look: Any, ended: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail_once = "tok_fail_once" if ended == "voided" else "66666"
        ask(fail_once)
        move = Store.move

        def late(self: Store, *arguments: Any) -> Any:
            end()
            return move(self, *arguments)

        monkeypatch.setattr(Store, "move", late)
        assert ask(fail_once) == (409, {"code": ended})

    def test_rows_are_forgotten_after_thirty_days(
        self, ask: Any, end: Any, look: Any, ended: str, dynamodb: Any
    ) -> None:
        ask()
        end(OTHER_ID)
        rows = dynamodb.scan(TableName=TABLE)["Items"]
        in_30_days = clock.after(30 * 24 * 3600).timestamp()
        assert [abs(int(row["expires_at"]["N"]) - in_30_days) < 60 for row in rows] == [True, True]

    def test_nothing_of_the_customer_is_kept_or_logged(
        self, ask: Any, end: Any, look: Any, ended: str, dynamodb: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ask()
        ask("tok_decline" if ended == "voided" else "00000", key=OTHER_ID)
        kept = json.dumps(dynamodb.scan(TableName=TABLE)["Items"])
        output = capsys.readouterr().out
        assert "answered" in output
        for canary in ("Canary", "tok_", "KETTLE"):
            assert canary not in kept
            assert canary not in output


@pytest.mark.usefixtures("dynamodb")
class TestMalformedRequests:
    @pytest.mark.parametrize(
        ("ask", "change", "field"),
        [
            (authorize, {"amount": 0}, "amount"),
            (authorize, {"amount": 1.5}, "amount"),
            (authorize, {"currency": "eur"}, "currency"),
            (authorize, {"token": "4242424242424242"}, "token"),
            (authorize, {"reference": OTHER_ID}, "reference"),
            (authorize, {"card_number": "4242424242424242"}, "card_number"),
            (book, {"parcels": []}, "parcels"),
            (book, {"ship_to": {"name": "x"}}, "ship_to.line1"),
            (book, {"reference": "x"}, "reference"),
        ],
    )
    def test_name_the_field(self, ask: Any, change: dict[str, Any], field: str) -> None:
        status, problem = ask(**change)
        assert (status, problem["field"]) == (422, field)
        assert authorization()[0] == shipment()[0] == 404

    def test_without_an_idempotency_key(self) -> None:
        status, problem = call("POST", "/authorizations", {})
        assert (status, problem["field"]) == (400, "idempotency-key")

    @pytest.mark.parametrize("path", ["/authorizations/x", "/shipments/X"])
    def test_with_a_key_that_is_none(self, path: str) -> None:
        assert call("GET", path)[0] == 404

    def test_to_a_route_that_is_none(self) -> None:
        answer = handlers.provider({"routeKey": "$default", "rawPath": "/admin"}, CONTEXT)
        assert answer["statusCode"] == HTTPStatus.NOT_FOUND


class TestAuthorizer:
    @pytest.fixture(autouse=True)
    def parameters(self, dynamodb: Any) -> None:
        """SSM holds the secret."""

    def authorized(self, headers: dict[str, str] | None) -> bool:
        answer = handlers.authorize({"version": "2.0", "type": "REQUEST", "headers": headers}, CONTEXT)
        assert list(answer) == ["isAuthorized"]
        allowed: bool = answer["isAuthorized"]
        return allowed

    @pytest.mark.parametrize("header", [f"Bearer {SECRET}", f"bearer {SECRET}"])
    def test_lets_the_secret_in(self, header: str) -> None:
        assert self.authorized({"authorization": header}) is True
        assert self.authorized({"Authorization": header}) is True

    @pytest.mark.parametrize(
        "headers",
        [
            None,
            {},
            {"authorization": ""},
            {"authorization": SECRET},
            {"authorization": "Bearer"},
            {"authorization": "Bearer "},
            {"authorization": f"Basic {SECRET}"},
            {"authorization": f"Bearer {SECRET}x"},
            {"authorization": f"Bearer {SECRET[:-1]}"},
            {"authorization": f"Bearer {SECRET} "},
            {"authorization": "Bearer ümlaut\ud800"},
            {"x-authorization": f"Bearer {SECRET}"},
        ],
    )
    def test_lets_nothing_else_in(self, headers: dict[str, str] | None) -> None:
        assert self.authorized(headers) is False

    def test_notices_a_new_secret_within_ten_seconds_and_asks_no_more_often(
        self, calls: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        started = clock.now()
        self.at(started, 0, monkeypatch)
        assert self.authorized({"authorization": f"Bearer {SECRET}"})
        aws.client("ssm").put_parameter(Name=SECRET_PARAMETER, Value="new", Type="SecureString", Overwrite=True)
        calls.clear()
        self.at(started, 9, monkeypatch)
        assert [self.authorized({"authorization": "Bearer new"}) for _ in range(3)] == [False] * 3
        assert calls == []
        self.at(started, 11, monkeypatch)
        assert self.authorized({"authorization": "Bearer new"})
        assert [self.authorized({"authorization": "Bearer guess"}) for _ in range(3)] == [False] * 3
        assert calls == ["GetParameter"]

    def at(self, started: dt.datetime, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
        moment = started + dt.timedelta(seconds=seconds)
        monkeypatch.setattr(clock, "now", lambda: moment)

    def test_compares_in_constant_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[tuple[bytes, bytes]] = []

        def compare(left: bytes, right: bytes) -> bool:
            compared.append((left, right))
            return left == right

        monkeypatch.setattr(hmac, "compare_digest", compare)
        assert self.authorized({"authorization": f"Bearer {SECRET}"})
        assert compared == [(SECRET.encode(), SECRET.encode())]

    def test_says_neither_the_secret_nor_what_was_shown(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.authorized({"authorization": "Bearer canary-guess"})
        aws.client("ssm").delete_parameter(Name=SECRET_PARAMETER)
        handlers._secret.cache_clear()
        with pytest.raises(Exception, match="ParameterNotFound"):
            self.authorized({"authorization": "Bearer canary-guess"})
        output = capsys.readouterr().out
        assert "failed" in output
        assert "canary" not in output


class TestDocumentation:
    @pytest.fixture
    def readme(self) -> str:
        return (Path(package.__file__).parent / "README.md").read_text(encoding="utf-8")

    def test_lists_every_route_card_and_address(self, readme: str) -> None:
        rows = re.findall(r"^\| `([^`]+)` \|", readme, re.MULTILINE)
        assert set(rows) - {"token", "ship_to.postal_code"} == {*handlers.ROUTES, *service.CARDS, *service.POSTAL_CODES}

    def test_package_needs_nobody_elses_schemas(self) -> None:
        manifest = tomllib.loads((Path(package.__file__).parent / "package.toml").read_text())
        assert manifest["package"]["consumes"] == []

    def test_the_client_gives_up_before_the_sandbox_answers(self) -> None:
        assert handlers.DEFAULT_TIMEOUT_SECONDS > outbound.READ_TIMEOUT_SECONDS + 1


def test_words_of_the_two_providers_differ() -> None:
    def words(kind: service.Provider) -> set[str]:
        return {kind.prefix, kind.accepted, kind.refused, kind.ended}

    assert not words(PAYMENTS) & words(CARRIER)
