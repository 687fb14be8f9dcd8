"""How long the details of an order take, with the cache and without, and with one service down.

The services are stand-ins that take their time; the cache server is a real one. Only counts are asserted.
"""

from __future__ import annotations

import itertools
import os
import statistics
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from redis.credentials import UsernamePasswordCredentialProvider

from composer import service, sources
from composer.cache import Cache, Times
from composer.sections import SECTIONS
from composer.service import Composer
from composer.sources import UnavailableError
from composer.valkey import Address, Valkey
from local_platform import cache_server
from local_platform.cache_server import CacheServer
from saga_kit.http import Request

ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "10")) * 3
SECONDS = {"order": 0.010, "stock": 0.015, "payment": 0.020, "shipment": 0.025, "notices": 0.030}
"""What each service takes for its answer."""
TIMEOUT_SECONDS = 0.1
"""What a service that is down takes of an answer's time."""
DOCUMENTS: Mapping[str, Mapping[str, Any]] = {
    "order": {"state": "PLACED", "cancellation_requested": False, "customer_id": "ada"},
    "stock": {"state": "SUCCEEDED"},
    "payment": {"state": "SUCCEEDED"},
    "shipment": {"state": "SUCCEEDED"},
    "notices": {"notices": [{"attempts": 1, "sent_at": "2026-01-31T09:30:00.125Z"}]},
}


class Services:
    """The services: how often they were asked, and which of them is down."""

    def __init__(self) -> None:
        self.asked = 0
        self.down = ""

    def ask(self, source: str, _question: Mapping[str, Any]) -> Any:
        self.asked += 1
        if source == self.down:
            time.sleep(TIMEOUT_SECONDS)
            raise UnavailableError(source)
        time.sleep(SECONDS[source])
        return DOCUMENTS[source]


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Services:
    found = Services()
    monkeypatch.setattr(sources, "ask", found.ask)
    return found


@pytest.fixture(scope="module")
def store() -> Iterator[Valkey]:
    password = uuid.uuid4().hex
    server = CacheServer.start(cache_server.free_port(), password)
    address = Address(cache_server.HOST, server.port, tls=False)
    yield Valkey(address, UsernamePasswordCredentialProvider(cache_server.USER, password), 60)
    server.stop()


def details(composer: Composer, order_id: str) -> Mapping[str, Any]:
    request = Request({}, {"id": order_id}, {}, b"", authorizer={"iam": {"userId": "operator"}})
    return service.details(request, composer, "benchmark")


def measured(composer: Composer, order_ids: Iterator[str]) -> tuple[float, float]:
    """The 50th and 99th percentile of the time that the details take, in milliseconds."""
    times = []
    for order_id in itertools.islice(order_ids, ROUNDS):
        start = time.perf_counter()
        details(composer, order_id)
        times.append((time.perf_counter() - start) * 1000)
    percentiles = statistics.quantiles(times, n=100, method="inclusive")
    return percentiles[49], percentiles[98]


def new_ids() -> Iterator[str]:
    while True:
        yield str(uuid.uuid4())


def test_details_with_the_cache_and_without(services: Services, store: Valkey) -> None:
    cached = Composer(Cache(store, times=Times(fresh=3600, keep=7200)), seconds=60)
    alone = Composer(Cache(None), seconds=60)
    known = str(uuid.uuid4())
    details(cached, known)
    slowest = max(SECONDS.values()) * 1000
    rows: list[tuple[str, float, float, float]] = []
    for title, composer, ids, down in [
        ("cache warm", cached, itertools.repeat(known), ""),
        ("cache cold", cached, new_ids(), ""),
        ("cache off", alone, new_ids(), ""),
        ("cache off, one service down", alone, new_ids(), "stock"),
    ]:
        services.asked, services.down = 0, down
        rows.append((title, *measured(composer, ids), services.asked / ROUNDS))
    print(f"\ndetails, {ROUNDS} times each; the slowest service takes {slowest:.0f} ms, one that is down 100 ms")
    for title, middle, late, asked in rows:
        wait = TIMEOUT_SECONDS * 1000 if "down" in title else slowest
        times = f"p50 {middle:7.1f} ms  p99 {late:7.1f} ms"
        print(f"{title:<28} {times}  asked {asked:.0f}  p50 / slowest {middle / wait:5.2f}")
    one_by_one = sum(SECONDS.values()) * 1000
    print(f"one after the other they take {one_by_one:.0f} ms: {one_by_one / rows[2][1]:.2f} times the join")
    assert [asked for *_, asked in rows] == [0, len(SECTIONS), len(SECTIONS), len(SECTIONS)]
