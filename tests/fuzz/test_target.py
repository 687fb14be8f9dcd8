"""The fuzzer sees what it is there to see, and brings back what it saw."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.fuzz.harness.corpus import CANARY, CARD_NUMBER
from tests.fuzz.harness.target import ACCEPTED, REFUSED, UNHANDLED, Target, prepared
from tests.simulation.harness.deployment import Deployment

from saga_kit import aws, envelope, observe, settings
from saga_kit.errors import InvalidEventError

FUNCTION = "payment/get_payment"


@pytest.fixture(scope="module")
def target(planned: Deployment) -> Iterator[Target]:
    with prepared(planned, seed=7) as ready:
        yield ready


def handled_by(target: Target, monkeypatch: pytest.MonkeyPatch, handler: Callable[[Any], Any]) -> tuple[str, str]:
    """The outcome of an input that ``handler`` gets, and the first problem, if there is one."""

    def handle(event: Any, _context: Any) -> Any:
        return handler(event)

    monkeypatch.setitem(target._platform._handlers, FUNCTION, handle)
    verdict = target.judge(FUNCTION, {"order_id": "text"})
    return verdict.outcome, next(iter(verdict.problems), "")


def test_the_same_number_is_the_same_input(planned: Deployment, target: Target) -> None:
    numbers = range(0, 3_000, 37)
    inputs = [json.dumps(target.input(number)[1]) for number in numbers]
    outcomes = [target.run(number).outcome for number in numbers]
    with prepared(planned, seed=7) as again:
        assert [json.dumps(again.input(number)[1]) for number in numbers] == inputs
        assert [again.run(number).outcome for number in numbers] == outcomes
    with prepared(planned, seed=8) as other:
        assert [json.dumps(other.input(number)[1]) for number in numbers] != inputs


def test_an_input_finds_the_tables_as_its_seed_did(target: Target) -> None:
    before = {name: dict(table.items) for name, table in target._platform.db.tables.items()}
    for number in range(50, 100):
        target.run(number)
    during = {name: dict(table.items) for name, table in target._platform.db.tables.items()}
    for number in range(50, 100):
        target.run(number)
    assert {name: dict(table.items) for name, table in target._platform.db.tables.items()} == during
    assert during != before or not any(before.values())


def test_an_error_that_is_meant_for_nothing_is_found(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Any) -> None:
        raise KeyError("state")

    assert handled_by(target, monkeypatch, fail) == (UNHANDLED, "unhandled: KeyError('state')")
    answer = {"statusCode": 500, "body": "{}"}
    assert handled_by(target, monkeypatch, lambda _: answer)[0] == UNHANDLED


def test_a_change_by_a_refused_input_is_found_and_taken_back(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_: Any) -> None:
        aws.client("dynamodb").put_item(TableName=settings.table(), Item={"pk": {"S": "written"}})
        raise InvalidEventError("order_id", "another")

    assert handled_by(target, monkeypatch, write) == (REFUSED, "refused, and yet it changed a table")
    table = target._platform.db.tables[target._platform.deployment.table_of("payment")]
    assert ("written",) not in table.items


def test_a_change_by_an_event_that_breaks_its_contract_is_found(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_: Any, __: Any) -> str:
        aws.client("dynamodb").put_item(TableName=settings.table(), Item={"pk": {"S": "written"}})
        return "done"

    monkeypatch.setitem(target._platform._handlers, FUNCTION, write)
    event = {"detail-type": "OrderPlaced", "detail": {"meta": {"schema": "OrderPlaced.v1"}, "data": {}}}
    verdict = target.judge(FUNCTION, event)
    assert verdict.problems == ("it changed a table, though it breaks its contract",)


def test_an_error_of_one_message_of_a_batch_is_found(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    function, batch = "read_model/store_events", {"Records": [_message("OrderPlaced", {}), _message("Unknown", {})]}
    assert target.judge(function, batch).outcome == REFUSED

    def fail(_: Any) -> None:
        raise KeyError("detail")

    monkeypatch.setattr(envelope, "parse", fail)
    assert target.judge(function, batch).outcome == UNHANDLED


def test_a_message_of_a_batch_that_breaks_its_contract_and_is_taken_is_found(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(_: Any, __: Any) -> dict[str, Any]:
        aws.client("dynamodb").put_item(TableName=settings.table(), Item={"pk": {"S": "written"}})
        return {"batchItemFailures": []}

    monkeypatch.setitem(target._platform._handlers, FUNCTION, write)
    verdict = target.judge(FUNCTION, {"Records": [_message("OrderPlaced", {})]})
    assert verdict.problems == ("it changed a table, though it breaks its contract",)


def _message(detail_type: str, data: Any) -> dict[str, Any]:
    detail = {"meta": {"schema": f"{detail_type}.v1"}, "data": data}
    event = {"source": "shop.test", "detail-type": detail_type, "detail": detail}
    return {"messageId": detail_type, "body": json.dumps(event)}


@pytest.mark.parametrize("secret", [CANARY, CARD_NUMBER])
def test_a_log_line_with_what_a_customer_typed_is_found(
    target: Target, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    def log(_: Any) -> None:
        observe.logger.info("read", address=f"1 {secret} Street")

    outcome, problem = handled_by(target, monkeypatch, log)
    assert outcome == ACCEPTED
    assert problem.startswith(f"{secret} in a log line")


def test_a_stored_card_number_is_found(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_: Any) -> None:
        item = {"pk": {"S": "written"}, "payment": {"M": {"token": {"S": f"tok_{CARD_NUMBER}"}}}}
        aws.client("dynamodb").put_item(TableName=settings.table(), Item=item)

    assert handled_by(target, monkeypatch, write)[1].startswith("a card number for a token in ")
