"""The console: who may see it, and what its functions may ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.plans import ACCOUNT_ID, REGION
from tests.terraform.support.project import of_type, planned

PlanOf = Callable[[str], dict[str, Any]]

CALLS = {
    "authorize": [],
    "get_page": [],
    "get_orders": ["saga_log-get_sagas"],
    "get_order": ["saga_log-get_saga"],
    "get_details": ["composer-get_details"],
    "place_order": ["inventory-receive_stock", "order-place_order"],
}


@pytest.fixture(scope="module")
def local(plan_of: PlanOf) -> dict[str, Any]:
    return planned(plan_of("local"))


def of_console(resources: dict[str, Any], kind: str) -> Iterator[tuple[str, Any]]:
    for address, values in of_type(resources, kind).items():
        if ".module.console[" in address:
            yield address.split('module.console["')[1].split('"]')[0], values


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_without_named_networks_there_is_none(environment: str, plan_of: PlanOf) -> None:
    assert [address for address in planned(plan_of(environment)) if "console" in address] == []


@pytest.mark.parametrize("name", CALLS)
def test_a_function_asks_those_that_it_names_and_touches_nothing_else(name: str, local: dict[str, Any]) -> None:
    policies = [json.loads(values["policy"]) for key, values in of_console(local, "aws_iam_role_policy") if key == name]
    statements = {statement["Sid"]: statement for policy in policies for statement in policy["Statement"]}
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:shop-local-"
    called = statements.pop("InvokeFunctions", {"Action": ["lambda:InvokeFunction"], "Resource": []})
    assert called["Action"] == ["lambda:InvokeFunction"]
    assert called["Resource"] == [f"{arn}{function}" for function in CALLS[name]]
    assert statements.keys() == {"WriteLogs", "WriteTraces"}


def test_the_details_wait_for_as_long_as_the_composer_may_take(local: dict[str, Any]) -> None:
    functions = of_type(local, "aws_lambda_function")
    (composer,) = [
        values["timeout"]
        for address, values in functions.items()
        if values["function_name"].endswith("-composer-get_details")
    ]
    details = dict(of_console(local, "aws_lambda_function"))["get_details"]
    seconds = float(details["environment"][0]["variables"]["CONSOLE_DETAILS_SECONDS"])
    assert composer <= seconds < details["timeout"] < 30


def test_every_route_asks_the_authorizer(local: dict[str, Any]) -> None:
    routes = {
        route["route_key"]: route["authorization_type"] for route in of_type(local, "aws_apigatewayv2_route").values()
    }
    of_the_page = {key: kind for key, kind in routes.items() if "/console" in key}
    assert of_the_page == dict.fromkeys(
        [
            "GET /console",
            "GET /console/files/{file}",
            "GET /console/orders",
            "GET /console/orders/{id}",
            "GET /console/orders/{id}/details",
            "POST /console/orders",
        ],
        "CUSTOM",
    )
    # Both kinds are in one API.
    assert routes["GET /sagas"] == "AWS_IAM"


def test_the_authorizer_is_asked_by_the_address(local: dict[str, Any]) -> None:
    (authorizer,) = [
        values
        for address, values in of_type(local, "aws_apigatewayv2_authorizer").items()
        if "module.api." in address and values["authorizer_type"] == "REQUEST"
    ]
    assert authorizer["identity_sources"] == ["$context.identity.sourceIp"]
    assert authorizer["authorizer_payload_format_version"] == "2.0"
    assert authorizer["enable_simple_responses"] is True
    assert authorizer["authorizer_result_ttl_in_seconds"] == 0
    functions = dict(of_console(local, "aws_lambda_function"))
    variables = functions["authorize"]["environment"][0]["variables"]
    assert variables["CONSOLE_NETWORKS"] == "127.0.0.0/8,::1/128"


def test_logs_are_kept_and_encrypted_by_a_key_of_its_own(local: dict[str, Any]) -> None:
    key = next(values for address, values in of_type(local, "aws_kms_key").items() if "aws_kms_key.console" in address)
    assert key["enable_key_rotation"] is True
    (service,) = [
        one
        for one in json.loads(key["policy"])["Statement"]
        if one["Principal"] != {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    ]
    groups = dict(of_console(local, "aws_cloudwatch_log_group"))
    assert service["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"] == [
        f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{groups[name]['name']}" for name in sorted(CALLS)
    ]
    assert {group["retention_in_days"] for group in groups.values()} == {365}
