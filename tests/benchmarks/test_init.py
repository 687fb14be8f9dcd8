"""The CPU that a cold start takes: a saga function's init against boto3 with a DynamoDB client, in the same run.

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

LIMIT = 0.8
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


def cpu_seconds(program: str, env: dict[str, str]) -> float:
    """CPU time, user and system, of a fresh interpreter that runs `program`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-I", "-S", "-B", "-c", program], env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def medians(deployment: Deployment) -> dict[str, float]:
    programs = {REFERENCE: deployment.preamble(None) + "import boto3; boto3.client('dynamodb')"}
    for function, package in FUNCTIONS.items():
        # What Lambda does before the first event, and the client that the first event needs.
        programs[function] = deployment.preamble(package) + (
            f"from {package}.handlers import {function}\nfrom saga_kit import aws\naws.client('dynamodb')\n"
        )
    programs["relay"] = deployment.preamble("relay") + (
        "from saga_kit.relay import handler\nfrom saga_kit import aws\naws.client('events')\n"
    )
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
    for name, ratio in ratios.items():
        table.add_row(name, f"{medians[name] * 1000:.0f}", f"{ratio:.2f}")
    with capsys.disabled():
        Console().print("\n", table)
    report = CACHE / "reports" / "init.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"rounds": ROUNDS, "cpu_seconds": medians, "ratios": ratios}, indent=2))
    assert {name: ratio for name, ratio in ratios.items() if name != REFERENCE and ratio > LIMIT} == {}


def test_every_saga_function_is_measured() -> None:
    lambdas = Path(__file__).parents[2] / "lambdas"
    for function, package in FUNCTIONS.items():
        assert f"def {function}(" in (lambdas / package / "handlers.py").read_text()
