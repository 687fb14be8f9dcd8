"""What Terraform deploys, read from the plan of the root module: functions, tables, routes, retries, queues.

Nothing here is a copy of the configuration. A plan that is JSON of ``terraform show -json`` goes in, and what the plan
does not tell (a function without a handler, a target without a dead-letter queue) is an error.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .dynamodb import Index, Table
from .patterns import Matcher, compile_pattern

Handler = Callable[[Any, Any], Any]


class PlanError(ValueError):
    """A plan that does not tell what the simulator has to know; the message names the resource."""


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function: its logical name, its entry point, and what becomes of its asynchronous invocations."""

    name: str
    service: str
    arn: str
    handler: str
    timeout: float
    environment: Mapping[str, str]
    maximum_retry_attempts: int = 2
    maximum_event_age: float = 21600.0
    on_failure: str | None = None

    def load(self) -> Handler:
        """Import the handler."""
        module, _, name = self.handler.rpartition(".")
        found: Handler = getattr(importlib.import_module(module), name)
        return found


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule delivers to, how often and how long it tries, and where an event goes that it cannot deliver."""

    rule: str
    function: str
    queue: str
    maximum_retry_attempts: int
    maximum_event_age: float
    input: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the bus."""

    name: str
    pattern: str
    matches: Matcher = field(compare=False)
    targets: Sequence[Target] = ()
    looks_deeper: bool = False
    """Whether the pattern asks for more than the source and the detail type."""
    queued_for: Sequence[str] = ()
    """The functions that it fills a queue of: they get the events in batches, and publish nothing."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A rule that runs by the clock, every ``period`` seconds."""

    name: str
    period: float
    targets: Sequence[Target]


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """A function behind a table's stream."""

    function: str
    table: str
    batch_size: int
    maximum_retry_attempts: int
    maximum_record_age: float
    bisect: bool
    partial_responses: bool
    queue: str
    filters: Sequence[Matcher] = ()


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table to be."""

    service: str
    name: str
    hash_key: str
    range_key: str | None
    key_types: Mapping[str, str]
    indexes: Mapping[str, Index]
    has_stream: bool

    def make(self) -> Table:
        """Return the empty table."""
        return Table(self.name, self.hash_key, self.range_key, self.key_types, self.indexes)


@dataclass(frozen=True, slots=True)
class Deployment:
    """Everything that the simulator runs, by name."""

    bus: str
    functions: Mapping[str, Function]
    tables: Mapping[str, TableSpec]
    rules: Sequence[Rule]
    schedules: Sequence[Schedule]
    mappings: Sequence[StreamMapping]

    def table_of(self, service: str) -> str:
        """Return the name of a service's table. Raises ``PlanError`` when it has none."""
        names = [spec.name for spec in self.tables.values() if spec.service == service]
        if len(names) != 1:
            raise PlanError(f"service {service}: expected one table in the plan, found {names}")
        return names[0]


@dataclass(frozen=True, slots=True)
class _Resource:
    address: str
    module: str
    kind: str
    values: Mapping[str, Any]


def _resources(module: Mapping[str, Any]) -> Iterator[_Resource]:
    address = module.get("address", "")
    for resource in module.get("resources", ()):
        if resource.get("mode") == "managed":
            yield _Resource(resource["address"], address, resource["type"], resource["values"])
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def from_plan(plan: Mapping[str, Any], *, change_pattern: Callable[[str, str], str] | None = None) -> Deployment:
    """Read a plan. ``change_pattern(rule, pattern)`` may give a rule another pattern, as a seeded bug does."""
    found: dict[str, list[_Resource]] = {}
    for resource in _resources(plan["planned_values"]["root_module"]):
        found.setdefault(resource.kind, []).append(resource)
    tables, tables_by_module = _tables(found.get("aws_dynamodb_table", []))
    functions = _functions(found)
    by_arn = {function.arn: name for name, function in functions.items()}
    by_module = {resource.module: resource for resource in found.get("aws_lambda_function", [])}
    rules, schedules, bus = _rules(found, by_arn, _queues(found, by_module), change_pattern)
    mappings = []
    for resource in found.get("aws_lambda_event_source_mapping", []):
        function = by_module[resource.module].values["function_name"]
        if function not in functions or ":sqs:" in str(resource.values.get("event_source_arn")):
            continue
        # The stream's ARN is known only after apply; the mapping stands in the service's module, beside its table.
        parent = resource.module.rpartition(".module.")[0]
        if parent not in tables_by_module:
            raise PlanError(f"{resource.address}: no table in {parent or 'the root module'}")
        mappings.append(_mapping(resource, function, tables_by_module[parent]))
    return Deployment(bus, functions, tables, rules, schedules, mappings)


