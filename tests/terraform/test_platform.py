"""What the platform's functions may do, where their failures go and who may call them, from its plan."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.plans import ACCOUNT_ID, EDGE_KEY, REGION
from tests.terraform.support.project import of_type, planned

PlanOf = Callable[[str], dict[str, Any]]

BUS, QUEUE, NOWHERE = "bus", "queue", "nowhere"


@dataclass(frozen=True)
class Function:
    """What is expected of a function."""

    failures_go_to: str = NOWHERE
    table: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()
    statements: frozenset[str] = frozenset()


def function(
    failures_go_to: str, *table: str, variables: tuple[str, ...] = (), statements: tuple[str, ...] = ()
) -> Function:
    return Function(
        failures_go_to,
        frozenset(table),
        frozenset({*variables, *(["SAGA_TABLE"] if table else [])}),
        frozenset(
            {
                "WriteLogs",
                "WriteTraces",
                *statements,
                *(["UseTable"] if table else []),
                *({BUS: ["PublishFailures"], QUEUE: ["SendFailures"]}.get(failures_go_to, [])),
            }
        ),
    )


PORT = ("PROVIDER_URL", "PROVIDER_SECRET_PARAMETER")
COMPOSES = ("COMPOSER_SOURCES", "COMPOSER_CALL_SECONDS", "COMPOSER_SECONDS")
RELAY = function(NOWHERE, variables=("SAGA_BUS",), statements=("PublishEvents", "SendFailures"))
FUNCTIONS = {
    "order/place_order": function(BUS, "UpdateItem", variables=("SAGA_DEADLINE_SECONDS",)),
    "order/reverse_order": function(QUEUE, "UpdateItem"),
    "order/request_cancellation": function(NOWHERE, "GetItem", "UpdateItem"),
    "order/get_order": function(NOWHERE, "GetItem"),
    "order/relay": RELAY,
    "inventory/chk_inventory": function(BUS, "BatchGetItem", "UpdateItem"),
    "inventory/reverse_inv": function(QUEUE, "UpdateItem"),
    "inventory/receive_stock": function(NOWHERE, "BatchGetItem", "UpdateItem"),
    "inventory/get_stock": function(NOWHERE, "BatchGetItem", "GetItem"),
    "inventory/relay": RELAY,
    "payment/process_pymt": function(BUS, "UpdateItem", variables=PORT, statements=("ReadParameters",)),
    "payment/reverse_pymt": function(QUEUE, "UpdateItem", variables=PORT, statements=("ReadParameters",)),
    "payment/get_payment": function(NOWHERE, "GetItem"),
    "payment/relay": RELAY,
    "shipping/shipping": function(BUS, "UpdateItem", variables=PORT, statements=("ReadParameters",)),
    "shipping/reverse_ship": function(QUEUE, "UpdateItem", variables=PORT, statements=("ReadParameters",)),
    "shipping/get_shipment": function(NOWHERE, "GetItem"),
    "shipping/relay": RELAY,
    "notification/notify_customer": function(QUEUE, "UpdateItem", variables=("MAIL_FROM",), statements=("SendMail",)),
    "notification/get_notices": function(NOWHERE, "GetItem"),
    "notification/relay": RELAY,
    "saga_log/record_event": function(
        QUEUE, "PutItem", "UpdateItem", variables=("SAGA_LOG_KEEP_DAYS", "SAGA_COMPLETED", "SAGA_REVERSED")
    ),
    "saga_log/watch_deadlines": function(
        QUEUE, "GetItem", "UpdateItem", variables=("SAGA_STUCK_AFTER_SECONDS",), statements=("QueryIndexes",)
    ),
    "saga_log/relay": RELAY,
    "saga_log/get_saga": function(NOWHERE, "Query", variables=("SAGA_COMPLETED", "SAGA_REVERSED")),
    "saga_log/get_sagas": function(
        NOWHERE, variables=("SAGA_TABLE", "SAGA_STUCK_AFTER_SECONDS"), statements=("QueryIndexes",)
    ),
    "composer/get_customer_order": function(
        NOWHERE,
        "PutItem",
        variables=(*COMPOSES, "COMPOSER_CURSOR_KEY"),
        statements=("InvokeFunctions",),
    ),
    "composer/get_details": function(NOWHERE, "PutItem", variables=COMPOSES, statements=("InvokeFunctions",)),
    "composer/cache_manager_payments": function(QUEUE, "PutItem", variables=COMPOSES, statements=("InvokeFunctions",)),
    "composer/relay": RELAY,
    "read_model/store_events": function(
        NOWHERE, "PutItem", variables=("READ_MODEL_KEEP_DAYS",), statements=("ReceiveEvents",)
    ),
    "read_model/project_g1": function(
        NOWHERE, variables=("SAGA_FURTHER_TABLES",), statements=("UseTableG1", "ReceiveEvents")
    ),
    "read_model/get_customer_orders": function(
        NOWHERE, variables=("SAGA_FURTHER_TABLES",), statements=("QueryIndexes",)
    ),
    "read_model/get_orders": function(NOWHERE, variables=("SAGA_FURTHER_TABLES",), statements=("QueryIndexes",)),
    "read_model/get_events": function(NOWHERE, "Query"),
    "sandbox/provider": function(NOWHERE, "GetItem", "PutItem", "UpdateItem", variables=("SANDBOX_TIMEOUT_SECONDS",)),
    "sandbox/authorize": function(NOWHERE, variables=("SANDBOX_SECRET_PARAMETER",), statements=("ReadParameters",)),
}
EVERY_FUNCTION = {
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_SERVICE_NAME",
    "SAGA_FUNCTION",
    "SAGA_SOURCE",
}


def key_of(address: str) -> str:
    """`<service>/<function>` of a resource in modules/function."""
    service = re.search(r'module\.service\["(\w+)"\]|module\.(sandbox)\[0\]|module\.(composer|read_model)\.', address)
    name = re.search(r'module\.function\["(\w+)"\]', address)
    assert service, address
    assert name, address
    return f"{service.group(service.lastindex or 0)}/{name.group(1)}"


def of_functions(plan: dict[str, Any], kind: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for address, values in of_type(planned(plan), kind).items():
        if "module.function[" in address:
            found.setdefault(key_of(address), []).append({"address": address, **values})
    return found


def statements_of(policies: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for policy in policies:
        if "policy" in policy:
            yield from json.loads(policy["policy"])["Statement"]


@pytest.fixture(scope="module")
def dev(plan_of: PlanOf) -> dict[str, Any]:
    return plan_of("dev")


def test_the_platform_has_these_functions(dev: dict[str, Any]) -> None:
    assert of_functions(dev, "aws_lambda_function").keys() == FUNCTIONS.keys()


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_function_finds_its_settings(key: str, plan_of: PlanOf) -> None:
    # With the sandbox, the apply finds out where a provider is, and the plan then tells none of the variables.
    plan = plan_of("prod" if "PROVIDER_URL" in FUNCTIONS[key].variables else "dev")
    (found,) = of_functions(plan, "aws_lambda_function")[key]
    service, name = key.split("/")
    variables = found["environment"][0]["variables"]
    assert variables["SAGA_SOURCE"] == f"shop.{service}"
    assert variables["SAGA_FUNCTION"] == name
    assert variables["POWERTOOLS_SERVICE_NAME"] == service
    assert variables.keys() == EVERY_FUNCTION | FUNCTIONS[key].variables
    package = "saga_kit.relay" if name == "relay" else f"{service}.handlers"
    handler = "handler" if name == "relay" else "project" if name.startswith("project_") else name
    assert found["handler"] == f"{package}.{handler}"
    assert found["s3_key"] == f"releases/1.0.0/{'relay' if name == 'relay' else service}.zip"


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_role_permits_what_its_function_does_and_no_more(key: str, dev: dict[str, Any]) -> None:
    policies = of_functions(dev, "aws_iam_role_policy")[key]
    (access,) = [policy for policy in policies if '["access"]' in policy["address"]]
    statements = {statement["Sid"]: statement for statement in statements_of([access])}
    assert statements.keys() == FUNCTIONS[key].statements
    if FUNCTIONS[key].table:
        service, _ = key.split("/")
        assert set(statements["UseTable"]["Action"]) == {f"dynamodb:{action}" for action in FUNCTIONS[key].table}
        assert statements["UseTable"]["Resource"] == [
            f"arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/shop-dev-{service}"
        ]


@pytest.mark.parametrize("key", FUNCTIONS)
def test_a_failure_has_somewhere_to_go(key: str, dev: dict[str, Any]) -> None:
    configured = of_functions(dev, "aws_lambda_function_event_invoke_config").get(key, [])
    destinations = [
        config["destination_config"][0]["on_failure"][0]["destination"].split(":")[2] for config in configured
    ]
    assert destinations == {BUS: ["events"], QUEUE: ["sqs"], NOWHERE: []}[FUNCTIONS[key].failures_go_to]
    targets = of_functions(dev, "aws_cloudwatch_event_target").get(key, [])
    assert all(target["dead_letter_config"] and target["retry_policy"] for target in targets)
    queued = [target for target in targets if ":sqs:" in target["arn"]]
    if queued:
        assert len(queued) == len(targets)
        queues = {queue["name"].rpartition("-")[2]: queue for queue in of_functions(dev, "aws_sqs_queue")[key]}
        (redrive,) = of_functions(dev, "aws_sqs_queue_redrive_policy")[key]
        policy = json.loads(redrive["redrive_policy"])
        assert policy["deadLetterTargetArn"].endswith(f":{queues['failed']['name']}")
    assert not targets or destinations or queued


def test_no_permission_has_a_wildcard(dev: dict[str, Any]) -> None:
    roles = of_functions(dev, "aws_iam_role_policy")
    for key, policies in roles.items():
        for statement in statements_of(policies):
            assert not any("*" in action for action in statement["Action"]), (key, statement)
            if statement["Effect"] == "Deny" or statement["Sid"] in {"WriteTraces", "SeeNetworkInterfaces"}:
                continue  # X-Ray, and what describes in EC2, have nothing to name.
            if statement["Sid"] in {"MakeNetworkInterfaces", "ManageNetworkInterfaces"}:
                # A network interface has no name before it exists.
                statement["Resource"].remove(f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:network-interface/*")
            for resource in statement["Resource"]:
                # Lambda names the streams in the function's own log group as it goes.
                assert "*" not in resource.removesuffix(":log-stream:*"), (key, statement)


def test_the_watchdog_runs_every_minute_and_is_heard(dev: dict[str, Any]) -> None:
    (rule,) = of_functions(dev, "aws_cloudwatch_event_rule")["saga_log/watch_deadlines"]
    assert (rule["schedule_expression"], rule["event_bus_name"]) == ("rate(1 minute)", "default")
    reacting = of_functions(dev, "aws_cloudwatch_event_rule")["shipping/reverse_ship"]
    patterns = [json.loads(rule["event_pattern"]) for rule in reacting]
    assert {"source": ["shop.saga_log"], "detail-type": ["SagaDeadlineExceeded"]} in patterns


def test_of_the_saga_log_only_what_carries_an_event_is_relayed(dev: dict[str, Any]) -> None:
    mappings = of_functions(dev, "aws_lambda_event_source_mapping")
    assert mappings.pop("read_model/project_g1")
    assert mappings.pop("read_model/store_events")
    (mapping,) = mappings.pop("saga_log/relay")
    (criteria,) = mapping["filter_criteria"]
    (pattern,) = (json.loads(one["pattern"]) for one in criteria["filter"])
    assert pattern == {"dynamodb": {"NewImage": {"outbox": {"S": [{"exists": True}]}}}}
    # Of what the composer writes down, what expires is no event.
    (composer,) = mappings.pop("composer/relay")
    (only_new,) = (json.loads(one["pattern"]) for one in composer["filter_criteria"][0]["filter"])
    assert only_new == {"eventName": ["INSERT"]}
    assert not any(one["filter_criteria"] for (one,) in mappings.values())


def test_figures_of_environments_do_not_add_up(dev: dict[str, Any]) -> None:
    functions = of_functions(dev, "aws_lambda_function")
    namespaces = {
        one["environment"][0]["variables"]["POWERTOOLS_METRICS_NAMESPACE"]
        for found in functions.values()
        for one in found
        if one.get("environment") and one["environment"][0].get("variables")
    }
    assert namespaces == {"shop-dev"}


CUSTOMERS = {
    "POST /orders",
    "GET /orders/{id}",
    "GET /orders/{id}/details",
    "GET /orders/{id}/payment",
    "GET /customers/{id}/orders",
    "POST /orders/{id}/cancellation",
}
ANSWERING_CUSTOMERS = {
    "order/place_order",
    "order/request_cancellation",
    *(f"composer/{name}" for name in ("get_customer_order", "get_details", "cache_manager_payments")),
}
OPERATORS = {"GET /orders", "GET /orders/{id}/saga", "GET /sagas", "GET /stock/{sku}", "PUT /stock/{sku}"}


@pytest.mark.parametrize(("environment", "for_customers"), [("dev", set()), ("prod", CUSTOMERS)])
def test_every_route_is_authorized(environment: str, for_customers: set[str], plan_of: PlanOf) -> None:
    found: dict[str, dict[str, str]] = {"api": {}, "customer_api": {}, "sandbox_api": {}}
    for address, route in of_type(planned(plan_of(environment)), "aws_apigatewayv2_route").items():
        (api,) = (name for name in found if f"module.{name}." in address or f"module.{name}[0]." in address)
        found[api][route["route_key"]] = route["authorization_type"]
    assert found["api"] == dict.fromkeys(CUSTOMERS | OPERATORS, "AWS_IAM")
    assert found["customer_api"] == dict.fromkeys(for_customers, "JWT")


def test_functions_know_a_customer_by_the_claim(plan_of: PlanOf) -> None:
    claims = {
        key: one["environment"][0]["variables"].get("SAGA_CUSTOMER_CLAIM")
        for key, (one,) in of_functions(plan_of("prod"), "aws_lambda_function").items()
    }
    assert {key for key, claim in claims.items() if claim == "sub"} == ANSWERING_CUSTOMERS
    assert {claim for key, claim in claims.items() if key not in ANSWERING_CUSTOMERS} == {None}


def test_what_answers_customers_asks_for_the_key_of_the_edge(plan_of: PlanOf) -> None:
    plan = plan_of("prod")
    digests = {
        key: one["environment"][0]["variables"].get("SAGA_EDGE_KEYS")
        for key, (one,) in of_functions(plan, "aws_lambda_function").items()
    }
    (distribution,) = of_type(planned(plan), "aws_cloudfront_distribution").values()
    routes = of_type(planned(plan), "aws_apigatewayv2_route").items()
    invoked = {route["route_key"] for address, route in routes if "module.customer_api[0]" in address}
    assert {origin["custom_header"][0]["value"] for origin in distribution["origin"]} == {EDGE_KEY}
    assert {key for key, digest in digests.items() if digest} == ANSWERING_CUSTOMERS
    assert {digest for digest in digests.values() if digest} == {hashlib.sha256(EDGE_KEY.encode()).hexdigest()}
    # What is only read is asked for again; the paths that are written as well are not among these.
    patterns = {behavior["path_pattern"] for behavior in distribution["ordered_cache_behavior"]}
    assert patterns == {"/customers/*/orders", "/orders/*/details", "/orders/*/payment"}
    assert invoked == CUSTOMERS
    (api,) = (
        api for address, api in of_type(planned(plan), "aws_apigatewayv2_api").items() if "customer_api[0]" in address
    )
    assert api["disable_execute_api_endpoint"] is True


def test_the_sandbox_asks_for_its_secret(dev: dict[str, Any]) -> None:
    routes = of_type(planned(dev), "aws_apigatewayv2_route")
    found = {
        route["route_key"]: route["authorization_type"]
        for address, route in routes.items()
        if "module.sandbox_api" in address
    }
    assert found == dict.fromkeys(
        [
            "GET /authorizations/{key}",
            "GET /shipments/{key}",
            "POST /authorizations",
            "POST /authorizations/{key}/void",
            "POST /shipments",
            "POST /shipments/{key}/cancel",
        ],
        "CUSTOM",
    )


def test_the_secret_is_in_no_plan(dev: dict[str, Any]) -> None:
    (parameter,) = of_type(planned(dev), "aws_ssm_parameter").values()
    assert parameter["type"] == "SecureString"
    assert parameter.get("value") is None
    assert parameter.get("value_wo") is None
