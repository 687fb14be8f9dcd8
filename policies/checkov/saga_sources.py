"""Streams and queues that invoke functions: one bad record holds up, and loses, no other."""

from __future__ import annotations

from saga_resources import COMPUTED, Resource, check, is_known, is_true, strings

MAPPING = "aws_lambda_event_source_mapping"
ENDLESS = ("-1", "None", COMPUTED)


@check(
    20,
    "A stream's mapping bisects, reports partial failures, ends its retries, and has an on-failure destination",
    MAPPING,
)
def stream_loses_nothing(resource: Resource) -> bool | None:
    """A batch that fails is tried again until its records are gone from the stream, with all that is behind them."""
    arn = str(resource.get("event_source_arn"))
    # Only a stream has a place to start from.
    if not resource.get("starting_position") and ":dynamodb:" not in arn and ":kinesis:" not in arn:
        return None
    return (
        is_true(resource.get("bisect_batch_on_function_error"))
        and _reports_partial_failures(resource)
        and "on_failure" in resource.block("destination_config")
        and str(resource.get("maximum_retry_attempts")) not in ENDLESS
    )


@check(21, "A queue's mapping reports partial failures", MAPPING)
def queue_reports_partial_failures(resource: Resource) -> bool | None:
    """Without it the messages of a batch that were done are done again with the one that failed."""
    arn = str(resource.get("event_source_arn"))
    is_queue = ":sqs:" in arn or (not is_known(arn) and "aws_sqs_queue" in arn)
    return _reports_partial_failures(resource) if is_queue else None


def _reports_partial_failures(resource: Resource) -> bool:
    return "ReportBatchItemFailures" in strings(resource.configuration.get("function_response_types"))
