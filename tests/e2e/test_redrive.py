"""Every kind of dead letter, made on the running platform, and what `scripts/redrive` does about it; deadlines."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.e2e.support.commands import Run
from tests.e2e.support.shop import Shop, an_order
from tests.e2e.support.waiting import eventually


@pytest.fixture
def letters(run: Run) -> Callable[..., list[dict[str, Any]]]:
    """Lists the dead letters; with a queue and an order, waits until there are some."""

    def listed(queue: str | None = None, order_id: str | None = None, count: int = 1) -> list[dict[str, Any]]:
        def check() -> list[dict[str, Any]]:
            result = run("dead_letters", "--json")
            assert result.returncode == 0, result.stderr
            found = [
                letter
                for letter in json.loads(result.stdout)
                if queue in {None, letter["queue"]} and (order_id is None or order_id in letter["orders"])
            ]
            assert queue is None or len(found) == count, found
            return found

        return eventually(check, every=1)

    return listed


@contextlib.contextmanager
def giving_up_at_once(shop: Shop, relay: str) -> Iterator[None]:
    """Have a relay not try a failed batch again."""
    client = shop.client.aws("lambda")
    (mapping,) = client.list_event_source_mappings(FunctionName=shop.name_of(relay))["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=0)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=mapping["MaximumRetryAttempts"])


@contextlib.contextmanager
def with_dead_letter_configuration(shop: Shop, function: str, queue: str) -> Iterator[None]:
    """Have Lambda put the bare event of failed invocations into the function's queue as well."""
    client, name = shop.client.aws("lambda"), shop.name_of(function)
    arn = shop.outputs["queues"][queue]["arn"]
    client.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": arn})
    try:
        yield
    finally:
        client.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": ""})


def ended(shop: Shop, order_id: str) -> str:
    return str(shop.client.finished_story(order_id, timeout=150)["state"])


def test_there_are_none(run: Run) -> None:
    result = run("dead_letters")
    assert (result.returncode, result.stderr) == (0, "")
    assert "There are no dead letters in shop-local" in result.stdout


def test_every_kind_is_listed_and_put_back_and_every_saga_ends(
    shop: Shop, run: Run, letters: Callable[..., list[dict[str, Any]]]
) -> None:
    item = shop.stocked(100)
    expected: dict[str, tuple[str, str]] = {}
    endings: dict[str, str] = {}

    def lost(queue: str, kind: str, order_id: str, ending: str, count: int = 1) -> None:
        for letter in letters(queue, order_id, count):
            expected[letter["message_id"]] = (queue, kind if count == 1 else letter["kind"])
        endings[order_id] = ending

    # An event that EventBridge may not deliver, to a do.
    with shop.not_permitted("payment/process_pymt", "previous_succeeded"):
        order_id = shop.place(an_order(item.line()))
        lost("payment/process_pymt/undelivered", "not delivered", order_id, "completed")
    # An undo that fails as often as it is tried.
    with shop.raising("order/reverse_order"):
        order_id = shop.place(an_order(item.line(), card="tok_decline"))
        lost("order/reverse_order/failed", "failed", order_id, "reversed")
    # A finalizer that fails, and a queue that has the report and the bare event of it.
    queue = "notification/notify_customer/failed"
    with (
        with_dead_letter_configuration(shop, "notification/notify_customer", queue),
        shop.raising("notification/notify_customer"),
    ):
        order_id = shop.place(an_order(item.line()))
        lost(queue, "", order_id, "completed", count=2)
    kinds = sorted(kind for found, kind in expected.values() if found == queue)
    assert kinds == ["failed", "failed, bare event"]
    # A relay that cannot publish.
    with giving_up_at_once(shop, "inventory/relay"), shop.changed("inventory/relay", SAGA_BUS="no-such-bus"):
        order_id = shop.place(an_order(item.line()))
        lost("inventory/relay/failed", "stream records", order_id, "completed")
    # An event that the bus could not read; the emulator encrypts nothing, so the test puts it there.
    with shop.without_rule("shipping/shipping", "previous_succeeded"):
        order_id = shop.place(an_order(item.line()))
        event = shop.await_event(order_id, "PaymentAuthorized")
    shop.client.aws("sqs").send_message(
        QueueUrl=shop.outputs["queues"]["event_bus"]["url"],
        MessageBody=json.dumps(event),
        MessageAttributes={"ERROR_CODE": {"DataType": "String", "StringValue": "SDK_CLIENT_ERROR"}},
    )
    lost("event_bus", "not taken by the bus", order_id, "completed")

    listed = {letter["message_id"]: (letter["queue"], letter["kind"]) for letter in letters()}
    assert listed == expected
    told = run("dead_letters").stdout
    for order_id in endings:
        assert order_id in told
    assert "ClientError" in told or "ResourceNotFoundException" in told
    assert "NO_PERMISSIONS" in told
    assert "@example.com" not in told

    dry = run("dead_letters", "--all", "--dry-run")
    assert dry.returncode == 0
    assert f"{len(expected)} dead letters" in dry.stdout
    assert {letter["message_id"] for letter in letters()} == expected.keys()

    result = run("dead_letters", "--all", by="outputs")
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(expected)} put back, 0 left." in result.stdout
    assert {order_id: ended(shop, order_id) for order_id in endings} == endings
    eventually(lambda: _assert_empty(shop))
    available, reserved = shop.stock_of(item)
    completed = sum(ending == "completed" for ending in endings.values())
    assert (available, reserved) == (100 - completed, completed)


