"""Who is called by an alarm finds in docs/operations.md what it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.terraform.support.project import of_type, planned

from toolchain.venv import ROOT

PlanOf = Callable[[str], dict[str, Any]]

NOT_DEPLOYED = {"dead_letter_errors"}
"""Of a setting of the modules that the platform does not use."""


def rows() -> set[str]:
    """What the rows of the runbook's table are about: the ends of alarms' names, "<rule>" for any rule's."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = re.search(r"\n\| alarm \|.*?\n\n", text, re.DOTALL)
    assert table
    firsts = [line.split("|")[1] for line in table.group(0).strip().splitlines()[2:]]
    return {name for first in firsts for name in re.findall(r"`…-([^`]+)`", first)}


def kind_of(alarm: dict[str, Any]) -> str:
    # The alarm of a rule is called after the rule, and the rule as its author likes.
    lost = alarm["metric_name"] == "InvocationsFailedToBeSentToDlq"
    return "<rule>" if lost else str(alarm["alarm_name"]).rpartition("-")[2]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_alarm_has_its_row_in_the_runbook(environment: str, plan_of: PlanOf) -> None:
    alarms = of_type(planned(plan_of(environment)), "aws_cloudwatch_metric_alarm").values()
    assert len(alarms) > 100
    assert {kind_of(dict(alarm)) for alarm in alarms} == rows() - NOT_DEPLOYED
    assert all(alarm["alarm_actions"] and alarm["alarm_description"] for alarm in alarms)
