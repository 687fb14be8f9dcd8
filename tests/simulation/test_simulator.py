"""Schedules: enough of them hold, each can be run again bit for bit, and a failing one becomes short."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.simulation.harness import bugs, campaign, hunt, simulate
from tests.simulation.harness.runtime import HarnessError
from tests.simulation.harness.simulate import Platform
from tests.simulation.harness.world import ALL_KINDS

ROOT = Path(__file__).resolve().parents[2]
SCHEDULES = int(os.environ.get("SIMULATION_SCHEDULES", "25000"))


@pytest.fixture(scope="module")
def platform() -> Platform:
    return simulate.platform()


@pytest.mark.timeout(900)
def test_every_invariant_holds_in_every_schedule(platform: Platform) -> None:
    outcome = campaign.run(platform, 0, SCHEDULES)
    assert outcome.failure is None, f"./scripts/simulate --seed {outcome.failure.seed}: {outcome.failure.violation}"
    totals = outcome.totals
    assert totals.schedules == SCHEDULES
    # The schedules are worth something: orders end both ways, everything that can go wrong did, nearly everywhere.
    assert totals.shipped > totals.orders * 0.15
    assert totals.cancelled > totals.orders * 0.3
    assert totals.dead_letters > SCHEDULES / 10
    assert totals.deadlines > SCHEDULES / 20
    kinds = set(totals.by_kind())
    missing = ALL_KINDS - kinds
    assert not missing, f"never happened: {sorted(missing)}"
    coverage = totals.coverage()
    hit = sum(len(covered) for covered, _ in coverage.values())
    possible = sum(len(covered) + len(missing) for covered, missing in coverage.values())
    assert hit > possible * 0.9
    print(f"{totals.schedules} schedules, {totals.schedules / totals.cpu_seconds:.0f} per CPU-second, {hit}/{possible}")


def run(*lines: str, **env: str) -> list[str]:
    """Run a program in a Python of its own that finds the harness, and return the lines that it prints."""
    path = [str(ROOT / folder) for folder in ("", "scripts", "lambdas")]
    done = subprocess.run(
        [sys.executable, "-P", "-c", "\n".join((f"import sys; sys.path[:0] = {path!r}", *lines))],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **env},
    )
    return done.stdout.splitlines()


def trace_of(seed: int) -> str:
    platform = simulate.platform()
    result = simulate.run(platform, seed, tracing=True)
    return hashlib.sha256(json.dumps([result.trace, result.taken, result.steps]).encode()).hexdigest()


def test_a_seed_is_the_same_schedule_in_every_process(platform: Platform) -> None:
    traces = {seed: trace_of(seed) for seed in (3, 64, 129)}
    for hash_seed in ("1", "2"):
        again = run(
            "from tests.simulation.test_simulator import trace_of",
            f"for seed in {[129, 3, 64]}: print(trace_of(seed))",
            PYTHONHASHSEED=hash_seed,
        )
        assert again[-3:] == [traces[129], traces[3], traces[64]]


def test_leaving_a_decision_out_changes_no_other(platform: Platform) -> None:
    seed = next(seed for seed in range(50, 200) if len(simulate.run(platform, seed).taken) > 5)
    everything = simulate.run(platform, seed)
    again = simulate.run(platform, seed, allowed=frozenset(everything.taken))
    assert (again.taken, again.steps) == (everything.taken, everything.steps)
    last = list(everything.taken)[-1]
    fewer = simulate.run(platform, seed, allowed=frozenset(everything.taken) - {last})
    assert set(fewer.taken) <= set(everything.taken) - {last}
    assert simulate.run(platform, seed, allowed=frozenset()).taken == {}


def test_nothing_reaches_the_outside_while_no_schedule_runs(platform: Platform) -> None:
    import urllib3

    with pytest.raises(HarnessError):
        urllib3.PoolManager().request("GET", "https://example.com")


def test_a_failing_schedule_becomes_short() -> None:
    bug = next(bug for bug in bugs.BUGS if bug.name == "technical-failure-reverses-success")
    found = hunt.shortest(bug, seconds=30)
    assert found.result.violation is not None
    assert len(found.about.orders) == 1
    assert 1 <= len(found.result.taken) <= 8
    assert found.result.trace


@pytest.mark.parametrize("arguments", [["--schedules", "2", "--jobs", "2"], ["--bugs", "read-then-write"]])
def test_processes_are_forked_where_no_other_thread_holds_anything(arguments: list[str]) -> None:
    *_, threads = run(
        "import os, threading",
        "from tests.simulation.harness.cli import main",
        "threads = []",
        "os.register_at_fork(before=lambda: threads.append(threading.active_count()))",
        f"assert main({arguments!r}) == 0",
        "print(threads)",
    )
    forks = json.loads(threads)
    assert forks
    assert set(forks) == {1}
