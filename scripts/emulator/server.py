"""Starting and stopping the local AWS emulator."""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from toolchain import venv

CACHE = venv.CACHE / "emulator"
DEFAULT_ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "eu-west-1"

_HOST = "127.0.0.1"
_LAUNCHER = Path(__file__).with_name("launcher.py")
_READY_SECONDS = 30.0
_STOP_SECONDS = 60.0
_POLL_SECONDS = 0.05
# What a program keeps of the user's environment beside the emulator's own settings. Whatever configures an AWS client
# or a proxy would lead requests elsewhere, and so would most of what Python and MiniStack read.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "USER")
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


class EmulatorError(RuntimeError):
    """The emulator could not be started or reached; the message says why."""


class Emulator:
    """A running emulator: get one from `start` or `attach`, and `stop` it, or use it in a `with` statement.

    Attributes:
        pid: the launcher's process, which leads a process group of its own.
        port: where it listens, on the loopback address.
        log_file: what MiniStack and the functions wrote.
        state_dir: where it keeps its state over a restart, if anywhere.
    """

    def __init__(
        self,
        *,
        pid: int,
        port: int,
        log_file: Path,
        process: subprocess.Popen[bytes] | None = None,
        record: Path | None = None,
        state_dir: Path | None = None,
        launch: Callable[[], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        self.pid = pid
        self.port = port
        self.log_file = log_file
        self.state_dir = state_dir
        self._process = process
        self._record = record
        self._launch = launch

    @classmethod
    def start(
        cls,
        python: Path | None = None,
        *,
        port: int | None = None,
        name: str = "emulator",
        state_dir: Path | None = None,
        auth: bool = False,
        corrected: bool = True,
        retry_base_seconds: float = 0.2,
        account_concurrency: int = 40,
        record: Path | None = None,
        journal: Path | None = None,
    ) -> Self:
        """Start an emulator and wait until it answers.

        It ends with this process, unless `record` is given.

        Args:
            python: the Python of the emulator's environment. Made by the toolchain if not given.
            port: where to listen. A free port if not given.
            name: stem of its log file under `.cache/emulator`.
            state_dir: folder that keeps the state over a restart; used as it is found. No state is kept if not given.
            auth: whether to enforce IAM.
            corrected: False starts stock MiniStack.
            retry_base_seconds: stands for the minute that AWS waits before it retries an asynchronous invocation; the
                other waiting times of retries shrink in proportion.
            account_concurrency: the most functions that run at a time. Each takes about 50 MB.
            record: file that notes where the emulator runs, for `attach`; it then outlives this process.
            journal: file that takes what the emulator is asked for, as `emulator.journal` has it; needs `auth`.

        Raises:
            EmulatorError: the port is taken, the record is another emulator's, or it doesn't answer within 30 s.
        """
        python = python or venv.ensure("emulator")
        if record and attach(record):
            raise EmulatorError(f"{record} belongs to an emulator that is running")
        port = _usable_port(port)
        CACHE.mkdir(parents=True, exist_ok=True)
        log_file = CACHE / f"{name}.log"
        settings = {
            "AUTH": "true" if auth else "false",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "BIND_HOST": _HOST,
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "LAMBDA_ACCOUNT_CONCURRENCY": str(account_concurrency),
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(retry_base_seconds),
            "MINISTACK_ACCOUNT_ID": DEFAULT_ACCOUNT_ID,
            "MINISTACK_HOST": _HOST,
            "MINISTACK_REGION": DEFAULT_REGION,
            "S3_DATA_DIR": str((state_dir or CACHE) / "s3"),
            "SFTP_ENABLED": "0",
            "TMPDIR": str(CACHE),
        }
        if state_dir:
            state_dir.mkdir(parents=True, exist_ok=True)
            settings |= {"PERSIST_STATE": "1", "S3_PERSIST": "1", "STATE_DIR": str(state_dir)}
        life = ["--record", str(record), "--log-file", str(log_file)] if record else ["--parent", str(os.getpid())]
        options = [*([] if corrected else ["--stock"]), *(["--journal", str(journal)] if journal else [])]

        def launch() -> subprocess.Popen[bytes]:
            with log_file.open("ab") as log:
                # A session of its own: Ctrl-C in the terminal is this process's, which then stops the emulator in
                # order.
                return subprocess.Popen(
                    [python, _LAUNCHER, *life, *options],
                    env={key: value for key, value in os.environ.items() if key in _INHERITED} | settings,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

        log_file.write_bytes(b"")
        process = launch()
        emulator = cls(
            pid=process.pid,
            port=port,
            log_file=log_file,
            process=process,
            record=record,
            state_dir=state_dir,
            launch=launch,
        )
        try:
            emulator._wait_until_ready()
        except BaseException:
            emulator.stop()
            raise
        return emulator

    @property
    def endpoint(self) -> str:
        """The URL for AWS_ENDPOINT_URL."""
        return f"http://{_HOST}:{self.port}"

    def environment(self, account_id: str = DEFAULT_ACCOUNT_ID, region: str = DEFAULT_REGION) -> dict[str, str]:
        """The variables that point any AWS client, Terraform included, at the emulator.

        Args:
            account_id: 12 digits; every account is a world of its own, and its root is who asks.
            region: the region to work in.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": account_id,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def process_environment(
        self,
        base: Mapping[str, str] | None = None,
        account_id: str = DEFAULT_ACCOUNT_ID,
        region: str = DEFAULT_REGION,
    ) -> dict[str, str]:
        """A program's whole environment: `base` with `environment` in the place of its AWS settings and proxies.

        Args:
            base: the environment to start from; this process's if not given.
            account_id: as for `environment`.
            region: as for `environment`.
        """
        kept = {
            key: value
            for key, value in (os.environ if base is None else base).items()
            if not key.startswith("AWS_") and key.lower() not in _PROXIES
        }
        return kept | self.environment(account_id, region)

    def is_running(self) -> bool:
        """Whether the emulator's process is there."""
        if self._process:
            return self._process.poll() is None
        return self._record is not None and attach(self._record) is not None

    def reset(self) -> None:
        """Delete everything in it, in every account.

        Raises:
            EmulatorError: it doesn't answer.
        """
        self._request("POST", "/_ministack/reset")

    def stop(self) -> None:
        """End it and everything that it started, and wait for that. State stays in `state_dir`. Ended ones stay so."""
        if not self.is_running():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        if not self._ended_within(_STOP_SECONDS):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._ended_within(_STOP_SECONDS)

    def restart(self) -> None:
        """Stop it and start it again with what it held. What is under way goes on then, some of it from its beginning.

        Raises:
            EmulatorError: it was started without a `state_dir`, by another process, or it doesn't answer within 30 s.
        """
        if self.state_dir is None or self._launch is None:
            raise EmulatorError("this emulator keeps no state: start it with a state_dir")
        self.stop()
        self._process = self._launch()
        self.pid = self._process.pid
        self._wait_until_ready()

    def snapshot(self, folder: Path) -> None:
        """Stop it and copy its state to `folder`, which is replaced; `start` goes on from it, or from a copy of it.

        What is under way is part of it: stream records that are not read yet, events that wait for a function.
        Addresses that hold the port, such as those of an HTTP API in a function's environment, call for the same port
        again.

        Raises:
            EmulatorError: it was started without a `state_dir`.
        """
        if self.state_dir is None:
            raise EmulatorError("this emulator keeps no state: start it with a state_dir")
        self.stop()
        copy_state(self.state_dir, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ended_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            if self._process and self._process.poll() is not None:
                raise EmulatorError(f"the emulator ended at once:\n{_tail(self.log_file)}")
            try:
                self._request("GET", "/_ministack/health")
                return
            except EmulatorError:
                if time.monotonic() > deadline:
                    message = f"the emulator did not answer within {_READY_SECONDS:.0f} s:\n{_tail(self.log_file)}"
                    raise EmulatorError(message) from None
            time.sleep(_POLL_SECONDS)

    def _request(self, method: str, path: str) -> None:
        connection = http.client.HTTPConnection(_HOST, self.port, timeout=30)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            response.read()
        except OSError as error:
            raise EmulatorError(f"no emulator answers at {self.endpoint}: {error}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise EmulatorError(f"{method} {self.endpoint}{path} answered {response.status}")


def attach(record: Path) -> Emulator | None:
    """The running emulator that was started with this record, or None: it has ended, or there never was one."""
    try:
        with record.open() as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                noted = json.load(handle)
                return Emulator(pid=noted["pid"], port=noted["port"], log_file=Path(noted["log_file"]), record=record)
    except FileNotFoundError:
        pass
    return None


def _recorded(record: Path) -> dict[str, Any]:
    """What a running launcher notes in its record, which it locks a moment before."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            noted: dict[str, Any] = json.loads(record.read_text())
        except ValueError:
            if time.monotonic() > deadline:
                raise EmulatorError(f"{record} is locked, but not by an emulator") from None
            time.sleep(_POLL_SECONDS)
        else:
            return noted


def copy_state(source: Path, target: Path) -> None:
    """Copy a state folder that no emulator uses at the moment; what is at `target` is replaced."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def _usable_port(port: int | None) -> int:
    with socket.socket() as probe:
        # Connections of a server that has just ended don't keep the next one from listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port or 0))
        except OSError as error:
            raise EmulatorError(f"port {port} on {_HOST} can't be used: {error.strerror}") from error
        return int(probe.getsockname()[1])


def _tail(path: Path, lines: int = 15) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
