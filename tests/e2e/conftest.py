"""The platform that the tests of this layer share: real packages, deployed by Terraform on the emulator.

One apply serves them all. A module starts with a copy of what the emulator held right after it, with IAM enforced, and
so with empty tables, empty queues and functions that nobody has tampered with.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator

import pytest

from local_platform.deployment import PLATFORMS, Deployment, Platform, clear_environment

pytest.register_assert_rewrite("tests.e2e.support")

from tests.e2e.support.commands import Run  # noqa: E402 - after the line that has its assertions explained
from tests.e2e.support.shop import Shop, open_shop  # noqa: E402 - the same

PLATFORM = Platform("e2e", {})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a run waits for Terraform, and every test for a machine with other work to do."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def alone() -> Iterator[None]:
    """One run at a time works on the platform's folder: another one waits here."""
    PLATFORMS.mkdir(parents=True, exist_ok=True)
    with (PLATFORMS / f"{PLATFORM.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="module")
def deployment(alone: None) -> Iterator[Deployment]:
    clear_environment()
    started = PLATFORM.start(lambda line: print(line, flush=True), auth=True)
    with started.emulator:
        yield started


@pytest.fixture(scope="module")
def shop(deployment: Deployment) -> Iterator[Shop]:
    with open_shop(deployment) as shop:
        yield shop


@pytest.fixture(scope="module")
def run(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command as an operator does who works on AWS."""
    return Run(deployment, tmp_path_factory.mktemp("operator") / "outputs.json")
