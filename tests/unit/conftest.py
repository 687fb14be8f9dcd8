"""What the tests of a service stand on: its environment and table, a Lambda context, messages, and a count of calls.

Nothing applies by itself: a test has what it asks for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import botocore.client
import pytest
from moto import mock_aws

TABLE = "test-service"

Message = dict[str, Any]
EventFactory = Callable[..., Message]


@dataclass(frozen=True, slots=True)
class FakeContext:
    """As much of a Lambda context as the functions look at."""

    aws_request_id: str = "cccccccc-0000-4000-8000-000000000000"
    remaining_ms: int = 10_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def service_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Terraform tells a function, and credentials that open nothing."""
    from tests.unit.support.fixtures import CurrentOutput

    from saga_kit import observe

    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "SAGA_TABLE": TABLE,
        "SAGA_FUNCTION": "test",
        "SAGA_SOURCE": "shop.test",
        "SAGA_DEADLINE_SECONDS": "600",
    }.items():
        monkeypatch.setenv(name, value)
    for handler in observe.logger.handlers:
        monkeypatch.setattr(handler, "stream", CurrentOutput())


def _table(*keys: str) -> Iterator[Any]:
    from saga_kit import aws

    with mock_aws():
        client = aws.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def table(service_environment: None) -> Iterator[Any]:
    """A service's table with the key ``pk``; gives the low-level client."""
    yield from _table("pk")


@pytest.fixture
def log_table(service_environment: None) -> Iterator[Any]:
    """A table with the key ``pk`` and ``sk``; gives the low-level client."""
    yield from _table("pk", "sk")


@pytest.fixture
def aws_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The AWS operations that were called, in order; clear it to count those of one invocation."""
    names: list[str] = []
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def counted(self: Any, operation: str, parameters: Any) -> Any:
        names.append(operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    return names


@pytest.fixture
def event() -> EventFactory:
    """Return ``make(detail_type, data, saga_id, **meta)``, which makes the message of an event."""

    def make(detail_type: str, data: dict[str, Any], saga_id: str | None = None, **meta: Any) -> Message:
        from tests.unit.support.orders import ORDER_ID, a_message, an_event

        message = a_message(an_event(detail_type, data, saga_id or ORDER_ID))
        message["detail"]["meta"].update(meta)
        return message

    return make


def items_of(client: Any) -> dict[str, Any]:
    """Return what is in the table, by ``pk`` (and ``sk``)."""
    return {
        "/".join(item[key]["S"] for key in ("pk", "sk") if key in item): item
        for item in client.scan(TableName=TABLE)["Items"]
    }


def logged(text: str) -> list[dict[str, Any]]:
    """Return the lines of a function's output, which are JSON each."""
    return [json.loads(line) for line in text.splitlines()]