def _assert_empty(shop: Shop) -> None:
    assert shop.dead_letters() == {}


def test_one_order_and_one_queue_go_back_alone(
    shop: Shop, run: Run, letters: Callable[..., list[dict[str, Any]]]
) -> None:
    item = shop.stocked(10)
    with shop.raising("order/reverse_order"), shop.raising("notification/notify_customer"):
        reversed_ = [shop.place(an_order(item.line(), card="tok_decline")) for _ in range(2)]
        shipped = shop.place(an_order(item.line()))
        for order_id in reversed_:
            letters("order/reverse_order/failed", order_id)
        letters("notification/notify_customer/failed", shipped)

    assert run("dead_letters", "--order", reversed_[0]).returncode == 0
    assert ended(shop, reversed_[0]) == "reversed"
    assert {letter["orders"][0] for letter in letters()} == {reversed_[1], shipped}

    assert run("dead_letters", "--queue", "order/reverse_order/failed").returncode == 0
    assert ended(shop, reversed_[1]) == "reversed"
    assert {letter["orders"][0] for letter in letters()} == {shipped}

    nothing = run("dead_letters", "--order", str(uuid.uuid4()))
    assert (nothing.returncode, "nothing to put back" in nothing.stdout) == (0, True)
    wrong = run("dead_letters", "--queue", "no/such/queue")
    assert wrong.returncode == 1
    assert "expected one of" in wrong.stderr

    assert run("dead_letters", "--all").returncode == 0
    assert ended(shop, shipped) == "completed"
    eventually(lambda: _assert_empty(shop))


def test_what_fails_again_is_back_in_its_queue(
    shop: Shop, run: Run, letters: Callable[..., list[dict[str, Any]]]
) -> None:
    item = shop.stocked(10)
    with shop.raising("order/reverse_order"):
        order_id = shop.place(an_order(item.line(), card="tok_decline"))
        (first,) = letters("order/reverse_order/failed", order_id)
        assert run("dead_letters", "--all").returncode == 0

        def check() -> None:
            (again,) = letters("order/reverse_order/failed", order_id)
            assert again["message_id"] != first["message_id"]

        eventually(check, every=1)
    assert run("dead_letters", "--all").returncode == 0
    assert ended(shop, order_id) == "reversed"


def test_poison_and_what_nobody_knows_stay_and_are_told(
    shop: Shop, run: Run, letters: Callable[..., list[dict[str, Any]]]
) -> None:
    queues = shop.outputs["queues"]
    sqs = shop.client.aws("sqs")
    sqs.send_message(QueueUrl=queues["order/reverse_order/failed"]["url"], MessageBody="canary@example.com")
    with giving_up_at_once(shop, "order/relay"):
        shop.client.aws("dynamodb").put_item(
            TableName=shop.outputs["tables"]["order"]["name"],
            Item={"pk": {"S": "poison"}, "outbox": {"S": "canary@example.com"}},
        )
        letters("order/relay/failed")

    result = run("dead_letters", "--all")

    assert result.returncode == 1
    assert "0 put back, 2 left." in result.stdout
    assert "the relay failed again: InvalidEventError" in result.stdout
    assert "canary" not in result.stdout + result.stderr
    assert {letter["kind"] for letter in letters()} == {"unknown", "stream records"}
    for queue in ("order/reverse_order/failed", "order/relay/failed"):
        sqs.purge_queue(QueueUrl=queues[queue]["url"])


