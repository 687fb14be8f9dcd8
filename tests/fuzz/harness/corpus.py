"""What the generators start from: every invocation of one run through all that can happen, and what was stored then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.harness.deployment import Deployment
from tests.support import platform
from tests.support.platform import Invocation, Platform
from tests.wiring.support import scenarios

SEEDS_OF_A_FUNCTION = 24

CANARY = "canary-9f3e"
"""In everything that a customer typed, and in much that the generators put into messages; it must be in no log line."""
CARD_NUMBER = "4111111111111111"
_PLANTED = {
    "customer@example.com": f"{CANARY}@example.com",
    "Alex Doe": f"Alex {CANARY}",
    "1 Long Street": f"1 {CANARY} Street",
    "Vienna": f"{CANARY} City",
}


@dataclass(frozen=True, slots=True)
class Seed:
    """An event that a function was given, as JSON, and how many changes each table had seen by then."""

    function: str
    event: str
    marks: Mapping[str, int]


@dataclass
class Recorder(Platform):
    """The platform, which remembers where each invocation found the tables."""

    found: list[tuple[int, Mapping[str, int]]] = field(default_factory=list)

    def invoke(self, function: str, event: Any, *, rule: str | None = None) -> Invocation:
        """Run a handler, as the platform does."""
        marks = {name: len(table.changes) for name, table in self.db.tables.items()}
        self.found.append((len(self.invocations), marks))
        return super().invoke(function, event, rule=rule)


def record(deployment: Deployment) -> tuple[list[Seed], Recorder]:
    """The seeds, those of one function beside each other, and the platform at the end of the run."""
    with platform.running_as(Recorder, deployment) as recorder:
        scenarios.perform(recorder)
    by_function: dict[str, list[Seed]] = {function: [] for function in sorted(recorder.functions)}
    for number, marks in recorder.found:
        invocation = recorder.invocations[number]
        by_function[invocation.function].append(Seed(invocation.function, _planted(invocation.event), marks))
    seeds: list[Seed] = []
    for function, found in by_function.items():
        assert found, f"{function}: the scenarios never invoke it"
        step = max(1, len(found) // SEEDS_OF_A_FUNCTION)
        seeds += found[::step][:SEEDS_OF_A_FUNCTION]
    return seeds, recorder


def _planted(event: Any) -> str:
    text = json.dumps(event)
    for typed, canary in _PLANTED.items():
        text = text.replace(typed, canary)
    return text
