"""The findings that are left: each with the resources it is about, the scans that have it, and the reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.policy.support.scanner import Finding

FINDINGS = Path(__file__).resolve().parents[1] / "findings.toml"


@dataclass(frozen=True, slots=True)
class Listed:
    """A finding that is left: check, pattern of whole resource addresses, scans that have it, reason, what to do."""

    check: str
    resource: re.Pattern[str]
    scans: tuple[str, ...]
    reason: str
    planned: str

    def covers(self, scan: str, finding: Finding) -> bool:
        """Whether the finding, in this scan, is one that is left."""
        return scan in self.scans and finding.check == self.check and bool(self.resource.fullmatch(finding.resource))


def read(path: Path = FINDINGS) -> list[Listed]:
    """Read the list. Raises ``ValueError`` for an entry that lacks something."""
    listed = []
    for number, entry in enumerate(tomllib.loads(path.read_text(encoding="utf-8")).get("finding", []), 1):
        missing = [name for name in ("check", "resource", "scans", "reason", "planned") if not entry.get(name)]
        if missing:
            raise ValueError(f"{path.name}, entry {number}: expected {', '.join(missing)}")
        listed.append(
            Listed(
                entry["check"],
                re.compile(entry["resource"]),
                tuple(entry["scans"]),
                entry["reason"],
                entry["planned"],
            )
        )
    return listed


def unlisted(scan: str, findings: Sequence[Finding], listed: Sequence[Listed]) -> Iterator[str]:
    """What a scan found that is not in the list."""
    for finding in findings:
        if not any(entry.covers(scan, finding) for entry in listed):
            yield f"{finding.check} {finding.title}: {finding.resource} ({finding.file})"


def outdated(scan: str, findings: Sequence[Finding], listed: Sequence[Listed]) -> Iterator[str]:
    """What the list says of a scan that it does not find any more."""
    for entry in listed:
        if scan in entry.scans and not any(entry.covers(scan, finding) for finding in findings):
            yield f"{entry.check} {entry.resource.pattern}"
