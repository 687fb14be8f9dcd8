"""The platform as it is deployed on the emulator, and the document that says what its HTTP API does.

The deployment is the one that the tests end to end keep; whoever comes second waits, and changes nothing of it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_platform.client import Client
from local_platform.customers import Customer, sign_up
from local_platform.deployment import PLATFORMS, Deployment, Platform, clear_environment

PLATFORM = Platform("e2e", {})
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test waits for Terraform, and every test for a machine with other work to do."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """What docs/openapi.yaml says."""
    found: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    PLATFORMS.mkdir(parents=True, exist_ok=True)
    with (PLATFORMS / f"{PLATFORM.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        clear_environment()
        started = PLATFORM.start(lambda line: print(line, flush=True), auth=True)
        with started.emulator:
            yield started


@pytest.fixture(scope="session")
def client(deployment: Deployment) -> Client:
    """An operator, who signs with IAM."""
    return Client.of(deployment)


@pytest.fixture(scope="session")
def customer(client: Client) -> Customer:
    """A customer with a token."""
    return sign_up(client)
