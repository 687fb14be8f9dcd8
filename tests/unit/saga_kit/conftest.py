"""A saga of parcels that exists only here, so that the kit is tested without any order."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.client
import pytest
from moto import mock_aws

from saga_kit import aws, envelope, observe, schema
from saga_kit.envelope import Event, Meta
from saga_kit.rules import TriggerKind
from saga_kit.step import Definition, Step
from saga_kit.store import StepStore
from saga_kit.trigger import Trigger

SAGA = "0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"
DEFINITION = Definition("pack", "pack", "unpack", "ParcelPacked", "ParcelRefused", "ParcelUnpacked")
EVENTS = ("ParcelOrdered", "ParcelPacked", "ParcelRefused", "ParcelUnpacked", "StampReturned")


@pytest.fixture(autouse=True)
def function_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "SAGA_TABLE": "parcels",
        "SAGA_FUNCTION": "pack",
        "SAGA_BUS": "parcels",
        "SAGA_SOURCE": "test.parcels",
        "POWERTOOLS_SERVICE_NAME": "parcels",
        "POWERTOOLS_METRICS_NAMESPACE": "test",
    }.items():
        monkeypatch.setenv(name, value)


class CurrentOutput:
    """Writes to what is the standard output now; the logger holds on to that of its import."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture(autouse=True)
def logs_are_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    for handler in observe.logger.handlers:
        monkeypatch.setattr(handler, "stream", CurrentOutput())


@pytest.fixture(autouse=True)
def schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the kit a package whose schemas are those of the parcels."""
    folder = tmp_path / "parcels" / "schemas"
    folder.mkdir(parents=True)
    for name in EVENTS:
        document = {
            "type": "object",
            "required": ["meta", "data"],
            "additionalProperties": False,
            "properties": {
                "meta": {"$ref": "schema:Meta.v1"},
                "data": {
                    "type": "object",
                    "properties": {"weight": {"type": "integer", "minimum": 1, "maximum": 30_000}},
                },
            },
        }
        (folder / f"{name}.v1.json").write_text(json.dumps(document))
    own = Path(schema.__file__).parent / "schemas"
    monkeypatch.setattr(schema, "_folders", lambda: (own, folder))
    schema.load.cache_clear()
    schema._validator.cache_clear()
    yield
    schema.load.cache_clear()
    schema._validator.cache_clear()


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = aws.client("dynamodb")
        client.create_table(
            TableName="parcels",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def store(dynamodb: Any) -> StepStore:
    return StepStore(dynamodb, "parcels")


@pytest.fixture
def step(store: StepStore) -> Step:
    return Step(DEFINITION, store)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the AWS operations that were called, in order."""
    names: list[str] = []
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def counted(self: Any, operation: str, parameters: Any) -> Any:
        names.append(operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    return names


def an_event(detail_type: str = "ParcelOrdered", saga: str = SAGA, **data: Any) -> Event:
    meta = Meta(
        event_id=envelope.event_id(saga, "test", detail_type),
        schema=f"{detail_type}.v1",
        correlation_id=saga,
        causation_id=None,
        occurred_at="2026-01-31T09:30:00.000Z",
        producer="test",
        deadline_at="2026-01-31T09:40:00.000Z",
        traceparent=f"00-{saga.replace('-', '')}-00f067aa0ba902b7-01",
    )
    return Event(detail_type, meta, data or {"weight": 5})


def a_trigger(kind: TriggerKind = TriggerKind.PREVIOUS_SUCCEEDED) -> Trigger:
    event = an_event()
    return Trigger(kind, event, event.meta.event_id)


Message = Callable[..., dict[str, Any]]


def a_message(event: Event) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "7f3f8d3e-0000-4000-8000-000000000000",
        "source": "test.parcels",
        "detail-type": event.detail_type,
        "detail": json.loads(json.dumps(event.detail())),
    }


def a_technical_failure(original: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "9f3f8d3e-0000-4000-8000-000000000000",
        "source": "lambda",
        "detail-type": "Lambda Function Invocation Result - Failure",
        "detail": {
            "version": "1.0",
            "timestamp": "2026-01-31T09:31:00.000Z",
            "requestContext": {
                "requestId": "aaaaaaaa-0000-4000-8000-000000000000",
                "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:test-pack:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": original,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "boom", "errorType": "ValueError"},
        },
    }
