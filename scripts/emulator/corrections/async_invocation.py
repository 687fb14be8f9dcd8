"""Asynchronous invocation: retries, on-failure destinations and dead-letter queues.

Stock MiniStack 1.5.33 knows an event invoke config only without a qualifier, makes a new request id for every attempt,
counts a throttled attempt as a failed one, sends its own envelope to destinations and to dead-letter queues alike, and
sends nothing to an EventBridge bus.

AWS:
- retries an error twice unless told otherwise, after one and after two minutes; retries a throttled event from 1 second
  to 5 minutes apart until it is too old, and one of a function with no concurrency at all never
  (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html);
- keeps the request id over the attempts (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html);
- sends an invocation record to the on-failure destination, on a bus as the detail of an event from "lambda"
  (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html);
- sends the event itself to the function's dead-letter queue, with RequestID, ErrorCode and ErrorMessage as attributes.

Waiting times are AWS's times LAMBDA_ASYNC_RETRY_BASE_SECONDS / 60. An event's age counts what AWS would have waited.
"""

import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

from emulator.corrections import restarts
from emulator.corrections.delivery import logger, put_on_queue, role_allows, send_record
from emulator.patching import module, replace

responses = module("core.responses")
concurrency = module("core.concurrency")
lambda_svc = module("services.lambda_svc")

_AWS_FIRST_RETRY = 60.0
_AWS_THROTTLE_RETRY = (1.0, 300.0)
_ERROR_MESSAGE_BYTES = 1024
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    replace(lambda_svc, "invoke_async_with_retry", invoke_async_with_retry)
    _stock["get"] = replace(lambda_svc, "get_state", get_state)
    _stock["load"] = replace(lambda_svc, "load_persisted_state", load_persisted_state)


def invoke_async_with_retry(func: dict[str, Any], event: Any) -> None:
    """Queue the event for the function and return at once."""
    _Invocation(func, event).begin()


def get_state() -> dict[str, Any]:
    """Return what there is of Lambda, with the events that wait for a function."""
    state: dict[str, Any] = _stock["get"]()
    with _lock:
        return {**state, "async_invocations": [invocation.noted() for invocation in _under_way.values()]}


def load_persisted_state(data: Any) -> None:
    """Restore Lambda, and go on with the events that wait for a function."""
    _stock["load"](data)
    waiting = (data or {}).get("async_invocations", [])
    if waiting:
        concurrency.spawn_background(lambda: _resume(waiting), thread_name="emulator-async-resume")


def _resume(waiting: list[dict[str, Any]]) -> None:
    restarts.await_answers()
    for noted in waiting:
        arn = noted["function"]
        _, _, _, region, account_id, *_ = arn.split(":")
        responses.set_request_account_id(account_id)
        responses.set_request_region(region)
        func, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if not func or not config:
            logger.warning("%s is gone: event %s dropped", arn, noted["request_id"])
            continue
        record = lambda_svc._execution_record_for_config(func, {**config, "FunctionArn": arn})
        _Invocation(record, noted["event"], noted).begin()


