"""The scans see what is wrong."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.policy.support import scanner
from tests.support import plans

BAD = """
resource "aws_sqs_queue" "open" {
  name                    = "open"
  sqs_managed_sse_enabled = false
}

resource "aws_sqs_queue" "skipped" {
  #checkov:skip=CKV_AWS_27:a scan has to tell of what it was told to skip
  name                    = "skipped"
  sqs_managed_sse_enabled = false
}
"""


def test_a_folder_with_an_open_queue(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(BAD)
    scan = scanner.scan_folder(tmp_path)
    assert {(finding.check, finding.resource) for finding in scan.failed} == {
        ("CKV_AWS_27", "aws_sqs_queue.open"),
        # One of our own: no policy refuses plain HTTP.
        ("CKV_SAGA_15", "aws_sqs_queue.open"),
        ("CKV_SAGA_15", "aws_sqs_queue.skipped"),
    }
    assert [(finding.check, finding.resource) for finding in scan.skipped] == [("CKV_AWS_27", "aws_sqs_queue.skipped")]


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_sqs_queue" "open" {\n')
    assert scanner.scan_folder(tmp_path).unreadable == 1


Change = Callable[[dict[str, Any]], object]


def without_encryption(values: dict[str, Any]) -> None:
    values["server_side_encryption"][0]["enabled"] = False


@pytest.mark.parametrize(
    ("kind", "change", "check"),
    [
        ("aws_kms_key", lambda values: values.update(enable_key_rotation=False), "CKV_AWS_7"),
        ("aws_dynamodb_table", without_encryption, "CKV_AWS_119"),
        ("aws_lambda_function", lambda values: values.update(runtime="python3.6"), "CKV_AWS_363"),
        ("aws_cloudwatch_log_group", lambda values: values.update(retention_in_days=30), "CKV_AWS_338"),
        ("aws_apigatewayv2_route", lambda values: values.update(authorization_type="NONE"), "CKV_AWS_309"),
    ],
)
def test_a_plan_with_something_wrong(kind: str, change: Change, check: str) -> None:
    plan = copy.deepcopy(plans.of_platform())
    address = next(resource.address for resource in plans.resources(plan, kind))
    plan = _only(plan, address, change)
    assert check in {finding.check for finding in scanner.scan_plan(plan).failed if finding.resource == address}


def _only(plan: dict[str, Any], address: str, change: Change) -> dict[str, Any]:
    """The plan with the one resource, changed: a small plan is scanned fast."""

    def walk(module: dict[str, Any]) -> None:
        module["resources"] = [item for item in module.get("resources", []) if item["address"] == address]
        for item in module["resources"]:
            change(item["values"])
        for child in module.get("child_modules", []):
            walk(child)

    walk(plan["planned_values"]["root_module"])
    return plan
