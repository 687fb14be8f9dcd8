"""Policy documents, of identities and of resources, in one form."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saga_resources import is_known, strings, unwrapped

_ACCOUNT = re.compile(r":[0-9]{12}:")

OPERATORS_THAT_HOLD_WITHOUT_THE_KEY = ("ifexists", "forallvalues:", "null")
"""Conditions that a request passes which does not carry the key."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement.

    Attributes:
        allows: rather than refuses.
        actions: in lower case.
        all_but: whether it is about all but the actions, or all but the resources, that it names.
        resources: ARNs, or expressions that are not known.
        principals: by kind ("AWS", "Service", "*").
        conditions: operator, key in lower case, values.
    """

    allows: bool
    actions: Sequence[str]
    all_but: bool
    resources: Sequence[str]
    principals: Mapping[str, Sequence[str]]
    conditions: Sequence[tuple[str, str, Sequence[str]]]

    def permits(self, action: str) -> bool:
        """Whether the action is one of the statement's, also by a wildcard."""
        named = any(fnmatch.fnmatchcase(action.lower(), pattern) for pattern in self.actions)
        return named is not self.all_but

    def values_of(self, *keys: str) -> list[str]:
        """What the request's condition keys have to be; keys may end with "*". Empty where it may be anything."""
        found: list[str] = []
        for operator, key, values in self.conditions:
            negated = "not" in operator or operator.startswith(OPERATORS_THAT_HOLD_WITHOUT_THE_KEY)
            if not negated and not operator.endswith("ifexists") and any(fnmatch.fnmatchcase(key, one) for one in keys):
                found += values
        return [value for value in found if value.strip("*")]

    def refuses_plain_http(self) -> bool:
        """Whether everybody is refused the statement's actions without TLS."""
        everybody = any("*" in names for names in self.principals.values())
        insecure = [
            ("bool" in operator and key == "aws:securetransport" and [value.lower() for value in values] == ["false"])
            for operator, key, values in self.conditions
        ]
        return not self.allows and everybody and insecure == [True]


def statements(document: object) -> list[Statement] | None:
    """The statements of a policy document, as text or as checkov has it; None where they are not known."""
    document = unwrapped(document)
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return None
    if not isinstance(document, Mapping) or "Statement" not in document:
        return None
    found = document["Statement"]
    while isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    found = [found] if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        return None
    return [_statement(one) for one in found]


def _statement(found: Mapping[str, Any]) -> Statement:
    principals = found.get("Principal", {})
    principals = unwrapped(principals)
    if not isinstance(principals, Mapping):
        principals = {"*": principals}
    conditions = unwrapped(found.get("Condition")) or {}
    return Statement(
        allows=unwrapped(found.get("Effect")) != "Deny",
        actions=[action.lower() for action in strings(found.get("Action", found.get("NotAction")))],
        all_but="NotAction" in found or "NotResource" in found,
        resources=strings(found.get("Resource", found.get("NotResource"))),
        principals={str(kind): strings(names) for kind, names in principals.items()},
        conditions=[
            (str(operator).lower(), str(key).lower(), strings(values))
            for operator, keys in conditions.items()
            for key, values in unwrapped(keys).items()
        ],
    )


def names_an_account(arns: Sequence[str]) -> bool:
    """Whether each of the ARNs is of a certain account, or not known."""
    return all(not is_known(arn) or _ACCOUNT.search(arn) for arn in arns)
