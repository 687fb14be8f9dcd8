"""The checks: each takes what the plan, the code and a run of the platform tell, and returns what does not fit."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.protocols import Validator
from referencing import Registry
from referencing import Resource as SchemaResource
from tests.simulation.harness.deployment import Deployment, Function, Rule, from_plan
from tests.support.plans import Plan, resources
from tests.support.platform import Message, Platform, failure_of, key_of
from tests.wiring.support.code import KIT, Code

from saga_kit.rules import TriggerKind
from saga_kit.trigger import TECHNICAL_FAILURE

FACTS = Path(__file__).resolve().parents[1] / "facts.toml"
LOG = "saga_log/record_event"

SIDS_OF_CODE = frozenset({"UseTable", "QueryIndexes", "PublishEvents", "ReadParameters", "SendMail", "InvokeFunctions"})
"""Statements that permit what the code calls."""
SIDS_OF_LAMBDA = frozenset(
    {
        "WriteLogs",
        "WriteTraces",
        "PublishFailures",
        "SendFailures",
        "ReadStream",
        "UseStreamKey",
        "UseTableKey",
        "UseQueueKey",
        "UseParameterKeys",
        "ReceiveEvents",
        "UseEventQueueKey",
    }
)
"""Statements that permit what Lambda does for the function, and other services with its keys."""


@dataclass(frozen=True)
class Facts:
    """What is left open on purpose: ``facts.toml``."""

    not_acted_on: frozenset[str]
    not_logged: frozenset[str]
    not_read: frozenset[str]
    optional: frozenset[str]


def facts(path: Path = FACTS) -> Facts:
    """Read the facts. Raises ``KeyError`` for an entry without its name or its reason."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))

    def names(table: str, key: str) -> frozenset[str]:
        entries = document.get(table, [])
        unexplained = [entry[key] for entry in entries if not entry["reason"].strip()]
        if unexplained:
            raise KeyError(f"{table}: no reason for {', '.join(unexplained)}")
        return frozenset(entry[key] for entry in entries)

    return Facts(
        not_acted_on=names("not_acted_on", "detail_type"),
        not_logged=names("not_logged", "detail_type"),
        not_read=names("not_read", "variable"),
        optional=names("optional", "variable"),
    )


@dataclass(frozen=True)
class Wiring:
    """Everything that has to agree: the plan, the code, what is left open."""

    plan: Plan
    code: Code
    facts: Facts

    @cached_property
    def deployment(self) -> Deployment:
        """What the plan deploys."""
        return from_plan(self.plan)

    @cached_property
    def functions(self) -> dict[str, Function]:
        """The functions by ``<service>/<function>``."""
        return {key_of(function): function for function in self.deployment.functions.values()}

    @cached_property
    def observers(self) -> frozenset[str]:
        """The functions that take note of events, and on whom nothing depends: they could be left out."""
        return frozenset(key for key, function in self.functions.items() if observed_by(function) is not None)

    @cached_property
    def keys_by_arn(self) -> dict[str, str]:
        """The functions by their unqualified ARNs."""
        return {function.arn: key for key, function in self.functions.items()}

    @cached_property
    def sources(self) -> dict[str, str]:
        """The event source of each service that publishes, by the service: what its relay is told."""
        return {
            function.service: function.environment["SAGA_SOURCE"]
            for key, function in self.functions.items()
            if key.endswith("/relay")
        }

    @cached_property
    def published(self) -> dict[str, str]:
        """Detail type to source of every event that may be on the bus, but reports of technical failures."""
        return {detail_type: self.sources.get(service, "") for detail_type, service in self.code.published.items()}

    def reports(self) -> dict[str, Message]:
        """The report of each function whose failures go to the bus, as Lambda puts it there."""
        return {
            key: {
                "source": "lambda",
                "detail-type": TECHNICAL_FAILURE,
                "detail": failure_of(function, {}),
            }
            for key, function in self.functions.items()
            if function.on_failure and ":event-bus/" in function.on_failure
        }

    def receivers(self, message: Message) -> dict[str, list[Rule]]:
        """The functions that get a message, each with the rules that deliver it."""
        found: dict[str, list[Rule]] = {}
        for rule in self.deployment.rules:
            if rule.matches(message):
                for function in self.fed_by(rule):
                    found.setdefault(function, []).append(rule)
        return found

    def fed_by(self, rule: Rule) -> list[str]:
        """The functions that get a rule's events, at once or by a queue."""
        names = [*(target.function for target in rule.targets), *rule.queued_for]
        return [key_of(self.deployment.functions[name]) for name in names]

    @cached_property
    def queued(self) -> frozenset[str]:
        """The functions that get their events by a queue: they project or keep them, and act on none."""
        return frozenset(
            key_of(self.deployment.functions[name]) for rule in self.deployment.rules for name in rule.queued_for
        )


