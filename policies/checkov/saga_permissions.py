"""What roles may do: as little as can be named, and in no other service's name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator

from checkov.common.models.enums import CheckCategories
from saga_documents import Statement, statements
from saga_resources import Resource, check, is_known, refers_to

IDENTITY_POLICIES = ("aws_iam_role_policy", "aws_iam_policy", "aws_iam_user_policy", "aws_iam_group_policy")
ON_ITEMS = tuple(
    f"dynamodb:{action}"
    for action in (
        "BatchGetItem",
        "BatchWriteItem",
        "ConditionCheckItem",
        "DeleteItem",
        "GetItem",
        "GetRecords",
        "PartiQLSelect",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    )
)
CRYPTOGRAPHIC = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom")


_BOUNDARY = re.compile(r"(^|[-_/.])boundary$", re.IGNORECASE)


def is_boundary(resource: Resource) -> bool:
    """Whether a policy is a permissions boundary, by the end of its name: it allows nothing by itself."""
    return resource.kind == "aws_iam_policy" and bool(_BOUNDARY.search(str(resource.get("name"))))


def check_statements(
    number: int, name: str, *, boundaries: bool = True
) -> Callable[[Callable[[Statement], bool]], Callable[[Statement], bool]]:
    """Make a check of a function that tells whether a statement of an identity's policy, which allows, is right.

    It says nothing of permissions boundaries without ``boundaries``.
    """

    def register(is_right: Callable[[Statement], bool]) -> Callable[[Statement], bool]:
        @check(number, name, *IDENTITY_POLICIES, category=CheckCategories.IAM)
        def passes(resource: Resource) -> bool | None:
            found = statements(resource.configuration.get("policy"))
            if found is None or (is_boundary(resource) and not boundaries):
                return None
            return all(is_right(statement) for statement in found if statement.allows)

        return is_right

    return register


@check_statements(6, "A policy names its actions: no `service:*`, no other wildcard, no NotAction")
def actions_are_named(statement: Statement) -> bool:
    """A wildcard also allows what AWS adds next year."""
    return not statement.all_but and not any("*" in action or "?" in action for action in statement.actions)


@check_statements(7, "A policy names the tables whose items it allows actions on: no wildcard", boundaries=False)
def tables_are_named(statement: Statement) -> bool:
    """A wildcard for tables reaches those of other services, and of other environments."""
    if not any(statement.permits(action) for action in ON_ITEMS):
        return True
    return not statement.all_but and not any("*" in _table_of(arn) or arn == "*" for arn in statement.resources)


def _table_of(arn: str) -> str:
    """Account, region and table of the ARN of a table, an index or a stream; empty for what is none."""
    found = re.match(r"arn:[^:]*:dynamodb:[^/]*table/[^/]*", arn)
    if found:
        return found[0]
    return arn if arn.startswith("arn:") and ":dynamodb:" in arn else ""


@check_statements(8, "A policy names the event bus that it allows PutEvents on: no wildcard", boundaries=False)
def bus_is_named(statement: Statement) -> bool:
    """Events on any bus are events on every environment's."""
    if not statement.permits("events:PutEvents"):
        return True
    return not statement.all_but and not any("*" in arn for arn in statement.resources)


@check_statements(
    9,
    "A policy that allows PutEvents names the event sources, and allows no event without one",
    boundaries=False,
)
def sources_are_named(statement: Statement) -> bool:
    """Otherwise a service can publish events in another's name."""
    if not statement.permits("events:PutEvents"):
        return True
    named = guarded = False
    for operator, key, values in statement.conditions:
        if key == "events:source":
            plain = operator in {"stringequals", "stringlike"}
            named |= (plain or operator.startswith("forallvalues:string")) and not any("*" in one for one in values)
            # "For all values" also holds for a request that has none.
            guarded |= plain or (operator == "null" and [one.lower() for one in values] == ["false"])
    return named and guarded


@check_statements(
    10,
    "A policy allows the use of a key only by way of a service, or for an encryption context",
    boundaries=False,
)
def key_is_used_for_something(statement: Statement) -> bool:
    """A role that may decrypt anything may decrypt what it finds in a backup or in another table under the key."""
    if not any(statement.permits(action) for action in CRYPTOGRAPHIC):
        return True
    return bool(statement.values_of("kms:viaservice", "kms:encryptioncontext:*"))


@check_statements(11, "A policy allows no Scan of a table")
def nothing_is_scanned(statement: Statement) -> bool:
    """A scan reads the whole table: slow and dear on a request's path, and it takes everything along."""
    return not statement.permits("dynamodb:Scan")


@check(12, "A service's role reaches no table and no key of another service", "aws_iam_role_policy")
def database_per_service(resource: Resource) -> bool | None:
    """Only a service's own functions reach its data.

    Whose a resource is, is told by its tag ``Service``; of a table that is not in the scan, by the convention that its
    name ends with its service's, after a hyphen.
    """
    service = _service_of_role(resource)
    found = statements(resource.configuration.get("policy"))
    if service is None or found is None:
        return None
    allowed = [statement for statement in found if statement.allows]
    return all(owner in {None, service} for statement in allowed for owner in _owners(statement, resource))


def _service_of_role(resource: Resource) -> str | None:
    for role in resource.others("aws_iam_role"):
        if refers_to(resource.get("role"), role, "name", "id", origin=resource):
            return (role.tags or {}).get("Service")
    return None


def _owners(statement: Statement, resource: Resource) -> Iterator[str | None]:
    for arn in statement.resources:
        table = _table_of(arn).rpartition("/")[2]
        yield _owner_of_table(table, resource) if table else _owner_by_reference(arn, resource)
    for name in statement.values_of("kms:encryptioncontext:aws:dynamodb:tablename"):
        yield _owner_of_table(name, resource)


def _owner_of_table(name: str, resource: Resource) -> str | None:
    for table in resource.others("aws_dynamodb_table"):
        if fnmatch.fnmatchcase(str(table.get("name")), name):
            return (table.tags or {}).get("Service")
    return name.rpartition("-")[2] if is_known(name) and "-" in name and "*" not in name else None


def _owner_by_reference(arn: str, resource: Resource) -> str | None:
    for owned in resource.others("aws_dynamodb_table", "aws_kms_key"):
        if refers_to(arn, owned, "arn", "stream_arn", origin=resource):
            return (owned.tags or {}).get("Service")
    return None


@check(22, "A role has a permissions boundary where another role has one", "aws_iam_role", category=CheckCategories.IAM)
def role_is_bounded(resource: Resource) -> bool | None:
    """A boundary holds what roles can do together; the one role that is without it can do anything."""
    if resource.is_unknown("permissions_boundary"):
        return None
    return _is_bounded(resource) or not any(_is_bounded(role) for role in resource.others("aws_iam_role"))


def _is_bounded(role: Resource) -> bool:
    boundary = role.get("permissions_boundary")
    return is_known(boundary) and str(boundary or "null") not in {"null", "None"}
