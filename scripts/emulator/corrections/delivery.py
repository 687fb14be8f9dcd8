"""What one service of the emulator needs to hand a message to another: permission checks, then the message itself."""

import hashlib
import json
import logging
import time
from typing import Any

from emulator.patching import module

logger = logging.getLogger("emulator.corrections")
evaluator = module("core.iam_evaluator")
responses = module("core.responses")
kms = module("services.kms")
sqs = module("services.sqs")


def policy_allows(
    policy: Any, action: str, resource_arn: str, service: str, source_arn: str, keys: dict[str, str] | None = None
) -> bool:
    """Whether a resource policy lets the AWS service (`events.amazonaws.com`) act on behalf of `source_arn`.

    `keys` are further condition keys, in lower case.
    """
    context = evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource_arn,
        region=responses.get_region(),
        secure_transport=True,
        service_context={
            "aws:sourcearn": source_arn,
            "aws:sourceaccount": responses.get_account_id(),
            **(keys or {}),
        },
    )
    return bool(evaluator.evaluate_resource_policy(policy, context, service=service).decision == "Allow")


def queue_refusal(queue_arn: str, service: str, source_arn: str) -> tuple[str, str] | None:
    """Why the service can't send to the queue, as (error code, message), or None when it can.

    The queue's policy has to let the service send, and the policy of the customer managed key that encrypts the queue
    has to let it use the key, which SQS does with the queue's ARN as encryption context:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        return "NO_RESOURCE", f"The queue {queue_arn} does not exist."
    if not policy_allows(queue["attributes"].get("Policy") or "", "sqs:SendMessage", queue_arn, service, source_arn):
        return "NO_PERMISSIONS", f"The policy of {queue_arn} does not let {service} send messages for {source_arn}."
    key_id = queue["attributes"].get("KmsMasterKeyId")
    key = kms._resolve_key(key_id) if key_id else None
    encryption_context = {"kms:encryptioncontext:aws:sqs:arn": queue_arn}
    if key_id and not all(
        key and policy_allows(key.get("Policy") or "", action, key["Arn"], service, source_arn, encryption_context)
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    ):
        return "NO_PERMISSIONS", f"The key {key_id} of {queue_arn} does not let {service} encrypt for {source_arn}."
    return None


def put_on_queue(queue_arn: str, body: str, attributes: dict[str, tuple[str, str]] | None = None) -> bool:
    """Put a message on a standard queue, with message attributes as name -> (data type, value).

    Returns:
        False when there is no such queue.
    """
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        return False
    message_attributes = {
        name: {"DataType": data_type, "StringValue": value} for name, (data_type, value) in (attributes or {}).items()
    }
    now = time.time()
    message = {
        "id": responses.new_uuid(),
        "body": body,
        "md5_body": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "md5_attrs": sqs._md5_msg_attrs(message_attributes),
        "sent_at": now,
        "visible_at": now + sqs.queue_delay(queue),
        "message_attributes": message_attributes,
    }
    sqs._ensure_msg_fields(message)
    queue["messages"].append(message)
    sqs.esm_wake.set()
    return True


def role_allows(
    function_config: dict[str, Any], action: str, resource_arn: str, keys: dict[str, Any] | None = None
) -> bool:
    """Whether the function's execution role may do it, with what the resource's policy has to say to that.

    Only asked when the emulator enforces IAM. `keys` are the condition keys of the service.
    """
    if not module("app").AUTH:
        return True
    account_id = responses.get_account_id()
    context = evaluator.EvalContext(
        principal_arn=function_config.get("Role", ""),
        principal_type="AssumedRole",
        principal_account=account_id,
        action=action,
        resource_arn=resource_arn,
        region=responses.get_region(),
        secure_transport=True,
        service_context=keys or {},
    )
    role_name = function_config.get("Role", "").rsplit("/", 1)[-1]
    result = evaluator.evaluate(context, evaluator._gather_role_policies(role_name, account_id))
    resource_policy = evaluator._resource_policy(resource_arn.split(":")[2], resource_arn)
    if resource_policy:
        result = evaluator.combine_resource_policy(result, context, *resource_policy)
    return bool(result.decision == "Allow")


def send_record(function_config: dict[str, Any], destination_arn: str, record: dict[str, Any]) -> None:
    """Send an invocation record to a queue or a topic, as the function's role. One that can't be sent is logged."""
    service = destination_arn.split(":")[2]
    action = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}.get(service)
    sent = False
    if action and role_allows(function_config, action, destination_arn):
        body = json.dumps(record)
        if service == "sqs":
            sent = put_on_queue(destination_arn, body)
        else:
            sent = module("services.sns").publish_internal(destination_arn, body) is not None
    if not sent:
        logger.warning("%s: not delivered to %s", function_config.get("FunctionName"), destination_arn)
