"""What the tests of tables share: sizes by DynamoDB's rules, and calls of several threads at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from unittest import mock

import botocore.client

from saga_kit import aws, observe, outbox, relay


def size(item: dict[str, Any]) -> int:
    """Return the bytes of an item as DynamoDB counts them: names and values in UTF-8, numbers by their digits."""
    return sum(len(name.encode()) + _size(value) for name, value in item.items())


def _size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return (len(content.lstrip("-").replace(".", "")) + 1) // 2 + 1
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _size(part) for name, part in content.items())
    raise NotImplementedError(f"no rule here for values of type {kind}")


@contextmanager
def atomic_requests() -> Iterator[None]:
    """Let threads call moto as they call DynamoDB: each request happens as a whole, between two requests anything.

    moto itself takes a failed transaction back by restoring whole tables, which would take other threads' writes along.
    """
    lock = threading.Lock()
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def one_at_a_time(self: Any, operation: str, parameters: Any) -> Any:
        time.sleep(0)
        with lock:
            return call(self, operation, parameters)

    with mock.patch.object(botocore.client.BaseClient, "_make_api_call", one_at_a_time):
        yield


def at_once(work: Callable[[Any], Any], inputs: Sequence[Any], *, threads: int = 8) -> list[Any]:
    """Return what ``work`` gives for each of the inputs, run in ``threads`` threads that start together."""
    together = threading.Barrier(min(threads, len(inputs)))

    def first() -> None:
        together.wait(timeout=30)

    # Lambda gives a process one invocation at a time; here threads would share Powertools' metrics.
    with (
        atomic_requests(),
        mock.patch.object(observe.metrics, "add_metric"),
        ThreadPoolExecutor(together.parties, initializer=first) as pool,
    ):
        return list(pool.map(work, inputs))


def published(monkeypatch: Any, before: dict[str, Any] | None, after: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the entries that the relay sends to the bus for a row that changed from ``before`` to ``after``."""
    bus = mock.Mock()
    bus.put_events.side_effect = lambda Entries: {"FailedEntryCount": 0, "Entries": [{} for _ in Entries]}
    images = {"NewImage": after, **({"OldImage": before} if before else {})}
    with monkeypatch.context() as patch:
        patch.setattr(aws, "client", lambda _: bus)
        patch.setenv("SAGA_BUS", "test-bus")
        relay.handler({"Records": [{"dynamodb": {"SequenceNumber": "1", **images}}]}, None)
    return [entry for call in bus.put_events.call_args_list for entry in call.kwargs["Entries"]]


def event_of(item: dict[str, Any]) -> Any:
    """Return the event in an item's outbox."""
    return outbox.load(item[outbox.ATTRIBUTE]["S"])
