"""Finds what is unsafe in the workflows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from audits.tools import run
from toolchain.venv import ROOT

FOLDER = ROOT / ".github" / "workflows"

_USES = re.compile(r"^\s*(?:-\s+)?uses:\s*(?P<action>\S+?)@(?P<ref>\S+)(?:\s+#\s*(?P<comment>.*))?$", re.MULTILINE)


def audit(folder: Path = FOLDER) -> list[str]:
    """What zizmor finds in the workflows of a folder, without asking GitHub, smells included. Raises `AuditError`."""
    options = ["--offline", "--no-progress", "--no-exit-codes", "--persona", "pedantic", "--format", "json-v1"]
    report = json.loads(run("zizmor", *options, str(folder)))
    return sorted(f"{finding['ident']}: {_place(finding)}: {finding['desc']}" for finding in report)


def _place(finding: dict[str, Any]) -> str:
    location = finding["locations"][0]
    path = Path(location["symbolic"]["key"]["Local"]["verbatim_path"])
    return f"{path.name}:{location['concrete']['location']['start_point']['row'] + 1}"


def unpinned(text: str) -> Iterator[str]:
    """The actions of other repositories that a workflow does not name by a whole commit and say the version of."""
    for match in _USES.finditer(text):
        pinned = re.fullmatch(r"[0-9a-f]{40}", match["ref"])
        if not pinned or not re.fullmatch(r"v\d+\.\d+\.\d+", match["comment"] or ""):
            yield f"{match['action']}@{match['ref']}"
