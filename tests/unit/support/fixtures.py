"""Fixtures for the services that talk to the outside: their environment, their tables, and real servers to call."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import botocore.client
import pytest
from moto import mock_aws
from tests.unit.support.http_server import Server, serve
from tests.unit.support.sandbox_app import sandbox_app

from saga_kit import aws, observe, outbound
from sandbox import handlers as sandbox_handlers

TABLE = "test-service"
SECRET_PARAMETER = "/test/provider/secret"
SECRET = "canary-secret"
READ_TIMEOUT_SECONDS = 0.15
SANDBOX_TIMEOUT_SECONDS = 0.3


class CurrentOutput:
    """Writes to what is the standard output now; the logger holds on to that of its import."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture(autouse=True)
def function_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "SAGA_TABLE": TABLE,
        "SAGA_FUNCTION": "test",
        "SAGA_SOURCE": "shop.test",
        "PROVIDER_SECRET_PARAMETER": SECRET_PARAMETER,
        "SANDBOX_SECRET_PARAMETER": SECRET_PARAMETER,
        "SANDBOX_TIMEOUT_SECONDS": str(SANDBOX_TIMEOUT_SECONDS),
        "POWERTOOLS_SERVICE_NAME": "test",
        "POWERTOOLS_METRICS_NAMESPACE": "test",
    }.items():
        monkeypatch.setenv(name, value)
    for handler in observe.logger.handlers:
        monkeypatch.setattr(handler, "stream", CurrentOutput())
    # Nothing that a process remembers may outlive the secret and the servers that a test had.
    outbound._client.cache_clear()
    sandbox_handlers._secret.cache_clear()
    yield
    outbound._client.cache_clear()
    sandbox_handlers._secret.cache_clear()


@pytest.fixture
def dynamodb(function_environment: None) -> Iterator[Any]:
    """The service's table, which the sandbox shares in these tests (their keys have nothing in common), and SSM."""
    with mock_aws():
        client = aws.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        aws.client("ssm").put_parameter(Name=SECRET_PARAMETER, Value=SECRET, Type="SecureString")
        yield client


@pytest.fixture
def sandbox(dynamodb: Any) -> Iterator[Server]:
    """The sandbox providers, behind real HTTP."""
    with serve(sandbox_app) as server:
        yield server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the client of providers wait less long than the sandbox takes to time out."""
    monkeypatch.setattr(outbound, "READ_TIMEOUT_SECONDS", READ_TIMEOUT_SECONDS)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The AWS operations that the test's own thread called, in order; not those of servers that it talks to."""
    names: list[str] = []
    own = threading.get_ident()
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def counted(self: Any, operation: str, parameters: Any) -> Any:
        if threading.get_ident() == own:
            names.append(operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
    return names
