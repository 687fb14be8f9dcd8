"""The deployment that options name, and errors when they name none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import click
import pytest
from moto import mock_aws

from environments import options, target
from local_platform.client import PlatformError

OUTPUTS = {
    "api": {"endpoint": "https://a1.execute-api.eu-central-1.amazonaws.com"},
    "functions": {"order/relay": {"name": "shop-dev-order-relay"}},
    "queues": {},
}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def session_of(pages: list[Any]) -> Any:
    """A session whose clients answer every listing with these pages."""
    client = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda: pages))
    return SimpleNamespace(client=lambda _: client, region_name="eu-west-1")


def find(**chosen: Any) -> target.Target:
    none = dict.fromkeys(("environment", "outputs", "profile", "region", "local", "api"))
    return options.find(**{**none, "namespace": "shop", "with_api": False, **chosen})


def test_a_name_that_is_too_long_is_cut_as_terraform_cuts_it() -> None:
    # From modules/names/tests/names.tftest.hcl's rule: the start, a hyphen, eight digits of the SHA-256 of the whole.
    assert target.cut("shop-dev-api", 128) == "shop-dev-api"
    assert target.cut("a" * 20, 20) == "a" * 20
    cut = target.cut("a" * 21, 20)
    assert (len(cut), cut[:12]) == (20, "a" * 11 + "-")


def test_queues_and_functions_are_found_by_their_names() -> None:
    sqs = boto3.client("sqs", region_name="eu-west-1")
    for name in (
        "shop-dev-order-reverse_order-failed",
        "shop-dev-events-undecryptable",
        "shop-dev-cut-0a1b2c3d",
        "shop-dev2-order-reverse_order-failed",
        "other",
    ):
        sqs.create_queue(QueueName=name)
    found = find(environment="dev", region="eu-west-1").client.outputs["queues"]
    assert {key: queue["name"] for key, queue in found.items()} == {
        "order/reverse_order/failed": "shop-dev-order-reverse_order-failed",
        "event_bus": "shop-dev-events-undecryptable",
        "shop-dev-cut-0a1b2c3d": "shop-dev-cut-0a1b2c3d",
    }


def test_queues_that_events_wait_in_are_no_dead_letter_queues() -> None:
    sqs = boto3.client("sqs", region_name="eu-west-1")
    dead = sqs.create_queue(QueueName="shop-dev-read_model-project_g1-failed")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    for name in ("shop-dev-read_model-project_g1-events", "shop-dev-a_long_name-0a1b2c3d"):
        sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})
    found = find(environment="dev", region="eu-west-1").client.outputs["queues"]
    assert found.keys() == {"read_model/project_g1/failed"}


def test_generations_of_the_read_model_are_found_by_their_functions() -> None:
    sqs, events = boto3.client("sqs", region_name="eu-west-1"), boto3.client("events", region_name="eu-west-1")
    events.create_event_bus(Name="shop-dev-events")
    for generation in ("g1", "g2"):
        sqs.create_queue(QueueName=f"shop-dev-read_model-project_{generation}-events")
        for rule in ("events_1", "events_2"):
            name = f"shop-dev-read_model-project_{generation}-{rule}"
            events.put_rule(Name=name, EventBusName="shop-dev-events", EventPattern='{"source": ["shop"]}')
    names = ("read_model-project_g1", "read_model-project_g2", "read_model-get_orders", "order-relay")
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-"
    functions = [{"FunctionName": f"shop-dev-{name}", "FunctionArn": f"{arn}{name}"} for name in names]
    lambda_ = session_of([{"Functions": functions}]).client("lambda")
    clients = {"lambda": lambda_, "sqs": sqs, "events": events}
    session = SimpleNamespace(client=clients.__getitem__, region_name="eu-west-1")
    outputs = target.by_name("shop", "dev", session, with_api=False).client.outputs
    found = outputs["read_model"]
    assert found.keys() == {"g1", "g2"}
    assert found["g2"]["table"] == {"name": "shop-dev-read_model-g2"}
    assert found["g2"]["queue"]["name"] == "shop-dev-read_model-project_g2-events"
    assert [arn.rpartition("/")[2] for arn in found["g2"]["rule_arns"]] == [
        "shop-dev-read_model-project_g2-events_1",
        "shop-dev-read_model-project_g2-events_2",
    ]


def test_functions_of_the_deployment_only() -> None:
    names = ["shop-dev-order-relay", "shop-dev-saga_log-get_sagas", "shop-dev2-order-relay", "shop-dev-cut-1-2"]
    pages = [{"Functions": [{"FunctionName": name, "FunctionArn": f"arn:{name}"}]} for name in names]
    found = target.by_name("shop", "dev", session_of(pages), with_api=False)
    assert found.functions.keys() == {"order/relay", "saga_log/get_sagas"}
    assert found.function_names == {"shop-dev-order-relay": "relay", "shop-dev-saga_log-get_sagas": "get_sagas"}


def test_tables_and_the_archive_of_the_deployment() -> None:
    make = boto3.client("dynamodb", region_name="eu-west-1").create_table
    for name in ("shop-dev-order", "shop-dev-saga_log", "shop-dev-order-at-20260131T093000Z", "shop-dev2-order"):
        make(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    outputs = find(environment="dev", region="eu-west-1").client.outputs
    assert outputs["tables"] == {"order": {"name": "shop-dev-order"}, "saga_log": {"name": "shop-dev-saga_log"}}
    arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:shop-dev-order-relay"
    pages = [{"Functions": [{"FunctionName": "shop-dev-order-relay", "FunctionArn": arn}]}]
    bus = target.by_name("shop", "dev", session_of(pages), with_api=False).client.outputs["event_bus"]
    assert bus == {
        "name": "shop-dev-events",
        "arn": "arn:aws-cn:events:cn-north-1:123456789012:event-bus/shop-dev-events",
        "archive_arn": "arn:aws-cn:events:cn-north-1:123456789012:archive/shop-dev-events",
    }


def test_the_api_is_found_by_its_name() -> None:
    names = ("shop-dev-sandbox", "shop-dev-api")
    pages = [{"Items": [{"Name": name, "ApiEndpoint": f"https://{name}"}]} for name in names]
    found = target.by_name("shop", "dev", session_of(pages), with_api=True)
    assert found.client.endpoint == "https://shop-dev-api"
    assert found.title == "shop-dev in eu-west-1"
    with pytest.raises(PlatformError, match="expected one HTTP API with the name shop-none-api, found 0"):
        target.by_name("shop", "none", session_of(pages), with_api=True)


@pytest.mark.parametrize(
    ("chosen", "why"),
    [
        ({"environment": "dev", "region": None}, "no AWS region"),
        ({"api": "ftp://example.com"}, "--api ftp://example.com: expected the URL"),
        ({"outputs": "/no/such/file"}, "--outputs /no/such/file: No such file"),
        ({"local": "../demo", "region": None}, "--local ../demo: expected the name"),
        ({"local": "no-such-platform", "region": None}, "no platform is running"),
    ],
)
def test_a_deployment_that_is_not_there(chosen: dict[str, Any], why: str) -> None:
    with pytest.raises(PlatformError, match=why.replace("/", ".")):
        find(**{"region": "eu-west-1", **chosen})


def test_names_that_nothing_has_are_told_when_they_are_needed() -> None:
    outputs = find(environment="none", region="eu-west-1").client.outputs
    with pytest.raises(PlatformError, match="no queues whose names start with shop-none-"):
        outputs["queues"]
    with pytest.raises(PlatformError, match="no tables whose names start with shop-none-"):
        outputs["tables"]
    with pytest.raises(PlatformError, match="no functions whose names start with shop-none-"):
        outputs.get("functions")


@pytest.mark.parametrize("wrapped", [OUTPUTS, {"platform": {"value": OUTPUTS, "sensitive": False}}])
def test_terraforms_outputs(tmp_path: Path, wrapped: Any) -> None:
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(wrapped))
    found = find(outputs=str(path), region="eu-central-1")
    assert found.client.outputs == OUTPUTS
    assert found.client.endpoint == OUTPUTS["api"]["endpoint"]  # type: ignore[index]  # a mapping of mappings


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"platform": {"value": {"api": {}}}}', "null"])
def test_outputs_of_something_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "outputs.json"
    path.write_text(text)
    with pytest.raises(PlatformError, match="expected"):
        find(outputs=str(path), region="eu-central-1")


def test_the_region_of_an_api_is_in_its_url() -> None:
    found = find(api="https://a1.execute-api.eu-central-1.amazonaws.com/", region="eu-west-1")
    assert found.client.environment["AWS_REGION"] == "eu-central-1"
    assert found.client.endpoint == "https://a1.execute-api.eu-central-1.amazonaws.com"
    assert found.functions == {}


def test_without_credentials_the_user_is_told_so() -> None:
    session = SimpleNamespace(get_credentials=lambda: None, region_name="eu-west-1")
    with pytest.raises(PlatformError, match="no AWS credentials"):
        target.by_url("https://example.com", session).client.request("GET", "/sagas")


@pytest.mark.parametrize(
    "chosen",
    [
        {"environment": "dev", "api": "https://example.com"},
        {"local": "demo", "environment": "dev"},
        {"outputs": "-", "local": "demo"},
        {"profile": "me"},
        {"local": "demo", "region": "eu-west-1"},
    ],
)
def test_options_that_do_not_go_together(chosen: dict[str, Any]) -> None:
    with pytest.raises(click.UsageError, match=r"expected one of them|are for a deployment in AWS"):
        find(**chosen)
