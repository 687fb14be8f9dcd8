"""What a deployment asks AWS for: what the emulator noted, and what AWS's documentation says beside it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.iam.support.account import ACCESS_LOGS, ACCOUNT_ID, PACKAGES, REGION, WEB_ACL
from tests.iam.support.evaluators import Document, Question, Request
from tests.support.plans import Resource, resources

DOCUMENTED = Path(__file__).resolve().parents[1] / "deployment.toml"
SESSION = "deploy"
"""How the tests call a session of the deploy role that is about no one thing."""
OWN = {"aws:ResourceTag/Environment": "dev", "aws:ResourceTag/Platform": "shop"}
"""The tags of what the environment's keys have."""

_TO_ANOTHER = (("shop-dev-", "shop-prod-"), ("/shop/dev/", "/shop/prod/"), ("saga/dev/", "saga/prod/"))
_LEFT_TO_IAM: Document = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}


def noted(journal: Path, role: str, policies: Sequence[Document]) -> set[Request]:
    """The requests of Terraform as a role, as far as the role's policies tell one from another.

    Args:
        journal: the emulator's.
        role: the role's name. What the tests ask as the role, in the session `test`, is left out.
        policies: whose conditions say which keys of a request count.
    """
    counts = _condition_keys(policies)
    found = set()
    for line in journal.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        principal = str(entry["principal"])
        if f":assumed-role/{role}/" in principal and not principal.endswith("/test"):
            # An alias has no tags; the emulator fills in those of its key.
            keys = counts.get(entry["action"], ()) if ":alias/" not in entry["resource"] else ()
            context = {key: _values(value) for key, value in entry["context"].items() if key.lower() in keys}
            found.add(Request.of(entry["action"], entry["resource"], context))
    return found


