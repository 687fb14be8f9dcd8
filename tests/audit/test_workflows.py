"""The workflows are safe, run what everybody runs, and an unsafe one would be found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from audits import workflows
from toolchain.venv import ROOT

FILES = sorted(workflows.FOLDER.glob("*.yml"))

UNSAFE = """
name: unsafe
on: pull_request_target
permissions: write-all
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
      - run: echo "${{ github.event.pull_request.title }}"
"""


def parsed(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def test_nothing_is_found() -> None:
    assert len(FILES) == 4
    assert workflows.audit() == []


def test_an_unsafe_workflow_is_found(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "unsafe.yml").write_text(UNSAFE, encoding="utf-8")
    found = workflows.audit(folder)
    audits = {"artipacked", "dangerous-triggers", "excessive-permissions", "template-injection", "unpinned-uses"}
    assert audits <= {line.partition(":")[0] for line in found}
    assert all("unsafe.yml:" in line for line in found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    assert list(workflows.unpinned(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("use", ["a/b@v4", "a/b@main", f"a/b@{'0' * 39}", f"a/b@{'0' * 40}", f"a/b@{'0' * 40} # v4"])
def test_an_action_that_is_not_is_found(use: str) -> None:
    assert list(workflows.unpinned(f"steps:\n  - uses: {use}\n")) == [use.partition(" ")[0]]


def test_an_action_has_one_version_everywhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    uses = set(re.findall(r"uses: ([^@\s]+)@(\S+) # (\S+)", text))
    assert len(uses) == len({action for action, _, _ in uses}) == 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_has_no_permissions_and_its_jobs_the_least(path: Path) -> None:
    document = parsed(path)
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        permissions = job["permissions"]
        assert permissions.get("contents") == ("write" if "release" in str(job.get("name")) else "read")
        assert permissions.items() <= {
            ("contents", "read"),
            ("contents", "write"),
            ("id-token", "write"),
            ("attestations", "read"),
            ("attestations", "write"),
        }


def test_a_change_is_checked_as_by_everybody() -> None:
    runs = [step["run"] for step in parsed(workflows.FOLDER / "test.yml")["jobs"]["test"]["steps"] if "run" in step]
    assert runs == ["./scripts/test"]


def test_a_release_has_its_packages_hashes_and_bill_of_materials() -> None:
    job = parsed(workflows.FOLDER / "release.yml")["jobs"]["release"]
    runs = "\n".join(step["run"] for step in job["steps"] if "run" in step)
    for command in ("./scripts/audit secrets dependencies", "./scripts/build", "./scripts/sbom", "sha256sum"):
        assert command in runs
    assert job["needs"] == "test"
    subjects = next(step["with"]["subject-path"].split() for step in job["steps"] if "attest" in step.get("uses", ""))
    assert subjects == ["dist/*.zip", "dist/manifest.json", "dist/sbom.json", "dist/SHA256SUMS"]
    for command in re.findall(r"\./scripts/(\w+)", runs):
        assert (ROOT / "scripts" / command).is_file()


def test_production_comes_after_staging() -> None:
    jobs = parsed(workflows.FOLDER / "deploy.yml")["jobs"]
    assert jobs["prod"]["needs"] == "staging"
    assert {job["uses"] for job in jobs.values()} == {"$/.github/workflows/deploy-version.yml"}
    deploy = parsed(workflows.FOLDER / "deploy-version.yml")["jobs"]["deploy"]
    assert deploy["environment"] == "${{ inputs.environment }}"
    runs = "\n".join(step["run"] for step in deploy["steps"] if "run" in step)
    assert runs.index("sha256sum --check") < runs.index("gh attestation verify") < runs.index("terraform apply")