def _tables(resources: Sequence[_Resource]) -> tuple[dict[str, TableSpec], dict[str, str]]:
    tables, by_module = {}, {}
    for resource in resources:
        values = resource.values
        spec = TableSpec(
            service=_tag(resource, "Service"),
            name=values["name"],
            hash_key=values["hash_key"],
            range_key=values.get("range_key"),
            key_types={attribute["name"]: attribute["type"] for attribute in values["attribute"]},
            indexes={index["name"]: _index(index) for index in values.get("global_secondary_index") or ()},
            has_stream=bool(values.get("stream_enabled")),
        )
        tables[spec.name] = spec
        if spec.has_stream:
            by_module[resource.module] = spec.name
    return tables, by_module


def _index(values: Mapping[str, Any]) -> Index:
    kind = values["projection_type"]
    projected = {"ALL": None, "KEYS_ONLY": frozenset[str]()}.get(
        kind, frozenset(values.get("non_key_attributes") or ())
    )
    return Index(values["hash_key"], values.get("range_key"), projected)


def _tag(resource: _Resource, name: str) -> str:
    tags = resource.values.get("tags") or {}
    if name not in tags:
        raise PlanError(f"{resource.address}: no tag {name}")
    return str(tags[name])


def _functions(found: Mapping[str, Sequence[_Resource]]) -> dict[str, Function]:
    configs = {resource.module: resource for resource in found.get("aws_lambda_function_event_invoke_config", ())}
    arns = _function_arns(found)
    functions = {}
    for resource in found.get("aws_lambda_function", ()):
        values = resource.values
        name = values["function_name"]
        environment = values["environment"][0]["variables"] if values.get("environment") else {}
        config = configs.get(resource.module)
        on_failure = None
        if config is not None:
            for destination in config.values.get("destination_config") or ():
                for entry in destination.get("on_failure") or ():
                    on_failure = _known(config, entry, "destination")
        functions[name] = Function(
            name=name,
            service=_tag(resource, "Service"),
            arn=arns(name),
            handler=values["handler"],
            timeout=float(values["timeout"]),
            environment=dict(environment),
            maximum_retry_attempts=config.values["maximum_retry_attempts"] if config else 2,
            maximum_event_age=float(config.values["maximum_event_age_in_seconds"]) if config else 21600.0,
            on_failure=on_failure,
        )
    return functions


def _function_arns(found: Mapping[str, Sequence[_Resource]]) -> Callable[[str], str]:
    """A function's own ARN is known after apply only; its name, and the account's prefix in any target's ARN, are."""
    known = [
        str(resource.values["arn"])
        for resource in found.get("aws_cloudwatch_event_target", ())
        if ":function:" in str(resource.values.get("arn"))
    ]
    if not known:
        raise PlanError("no rule in the plan has a function for a target")
    prefix = known[0].rpartition(":")[0]
    return lambda name: f"{prefix}:{name}"


