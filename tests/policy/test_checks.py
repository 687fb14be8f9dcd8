"""Our own checks tell the samples that are right from those that are wrong, in HCL and in a plan."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence

import pytest
from tests.policy.support import scanner
from tests.policy.support.scanner import CHECKS, Finding, Scan
from tests.support import plans

SAMPLES = {path.parent.name: path for path in sorted((CHECKS / "samples").glob("*/main.tf"))}
DECLARED = {
    int(number): name
    for path in sorted(CHECKS.glob("saga_*.py"))
    for number, name in re.findall(
        r"^@check(?:_statements)?\(\s*(\d+),\s*\"([^\"]+)\"", path.read_text(encoding="utf-8"), re.MULTILINE
    )
}

NOT_IN_HCL: dict[str, set[str]] = {}
"""Samples that a check says nothing of in HCL, where checkov cannot work the value out."""


def sample_of(number: int) -> str:
    return f"ckv_saga_{number}"


@pytest.fixture(scope="module")
def hcl(tmp_path_factory: pytest.TempPathFactory) -> Scan:
    folder = tmp_path_factory.mktemp("samples")
    for name, path in SAMPLES.items():
        shutil.copytree(path.parent, folder / name)
    return scanner.scan_folder(folder)


@pytest.fixture(scope="module")
def plan() -> Scan:
    modules = {name: {"source": str(path.parent)} for name, path in SAMPLES.items()}
    return scanner.scan_plan(plans.of_modules("samples", modules, list(SAMPLES.values())))


def of_sample(findings: Sequence[Finding], number: int, where: str) -> set[str]:
    """The resources of a check's own sample that it found, by type and name."""
    check, name = f"CKV_SAGA_{number}", sample_of(number)
    return {
        ".".join(finding.resource.split(".")[-2:])
        for finding in findings
        if finding.check == check
        and (finding.resource.startswith(f"module.{name}.") if where == "plan" else finding.file == f"/{name}/main.tf")
    }


def declared_in(number: int, verdict: str) -> set[str]:
    text = SAMPLES[sample_of(number)].read_text(encoding="utf-8")
    return {f"{kind}.{name}" for kind, name in re.findall(rf'^resource "(\w+)" "({verdict}\w*)"', text, re.MULTILINE)}


def test_every_check_has_samples() -> None:
    assert sorted(DECLARED) == list(range(1, len(DECLARED) + 1))
    assert SAMPLES.keys() == {sample_of(number) for number in DECLARED}
    for number in DECLARED:
        assert declared_in(number, "pass"), number
        assert declared_in(number, "fail"), number


@pytest.mark.parametrize("number", DECLARED)
@pytest.mark.parametrize("where", ["hcl", "plan"])
def test_a_check_finds_what_is_wrong_and_nothing_else(number: int, where: str, request: pytest.FixtureRequest) -> None:
    scan: Scan = request.getfixturevalue(where)
    assert of_sample(scan.failed, number, where) == declared_in(number, "fail")
    assert of_sample(scan.passing, number, where) >= declared_in(number, "pass")


def test_the_readme_lists_every_check() -> None:
    text = (CHECKS / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \[CKV_SAGA_(\d+)\]\(samples/ckv_saga_\d+/main\.tf\) \| (.+?) \|", text, re.MULTILINE))
    assert {int(number): name for number, name in rows.items()} == DECLARED
