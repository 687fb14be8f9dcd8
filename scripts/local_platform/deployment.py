"""Deploys `envs/local` on an emulator, and brings a deployment back that was made before.

A deployment is kept in a folder: Terraform's state, what the emulator held right after the apply, and a note of what
it was made from. As long as that is the same, a start takes a copy of what the emulator held, which needs seconds;
otherwise Terraform applies what has changed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3

from emulator.server import Emulator, EmulatorError, attach, copy_state
from local_platform import cache_server
from local_platform.cache_server import CacheServer
from toolchain import build as packages
from toolchain import terraform
from toolchain.build import Built
from toolchain.terraform import Terraform, TerraformCommandError
from toolchain.venv import CACHE, ROOT

PLATFORMS = CACHE / "platforms"
CONFIGURATION = ROOT / "envs" / "local"
PARALLELISM = 60
"""The provider mostly waits, so many operations fit on few cores."""

BUCKET = "packages"
"""Bucket of the emulator that takes the packages."""

Report = Callable[[str], None]
"""Takes a line that says what is being done."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A platform that runs.

    Attributes:
        emulator: what it runs on.
        outputs: the root module's outputs, and `customers` with their user pool.
        applied: whether Terraform had to do anything.
        cache: the data cache, which ends with the emulator; None for a deployment that another process started.
    """

    emulator: Emulator
    outputs: Mapping[str, Any]
    applied: bool
    cache: CacheServer | None = None

    def restart(self) -> None:
        """Stop the emulator and start it again with what it held; the cache is empty then.

        Raises:
            CacheServerError: the data cache doesn't start.
            EmulatorError: the emulator doesn't start.
        """
        self.emulator.restart()
        if self.cache:
            self.cache.beside = self.emulator.pid
            self.cache.resume()


@dataclass(frozen=True, slots=True)
class Platform:
    """A deployment of `envs/local` that is kept under `name`; `settings` are values of its input variables."""

    name: str
    settings: Mapping[str, object]

    @property
    def folder(self) -> Path:
        """Where everything about it is kept."""
        return PLATFORMS / self.name

    @property
    def record(self) -> Path:
        """Notes the emulator of a deployment that outlives the process which started it."""
        return self.folder / "emulator.json"

    def running(self) -> Deployment | None:
        """The deployment that was left running, if there is one."""
        emulator, note = attach(self.record), self._note()
        return Deployment(emulator, note["outputs"], applied=False) if emulator and note else None

    def start(self, report: Report, *, detached: bool = False, **emulator_options: Any) -> Deployment:
        """Start it as it was right after its apply, with whatever has changed since then applied.

        Args:
            report: told what is being done.
            detached: it goes on running when this process ends.
            emulator_options: further arguments of `Emulator.start`.

        Raises:
            BuildError, DependencyError: the packages can't be built.
            CacheServerError: the data cache doesn't start.
            EmulatorError: the emulator doesn't start.
            TerraformError: Terraform is missing or failed.
        """
        deployment = self._start(report, detached, emulator_options)
        try:
            settings = self._cache()
            cache = CacheServer.start(settings["port"], settings["password"], beside=deployment.emulator.pid)
        except BaseException:
            deployment.emulator.stop()
            raise
        return replace(deployment, cache=cache)

    def _start(self, report: Report, detached: bool, emulator_options: dict[str, Any]) -> Deployment:
        if not cache_server.await_free(self._cache()["port"]):
            self._cache_file.unlink()  # another port, then
        report("building the packages")
        built = packages.build()
        digest = self._digest({name: package.sha256_base64 for name, package in built.items()})
        note = self._note()
        if detached:
            emulator_options["record"] = self.record
        if note and note["digest"] == digest:
            report("starting the emulator with the platform on it")
            emulator = self._restore(note["port"], emulator_options)
            if emulator:
                return Deployment(emulator, note["outputs"], applied=False)
        tool = terraform.find()
        report(tool.description)
        try:
            return self._apply(tool, built, note, digest, report, emulator_options)
        except TerraformCommandError as error:
            # What is there cannot always be changed to what it is now; and on a machine with much other work an answer
            # of the emulator can get lost, after which Terraform finds what it has just made in its own way.
            report(f"{error}\nstarting over, from nothing")
            shutil.rmtree(self.folder)
            return self._apply(tool, built, None, digest, report, emulator_options)

    def _restore(self, port: int, options: Mapping[str, Any]) -> Emulator | None:
        """The emulator with the kept state on the port that it was on, or None when the port is taken."""
        copy_state(self._snapshot, self._state)
        try:
            return Emulator.start(port=port, name=self.name, state_dir=self._state, **options)
        except EmulatorError:
            return None

    def _apply(
        self,
        tool: Terraform,
        built: Mapping[str, Built],
        note: Mapping[str, Any] | None,
        digest: str,
        report: Report,
        options: Mapping[str, Any],
    ) -> Deployment:
        self.folder.mkdir(parents=True, exist_ok=True)
        report("starting the emulator")
        emulator = self._restore(note["port"], options) if note else None
        if emulator is None:
            # Also where the port is taken now: the queues' addresses hold it.
            shutil.rmtree(self._state, ignore_errors=True)
            (self.folder / "terraform.tfstate").unlink(missing_ok=True)
            emulator = Emulator.start(name=self.name, state_dir=self._state, **options)
        try:
            outputs = self._terraform_apply(tool, emulator, built, report)
            report("keeping a copy for the next start")
            emulator.snapshot(self._snapshot)
            again = Emulator.start(port=emulator.port, name=self.name, state_dir=self._state, **options)
        except BaseException:
            emulator.stop()
            raise
        note = {"digest": digest, "port": emulator.port, "outputs": outputs}
        self._note_file.write_text(json.dumps(note, indent=1), encoding="utf-8")
        return Deployment(again, outputs, applied=True)

    def _terraform_apply(
        self, tool: Terraform, emulator: Emulator, built: Mapping[str, Built], report: Report
    ) -> dict[str, Any]:
        env = self.environment(emulator)
        report("uploading the packages")
        upload(emulator, built)
        report("terraform init")
        tool.init(CONFIGURATION, f"-backend-config=path={self.folder / 'terraform.tfstate'}", "-reconfigure", env=env)
        command = ["apply", "-json", "-auto-approve", "-input=false", f"-parallelism={PARALLELISM}"]
        try:
            for line in tool.stream([*command, *self.variables(emulator, built)], CONFIGURATION, env=env):
                if told := _progress(line):
                    report(told)
        except TerraformCommandError as error:
            raise TerraformCommandError(["terraform", "apply"], error.returncode, _errors(error.output)) from None
        outputs = tool.outputs(CONFIGURATION, env=env)
        return {**outputs.pop("platform"), **outputs}

    def environment(self, emulator: Emulator) -> dict[str, str]:
        """What Terraform's environment needs to work on this deployment."""
        return {
            **emulator.environment(),
            "TF_DATA_DIR": str(self.folder / "terraform"),
            "TF_VAR_cache_password": self._cache()["password"],
        }

    def variables(self, emulator: Emulator, built: Mapping[str, Built]) -> list[str]:
        """The options that give the root module its input variables."""
        values = {
            "packages_s3": {
                "bucket": BUCKET,
                "sha256": {name: package.sha256_base64 for name, package in built.items()},
            },
            "runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
            "cache": {"host": cache_server.HOST, "port": self._cache()["port"], "user": cache_server.USER},
            "execute_api_base": f"{emulator.endpoint}/_aws/execute-api/%s/$default",
            **self.settings,
        }
        return [
            f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in values.items()
        ]

    def _digest(self, hashes: Mapping[str, str]) -> str:
        """What the deployment is made from: configuration, packages, settings and the emulator."""
        made_of = [hashes, dict(self.settings), sys.version_info[:2], self._cache()["port"]]
        digest = hashlib.sha256(json.dumps(made_of).encode())
        for path in sorted([*_configuration_files(), *_emulator_files()]):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def _cache(self) -> dict[str, Any]:
        """Port and password of the data cache: the same for as long as nobody else takes the port."""
        path = self._cache_file
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if not known:
            known = {"port": cache_server.free_port(), "password": secrets.token_urlsafe(24)}
            self.folder.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(json.dumps(known), encoding="utf-8")
        return known

    def _note(self) -> dict[str, Any] | None:
        """What is known of the last apply; None when there was none or something of it is missing."""
        if not self._note_file.is_file() or not self._snapshot.is_dir():
            return None
        note: dict[str, Any] = json.loads(self._note_file.read_text(encoding="utf-8"))
        return note

    @property
    def _note_file(self) -> Path:
        return self.folder / "deployed.json"

    @property
    def _cache_file(self) -> Path:
        return self.folder / "cache.json"

    @property
    def _state(self) -> Path:
        return self.folder / "state"

    @property
    def _snapshot(self) -> Path:
        return self.folder / "snapshot"


