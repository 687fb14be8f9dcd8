"""Events that a test publishes in the place of the function that would have."""

from __future__ import annotations

import copy
import uuid

from tests.e2e.support.outcome import DEADLINE
from tests.e2e.support.shop import TECHNICAL_FAILURE, Event, altered

from saga_kit import clock, envelope


def a_deadline(placed: Event) -> Event:
    """The event that the deadline of an order has passed, as the saga log publishes it; `placed` is its OrderPlaced."""
    meta = placed["detail"]["meta"]
    event = altered(
        placed,
        event_id=envelope.event_id(meta["correlation_id"], "saga_log", DEADLINE),
        schema=f"{DEADLINE}.v1",
        causation_id=meta["event_id"],
        occurred_at=clock.rfc3339(clock.now()),
        producer="watch_deadlines",
    )
    data = {"order": copy.deepcopy(placed["detail"]["data"]["order"])}
    return {
        "source": placed["source"].replace(".order", ".saga_log"),
        "detail-type": DEADLINE,
        "detail": {"meta": event["detail"]["meta"], "data": data},
    }


def a_failure(function_arn: str, cause: Event) -> Event:
    """The report that a function has given an event up, as Lambda's on-failure destination makes it for a bus."""
    context = {
        "requestId": str(uuid.uuid4()),
        "functionArn": f"{function_arn}:$LATEST",
        "condition": "RetriesExhausted",
    }
    detail = {
        "version": "1.0",
        "timestamp": clock.rfc3339(clock.now()),
        "requestContext": {**context, "approximateInvokeCount": 3},
        "requestPayload": cause,
    }
    return {"source": "lambda", "detail-type": TECHNICAL_FAILURE, "detail": detail}
