"""The plan of the root module, the code, and one run of the platform through all that can happen to an order."""

from __future__ import annotations

import pytest
from tests.support import plans, platform
from tests.support.plans import Plan
from tests.support.platform import Platform
from tests.wiring.support import code, scenarios
from tests.wiring.support.checks import Wiring, facts
from tests.wiring.support.code import Code

# The sandbox, and providers beside it: where it stands for them, only the apply finds out where they are.
ARGUMENTS: dict[str, object] = {
    "environment": "test",
    "account_id": "123456789012",
    "region": "eu-west-1",
    "mail": {"from": "orders@shop.example"},
    "packages": plans.in_a_bucket(),
    "sandbox": True,
    "sandbox_secret": plans.SANDBOX_SECRET,
    "payment_provider": {"url": "https://payments.example", "parameter_name": "/test/payments"},
    "carrier": {"url": "https://carrier.example", "parameter_name": "/test/carrier"},
}


@pytest.fixture(scope="session")
def plan() -> Plan:
    return plans.of_root("wiring", ARGUMENTS)


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