def test_records_that_the_stream_has_lost_are_found_in_the_table(
    shop: Shop, run: Run, letters: Callable[..., list[dict[str, Any]]]
) -> None:
    item = shop.stocked(10)
    queue = "inventory/relay/failed"
    with giving_up_at_once(shop, "inventory/relay"), shop.changed("inventory/relay", SAGA_BUS="no-such-bus"):
        order_id = shop.place(an_order(item.line()))
        letters(queue, order_id)
    # A day later the report is there and its records are not: here the report names others.
    message = shop.take_dead_letter(queue)
    report = message["Body"]
    report["DDBStreamBatchInfo"] |= dict.fromkeys(["startSequenceNumber", "endSequenceNumber"], f"{1:021}")
    shop.client.aws("sqs").send_message(QueueUrl=shop.outputs["queues"][queue]["url"], MessageBody=json.dumps(report))

    refused = run("dead_letters", "--all")
    assert refused.returncode == 1
    assert "--scan-tables looks for the rows" in refused.stdout

    assert run("dead_letters", "--all", "--scan-tables").returncode == 0
    assert ended(shop, order_id) == "completed"
    eventually(lambda: _assert_empty(shop))


def _assert_alarming(shop: Shop) -> None:
    """The watchdog tells the figure that the alarm looks at, above the alarm's threshold."""
    found = shop.client.aws("cloudwatch").get_paginator("describe_alarms").paginate()
    (alarm,) = [one for page in found for one in page["MetricAlarms"] if one.get("MetricName") == "SagasStuck"]
    assert (alarm["ComparisonOperator"], alarm["Statistic"]) == ("GreaterThanThreshold", "Maximum")
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    told = []
    for line in shop.logs_of("saga_log/watch_deadlines"):
        for metrics in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            names = {metric["Name"] for metric in metrics["Metrics"]}
            if metrics["Namespace"] == alarm["Namespace"] and "SagasStuck" in names:
                assert sorted(dimensions) in [sorted(one) for one in metrics["Dimensions"]]
                assert {name: line[name] for name in dimensions} == dimensions
                told += line["SagasStuck"] if isinstance(line["SagasStuck"], list) else [line["SagasStuck"]]
    assert max(told, default=0) > alarm["Threshold"], told


def test_a_saga_that_hangs_is_reversed_after_its_deadline_and_one_that_still_hangs_is_stuck(
    shop: Shop, run: Run
) -> None:
    item = shop.stocked(10)
    with (
        shop.changed("order/place_order", SAGA_DEADLINE_SECONDS="5"),
        shop.changed("saga_log/get_sagas", SAGA_STUCK_AFTER_SECONDS="1"),
        shop.changed("saga_log/watch_deadlines", SAGA_STUCK_AFTER_SECONDS="1"),
        shop.without_rule("payment/process_pymt", "previous_succeeded"),
    ):
        order_id = shop.place(an_order(item.line()))
        shop.await_event(order_id, "StockReserved")
        with shop.without_rule("shipping/reverse_ship", "deadline"):
            # Nothing takes the deadline's event: the saga stays open, and somebody has to see to it.
            event = shop.await_event(order_id, "SagaDeadlineExceeded")

            def stuck() -> dict[str, Any]:
                told = run("saga_cli", "stuck", "--json")
                assert (told.returncode, told.stderr) == (1, ""), told
                (found,) = [one for one in json.loads(told.stdout)["sagas"] if one["saga_id"] == order_id]
                return dict(found)

            saga = eventually(stuck, every=1)
            assert saga["stuck"]
            assert saga["deadline_exceeded_at"] is not None
            assert order_id in run("saga_cli", "stuck").stdout
            eventually(lambda: _assert_alarming(shop), every=1)
        assert event["source"] == "shop.saga_log"
        shop.publish(event)
        assert ended(shop, order_id) == "reversed"
    assert shop.client.rows(order_id) == {
        "order": "CANCELLED",
        "inventory": "REVERSED",
        "payment": "REVERSED",
        "shipping": "REVERSED",
    }
    assert shop.stock_of(item) == (10, 0)
    none = run("saga_cli", "stuck")
    assert (none.returncode, none.stdout.strip()) == (0, "No saga is stuck.")
    head = shop.table("saga_log")[f"head#{order_id}|head"]
    assert not {"order", "outbox"} & head.keys()
    listed = run("saga_cli", "list", "--ended", "--json")
    assert order_id in {saga["saga_id"] for saga in json.loads(listed.stdout)["sagas"]}