def _known(resource: _Resource, values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value:
        raise PlanError(f"{resource.address}: {name} is not known in the plan")
    return value


def _queues(found: Mapping[str, Sequence[_Resource]], by_module: Mapping[str, _Resource]) -> dict[str, str]:
    """The function behind each queue, by the queue's ARN."""
    return {
        str(resource.values["event_source_arn"]): str(by_module[resource.module].values["function_name"])
        for resource in found.get("aws_lambda_event_source_mapping", ())
        if ":sqs:" in str(resource.values.get("event_source_arn"))
    }


def _rules(
    found: Mapping[str, Sequence[_Resource]],
    functions: Mapping[str, str],
    queues: Mapping[str, str],
    change_pattern: Callable[[str, str], str] | None,
) -> tuple[list[Rule], list[Schedule], str]:
    targets: dict[tuple[str, str], list[Target]] = {}
    queued: dict[tuple[str, str], list[str]] = {}
    for resource in found.get("aws_cloudwatch_event_target", ()):
        values = resource.values
        arn = _known(resource, values, "arn")
        if arn in queues:
            queued.setdefault((values["event_bus_name"], values["rule"]), []).append(queues[arn])
            continue
        if arn not in functions:
            raise PlanError(f"{resource.address}: no function in the plan has the ARN {arn}")
        retry = (values.get("retry_policy") or [{}])[0]
        dead_letters = (values.get("dead_letter_config") or [{}])[0]
        targets.setdefault((values["event_bus_name"], values["rule"]), []).append(
            Target(
                rule=values["rule"],
                function=functions[arn],
                queue=_known(resource, dead_letters, "arn"),
                maximum_retry_attempts=int(retry.get("maximum_retry_attempts", 185)),
                maximum_event_age=float(retry.get("maximum_event_age_in_seconds", 86400)),
                input=values.get("input"),
            )
        )
    rules, schedules, buses = [], [], set()
    for resource in sorted(found.get("aws_cloudwatch_event_rule", ()), key=lambda resource: resource.address):
        values = resource.values
        name, bus = values["name"], values["event_bus_name"]
        if values.get("schedule_expression"):
            period = _period(values["schedule_expression"], resource)
            schedules.append(Schedule(name, period, targets.get((bus, name), [])))
            continue
        pattern = _known(resource, values, "event_pattern")
        if change_pattern is not None:
            pattern = change_pattern(name, pattern)
        buses.add(bus)
        deeper = not set(json.loads(pattern)) <= {"source", "detail-type"}
        rules.append(
            Rule(
                name,
                pattern,
                compile_pattern(pattern),
                targets.get((bus, name), []),
                deeper,
                queued.get((bus, name), []),
            )
        )
    if len(buses) != 1:
        raise PlanError(f"expected the rules of one bus, found {sorted(buses)}")
    return rules, schedules, buses.pop()


def _period(expression: str, resource: _Resource) -> float:
    inside = expression.removeprefix("rate(").removesuffix(")")
    number, _, unit = inside.partition(" ")
    seconds = {"minute": 60, "hour": 3600, "day": 86400}.get(unit.removesuffix("s"))
    if not expression.startswith("rate(") or not number.isdigit() or seconds is None:
        raise PlanError(f"{resource.address}: schedule {expression!r} is not modelled, only rate(n minutes|hours|days)")
    return float(int(number) * seconds)


def _mapping(resource: _Resource, function: str, table: str) -> StreamMapping:
    values = resource.values
    destination = ""
    for config in values.get("destination_config") or ():
        for entry in config.get("on_failure") or ():
            destination = _known(resource, entry, "destination_arn")
    if not destination:
        raise PlanError(f"{resource.address}: no on-failure destination")
    filters = [
        compile_pattern(entry["pattern"])
        for criteria in values.get("filter_criteria") or ()
        for entry in criteria.get("filter") or ()
    ]
    return StreamMapping(
        function=function,
        table=table,
        batch_size=int(values["batch_size"]),
        maximum_retry_attempts=int(values["maximum_retry_attempts"]),
        maximum_record_age=float(values["maximum_record_age_in_seconds"]),
        bisect=bool(values.get("bisect_batch_on_function_error")),
        partial_responses="ReportBatchItemFailures" in (values.get("function_response_types") or ()),
        queue=destination,
        filters=filters,
    )
