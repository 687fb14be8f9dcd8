"""The emulator starts, stops, and never outlives what it was started for."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import httpx
import pytest
from click.testing import CliRunner

from emulator import cli
from emulator.server import Emulator, EmulatorError, attach
from toolchain import venv

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).resolve().parents[2]
# A program that starts an emulator, a function in it that never ends, and then waits itself.
PROGRAM = """
import io, sys, time, zipfile
import boto3
from emulator.server import Emulator

with Emulator.start(name=sys.argv[1]) as emulator:
    session = boto3.session.Session(region_name="eu-west-1", aws_access_key_id="1" * 12, aws_secret_access_key="test")
    functions = session.client("lambda", endpoint_url=emulator.endpoint)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("main.py", "import sys\\ndef handler(event, context):\\n    while True: pass\\n")
    functions.create_function(
        FunctionName="endless", Runtime="python3.11", Handler="main.handler", Timeout=900,
        Role="arn:aws:iam::111111111111:role/service", Code={"ZipFile": archive.getvalue()},
    )
    functions.invoke(FunctionName="endless", InvocationType="Event")
    print(emulator.pid, emulator.port, flush=True)
    time.sleep(600)
"""


def processes_of(group: int) -> list[int]:
    """The living processes of a process group."""
    found = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in found.splitlines()]
    return [int(pid) for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)


@pytest.fixture
def program(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """PROGRAM with its function busy, and the emulator's process group."""
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(PROGRAM))
    process = subprocess.Popen(
        [sys.executable, script, f"tests-{os.getpid()}"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    group = int(process.stdout.readline().split()[0])
    try:
        until(lambda: len(processes_of(group)) == 2, "the function's worker")
        yield process, group
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        (venv.CACHE / "emulator" / f"tests-{os.getpid()}.log").unlink()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_program_that_started_it(program: tuple[subprocess.Popen[str], int], how: int) -> None:
    process, group = program
    process.send_signal(how)
    process.wait(20)
    until(lambda: not processes_of(group), f"the processes of group {group} to end")
    assert not list((venv.CACHE / "emulator").glob(f"run-{group}-*"))


def test_workers_end_with_a_launcher_that_is_killed(program: tuple[subprocess.Popen[str], int]) -> None:
    _, group = program
    os.kill(group, signal.SIGKILL)
    until(lambda: not processes_of(group), f"the processes of group {group} to end")


def test_stop_ends_it_and_may_be_repeated() -> None:
    emulator = Emulator.start(name="tests-stop")
    assert emulator.is_running()
    emulator.stop()
    emulator.stop()
    assert not emulator.is_running()
    assert processes_of(emulator.pid) == []
    with pytest.raises(EmulatorError, match="no emulator answers"):
        emulator.reset()


def test_taken_port_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"port {port} on 127.0.0.1 can't be used"):
            Emulator.start(port=port, name="tests-port")


def test_failure_to_start_shows_the_log(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such emulator\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(EmulatorError, match="ended at once:\nno such emulator"):
        Emulator.start(python, name="tests-failure")


def test_callers_aws_settings_and_proxies_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "HTTPS_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1")
    with Emulator.start(name="tests-environment") as emulator:
        environment = emulator.process_environment(account_id="111122223333", region="eu-north-1")
        found = subprocess.run(
            [sys.executable, "-c", "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    assert found.strip() == "arn:aws:iam::111122223333:root"
    assert environment["AWS_REGION"] == "eu-north-1"
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "HTTPS_PROXY", "no_proxy"} & set(environment)


def test_listens_on_the_loopback_address_only() -> None:
    with Emulator.start(name="tests-loopback") as emulator:
        assert httpx.get(f"{emulator.endpoint}/_ministack/health", trust_env=False).status_code == 200
        with socket.socket() as other, pytest.raises(OSError, match=r"refused|unreachable|not available"):
            other.connect(("127.0.0.2", emulator.port))


# Detached: scripts/local


def queues_of(endpoint: str) -> "SQSClient":
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="111122223333",
        aws_secret_access_key="test",
    )


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """The command `scripts/local` with a record of its own; ends what it started."""
    record = tmp_path / "local" / "emulator.json"
    monkeypatch.setattr(cli, "RECORD", record)
    monkeypatch.setattr(cli, "STATE", tmp_path / "local" / "state")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli.main, arguments)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    try:
        yield run
    finally:
        if emulator := attach(record):
            emulator.stop()


