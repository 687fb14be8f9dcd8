"""Who is called by an alarm finds in docs/operations.md what it means; the dashboard shows what there is."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_dashboard_shows_all_that_there_is(environment: str, plan_of: PlanOf) -> None:
    found = planned(plan_of(environment))
    (dashboard,) = of_type(found, "aws_cloudwatch_dashboard").values()
    assert dashboard["dashboard_name"] == f"shop-{environment}-orders"
    widgets = {
        widget["properties"]["title"]: widget["properties"]
        for widget in json.loads(dashboard["dashboard_body"])["widgets"]
    }
    for properties in widgets.values():
        assert properties["region"] == "eu-central-1"
        assert properties["metrics"]

    def named(title: str, dimension: str) -> set[str]:
        metrics = widgets[title]["metrics"]
        return {metric[3] for metric in metrics if len(metric) > 3 and metric[2] == dimension}

    queues = {str(queue["name"]) for queue in of_type(found, "aws_sqs_queue").values()}
    waiting = {name for name in queues if name.endswith("-events")}
    assert named("Dead letters", "QueueName") == queues - waiting
    assert named("How long events wait for the read model", "QueueName") == waiting
    assert len(waiting) == 2
    functions = of_type(found, "aws_lambda_function").values()
    assert named("Cost: invocations", "FunctionName") == {function["function_name"] for function in functions}
    tables = of_type(found, "aws_dynamodb_table").values()
    assert named("Cost: write units", "TableName") == {table["name"] for table in tables}
    relays = {
        name.split("-")[2] for name in (str(function["function_name"]) for function in functions) if "-relay" in name
    }
    assert named("Cost: events published", "service") == relays


def test_the_dashboard_shows_how_orders_end_and_how_long_they_take(plan_of: PlanOf) -> None:
    (dashboard,) = of_type(planned(plan_of("dev")), "aws_cloudwatch_dashboard").values()
    widgets = {
        widget["properties"]["title"]: widget["properties"]["metrics"]
        for widget in json.loads(dashboard["dashboard_body"])["widgets"]
    }
    reversed_ = ["shop-dev", "SagaReversed", "service", "saga_log"]
    assert [metric[:4] for metric in widgets["Orders by outcome"][1:]] == [reversed_, reversed_]
    assert widgets["Orders by outcome"][0] == [
        {"expression": "ended - reversed", "label": "shipped", "color": "#2ca02c"}
    ]
    took = widgets["Time from the first event of an order to its last"]
    assert [(metric[1], metric[4]["stat"]) for metric in took] == [("SagaDuration", "p50"), ("SagaDuration", "p99")]
    assert widgets["Oldest open order"][0][:4] == ["shop-dev", "OldestOpenSaga", "service", "saga_log"]
