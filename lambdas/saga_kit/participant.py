"""Makes a Lambda handler out of what a function does with its trigger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from saga_kit import trigger as triggers
from saga_kit.observe import Handler, function_handler, logger, metrics
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import Trigger


def participant(
    kinds: Mapping[str, TriggerKind],
) -> Callable[[Callable[[Trigger, Any], Effect]], Handler]:
    """Return a decorator that turns ``work(trigger, context)`` into the handler of a function on the bus.

    ``kinds`` says what each detail type means to the function; any other message is refused, fails the invocation and
    so ends where the function's failures go. The handler answers with the effect that ``work`` had.
    """

    def decorate(work: Callable[[Trigger, Any], Effect]) -> Handler:
        def handle(event: Any, context: Any) -> dict[str, str]:
            trigger = triggers.parse(event, kinds)
            logger.append_keys(saga_id=trigger.saga_id, trigger=trigger.kind.value, caused_by=trigger.causation_id)
            effect = work(trigger, context)
            metrics.add_metric(name=f"Effect_{effect.value}", unit=MetricUnit.Count, value=1)
            logger.info("handled", effect=effect.value)
            return {"saga_id": trigger.saga_id, "effect": effect.value}

        handle.__name__ = work.__name__
        handle.__doc__ = work.__doc__
        handle.__module__ = work.__module__
        wrapped = function_handler(handle)
        wrapped.triggers = dict(kinds)  # type: ignore[attr-defined]  # read by the test that compares code and rules
        return wrapped

    return decorate
