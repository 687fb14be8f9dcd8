"""Fixtures for the services that talk to the outside: their environment, their tables, and real servers to call."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import botocore.client
import pytest

from saga_kit import aws, outbound
from sandbox import handlers as sandbox_handlers

TABLE = "test-service"
"""The table that tests/unit/conftest.py makes."""
SECRET_PARAMETER = "/test/provider/secret"
SECRET = "canary-secret"
READ_TIMEOUT_SECONDS = 2.0
SANDBOX_TIMEOUT_SECONDS = 6.0


class CurrentOutput:
    """Writes to what is the standard output now; the logger holds on to that of its import."""

    def write(self, text: str) -> int:
        return sys.stdout.write(text)

    def flush(self) -> None:
        sys.stdout.flush()


@pytest.fixture(autouse=True)
def provider_environment(service_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What Terraform tells a function that calls a provider, and the sandbox."""
    for name, value in {
        "PROVIDER_SECRET_PARAMETER": SECRET_PARAMETER,
        "SANDBOX_SECRET_PARAMETER": SECRET_PARAMETER,
        "SANDBOX_TIMEOUT_SECONDS": str(SANDBOX_TIMEOUT_SECONDS),
    }.items():
        monkeypatch.setenv(name, value)
    # Nothing that a process remembers may outlive the secret and the servers that a test had.
    outbound._client.cache_clear()
    sandbox_handlers._secret.cache_clear()
    yield
    outbound._client.cache_clear()
    sandbox_handlers._secret.cache_clear()


@pytest.fixture
def dynamodb(table: Any) -> Any:
    """The service's table, which the sandbox shares in these tests (their keys have nothing in common), and SSM."""
    aws.client("ssm").put_parameter(Name=SECRET_PARAMETER, Value=SECRET, Type="SecureString")
    return table


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
