"""Who gets at a resource from outside: services for named resources alone, and nobody without TLS."""

from __future__ import annotations

from collections.abc import Iterator

from checkov.common.models.enums import CheckCategories
from saga_documents import Statement, names_an_account, statements
from saga_resources import COMPUTED, Resource, check, is_known, refers_to

SOURCE_ACCOUNT = ("aws:sourceaccount", "aws:sourceorgid")


@check(
    13,
    "A function's permission for a service names the source ARN, and the account where the ARN does not",
    "aws_lambda_permission",
    category=CheckCategories.IAM,
)
def invoker_is_named(resource: Resource) -> bool | None:
    """A permission for a whole AWS service is one for everybody's resources of that service."""
    principal = str(resource.get("principal"))
    if not principal.endswith(".amazonaws.com"):
        return principal != "*" or bool(resource.get("principal_org_id"))
    arn = str(resource.get("source_arn") or "*")
    return arn != "*" and (bool(resource.get("source_account")) or names_an_account([arn]))


@check(
    14,
    "A queue's or topic's policy for a service names the source ARN, and the account where the ARN does not",
    "aws_sqs_queue",
    "aws_sqs_queue_policy",
    "aws_sns_topic",
    "aws_sns_topic_policy",
    category=CheckCategories.IAM,
)
def sender_is_named(resource: Resource) -> bool | None:
    """The confused deputy: a service acts for whoever asks it to, unless the policy says for whom."""
    found = statements(resource.configuration.get("policy"))
    return None if found is None else all(_names_sender(statement) for statement in found if statement.allows)


def _names_sender(statement: Statement) -> bool:
    arns = statement.values_of("aws:sourcearn")
    account = statement.values_of(*SOURCE_ACCOUNT)
    if any("*" in names for names in statement.principals.values()):
        return bool(arns or account or statement.values_of("aws:principalorgid", "aws:principalaccount"))
    if not statement.principals.get("Service"):
        return True
    return bool(arns) and (names_an_account(arns) or bool(account))


@check(15, "A queue refuses plain HTTP", "aws_sqs_queue", category=CheckCategories.NETWORKING)
def queue_refuses_plain_http(resource: Resource) -> bool | None:
    """SQS takes requests by plain HTTP as well."""
    return _refuses_plain_http(resource, "queue_url", ("sqs:SendMessage", "sqs:ReceiveMessage"))


@check(16, "A topic refuses plain HTTP", "aws_sns_topic", category=CheckCategories.NETWORKING)
def topic_refuses_plain_http(resource: Resource) -> bool | None:
    """SNS takes requests by plain HTTP as well."""
    return _refuses_plain_http(resource, "arn", ("sns:Publish",))


def _refuses_plain_http(resource: Resource, link: str, actions: tuple[str, ...]) -> bool | None:
    """Whether the resource's policy, its own or one beside it, refuses everybody the actions without TLS."""
    if resource.get("policy") and resource.get("policy") != COMPUTED:
        return _document_refuses(resource, actions)
    answers = [_document_refuses(policy, actions) for policy in _policies(resource, link)]
    if answers:
        return True if True in answers else None if None in answers else False
    # A policy beside it that could be of anything may be its own.
    others = resource.others(f"{resource.kind}_policy")
    return None if any(not is_known(one.get(link)) and not _targets_are_known(one) for one in others) else False


def _policies(resource: Resource, link: str) -> Iterator[Resource]:
    for policy in resource.others(f"{resource.kind}_policy"):
        names = {arn.rpartition(":")[2] for arn in _targets(policy)}
        if refers_to(policy.get(link), resource, "arn", "id", "url", origin=policy) or resource.get("name") in names:
            yield policy


def _targets(policy: Resource) -> list[str]:
    found = statements(policy.configuration.get("policy")) or []
    return [arn for statement in found for arn in statement.resources]


def _targets_are_known(policy: Resource) -> bool:
    targets = _targets(policy)
    return bool(targets) and all(map(is_known, targets))


def _document_refuses(resource: Resource, actions: tuple[str, ...]) -> bool | None:
    found = statements(resource.configuration.get("policy"))
    if found is None:
        return None
    refusals = [statement for statement in found if statement.refuses_plain_http()]
    return all(any(refusal.permits(action) for refusal in refusals) for action in actions)


@check(
    17,
    "A key's policy for a service names the account, the source or the encryption context",
    "aws_kms_key",
    "aws_kms_key_policy",
    category=CheckCategories.ENCRYPTION,
)
def key_serves_named_resources(resource: Resource) -> bool | None:
    """A service acts for every account's resources, unless a condition says for which."""
    found = statements(resource.configuration.get("policy"))
    return None if found is None else all(_serves_named(statement) for statement in found if statement.allows)


def _serves_named(statement: Statement) -> bool:
    bounds = ("kms:encryptioncontext:*", "kms:calleraccount", "kms:viaservice", "aws:sourcearn", *SOURCE_ACCOUNT)
    return not statement.principals.get("Service") or bool(statement.values_of(*bounds))
