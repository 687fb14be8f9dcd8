"""The policy scanner finds nothing in the configuration and in its plans, and skips nothing but one check."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from rich.console import Console
from rich.table import Table
from tests.policy.support import scanner
from tests.policy.support.scanner import CHECKS, HCL_TARGETS, Scan
from tests.support import plans
from tests.support.plans import Plan

from toolchain.venv import CACHE, ROOT

BOOTSTRAP = "plan of bootstrap"
FOLDERS = {f"HCL of {target}": target for target in HCL_TARGETS}
PLANS: dict[str, Callable[[], Plan]] = {
    "plan of the root": plans.of_platform_in_aws,
    **{f"plan of {name}": functools.partial(plans.of_environment_in_aws, name) for name in plans.ENVIRONMENTS},
    BOOTSTRAP: plans.of_bootstrap,
}
SCANS = [*FOLDERS, *PLANS]

# The scans run side by side, and a test waits for its own: for minutes on a busy machine.
pytestmark = pytest.mark.timeout(1800)


def _scan(name: str) -> Scan:
    return scanner.scan_folder(ROOT / FOLDERS[name]) if name in FOLDERS else scanner.scan_plan(PLANS[name]())


UNKNOWN_TO_THE_SCANNER = "modules/endpoints"
"""It has no check for VPC endpoints, of which the module consists."""


@pytest.fixture(scope="session")
def scans() -> Iterator[dict[str, Future[Scan]]]:
    """Every scan, as many at a time as there are processors."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        yield {name: pool.submit(_scan, name) for name in SCANS}


@pytest.fixture
def scan(request: pytest.FixtureRequest, scans: dict[str, Future[Scan]]) -> Scan:
    return scans[request.getfixturevalue("name")].result()


@pytest.mark.parametrize("name", SCANS)
def test_nothing_is_found(name: str, scan: Scan) -> None:
    assert [f"{found.check} {found.title}: {found.resource} ({found.file})" for found in scan.failed] == []


@pytest.mark.parametrize("name", SCANS)
def test_nothing_is_skipped_or_left_unread(name: str, scan: Scan) -> None:
    assert scan.skipped == ()
    assert scan.unreadable == 0
    if name in PLANS:
        assert scan.resources == len(list(plans.resources(PLANS[name]())))
        assert scan.passed > (300 if name == BOOTSTRAP else 500)
    elif FOLDERS[name] == UNKNOWN_TO_THE_SCANNER:
        assert scan.resources == 0
    elif any("\nresource " in path.read_text(encoding="utf-8") for path in (ROOT / FOLDERS[name]).glob("*.tf")):
        assert scan.resources > 0
        assert scan.passed >= 5


def test_each_of_our_own_checks_has_something_to_look_at(scans: dict[str, Future[Scan]]) -> None:
    own = {path.parent.name.upper() for path in (CHECKS / "samples").glob("*/main.tf")}
    assert own <= {found.check for found in scans["plan of the root"].result().passing}


def test_nothing_is_skipped_inline() -> None:
    files = [path for folder in ("modules", "envs") for path in (ROOT / folder).rglob("*.tf")]
    for path in [*ROOT.glob("*.tf"), *files]:
        found = re.search(r"(checkov|bridgecrew|tfsec|trivy)\s*:\s*(skip|ignore)", path.read_text(encoding="utf-8"))
        assert found is None, path


def test_one_check_is_skipped() -> None:
    settings = (ROOT / ".checkov.yaml").read_text(encoding="utf-8")
    assert re.findall(r"^  - (CKV\w+)$", settings, re.MULTILINE) == ["CKV_AWS_116"]


def test_what_was_scanned(scans: dict[str, Future[Scan]], capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(title="Policy scans", title_justify="left")
    table.add_column("scan")
    for heading in ("resources", "passed", "failed", "skipped"):
        table.add_column(heading, justify="right")
    figures = {}
    for name, future in scans.items():
        scan = future.result()
        numbers = (scan.resources, scan.passed, len(scan.failed), len(scan.skipped))
        table.add_row(name, *map(str, numbers))
        figures[name] = dict(zip(("resources", "passed", "failed", "skipped"), numbers, strict=True))
    with capsys.disabled():
        Console(width=160).print("\n", table)
    report = CACHE / "reports" / "policy.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    assert sum(figure["passed"] for figure in figures.values()) > 5000
