"""Who is called by an alarm finds in docs/operations.md what it means."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.terraform.support.project import of_type, planned

from toolchain.venv import ROOT

PlanOf = Callable[[str], dict[str, Any]]

NOT_DEPLOYED = {"throttled", "refused", "memory", "cpu", "cache_not_told"}
"""Of a cache, which these environments do not have."""


def rows() -> set[str]:
    """What the rows of the runbook's table are about: the ends of alarms' names, "<rule>" for any rule's."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = re.search(r"\n\| alarm \|.*?\n\n", text, re.DOTALL)
    assert table
    firsts = [line.split("|")[1] for line in table.group(0).strip().splitlines()[2:]]
    return {name.rpartition("-")[2] for first in firsts for name in re.findall(r"`…-([^`]+)`", first)}


def kind_of(alarm: dict[str, Any]) -> str:
    # The alarm of a rule is called after the rule, and the rule as its author likes.
    lost = alarm["metric_name"] == "InvocationsFailedToBeSentToDlq"
    return "<rule>" if lost else str(alarm["alarm_name"]).rpartition("-")[2]


ENVIRONMENTS = ["dev", "prod"]


def alarms_of(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(alarm) for alarm in of_type(planned(plan), "aws_cloudwatch_metric_alarm").values()]


def test_every_row_is_about_an_alarm(plan_of: PlanOf) -> None:
    deployed = {kind_of(alarm) for environment in ENVIRONMENTS for alarm in alarms_of(plan_of(environment))}
    assert rows() - deployed == NOT_DEPLOYED


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_alarm_has_its_row_in_the_runbook(environment: str, plan_of: PlanOf) -> None:
    alarms = alarms_of(plan_of(environment))
    assert len(alarms) > 100
    assert {kind_of(alarm) for alarm in alarms} - rows() == set()
    assert all(alarm["alarm_actions"] and alarm["alarm_description"] for alarm in alarms)
