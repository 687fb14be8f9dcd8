"""Events: where they end when they cannot be delivered, and who gets at the bus."""

from __future__ import annotations

from checkov.common.models.enums import CheckCategories
from saga_documents import statements
from saga_resources import Resource, check, is_known

ASYNCHRONOUS = ("events.amazonaws.com", "s3.amazonaws.com", "sns.amazonaws.com", "ses.amazonaws.com")
"""Services that invoke functions and do not wait for the result."""


@check(1, "A rule's target has a retry policy and a dead-letter queue", "aws_cloudwatch_event_target")
def target_keeps_what_it_cannot_deliver(resource: Resource) -> bool | None:
    """EventBridge drops what a target has not taken after 24 hours or 185 attempts, unless there is a queue."""
    return bool(resource.block("retry_policy")) and bool(resource.block("dead_letter_config").get("arn"))


@check(
    2,
    "A function that is invoked asynchronously has an on-failure destination",
    "aws_lambda_function_event_invoke_config",
    "aws_lambda_permission",
)
def given_up_invocation_is_kept(resource: Resource) -> bool | None:
    """Lambda drops an asynchronous invocation that failed three times, unless there is a destination."""
    if resource.kind == "aws_lambda_function_event_invoke_config":
        return _has_destination(resource)
    if resource.get("principal") not in ASYNCHRONOUS:
        return None
    name = resource.get("function_name")
    configurations = list(resource.others("aws_lambda_function_event_invoke_config"))
    for configuration in configurations:
        if configuration.get("function_name") == name and (is_known(name) or configuration.module == resource.module):
            return _has_destination(configuration)
    # Which function it is, and which functions the configurations are of, has to be known to say that there is none.
    certain = is_known(name) and all(is_known(one.get("function_name")) for one in configurations)
    return False if certain or not configurations else None


def _has_destination(configuration: Resource) -> bool | None:
    if "on_failure" in configuration.block("destination_config") or configuration.is_unknown("destination_config"):
        return True
    # What a dynamic block comes to is seen in the plan.
    return None if configuration.get("dynamic") else False


@check(
    3,
    "An event bus is encrypted with a customer managed key",
    "aws_cloudwatch_event_bus",
    category=CheckCategories.ENCRYPTION,
)
def bus_is_encrypted(resource: Resource) -> bool | None:
    """With a key of AWS's own nobody can be kept from the events in its archive by the key."""
    return bool(resource.get("kms_key_identifier"))


@check(4, "An event bus with a key has a dead-letter queue", "aws_cloudwatch_event_bus")
def bus_keeps_what_it_cannot_decrypt(resource: Resource) -> bool | None:
    """A bus with a key of its own drops events while the key is out of reach, unless there is a queue."""
    if not resource.get("kms_key_identifier"):
        return None
    return bool(resource.block("dead_letter_config").get("arn"))


@check(
    5,
    "An event bus's policy lets nobody in that it does not name, and no more than put events",
    "aws_cloudwatch_event_bus_policy",
    "aws_cloudwatch_event_permission",
    category=CheckCategories.IAM,
)
def bus_is_not_open(resource: Resource) -> bool | None:
    """Otherwise any account puts events on the bus, or changes its rules."""
    if resource.kind == "aws_cloudwatch_event_permission":
        return resource.get("principal") != "*" or bool(resource.block("condition"))
    found = statements(resource.configuration.get("policy"))
    if found is None:
        return None
    for statement in found:
        if not statement.allows:
            continue
        everybody = any("*" in names for names in statement.principals.values())
        bounded = statement.values_of(
            "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:sourceaccount"
        )
        if (everybody and not bounded) or statement.all_but or any("*" in action for action in statement.actions):
            return False
    return True
