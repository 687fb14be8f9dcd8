"""The deadline watchdog: has open sagas reversed whose deadline has passed, and counts those that are stuck then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from saga_kit import clock
from saga_kit.errors import InvalidEventError
from saga_kit.observe import describe, logger
from saga_log.heads import Head, Heads


@dataclass(slots=True)
class Findings:
    """What one round came to. ``complete`` says whether every open saga past its deadline was looked at."""

    past_deadline: int = 0
    exceeded: int = 0
    unusable: int = 0
    stuck: int = 0
    oldest_seconds: float = 0.0
    complete: bool = True


def watch(heads: Heads, producer: str, stuck_after_seconds: float, has_time: Callable[[], bool]) -> Findings:
    """Look once at every open saga whose deadline has passed, the earliest deadline first.

    The saga's deadline is told once, through the outbox. A saga is stuck when it is open for ``stuck_after_seconds``
    after its deadline. The round ends early when ``has_time`` says so; the next one gets to the rest.
    """
    findings, now = Findings(), clock.now()
    for number, head in enumerate(heads.open_sagas()):
        if number == 0:
            findings.oldest_seconds = _age(head, now)
        if head.deadline_at > clock.rfc3339(now):
            break
        if not has_time():
            findings.complete = False
            break
        findings.past_deadline += 1
        findings.stuck += is_stuck(head, stuck_after_seconds, now)
        if head.exceeded_at is None:
            _exceed(heads, head, producer, findings)
    return findings


def _exceed(heads: Heads, head: Head, producer: str, findings: Findings) -> None:
    """Tell that a saga's deadline has passed. One that cannot be told must not keep the others from it."""
    try:
        told = heads.exceed(head.saga_id, producer)
    except InvalidEventError as error:
        findings.unusable += 1
        logger.error("deadline_not_told", saga_id=head.saga_id, extra=describe(error))
        return
    if told:
        findings.exceeded += 1
        logger.warning("deadline_exceeded", saga_id=head.saga_id, deadline_at=head.deadline_at)


def is_stuck(head: Head, stuck_after_seconds: float, now: datetime) -> bool:
    """Return whether an open saga should have been reversed by now, ``stuck_after_seconds`` after its deadline."""
    return clock.parse(head.deadline_at) + timedelta(seconds=stuck_after_seconds) <= now


def _age(head: Head, now: datetime) -> float:
    started = clock.parse(head.started_at) if head.started_at else now
    return max(0.0, (now - started).total_seconds())