def observed_by(function: Function) -> frozenset[str] | None:
    """The detail types that a function's handler takes note of, or ``None`` for one that acts, or cannot be loaded."""
    try:
        found: frozenset[str] | None = getattr(function.load(), "observes", None)
    except (ImportError, AttributeError):
        return None
    return found


def wanted_by(rule: Rule) -> tuple[frozenset[str], frozenset[str], frozenset[str] | None]:
    """The sources, the detail types and the functions (of a technical failure) that a rule's pattern names."""
    pattern = json.loads(rule.pattern)
    arns = pattern.get("detail", {}).get("requestContext", {}).get("functionArn")
    return (
        frozenset(pattern.get("source", ())),
        frozenset(pattern.get("detail-type", ())),
        None if arns is None else frozenset(arns),
    )


def head(source: str, detail_type: str) -> Message:
    """As much of an event as a rule without further conditions looks at."""
    return {"source": source, "detail-type": detail_type, "detail": {}}


# Events and rules


def consumers(wiring: Wiring) -> Iterator[str]:
    """Every event has a function that acts on it, and the saga log has it, but for the facts."""
    facts_of = {"acts on": wiring.facts.not_acted_on, "logs": wiring.facts.not_logged}
    events: dict[str, Message] = {
        **{detail_type: head(source, detail_type) for detail_type, source in wiring.published.items()},
        **{f"technical failure of {key}": report for key, report in wiring.reports().items()},
    }
    for name, message in events.items():
        receivers = set(wiring.receivers(message))
        found = {"acts on": receivers - {LOG} - wiring.observers - wiring.queued, "logs": receivers & {LOG}}
        for what, functions in found.items():
            listed = name in facts_of[what]
            if not functions and not listed:
                yield f"{name}: nobody {what} it"
            if functions and listed:
                yield f"{name}: listed, but {', '.join(sorted(functions))} {what} it"
    for names in facts_of.values():
        yield from (f"{name}: listed, but nobody publishes it" for name in sorted(names - events.keys()))


def emitters(wiring: Wiring) -> Iterator[str]:
    """Every pattern names only events that somebody publishes, from the source that publishes them."""
    for rule in wiring.deployment.rules:
        sources, detail_types, arns = wanted_by(rule)
        if not set(json.loads(rule.pattern)) <= {"source", "detail-type", "detail"} or not sources or not detail_types:
            yield f"{rule.name}: expected a pattern of source and detail-type, got {rule.pattern}"
        if arns is not None or TECHNICAL_FAILURE in detail_types:
            yield from _failures(wiring, rule.name, sources, detail_types, arns or frozenset())
            continue
        matched = {
            detail_type: source
            for detail_type, source in wiring.published.items()
            if rule.matches(head(source, detail_type))
        }
        yield from (
            f"{rule.name}: nobody publishes {name} as {sorted(sources)}"
            for name in sorted(detail_types - matched.keys())
        )
        yield from (f"{rule.name}: nothing of {name} is wanted" for name in sorted(sources - set(matched.values())))


