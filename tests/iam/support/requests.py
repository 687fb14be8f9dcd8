"""The requests that permissions are for: those of the functions' code, as recorded, and those of AWS on its behalf."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.iam.support.estate import Estate, Role
from tests.iam.support.evaluators import Request
from tests.support.platform import Call, Platform

DOCUMENTED = Path(__file__).resolve().parents[1] / "documented.toml"

_TRANSACTION = {
    "Update": "UpdateItem",
    "Put": "PutItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


class UnknownCallError(NotImplementedError):
    """A call of which it is not known here what permissions it needs."""


# What the code calls


def recorded(estate: Estate, seen: Platform) -> dict[str, set[Request]]:
    """The requests that were seen with each function's role, its own and Lambda's, and what they ask of keys."""
    found: dict[str, set[Request]] = {}
    for call in [*seen.calls, *seen.by_lambda]:
        found.setdefault(call.function, set()).update(requests_of(estate, call))
    return found


def requests_of(estate: Estate, call: Call) -> Iterator[Request]:
    """The requests of a call. Raises ``UnknownCallError`` for one of a kind that has not been met yet."""
    known = _CALLS.get(call.service) or _CALLS.get(f"{call.service}.{call.operation}")
    if known is None:
        raise UnknownCallError(f"{call.function}: {call.service} {call.operation}")
    yield from known(estate, call)


def _of_table(estate: Estate, call: Call) -> Iterator[Request]:
    for action, table, index in _dynamodb(call):
        owned = next(owned for owned in estate.tables if owned.arn.endswith(f":table/{table}"))
        yield Request.of(f"dynamodb:{action}", owned.arn + (f"/index/{index}" if index else ""))
        yield through_table(owned.key or "", owned.arn)


def _of_stream(estate: Estate, call: Call) -> Iterator[Request]:
    stream = next(owned for owned in estate.streams if f":table/{call.parameters['TableName']}/" in owned.arn)
    yield Request.of(f"dynamodb:{call.operation}", stream.arn)
    yield through_table(stream.key or "", stream.arn)


def _of_bus(estate: Estate, call: Call) -> Iterator[Request]:
    entries = call.parameters["Entries"]
    sources, detail_types = ({entry[name] for entry in entries} for name in ("Source", "DetailType"))
    yield put_events(estate.bus.arn, sources, detail_types)


def _of_parameter(estate: Estate, call: Call) -> Iterator[Request]:
    parameter = estate.parameters[call.parameters["Name"]].values
    yield Request.of("ssm:GetParameter", parameter["arn"])
    if parameter["type"] == "SecureString":
        context = {"kms:EncryptionContext:PARAMETER_ARN": parameter["arn"]}
        yield through("ssm", "kms:Decrypt", parameter["key_id"], context)


def _of_mail(estate: Estate, call: Call) -> Iterator[Request]:
    sender = call.parameters["FromEmailAddress"]
    identity = next(
        resource.values["arn"]
        for resource in estate.of("aws_sesv2_email_identity")
        if resource.values["email_identity"] in {sender, sender.rpartition("@")[2]}
    )
    yield Request.of("ses:SendEmail", identity, {"ses:FromAddress": sender})


def _of_queue(estate: Estate, call: Call) -> Iterator[Request]:
    yield from (request for _, request in _to_queue(estate, call.parameters["QueueArn"]))


def _of_function(estate: Estate, call: Call) -> Iterator[Request]:
    name = call.parameters["FunctionName"]
    functions = estate.deployment.functions.values()
    yield Request.of("lambda:InvokeFunction", next(one.arn for one in functions if name in {one.arn, one.name}))


def _of_mac_key(estate: Estate, call: Call) -> Iterator[Request]:
    aliases = {alias.values["name"]: alias.values["target_key_arn"] for alias in estate.of("aws_kms_alias")}
    key = aliases[call.parameters["KeyId"]]
    yield Request.of("kms:GenerateMac", key, {"kms:MacAlgorithm": call.parameters["MacAlgorithm"]})


_CALLS: Mapping[str, Callable[[Estate, Call], Iterator[Request]]] = {
    "dynamodb": _of_table,
    "dynamodbstreams": _of_stream,
    "events.PutEvents": _of_bus,
    "ssm.GetParameter": _of_parameter,
    "sesv2.SendEmail": _of_mail,
    "sqs.SendMessage": _of_queue,
    "lambda.Invoke": _of_function,
    "kms.GenerateMac": _of_mac_key,
}


def _dynamodb(call: Call) -> Iterator[tuple[str, str, str | None]]:
    if call.operation in {"TransactWriteItems", "TransactGetItems"}:
        for entry in call.parameters["TransactItems"]:
            yield from ((_TRANSACTION[kind], part["TableName"], None) for kind, part in entry.items())
    elif call.operation == "BatchGetItem":
        yield from (("BatchGetItem", table, None) for table in call.parameters["RequestItems"])
    else:
        yield call.operation, call.parameters["TableName"], call.parameters.get("IndexName")


def put_events(bus: str, sources: set[str], detail_types: set[str]) -> Request:
    """A request to publish."""
    context: dict[str, str | tuple[str, ...]] = {
        "events:source": tuple(sorted(sources)),
        "events:detail-type": tuple(sorted(detail_types)),
    }
    return Request.of("events:PutEvents", bus, context)


def through(service: str, action: str, key: str, context: Mapping[str, str]) -> Request:
    """What a service asks of a key on behalf of whoever calls it."""
    region = key.split(":")[3]
    return Request.of(action, key, {"kms:ViaService": f"{service}.{region}.amazonaws.com", **context})


def through_table(key: str, table_arn: str) -> Request:
    """What DynamoDB asks of a table's key on behalf of whoever reads or writes the table."""
    context = {
        "kms:EncryptionContext:aws:dynamodb:tableName": table_arn.split("/")[1],
        "kms:EncryptionContext:aws:dynamodb:subscriberId": table_arn.split(":")[4],
    }
    return through("dynamodb", "kms:Decrypt", key, context)


