"""An operator's commands, run as on AWS: with a deployment's names, or with what Terraform tells of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.support.shop import Shop

from local_platform.deployment import Deployment
from toolchain.venv import ROOT


@dataclass(frozen=True, slots=True)
class Run:
    """Runs the commands of `scripts/` on a deployment; `outputs` is a file with what Terraform tells of it."""

    deployment: Deployment
    outputs: Path

    def __post_init__(self) -> None:
        document = {"platform": {"value": self.deployment.outputs}}
        self.outputs.write_text(json.dumps(document), encoding="utf-8")

    def __call__(self, module: str, *arguments: str, by: str = "names") -> subprocess.CompletedProcess[str]:
        where = {"names": ["--environment", "local"], "outputs": ["--outputs", str(self.outputs)]}
        environment = self.deployment.emulator.process_environment() | {"PYTHONPATH": str(ROOT / "scripts")}
        return subprocess.run(
            [sys.executable, "-P", "-m", module, *arguments, *where[by]],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


REFRESHES = "composer/cache_manager_payments/failed"


def redrive_refreshes(shop: Shop, run: Run) -> None:
    """Do what an operator does about refreshes of cached payments that came in a burst, until none is left.

    Each asks a function of another service, and all events of an archive at once take all the executions that there
    are. The tries follow one another within seconds here, and within minutes on AWS.
    """
    for _ in range(5):
        if REFRESHES not in shop.dead_letters():
            return
        assert run("dead_letters", "--queue", REFRESHES).returncode == 0
        shop.settle()