def _values(value: str | Iterable[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else tuple(value)


def _condition_keys(policies: Sequence[Document]) -> dict[str, set[str]]:
    """By action, the keys that conditions of the policies are about, in lower case."""
    found: dict[str, set[str]] = {}
    for policy in policies:
        for statement in policy["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                for keys in statement.get("Condition", {}).values():
                    found.setdefault(action, set()).update(key.lower() for key in keys)
    return found


def question(role: str, request: Request, policies: Sequence[Document], boundary: Document | None = None) -> Question:
    """Whether a role with these policies may do that. The policies of keys leave it to IAM."""
    principal = f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{role.rpartition('/')[2]}/{SESSION}"
    of_key = _LEFT_TO_IAM if ":key/" in request.resource else None
    return Question(principal, request, tuple(policies), of_key, boundary)


def in_another_environment(request: Request) -> Request:
    """The same request for what belongs to production."""
    context = {
        key: "prod" if key.lower().endswith("/environment") else _moved(value) if isinstance(value, str) else value
        for key, value in request.context
    }
    context = {
        key: tuple(_moved(one) for one in value) if isinstance(value, tuple) else value
        for key, value in context.items()
    }
    return Request.of(request.action, _moved(request.resource), context)


def _moved(text: str) -> str:
    for ours, theirs in _TO_ANOTHER:
        text = text.replace(ours, theirs)
    return text


def documented(state: Mapping[str, Any]) -> dict[Request, str]:
    """What AWS asks a deployment for with the rights of who deploys, and the entry of deployment.toml that says so.

    Args:
        state: what is deployed, as `terraform show -json` tells it.
    """
    entries = tomllib.loads(DOCUMENTED.read_text(encoding="utf-8"))
    found = {}
    for name, request in _demands(state):
        assert request.action in entries[name]["actions"], f"{name}: {request.action} is not in deployment.toml"
        found[request] = name
    return found


def _demands(state: Mapping[str, Any]) -> Iterator[tuple[str, Request]]:
    plan = {"planned_values": state["values"]}
    for function in resources(plan, "aws_lambda_function"):
        values = function.values
        context = {"iam:PassedToService": "lambda.amazonaws.com"}
        yield "roles_of_functions", Request.of("iam:PassRole", values["role"], context)
        yield "packages", Request.of("s3:GetObject", f"arn:aws:s3:::{PACKAGES}/{values['s3_key']}")
        yield from _of_key("keys_of_functions", "lambda", values["kms_key_arn"])
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:"
        signing = f"{arn}code-signing-config:csc-0123456789abcdef0"
        for resource in (f"{arn}function:{values['function_name']}", signing):
            yield "signed_functions", Request.of("lambda:PutFunctionCodeSigningConfig", resource)
    for action in ("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"):
        yield "functions_in_a_vpc", Request.of(f"ec2:{action}", "*")
    for table in resources(plan, "aws_dynamodb_table"):
        yield from _of_key("keys_of_tables", "dynamodb", table.values["server_side_encryption"][0]["kms_key_arn"])
    for bus in resources(plan, "aws_cloudwatch_event_bus"):
        yield from _of_key("keys_of_buses", "events", bus.values["kms_key_identifier"])
        yield "policies_of_buses", Request.of("events:PutPermission", "*")
    for parameter in _of_type(plan, "aws_ssm_parameter", type="SecureString"):
        yield from _of_key("keys_of_parameters", "ssm", parameter.values["key_id"])
    for action in _actions("access_logs"):
        yield "access_logs", Request.of(action, "*")
    for key in resources(plan, "aws_kms_key"):
        yield "names_of_keys", Request.of("kms:CreateAlias", key.values["arn"], OWN)
    some_key = next(resources(plan, "aws_kms_key")).values["arn"]
    yield from _of_key("vaults", "backup", some_key)
    yield "vaults", Request.of("backup-storage:MountCapsule", "*")
    yield from _demands_of_an_edge()


def _demands_of_an_edge() -> Iterator[tuple[str, Request]]:
    """What CloudFront asks for beside what the emulator does, and a firewall of the edge's own."""
    global_ = f"us-east-1:{ACCOUNT_ID}"
    new = {key.replace("ResourceTag", "RequestTag"): value for key, value in OWN.items()}
    distribution = f"arn:aws:cloudfront::{ACCOUNT_ID}:distribution/E0123456789ABC"
    yield "tags_of_distributions", Request.of("cloudfront:TagResource", distribution, new)
    yield "firewalls_of_somebody_else", Request.of("wafv2:GetWebACL", WEB_ACL)
    name = "shop-dev-edge"
    for entry, resource in {
        "access_logs_of_distributions": f"arn:aws:s3:::{ACCESS_LOGS}",
        "firewalls": f"arn:aws:wafv2:{global_}:global/webacl/{name}/11111111-2222-3333-4444-555555555555",
        "rules_of_firewalls": f"arn:aws:wafv2:{global_}:global/managedruleset/AWSManagedRulesCommonRuleSet/none",
        "logs_of_firewalls": f"arn:aws:logs:{global_}:log-group:aws-waf-logs-{name}",
    }.items():
        yield from ((entry, Request.of(action, resource)) for action in _actions(entry))
    key = f"arn:aws:kms:{global_}:key/11111111-2222-3333-4444-555555555555"
    for action in _actions("keys_of_firewalls"):
        yield "keys_of_firewalls", Request.of(action, key, OWN)
        if action.endswith("Alias"):
            yield "keys_of_firewalls", Request.of(action, f"arn:aws:kms:{global_}:alias/{name}")


def _of_key(entry: str, service: str, key: str) -> Iterator[tuple[str, Request]]:
    context = {**OWN, "kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
    yield from ((entry, Request.of(action, key, context)) for action in _actions(entry) if action.startswith("kms:"))


def _actions(entry: str) -> list[str]:
    entries = tomllib.loads(DOCUMENTED.read_text(encoding="utf-8"))
    actions: list[str] = entries[entry]["actions"]
    return actions


def _of_type(plan: Mapping[str, Any], kind: str, **values: str) -> Iterator[Resource]:
    for resource in resources(plan, kind):
        if all(resource.values.get(name) == value for name, value in values.items()):
            yield resource
