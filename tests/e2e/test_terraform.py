"""What Terraform has made it finds again, and takes away whole.

The tests work on a copy of the Terraform state, on an emulator that holds what it held right after the apply. They
build on each other, in their order: the last one leaves nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from tests.e2e.conftest import PLATFORM
from tests.e2e.support.plans import Change, changes, compare, gaps

from local_platform.client import Client
from local_platform.deployment import BUCKET, CONFIGURATION, PARALLELISM, Deployment
from toolchain import build, terraform
from toolchain.terraform import Terraform


@dataclass(frozen=True, slots=True)
class Applied:
    """Terraform with a copy of the state that the apply left."""

    tool: Terraform
    environment: Mapping[str, str]
    options: list[str]
    client: Client

    def plan(self, *options: str) -> dict[str, Any]:
        """The plan, in Terraform's JSON representation."""
        return self.tool.plan_json(CONFIGURATION, *self.options, *options, env=self.environment)


@pytest.fixture(scope="module")
def applied(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    folder = tmp_path_factory.mktemp("terraform")
    state = folder / "terraform.tfstate"
    shutil.copyfile(PLATFORM.folder / "terraform.tfstate", state)
    emulator = deployment.emulator
    tool, environment = terraform.find(), {**PLATFORM.environment(emulator), "TF_DATA_DIR": str(folder / "data")}
    tool.init(CONFIGURATION, f"-backend-config=path={state}", "-reconfigure", env=environment)
    options = [*PLATFORM.variables(emulator, build.build()), f"-parallelism={PARALLELISM}"]
    return Applied(tool, environment, options, Client.of(deployment))


def test_second_plan_is_empty_but_for_the_emulators_gaps(applied: Applied) -> None:
    unlisted, gone = compare(changes(applied.plan()), gaps())
    assert unlisted == [], "changes that tests/e2e/emulator_gaps.toml does not list"
    assert gone == [], "gaps in tests/e2e/emulator_gaps.toml that there are no more"


def test_plan_sees_what_somebody_has_changed_by_hand(applied: Applied) -> None:
    """An empty plan says something only if a plan would not be."""
    function = applied.client.outputs["functions"]["payment/process_pymt"]
    functions = applied.client.aws("lambda")
    functions.update_function_configuration(FunctionName=function["name"], Timeout=function["timeout"] + 1)
    address = 'module.platform.module.service["payment"].module.function["process_pymt"].aws_lambda_function.this'
    found = changes(applied.plan(f"-target={address}"))
    assert Change(address, "timeout") in found
    assert {change.address for change in found} == {address}
    functions.update_function_configuration(FunctionName=function["name"], Timeout=function["timeout"])


def test_destroy_leaves_nothing(applied: Applied) -> None:
    there = left(applied.client)
    assert set(there) == KINDS, "the emulator has to be asked for what there is, or it can't be asked for what is left"
    command = ["destroy", "-auto-approve", "-input=false", "-no-color", *applied.options]
    applied.tool.run(command, CONFIGURATION, env=applied.environment)
    state = json.loads(applied.tool.run(["show", "-json"], CONFIGURATION, env=applied.environment).stdout)
    assert "values" not in state or not state["values"].get("root_module", {}).get("child_modules")
    assert left(applied.client) == {}


KINDS = {
    "alarms",
    "aliases of keys",
    "APIs",
    "archives",
    "buses",
    "event source mappings",
    "functions",
    "keys",
    "log groups",
    "mail identities",
    "parameters",
    "queues",
    "roles",
    "rules",
    "tables",
    "topics",
}
"""What the platform consists of."""


def left(client: Client) -> dict[str, list[str]]:
    """What there is on the emulator, by kind, but for the packages' bucket and keys that wait for their deletion."""
    events, kms, apis = client.aws("events"), client.aws("kms"), client.aws("apigatewayv2")
    buses = [bus["Name"] for bus in events.list_event_buses()["EventBuses"]]
    keys = [kms.describe_key(KeyId=key)["KeyMetadata"] for key in _all(kms, "list_keys", "Keys", "KeyId")]
    assert [bucket["Name"] for bucket in client.aws("s3").list_buckets()["Buckets"]] == [BUCKET]
    found = {
        "tables": client.aws("dynamodb").list_tables()["TableNames"],
        "functions": _all(client.aws("lambda"), "list_functions", "Functions", "FunctionName"),
        "event source mappings": _all(
            client.aws("lambda"), "list_event_source_mappings", "EventSourceMappings", "UUID"
        ),
        "queues": client.aws("sqs").list_queues(MaxResults=1000).get("QueueUrls", []),
        "buses": [name for name in buses if name != "default"],
        "rules": [
            rule
            for bus in buses
            for page in events.get_paginator("list_rules").paginate(EventBusName=bus)
            for rule in (found["Name"] for found in page["Rules"])
        ],
        "archives": [archive["ArchiveName"] for archive in events.list_archives()["Archives"]],
        "log groups": _all(client.aws("logs"), "describe_log_groups", "logGroups", "logGroupName"),
        "roles": _all(client.aws("iam"), "list_roles", "Roles", "RoleName"),
        "APIs": [api["ApiId"] for api in apis.get_apis()["Items"]],
        "keys": [key["KeyId"] for key in keys if key["KeyState"] != "PendingDeletion"],
        "aliases of keys": [
            alias for alias in _all(kms, "list_aliases", "Aliases", "AliasName") if not alias.startswith("alias/aws/")
        ],
        "alarms": _all(client.aws("cloudwatch"), "describe_alarms", "MetricAlarms", "AlarmName"),
        "topics": _all(client.aws("sns"), "list_topics", "Topics", "TopicArn"),
        "parameters": _all(client.aws("ssm"), "describe_parameters", "Parameters", "Name"),
        "mail identities": [
            identity["IdentityName"]
            for identity in client.aws("sesv2").list_email_identities().get("EmailIdentities", [])
        ],
    }
    return {kind: names for kind, names in found.items() if names}


def _all(client: Any, operation: str, items: str, name: str) -> list[str]:
    pages = client.get_paginator(operation).paginate()
    return [item[name] for page in pages for item in page[items]]