def _failures(
    wiring: Wiring, rule: str, sources: frozenset[str], detail_types: frozenset[str], arns: frozenset[str]
) -> Iterator[str]:
    if sources != {"lambda"} or detail_types != {TECHNICAL_FAILURE}:
        yield f"{rule}: expected source lambda and {TECHNICAL_FAILURE}, got {sorted(sources)}, {sorted(detail_types)}"
    if not arns:
        yield f"{rule}: no function is named"
    reporting = wiring.reports()
    for arn in sorted(arns):
        key = wiring.keys_by_arn.get(arn.removesuffix(":$LATEST"))
        if key is None:
            yield f"{rule}: no function is {arn}"
        elif key not in reporting:
            yield f"{rule}: failures of {key} do not go to the bus"
    unqualified = {arn.removesuffix(":$LATEST") for arn in arns}
    missing = {name for arn in unqualified for name in (arn, f"{arn}:$LATEST")} - arns
    yield from (f"{rule}: {arn} is missing beside its other form" for arn in sorted(missing))


def publishers(wiring: Wiring) -> Iterator[str]:
    """Whatever a service publishes has a relay that publishes it, to the bus, in the service's name alone."""
    policies = permissions_in(wiring)
    for service in sorted(set(wiring.code.published.values())):
        key = f"{service}/relay"
        relay = wiring.functions.get(key)
        if relay is None:
            yield f"{service}: no relay publishes its events"
            continue
        if relay.environment.get("SAGA_BUS") != wiring.deployment.bus:
            yield f"{key}: SAGA_BUS is {relay.environment.get('SAGA_BUS')}, the rules are on {wiring.deployment.bus}"
        statement = policies.get(key, {}).get("PublishEvents", {})
        sources = statement.get("Condition", {}).get("ForAllValues:StringEquals", {}).get("events:source")
        if sources != [relay.environment["SAGA_SOURCE"]]:
            yield f"{key}: publishes as {relay.environment['SAGA_SOURCE']}, may publish as {sources}"
        if service not in relay.environment["SAGA_SOURCE"].split("."):
            yield f"{key}: publishes as {relay.environment['SAGA_SOURCE']}"


# Handlers


def handlers(wiring: Wiring) -> Iterator[str]:
    """Every handler is in its package, and takes exactly what its rules deliver, for what it is."""
    expected = kinds(wiring)
    packages = packages_in(wiring)
    delivered = deliveries(wiring)
    for key, function in wiring.functions.items():
        module, _, _ = function.handler.rpartition(".")
        package = packages.get(key, "")
        if module not in wiring.code.modules.get(package, ()):
            yield f"{key}: package {package or '(unknown)'} has no module {module}"
            continue
        try:
            handler: object = function.load()
        except (ImportError, AttributeError) as error:
            yield f"{key}: {error}"
            continue
        if not callable(handler):
            yield f"{key}: {function.handler} is no function"
        if key == LOG:
            continue
        arriving = delivered.get(key, {})
        observed = observed_by(function)
        if observed is not None:
            yield from (
                f"{key}: {name} is delivered, or observed, and not both" for name in sorted(observed ^ arriving.keys())
            )
            continue
        kinds_taken: Mapping[str, TriggerKind] = getattr(handler, "triggers", {})
        # What is in a queue has no kind: it is kept or projected.
        triggers = getattr(handler, "detail_types", frozenset()) if key in wiring.queued else frozenset(kinds_taken)
        yield from (
            f"{key}: {name} is delivered, the handler refuses it" for name in sorted(arriving.keys() - triggers)
        )
        yield from (
            f"{key}: the handler waits for {name}, no rule delivers it" for name in sorted(triggers - arriving.keys())
        )
        for detail_type in sorted(arriving.keys() & kinds_taken.keys()):
            means, kind = kinds_taken[detail_type], expected.get(key, {}).get(detail_type)
            if means is not kind:
                yield f"{key}: takes {detail_type} for {means.value}, it is {kind.value if kind else None}"


