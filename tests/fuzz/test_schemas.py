"""Hypothesis, from the schemas: whatever agrees with one is taken or refused by a rule, and handled in any case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fuzz.harness import schemas
from tests.fuzz.harness.strategies import agreeing_with
from tests.fuzz.harness.target import REFUSED, Target, prepared
from tests.simulation.harness.deployment import Deployment

EXAMPLES = 15
EVENTS = sorted(name for name, document in schemas.documents().items() if "meta" in document.get("properties", {}))


@pytest.fixture(scope="module")
def target(planned: Deployment) -> Iterator[Target]:
    with prepared(planned, seed=7) as ready:
        yield ready


def consumers(target: Target, detail_type: str) -> list[str]:
    """The functions that a rule gives events of a type."""
    running = target._platform
    return [
        function
        for function, handler in running._handlers.items()
        if detail_type in getattr(handler, "triggers", {}) or function == "saga_log/record_event"
    ]


def in_batches(target: Target, detail_type: str) -> list[str]:
    """The functions that take events of a type out of a queue."""
    handlers = target._platform._handlers
    return [name for name, handler in handlers.items() if detail_type in getattr(handler, "detail_types", ())]


@pytest.mark.parametrize("name", EVENTS)
def test_whatever_agrees_with_its_schema_is_understood(target: Target, name: str) -> None:
    detail_type = name.partition(".")[0]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(agreeing_with(schemas.documents()[name]))
    def check(detail: Any) -> None:
        event = {"version": "0", "id": "1", "source": "shop.test", "detail-type": detail_type, "detail": detail}
        assert schemas.agrees(name, detail)
        for function in consumers(target, detail_type):
            verdict = target.judge(function, event)
            assert verdict.problems == (), (function, event)
        batch = {"Records": [{"messageId": "1", "body": json.dumps(event)}]}
        for function in in_batches(target, detail_type):
            assert target.judge(function, batch).problems == (), (function, event)

    check()


def test_the_read_model_takes_its_events_in_batches(target: Target) -> None:
    functions = in_batches(target, "OrderPlaced")
    assert functions
    for function in functions:
        assert target.judge(function, {"Records": [{"messageId": "1", "body": "{}"}]}).outcome == REFUSED


@pytest.mark.parametrize("event", [None, [], "text", 7, {}, {"detail": {}}, {"detail-type": 7, "detail": []}])
def test_what_is_no_event_is_refused_by_all_that_take_events(target: Target, event: Any) -> None:
    functions = [name for name, handler in target._platform._handlers.items() if getattr(handler, "triggers", {})]
    assert functions
    for function in functions:
        assert target.judge(function, event).outcome == REFUSED, function


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_no_body_is_too_strange(target: Target, body: Any) -> None:
    event = {
        "version": "2.0",
        "requestContext": {"http": {"method": "POST"}},
        "headers": {"idempotency-key": "key"},
        "body": json.dumps(body),
    }
    for function in ("order/place_order", "inventory/receive_stock"):
        assert target.judge(function, event).problems == ()
