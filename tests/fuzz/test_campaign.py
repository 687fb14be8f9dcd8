"""Generated inputs for every handler: none is unhandled, changes anything when refused, or is shown in a log."""

from __future__ import annotations

import os

from rich.console import Console
from tests.fuzz.harness import campaign
from tests.fuzz.harness.campaign import Tally
from tests.fuzz.harness.cli import SEED, table
from tests.fuzz.harness.target import ACCEPTED, REFUSED, UNHANDLED
from tests.simulation.harness.deployment import Deployment
from tests.support.platform import key_of

INPUTS = int(os.environ.get("FUZZ_INPUTS", "50000"))


def test_no_input_is_too_much_for_any_handler(planned: Deployment) -> None:
    total = Tally()
    for tally in campaign.run(planned, INPUTS, SEED):
        total.add(tally)
    Console(width=120).print(table(total))
    assert total.inputs == INPUTS
    assert [f"{found.function}: {found.problem} (--replay {found.number})" for found in total.findings] == []
    functions = {key_of(function) for function in planned.functions.values()}
    assert {function for function, _ in total.counts} == functions
    assert not any(total.counts[function, UNHANDLED] for function in functions)
    # Inputs near enough to be taken, and far enough to be refused.
    assert sum(total.counts[function, ACCEPTED] for function in functions) > INPUTS / 10
    assert sum(total.counts[function, REFUSED] for function in functions) > INPUTS / 10
