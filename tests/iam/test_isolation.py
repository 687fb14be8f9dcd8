"""No role gets at what belongs to another service, to another environment, or publishes in another's name."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from rich.console import Console
from rich.table import Table
from tests.iam.support.estate import Estate
from tests.iam.support.evaluators import ALLOWED, Question, decisions, emulator_decisions
from tests.iam.support.isolation import ELSEWHERE, Attempt, attempts

AT_LEAST = 2_000


def test_every_role_is_refused_what_belongs_to_others(estate: Estate) -> None:
    tried = list(attempts(estate, estate.roles.values()))
    questions = list(map(_question, tried))
    answers = decisions(questions)
    _report(estate, tried, answers)
    assert _let_through(tried, answers) == []
    assert len({(one.role.function, one.request) for one in tried}) >= AT_LEAST
    # By their own policies alone, as the emulator's evaluator sees it.
    assert ALLOWED not in emulator_decisions(questions)


def test_every_role_is_tried_on_every_service(estate: Estate) -> None:
    tried = list(attempts(estate, estate.roles.values()))
    services = {role.service for role in estate.roles.values()}
    for function, role in estate.roles.items():
        owners = {one.owner for one in tried if one.role.function == function and one.kind == "table"}
        with_tables = {table.service for table in estate.tables}
        assert with_tables - {role.service} <= owners, function
        assert ELSEWHERE in owners or role.service not in with_tables, function
    assert services >= {table.service for table in estate.tables}


def test_a_permission_on_what_belongs_to_others_is_found(estate: Estate) -> None:
    orders = next(table.arn for table in estate.tables if table.service == "order")
    statement = {"Sid": "Extra", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": [orders]}
    role = estate.roles["payment/get_payment"]
    role = replace(role, policies={**role.policies, "extra": {"Version": "2012-10-17", "Statement": [statement]}})
    tried = list(attempts(estate, [role]))
    found = _let_through(tried, decisions(list(map(_question, tried))))
    assert len(found) == 1
    assert found[0].startswith(f"payment/get_payment on table of order: dynamodb:GetItem on {orders}")


def _question(one: Attempt) -> Question:
    return Question(one.role.session, one.request, tuple(one.role.policies.values()), one.policy)


def _let_through(tried: list[Attempt], answers: list[str]) -> list[str]:
    return [
        f"{one.role.function} on {one.kind} of {one.owner}: {one.request}"
        for one, answer in zip(tried, answers, strict=True)
        if answer == ALLOWED
    ]


def _report(estate: Estate, tried: list[Attempt], answers: list[str]) -> None:
    counts = Counter((one.kind, one.owner == ELSEWHERE) for one in tried)
    refused = sum(answer != ALLOWED for answer in answers)
    table = Table("on", "of other services", f"in {ELSEWHERE}, account or region")
    for kind in dict.fromkeys(one.kind for one in tried):
        table.add_row(kind, str(counts[kind, False]), str(counts[kind, True]))
    console = Console(width=120)
    console.print(f"\n{len(estate.roles)} roles, {len(tried)} requests, {refused} refused")
    console.print(table)
