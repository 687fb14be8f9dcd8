"""The saga log's functions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from saga_kit.observe import function_handler, logger, metrics
from saga_kit.read import reader
from saga_log import entry, store, story


@function_handler
def record_event(event: Any, _context: Any) -> dict[str, str]:
    """Record an event of a saga, or the report that a function gave up, once."""
    found = entry.parse(event)
    added = store.log().add(found)
    logger.info("recorded", saga_id=found.saga_id, detail_type=found.detail_type, added=added)
    if found.failure:
        metrics.add_metric(name="TechnicalFailures", unit=MetricUnit.Count, value=1)
    return {"saga_id": found.saga_id, "effect": "done" if added else "nothing"}


@reader("order_id")
def get_saga(saga_id: str) -> Mapping[str, Any] | None:
    """Read the story of one saga: ``GET /orders/{id}/saga``, or invoked with ``order_id``."""
    entries = store.log().entries(saga_id)
    return story.tell(saga_id, entries, _names("SAGA_COMPLETED"), _names("SAGA_REVERSED")) if entries else None


def _names(variable: str) -> frozenset[str]:
    return frozenset(name for name in os.environ.get(variable, "").split(",") if name)
