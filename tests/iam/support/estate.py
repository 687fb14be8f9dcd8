"""What Terraform has applied, as far as permissions go: the roles, and the resources that they are tried on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.iam.support.evaluators import Document
from tests.simulation.harness.deployment import Deployment, from_plan
from tests.support.plans import Resource, resources
from tests.support.platform import key_of


@dataclass(frozen=True, slots=True)
class Role:
    """The role of a function (``<service>/<function>``), with its policies by their names."""

    function: str
    service: str
    arn: str
    policies: Mapping[str, Document]

    @property
    def session(self) -> str:
        """The principal that the function's requests come from."""
        account, name = self.arn.split(":")[4], self.arn.rpartition("/")[2]
        return f"arn:aws:sts::{account}:assumed-role/{name}/{self.function.rpartition('/')[2]}"


@dataclass(frozen=True, slots=True)
class Owned:
    """A resource of a service: its ARN, its policy, the key that it is encrypted with."""

    service: str
    arn: str
    policy: Document | None = None
    key: str | None = None
    indexes: tuple[str, ...] = ()


class Estate:
    """The resources in a document of ``terraform show -json``: a state, or a plan as far as it is known."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        values = document.get("planned_values") or document["values"]
        self.plan: dict[str, Any] = {"planned_values": values}
        self._found: dict[str, list[Resource]] = {}
        for resource in resources(self.plan):
            self._found.setdefault(resource.kind, []).append(resource)

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type."""
        return self._found.get(kind, [])

    @cached_property
    def deployment(self) -> Deployment:
        """What runs, for the platform in this process."""
        return from_plan(self.plan)

    @cached_property
    def functions(self) -> dict[str, Resource]:
        """The functions by ``<service>/<function>``."""
        named = {function.name: key_of(function) for function in self.deployment.functions.values()}
        return {named[resource.values["function_name"]]: resource for resource in self.of("aws_lambda_function")}

    def arn_of(self, function: str) -> str:
        """The ARN of a function, also in a plan."""
        return self.deployment.functions[self.functions[function].values["function_name"]].arn

    @cached_property
    def roles(self) -> dict[str, Role]:
        """The role of each function. Policies of a plan that are not known yet are left out."""
        policies: dict[str, dict[str, Document]] = {}
        for resource in self.of("aws_iam_role_policy"):
            text = resource.values.get("policy")
            if text is not None:
                policies.setdefault(resource.values["role"], {})[resource.values["name"]] = json.loads(text)
        return {
            function: Role(
                function,
                function.partition("/")[0],
                resource.values["role"],
                policies.get(resource.values["role"].rpartition("/")[2], {}),
            )
            for function, resource in self.functions.items()
        }

    def strays(self) -> Iterator[str]:
        """Permissions that no function has by a policy of its own: none of them is tried by these tests."""
        names = {role.arn.rpartition("/")[2] for role in self.roles.values()}
        for resource in self.of("aws_iam_role"):
            if resource.values["name"] not in names:
                yield f"{resource.address}: the role of no function"
        for kind in ("aws_iam_role_policy_attachment", "aws_iam_policy", "aws_iam_policy_attachment"):
            yield from (f"{resource.address}: a policy that is attached" for resource in self.of(kind))

    # What there is to be had

    @cached_property
    def tables(self) -> list[Owned]:
        """The tables."""
        return [
            Owned(
                _service(resource),
                resource.values["arn"],
                key=resource.values["server_side_encryption"][0]["kms_key_arn"],
                indexes=tuple(sorted(index["name"] for index in resource.values.get("global_secondary_index") or ())),
            )
            for resource in self.of("aws_dynamodb_table")
        ]

    @cached_property
    def streams(self) -> list[Owned]:
        """The streams of the tables."""
        return [
            Owned(_service(resource), resource.values["stream_arn"], key=key["kms_key_arn"])
            for resource in self.of("aws_dynamodb_table")
            if resource.values.get("stream_enabled")
            for key in resource.values["server_side_encryption"]
        ]

    @cached_property
    def queues(self) -> list[Owned]:
        """The queues of the services: those that functions take events from, and those for dead letters."""
        return [
            Owned(
                _service(resource),
                resource.values["arn"],
                json.loads(resource.values["policy"]),
                key=resource.values["kms_master_key_id"],
            )
            for resource in self.of("aws_sqs_queue")
            if resource.values.get("kms_master_key_id")
        ]

    @cached_property
    def keys(self) -> list[Owned]:
        """Every key. The bus's and the platform's belong to no service."""
        return [
            Owned(_service(resource), resource.values["arn"], json.loads(resource.values["policy"]))
            for resource in self.of("aws_kms_key")
        ]

    @cached_property
    def log_groups(self) -> list[Owned]:
        """Every log group."""
        return [Owned(_service(resource), resource.values["arn"]) for resource in self.of("aws_cloudwatch_log_group")]

    @cached_property
    def bus(self) -> Owned:
        """The event bus, with its policy where the environment can keep one."""
        policies = [json.loads(resource.values["policy"]) for resource in self.of("aws_cloudwatch_event_bus_policy")]
        arn = self.of("aws_cloudwatch_event_bus")[0].values["arn"]
        return Owned("", arn, policies[0] if policies else None)

    @cached_property
    def prefix(self) -> str:
        """What every name starts with: namespace and environment."""
        tags = next(iter(self.functions.values())).values["tags"]
        return f"{tags['Platform']}-{tags['Environment']}"

    @cached_property
    def parameters(self) -> dict[str, Resource]:
        """The SSM parameters by name."""
        return {resource.values["name"]: resource for resource in self.of("aws_ssm_parameter")}

    @cached_property
    def sources(self) -> dict[str, str]:
        """The event source of each service that publishes."""
        return {
            function.partition("/")[0]: resource.values["environment"][0]["variables"]["SAGA_SOURCE"]
            for function, resource in self.functions.items()
            if function.endswith("/relay")
        }

    def key_policy(self, arn: str) -> Document | None:
        """The policy of a key, None for what is no key of the platform's."""
        return next((key.policy for key in self.keys if key.arn == arn), None) if ":kms:" in arn else None


def _service(resource: Resource) -> str:
    return str((resource.values.get("tags") or {}).get("Service", ""))
