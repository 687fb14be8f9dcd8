"""Runs the audit tools in their own virtual environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from toolchain import venv
from toolchain.venv import ROOT


class AuditError(RuntimeError):
    """An audit could not be carried out; the message says why."""


def run(tool: str, *arguments: str, statuses: Sequence[int] = (0,), cwd: Path = ROOT) -> str:
    """Run a tool of requirements/audit.txt and return what it printed.

    Args:
        tool: its command.
        arguments: its arguments.
        statuses: exit statuses that say it did its work, whatever it found.
        cwd: where it runs.

    Raises:
        AuditError: it ended with another status.
    """
    command = [str(venv.ensure("audit").with_name(tool)), *arguments]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in statuses:
        raise AuditError(f"{tool} ended with status {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout
