"""Event source mappings of DynamoDB streams.

Stock MiniStack 1.5.33 retries a failing batch for ever, whole, and holds up every other mapping meanwhile: it ignores
the maximum of retry attempts, bisecting and partial batch responses, and of an on-failure destination knows only the
maximum record age, under a name of its own.

AWS, for each mapping on its own
(https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html,
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html):
- retries a batch up to the maximum of retry attempts, throttled ones not counted, then sends a record of it to the
  on-failure destination and goes on;
- splits it in two before a retry where bisecting is on, without using up an attempt;
- takes a response's batchItemFailures as the place to go on from, where the mapping asks for them;
- gives up records older than the maximum age.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from emulator.corrections import restarts
from emulator.corrections.async_invocation import execute, timestamp
from emulator.corrections.delivery import send_record
from emulator.patching import module, replace

arns = module("core.arn")
dynamodb = module("services.dynamodb")
lambda_svc = module("services.lambda_svc")
responses = module("core.responses")

_LONGEST_WAIT_SECONDS = 30.0

Record = dict[str, Any]


def apply() -> None:
    """Put the correction in place."""
    replace(lambda_svc, "_poll_dynamodb_streams", _poll_dynamodb_streams)


def _poll_dynamodb_streams() -> bool:
    """Start the next batch of every mapping that has records and isn't busy. Says whether there was one."""
    started = False
    restarts.await_answers()
    if restarts.stopping.is_set():
        return False
    for account_id, region, mapping in lambda_svc._iter_all_esms():
        responses.set_request_account_id(account_id)
        responses.set_request_region(region)
        table_name = _table_to_read(mapping)
        if table_name is None:
            continue
        position = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"])
        if position is None:
            lambda_svc._init_stream_position(
                mapping["UUID"], mapping["EventSourceArn"], mapping.get("StartingPosition", "LATEST")
            )
            position = lambda_svc._dynamodb_stream_positions[mapping["UUID"]]
        start = dynamodb.stream_start_position(table_name)
        # Behind the end: the state is of an emulator that kept no records.
        position = start if position > dynamodb.stream_end_position(table_name) else max(position, start)
        records = list(dynamodb.stream_records_since(table_name, position, mapping.get("BatchSize", 100)))
        if records:
            lambda_svc._dispatch_esm_batch(mapping["UUID"], _deliver, mapping, records, position + len(records))
            started = True
    return started


def _table_to_read(mapping: dict[str, Any]) -> str | None:
    """The table whose current stream the mapping reads, when the mapping is enabled and not busy."""
    source = arns.parse_arn(mapping.get("EventSourceArn", ""))
    if (
        source.service != "dynamodb"
        or not mapping.get("Enabled", True)
        or lambda_svc._esm_inflight.get(mapping["UUID"])
    ):
        return None
    table_name, _ = lambda_svc._dynamodb_stream_table_from_arn_spec(source) or (None, None)
    table = dynamodb._tables.get(table_name)
    return table_name if table and table.get("LatestStreamArn") == mapping["EventSourceArn"] else None


@dataclass
class _Batch:
    records: list[Record]
    failures: int = 0


def _deliver(mapping: dict[str, Any], records: list[Record], next_position: int) -> None:
    """See every record processed or given up, in order, and move the mapping on."""
    kept = lambda_svc._apply_filter_criteria(records, mapping)
    batches = deque([_Batch(kept)] if kept else [])
    wait = min(1.0, lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS)
    throttles = 0
    while batches:
        func, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        if func is None or mapping["UUID"] not in lambda_svc._esms or not mapping.get("Enabled", True):
            return  # deleted or disabled: what is left is read again when the mapping is enabled
        batch = batches.popleft()
        batch.records = _give_up_expired(mapping, func, batch)
        if not batch.records:
            continue
        result = execute(func, {"Records": batch.records}, responses.new_uuid())
        if restarts.stopping.is_set():
            return  # read again after the restart
        if result.get("throttle"):
            batches.appendleft(batch)
            time.sleep(min(wait * 2**throttles, _LONGEST_WAIT_SECONDS))
            throttles += 1
            continue
        first_failed = _first_failed(mapping, batch.records, result)
        mapping["LastProcessingResult"] = "OK" if first_failed is None else "PROBLEM: Function call failed"
        if first_failed is None:
            continue
        retries = _after_failure(mapping, func, batch, first_failed, result)
        batches.extendleft(reversed(retries))
        if retries:
            time.sleep(min(wait * 2 ** retries[0].failures, _LONGEST_WAIT_SECONDS))
    lambda_svc._dynamodb_stream_positions[mapping["UUID"]] = next_position