def upload(emulator: Emulator, built: Mapping[str, Built]) -> None:
    """Put the packages into a bucket of the emulator.

    From a bucket the provider makes all functions at once; from files it makes one after the other.
    """
    make: Any = boto3.client
    settings = emulator.environment()
    s3 = make(
        "s3",
        endpoint_url=emulator.endpoint,
        region_name=settings["AWS_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": settings["AWS_REGION"]})
    for name, package in built.items():
        s3.put_object(Bucket=BUCKET, Key=f"{name}.zip", Body=package.path.read_bytes())


def _configuration_files() -> Iterator[Path]:
    yield from ROOT.glob("*.tf")
    yield from CONFIGURATION.glob("*.tf")
    yield from (ROOT / "modules").glob("*/*.tf")


def _emulator_files() -> Iterator[Path]:
    yield ROOT / "requirements" / "emulator.txt"
    yield from (ROOT / "scripts" / "emulator").rglob("*.py")


def _progress(line: str) -> str | None:
    """What a line of Terraform's machine-readable output says that is worth telling, if anything."""
    try:
        message = json.loads(line)
    except ValueError:
        return line.strip() or None
    kind = message.get("type")
    if kind in {"apply_complete", "change_summary"} or message.get("@level") == "error":
        told: str = message["@message"]
        return told
    return None


def _errors(output: str) -> str:
    """What Terraform's machine-readable output says of its errors."""
    told = []
    for line in output.splitlines():
        try:
            message = json.loads(line)
        except ValueError:
            told.append(line)
            continue
        if message.get("@level") == "error":
            found = message.get("diagnostic", {})
            parts = [message["@message"], found.get("address", ""), found.get("detail", "")]
            told.append("\n".join(part for part in parts if part))
    return "\n\n".join(told)


def clear_environment() -> None:
    """Take the user's own AWS settings out of this process: nothing here is meant for a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
