"""The plan of the root module that the simulator reads its routes from."""

from __future__ import annotations

from tests.support import plans
from tests.support.plans import Plan

from . import providers
from .world import ACCOUNT, REGION


def plan() -> Plan:
    """Return the plan as ``terraform show -json`` prints it; made anew only when the configuration has changed since.

    Raises ``toolchain.terraform.TerraformError`` when Terraform is missing or cannot plan.
    """
    return plans.of_root(
        "simulation",
        {
            "environment": "sim",
            "account_id": ACCOUNT,
            "region": REGION,
            "mail": {"from": "orders@shop.example"},
            "payment_provider": {"url": providers.PAYMENT_URL, "parameter_name": "/sim/payments"},
            "carrier": {"url": providers.CARRIER_URL, "parameter_name": "/sim/carrier"},
            "packages": plans.in_a_bucket(),
        },
    )
