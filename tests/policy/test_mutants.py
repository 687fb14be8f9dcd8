"""Whatever is changed for the worse in the infrastructure, the policy scan or the modules' own tests find it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence

import pytest
from rich.console import Console
from rich.table import Table
from tests.policy.support import mutation
from tests.policy.support.mutation import Mutant, Verdict

from toolchain.venv import CACHE, ROOT

MUTANTS = mutation.read()
SUBJECTS = sorted({mutant.subject for mutant in MUTANTS})
QUICK = ["modules/deploy_role", "modules/function"]
"""The subjects whose mutants are hunted with every run of the tests; `./scripts/mutants` hunts all."""
CHOSEN = os.environ.get("MUTANTS", " ".join(QUICK)).split()


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    unknown = set(CHOSEN) - {*SUBJECTS, "all"}
    assert not unknown, f"MUTANTS names {sorted(unknown)}; there are all, {', '.join(SUBJECTS)}"
    return mutation.hunt([mutant for mutant in MUTANTS if "all" in CHOSEN or mutant.subject in CHOSEN])


@pytest.mark.timeout(7200)
def test_every_mutant_is_found(verdicts: Sequence[Verdict], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        Console(width=160).print("\n", as_table(verdicts))
    report = CACHE / "reports" / "mutants.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    found = {one.mutant.name: {"checks": one.checks, "tests": one.tests} for one in verdicts}
    report.write_text(json.dumps(found, indent=2), encoding="utf-8")
    assert verdicts
    assert [verdict.mutant.name for verdict in verdicts if not verdict.is_killed] == []


def test_there_are_enough_mutants() -> None:
    """Also of those that are hunted with every run."""
    assert sum(mutant.subject in QUICK for mutant in MUTANTS) > 60


def as_table(verdicts: Sequence[Verdict]) -> Table:
    by_scan = sum(bool(verdict.checks) for verdict in verdicts)
    by_tests = sum(bool(verdict.tests) for verdict in verdicts)
    table = Table(
        title=f"{len(verdicts)} mutants: {by_scan} found by the scan, {by_tests} by terraform test, "
        f"{sum(not verdict.is_killed for verdict in verdicts)} by nothing",
        title_justify="left",
    )
    for heading in ("module", "mutant", "found by"):
        table.add_column(heading)
    for verdict in verdicts:
        found = [*verdict.checks, *verdict.tests[:2], *(["…"] if len(verdict.tests) > 2 else [])]
        table.add_row(verdict.mutant.subject, verdict.mutant.name, ", ".join(found) or "nothing")
    return table


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert mutation.changed(mutant, text) != text


def test_mutants_have_names_of_their_own_and_subjects() -> None:
    assert [name for name, count in Counter(mutant.name for mutant in MUTANTS).items() if count > 1] == []
    assert set(SUBJECTS) == json.loads(mutation.SUBJECTS.read_text(encoding="utf-8")).keys()


def test_a_change_that_is_not_possible() -> None:
    mutant = Mutant("one", "key.tf", "rotation = true", "rotation = false")
    with pytest.raises(ValueError, match=r"one: key\.tf has 0 times"):
        mutation.changed(mutant, "rotation = false")
    with pytest.raises(ValueError, match=r"one: key\.tf has 2 times"):
        mutation.changed(mutant, "rotation = true rotation = true")


@pytest.mark.timeout(1800)
def test_a_mutant_that_nothing_finds() -> None:
    harmless = Mutant("harmless", "modules/backup/iam.tf", "Backs up the tables of", "Keeps the tables of")
    (verdict,) = mutation.hunt([harmless])
    assert not verdict.is_killed
