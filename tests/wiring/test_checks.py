"""Every check finds what it is there to find: a plan, the code or a run that is wrong in one place."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.support.plans import Plan, resources
from tests.support.platform import Platform
from tests.wiring.support import checks
from tests.wiring.support.checks import Wiring, facts
from tests.wiring.support.code import UnreadableCodeError, published_in, variables_in

Change = Callable[[dict[str, Any]], object]
Check = Callable[[Wiring], Iterator[str]]

RULE = "aws_cloudwatch_event_rule"
FUNCTION = "aws_lambda_function"
POLICY = "aws_iam_role_policy"


def altered(wiring: Wiring, kind: str, address: str, change: Change | None) -> Wiring:
    """The wiring with the one resource changed whose type is ``kind`` and whose address has ``address`` in it.

    Without a ``change`` it is left out.
    """
    plan: Plan = copy.deepcopy({"planned_values": wiring.plan["planned_values"]})
    found: list[str] = []

    def walk(module: dict[str, Any]) -> None:
        kept = []
        for item in module.get("resources", []):
            hit = item["type"] == kind and address in item["address"]
            found.extend([item["address"]] if hit else [])
            if hit and change:
                change(item["values"])
            if not hit or change:
                kept.append(item)
        module["resources"] = kept
        for child in module.get("child_modules", []):
            walk(child)

    walk(plan["planned_values"]["root_module"])
    assert len(found) == 1, found
    return Wiring(plan, wiring.code, wiring.facts)


def in_module(service: str, function: str) -> str:
    head = "module.sandbox[0]" if service == "sandbox" else f'module.service["{service}"]'
    return f'{head}.module.function["{function}"]'


def rule(service: str, function: str, name: str) -> str:
    return f'{in_module(service, function)}.{RULE}.this["{name}"]'


def pattern(**fields: Any) -> Change:
    return lambda values: values.update(event_pattern=json.dumps(fields))


def without_rule(wiring: Wiring, service: str, function: str, name: str) -> Wiring:
    fewer = altered(wiring, RULE, rule(service, function, name), None)
    target = f'{in_module(service, function)}.aws_cloudwatch_event_target.this["{name}"]'
    return altered(fewer, "aws_cloudwatch_event_target", target, None)


def with_facts(wiring: Wiring, **more: str) -> Wiring:
    listed = {name: getattr(wiring.facts, name) | {value} for name, value in more.items()}
    return dataclasses.replace(wiring, facts=dataclasses.replace(wiring.facts, **listed))


# Events and rules


def test_an_event_that_nobody_acts_on(wiring: Wiring) -> None:
    broken = without_rule(wiring, "inventory", "chk_inventory", "previous_succeeded")
    assert list(checks.consumers(broken)) == ["OrderPlaced: nobody acts on it"]


def test_a_failure_that_nobody_acts_on(wiring: Wiring) -> None:
    broken = without_rule(wiring, "payment", "reverse_pymt", "technical_failure")
    assert list(checks.consumers(broken)) == ["technical failure of payment/process_pymt: nobody acts on it"]


def test_events_that_are_not_logged(wiring: Wiring) -> None:
    notification, order = "events_2", "events_3"
    assert list(checks.consumers(without_rule(wiring, "saga_log", "record_event", notification))) == [
        "CustomerNotified: nobody logs it"
    ]
    found = list(checks.consumers(without_rule(wiring, "saga_log", "record_event", order)))
    assert "OrderPlaced: nobody logs it" in found
    assert "StockReserved: nobody logs it" not in found


def test_a_fact_that_is_none_any_more(wiring: Wiring) -> None:
    broken = with_facts(wiring, not_acted_on="OrderPlaced", not_logged="NeverHeardOf")
    assert list(checks.consumers(broken)) == [
        "OrderPlaced: listed, but inventory/chk_inventory acts on it",
        "NeverHeardOf: listed, but nobody publishes it",
    ]


def test_a_pattern_without_an_emitter(wiring: Wiring) -> None:
    address = rule("payment", "process_pymt", "previous_succeeded")
    broken = altered(wiring, RULE, address, pattern(**{"source": ["shop.inventory"], "detail-type": ["StockReservd"]}))
    found = list(checks.emitters(broken))
    assert found[0].endswith("nobody publishes StockReservd as ['shop.inventory']")


def test_a_pattern_with_another_source(wiring: Wiring) -> None:
    address = rule("payment", "process_pymt", "previous_succeeded")
    broken = altered(wiring, RULE, address, pattern(**{"source": ["shop.order"], "detail-type": ["StockReserved"]}))
    found = list(checks.emitters(broken))
    assert [text.partition(": ")[2] for text in found] == [
        "nobody publishes StockReserved as ['shop.order']",
        "nothing of shop.order is wanted",
    ]


def test_a_pattern_that_wants_everything(wiring: Wiring) -> None:
    address = rule("payment", "process_pymt", "previous_succeeded")
    broken = altered(wiring, RULE, address, pattern(source=["shop.inventory"]))
    assert "expected a pattern of source and detail-type" in next(checks.emitters(broken))


FAILURE = {"source": ["lambda"], "detail-type": ["Lambda Function Invocation Result - Failure"]}
ARN = "arn:aws:lambda:eu-west-1:123456789012:function:shop-test-"


@pytest.mark.parametrize(
    ("arns", "expected"),
    [
        ([f"{ARN}gone", f"{ARN}gone:$LATEST"], f"no function is {ARN}gone"),
        (
            [f"{ARN}order-get_order", f"{ARN}order-get_order:$LATEST"],
            "failures of order/get_order do not go to the bus",
        ),
        ([f"{ARN}inventory-chk_inventory"], f"{ARN}inventory-chk_inventory:$LATEST is missing beside its other form"),
        ([], "no function is named"),
    ],
)
def test_a_technical_failure_that_never_comes(arns: list[str], expected: str, wiring: Wiring) -> None:
    fields = {**FAILURE, "detail": {"requestContext": {"functionArn": arns}}} if arns else FAILURE
    broken = altered(wiring, RULE, rule("inventory", "reverse_inv", "technical_failure"), pattern(**fields))
    assert expected in {text.partition(": ")[2] for text in checks.emitters(broken)}


def test_a_failure_that_goes_to_a_queue(wiring: Wiring) -> None:
    def to_a_queue(values: dict[str, Any]) -> None:
        values["destination_config"][0]["on_failure"][0]["destination"] = "arn:aws:sqs:eu-west-1:123456789012:queue"

    address = in_module("inventory", "chk_inventory")
    broken = altered(wiring, "aws_lambda_function_event_invoke_config", address, to_a_queue)
    assert {text.partition(": ")[2] for text in checks.emitters(broken)} == {
        "failures of inventory/chk_inventory do not go to the bus"
    }


def variables(**changes: str | None) -> Change:
    """Set environment variables; ``None`` takes one away."""

    def change(values: dict[str, Any]) -> None:
        merged = {**values["environment"][0]["variables"], **changes}
        values["environment"][0]["variables"] = {name: value for name, value in merged.items() if value is not None}

    return change


def statements(edit: Change) -> Change:
    """Edit the statements of a policy, by their Sid."""

    def change(values: dict[str, Any]) -> None:
        document = json.loads(values["policy"])
        by_sid = {statement["Sid"]: statement for statement in document["Statement"]}
        edit(by_sid)
        values["policy"] = json.dumps({**document, "Statement": list(by_sid.values())})

    return change


def access(service: str, function: str) -> str:
    return f'{in_module(service, function)}.{POLICY}.this["access"]'


def test_a_relay_that_publishes_elsewhere(wiring: Wiring) -> None:
    broken = altered(wiring, FUNCTION, in_module("order", "relay"), variables(SAGA_BUS="default"))
    assert list(checks.publishers(broken)) == ["order/relay: SAGA_BUS is default, the rules are on shop-test-events"]


def test_a_relay_that_publishes_in_anothers_name(wiring: Wiring) -> None:
    broken = altered(wiring, FUNCTION, in_module("order", "relay"), variables(SAGA_SOURCE="shop.payment"))
    assert list(checks.publishers(broken)) == [
        "order/relay: publishes as shop.payment, may publish as ['shop.order']",
        "order/relay: publishes as shop.payment",
    ]


def test_a_service_without_a_relay(wiring: Wiring) -> None:
    broken = altered(wiring, FUNCTION, in_module("order", "relay"), None)
    broken = altered(broken, "aws_lambda_event_source_mapping", in_module("order", "relay"), None)
    assert list(checks.publishers(broken)) == ["order: no relay publishes its events"]


# Handlers


def test_a_handler_that_is_not_there(wiring: Wiring) -> None:
    address = in_module("order", "get_order")
    gone = altered(wiring, FUNCTION, address, lambda values: values.update(handler="order.handlers.get_ordr"))
    assert list(checks.handlers(gone)) == ["order/get_order: module 'order.handlers' has no attribute 'get_ordr'"]
    elsewhere = altered(wiring, FUNCTION, address, lambda values: values.update(handler="payment.handlers.get_payment"))
    assert list(checks.handlers(elsewhere)) == ["order/get_order: package order has no module payment.handlers"]


def test_an_event_that_the_handler_refuses(wiring: Wiring) -> None:
    address = rule("payment", "process_pymt", "previous_succeeded")
    broken = altered(wiring, RULE, address, pattern(**{"source": ["shop.order"], "detail-type": ["OrderPlaced"]}))
    assert {
        "payment/process_pymt: OrderPlaced is delivered, the handler refuses it",
        "payment/process_pymt: the handler waits for StockReserved, no rule delivers it",
    } <= set(checks.handlers(broken))


def test_an_event_that_means_something_else(wiring: Wiring) -> None:
    arns = [f"{ARN}payment-process_pymt", f"{ARN}payment-process_pymt:$LATEST"]
    fields = {**FAILURE, "detail": {"requestContext": {"functionArn": arns}}}
    broken = altered(wiring, RULE, rule("inventory", "reverse_inv", "technical_failure"), pattern(**fields))
    assert list(checks.handlers(broken)) == [
        "inventory/reverse_inv: takes Lambda Function Invocation Result - Failure for technical_failure, it is None"
    ]


def test_the_order_of_the_steps_is_that_of_the_rules(wiring: Wiring) -> None:
    expected = checks.kinds(wiring)
    assert expected["inventory/reverse_inv"]["PaymentReversed"] == "next_reversed"
    address = rule("payment", "process_pymt", "previous_succeeded")
    shorter = altered(wiring, RULE, address, pattern(**{"source": ["shop.order"], "detail-type": ["OrderPlaced"]}))
    assert "PaymentReversed" not in checks.kinds(shorter)["inventory/reverse_inv"]


def test_an_event_that_is_not_projected(wiring: Wiring) -> None:
    function = 'module.read_model.module.service.module.function["project_g1"]'
    (address,) = (
        resource.address.removeprefix("module.platform.")
        for resource in resources(wiring.plan, RULE)
        if function in resource.address and "OrderPlaced" in resource.values["event_pattern"]
    )

    def shorter(values: dict[str, Any]) -> None:
        fields = json.loads(values["event_pattern"])
        fields["detail-type"].remove("OrderPlaced")
        values["event_pattern"] = json.dumps({**fields, "detail-type": [*fields["detail-type"], "StockReceived"]})

    assert list(checks.handlers(altered(wiring, RULE, address, shorter))) == [
        "read_model/project_g1: StockReceived is delivered, the handler refuses it",
        "read_model/project_g1: the handler waits for OrderPlaced, no rule delivers it",
    ]


# Schemas


def with_schema(wiring: Wiring, folder: str, name: str, **changes: Any) -> Wiring:
    owned = {
        **wiring.code.owned,
        folder: {**wiring.code.owned[folder], name: {**wiring.code.owned[folder].get(name, {}), **changes}},
    }
    return dataclasses.replace(wiring, code=dataclasses.replace(wiring.code, owned=owned))


def test_a_schema_of_another_name(wiring: Wiring) -> None:
    document = wiring.code.owned["inventory"]["StockReserved.v1"]
    changed = with_schema(wiring, "inventory", "StockReserved.v1", **{"$id": "schema:StockReserved.v2"})
    assert list(checks.schemas(changed)) == ["inventory/StockReserved.v1: its $id is schema:StockReserved.v2"]
    meta = json.loads(json.dumps(document["properties"]["meta"]).replace("StockReserved.v1", "StockRejected.v1"))
    changed = with_schema(wiring, "inventory", "StockReserved.v1", properties={**document["properties"], "meta": meta})
    assert list(checks.schemas(changed)) == [
        "inventory/StockReserved.v1: meta is not Meta.v1 with the schema StockReserved.v1"
    ]


def test_a_schema_of_nobodys_event(wiring: Wiring) -> None:
    document = json.loads(json.dumps(wiring.code.owned["order"]["OrderPlaced.v1"]).replace("OrderPlaced", "OrderLost"))
    changed = with_schema(wiring, "order", "OrderLost.v1", **document)
    assert list(checks.schemas(changed)) == ["order/OrderLost.v1: nobody publishes OrderLost"]


def with_published(wiring: Wiring, **published: str) -> Wiring:
    code = dataclasses.replace(wiring.code, published={**wiring.code.published, **published})
    return dataclasses.replace(wiring, code=code)


def test_an_event_without_a_schema(wiring: Wiring) -> None:
    assert list(checks.schemas(with_published(wiring, OrderLost="order"))) == ["OrderLost: published without a schema"]


def test_an_event_of_another_service(wiring: Wiring) -> None:
    assert list(checks.schemas(with_published(wiring, OrderPlaced="payment"))) == [
        "order/OrderPlaced.v1: payment publishes OrderPlaced"
    ]


def test_a_package_that_does_not_say_what_it_consumes(wiring: Wiring) -> None:
    consumes = {**wiring.code.consumes, "payment": ("Order.v1", "OrderPlaced.v1", "ShipmentReversed.v1")}
    broken = dataclasses.replace(wiring, code=dataclasses.replace(wiring.code, consumes=consumes))
    assert list(checks.consumed(broken)) == [
        "payment: StockReserved.v1 is consumed, package.toml does not say so",
        "payment: package.toml says OrderPlaced.v1, nothing needs it",
    ]


def without_packaged(wiring: Wiring, package: str, name: str) -> Wiring:
    fewer = {stem: document for stem, document in wiring.code.packaged[package].items() if stem != name}
    code = dataclasses.replace(wiring.code, packaged={**wiring.code.packaged, package: fewer})
    return dataclasses.replace(wiring, code=code)


def test_a_package_without_a_schema(wiring: Wiring) -> None:
    broken = without_packaged(wiring, "payment", "Order.v1")
    assert list(checks.consumed(broken)) == ["payment: Order.v1 is not in the package"]


# What was seen


def test_an_event_that_breaks_its_schema(wiring: Wiring, seen: Platform) -> None:
    other = copy.copy(seen)
    other.published = copy.deepcopy(seen.published)
    event = next(message for message in other.published if message["detail-type"] == "StockReserved")
    del event["detail"]["data"]["order"]["currency"]
    assert set(checks.messages(wiring, other)) == {
        "StockReserved in composer: data.order: 'currency' is a required property",
        "StockReserved in inventory: data.order: 'currency' is a required property",
        "StockReserved in payment: data.order: 'currency' is a required property",
        "StockReserved in read_model: data.order: 'currency' is a required property",
    }


def test_an_event_that_its_consumer_does_not_know(wiring: Wiring, seen: Platform) -> None:
    broken = without_packaged(wiring, "shipping", "PaymentAuthorized.v1")
    assert set(checks.messages(broken, seen)) == {"PaymentAuthorized in shipping: no schema PaymentAuthorized.v1"}


def test_an_event_in_anothers_name(wiring: Wiring, seen: Platform) -> None:
    other = copy.copy(seen)
    other.published = copy.deepcopy(seen.published)
    event = next(message for message in other.published if message["detail-type"] == "StockReserved")
    event["source"] = "shop.order"
    found = list(checks.messages(wiring, other))
    assert found[0] == "StockReserved: published as shop.order"
    # Nobody takes it, the log and the read model neither.
    everywhere = ["composer/outdate_cache", "payment/process_pymt", "read_model/project_g1"]
    everywhere += ["read_model/store_events", "saga_log/record_event"]
    assert f"went to [], expected {everywhere}" in found[1]


def test_an_event_that_was_never_seen(wiring: Wiring, seen: Platform) -> None:
    other = copy.copy(seen)
    other.published = [message for message in seen.published if message["detail-type"] != "OrderRejected"]
    assert list(checks.messages(wiring, other)) == ["OrderRejected: never seen on the bus"]


def test_an_event_that_the_code_does_not_tell_of(wiring: Wiring, seen: Platform) -> None:
    published = {name: service for name, service in wiring.code.published.items() if name != "StockReceived"}
    broken = dataclasses.replace(wiring, code=dataclasses.replace(wiring.code, published=published))
    assert "StockReceived: seen on the bus, not in the code" in set(checks.messages(broken, seen))


# Settings


def test_a_setting_that_is_not_set(wiring: Wiring, seen: Platform) -> None:
    broken = altered(wiring, FUNCTION, in_module("order", "place_order"), variables(SAGA_DEADLINE_SECONDS=None))
    assert list(checks.settings(broken, seen)) == [
        "order/place_order: asks for SAGA_DEADLINE_SECONDS, which is not set"
    ]


def test_a_setting_that_nobody_asks_for(wiring: Wiring, seen: Platform) -> None:
    broken = altered(wiring, FUNCTION, in_module("order", "get_order"), variables(SAGA_DEADLINE_SECONDS="600"))
    assert list(checks.settings(broken, seen)) == ["order/get_order: SAGA_DEADLINE_SECONDS is set, and never asked for"]


def test_a_setting_that_no_function_was_seen_to_read(wiring: Wiring, seen: Platform) -> None:
    more = dataclasses.replace(wiring.code, settings=wiring.code.settings | {"SAGA_LOST"})
    assert list(checks.settings(dataclasses.replace(wiring, code=more), seen)) == [
        "SAGA_LOST: in the code, and no function was seen to ask for it"
    ]


def test_listed_settings_that_are_not_there(wiring: Wiring, seen: Platform) -> None:
    assert list(checks.settings(with_facts(wiring, not_read="SAGA_GONE", optional="SAGA_GONE"), seen)) == [
        "SAGA_GONE: listed as not read, and not set",
        "SAGA_GONE: listed as optional, and not in the code",
    ]


def test_settings_are_found_in_the_code() -> None:
    text = (
        "import os\nfrom saga_kit import settings\n"
        "def of(name, default=''):\n    return inner(name)\n"
        "def inner(name):\n    return os.environ.get(name)\n"
        "A = settings.text('A')\nB = settings.number('B', 1)\nC = os.environ['C']\nD = of('D')\nE = os.getenv('E')\n"
    )
    assert variables_in(text, "module") == set("ABCDE")
    with pytest.raises(UnreadableCodeError, match=r"module:1: x \+ y is not a constant"):
        variables_in("settings.text(x + y)", "module")


def test_events_are_found_in_the_code() -> None:
    text = (
        "D = Definition(name='s', do='d', undo='u', succeeded='A', failed='B', reversed='C')\n"
        "envelope.first(D.succeeded if x else NAMED, {}, saga_id=1)\n"
        "envelope.following(cause, 'id', 'E', {})\n"
    )
    names = {"NAMED": "F", "D": type("D", (), {"succeeded": "A"})}
    assert published_in(text, names, "module") == set("ABCEF")
    with pytest.raises(UnreadableCodeError, match="module:1: kind is not a constant"):
        published_in("envelope.first(kind, {})", {}, "module")


# Permissions


def test_a_permission_that_is_missing(wiring: Wiring, seen: Platform) -> None:
    def fewer(by_sid: dict[str, Any]) -> None:
        by_sid["UseTable"]["Action"].remove("dynamodb:GetItem")

    broken = altered(wiring, POLICY, access("order", "request_cancellation"), statements(fewer))
    assert list(checks.permissions(broken, seen)) == [
        "order/request_cancellation: calls dynamodb:GetItem on table/shop-test-order, which its role does not permit"
    ]


def test_a_permission_too_many(wiring: Wiring, seen: Platform) -> None:
    def more(by_sid: dict[str, Any]) -> None:
        by_sid["UseTable"]["Action"].append("dynamodb:DeleteItem")

    broken = altered(wiring, POLICY, access("order", "get_order"), statements(more))
    assert list(checks.permissions(broken, seen)) == [
        "order/get_order: may call dynamodb:DeleteItem on table/shop-test-order, and never does"
    ]


def test_a_permission_on_anothers_table(wiring: Wiring, seen: Platform) -> None:
    def elsewhere(by_sid: dict[str, Any]) -> None:
        by_sid["UseTable"]["Resource"] = [re.sub("order$", "payment", arn) for arn in by_sid["UseTable"]["Resource"]]

    broken = altered(wiring, POLICY, access("order", "get_order"), statements(elsewhere))
    assert list(checks.permissions(broken, seen)) == [
        "order/get_order: calls dynamodb:GetItem on table/shop-test-order, which its role does not permit",
        "order/get_order: may call dynamodb:GetItem on table/shop-test-payment, and never does",
    ]


def test_a_permission_of_another_service(wiring: Wiring, seen: Platform) -> None:
    def without_mail(by_sid: dict[str, Any]) -> None:
        del by_sid["SendMail"]

    broken = altered(wiring, POLICY, access("notification", "notify_customer"), statements(without_mail))
    found = list(checks.permissions(broken, seen))
    assert len(found) == 1
    assert "calls ses:SendEmail" in found[0]


def test_a_permission_that_only_the_apply_knows(wiring: Wiring, seen: Platform) -> None:
    function = 'module.composer.module.service.module.function["get_customer_order"]'
    address = f'{function}.aws_iam_role_policy.this["statements"]'
    broken = altered(wiring, POLICY, address, None)
    assert list(checks.permissions(broken, seen)) == [
        "composer/get_customer_order: calls kms:GenerateMac on , which its role does not permit"
    ]


def test_a_statement_that_the_check_does_not_know(wiring: Wiring, seen: Platform) -> None:
    def strange(by_sid: dict[str, Any]) -> None:
        by_sid["New"] = {"Sid": "New", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn"]}

    broken = altered(wiring, POLICY, access("order", "get_order"), statements(strange))
    assert list(checks.permissions(broken, seen)) == ["order/get_order: nothing is known of statement New"]


# The list of facts


def test_a_fact_needs_a_reason(tmp_path: Any) -> None:
    path = tmp_path / "facts.toml"
    path.write_text('[[not_logged]]\ndetail_type = "StockReceived"\nreason = " "\n', encoding="utf-8")
    with pytest.raises(KeyError, match="StockReceived"):
        facts(path)