def _first_failed(mapping: dict[str, Any], records: list[Record], result: dict[str, Any]) -> int | None:
    """Index of the record to go on from, or None when all are processed."""
    if result.get("error"):
        return 0
    body = result.get("body")
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not failures or "ReportBatchItemFailures" not in mapping.get("FunctionResponseTypes", []):
        return None
    positions = {record["dynamodb"]["SequenceNumber"]: index for index, record in enumerate(records)}
    # An identifier that isn't a record's makes the whole batch fail.
    return min(positions.get(failure.get("itemIdentifier"), 0) for failure in failures)


def _after_failure(
    mapping: dict[str, Any], func: dict[str, Any], batch: _Batch, first_failed: int, result: dict[str, Any]
) -> list[_Batch]:
    """The batches to try next; none when the batch is given up."""
    remaining = batch.records[first_failed:]
    if mapping.get("BisectBatchOnFunctionError"):
        if first_failed:
            return [_Batch(remaining, batch.failures)]
        if len(remaining) > 1:
            middle = len(remaining) // 2
            return [_Batch(remaining[:middle], batch.failures), _Batch(remaining[middle:], batch.failures)]
    failures = batch.failures + 1
    max_retries = int(mapping.get("MaximumRetryAttempts", -1))
    if max_retries < 0 or failures <= max_retries:
        return [_Batch(remaining, failures)]
    _send_failure(mapping, func, remaining, "RetryAttemptsExhausted", failures, result)
    return []


def _give_up_expired(mapping: dict[str, Any], func: dict[str, Any], batch: _Batch) -> list[Record]:
    """The records that aren't too old; the others' record goes to the on-failure destination."""
    max_age = int(mapping.get("MaximumRecordAgeInSeconds") or -1)
    oldest = time.time() - max_age if max_age > 0 else 0.0
    young = [record for record in batch.records if record["dynamodb"]["ApproximateCreationDateTime"] >= oldest]
    expired = batch.records[: len(batch.records) - len(young)]
    if expired:
        _send_failure(mapping, func, expired, "RecordAgeExceeded", batch.failures, None)
    return young


def _send_failure(
    mapping: dict[str, Any],
    func: dict[str, Any],
    records: list[Record],
    condition: str,
    invoke_count: int,
    result: dict[str, Any] | None,
) -> None:
    destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if not destination:
        return
    config = func["config"]
    changes = [record["dynamodb"] for record in records]
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": config.get("Version", "$LATEST")}
    if result and result.get("error"):
        response["functionError"] = result.get("function_error") or "Unhandled"
    failure = {
        "requestContext": {
            "requestId": responses.new_uuid(),
            "functionArn": mapping["FunctionArn"],
            "condition": condition,
            "approximateInvokeCount": invoke_count,
        },
        **({"responseContext": response} if result else {}),
        "version": "1.0",
        "timestamp": timestamp(),
        "DDBStreamBatchInfo": {
            "shardId": module("services.dynamodb_streams")._DEFAULT_SHARD_ID,
            "startSequenceNumber": changes[0]["SequenceNumber"],
            "endSequenceNumber": changes[-1]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": timestamp(changes[0]["ApproximateCreationDateTime"]),
            "approximateArrivalOfLastRecord": timestamp(changes[-1]["ApproximateCreationDateTime"]),
            "batchSize": len(records),
            "streamArn": mapping["EventSourceArn"],
        },
    }
    send_record(config, destination, failure)