def test_local_goes_up_and_down(local: Callable[..., str]) -> None:
    assert "not running" in local("status")
    started = local("up", "--port", "0")
    endpoint = re.search(r"export AWS_ENDPOINT_URL=(http://127\.0\.0\.1:\d+)\n", started)
    assert endpoint
    assert endpoint[0] in local("up"), "a second one is the first"
    assert endpoint[1] in local("status")
    assert "Running on" in local("logs")
    buckets = boto3.client(
        "s3",
        endpoint_url=endpoint[1],
        region_name="us-east-1",
        aws_access_key_id="1" * 12,
        aws_secret_access_key="test",
    )
    buckets.create_bucket(Bucket="parcels")
    local("reset")
    assert buckets.list_buckets()["Buckets"] == []
    assert "Stopped" in local("down")
    assert "not running" in local("down")


def test_local_keeps_state_when_asked(local: Callable[..., str]) -> None:
    for expected in (0, 1):
        local("up", "--port", "0", "--keep-state")
        emulator = attach(cli.RECORD)
        assert emulator
        queues = queues_of(emulator.endpoint)
        assert len(queues.list_queues().get("QueueUrls", [])) == expected
        queues.create_queue(QueueName="orders")
        local("down")


def test_local_forgets_one_that_was_killed(local: Callable[..., str]) -> None:
    local("up", "--port", "0")
    emulator = attach(cli.RECORD)
    assert emulator
    os.killpg(emulator.pid, signal.SIGKILL)
    until(lambda: attach(cli.RECORD) is None, "the lock to go")
    assert cli.RECORD.exists()
    assert "not running" in local("status")
    assert "export AWS_ENDPOINT_URL" in local("up", "--port", "0")


def test_record_of_another_process_is_not_believed(local: Callable[..., str]) -> None:
    cli.RECORD.parent.mkdir(parents=True)
    cli.RECORD.write_text(f'{{"pid": {os.getpid()}, "port": 4566, "started": 0, "log_file": "/dev/null"}}')
    assert "not running" in local("down")


@pytest.mark.parametrize("command", ["logs", "reset"])
def test_local_says_when_there_is_none(local: Callable[..., str], command: str) -> None:
    with pytest.raises(EmulatorError, match="not running; start it with: scripts/local up"):
        local(command)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nonsense"], "No such command 'nonsense'"), (["up", "--port", "70000"], "70000 is not in the range")],
)
def test_wrong_usage_is_explained(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_journal_has_what_iam_was_asked_about_once_each(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with Emulator.start(name="test-journal", auth=True, journal=journal) as emulator:
        queues: SQSClient = boto3.client(
            "sqs",
            endpoint_url=emulator.endpoint,
            region_name="eu-west-1",
            aws_access_key_id="1" * 12,
            aws_secret_access_key="test",
        )
        for _ in range(2):
            queues.create_queue(QueueName="orders", tags={"Team": "shop"})
    noted = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    found = [entry for entry in noted if entry["action"] == "sqs:CreateQueue"]
    assert all(entry["principal"] == "arn:aws:iam::111111111111:root" for entry in found)
    assert {entry["resource"] for entry in found} == {"arn:aws:sqs:eu-west-1:111111111111:orders"}
    assert len(found) == len({json.dumps(entry) for entry in found})
    assert found[0]["context"]["aws:requesttag/team"] == "shop"