def deliveries(wiring: Wiring) -> dict[str, dict[str, frozenset[str]]]:
    """What each function's rules deliver: detail type to the functions that it may be a technical failure of."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    for rule in wiring.deployment.rules:
        _, detail_types, arns = wanted_by(rule)
        failing = {wiring.keys_by_arn.get(arn.removesuffix(":$LATEST"), arn) for arn in arns or ()}
        for function in wiring.fed_by(rule):
            of_function = found.setdefault(function, {})
            for detail_type in detail_types:
                of_function[detail_type] = of_function.get(detail_type, frozenset()) | failing
    return found


def kinds(wiring: Wiring) -> dict[str, dict[str, TriggerKind]]:
    """What each detail type means to each function, from the steps as the code defines them and the order of them.

    A step follows another when its do waits for the other's success.
    """
    definitions = wiring.code.definitions
    delivered = deliveries(wiring)
    steps = {definition.name: (service, definition) for service, definition in definitions.items()}
    by_success = {definition.succeeded: definition for definition in definitions.values()}
    following = {
        by_success[detail_type].name: definition
        for service, definition in steps.values()
        for detail_type in delivered.get(f"{service}/{definition.do}", {})
        if detail_type in by_success
    }
    found: dict[str, dict[str, TriggerKind]] = {}
    for service, definition in steps.values():
        found[f"{service}/{definition.do}"] = dict.fromkeys(by_success, TriggerKind.PREVIOUS_SUCCEEDED)
        undo = found[f"{service}/{definition.undo}"] = {definition.failed: TriggerKind.FAILED}
        if delivered.get(f"{service}/{definition.undo}", {}).get(TECHNICAL_FAILURE) == frozenset(
            {f"{service}/{definition.do}"}
        ):
            undo[TECHNICAL_FAILURE] = TriggerKind.TECHNICAL_FAILURE
        if definition.name in following:
            undo[following[definition.name].reversed] = TriggerKind.NEXT_REVERSED
        else:
            undo["SagaDeadlineExceeded"] = TriggerKind.DEADLINE
            undo["OrderCancellationRequested"] = TriggerKind.CANCELLATION
    last = [definition for _, definition in steps.values() if definition.name not in following]
    followed = {definition.name for definition in following.values()}
    first = [definition for _, definition in steps.values() if definition.name not in followed]
    at_the_end = {
        **{definition.succeeded: TriggerKind.PREVIOUS_SUCCEEDED for definition in last},
        **{definition.reversed: TriggerKind.NEXT_REVERSED for definition in first},
    }
    return {**{key: at_the_end for key in wiring.functions if key not in found}, **found}


def packages_in(wiring: Wiring) -> dict[str, str]:
    """The package that each function is deployed from."""
    names = {function.name: key for key, function in wiring.functions.items()}
    return {
        names[resource.values["function_name"]]: Path(resource.values["s3_key"] or resource.values["filename"]).stem
        for resource in resources(wiring.plan, "aws_lambda_function")
    }


# Schemas


def schemas(wiring: Wiring) -> Iterator[str]:
    """Every event has a schema that its publisher owns and that says its name."""
    events = wiring.code.events()
    for name, folder in sorted(events.items()):
        detail_type = name.partition(".")[0]
        document = wiring.code.owned[folder][name]
        meta = json.dumps(document["properties"]["meta"])
        if document.get("$id") != f"schema:{name}":
            yield f"{folder}/{name}: its $id is {document.get('$id')}"
        if f'"const": "{name}"' not in meta or '"$ref": "schema:Meta.v1"' not in meta:
            yield f"{folder}/{name}: meta is not Meta.v1 with the schema {name}"
        publisher = wiring.code.published.get(detail_type)
        if publisher is None:
            yield f"{folder}/{name}: nobody publishes {detail_type}"
        if publisher not in {None, folder}:
            yield f"{folder}/{name}: {publisher} publishes {detail_type}"
    described = {name.partition(".")[0] for name in events}
    yield from (f"{name}: published without a schema" for name in sorted(wiring.code.published.keys() - described))


def consumed(wiring: Wiring) -> Iterator[str]:
    """Every package says and carries the schemas of what its handlers take, and of nothing else."""
    needed: dict[str, set[str]] = {}
    packages = packages_in(wiring)
    delivered = deliveries(wiring)
    for key, arriving in delivered.items():
        if key == LOG:
            continue  # It reads the envelope of any event.
        types = set(arriving) - {TECHNICAL_FAILURE}
        for failing in arriving.get(TECHNICAL_FAILURE, ()):
            types |= set(delivered.get(failing, {})) - {TECHNICAL_FAILURE}
        needed.setdefault(packages.get(key, ""), set()).update(f"{detail_type}.v1" for detail_type in types)
    for package, said in sorted(wiring.code.consumes.items()):
        own = set(wiring.code.owned.get(package, ())) | set(wiring.code.owned[KIT])
        wanted = needed.get(package, set())
        yield from (
            f"{package}: {name} is consumed, package.toml does not say so" for name in sorted(wanted - own - set(said))
        )
        closure = {found for name in wanted | own for found in wiring.code.referred(name)}
        yield from (f"{package}: package.toml says {name}, nothing needs it" for name in sorted(set(said) - closure))
        packaged = set(wiring.code.packaged.get(package, ()))
        yield from (f"{package}: {name} is not in the package" for name in sorted(closure - packaged))


def messages(wiring: Wiring, seen: Platform) -> Iterator[str]:
    """Every event that was published agrees with its schema wherever it goes, and goes where it should."""
    observed: set[str] = set()
    packages = packages_in(wiring)
    validator = validators(wiring.code)
    expected = {
        detail_type: {key for key, arriving in deliveries(wiring).items() if detail_type in arriving}
        for detail_type in wiring.published
    }
    for message in seen.published:
        detail_type = message["detail-type"]
        receivers = wiring.receivers(message)
        if detail_type == TECHNICAL_FAILURE:
            payload = message["detail"]["requestPayload"]
        else:
            observed.add(detail_type)
            payload = message
            if message["source"] != wiring.published.get(detail_type):
                yield f"{detail_type}: published as {message['source']}"
            if set(receivers) != expected.get(detail_type):
                yield f"{detail_type}: went to {sorted(receivers)}, expected {sorted(expected.get(detail_type, ()))}"
        name = payload["detail"]["meta"]["schema"]
        if name != f"{payload['detail-type']}.v1":
            yield f"{payload['detail-type']}: its envelope says {name}"
        publisher = wiring.code.owner_of(name) or ""
        for key in ["", *receivers]:
            # The log reads the envelope alone: of its own accord it has no schema of events.
            wanted = "Meta.v1" if key == LOG else name
            value = payload["detail"]["meta"] if key == LOG else payload["detail"]
            package = packages[key] if key else publisher
            for problem in validator(package, wanted, value):
                yield f"{payload['detail-type']} in {package}: {problem}"
    yield from (f"{name}: never seen on the bus" for name in sorted(wiring.published.keys() - observed))
    yield from (f"{name}: seen on the bus, not in the code" for name in sorted(observed - wiring.published.keys()))


def validators(code: Code) -> Callable[[str, str, Any], list[str]]:
    """Return ``problems(package, schema, value)``, by the schemas in the package and by nothing else."""
    made: dict[tuple[str, str], Validator | None] = {}

    def make(package: str, name: str) -> Validator | None:
        documents = code.packaged.get(package, {})
        if name not in documents:
            return None
        known = [(f"schema:{stem}", SchemaResource.from_contents(document)) for stem, document in documents.items()]
        registry: Registry[Any] = Registry().with_resources(known)
        return jsonschema.Draft7Validator(documents[name], registry=registry)

    def problems(package: str, name: str, value: Any) -> list[str]:
        if (package, name) not in made:
            made[package, name] = make(package, name)
        validator = made[package, name]
        if validator is None:
            return [f"no schema {name}"]
        return [f"{'.'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(value)]

    return problems


# Settings and permissions


def settings(wiring: Wiring, seen: Platform) -> Iterator[str]:
    """Terraform sets what each function asks for, and nothing that none does."""
    known = wiring.code.settings
    asked_by_any: set[str] = set()
    for key, function in wiring.functions.items():
        asked = seen.asked.get(key, set()) & known
        asked_by_any |= asked
        given = {name for name in function.environment if not name.startswith("POWERTOOLS_")}
        yield from (
            f"{key}: asks for {name}, which is not set" for name in sorted(asked - given - wiring.facts.optional)
        )
        yield from (
            f"{key}: {name} is set, and never asked for" for name in sorted(given - asked - wiring.facts.not_read)
        )
    listed = wiring.facts.not_read
    yield from (
        f"{name}: in the code, and no function was seen to ask for it" for name in sorted(known - asked_by_any - listed)
    )
    given_to_all = {name for function in wiring.functions.values() for name in function.environment}
    yield from (f"{name}: listed as not read, and not set" for name in sorted(listed - given_to_all))
    yield from (f"{name}: listed as optional, and not in the code" for name in sorted(wiring.facts.optional - known))


def signers(wiring: Wiring) -> set[str]:
    """The functions with a statement that the plan does not know, as it names a key that is yet to be made.

    tests/iam tries it on what has been applied.
    """
    names = {function.name: key for key, function in wiring.functions.items()}
    modules = {
        resource.module: names[resource.values["function_name"]]
        for resource in resources(wiring.plan, "aws_lambda_function")
    }
    return {
        modules[resource.module]
        for resource in resources(wiring.plan, "aws_iam_role_policy")
        if resource.address.endswith('["statements"]') and not resource.values.get("policy")
    }


def permissions_in(wiring: Wiring) -> dict[str, dict[str, dict[str, Any]]]:
    """The statements of each function's role, by their Sid; those that the plan does not know yet are not there."""
    modules = {
        resource.module: resource.values["function_name"] for resource in resources(wiring.plan, "aws_lambda_function")
    }
    names = {function.name: key for key, function in wiring.functions.items()}
    found: dict[str, dict[str, dict[str, Any]]] = {key: {} for key in wiring.functions}
    for resource in resources(wiring.plan, "aws_iam_role_policy"):
        if resource.module in modules and resource.values.get("policy"):
            statements = json.loads(resource.values["policy"])["Statement"]
            found[names[modules[resource.module]]].update({statement["Sid"]: statement for statement in statements})
    return found


