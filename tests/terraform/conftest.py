from __future__ import annotations

import fcntl
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.config
import pytest
from tests.terraform.support.project import ACCOUNT_ID, PACKAGES, REGION, data_dir

from emulator.server import Emulator
from toolchain import terraform
from toolchain.terraform import Terraform
from toolchain.venv import ROOT

STATE_BUCKET = "terraform-state"


@pytest.fixture(scope="session")
def tool() -> Terraform:
    return terraform.find()


@pytest.fixture(scope="session")
def initialised(tool: Terraform) -> Callable[..., Path]:
    """Initialises a configuration, once, without a backend."""
    done: set[Path] = set()

    def initialise(folder: Path, *arguments: str) -> Path:
        if folder not in done:
            tool.init(folder, "-backend=false", *arguments, env=data_dir(folder))
            done.add(folder)
        return folder

    return initialise


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Stands for AWS while an environment is planned, and holds its state."""
    with Emulator.start(name=f"terraform-{tmp_path_factory.getbasetemp().name}") as running:
        environment = running.environment(ACCOUNT_ID, REGION)
        s3 = boto3.client(
            "s3",
            endpoint_url=running.endpoint,
            region_name=REGION,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            config=botocore.config.Config(s3={"addressing_style": "path"}),
        )
        s3.create_bucket(Bucket=STATE_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield running


PORTS: dict[str, object] = {
    "payment_provider": {"url": "https://psp.example.com/v1", "parameter_name": "/psp/secret"},
    "carrier": {
        "url": "https://carrier.example.com",
        "parameter_name": "carrier",
        "kms_key_arn": "arn:aws:kms:eu-central-1:111122223333:key/00000000-0000-0000-0000-000000000001",
    },
}


@pytest.fixture(scope="session")
def plan_of(
    tool: Terraform, emulator: Emulator, tmp_path_factory: pytest.TempPathFactory, testrun_uid: str
) -> Callable[[str], dict[str, Any]]:
    """Plans an environment with its own backend, and returns the plan; each is planned once, whoever asks for it."""
    folder_of_plans = tmp_path_factory.getbasetemp().parent / f"plans-{testrun_uid}"
    folder_of_plans.mkdir(exist_ok=True)
    installation = {"packages": PACKAGES, "mail": {"from": "orders@example.com"}}
    variables: dict[str, dict[str, object]] = {
        "local": {
            "packages_s3": PACKAGES["s3"],
            "execute_api_base": f"{emulator.endpoint}/_aws/execute-api/%s/$default",
        },
        "dev": {**installation},
        "staging": {**installation},
        "prod": {
            **installation,
            **PORTS,
            "jwt": {"issuer": "https://login.example.com/", "audience": ["shop"]},
        },
    }

    def plan(name: str) -> dict[str, Any]:
        folder = ROOT / "envs" / name
        env = {**emulator.environment(ACCOUNT_ID, REGION), **data_dir(folder, "plan")}
        backend = ["-reconfigure"]
        if name == "local":
            backend += [f"-backend-config=path={env['TF_DATA_DIR']}/test.tfstate"]
        else:
            settings = {"bucket": STATE_BUCKET, "region": REGION, "use_path_style": "true"}
            backend += [f"-backend-config={key}={value}" for key, value in settings.items()]
        tool.init(folder, *backend, env=env)
        return tool.plan_json(folder, variables=variables[name], env=env)

    @functools.cache
    def shared(name: str) -> dict[str, Any]:
        kept = folder_of_plans / f"{name}.json"
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_text(json.dumps(plan(name)), encoding="utf-8")
        found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return found

    return shared
