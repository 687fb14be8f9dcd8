"""Everything that can be taken from a role's policies, one at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.iam.support.estate import Role
from tests.iam.support.evaluators import Document

Statement = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Removal:
    """What was taken from a role: a statement, or of one an action, a resource, both together, or a condition."""

    role: str
    statement: str
    kind: str
    what: str
    policies: tuple[Document, ...]
    """What is left of the role's policies."""

    def __str__(self) -> str:
        return f"{self.role}: {self.statement}, {self.kind} {self.what}".rstrip()


def statements(role: Role) -> Iterator[tuple[str, int, Statement]]:
    """The statements of a role: name of the policy, place in it, statement."""
    for name, policy in role.policies.items():
        for place, statement in enumerate(policy["Statement"]):
            yield name, place, statement


def removals(role: Role) -> Iterator[Removal]:
    """Every removal from a role."""
    for name, place, statement in statements(role):
        for kind, what, rest in _without(statement):
            policies = []
            for other, policy in role.policies.items():
                if other != name:
                    policies.append(policy)
                    continue
                left = [*policy["Statement"][:place], *rest, *policy["Statement"][place + 1 :]]
                if left:
                    policies.append({**policy, "Statement": left})
            yield Removal(role.function, statement["Sid"], kind, what, tuple(policies))


def _without(statement: Statement) -> Iterator[tuple[str, str, list[Statement]]]:
    """Kind, name, and the statements that stand in the statement's place."""
    yield "statement", "", []
    actions, resources = statement["Action"], statement["Resource"]
    for member, values in (("Action", actions), ("Resource", resources)):
        if len(values) > 1:
            for value in values:
                yield member.lower(), value, [{**statement, member: [each for each in values if each != value]}]
    if len(actions) > 1 and len(resources) > 1:
        for action in actions:
            for resource in resources:
                rest = {**statement, "Action": [each for each in actions if each != action]}
                apart = {**statement, "Sid": f"{statement['Sid']}Apart", "Action": [action]}
                apart["Resource"] = [each for each in resources if each != resource]
                yield "pair", f"{action} on {resource}", [rest, apart]
    yield from _without_conditions(statement)


def _without_conditions(statement: Statement) -> Iterator[tuple[str, str, list[Statement]]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield "condition", f"{operator} {key}", [_changed(statement, operator, key, None)]
            if isinstance(values, list) and len(values) > 1:
                for value in values:
                    left = [each for each in values if each != value]
                    yield "value", f"{operator} {key} {value}", [_changed(statement, operator, key, left)]


def _changed(statement: Statement, operator: str, key: str, values: list[str] | None) -> Statement:
    changed = copy.deepcopy(statement)
    if values is not None:
        changed["Condition"][operator][key] = values
        return changed
    del changed["Condition"][operator][key]
    changed["Condition"] = {name: keys for name, keys in changed["Condition"].items() if keys}
    if not changed["Condition"]:
        del changed["Condition"]
    return changed


def by_kind(found: list[Removal]) -> Mapping[str, int]:
    """How many removals there are of each kind."""
    counts: dict[str, int] = {}
    for removal in found:
        counts[removal.kind] = counts.get(removal.kind, 0) + 1
    return counts
