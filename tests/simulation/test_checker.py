"""The model checker: complete within its bounds, and able to find what the simulator finds."""

from __future__ import annotations

import os
from array import array

import pytest
from rich.console import Console
from tests.simulation.harness import bugs, explore, report, search
from tests.simulation.harness.checker import CONFIGURATIONS, Configuration


@pytest.mark.timeout(900)
def test_every_interleaving_keeps_every_invariant() -> None:
    reports = list(explore.run(CONFIGURATIONS, processes=os.cpu_count() or 1))
    Console(width=160).print(report.checks_table(reports))
    for found in reports:
        assert found.violation is None, f"{found.configuration}: {found.violation}\n" + "\n".join(found.trace)
    assert len(reports) == len(CONFIGURATIONS)
    by_name = {found.configuration: found for found in reports}
    # Good cards and served addresses ship in some ends and are cancelled in others; nothing else ever ships.
    for configuration in CONFIGURATIONS:
        found = by_name[configuration.name]
        can_ship = configuration.stock > 0 and any(card and address for card, address in configuration.orders)
        assert (found.shipped > 0) is can_ship
        assert found.cancelled > 0
        assert found.states > 10_000


def test_the_bounds_are_those_that_were_asked_for() -> None:
    alone = [configuration for configuration in CONFIGURATIONS if len(configuration.orders) == 1]
    together = [c for c in CONFIGURATIONS if len(c.orders) == 2 and not c.shards]
    assert all((c.crashes, c.duplicates, c.cancel, c.deadline) == (2, 1, True, True) for c in alone)
    assert all((c.crashes, c.duplicates, c.stock) == (1, 1, 1) for c in together)
    assert {c.orders[0] for c in alone} >= {(True, True), (False, True), (True, False)}


SMALL = Configuration("one order, one crash, one duplicate", ((True, True),), 1, 1, 1, cancel=True)

FOUND = (
    "technical-failure-reverses-success",
    "cancellation-reverses-success",
    "no-tombstone",
    "undo-ignores-pending",
    "undo-not-resumed",
    "pending-needs-no-compensation",
    "do-wins-over-undo",
    "do-over-tombstone",
    "call-before-intent",
    "do-not-resumed",
    "revoke-after-record",
    "read-then-write",
    "lease-not-checked",
    "unqualified-arn-in-a-pattern",
    "no-notice-of-cancellation",
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", FOUND)
def test_the_checker_finds_a_bug_by_itself(name: str) -> None:
    [bug] = [bug for bug in bugs.BUGS if bug.name == name]
    [found] = explore.run([SMALL], bug=bug, seconds=60)
    assert found.violation is not None
    assert found.trace


def test_a_search_that_takes_too_long_says_so() -> None:
    with pytest.raises(TimeoutError, match="states after"):
        list(explore.run(CONFIGURATIONS[:1], seconds=0.5))


def test_a_circle_is_found() -> None:
    assert search.find_circle(3, array("l", [0, 1]), array("l", [1, 2])) is None
    assert search.find_circle(3, array("l", [0, 1, 2]), array("l", [1, 2, 1])) in (1, 2)
