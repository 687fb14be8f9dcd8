"""Requests and answers of API functions: every wrong one is a problem that names its field."""

from __future__ import annotations

import base64
import hashlib
import json
from http import HTTPStatus
from typing import Any

import pytest
from tests.unit.support.api import OPERATOR, of_customer

from saga_kit import http
from saga_kit.errors import TransactionConflictError
from saga_kit.http import Problem, Request, api_handler


def a_request(body: str = "{}", **event: Any) -> dict[str, Any]:
    return {"version": "2.0", "headers": {"Content-Type": "application/json"}, "body": body, **event}


@api_handler
def echo(request: Request) -> dict[str, Any]:
    """Answer with the body as it was understood."""
    return http.answer(HTTPStatus.OK, request.document("Meta.v1"))


def problem(event: dict[str, Any]) -> dict[str, Any]:
    answer = echo(event, None)
    assert answer["headers"]["content-type"] == "application/problem+json"
    document: dict[str, Any] = json.loads(answer["body"])
    assert document["status"] == answer["statusCode"]
    return document


@pytest.mark.parametrize("body", ["", "{", "NaN", '{"a": Infinity}', "[" * 100_000, "\ud800"])
def test_what_is_not_json_is_a_bad_request(body: str) -> None:
    assert problem(a_request(body))["status"] in {400, 413}


def test_a_body_that_breaks_the_schema_names_the_field() -> None:
    found = problem(a_request('{"event_id": 5}'))
    assert (found["status"], found["type"], found["field"]) == (422, "urn:problem:invalid-body", "schema")


def test_a_body_of_base64_is_decoded_or_refused() -> None:
    assert problem(a_request("é", isBase64Encoded=True))["type"] == "urn:problem:malformed-body"
    assert problem(a_request(base64.b64encode(b"[]").decode(), isBase64Encoded=True))["field"] == "body"
    assert problem(a_request("%%%", isBase64Encoded=True))["status"] == 400


def test_a_large_body_is_not_read() -> None:
    assert problem(a_request(" " * (http.MAX_BODY_BYTES + 1)))["status"] == 413


def test_headers_are_found_in_any_case_and_checked() -> None:
    request = http.parse(a_request(headers={"Idempotency-Key": "abc"}))
    assert request.header("idempotency-key", "[a-z]+", "letters") == "abc"
    with pytest.raises(Problem, match="idempotency-key: expected digits"):
        request.header("idempotency-key", "[0-9]+", "digits")


@pytest.mark.parametrize("value", ["", "1", "0F3E7B0A-3A52-5C1E-9D59-4C55C2F2B6A1", "x" * 36])
def test_an_identifier_that_is_no_uuid_is_not_found(value: str) -> None:
    with pytest.raises(Problem) as caught:
        http.parse(a_request(pathParameters={"id": value})).identifier("id")
    assert caught.value.status is HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", False),
        ("nonsense", False),
    ],
)
def test_a_traceparent_is_taken_only_when_it_is_one(value: str, expected: bool) -> None:
    assert (http.parse(a_request(headers={"traceparent": value})).traceparent() == value) is expected


def test_what_nobody_expected_tells_nothing_of_the_inside(capsys: pytest.CaptureFixture[str]) -> None:
    @api_handler
    def broken(_request: Request) -> dict[str, Any]:
        raise KeyError("secret-table-name")

    answer = broken(a_request(), None)
    assert answer["statusCode"] == 500
    output = capsys.readouterr().out
    assert "secret-table-name" not in answer["body"] + output
    assert "KeyError" not in answer["body"]
    assert '"KeyError"' in output
    assert "Failures" in output


def test_a_conflict_asks_to_try_again() -> None:
    @api_handler
    def busy(_request: Request) -> dict[str, Any]:
        raise TransactionConflictError("busy")

    answer = busy(a_request(), None)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "1")


def test_answers_are_not_cached_or_sniffed() -> None:
    headers = http.answer(HTTPStatus.OK, {})["headers"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_operator_signs_with_iam_and_may_see_everything() -> None:
    request = http.parse(a_request(requestContext=OPERATOR))
    assert request.caller is None
    assert request.may_see("ada")
    assert request.may_see(None)


def test_a_customer_is_who_the_claim_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGA_CUSTOMER_CLAIM", "customer")
    request = http.parse(a_request(requestContext=of_customer("ada", claim="customer")))
    assert request.caller == "ada"
    assert request.may_see("ada")
    assert not request.may_see("eve")
    assert not request.may_see(None)


@pytest.mark.parametrize(
    "context",
    [
        None,
        {},
        {"authorizer": {}},
        {"authorizer": {"iam": None}},
        {"authorizer": {"iam": {}}},
        {"authorizer": {"lambda": {"customer": "ada"}}},
        of_customer("ada", claim="sub"),
        of_customer("", claim="customer"),
        of_customer(7, claim="customer"),
        # A token that says nothing is no signature, whatever else there is.
        {"authorizer": {**OPERATOR["authorizer"], **of_customer("ada", claim="sub")["authorizer"]}},
    ],
)
def test_a_caller_of_whom_nothing_is_known_is_nobody(context: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGA_CUSTOMER_CLAIM", "customer")
    request = http.parse(a_request(requestContext=context))
    with pytest.raises(Problem, match="expected a token with customer") as caught:
        request.may_see("ada")
    assert caught.value.status is HTTPStatus.FORBIDDEN


KEY, FORMER_KEY = "k" * 32, "f" * 32


def seen(headers: dict[str, str], context: Any) -> tuple[int, list[Request]]:
    """The status of the answer to a request, and what the handler got to see of it."""
    requests: list[Request] = []

    def work(request: Request) -> dict[str, Any]:
        requests.append(request)
        return http.answer(HTTPStatus.OK, {})

    answer = api_handler(work)(a_request(headers=headers, requestContext=context), None)
    return answer["statusCode"], requests


@pytest.fixture
def edge(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = [hashlib.sha256(key.encode()).hexdigest() for key in (FORMER_KEY, KEY)]
    monkeypatch.setenv("SAGA_EDGE_KEYS", " ".join(digests))


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize("key", [KEY, FORMER_KEY])
def test_a_customer_comes_by_the_edge(key: str) -> None:
    status, requests = seen({"X-Origin-Verify": key}, of_customer("ada", claim="sub"))
    assert (status, len(requests)) == (200, 1)


@pytest.mark.usefixtures("edge")
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-origin-verify": ""},
        {"x-origin-verify": KEY[:-1]},
        {"x-origin-verify": f"{KEY},{KEY}"},
        {"x-origin-verify": hashlib.sha256(KEY.encode()).hexdigest()},
        {"x-origin-verify": "k\u00e9"},
        {"x-origin-verify": "\ud800"},
        {"x-origin-key": KEY},
    ],
)
def test_a_customer_who_goes_around_the_edge_gets_nowhere(headers: dict[str, str]) -> None:
    assert seen(headers, of_customer("ada", claim="sub")) == (403, [])
    # Not even a token that says nothing.
    assert seen(headers, {"authorizer": {"jwt": {}}}) == (403, [])


@pytest.mark.usefixtures("edge")
def test_operators_have_an_api_without_an_edge() -> None:
    assert seen({}, OPERATOR)[0] == 200


def test_without_an_edge_there_is_nothing_to_go_around() -> None:
    assert seen({}, of_customer("ada", claim="sub"))[0] == 200
