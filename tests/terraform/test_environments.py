"""Every environment plans with its own backend and settings, and differs from the others only where it says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.plans import ENVIRONMENTS
from tests.terraform.support.project import of_type, planned

from toolchain.venv import ROOT

PlanOf = Callable[[str], dict[str, Any]]

DEPLOYED = ("dev", "staging", "prod")
SETTINGS: dict[str, dict[str, Any]] = {
    "local": {"deletion_protection": False, "log_retention_days": 365, "key_deletion_window_days": 7, "sandbox": True},
    "dev": {"deletion_protection": False, "log_retention_days": 365, "key_deletion_window_days": 7, "sandbox": True},
    "staging": {
        "deletion_protection": True,
        "log_retention_days": 365,
        "key_deletion_window_days": 14,
        "sandbox": True,
    },
    "prod": {"deletion_protection": True, "log_retention_days": 400, "key_deletion_window_days": 30, "sandbox": False},
}


@pytest.mark.parametrize("environment", SETTINGS)
def test_an_environment_plans_with_its_settings(environment: str, plan_of: PlanOf) -> None:
    resources = planned(plan_of(environment))
    expected = SETTINGS[environment]

    tables = of_type(resources, "aws_dynamodb_table").values()
    # One for each service and the composer, and the read model's projection.
    assert len(tables) == 9 + expected["sandbox"]
    assert {table["deletion_protection_enabled"] for table in tables} == {expected["deletion_protection"]}
    assert {table["point_in_time_recovery"][0]["enabled"] for table in tables} == {True}

    groups = of_type(resources, "aws_cloudwatch_log_group").values()
    logging = ("aws_lambda_function", "aws_apigatewayv2_api", "aws_wafv2_web_acl")
    assert len(groups) == sum(len(of_type(resources, kind)) for kind in logging)
    assert {group["retention_in_days"] for group in groups} == {expected["log_retention_days"]}

    # What signs the composer's cursors encrypts nothing, and KMS rotates no such key.
    of_macs, keys = (
        [
            key
            for key in of_type(resources, "aws_kms_key").values()
            if (key["key_usage"] == "ENCRYPT_DECRYPT") is encrypts
        ]
        for encrypts in (False, True)
    )
    assert [(key["key_usage"], key["deletion_window_in_days"]) for key in of_macs] == [
        ("GENERATE_VERIFY_MAC", expected["key_deletion_window_days"])
    ]
    # The read model has two tables and one key. Others are of bus and platform, of console, backups and edge.
    assert len(keys) == len(tables) - 1 + 2 + (environment == "local") + 2 * (environment == "prod")
    assert {(key["enable_key_rotation"], key["deletion_window_in_days"]) for key in keys} == {
        (True, expected["key_deletion_window_days"])
    }

    assert bool(of_type(resources, "aws_ssm_parameter")) is expected["sandbox"]
    assert len(of_type(resources, "aws_cloudwatch_event_bus_policy")) == 1
    assert len(of_type(resources, "aws_sns_topic")) == 1


@pytest.mark.parametrize("environment", SETTINGS)
def test_every_name_tells_the_environment(environment: str, plan_of: PlanOf) -> None:
    resources = planned(plan_of(environment))
    functions = of_type(resources, "aws_lambda_function").values()
    assert functions
    for function in functions:
        assert function["function_name"].startswith(f"shop-{environment}-")
        assert function["tags"]["Environment"] == environment


@pytest.mark.parametrize("environment", DEPLOYED)
def test_functions_run_in_the_vpc_and_check_signatures(environment: str, plan_of: PlanOf) -> None:
    plan = plan_of(environment)
    vpc = ENVIRONMENTS[environment]["vpc"]
    assert isinstance(vpc, dict)
    unknown = {change["address"]: change["change"]["after_unknown"] for change in plan["resource_changes"]}
    for address, function in of_type(planned(plan), "aws_lambda_function").items():
        (config,) = function["vpc_config"]
        assert set(config["subnet_ids"]) == set(vpc["subnet_ids"]), address
        assert set(config["security_group_ids"]) == set(vpc["security_group_ids"]), address
        # The configuration's ARN is known when it is made.
        assert unknown[address]["code_signing_config_arn"] is True, address
    (signing,) = of_type(planned(plan), "aws_lambda_code_signing_config").values()
    assert signing["policies"] == [{"untrusted_artifact_on_deployment": "Enforce"}]


@pytest.mark.parametrize("environment", DEPLOYED)
def test_resources_tell_what_made_them(environment: str, plan_of: PlanOf) -> None:
    resources = planned(plan_of(environment))
    untagged = [
        address
        for address, values in resources.items()
        if values.get("tags_all") is not None and values["tags_all"].get("ManagedBy") != "terraform"
    ]
    assert untagged == []
    assert sum("tags_all" in values for values in resources.values()) > 100


@pytest.mark.parametrize("environment", SETTINGS)
def test_production_alone_is_backed_up(environment: str, plan_of: PlanOf) -> None:
    resources = planned(plan_of(environment))
    if environment != "prod":
        assert of_type(resources, "aws_backup_vault") == {}
        return
    (lock,) = of_type(resources, "aws_backup_vault_lock_configuration").values()
    assert (lock["backup_vault_name"], lock["changeable_for_days"]) == ("shop-prod-backups", 14)
    (selection,) = of_type(resources, "aws_backup_selection").values()
    tables = {table["name"] for table in of_type(resources, "aws_dynamodb_table").values()}
    # What is made again from events that are kept elsewhere, and what is only on its way to the bus.
    tables -= {"shop-prod-read_model-g1", "shop-prod-composer"}
    assert {arn.rpartition("/")[2] for arn in selection["resources"]} == tables
    alarms = {alarm["alarm_name"] for alarm in of_type(resources, "aws_cloudwatch_metric_alarm").values()}
    assert {f"shop-prod-backups-{kind}" for kind in ("failed", "expired", "missing")} <= alarms


def test_production_uses_its_own_providers(plan_of: PlanOf) -> None:
    functions = of_type(planned(plan_of("prod")), "aws_lambda_function")
    environments = {
        function["function_name"]: function["environment"][0]["variables"] for function in functions.values()
    }
    for name in ("payment-process_pymt", "payment-reverse_pymt"):
        assert environments[f"shop-prod-{name}"]["PROVIDER_URL"] == "https://psp.example.com/v1"
        assert environments[f"shop-prod-{name}"]["PROVIDER_SECRET_PARAMETER"] == "/psp/secret"
    for name in ("shipping-shipping", "shipping-reverse_ship"):
        assert environments[f"shop-prod-{name}"]["PROVIDER_URL"] == "https://carrier.example.com"
        assert environments[f"shop-prod-{name}"]["PROVIDER_SECRET_PARAMETER"] == "carrier"
    assert not any("sandbox" in name for name in environments)


def test_production_reserves_for_the_calls_of_providers(plan_of: PlanOf) -> None:
    functions = of_type(planned(plan_of("prod")), "aws_lambda_function").values()
    reserved = {function["function_name"]: function["reserved_concurrent_executions"] for function in functions}
    own = {"payment-process_pymt", "shipping-shipping", "order-place_order", "inventory-chk_inventory"}
    assert {name for name, figure in reserved.items() if figure != 20} == {f"shop-prod-{name}" for name in own}
    assert {reserved[f"shop-prod-{name}"] for name in own} == {50}
    # An account starts with a quota of 1000, and AWS keeps 100 of it for what reserves nothing.
    assert sum(reserved.values()) <= 900
    sizes = {function["function_name"]: function["memory_size"] for function in functions}
    assert sizes["shop-prod-order-place_order"] == 512
    assert sizes["shop-prod-order-get_order"] == 256


def test_the_local_environment_takes_its_addresses_and_packages_from_the_emulator(plan_of: PlanOf) -> None:
    plan = plan_of("local")
    functions = of_type(planned(plan), "aws_lambda_function").values()
    assert {function["s3_bucket"] for function in functions} == {"packages"}
    # The apply finds out the API's id; the rest of its address is what the environment says.
    endpoint = plan["configuration"]["root_module"]["module_calls"]["platform"]["module"]["outputs"]["api"]
    assert "var.execute_api_base" in endpoint["expression"]["references"]


@pytest.mark.parametrize("file", ["edge.tf", "main.tf", "outputs.tf", "variables.tf", "versions.tf"])
def test_environments_share_everything_but_their_settings(file: str) -> None:
    assert len({(ROOT / "envs" / environment / file).read_text(encoding="utf-8") for environment in DEPLOYED}) == 1


@pytest.mark.parametrize("environment", DEPLOYED)
def test_the_state_is_locked_and_kept_apart(environment: str) -> None:
    folder = ROOT / "envs" / environment
    assert {path.name for path in folder.glob("*.tf") if not path.name.endswith("_override.tf")} == {
        "edge.tf",
        "main.tf",
        "outputs.tf",
        "settings.tf",
        "variables.tf",
        "versions.tf",
    }
    text = (folder / "settings.tf").read_text(encoding="utf-8")
    backend = dict(re.findall(r"^    (\w+) += (.+)$", text.split("locals")[0], re.MULTILINE))
    assert backend == {"key": f'"saga/{environment}/terraform.tfstate"', "use_lockfile": "true"}
    assert f'environment = "{environment}"' in text
