"""How often a service is asked that is throttled, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.unit.support.http_server import Received, Sent, Server, sent, serve

from composer import sources
from composer.sources import UnavailableError
from saga_kit import aws


@pytest.fixture
def throttled(service_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Lambda, which lets every second call through."""

    def answer(_request: Received) -> Sent:
        if len(server.requests) % 2:
            return Sent(
                429, b'{"Reason": "ConcurrentInvocationLimitExceeded"}', {"x-amzn-errortype": "TooManyRequests"}
            )
        return sent(200, {"state": "SUCCEEDED"})

    with serve(answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("COMPOSER_SOURCES", json.dumps({"payment": "get_payment"}))
        monkeypatch.setenv("COMPOSER_CALL_SECONDS", "60")
        aws.client.cache_clear()
        yield server
    aws.client.cache_clear()


def test_where_somebody_waits_a_throttled_service_is_asked_once(throttled: Server) -> None:
    with pytest.raises(UnavailableError, match="payment is not available"):
        sources.ask("payment", {"order_id": "1"})
    assert len(throttled.requests) == 1


def test_where_nobody_waits_a_throttled_service_is_asked_again(throttled: Server) -> None:
    assert sources.ask("payment", {"order_id": "1"}, attempts=3) == {"state": "SUCCEEDED"}
    assert [request.document for request in throttled.requests] == [{"order_id": "1"}] * 2
