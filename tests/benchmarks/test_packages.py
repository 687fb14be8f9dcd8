"""What is deployed loads with nothing but Lambda's runtime around it, and from its own bytecode."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Deployment

PACKAGES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "lambdas").glob("*/package.toml"))

PROGRAM = """
import importlib, json, pathlib
task = pathlib.Path(sys.path[0])
for path in sorted(task.glob("**/*.py")):
    name = ".".join(path.relative_to(task).with_suffix("").parts).removesuffix(".__init__")
    importlib.import_module(name)
found = {name: str(getattr(module, "__file__", None)) for name, module in sys.modules.items()}
print(json.dumps(found))
"""


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_loads(deployment: Deployment, package: str) -> None:
    code = deployment.preamble(package) + PROGRAM
    # -v names the file that each module was loaded from.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-v", "-c", code],
        env=dict(deployment.env),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    task = str(deployment.tasks[package])
    modules = json.loads(done.stdout)
    carried = {name.partition(".")[0] for name, path in modules.items() if path.startswith(task)}
    assert {"saga_kit", "aws_lambda_powertools", "fastjsonschema", "typing_extensions"} <= carried
    assert package in carried or package == "relay"
    compiled = [line for line in done.stderr.splitlines() if f"code object from {task}" in line]
    assert compiled == [], "these were compiled from their source"


@pytest.mark.parametrize("package", PACKAGES)
def test_its_clients_are_made_from_its_own_models(deployment: Deployment, package: str) -> None:
    services = sorted(path.parent.name for path in (deployment.tasks[package] / "botocore_data").glob("*/*/"))
    assert services
    code = deployment.preamble(package) + (
        "from saga_kit import aws\n"
        f"for service in {services!r}:\n"
        "    client = aws.client(service)\n"
        "    print(service, len(client.meta.service_model.operation_names), client.meta.endpoint_url)\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], env=dict(deployment.env), capture_output=True, text=True, check=True
    )
    made = [line.split() for line in done.stdout.splitlines()]
    assert [service for service, _, _ in made] == services
    assert all(int(operations) < 20 for _, operations, _ in made)
    assert all(url.startswith("https://") and ".eu-west-1.amazonaws.com" in url for _, _, url in made)
