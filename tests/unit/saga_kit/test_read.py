"""Read functions: the same document over the HTTP API and for a function that asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.support.api import OPERATOR, of_customer

from saga_kit.errors import InvalidEventError, RetryLaterError
from saga_kit.read import reader

from .conftest import SAGA

CONTEXT = SimpleNamespace(aws_request_id="cccccccc-0000-4000-8000-000000000000")
PARCELS = {SAGA: {"parcel_id": SAGA, "weight": 5}}
asked: list[str] = []


@pytest.fixture(autouse=True)
def nothing_asked() -> None:
    asked.clear()


@reader("parcel_id")
def get_parcel(parcel_id: str) -> Mapping[str, Any] | None:
    """Read a parcel."""
    asked.append(parcel_id)
    return PARCELS.get(parcel_id)


@reader("box_id", owner="customer_id")
def get_box(box_id: str) -> Mapping[str, Any] | None:
    """Read a box."""
    return {"box_id": box_id, "customer_id": "ada"} if box_id == SAGA else None


@reader("shelf", "name", pattern="[A-Z]", expected="a capital letter")
def get_shelf(shelf: str) -> Mapping[str, Any] | None:
    """Read a shelf."""
    if shelf == "B":
        raise RetryLaterError("busy")
    if shelf == "C":
        raise KeyError("canary-inside")
    return {"shelf": shelf}


def over_http(handler: Any, path: object, context: object = OPERATOR) -> tuple[int, Any, dict[str, str]]:
    answer = handler({"version": "2.0", "requestContext": context, "pathParameters": path}, CONTEXT)
    return answer["statusCode"], json.loads(answer["body"]), answer["headers"]


def test_a_document_over_http_and_invoked() -> None:
    status, document, headers = over_http(get_parcel, {"id": SAGA})
    assert (status, document) == (200, PARCELS[SAGA])
    assert (headers["content-type"], headers["cache-control"]) == ("application/json", "no-store")
    assert get_parcel({"parcel_id": SAGA}, CONTEXT) == PARCELS[SAGA]
    assert asked == [SAGA, SAGA]


def test_the_function_keeps_its_name() -> None:
    assert (get_parcel.__name__, get_parcel.__doc__) == ("get_parcel", "Read a parcel.")


def test_what_is_not_there_is_a_404_over_http_and_nothing_when_invoked() -> None:
    other = SAGA.replace("0f", "1f")
    status, problem, headers = over_http(get_parcel, {"id": other})
    assert (status, problem["type"], problem["field"]) == (404, "urn:problem:not-found", "id")
    assert headers["content-type"] == "application/problem+json"
    assert get_parcel({"parcel_id": other}, CONTEXT) is None
    assert asked == [other, other]


@pytest.mark.parametrize("path", [None, {}, {"id": ""}, {"id": SAGA.upper()}, {"id": f"{SAGA}\n"}, {"parcel_id": SAGA}])
def test_over_http_what_is_no_identifier_is_not_looked_up(path: Any) -> None:
    status, problem, _ = over_http(get_parcel, path)
    assert (status, problem["field"]) == (404, "id")
    assert "a UUID in lower case" in problem["detail"]
    assert asked == []


@pytest.mark.parametrize(
    "message",
    [None, [], "text", 7, {}, {"parcel_id": None}, {"parcel_id": 7}, {"parcel_id": ""}, {"id": SAGA}]
    + [{"parcel_id": value} for value in (SAGA.upper(), f"{SAGA}\n", [SAGA])],
)
def test_an_invocation_without_an_identifier_is_refused_by_its_field(message: Any) -> None:
    with pytest.raises(InvalidEventError, match="parcel_id: expected a UUID in lower case") as refused:
        get_parcel(message, CONTEXT)
    assert refused.value.field == "parcel_id"
    assert asked == []


def test_another_form_of_identifier_has_its_own_words() -> None:
    assert over_http(get_shelf, {"name": "A"})[:2] == (200, {"shelf": "A"})
    assert get_shelf({"shelf": "A"}, CONTEXT) == {"shelf": "A"}
    status, problem, _ = over_http(get_shelf, {"name": "a"})
    assert (status, problem["field"]) == (404, "name")
    assert "a capital letter" in problem["detail"]
    with pytest.raises(InvalidEventError, match="shelf: expected a capital letter"):
        get_shelf({"shelf": "a"}, CONTEXT)


def test_an_error_is_a_problem_over_http_and_fails_an_invocation(capsys: pytest.CaptureFixture[str]) -> None:
    assert over_http(get_shelf, {"name": "B"})[0] == 503
    with pytest.raises(RetryLaterError):
        get_shelf({"shelf": "B"}, CONTEXT)
    status, problem, _ = over_http(get_shelf, {"name": "C"})
    assert (status, "canary" in json.dumps(problem)) == (500, False)
    with pytest.raises(KeyError):
        get_shelf({"shelf": "C"}, CONTEXT)
    output = capsys.readouterr().out
    assert '"KeyError"' in output
    assert "canary" not in output


def test_a_customer_sees_what_is_theirs_and_of_others_not_even_that_it_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGA_CUSTOMER_CLAIM", "sub")
    path = {"id": SAGA}
    assert over_http(get_box, path)[0] == 200
    assert over_http(get_box, path, of_customer("ada"))[0] == 200
    of_another = over_http(get_box, path, of_customer("eve"))
    assert of_another[0] == 404
    assert of_another == over_http(get_box, {"id": SAGA.replace("0f", "1f")}, of_customer("ada"))


def test_what_names_no_customer_is_shown_to_operators_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGA_CUSTOMER_CLAIM", "sub")
    assert over_http(get_parcel, {"id": SAGA})[0] == 200
    assert over_http(get_parcel, {"id": SAGA}, of_customer("ada"))[0] == 404
