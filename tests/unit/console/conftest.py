"""The console's functions, with the platform's behind them answered by the test."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from console import pages
from saga_kit import aws

FUNCTIONS = {
    "CONSOLE_GET_SAGAS": "saga_log/get_sagas",
    "CONSOLE_GET_SAGA": "saga_log/get_saga",
    "CONSOLE_GET_DETAILS": "composer/get_details",
    "CONSOLE_PLACE_ORDER": "order/place_order",
    "CONSOLE_RECEIVE_STOCK": "inventory/receive_stock",
}
STEPS = [{"name": "order", "service": "order", "do": "place_order", "undo": "reverse_order"}]


class TroubleError(Exception):
    """Says how an invocation is to fail: refused, timed_out, or the type of the function's own error."""


@dataclass
class Platform:
    """Stands for Lambda: each function's answer, and what it was asked, with the seconds it had for the last."""

    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def client(self, service: str, *, attempts: int, timeout: float) -> Platform:
        assert (service, attempts) == ("lambda", 1)
        self.seconds = timeout
        return self

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        function, question = FunctionName.removeprefix("arn:"), json.loads(Payload)
        self.asked.append((function, question))
        try:
            answer = self.answers[function](question)
        except TroubleError as trouble:
            return self._failed(str(trouble))
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}

    def _failed(self, how: str) -> dict[str, Any]:
        if how == "refused":
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "canary"}}, "Invoke")
        if how == "timed_out":
            raise ReadTimeoutError(endpoint_url="https://lambda.example")
        if how == "garbage":
            return {"StatusCode": 200, "Payload": io.BytesIO(b"<html>")}
        document = {"errorType": how, "errorMessage": "canary@example.com"}
        return {"StatusCode": 200, "FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(document).encode())}


@pytest.fixture
def platform(service_environment: None, monkeypatch: pytest.MonkeyPatch) -> Platform:
    made = Platform()
    monkeypatch.setattr(aws, "client", made.client)
    for variable, function in FUNCTIONS.items():
        monkeypatch.setenv(variable, f"arn:{function}")
    monkeypatch.setenv("CONSOLE_NETWORKS", "10.1.0.0/16,2001:db8::/32")
    monkeypatch.setenv("CONSOLE_ENVIRONMENT", "shop test")
    monkeypatch.setenv("CONSOLE_STEPS", json.dumps(STEPS))
    monkeypatch.setenv("CONSOLE_PLACING", "yes")
    monkeypatch.setenv("CONSOLE_DETAILS_SECONDS", "5")
    return made


def secured(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer that has been found to have every header that the console promises."""
    assert pages.HEADERS.items() <= answer["headers"].items()
    return answer
