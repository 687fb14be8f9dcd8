"""Finds secrets in what is, or is about to be, committed."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audits.tools import AuditError, run
from toolchain.venv import ROOT

KNOWN = Path(__file__).with_name("not_secrets.toml")

_BATCH = 200
"""Files that the scanner is given at a time."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What looks like a secret: where, and what kind the scanner takes it for. `line` is the line's text."""

    path: str
    number: int
    kind: str
    line: str

    def __str__(self) -> str:
        return f"{self.path}:{self.number}: {self.kind}"


@dataclass(frozen=True, slots=True)
class Known:
    """What looks like a secret and is none: kinds, patterns of whole paths and in lines, and the reason."""

    kinds: frozenset[str]
    path: re.Pattern[str]
    line: re.Pattern[str]

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is no secret."""
        return (
            finding.kind in self.kinds
            and self.path.fullmatch(finding.path) is not None
            and self.line.search(finding.line) is not None
        )


def known(path: Path = KNOWN) -> list[Known]:
    """What is known to be no secret. Raises `ValueError` for an entry without a reason."""
    entries = []
    for number, entry in enumerate(tomllib.loads(path.read_text(encoding="utf-8")).get("known", []), 1):
        if not entry.get("reason", "").strip():
            raise ValueError(f"{path.name}, entry {number}: expected a reason")
        entries.append(Known(frozenset(entry["kinds"]), re.compile(entry["path"]), re.compile(entry.get("line", ""))))
    return entries


def committed(root: Path = ROOT) -> list[str]:
    """Paths of the files that git tracks, or would with the next `git add`.

    Raises:
        AuditError: this is no checkout.
    """
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AuditError(f"the files to look through are those that git knows: {done.stderr.strip()}")
    return sorted(path for path in set(done.stdout.split("\0")) if path and (root / path).is_file())


def scan(paths: Sequence[str], root: Path = ROOT) -> list[Finding]:
    """What looks like a secret in these files of `root`. Raises `AuditError`."""
    found = []
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        report = json.loads(run("detect-secrets", "scan", "--no-verify", "--all-files", *batch, cwd=root))
        found += [finding for path, items in report["results"].items() for finding in _findings(root, path, items)]
    return sorted(found)


def _findings(root: Path, path: str, items: Sequence[dict[str, object]]) -> Iterator[Finding]:
    lines = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
    for item in items:
        number = int(str(item["line_number"]))
        yield Finding(path, number, str(item["type"]), lines[number - 1])


def unknown(findings: Sequence[Finding], entries: Sequence[Known]) -> list[Finding]:
    """The findings that are not known to be no secret."""
    return [finding for finding in findings if not any(entry.covers(finding) for entry in entries)]
