"""Logs and metrics, the same for every function: JSON lines with the saga's id, metrics in the embedded format.

Only ids, names, states and codes are logged; never what a customer typed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(use_rfc3339=True, log_record_order=["level", "message", "service"])
metrics = Metrics()

Handler = Callable[[Any, Any], Any]


def function_handler(handler: Handler) -> Handler:
    """Return ``handler`` with the request's id on every log line, its metrics flushed, and failures logged by type.

    An error is logged without its message or a traceback's values, since these may quote what a customer sent, and is
    raised again: the platform must see that the invocation failed.
    """

    @functools.wraps(handler)
    def observed(event: Any, context: Any) -> Any:
        logger.structure_logs(append=True, function_request_id=getattr(context, "aws_request_id", None))
        try:
            return handler(event, context)
        except Exception as error:
            metrics.add_metric(name="Failures", unit=MetricUnit.Count, value=1)
            logger.error("failed", extra=describe(error))  # noqa: TRY400 - the values in a traceback stay out
            raise
        finally:
            if metrics.metric_set:
                metrics.flush_metrics()
            logger.remove_keys(["saga_id", "trigger", "caused_by"])

    return observed


def describe(error: BaseException) -> dict[str, str]:
    """Return what may be logged of an error: its type, where it was raised, and the contract's field if it has one."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    where = f"{traceback.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}" if traceback else ""
    details = {"error": type(error).__name__, "where": where}
    field, answer = getattr(error, "field", None), getattr(error, "response", None)
    # botocore's errors of the network have the attribute too, with nothing in it.
    code = answer.get("Error", {}).get("Code") if isinstance(answer, dict) else None
    if field:
        details["field"] = str(field)
    if code:
        details["aws_error"] = str(code)
    return details
