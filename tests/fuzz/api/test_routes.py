"""Every operation of the document, asked for what it allows and what it does not: no 5xx, and answers as it says."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.e2e.support.waiting import eventually
from tests.fuzz.api.conftest import DOCUMENT

from local_platform.client import Client
from local_platform.customers import Customer
from local_platform.scenarios import PRICES, SCENARIOS, STOCK

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
"""Requests of each operation, kind of caller and kind of input."""
CONFORMANCE = [status_code_conformance, content_type_conformance, response_schema_conformance]
BUSY = {429, 503}
"""What asks to come again: on a machine with much other work, a service may miss its budget once, and not for ever."""
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)

SCHEMA = schemathesis.openapi.from_dict(yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")))
FOUND: list[Any] = list(SCHEMA.get_all_operations())
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in FOUND)}
CALLERS = [
    pytest.param(label, caller, id=f"{label} by {caller}")
    for label, operation in OPERATIONS.items()
    for caller in sorted({name for way in operation.definition.raw["security"] for name in way})
]


class Signed(AuthBase):
    """Signs a request with IAM."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
        request = AWSRequest(prepared.method, prepared.url, data=body or b"")
        region = self._client.environment["AWS_REGION"]
        SigV4Auth(self._client._credentials, "execute-api", region).add_auth(request)
        prepared.headers.update({name: str(value) for name, value in request.headers.items()})
        return prepared


class Token(AuthBase):
    """Shows a customer's token."""

    def __init__(self, customer: Customer) -> None:
        self._token = customer.token

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = f"Bearer {self._token}"
        return prepared


@pytest.fixture(scope="session")
def known(client: Client, customer: Customer) -> Mapping[str, str]:
    """What there is, by the first part of its path: the customer with an order that has shipped, an item in stock."""
    for sku, quantity in STOCK.items():
        client.stock(f"fuzz-{sku}", sku, quantity, PRICES[sku])
    order = {**SCENARIOS["ships"].order, "customer_id": customer.customer_id}
    order_id = client.place(order, str(uuid.uuid4()))
    client.finished_story(order_id, timeout=300)
    return {"customers": customer.customer_id, "orders": order_id, "stock": next(iter(STOCK))}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("label", "caller"), CALLERS)
def test_no_request_gets_anything_but_what_the_document_says(
    label: str, caller: str, mode: GenerationMode, client: Client, customer: Customer, known: Mapping[str, str]
) -> None:
    operation = OPERATIONS[label]
    endpoint, auth = (client.endpoint, Signed(client)) if caller == "iam" else (customer.endpoint, Token(customer))
    there = {parameter.name: known[operation.path.split("/")[1]] for parameter in operation.path_parameters}
    answered: set[int] = set()

    def answer(case: Any) -> Any:
        response = case.call(base_url=endpoint, auth=auth, timeout=60)
        if response.status_code in BUSY:
            case.validate_response(response, checks=CONFORMANCE)
        assert response.status_code not in BUSY, response.text
        return response

    def ask(case: Any) -> None:
        response = eventually(lambda: answer(case))
        answered.add(response.status_code)
        case.validate_response(response, checks=[not_a_server_error, *CONFORMANCE])

    strategies = [operation.as_strategy(mode)]
    if there and (operation.query or operation.body):
        strategies.append(operation.as_strategy(mode, path_parameters=there))
    if label == "POST /orders" and mode is GenerationMode.POSITIVE:
        strategies.append(operation.as_strategy(mode).map(lambda case: _of_the_shop(case, customer)))
    for strategy in strategies:
        SETTINGS(hypothesis.given(case=strategy)(ask))()
    if there and mode is GenerationMode.POSITIVE:
        ask(operation.Case(path_parameters=dict(there), **_body_of(operation)))
    assert answered, "nothing was asked"
    if mode is GenerationMode.POSITIVE:
        assert min(answered) < 300, f"nothing but refusals: {sorted(answered)}"
    print(f"{label} by {caller}, {mode.value}: {sorted(answered)}")


def _of_the_shop(case: Any, customer: Customer) -> Any:
    """A case with what no schema tells: whose order it is, a currency, a country and a total that the shop takes."""
    lines = [
        {**line, "quantity": min(line["quantity"], 10), "unit_price": min(line["unit_price"], 5_000)}
        for line in case.body["lines"]
    ]
    ship_to = {**case.body["ship_to"], "country": "AT"}
    of_the_shop = {"customer_id": customer.customer_id, "currency": "EUR", "lines": lines, "ship_to": ship_to}
    case.body = {**case.body, **of_the_shop}
    return case


def _body_of(operation: Any) -> dict[str, Any]:
    """A body for an operation that takes one: a delivery."""
    if not operation.body:
        return {}
    body = {"delivery_id": "fuzz", "quantity": 1, "unit_price": 500, "currency": "EUR"}
    return {"body": body, "media_type": "application/json"}


def test_the_known_order_is_answered_well(client: Client, customer: Customer, known: Mapping[str, str]) -> None:
    """What is asked for by its real id is there: the others are not all refused."""
    for path in ("", "/details", "/payment"):
        assert client.request("GET", f"/orders/{known['orders']}{path}").status_code == 200
        assert customer.request("GET", f"/orders/{known['orders']}{path}").status_code == 200

    def listed() -> None:
        for caller in (client, customer):
            page = caller.request("GET", f"/customers/{known['customers']}/orders?limit=100").json()
            assert known["orders"] in {order["order_id"] for order in page["orders"]}

    eventually(listed)
