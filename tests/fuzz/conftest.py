"""The platform as Terraform plans it, for the generators."""

from __future__ import annotations

import logging

import pytest
from tests.simulation.harness.deployment import Deployment, from_plan
from tests.support import plans

from saga_kit import observe


@pytest.fixture(scope="session")
def planned() -> Deployment:
    return from_plan(plans.of_platform())


@pytest.fixture(autouse=True, scope="session")
def unseen() -> None:
    """Have log lines go to the platform in this process alone: pytest would keep every one of them."""
    logging.getLogger(observe.logger.name).propagate = False
