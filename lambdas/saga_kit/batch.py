"""Makes a Lambda handler that takes a queue's messages in batches out of what is to be done with one of its events.

What a message holds is an event as EventBridge puts it there. A message that fails is reported by its id, so that it
alone is delivered again, and ends in the queue's dead-letter queue when it goes on failing; the others are done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from saga_kit import envelope
from saga_kit.envelope import Event
from saga_kit.errors import InvalidEventError
from saga_kit.observe import Handler, describe, function_handler, logger, metrics


def batch_handler(detail_types: Collection[str]) -> Callable[[Callable[[Event, str], bool]], Handler]:
    """Return a decorator that turns ``work(event, source)`` into the handler of a function behind a queue.

    ``detail_types`` are the events that it takes; any other message fails. ``source`` is the event's EventBridge
    source, and ``work`` returns whether the event changed anything. The handler raises ``InvalidEventError`` for what
    is no batch of messages.
    """

    def decorate(work: Callable[[Event, str], bool]) -> Handler:
        def handle(batch: Any, _context: Any) -> dict[str, Any]:
            failed = []
            for record in _records(batch):
                try:
                    event, source = _event(record, detail_types)
                    changed = work(event, source)
                except Exception as error:  # noqa: BLE001 - the queue delivers this one again, and no other
                    logger.error("failed", message_id=record["messageId"], extra=describe(error))
                    metrics.add_metric(name="Failures", unit=MetricUnit.Count, value=1)
                    failed.append({"itemIdentifier": record["messageId"]})
                    continue
                metrics.add_metric(name="EventsTaken" if changed else "EventsDropped", unit=MetricUnit.Count, value=1)
            return {"batchItemFailures": failed}

        handle.__name__, handle.__doc__, handle.__module__ = work.__name__, work.__doc__, work.__module__
        wrapped = function_handler(handle)
        wrapped.detail_types = frozenset(detail_types)  # type: ignore[attr-defined]  # read by the test of the wiring
        return wrapped

    return decorate


def _records(batch: Any) -> list[Mapping[str, Any]]:
    records = batch.get("Records") if isinstance(batch, Mapping) else None
    if not isinstance(records, list) or not all(isinstance(one, Mapping) and "messageId" in one for one in records):
        raise InvalidEventError("Records", "messages of a queue")
    return records


def _event(record: Mapping[str, Any], detail_types: Collection[str]) -> tuple[Event, str]:
    try:
        message = json.loads(record.get("body", ""))
    except (TypeError, ValueError, RecursionError):
        raise InvalidEventError("body", "an event as JSON") from None
    event = envelope.parse(message)
    if event.detail_type not in detail_types:
        raise InvalidEventError("detail-type", f"one of {', '.join(sorted(detail_types))}, got {event.detail_type!r}")
    source = message.get("source")
    if not isinstance(source, str):
        raise InvalidEventError("source", "a text")
    return event, source