# What AWS asks for on the functions' behalf


def documented(estate: Estate) -> dict[str, dict[Request, str]]:
    """The requests of AWS with each function's role, and the entry of documented.toml that demands each."""
    entries = tomllib.loads(DOCUMENTED.read_text(encoding="utf-8"))
    found: dict[str, dict[Request, str]] = {}
    for function in estate.functions:
        demands = found[function] = {}
        for name, request in _demands(estate, function):
            assert request.action in entries[name]["actions"], f"{name}: {request.action} is not in documented.toml"
            demands[request] = name
    return found


def _demands(estate: Estate, function: str) -> Iterator[tuple[str, Request]]:
    resource = estate.functions[function]
    values = resource.values
    account, region = estate.roles[function].arn.split(":")[4], estate.bus.arn.split(":")[3]
    group = values["logging_config"][0]["log_group"]
    stream = f"arn:aws:logs:{region}:{account}:log-group:{group}:log-stream:2026/01/31/[$LATEST]0123456789abcdef"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield "logs", Request.of(action, stream)
    if values["tracing_config"][0]["mode"] == "Active":
        for action in ("xray:PutTelemetryRecords", "xray:PutTraceSegments"):
            yield "traces", Request.of(action, "*")
    yield from _failures(estate, function)
    for mapping in estate.of("aws_lambda_event_source_mapping"):
        if mapping.module == resource.module and mapping.values.get("event_source_arn"):
            source = mapping.values["event_source_arn"]
            yield from (_from_queue if ":sqs:" in source else _stream)(estate, source)
    yield from (("network_interfaces", request) for request in in_network(estate, function))


def _failures(estate: Estate, function: str) -> Iterator[tuple[str, Request]]:
    resource = estate.functions[function]
    targets = [config["target_arn"] for config in resource.values.get("dead_letter_config") or ()]
    targets += [
        entry.get("destination") or entry["destination_arn"]
        for kind in ("aws_lambda_function_event_invoke_config", "aws_lambda_event_source_mapping")
        for config in estate.of(kind)
        if config.module == resource.module
        for destinations in config.values.get("destination_config") or ()
        for entry in destinations.get("on_failure") or ()
    ]
    for target in targets:
        if ":event-bus/" in target:
            report = put_events(target, {"lambda"}, {"Lambda Function Invocation Result - Failure"})
            yield "failures_to_a_bus", report
        else:
            yield from _to_queue(estate, target)


