"""EventBridge rules that deliver to functions and queues.

Stock MiniStack 1.5.33 runs a function once and forgets what came of it, asks no resource policy, and drops what it
can't deliver.

AWS invokes the function asynchronously, so Lambda's retries and destinations apply
(https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchevents.html); needs the permission of the function's
or the queue's policy for the rule (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html);
and sends what it can't deliver for want of a permission or a target, without a retry, to the dead-letter queue of the
rule's target: the event as the body, what went wrong as message attributes
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html). That queue's policy has to let it, too.
EXHAUSTED_RETRY_CONDITION appears on AWS only when retries ran out, which needs a target that is there and unavailable:
no emulated one ever is.
"""

import contextvars
import json
from typing import Any

from emulator.corrections.delivery import logger, policy_allows, put_on_queue, queue_refusal
from emulator.patching import module, replace

eventbridge = module("services.eventbridge")
lambda_svc = module("services.lambda_svc")

_SERVICE = "events.amazonaws.com"
# The target, rule and event that _invoke_target is busy with: the functions it dispatches to are told the payload only.
_delivery: contextvars.ContextVar[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = contextvars.ContextVar(
    "emulator_delivery"
)
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    for name, replacement in (
        ("_invoke_target", _invoke_target),
        ("_dispatch_to_lambda", _dispatch_to_lambda),
        ("_dispatch_to_sqs", _dispatch_to_sqs),
    ):
        _stock[name] = replace(eventbridge, name, replacement)


def _invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
    token = _delivery.set((target, event, rule))
    try:
        _stock["_invoke_target"](target, event, rule, view)
    finally:
        _delivery.reset(token)


def _dispatch_to_lambda(arn: str, payload: str) -> None:
    func, config, name = lambda_svc._get_func_record_for_ref(arn)
    rule_arn = _delivery.get()[2]["Arn"]
    if not func or not config:
        _undeliverable("NO_RESOURCE", f"The function {arn} does not exist.")
        return
    # Versions share the statements of their function; each names the version or alias that it is for.
    policy = lambda_svc._functions[name]["policy"]
    if not policy_allows(policy, "lambda:InvokeFunction", arn, _SERVICE, rule_arn):
        _undeliverable("NO_PERMISSIONS", f"The policy of {name} does not let {_SERVICE} invoke it for {rule_arn}.")
        return
    try:
        event = json.loads(payload)
    except ValueError as error:
        _undeliverable("INVALID_JSON", f"The target's input is not JSON: {error}")
        return
    record = lambda_svc._execution_record_for_config(func, {**config, "FunctionArn": arn})
    lambda_svc.invoke_async_with_retry(record, event)


def _dispatch_to_sqs(spec: Any, payload: str, sqs_parameters: dict[str, Any] | None = None) -> None:
    refusal = queue_refusal(str(spec), _SERVICE, _delivery.get()[2]["Arn"])
    if refusal:
        _undeliverable(*refusal)
    else:
        _stock["_dispatch_to_sqs"](spec, payload, sqs_parameters)


def _undeliverable(code: str, message: str) -> None:
    target, event, rule = _delivery.get()
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    logger.warning("rule %s -> %s: %s %s", rule["Name"], target["Arn"], code, message)
    if not queue_arn:
        return
    refusal = queue_refusal(queue_arn, _SERVICE, rule["Arn"])
    if refusal:
        logger.warning("rule %s: event lost, its dead-letter queue takes nothing: %s", rule["Name"], refusal[1])
        return
    attributes = {
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": code,
        "ERROR_MESSAGE": message,
        "RETRY_ATTEMPTS": "0",
    }
    put_on_queue(
        queue_arn,
        json.dumps(eventbridge._pattern_event_view(event).event_with_detail()),
        {name: ("String", value) for name, value in attributes.items()},
    )
