"""docs/controls.md names every control of the services in use once, and every place that it names is there."""

from __future__ import annotations

import re

import pytest

from toolchain.venv import ROOT

TEXT = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`([\w./-]+\.(?:tf|py)): ([^`]+)`", TEXT)))
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| [A-Z]\w+\.\d", line)
]

CONTROLS = {
    "APIGateway": {1, 2, 3, 4, 5, 8, 9, 10},
    "Backup": {1},
    "CloudFront": {1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 15, 16},
    "CloudTrail": {1, 2, 4, 5},
    "DynamoDB": {1, 2, 3, 6, 7},
    "ElastiCache": {1, 2, 3, 4, 5, 6, 7},
    "EventBridge": {3},
    "IAM": {1, 2, 3, 4, 5, 6, 7, 8, 21},
    "KMS": {1, 2, 3, 5},
    "Lambda": {1, 2, 5},
    "S3": {1, 2, 3, 5, 6, 8, 9, 12, 13, 19, 24},
    "SNS": {4},
    "SQS": {1, 3},
    "WAF": {1, 2, 3, 4, 6, 7, 8, 10, 12},
}
"""What the standard has for the services that the platform makes something of."""


def named() -> list[tuple[str, int]]:
    """The controls in the page's first column; "SSM.1 to .3" are three."""
    found = []
    for row in ROWS:
        for service, first, last in re.findall(r"([A-Z]\w+)\.(\d+)(?: to \.(\d+))?", row[0]):
            found += [(service, number) for number in range(int(first), int(last or first) + 1)]
    return found


def test_every_control_of_the_services_in_use_is_named_once() -> None:
    controls = named()
    assert len(controls) == len(set(controls))
    for service, numbers in CONTROLS.items():
        assert {number for name, number in controls if name == service} == numbers, service


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_control_is_met_somewhere_or_there_is_a_reason(row: list[str]) -> None:
    assert len(row) == 3
    assert "`" in row[2] or row[2].startswith(("not here: ", "the account's")), row


@pytest.mark.parametrize(("path", "attribute"), PLACES)
def test_every_place_that_is_named_is_there(path: str, attribute: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    # As a name of its own, or whole in quotes.
    assert re.search(rf"(?<![\w-]){re.escape(attribute)}(?![\w-])", text), f"{path} has no {attribute}"


def test_places_are_named() -> None:
    assert len(PLACES) > 50


def test_every_service_of_the_platform_has_its_controls() -> None:
    """A module that uses another service is not forgotten here."""
    kinds = {
        kind
        for folder in ("", "modules/*", "envs/bootstrap")
        for path in ROOT.glob(f"{folder}/*.tf" if folder else "*.tf")
        for kind in re.findall(r'^resource "aws_([a-z0-9]+)_', path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    services = {
        "apigatewayv2": "APIGateway",
        "backup": "Backup",
        "cloudfront": "CloudFront",
        "cloudtrail": "CloudTrail",
        "dynamodb": "DynamoDB",
        "elasticache": "ElastiCache",
        "iam": "IAM",
        "kms": "KMS",
        "lambda": "Lambda",
        "s3": "S3",
        "sns": "SNS",
        "sqs": "SQS",
        "ssm": "SSM",
        "wafv2": "WAF",
    }
    without_controls = {"cloudwatch", "memorydb", "sesv2", "vpc"}
    assert kinds - services.keys() - without_controls == set()
    assert {services[kind] for kind in kinds & services.keys()} <= {service for service, _ in named()}
