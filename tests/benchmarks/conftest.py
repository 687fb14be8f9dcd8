"""Deployed packages, unpacked beside nothing but what Lambda's runtime brings along."""

import os
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from toolchain import build, dependencies


@dataclass(frozen=True)
class Deployment:
    """Where the packages are unpacked, and the environment that their functions run in.

    Attributes:
        tasks: package to the folder of its zip's content.
        runtime: folder of the modules that Lambda's runtime provides.
        env: the environment variables that Terraform and Lambda set.
    """

    tasks: Mapping[str, Path]
    runtime: Path
    env: Mapping[str, str]

    def preamble(self, package: str | None) -> str:
        """Python code that makes a bare interpreter import from the package first, then from the runtime."""
        folders = [*([str(self.tasks[package])] if package else []), str(self.runtime)]
        return f"import sys; sys.path[:0] = {folders!r}\n"


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    root = tmp_path_factory.mktemp("deployment")
    tasks = {}
    for name, built in build.build().items():
        with zipfile.ZipFile(built.path) as archive:
            archive.extractall(root / name)
        tasks[name] = root / name
    runtime = root / "runtime"
    runtime.mkdir()
    installed = Path(sysconfig.get_path("purelib"))
    for module in dependencies.RUNTIME:
        source = next(path for path in (installed / module, installed / f"{module}.py") if path.exists())
        (runtime / source.name).symlink_to(source)
    # Without its bytecode the reference would be slower than it is on Lambda.
    for module in dependencies.RUNTIME - {"six"}:
        assert list((installed / module).rglob("*.pyc")), f"{module} has no bytecode: make .cache/venv anew"
    env = {
        "PATH": os.defpath,
        "HOME": str(root),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "SAGA_TABLE": "table",
        "SAGA_BUS": "bus",
        "SAGA_SOURCE": "shop.benchmark",
        "SAGA_FUNCTION": "benchmark",
        "SAGA_DEADLINE_SECONDS": "60",
        "PROVIDER_URL": "http://127.0.0.1:9",
        "PROVIDER_SECRET_PARAMETER": "/secret",
        "MAIL_FROM": "shop@example.com",
        "POWERTOOLS_SERVICE_NAME": "benchmark",
        "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    return Deployment(tasks, runtime, env)
