"""What the composer's tests stand on: services that answer as a test says, a real cache server, a table, a caller."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from redis.credentials import UsernamePasswordCredentialProvider

from composer import handlers
from composer.valkey import Address, Valkey
from local_platform import cache_server
from local_platform.cache_server import CacheServer

ORDER_ID = "11111111-2222-4333-8444-555555555555"
CUSTOMER = "customer-1"
PASSWORD = "canary-password"
SOURCES = {name: f"arn:{name}" for name in ("order", "stock", "payment", "shipment", "notices", "orders")}

DOCUMENTS: Mapping[str, Any] = {
    "order": {
        "order_id": ORDER_ID,
        "state": "PLACED",
        "customer_id": CUSTOMER,
        "cancellation_requested": False,
        "total": 4250,
    },
    "stock": {"order_id": ORDER_ID, "state": "SUCCEEDED", "lines": [{"sku": "MUG-2", "quantity": 1}]},
    "payment": {"order_id": ORDER_ID, "state": "SUCCEEDED", "payment": {"amount": 4250, "currency": "EUR"}},
    "shipment": None,
    "notices": {"order_id": ORDER_ID, "notices": []},
}

Answer = Callable[[Mapping[str, Any]], Any]


class Down(Exception):  # noqa: N818 - it is a state of a service, not an error of ours
    """Raised by an answer: the service fails."""


@dataclass
class Services:
    """The services behind the composer. ``answers`` says what each does; ``asked`` is what each was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def say(self, source: str, document: Any) -> None:
        """Have a service answer with a document."""
        self.answers[source] = lambda _question: document

    def fail(self, source: str, how: Exception | None = None) -> None:
        """Have a service fail, or the call of it with the exception ``how``."""

        def answer(_question: Mapping[str, Any]) -> Any:
            raise how or Down

        self.answers[source] = answer

    def count(self, source: str) -> int:
        """How often a service was asked."""
        return sum(name == source for name, _ in self.asked)

    def invoke(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a call of Lambda."""
        source = parameters["FunctionName"].removeprefix("arn:")
        question = json.loads(parameters["Payload"])
        self.asked.append((source, question))
        try:
            answer = self.answers[source](question)
        except Down:
            return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorType": "X"}')}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


TIMED_OUT = ReadTimeoutError(endpoint_url="https://lambda.test")
THROTTLED = ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate exceeded"}}, "Invoke")


@pytest.fixture
def services(table: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Services that have an order with its stock and its payment. DynamoDB and KMS are moto's."""
    found = Services()
    for name, document in DOCUMENTS.items():
        found.say(name, document)
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def called(self: Any, operation: str, parameters: Any) -> Any:
        return found.invoke(parameters) if operation == "Invoke" else call(self, operation, parameters)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", called)
    for name, value in {
        "COMPOSER_SOURCES": json.dumps(SOURCES),
        "COMPOSER_CALL_SECONDS": "30",
        "COMPOSER_SECONDS": "60",
        "SAGA_CUSTOMER_CLAIM": "sub",
        "SAGA_FUNCTION": "get_details",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("COMPOSER_CACHE", raising=False)
    handlers._made.cache_clear()
    yield found
    handlers._made.cache_clear()


@pytest.fixture(scope="session")
def _server() -> Iterator[CacheServer]:
    server = CacheServer.start(cache_server.free_port(), PASSWORD)
    yield server
    server.stop()


@pytest.fixture
def server(_server: CacheServer) -> CacheServer:
    """A real cache server, with whatever other tests have left in it; every test has orders of its own."""
    return _server


@pytest.fixture
def store(server: CacheServer) -> Valkey:
    """What is on the server."""
    return connect(server)


def connect(server: CacheServer, password: str = PASSWORD, seconds: float = 60) -> Valkey:
    """Return a store on the server, which has plenty of time to answer on a busy machine."""
    address = Address(cache_server.HOST, server.port, tls=False)
    return Valkey(address, UsernamePasswordCredentialProvider(cache_server.USER, password), seconds)


def an_order_id() -> str:
    """Return the id of an order that no other test knows."""
    return str(uuid.uuid4())
