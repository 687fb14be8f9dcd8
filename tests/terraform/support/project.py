"""The configurations that the tests run Terraform on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.plans import resources

from toolchain.terraform import Terraform
from toolchain.venv import CACHE, ROOT

MODULES = sorted(path.parent for path in (ROOT / "modules").glob("*/versions.tf"))
ROOT_TESTS = "tests/terraform/root"


def name_of(folder: Path) -> str:
    """How a configuration is called in the report: its path, or "root"."""
    return str(folder.relative_to(ROOT)) if folder != ROOT else "root"


def data_dir(folder: Path, purpose: str = "validate") -> dict[str, str]:
    """The environment that keeps what Terraform makes of a configuration out of its folder, for each worker its own.

    Terraform remembers a backend there, so what is done with one and what is done without have different `purpose`.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    path = CACHE / "terraform" / "tests" / worker / purpose / name_of(folder).replace("/", "-")
    return {"TF_DATA_DIR": str(path)}


@dataclass(frozen=True)
class RunResult:
    """How a run of `terraform test` ended: "pass", "fail", "error" or "skip"."""

    file: str
    run: str
    status: str


def terraform_test(tool: Terraform, folder: Path, *arguments: str) -> tuple[list[RunResult], str]:
    """Run `terraform test` in an initialised folder.

    Returns:
        What became of each run, and the errors for people to read.
    """
    done = tool.run(["test", "-json", *arguments], folder, check=False, env=data_dir(folder))
    results, errors = [], [done.stderr]
    for line in done.stdout.splitlines():
        message = json.loads(line)
        run = message.get("test_run")
        if message.get("type") == "test_run" and run.get("progress", "complete") == "complete":
            results.append(RunResult(run["path"], run["run"], run["status"]))
        if message.get("@level") == "error":
            errors.append(f"{message.get('@testrun', '')}: {message['@message']}\n{_detail(message)}")
    return results, "\n".join(filter(None, errors))


def _detail(message: Mapping[str, Any]) -> str:
    return str(message.get("diagnostic", {}).get("detail", ""))


def planned(plan: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The managed resources of a plan by their address; values that are not known yet are left out."""
    return {resource.address: resource.values for resource in resources(plan)}


def of_type(found: Mapping[str, Mapping[str, Any]], kind: str) -> dict[str, Mapping[str, Any]]:
    """The resources of one type."""
    return {address: values for address, values in found.items() if f".{kind}." in f".{address}"}
