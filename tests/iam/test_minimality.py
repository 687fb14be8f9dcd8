"""Whatever is taken from a role, something stops working or something that must be refused is let through."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from rich.console import Console
from rich.table import Table
from tests.iam.support import requests
from tests.iam.support.estate import Estate, Role
from tests.iam.support.evaluators import ALLOWED, Document, Question, Request, decisions, emulator_decisions
from tests.iam.support.removals import Removal, removals, statements
from tests.support import plans

BY_TRAFFIC = "recorded traffic"
BY_DOCUMENTATION = "AWS's documentation"
BY_REFUSAL = "a request to be refused"
BY_NOTHING = "nothing"

Demanded = Mapping[str, Mapping[Request, str]]


@pytest.fixture(scope="module")
def demanded(estate: Estate) -> Demanded:
    return requests.documented(estate)


def test_every_role_is_of_a_function_and_has_policies_of_its_own_only(estate: Estate) -> None:
    assert list(estate.strays()) == []
    arns = Counter(role.arn for role in estate.roles.values())
    assert [arn for arn, count in arns.items() if count > 1] == []


def test_every_role_permits_what_is_asked_of_it(
    estate: Estate, recorded: Mapping[str, set[Request]], demanded: Demanded
) -> None:
    asked = [
        (role, _question(estate, role, request))
        for role in estate.roles.values()
        for request in [*recorded.get(role.function, ()), *demanded[role.function]]
    ]
    questions = [question for _, question in asked]
    for evaluator in (decisions, emulator_decisions):
        refused = [
            f"{role.function}: {question.request}"
            for (role, question), decision in zip(asked, evaluator(questions), strict=True)
            if decision != ALLOWED
        ]
        assert refused == [], evaluator.__name__
    print(f"\n{len(questions)} different requests of {len(estate.roles)} roles, all permitted")


def test_nothing_can_be_taken_from_any_role(
    estate: Estate, recorded: Mapping[str, set[Request]], demanded: Demanded
) -> None:
    outcome = _take_away(estate, estate.roles, recorded, demanded)
    _report(estate.roles, outcome.tried, outcome.killed)
    apart = [
        f"{question.principal}: {question.request}: {one}, the emulator says {other}"
        for question, one, other in zip(
            outcome.questions, outcome.answers, emulator_decisions(outcome.questions), strict=True
        )
        if one != other
    ]
    assert apart == [], f"{len(apart)} of {len(outcome.questions)}"
    assert outcome.needless == [], "take these permissions out, or have a test need them"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"Action": ["dynamodb:Scan"], "Resource": ["TABLE"]}, ["statement"]),
        (
            {"Action": ["dynamodb:UpdateItem"], "Resource": ["TABLE", "TABLE/index/none"]},
            ["statement", "resource TABLE"],
        ),
        ({"Action": ["xray:PutTraceSegments"], "Resource": ["*"]}, ["statement"]),
    ],
)
def test_a_permission_too_many_is_found(
    estate: Estate,
    recorded: Mapping[str, set[Request]],
    demanded: Demanded,
    statement: dict[str, list[str]],
    found: list[str],
) -> None:
    role = estate.roles["payment/process_pymt"]
    table = next(owned.arn for owned in estate.tables if owned.service == "payment")
    text = requests.as_text({"Sid": "Extra", "Effect": "Allow", **statement}).replace("TABLE", table)
    extra = {"Version": "2012-10-17", "Statement": [json.loads(text)]}
    roles = {role.function: replace(role, policies={**role.policies, "extra": extra})}
    outcome = _take_away(estate, roles, recorded, demanded)
    assert [what for what in outcome.needless if "Extra" in what][: len(found)] == [
        f"payment/process_pymt: Extra, {what.replace('TABLE', table)}" for what in found
    ]


def test_nothing_can_be_taken_from_what_lambda_needs_in_a_network() -> None:
    estate = Estate(plans.of_platform_in_aws())
    roles = {function: replace(role, policies={"vpc": role.policies["vpc"]}) for function, role in estate.roles.items()}
    demanded = {function: requests.in_network(estate, function) for function in roles}
    outcome = _take_away(estate, roles, {}, demanded)
    _report(roles, outcome.tried, outcome.killed)
    assert outcome.needless == []


def test_every_demand_of_the_documentation_is_there_for_a_permission(demanded: Demanded) -> None:
    entries = tomllib.loads(requests.DOCUMENTED.read_text(encoding="utf-8"))
    used = {name for of_function in demanded.values() for name in of_function.values()}
    assert all(entry["page"].startswith("https://docs.aws.amazon.com/") for entry in entries.values())
    # Of the environments only the local one has functions outside of a VPC.
    assert entries.keys() - used == {"network_interfaces"}


def _question(estate: Estate, role: Role, request: Request, policies: tuple[Document, ...] | None = None) -> Question:
    """What a role's own policies say of a request. A key's policy is asked too: without it, none of a key is theirs."""
    identity = tuple(role.policies.values()) if policies is None else policies
    return Question(role.session, request, identity, estate.key_policy(request.resource))


def _refused(
    estate: Estate, roles: Mapping[str, Role], recorded: Mapping[str, set[Request]], demanded: Demanded
) -> dict[str, list[Request]]:
    """What each role refuses of all that is nearly what it permits."""
    tried = [
        (role, request)
        for role in roles.values()
        for request in sorted(
            {
                *(
                    near
                    for request in [*recorded.get(role.function, ()), *demanded[role.function]]
                    for near in requests.near_misses(request)
                ),
                *requests.of_code_in_network(role, estate.arn_of(role.function)),
            },
            key=str,
        )
    ]
    answers = decisions([_question(estate, role, request) for role, request in tried])
    found: dict[str, list[Request]] = {function: [] for function in roles}
    for (role, request), answer in zip(tried, answers, strict=True):
        if answer != ALLOWED:
            found[role.function].append(request)
    return found


@dataclass
class _Outcome:
    """What was taken away, what was asked then, and by what each removal (by its id) was noticed first."""

    tried: list[Removal] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    killed: dict[int, str] = field(default_factory=dict)

    @property
    def needless(self) -> list[str]:
        """What nothing noticed."""
        return [str(removal) for removal in self.tried if id(removal) not in self.killed]


def _take_away(
    estate: Estate, roles: Mapping[str, Role], recorded: Mapping[str, set[Request]], demanded: Demanded
) -> _Outcome:
    refused = _refused(estate, roles, recorded, demanded)
    outcome = _Outcome()
    asked: list[tuple[Removal, str]] = []
    for role in roles.values():
        # Traffic counts before documentation, and both before refusals.
        reasons = {
            **dict.fromkeys(refused[role.function], BY_REFUSAL),
            **dict.fromkeys(demanded[role.function], BY_DOCUMENTATION),
            **dict.fromkeys(recorded.get(role.function, ()), BY_TRAFFIC),
        }
        ordered = sorted(reasons.items(), key=lambda entry: (_ORDER.index(entry[1]), str(entry[0])))
        for removal in removals(role):
            outcome.tried.append(removal)
            for request, reason in ordered:
                outcome.questions.append(_question(estate, role, request, removal.policies))
                asked.append((removal, reason))
    outcome.answers = decisions(outcome.questions)
    for (removal, reason), answer in zip(asked, outcome.answers, strict=True):
        if (answer == ALLOWED) is (reason == BY_REFUSAL):
            outcome.killed.setdefault(id(removal), reason)
    return outcome


_ORDER = (BY_TRAFFIC, BY_DOCUMENTATION, BY_REFUSAL)


def _report(roles: Mapping[str, Role], tried: list[Removal], killed: Mapping[int, str]) -> None:
    kinds = Counter(removal.kind for removal in tried)
    counts = Counter((removal.kind, killed.get(id(removal), BY_NOTHING)) for removal in tried)
    columns = (BY_TRAFFIC, BY_DOCUMENTATION, BY_REFUSAL, BY_NOTHING)
    table = Table("taken away", "tried", *(f"noticed by {by}" for by in columns))
    for kind, count in kinds.items():
        table.add_row(kind, str(count), *(str(counts[kind, by]) for by in columns))
    total = [sum(counts[kind, by] for kind in kinds) for by in columns]
    table.add_row("all", str(len(tried)), *map(str, total), style="bold")
    number = sum(len(list(statements(role))) for role in roles.values())
    console = Console(width=160)
    console.print(f"\n{len(roles)} roles, {number} statements, {len(tried)} removals, {len(killed)} killed")
    console.print(table)
