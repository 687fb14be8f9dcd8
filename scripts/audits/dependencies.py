"""Finds dependencies with known vulnerabilities in the lock files."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audits.tools import AuditError, run
from toolchain.venv import REQUIREMENTS

SERVICE = "https://api.osv.dev/v1/query"
"""Open Source Vulnerabilities, which takes in the Python Packaging Authority's advisories."""

_SECONDS = 20.0


class NoServiceError(AuditError):
    """The advisory service does not answer."""


@dataclass(frozen=True, slots=True, order=True)
class Vulnerable:
    """A version in a lock file that an advisory is about."""

    lock: str
    name: str
    version: str
    advisory: str
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        fixed = ", ".join(self.fixed_in) or "no version yet"
        return f"{self.lock}: {self.name} {self.version}: {self.advisory}, fixed in {fixed}"


def locks(folder: Path = REQUIREMENTS) -> list[Path]:
    """Every lock file."""
    return sorted(folder.glob("*.txt"))


def check(service: str = SERVICE) -> None:
    """Ask the advisory service something. Raises `NoServiceError` when it doesn't answer."""
    request = urllib.request.Request(  # noqa: S310 - the address is ours
        service, data=b'{"version": "0", "package": {"name": "pip", "ecosystem": "PyPI"}}'
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310 - the same
            json.load(response)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise NoServiceError(f"the advisory service {service} does not answer: {reason}") from error


def audit(lock: Path, service: str = SERVICE) -> list[Vulnerable]:
    """Hold every version in a hash-locked file against the advisories.

    Nothing is downloaded or installed: what a lock has is all there is.

    Raises:
        AuditError: a requirement has no version or no hash, or the service failed.
    """
    options = ["--require-hashes", "--no-deps", "--disable-pip", "--progress-spinner", "off", "--format", "json"]
    options += ["--vulnerability-service", "osv", "--osv-url", service, "--timeout", str(int(_SECONDS))]
    report = run("pip-audit", *options, "--requirement", str(lock), statuses=(0, 1))
    if not report:
        raise NoServiceError(f"the advisory service {service} failed during the audit of {lock.name}")
    return sorted(_read(lock, json.loads(report)))


def _read(lock: Path, report: dict[str, list[dict[str, object]]]) -> Iterator[Vulnerable]:
    for dependency in report["dependencies"]:
        if "skip_reason" in dependency:
            raise AuditError(f"{lock.name}: {dependency['name']}: {dependency['skip_reason']}")
        vulnerabilities = dependency["vulns"]
        assert isinstance(vulnerabilities, list)
        for found in vulnerabilities:
            yield Vulnerable(
                lock.name,
                str(dependency["name"]),
                str(dependency["version"]),
                found["id"],
                tuple(found["fix_versions"]),
            )
