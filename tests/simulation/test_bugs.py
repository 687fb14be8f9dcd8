"""The harness is tested too: every seeded bug is found."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from rich.console import Console
from tests.simulation.harness import bugs, hunt, report, runtime


def test_there_are_enough_bugs_and_each_has_a_name_of_its_own() -> None:
    names = [bug.name for bug in bugs.BUGS]
    assert len(set(names)) == len(names) >= 40


@pytest.mark.parametrize("bug", bugs.BUGS, ids=lambda bug: bug.name)
def test_a_bug_fits_the_code(bug: bugs.Bug) -> None:
    def source(module: str) -> str:
        return (runtime.LAMBDAS / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")

    bugs.check(bug, source)
    assert bug.edits or bug.pattern or bug.deployed
    for edit in bug.edits:
        changed = source(edit.module).replace(edit.old, edit.new)
        compile(changed, edit.module, "exec")


@pytest.mark.timeout(1800)
def test_every_bug_is_killed() -> None:
    # What every hunt needs is imported once, before the processes part.
    for module in ("botocore.session", "aws_lambda_powertools", "urllib3", "fastjsonschema"):
        assert importlib.util.find_spec(module)
        __import__(module)
    kills = list(hunt.hunt(bugs.BUGS, processes=os.cpu_count() or 1))
    Console(width=160).print(report.kills_table(kills))
    assert [kill.bug for kill in kills if kill.found is None] == []
    assert max(kill.seconds for kill in kills) <= hunt.SECONDS
    # A kill counts only if the code as it is holds on the same seed; test_simulator runs these seeds.
    assert all(kill.seed is not None and kill.seed < 25_000 for kill in kills if kill.by == "simulator")


def test_a_patch_that_fits_nothing_is_an_error(tmp_path: Path) -> None:
    bug = bugs.Bug("stale", "nothing", [bugs.Edit("saga_kit.rules", "no such text", "")])
    with pytest.raises(bugs.StaleBugError, match="no such text"):
        list(hunt.hunt([bug], seconds=5))
    wrong = bugs.Bug("stale", "nothing", pattern=("reverse_pymt-failed", "NoSuchEvent", "x"))
    with pytest.raises(bugs.StaleBugError, match="NoSuchEvent"):
        list(hunt.hunt([wrong], seconds=5))
