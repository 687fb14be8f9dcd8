"""The saga log's functions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from saga_kit import clock, http, settings
from saga_kit.errors import InvalidEventError
from saga_kit.http import Problem, Request, api_handler
from saga_kit.observe import function_handler, logger, metrics
from saga_kit.read import reader
from saga_log import entry, heads, listing, store, story, watchdog
from saga_log.heads import End

_ENOUGH_MILLISECONDS = 5_000
"""What has to be left of the invocation to go on with another saga."""


@function_handler
def record_event(event: Any, _context: Any) -> dict[str, str]:
    """Record an event of a saga, or the report that a function gave up, once; and whether its saga is open."""
    found = entry.parse(event)
    added = store.log().add(found)
    # Also for an entry that was there: the invocation that added it may have ended right after.
    end = heads.record(heads.heads(), found, event, _ends())
    if end is not None:
        _count(end)
    logger.info("recorded", saga_id=found.saga_id, detail_type=found.detail_type, added=added)
    if found.failure:
        metrics.add_metric(name="TechnicalFailures", unit=MetricUnit.Count, value=1)
    return {"saga_id": found.saga_id, "effect": "done" if added else "nothing"}


def _count(end: End) -> None:
    """Count a saga that has just ended; SagaReversed sums up to those taken back, and averages to their share."""
    metrics.add_metric(name="SagaReversed", unit=MetricUnit.Count, value=int(end.state == heads.REVERSED))
    if end.started_at is not None:
        took = clock.parse(end.ended_at) - clock.parse(end.started_at)
        metrics.add_metric(name="SagaDuration", unit=MetricUnit.Milliseconds, value=took / timedelta(milliseconds=1))


@reader("order_id")
def get_saga(saga_id: str) -> Mapping[str, Any] | None:
    """Read the story of one saga: ``GET /orders/{id}/saga``, or invoked with ``order_id``."""
    entries = store.log().entries(saga_id)
    return story.tell(saga_id, entries, _names("SAGA_COMPLETED"), _names("SAGA_REVERSED")) if entries else None


@function_handler
def watch_deadlines(_event: Any, context: Any) -> dict[str, Any]:
    """Have the sagas reversed that are open after their deadlines; run by the clock."""
    found = watchdog.watch(
        heads.heads(),
        settings.function(),
        settings.number("SAGA_STUCK_AFTER_SECONDS"),
        lambda: context.get_remaining_time_in_millis() > _ENOUGH_MILLISECONDS,
    )
    for name, value in {
        "SagasPastDeadline": found.past_deadline,
        "SagaDeadlinesExceeded": found.exceeded,
        "SagaDeadlinesNotTold": found.unusable,
        "SagasStuck": found.stuck,
    }.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.add_metric(name="OldestOpenSaga", unit=MetricUnit.Seconds, value=found.oldest_seconds)
    logger.info("watched", past_deadline=found.past_deadline, exceeded=found.exceeded, stuck=found.stuck)
    return {"exceeded": found.exceeded, "stuck": found.stuck, "complete": found.complete}


def get_sagas(event: Any, context: Any) -> Any:
    """List sagas: ``GET /sagas``, or invoked with its parameters; see ``saga_log.listing``."""
    over_api = isinstance(event, Mapping) and "requestContext" in event
    return _list_over_api(event, context) if over_api else _list(event, context)


@api_handler
def _list_over_api(request: Request) -> dict[str, Any]:
    try:
        wanted = listing.parse(request.query)
    except InvalidEventError as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "invalid-parameter", str(error), field=error.field, expected=error.expected
        ) from None
    return http.answer(HTTPStatus.OK, listing.page(wanted, heads.heads(), _stuck_after()))


@function_handler
def _list(event: Any, _context: Any) -> dict[str, Any]:
    if not isinstance(event, Mapping):
        raise InvalidEventError("event", "a JSON object")
    return listing.page(listing.parse(event), heads.heads(), _stuck_after())


def _stuck_after() -> float:
    return settings.number("SAGA_STUCK_AFTER_SECONDS")


def _ends() -> dict[str, str]:
    """Return the state that a saga has come to with an event, by the event's detail type."""
    return {
        **dict.fromkeys(_names("SAGA_COMPLETED"), heads.COMPLETED),
        **dict.fromkeys(_names("SAGA_REVERSED"), heads.REVERSED),
    }


def _names(variable: str) -> frozenset[str]:
    return frozenset(name for name in os.environ.get(variable, "").split(",") if name)
