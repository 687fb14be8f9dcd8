"""docs/openapi.yaml is a valid document, and says of the routes and the bodies what Terraform and the code say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
from tests.support import plans

LAMBDAS = Path(__file__).resolve().parents[3] / "lambdas"
BODIES = {
    "PlaceOrder": "order/schemas/PlaceOrderRequest.v1.json",
    "ReceiveStock": "inventory/schemas/ReceiveStockRequest.v1.json",
}
METHODS = {"get", "post", "put", "patch", "delete"}


def routes(document: dict[str, Any]) -> dict[str, set[str]]:
    """The document's routes, each with who may call it."""
    return {
        f"{method.upper()} {path}": {name for way in operation["security"] for name in way}
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    }


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    openapi_spec_validator.validate(document)


def test_it_has_every_route_and_no_other(document: dict[str, Any]) -> None:
    planned: dict[str, set[str]] = {}
    for route in plans.resources(plans.of_platform(), "aws_apigatewayv2_route"):
        for module, caller in {"module.api": "iam", "module.customer_api[0]": "customer"}.items():
            # What people see of the console is no part of the interface for programs.
            if route.module.endswith(module) and " /console" not in route.values["route_key"]:
                planned.setdefault(route.values["route_key"], set()).add(caller)
    assert routes(document) == planned


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_what_the_function_takes(document: dict[str, Any], name: str) -> None:
    schema = json.loads((LAMBDAS / BODIES[name]).read_text(encoding="utf-8"))
    expected = {key: value for key, value in schema.items() if key not in {"$schema", "$id", "title"}}
    assert document["components"]["schemas"][name] == expected


def test_every_error_is_problem_details_or_the_apis_own_word(document: dict[str, Any]) -> None:
    for name, response in document["components"]["responses"].items():
        assert set(response["content"]) <= {"application/problem+json", "application/json"}, name
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert errors, (method, path)
            assert all(set(answer) == {"$ref"} for answer in errors.values()), (method, path)
            assert not any(status.startswith("50") and status != "503" for status in errors), (method, path)