def permissions(wiring: Wiring, seen: Platform) -> Iterator[str]:
    """Each role permits the operations that its function was seen to call, on its own table, and no others."""
    called: dict[str, set[tuple[str, str]]] = {}
    for call in seen.calls:
        called.setdefault(call.function, set()).update(call.needs)
    for key in signers(wiring):
        called.get(key, set()).discard(("kms:GenerateMac", ""))
    for key, statements in permissions_in(wiring).items():
        further = {sid for sid in statements if re.fullmatch(r"UseTable(?!Key$)\w+", sid)}
        of_code = SIDS_OF_CODE | further
        unknown = statements.keys() - of_code - SIDS_OF_LAMBDA
        yield from (f"{key}: nothing is known of statement {sid}" for sid in sorted(unknown))
        permitted = {
            (action, _named(action, arn))
            for sid in of_code & statements.keys()
            for action in statements[sid]["Action"]
            for arn in statements[sid]["Resource"]
        }
        wanted = called.get(key, set())
        yield from (
            f"{key}: calls {' on '.join(one)}, which its role does not permit" for one in sorted(wanted - permitted)
        )
        yield from (f"{key}: may call {' on '.join(one)}, and never does" for one in sorted(permitted - wanted))


def _named(action: str, arn: str) -> str:
    """What a call has to name: a function, a table or an index of one; "" for the rest."""
    if action == "lambda:InvokeFunction":
        return arn
    return arn.split(":", 5)[5] if action.startswith("dynamodb:") else ""