def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Run the function once under the given request id, within its reserved concurrency.

    Returns:
        MiniStack's result; `throttle` is set in it when there was no concurrency left.
    """
    config = func["config"]
    slot, _ = lambda_svc._acquire_execution_slot(func, config)
    if slot is None:
        lambda_svc._emit_lambda_metrics(config["FunctionName"], duration_ms=0.0, error=False, throttle=True)
        return {"throttle": True, "error": True, "body": {"errorMessage": "Rate Exceeded."}}
    try:
        result: dict[str, Any] = lambda_svc._execute_function_dispatch(func, config, event, request_id, time.time())
    finally:
        lambda_svc._release_execution_slot(slot)
    if result.get("log"):
        lambda_svc.logger.info("Lambda %s %s:\n%s", config["FunctionName"], request_id, result["log"])
    return result


def timestamp(seconds: float | None = None) -> str:
    """The time (Unix seconds, default now) as AWS writes it in a record: UTC with milliseconds."""
    moment = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Invocation:
    """One event on its way through the function's queue; `noted` is how far it had come before a restart."""

    def __init__(self, func: dict[str, Any], event: Any, noted: dict[str, Any] | None = None) -> None:
        self.func = func
        self.config: dict[str, Any] = func.get("config") or func
        self.event = event
        noted = noted or {}
        self.request_id: str = noted.get("request_id") or responses.new_uuid()
        # arn:aws:lambda:region:account:function:name[:qualifier]
        parts = self.config["FunctionArn"].split(":")
        self.arn = ":".join(parts[:7])
        self.qualifier = parts[7] if len(parts) > 7 else "$LATEST"
        self.invoke_count: int = noted.get("invoke_count", 0)
        self.waited: float = noted.get("waited", 0.0)
        self.result: dict[str, Any] | None = None

    def begin(self) -> None:
        """Put it on its way."""
        with _lock:
            _under_way[self.request_id] = self
        concurrency.spawn_background(self.run, thread_name="emulator-async-invocation")

    def noted(self) -> dict[str, Any]:
        """Return how far it has come."""
        return {
            "function": self.config["FunctionArn"],
            "event": self.event,
            "request_id": self.request_id,
            "invoke_count": self.invoke_count,
            "waited": self.waited,
        }

    def run(self) -> None:
        try:
            self._run()
        finally:
            # What ends while the emulator stops is done again: what it wrote last may not be kept.
            if not restarts.stopping.is_set():
                with _lock:
                    _under_way.pop(self.request_id, None)

    def _run(self) -> None:
        account_id, region = lambda_svc._account_region_from_function_config(self.config)
        responses.set_request_account_id(account_id)
        responses.set_request_region(region)
        settings = self._settings()
        condition = self._attempt(
            int(settings.get("MaximumRetryAttempts", 2)), float(settings.get("MaximumEventAgeInSeconds", 21600))
        )
        if condition is None or restarts.stopping.is_set():
            return
        destination = ((settings.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        dead_letter_queue = (self.config.get("DeadLetterConfig") or {}).get("TargetArn")
        if destination:
            self._send_to_destination(destination, condition)
        if dead_letter_queue:
            self._send_to_dead_letter_queue(dead_letter_queue)
        if not destination and not dead_letter_queue:
            logger.warning("%s: event %s dropped (%s)", self.config["FunctionName"], self.request_id, condition)

    def _settings(self) -> dict[str, Any]:
        """The event invoke config of the qualifier that was invoked."""
        function = lambda_svc._functions.get(self.config["FunctionName"]) or self.func
        configs = function.get("event_invoke_configs") or {}
        names = ("", "$LATEST") if self.qualifier == "$LATEST" else (self.qualifier,)
        return next((configs[name] for name in names if configs.get(name)), {})

    def _attempt(self, max_retries: int, max_age: float) -> str | None:
        """Run the function until it succeeds (None), or say why the event is given up."""
        scale = lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS / _AWS_FIRST_RETRY
        started = time.monotonic()
        failures, throttles = self.invoke_count, 0
        while not restarts.stopping.is_set():
            func = self._current()
            if lambda_svc._reserved_concurrency(func, self.config) == 0:
                return "ZeroReservedConcurrency"
            result = execute(func, self.event, self.request_id)
            if not result.get("error") or restarts.stopping.is_set():
                return None
            if result.get("throttle"):
                first, longest = _AWS_THROTTLE_RETRY
                delay = min(first * 2**throttles, longest)
                throttles += 1
            else:
                self.invoke_count += 1
                self.result = result
                if failures >= max_retries:
                    return "RetriesExhausted"
                delay = _AWS_FIRST_RETRY * 2**failures
                failures += 1
            # A machine with other work has no execution left for as long as it takes: that passes no sooner because
            # waiting times are shrunk, and within a second an event must not grow old by minutes.
            busy = result.get("throttle") and lambda_svc._reserved_concurrency(func, self.config) is None
            if time.monotonic() - started + self.waited + (0 if busy else delay) > max_age:
                return "EventAgeExceeded"
            time.sleep(delay * scale)
            if not busy:
                self.waited += delay * (1 - scale)  # what AWS would have waited longer
        return None

    def _current(self) -> dict[str, Any]:
        """The function's record with its concurrency as it is now, not as it was when the event was queued."""
        function = lambda_svc._functions.get(self.config["FunctionName"]) or self.func
        return {**self.func, "config": self.config, "concurrency": function.get("concurrency")}

    def _send_to_destination(self, destination: str, condition: str) -> None:
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": timestamp(),
            "requestContext": {
                "requestId": self.request_id,
                "functionArn": f"{self.arn}:{self.qualifier}",
                "condition": condition,
                "approximateInvokeCount": self.invoke_count,
            },
            "requestPayload": self.event,
        }
        if self.result is not None:
            record["responseContext"] = {
                "statusCode": 200,
                "executedVersion": self.config.get("Version", "$LATEST"),
                "functionError": self.result.get("function_error") or "Unhandled",
            }
            record["responsePayload"] = self.result.get("body")
        service = destination.split(":")[2]
        if service == "events":
            self._put_event(destination, record)
        elif service == "lambda":
            target, target_config, _ = lambda_svc._get_func_record_for_ref(destination)
            if target and role_allows(self.config, "lambda:InvokeFunction", destination):
                invoke_async_with_retry(lambda_svc._execution_record_for_config(target, target_config), record)
        else:
            send_record(self.config, destination, record)

    def _put_event(self, bus_arn: str, record: dict[str, Any]) -> None:
        source, detail_type = "lambda", "Lambda Function Invocation Result - Failure"
        keys = {"events:source": [source], "events:detail-type": [detail_type]}
        if not role_allows(self.config, "events:PutEvents", bus_arn, keys):
            logger.warning("%s: the role may not put events on %s", self.config["FunctionName"], bus_arn)
            return
        entry = {
            "EventBusName": bus_arn,
            "Source": source,
            "DetailType": detail_type,
            "Resources": [bus_arn, record["requestContext"]["functionArn"]],
            "Detail": json.dumps(record),
        }
        module("services.eventbridge")._put_events({"Entries": [entry]})

    def _send_to_dead_letter_queue(self, target_arn: str) -> None:
        body = self.result.get("body") if self.result else None
        message = str(body.get("errorMessage", "")) if isinstance(body, dict) else "Rate Exceeded."
        attributes = {
            "RequestID": ("String", self.request_id),
            "ErrorCode": ("Number", "200" if self.result else "429"),
            "ErrorMessage": ("String", message.encode()[:_ERROR_MESSAGE_BYTES].decode(errors="ignore") or "-"),
        }
        if target_arn.split(":")[2] == "sns":
            send_record(self.config, target_arn, self.event)
        elif not role_allows(self.config, "sqs:SendMessage", target_arn) or not put_on_queue(
            target_arn, json.dumps(self.event), attributes
        ):
            logger.warning("%s: not delivered to %s", self.config["FunctionName"], target_arn)


_lock = threading.Lock()
_under_way: dict[str, _Invocation] = {}
"""By request id: the events whose end has not been seen yet."""
