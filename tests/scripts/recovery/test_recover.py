"""The steps of a recovery, on an event bus that notes what it is asked: what is off when, and what is left behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto import mock_aws

from environments import options
from environments.target import Target
from local_platform.client import PlatformError
from recovery import bus, commands, tables
from recovery.bus import Bus
from recovery.commands import Recovery, moment

POINT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-"
RULE_ARN = "arn:aws:events:eu-west-1:123456789012:rule/shop-dev-events/"
RULES = {
    "do": "payment-process_pymt",
    "undo": "payment-reverse_pymt",
    "other": "shipping-shipping",
}


@dataclass
class FakeEvents:
    """EventBridge with three rules; a replay is at once in the state that it is told."""

    sqs: Any
    state: str = "COMPLETED"
    archive: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    queues: dict[str, str] = field(default_factory=dict)

    def get_paginator(self, _: str) -> Any:
        found = [{"Name": name, "Arn": RULE_ARN + name} for name in RULES]
        return SimpleNamespace(paginate=lambda EventBusName: [{"Rules": found[:2]}, {"Rules": found[2:]}])  # noqa: ARG005 - boto3's name

    def list_targets_by_rule(self, *, Rule: str, EventBusName: str) -> Any:
        return {"Targets": [{"Id": "function", "Arn": ARN + RULES[Rule]}]}

    def start_replay(self, **request: Any) -> None:
        self.asked.append(("start_replay", request))
        for event in self.archive * 2:  # at least once, as AWS says
            for url in self.queues.values():
                self.sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))

    def describe_replay(self, *, ReplayName: str) -> Any:
        return {"State": self.state, "StateReason": "the archive is gone"}

    def put_rule(self, *, Name: str, EventPattern: str, **_: Any) -> Any:
        self.asked.append(("put_rule", json.loads(EventPattern)))
        return {"RuleArn": RULE_ARN + Name}

    def put_targets(self, *, Rule: str, Targets: list[dict[str, str]], **_: Any) -> None:
        self.queues[Rule] = self.sqs.get_queue_url(QueueName=Targets[0]["Arn"].rpartition(":")[2])["QueueUrl"]

    def __getattr__(self, operation: str) -> Any:
        return lambda **request: self.asked.append((operation, request.get("Name") or request.get("Rule")))

    def names(self, *operations: str) -> list[Any]:
        return [what for operation, what in self.asked if operation in operations]


@dataclass
class FakeLambda:
    """Functions, of which the API calls one; notes their concurrency."""

    concurrency: dict[str, int] = field(default_factory=dict)

    def get_policy(self, *, FunctionName: str) -> Any:
        if FunctionName.endswith("get_payment"):
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "GetPolicy")
        caller = "apigateway" if FunctionName.endswith("ask") else "events"
        return {"Policy": json.dumps({"Statement": [{"Principal": {"Service": f"{caller}.amazonaws.com"}}]})}

    def get_function_configuration(self, *, FunctionName: str) -> Any:
        assert FunctionName == "shop-dev-payment-relay"
        return {"Environment": {"Variables": {"SAGA_SOURCE": "shop.payment"}}}

    def get_function_concurrency(self, *, FunctionName: str) -> Any:
        found = self.concurrency.get(FunctionName)
        return {} if found is None else {"ReservedConcurrentExecutions": found}

    def put_function_concurrency(self, *, FunctionName: str, ReservedConcurrentExecutions: int) -> None:
        self.concurrency[FunctionName] = ReservedConcurrentExecutions

    def delete_function_concurrency(self, *, FunctionName: str) -> None:
        del self.concurrency[FunctionName]


@dataclass
class World:
    events: FakeEvents
    functions: FakeLambda
    sqs: Any
    dynamodb: Any
    target: Target

    def recovery(self) -> Recovery:
        return Recovery(self.target, "payment", POINT, timedelta(hours=24))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(bus, "_EMPTY_ANSWERS", 1)
    with mock_aws():
        sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
        events, functions = FakeEvents(sqs), FakeLambda()
        queue = sqs.create_queue(QueueName="shop-dev-payment-relay-failed")["QueueUrl"]
        names = ("process_pymt", "reverse_pymt", "ask", "get_payment", "relay")
        outputs = {
            "event_bus": {"name": "shop-dev-events", "arn": "bus", "archive_arn": "archive"},
            "tables": {"payment": {"name": "shop-dev-payment"}, "order": {"name": "shop-dev-order"}},
            "queues": {"payment/relay/failed": {"name": "q", "url": queue}},
            "functions": {
                f"payment/{name}": {"name": f"shop-dev-payment-{name}", "arn": f"{ARN}payment-{name}"} for name in names
            },
        }
        clients = {"events": events, "lambda": functions, "sqs": sqs, "dynamodb": dynamodb}
        client: Any = SimpleNamespace(outputs=outputs, aws=clients.__getitem__)
        yield World(events, functions, sqs, dynamodb, Target("shop-dev", client))


def test_everything_but_the_relay_and_what_only_reads_is_off_meanwhile_and_on_again(world: World) -> None:
    recovery = world.recovery()
    recovery.stop()
    assert world.events.names("disable_rule") == ["do", "undo"]
    assert world.functions.concurrency == {"shop-dev-payment-ask": 0}
    recovery.start()
    assert world.events.names("enable_rule") == ["do", "undo"]
    assert world.functions.concurrency == {}


def test_a_reserved_concurrency_is_as_it_was(world: World) -> None:
    world.functions.concurrency["shop-dev-payment-ask"] = 7
    recovery = world.recovery()
    recovery.stop()
    assert world.functions.concurrency == {"shop-dev-payment-ask": 0}
    recovery.start()
    assert world.functions.concurrency == {"shop-dev-payment-ask": 7}


def test_a_run_after_one_that_broke_off_leaves_nothing_off(world: World) -> None:
    world.recovery().stop()
    again = world.recovery()
    again.stop()
    again.start()
    assert world.functions.concurrency == {}


def test_the_archive_is_replayed_to_the_rules_of_the_service_alone(world: World) -> None:
    world.recovery().replay()
    (request,) = world.events.names("start_replay")
    assert request["Destination"] == {"Arn": "bus", "FilterArns": [RULE_ARN + "do", RULE_ARN + "undo"]}
    assert request["EventSourceArn"] == "archive"
    assert request["EventStartTime"] == POINT - timedelta(hours=24)


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_a_replay_that_fails_is_told(world: World, state: str) -> None:
    world.events.state = state
    with pytest.raises(PlatformError, match=f"{state}: the archive is gone"):
        world.recovery().replay()


def test_what_a_service_has_published_comes_once_and_leaves_nothing_behind(world: World) -> None:
    world.events.archive = [{"source": "shop.payment", "detail": {"number": number}} for number in range(25)]
    found = Bus.of(world.target).published_by("shop.payment", POINT, NOW)
    assert sorted(event["detail"]["number"] for event in found) == list(range(25))
    (request,) = world.events.names("start_replay")
    (pattern,) = world.events.names("put_rule")
    assert pattern == {"source": ["shop.payment"], "replay-name": [request["ReplayName"]]}
    assert request["Destination"]["FilterArns"] == [RULE_ARN + request["ReplayName"]]
    assert world.events.names("remove_targets", "delete_rule") == [request["ReplayName"]] * 2
    assert [url.rpartition("/")[2] for url in world.sqs.list_queues()["QueueUrls"]] == ["shop-dev-payment-relay-failed"]


def test_a_replay_that_fails_leaves_no_queue_and_no_rule_behind(world: World) -> None:
    world.events.state = "FAILED"
    with pytest.raises(PlatformError):
        Bus.of(world.target).published_by("shop.payment", POINT, NOW)
    assert len(world.events.names("remove_targets", "delete_rule")) == 2
    assert len(world.sqs.list_queues()["QueueUrls"]) == 1


def test_rows_that_nobody_has_heard_of_come_first(world: World) -> None:
    world.recovery().check()
    world.sqs.send_message(
        QueueUrl=world.target.client.outputs["queues"]["payment/relay/failed"]["url"], MessageBody="{}"
    )
    with pytest.raises(PlatformError, match="--queue payment/relay/failed"):
        world.recovery().check()


def test_a_table_that_rules_do_not_fill_is_not_touched(world: World) -> None:
    # Of this service there is a table, and no function that events come to.
    with pytest.raises(PlatformError, match="order: no rule delivers to its functions"):
        Recovery(world.target, "order", POINT, timedelta()).check()


def test_a_service_that_there_is_not(world: World) -> None:
    with pytest.raises(PlatformError, match="payments: expected one of the services order, payment"):
        Recovery(world.target, "payments", POINT, timedelta())


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31", "2026-01-31T09:30:00", "2026-01-31T12:00:01Z"])
def test_a_point_that_is_none(text: str) -> None:
    with pytest.raises(PlatformError, match=f"--to {text}: expected a moment"):
        moment(text, NOW)


def test_a_point_in_another_zone() -> None:
    assert moment("2026-01-31T10:30:00+01:00", NOW) == POINT


def test_a_table_that_was_restored_before_is_taken_as_it_is(world: World) -> None:
    for name in ("shop-dev-payment", tables.restored_name("shop-dev-payment", POINT)):
        world.dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    world.dynamodb.update_continuous_backups(
        TableName="shop-dev-payment", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    assert tables.restore(world.dynamodb, "shop-dev-payment", POINT) == "shop-dev-payment-at-20260131T093000Z"
    assert tables.restore(world.dynamodb, "shop-dev-payment", POINT + timedelta(seconds=1)).endswith("T093001Z")
    with pytest.raises(PlatformError, match="shop-dev-order cannot be restored to 2026-01-31T09:30:00"):
        tables.restore(world.dynamodb, "shop-dev-order", POINT)


def test_the_name_of_a_restored_table_fits() -> None:
    assert len(tables.restored_name("x" * 255, POINT)) == 255


def run(world: World, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(options, "find", lambda **_: world.target)
    return CliRunner().invoke(
        commands.main, ["payment", "--to", "2026-01-31T09:30:00Z", *arguments], standalone_mode=False
    )


def test_a_dry_run_does_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(world, monkeypatch, "--dry-run")
    assert result.return_value == 0, result.output
    assert "2 rules" in result.output
    assert "shop-dev-payment-ask" in result.output
    assert world.events.asked == []
    assert world.functions.concurrency == {}


def test_a_service_whose_rows_stay_behind_stays_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that these scripts do not understand: what it says has been published, and no row says it."""
    monkeypatch.setattr(tables, "restore", lambda *_: "restored")
    monkeypatch.setattr(tables, "put_in_place", lambda *_: tables.Changes(1, 2, 3))
    world.events.archive = [
        {"source": "shop.payment", "detail-type": "PaymentAuthorized", "detail": {"meta": "canary"}}
    ]

    result = run(world, monkeypatch, "--archive-delay", "0")

    assert result.return_value == 1, result.output
    assert "left: PaymentAuthorized: InvalidEventError" in result.output
    assert "canary" not in result.output
    assert world.events.names("enable_rule") == []
    assert world.functions.concurrency == {"shop-dev-payment-ask": 0}


def test_the_steps_in_their_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def noting(step: str, answer: Any) -> Any:
        def take(*_: Any) -> Any:
            world.events.asked.append((step, None))
            return answer

        return take

    monkeypatch.setattr(tables, "restore", noting("restore", "restored"))
    monkeypatch.setattr(tables, "put_in_place", noting("put_in_place", tables.Changes(1, 2, 3)))
    result = run(world, monkeypatch, "--archive-delay", "0")
    assert result.return_value == 0, result.output
    steps = [operation for operation, _ in world.events.asked]
    assert list(dict.fromkeys(steps)) == [
        *("disable_rule", "restore", "put_in_place"),
        *("put_rule", "start_replay", "remove_targets", "delete_rule", "enable_rule"),
    ]
    assert steps[-1] == "start_replay"
