"""Runs the policy scanner offline, in its own environment, and tells what it found."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain import venv
from toolchain.venv import CACHE, REQUIREMENTS, ROOT

SETTINGS = ROOT / ".checkov.yaml"
CHECKS = ROOT / "policies" / "checkov"
"""Our own checks, which the settings name."""
SCANS = CACHE / "policy"
_KEPT = 200
"""Scans that are remembered: those of several states of the configuration."""

HCL_TARGETS = (
    ".",
    *sorted(str(path.parent.relative_to(ROOT)) for path in (ROOT / "modules").glob("*/versions.tf")),
    *sorted(str(path.parent.relative_to(ROOT)) for path in (ROOT / "envs").glob("*/versions.tf")),
)
"""Folders that are scanned, each by a scan of its own: in one scan the modules of one are taken for another's."""


class ScanError(RuntimeError):
    """The scanner did not scan."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A check that a resource does not pass."""

    check: str
    resource: str
    title: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan came to: which checks passed, which did not and which were skipped, and how much it read."""

    passed: int
    passing: tuple[Finding, ...]
    failed: tuple[Finding, ...]
    skipped: tuple[Finding, ...]
    unreadable: int
    resources: int


def scan_folder(folder: Path) -> Scan:
    """Scan the HCL in ``folder`` and of the modules that it calls. Raises ``ScanError``."""
    return _scan(["--directory", str(folder)], _hcl_files(folder))


def scan_plan(plan: Mapping[str, Any]) -> Scan:
    """Scan a plan as ``terraform show -json`` tells it. Raises ``ScanError``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_text(json.dumps(plan, sort_keys=True), encoding="utf-8")
        return _scan(["--file", str(path)], [path])


def _hcl_files(folder: Path) -> list[Path]:
    """What a scan of the folder may read: what is in it, and the modules that it may call, anywhere in the project."""
    return sorted(_below(ROOT if folder.is_relative_to(ROOT) else folder))


def _below(folder: Path) -> Iterator[Path]:
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "dist"]
        yield from (Path(path) / name for name in files if name.endswith((".tf", ".hcl")))


def _scan(arguments: Sequence[str], inputs: Sequence[Path]) -> Scan:
    digest = hashlib.sha256(arguments[0].encode())
    for path in [SETTINGS, REQUIREMENTS / "checkov.txt", *sorted(CHECKS.glob("*.py")), *inputs]:
        digest.update(path.read_bytes())
    if arguments[0] == "--directory":
        digest.update(arguments[1].encode())
    kept = SCANS / f"{digest.hexdigest()[:24]}.json"
    if not kept.is_file():
        SCANS.mkdir(parents=True, exist_ok=True)
        report = _run(arguments)
        partial = kept.with_suffix(f".{os.getpid()}.partial")
        partial.write_text(json.dumps(report), encoding="utf-8")
        partial.rename(kept)
        for old in sorted(SCANS.glob("*.json"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            old.unlink(missing_ok=True)
    return _read(json.loads(kept.read_text(encoding="utf-8")))


def _run(arguments: Sequence[str]) -> list[dict[str, Any]]:
    command = [str(venv.ensure("checkov")), "-m", "checkov.main", "--config-file", str(SETTINGS), "--output", "json"]
    env = {
        **{name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "BC_API_KEY"}},
        "EVAL_TF_PLAN_AFTER_UNKNOWN": "1",
        "LOG_LEVEL": "ERROR",
    }
    done = subprocess.run([*command, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        document = None
    if done.returncode not in {0, 1} or document is None:
        raise ScanError(f"checkov {' '.join(arguments)} ended with status {done.returncode}:\n{done.stderr[-2000:]}")
    reports = document if isinstance(document, list) else [document]
    # Without anything to check, the scanner tells its figures alone.
    return [report if "summary" in report else {"summary": report, "results": {}} for report in reports]


def _read(reports: Sequence[Mapping[str, Any]]) -> Scan:
    def findings(kind: str) -> tuple[Finding, ...]:
        return tuple(
            sorted(
                Finding(found["check_id"], found["resource"], found["check_name"], found["file_path"])
                for report in reports
                for found in report["results"].get(kind, [])
            )
        )

    def count(name: str) -> int:
        return sum(report["summary"][name] for report in reports)

    return Scan(
        passed=count("passed"),
        passing=findings("passed_checks"),
        failed=findings("failed_checks"),
        skipped=findings("skipped_checks"),
        unreadable=count("parsing_errors"),
        resources=count("resource_count"),
    )
