"""The plan of the root module, the code, and one run of the platform through all that can happen to an order."""

from __future__ import annotations

import pytest
from tests.support import plans, platform
from tests.support.plans import Plan
from tests.support.platform import Platform
from tests.wiring.support import code, scenarios
from tests.wiring.support.checks import Wiring, facts
from tests.wiring.support.code import Code


@pytest.fixture(scope="session")
def plan() -> Plan:
    return plans.of_platform()


@pytest.fixture(scope="session")
def source() -> Code:
    return code.read()


@pytest.fixture(scope="session")
def wiring(plan: Plan, source: Code) -> Wiring:
    return Wiring(plan, source, facts())


@pytest.fixture(scope="session")
def seen(wiring: Wiring) -> Platform:
    with platform.running(wiring.deployment) as running:
        scenarios.perform(running)
    return running