def _to_queue(estate: Estate, target: str) -> Iterator[tuple[str, Request]]:
    yield "failures_to_a_queue", Request.of("sqs:SendMessage", target)
    for queue in estate.queues:
        if queue.arn == target and queue.key:
            for action in ("kms:Decrypt", "kms:GenerateDataKey"):
                context = {"kms:EncryptionContext:aws:sqs:arn": target}
                yield "encrypted_queues", through("sqs", action, queue.key, context)


def _from_queue(estate: Estate, queue: str) -> Iterator[tuple[str, Request]]:
    for action in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage"):
        yield "event_queues", Request.of(f"sqs:{action}", queue)
    for owned in estate.queues:
        if owned.arn == queue and owned.key:
            context = {"kms:EncryptionContext:aws:sqs:arn": queue}
            yield "encrypted_event_queues", through("sqs", "kms:Decrypt", owned.key, context)


def _stream(estate: Estate, stream: str) -> Iterator[tuple[str, Request]]:
    for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"):
        yield "streams", Request.of(f"dynamodb:{action}", stream)
    for owned in estate.streams:
        if owned.arn == stream and owned.key:
            yield "encrypted_streams", through_table(owned.key, stream)


def in_network(estate: Estate, function: str) -> dict[Request, str]:
    """What Lambda asks for on behalf of a function in a VPC; nothing for one that is in none."""
    resource = estate.functions[function]
    region, account = estate.arn_of(function).split(":")[3:5]
    arn = f"arn:aws:ec2:{region}:{account}"
    interface = f"{arn}:network-interface/eni-0123456789abcdef0"
    found: list[Request] = []
    for vpc in resource.values.get("vpc_config") or ():
        if vpc.get("subnet_ids"):
            places = [
                *(f"{arn}:subnet/{name}" for name in vpc["subnet_ids"]),
                *(f"{arn}:security-group/{name}" for name in vpc["security_group_ids"]),
            ]
            found += [Request.of("ec2:CreateNetworkInterface", place) for place in (interface, *places)]
            for action in ("AssignPrivateIpAddresses", "DeleteNetworkInterface", "UnassignPrivateIpAddresses"):
                found.append(Request.of(f"ec2:{action}", interface))
            for action in ("DescribeNetworkInterfaces", "DescribeSubnets"):
                found.append(Request.of(f"ec2:{action}", "*"))
    return dict.fromkeys(found, "network_interfaces")


# What has to be refused


def near_misses(request: Request) -> Iterator[Request]:
    """The same request with one of its condition keys missing or of another value."""
    context = dict(request.context)
    for key, value in context.items():
        rest = {name: other for name, other in context.items() if name != key}
        yield Request.of(request.action, request.resource, rest)
        other: str | tuple[str, ...] = "another" if isinstance(value, str) else (*value, "another")
        yield Request.of(request.action, request.resource, {**rest, key: other})


def of_code_in_network(role: Role, function_arn: str) -> Iterator[Request]:
    """What the code of a function in a VPC must not do with the permissions that Lambda needs for it."""
    for statement in role.policies.get("vpc", {}).get("Statement", ()):
        if statement["Effect"] == "Allow":
            for action in statement["Action"]:
                for resource in statement["Resource"]:
                    target = resource.replace("/*", "/eni-0123456789abcdef0")
                    yield Request.of(action, target, {"lambda:SourceFunctionArn": function_arn})


def principal_context(role: Role) -> dict[str, str | tuple[str, ...]]:
    """What AWS fills in for every request of a role, over TLS."""
    return {
        "aws:PrincipalAccount": role.arn.split(":")[4],
        "aws:PrincipalIsAWSService": "false",
        "aws:SecureTransport": "true",
    }


def as_text(document: Mapping[str, Any]) -> str:
    """A policy or a part of one, in one line."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True)
