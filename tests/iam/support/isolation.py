"""What no role may do: anything with what belongs to others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.iam.support.estate import Estate, Owned, Role
from tests.iam.support.evaluators import Document, Request
from tests.iam.support.requests import principal_context, put_events, through, through_table

ON_TABLES = (
    *("BatchGetItem", "ConditionCheckItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"),
    *("BatchWriteItem", "DeleteTable", "PartiQLSelect"),
)
ON_STREAMS = ("DescribeStream", "GetRecords", "GetShardIterator")
ON_QUEUES = ("DeleteMessage", "PurgeQueue", "ReceiveMessage", "SendMessage")
ON_KEYS = ("Decrypt", "DisableKey", "Encrypt", "GenerateDataKey")
ON_LOG_STREAMS = ("GetLogEvents", "PutLogEvents")
ELSEWHERE = "another environment"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that a role has to be refused: on what of whose, with that resource's policy if it has one."""

    role: Role
    kind: str
    owner: str
    request: Request
    policy: Document | None = None


def attempts(estate: Estate, roles: Iterable[Role]) -> Iterator[Attempt]:
    """Roles on everything of every other service, and on the like of their own in another environment."""
    for role in roles:
        yield from _of_others(estate, role)
        yield from _in_others_names(estate, role)
        yield from _elsewhere(estate, role)


def _of_others(estate: Estate, role: Role) -> Iterator[Attempt]:
    for kind, found in {
        "table": estate.tables,
        "stream": estate.streams,
        "key": estate.keys,
        "queue": estate.queues,
        "log group": estate.log_groups,
    }.items():
        for owned in found:
            # Dead letters and logs of the role's own service may be of another function of it.
            if owned.service != role.service or (kind in {"queue", "log group"} and not _is_own(role, owned)):
                for request in _requests(estate, kind, owned):
                    yield _attempt(role, kind, owned.service or "no service", request, owned.policy)


def _is_own(role: Role, owned: Owned) -> bool:
    name = role.function.rpartition("/")[2].replace("_", "[-_]")
    return re.search(rf"-{name}(-events|-undelivered|-failed)?(:\*)?$", owned.arn) is not None


def _attempt(role: Role, kind: str, owner: str, request: Request, policy: Document | None) -> Attempt:
    context = {**dict(request.context), **principal_context(role)}
    return Attempt(role, kind, owner, Request.of(request.action, request.resource, context), policy)


def _requests(estate: Estate, kind: str, owned: Owned) -> Iterator[Request]:
    if kind == "table":
        yield from (Request.of(f"dynamodb:{action}", owned.arn) for action in ON_TABLES)
        yield from (Request.of("dynamodb:Query", f"{owned.arn}/index/{index}") for index in owned.indexes)
    elif kind == "stream":
        yield from (Request.of(f"dynamodb:{action}", owned.arn) for action in ON_STREAMS)
    elif kind == "queue":
        yield from (Request.of(f"sqs:{action}", owned.arn) for action in ON_QUEUES)
    elif kind == "log group":
        group = owned.arn.removesuffix(":*")
        yield Request.of("logs:FilterLogEvents", group)
        yield from (Request.of(f"logs:{action}", f"{group}:log-stream:2026/01/31/0") for action in ON_LOG_STREAMS)
    else:
        yield from (Request.of(f"kms:{action}", owned.arn) for action in ON_KEYS)
        yield Request.of("kms:GenerateMac", owned.arn, {"kms:MacAlgorithm": "HMAC_SHA_256"})
        for table in estate.tables:
            yield through_table(owned.arn, table.arn)
        for queue in estate.queues:
            if queue.service == owned.service:
                context = {"kms:EncryptionContext:aws:sqs:arn": queue.arn}
                for action in ("kms:Decrypt", "kms:GenerateDataKey"):
                    yield through("sqs", action, owned.arn, context)


def _in_others_names(estate: Estate, role: Role) -> Iterator[Attempt]:
    bus = estate.bus
    for service, source in estate.sources.items():
        if service != role.service:
            for sources in ({source}, {source, estate.sources.get(role.service, "shop.none")}):
                yield _attempt(role, "events", service, put_events(bus.arn, sources, {"OrderPlaced"}), bus.policy)
    # In its own service's name only the relay publishes, and as Lambda only who reports failures there.
    if not role.function.endswith("/relay") and role.service in estate.sources:
        request = put_events(bus.arn, {estate.sources[role.service]}, {"OrderPlaced"})
        yield _attempt(role, "events", role.service, request, bus.policy)
    yield _attempt(role, "events", "nobody", Request.of("events:PutEvents", bus.arn), bus.policy)


def _elsewhere(estate: Estate, role: Role) -> Iterator[Attempt]:
    """What the role may have here, in an environment of the same account, in another account, in another region."""
    for change in (_other_environment, _other_account, _other_region):
        for kind, owned in _own(estate, role):
            moved = Owned(owned.service, change(estate, owned.arn), indexes=owned.indexes)
            for request in _requests(estate, kind, moved):
                yield _attempt(role, kind, ELSEWHERE, request, None)
        for service in estate.sources.keys() & {role.service}:
            request = put_events(change(estate, estate.bus.arn), {estate.sources[service]}, {"OrderPlaced"})
            yield _attempt(role, "events", ELSEWHERE, request, None)
    for table in (owned for kind, owned in _own(estate, role) if kind == "table" and owned.key):
        key = str(table.key)
        other = f"{key[:-12]}000000000000"
        for arn in (table.arn, _other_environment(estate, table.arn)):
            yield _attempt(role, "key", ELSEWHERE, through_table(other, arn), estate.key_policy(key))


def _own(estate: Estate, role: Role) -> Iterator[tuple[str, Owned]]:
    for kind, found in {
        "table": estate.tables,
        "stream": estate.streams,
        "queue": estate.queues,
        "log group": estate.log_groups,
    }.items():
        yield from ((kind, owned) for owned in found if owned.service == role.service)


def _other_environment(estate: Estate, arn: str) -> str:
    """The ARN of the same thing in another environment of the account."""
    return arn.replace(estate.prefix, f"{estate.prefix.partition('-')[0]}-another")


def _other_account(_: Estate, arn: str) -> str:
    return arn.replace(f":{arn.split(':')[4]}:", ":111122223333:")


def _other_region(_: Estate, arn: str) -> str:
    return arn.replace(f":{arn.split(':')[3]}:", ":ap-southeast-2:")
