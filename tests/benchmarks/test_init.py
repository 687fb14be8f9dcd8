"""The CPU that a cold start takes, against boto3 with a DynamoDB client in the same run; and what it must not load.

Every figure is the median over fresh processes of the CPU time of the whole process, the interpreter's own start
included. The processes of one round run one after another, so that whatever else the machine does meets all of them.
`BENCHMARK_ROUNDS` sets how many rounds there are.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from toolchain.venv import CACHE

from .conftest import Deployment

AIM = 0.8
"""Of the reference; printed beside what was measured. What keeps it there is held by the names of what is loaded."""
ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "9"))

FUNCTIONS = {
    "place_order": "order",
    "reverse_order": "order",
    "chk_inventory": "inventory",
    "reverse_inv": "inventory",
    "process_pymt": "payment",
    "reverse_pymt": "payment",
    "shipping": "shipping",
    "reverse_ship": "shipping",
    "notify_customer": "notification",
}
"""The nine saga functions and their packages."""

REFERENCE = "boto3.client('dynamodb')"

HEAVY = {
    "asyncio",
    "aws_xray_sdk",
    "boto3",
    "email.mime",
    "fastjsonschema",
    "jsonschema",
    "pydantic",
    "redis",
    "requests",
}
"""Modules that cost much of an init and that no saga function needs before its first event."""


def cpu_seconds(program: str, env: dict[str, str]) -> float:
    """CPU time, user and system, of a fresh interpreter that runs `program`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-I", "-S", "-B", "-c", program], env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def init_of(deployment: Deployment, function: str) -> str:
    """What Lambda does before the first event, and the client that the first event needs."""
    package = FUNCTIONS.get(function, "relay")
    module, name, service = (
        ("saga_kit.relay", "handler", "events") if package == "relay" else (f"{package}.handlers", function, "dynamodb")
    )
    return deployment.preamble(package) + (
        f"from {module} import {name}\nfrom saga_kit import aws\naws.client({service!r})\n"
    )


@pytest.fixture(scope="module")
def medians(deployment: Deployment) -> dict[str, float]:
    programs = {REFERENCE: deployment.preamble(None) + "import boto3; boto3.client('dynamodb')"} | {
        name: init_of(deployment, name) for name in [*FUNCTIONS, "relay"]
    }
    times: dict[str, list[float]] = {name: [] for name in programs}
    for number in range(ROUNDS + 1):
        for name, program in programs.items():
            seconds = cpu_seconds(program, dict(deployment.env))
            if number:  # the first round brings the files into memory
                times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


def test_init_of_every_saga_function(medians: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
    ratios = {name: seconds / medians[REFERENCE] for name, seconds in medians.items()}
    table = Table(title=f"CPU of init, median of {ROUNDS}", title_justify="left")
    table.add_column("")
    table.add_column("ms", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("aim", justify="right")
    for name, ratio in ratios.items():
        table.add_row(name, f"{medians[name] * 1000:.0f}", f"{ratio:.2f}", "" if name == REFERENCE else f"{AIM}")
    with capsys.disabled():
        Console().print("\n", table)
    report = CACHE / "reports" / "init.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"rounds": ROUNDS, "cpu_seconds": medians, "ratios": ratios}, indent=2))
    assert ratios.keys() == {REFERENCE, *FUNCTIONS, "relay"}


@pytest.mark.parametrize("function", [*FUNCTIONS, "relay"])
def test_init_loads_nothing_heavy(deployment: Deployment, function: str) -> None:
    program = init_of(deployment, function) + "import sys\nprint(*sys.modules)\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        env=dict(deployment.env),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "botocore.session" in loaded
    assert loaded & HEAVY == set()


def test_the_reference_loads_what_is_heavy(deployment: Deployment) -> None:
    program = deployment.preamble(None) + "import boto3, sys; boto3.client('dynamodb'); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program],
        env=dict(deployment.env),
        capture_output=True,
        text=True,
        check=True,
    )
    assert {"boto3"} <= set(done.stdout.split()) & HEAVY


def test_every_saga_function_is_measured() -> None:
    lambdas = Path(__file__).parents[2] / "lambdas"
    for function, package in FUNCTIONS.items():
        assert f"def {function}(" in (lambdas / package / "handlers.py").read_text()
