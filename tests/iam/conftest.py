"""The platform as it is deployed on the emulator with IAM enforced, and a run of its code through all that can happen.

The deployment is the one that the tests end to end keep; whoever comes second waits, and changes nothing of it.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator

import pytest
from tests.iam.support import requests
from tests.iam.support.estate import Estate
from tests.iam.support.evaluators import Request
from tests.support import platform as in_process
from tests.wiring.support import scenarios

from local_platform.deployment import CONFIGURATION, PLATFORMS, Deployment, Platform, clear_environment
from toolchain import terraform

PLATFORM = Platform("e2e", {})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test waits for Terraform, and every test for a machine with other work to do."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def alone() -> Iterator[None]:
    """One run at a time works on the platform's folder."""
    PLATFORMS.mkdir(parents=True, exist_ok=True)
    with (PLATFORMS / f"{PLATFORM.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def estate(alone: None) -> Estate:
    """What Terraform has applied, as it is."""
    clear_environment()
    deployment = _start()
    with deployment.emulator:
        env = PLATFORM.environment(deployment.emulator)
        return Estate(json.loads(terraform.find().run(["show", "-json"], CONFIGURATION, env=env).stdout))


@pytest.fixture(scope="module")
def deployment(estate: Estate) -> Iterator[Deployment]:
    """The platform, running, for a module to do with as it likes."""
    started = _start()
    with started.emulator:
        yield started


def _start() -> Deployment:
    return PLATFORM.start(lambda line: print(line, flush=True), auth=True)


@pytest.fixture(scope="session")
def recorded(estate: Estate) -> dict[str, set[Request]]:
    """What every role was used for: orders that end in every way, and messages that no function takes."""
    with in_process.running(estate.deployment) as running:
        scenarios.perform(running)
        for rule in running.deployment.rules:
            for target in rule.targets:
                function = in_process.key_of(running.deployment.functions[target.function])
                running.deliver(in_process.Delivery(rule, function, {"detail-type": "Unknown", "detail": {}}))
        for mapping in running.deployment.mappings:
            relay = in_process.key_of(running.deployment.functions[mapping.function])
            running.give_up(relay, [{"dynamodb": {"SequenceNumber": "1", "NewImage": {"outbox": {"S": "{"}}}}])
    return requests.recorded(estate, running)
