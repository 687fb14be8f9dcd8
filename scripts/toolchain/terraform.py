"""Finds Terraform or OpenTofu, decides where the AWS provider comes from, and runs it.

The provider comes from the registry. Where that cannot be reached, a local mirror is looked for, and a CLI
configuration that names it is written under `.cache/terraform`. A CLI configuration of the user's own always wins.
"""

import contextlib
import fcntl
import functools
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolchain.venv import CACHE

MINIMUM = {"Terraform": (1, 11, 0), "OpenTofu": (1, 11, 0)}
"""Oldest release of each product with write-only attributes, which keep secrets out of the state."""

PROVIDER_AT_LEAST = (5, 100, 0)
PROVIDER_BELOW = (7, 0, 0)
PROVIDER_RANGE = ">= 5.100, < 7.0"
"""The range of hashicorp/aws that every `versions.tf` asks for."""

REGISTRIES = {"Terraform": "registry.terraform.io", "OpenTofu": "registry.opentofu.org"}
"""The host that each product completes `hashicorp/aws` with: also the top folder of a mirror."""

REGISTRY_TIMEOUT = 3.0
"""Seconds that the registry has to answer."""

STOP_TIMEOUT = 120.0
"""Seconds that an interrupted Terraform has to finish what it had begun and to save its state."""

Version = tuple[int, int, int]


class TerraformError(RuntimeError):
    """Terraform is missing, too old, has no provider, or failed; the message says what to do."""


class TerraformCommandError(TerraformError):
    """A Terraform command failed.

    Attributes:
        returncode: its exit status.
        output: what it wrote to standard output and standard error, empty when that was not captured.
    """

    def __init__(self, command: Sequence[str], returncode: int, output: str) -> None:
        super().__init__(f"{' '.join(command)} ended with status {returncode}\n{output}".rstrip())
        self.returncode = returncode
        self.output = output


@dataclass(frozen=True)
class ProviderSource:
    """Where the AWS provider comes from.

    Attributes:
        description: one line for the user.
        env: what Terraform's environment needs for it.
    """

    description: str
    env: Mapping[str, str]


@dataclass(frozen=True)
class Mirror:
    """A folder in the layout of a provider mirror that has a fitting AWS provider for one platform.

    Attributes:
        path: the folder that holds the registry's host name.
        host: which registry's.
        packages: folder (unpacked) or zip (packed) of each fitting version.
    """

    path: Path
    host: str
    packages: Mapping[Version, Path]

    @property
    def newest(self) -> Version:
        """The version that Terraform will choose."""
        return max(self.packages)


@dataclass(frozen=True)
class Terraform:
    """A Terraform or OpenTofu that is new enough and knows where its provider comes from.

    Attributes:
        binary: path of the executable.
        product: "Terraform" or "OpenTofu".
        version: for example (1, 11, 4).
        platform: for example "linux_amd64".
        env: the whole environment that it runs in.
        description: one line that says what is used.
    """

    binary: Path
    product: str
    version: Version
    platform: str
    env: Mapping[str, str] = field(repr=False)
    description: str

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        *,
        capture: bool = True,
        check: bool = True,
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run it with `arguments` in the folder `cwd`.

        When the caller is interrupted, Terraform is interrupted once and waited for: it saves its state.

        Args:
            arguments: the command and its options.
            cwd: folder of the configuration.
            capture: keep the output; otherwise it goes to the caller's terminal.
            check: raise when the exit status is not 0.
            env: added to the environment.
            timeout: seconds.

        Raises:
            TerraformCommandError: the exit status is not 0, with `check`.
            subprocess.TimeoutExpired: it took longer than `timeout`.
        """
        command = [str(self.binary), *arguments]
        pipe = subprocess.PIPE if capture else None
        # A process group of its own: Ctrl-C on a terminal would otherwise reach it twice, and twice means "at once".
        with subprocess.Popen(
            command, cwd=cwd, env={**self.env, **(env or {})}, stdout=pipe, stderr=pipe, text=True, process_group=0
        ) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                _stop(process)
                raise
        if check and process.returncode:
            raise TerraformCommandError(command, process.returncode, (out or "") + (err or ""))
        return subprocess.CompletedProcess(command, process.returncode, out or "", err or "")

    def stream(self, arguments: Sequence[str], cwd: Path, *, env: Mapping[str, str] | None = None) -> Iterator[str]:
        """Run it with `arguments` in the folder `cwd` and yield what it writes, line by line, as it does.

        When the caller is interrupted or stops reading, Terraform is interrupted once and waited for: it saves its
        state.

        Raises:
            TerraformCommandError: the exit status is not 0; with all that it wrote.
        """
        command = [str(self.binary), *arguments]
        lines = []
        with subprocess.Popen(
            command,
            cwd=cwd,
            env={**self.env, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        ) as process:
            try:
                for line in process.stdout or ():
                    lines.append(line)
                    yield line
                process.wait()
            except BaseException:
                _stop(process)
                raise
        if process.returncode:
            raise TerraformCommandError(command, process.returncode, "".join(lines))

    def init(self, cwd: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        """Initialise the configuration in `cwd`.

        A lock file from another provider source (a registry's, where there is a mirror now) is renewed.

        Raises:
            TerraformCommandError: it failed.
        """
        command = ["init", "-input=false", "-no-color", *arguments]
        with _cache_lock({**self.env, **(env or {})}):
            try:
                self.run(command, cwd, env=env)
            except TerraformCommandError:
                if not (cwd / ".terraform.lock.hcl").exists() or "-upgrade" in arguments:
                    raise
                self.run([*command, "-upgrade"], cwd, env=env)

    def plan_json(
        self,
        cwd: Path,
        *arguments: str,
        variables: Mapping[str, object] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Plan the initialised configuration in `cwd` and return the plan in Terraform's JSON representation.

        Args:
            cwd: folder of the configuration.
            arguments: further options of `plan`.
            variables: values of input variables, as JSON.
            env: added to the environment.

        Raises:
            TerraformCommandError: it failed.
        """
        with tempfile.TemporaryDirectory() as folder:
            plan = Path(folder) / "plan"
            values = Path(folder) / "values.tfvars.json"
            values.write_text(json.dumps(dict(variables or {})))
            options = ["-input=false", "-no-color", f"-out={plan}", f"-var-file={values}"]
            self.run(["plan", *options, *arguments], cwd, env=env)
            document: dict[str, Any] = json.loads(self.run(["show", "-json", str(plan)], cwd, env=env).stdout)
            return document

    def outputs(self, cwd: Path, *, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the values of the outputs in the state of the configuration in `cwd`.

        Raises:
            TerraformCommandError: it failed.
        """
        document = json.loads(self.run(["output", "-json"], cwd, env=env).stdout)
        return {name: output["value"] for name, output in document.items()}


def find(environ: Mapping[str, str] | None = None) -> Terraform:
    """Find a usable Terraform or OpenTofu and the source of its provider.

    `$TERRAFORM` names the executable; otherwise `terraform`, then `tofu`, on PATH.

    Args:
        environ: used instead of this process's environment.

    Raises:
        TerraformError: there is none, it is too old, or it has nowhere to get the AWS provider from.
    """
    environ = dict(os.environ if environ is None else environ)
    base = _base_environment(environ)
    binary, product, version, platform = _usable_binary(environ, base)
    source = provider_source(product, platform, environ)
    return Terraform(
        binary=binary,
        product=product,
        version=version,
        platform=platform,
        env={**base, **source.env},
        description=f"{product} {_text(version)} ({binary}), {source.description}",
    )


# Which binary


def binary(environ: Mapping[str, str] | None = None) -> Path:
    """The executable that `find` would use, for commands that need no provider.

    Raises:
        TerraformError: there is none, or it is too old.
    """
    environ = dict(os.environ if environ is None else environ)
    return _usable_binary(environ, _base_environment(environ))[0]


def _base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's environment without what changes the meaning of a command behind our back."""
    kept = {name: value for name, value in environ.items() if not name.startswith("TF_CLI_ARGS")}
    kept.pop("TF_WORKSPACE", None)
    return {**kept, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


def _usable_binary(environ: Mapping[str, str], env: dict[str, str]) -> tuple[Path, str, Version, str]:
    named = environ.get("TERRAFORM")
    complaints = []
    for name in [named] if named else ["terraform", "tofu"]:
        path = shutil.which(name, path=environ.get("PATH", os.defpath))
        if path is None:
            continue
        try:
            product, version, platform = _version(Path(path), env)
        except TerraformError as error:
            complaints.append(str(error))
            continue
        if version >= MINIMUM[product]:
            return Path(path), product, version, platform
        complaints.append(f"{path} is {product} {_text(version)}, which is too old.")
    if not complaints:
        where = f"TERRAFORM={named} is not an executable." if named else "There is no terraform and no tofu on PATH."
        complaints.append(where)
    raise TerraformError(
        f"{' '.join(complaints)} Install Terraform {_text(MINIMUM['Terraform'])} or newer "
        f"(https://developer.hashicorp.com/terraform/install), or OpenTofu {_text(MINIMUM['OpenTofu'])} or newer "
        "(https://opentofu.org/docs/intro/install), or set TERRAFORM to the path of one."
    )


def _version(binary: Path, env: dict[str, str]) -> tuple[str, Version, str]:
    # Where TF_CLI_CONFIG_FILE names a missing file, `version` warns on standard error and answers all the same.
    try:
        done = subprocess.run(
            [str(binary), "version"], env=env, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TerraformError(f"{binary} does not run: {error}.") from error
    found = re.search(r"^(Terraform|OpenTofu) v(\d+)\.(\d+)\.(\d+).*?^on (\S+)", done.stdout, re.MULTILINE | re.DOTALL)
    if not found:
        said = (done.stdout + done.stderr).strip()
        raise TerraformError(f"{binary} is neither Terraform nor OpenTofu: `version` said {said[:200]!r}.")
    product, *numbers, platform = found.groups()
    return product, (int(numbers[0]), int(numbers[1]), int(numbers[2])), platform


def _text(version: Version) -> str:
    return ".".join(map(str, version))


# Which provider


def provider_source(product: str, platform: str, environ: Mapping[str, str]) -> ProviderSource:
    """Decide where `product` on `platform` gets the AWS provider from.

    Raises:
        TerraformError: the registry cannot be reached and no mirror was found.
    """
    home = Path(environ.get("HOME") or Path.home())
    own = _own_configuration(product, environ, home)
    if own is not None:
        return ProviderSource(f"providers as {own} says", {})
    missing_file = environ.get("TF_CLI_CONFIG_FILE")
    host = REGISTRIES[product]
    if registry_answers(host):
        env = _plugin_cache(environ)
        if missing_file:
            env["TF_CLI_CONFIG_FILE"] = str(_write_configuration("disable_checkpoint = true\n"))
        return ProviderSource("AWS provider from the registry", env)
    mirror = find_mirror(host, platform, [*implied_directories(environ, home), *_usual_places(home)])
    if mirror is None:
        named = f" TF_CLI_CONFIG_FILE names {missing_file}, which does not exist." if missing_file else ""
        raise TerraformError(
            f"The provider registry {host} cannot be reached, and no mirror with hashicorp/aws {PROVIDER_RANGE} for "
            f"{platform} was found.{named} On a machine with access, run `terraform providers mirror -platform="
            f"{platform} <folder>` in envs/local and copy the folder to {home / '.terraform.d' / 'plugins'} or to a "
            "folder directly below /opt; or set TF_CLI_CONFIG_FILE to a CLI configuration that says where providers "
            "come from."
        )
    path = mirror.path if mirror.host == host else _alias(mirror, host, platform)
    configuration = (
        "disable_checkpoint = true\n\n"
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f"    path = {json.dumps(str(path))}\n"
        "  }\n"
        "}\n"
    )
    env = {"TF_CLI_CONFIG_FILE": str(_write_configuration(configuration))}
    if mirror.packages[mirror.newest].suffix == ".zip":
        env |= _plugin_cache(environ)
    return ProviderSource(f"AWS provider {_text(mirror.newest)} from the mirror {mirror.path}", env)


def _own_configuration(product: str, environ: Mapping[str, str], home: Path) -> Path | None:
    """The CLI configuration that the user keeps, if any: it says where providers come from."""
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named:
        return Path(named) if Path(named).is_file() else None
    files = [home / ".terraformrc", *sorted((home / ".terraform.d").glob("*.tfrc"))]
    if product == "OpenTofu":
        config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
        files = [home / ".tofurc", config_home / "opentofu" / "tofurc", *files]
    return next((path for path in files if path.is_file()), None)


def _plugin_cache(environ: Mapping[str, str]) -> dict[str, str]:
    folder = Path(environ.get("TF_PLUGIN_CACHE_DIR") or CACHE / "terraform" / "plugins")
    folder.mkdir(parents=True, exist_ok=True)
    # Without the second variable the cache is used only for packages that a lock file knows, and there is none yet.
    return {"TF_PLUGIN_CACHE_DIR": str(folder), "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "true"}


@functools.cache
def registry_answers(host: str, timeout: float = REGISTRY_TIMEOUT) -> bool:
    """Whether the registry's discovery document can be fetched within `timeout` seconds."""
    answers: list[bool] = []

    def ask() -> None:
        answers.append(_discovers(f"https://{host}/.well-known/terraform.json", timeout))

    # Name resolution does not know time limits, so the wait for it is limited here.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    return bool(answers and answers[0])


def _discovers(url: str, timeout: float) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:  # noqa: S310  # always https
            return "providers.v1" in json.load(response)
    except urllib.error.URLError as error:
        # Somebody answers, whom this Python has no certificates to check. Terraform has its own, and will check.
        return isinstance(error.reason, ssl.SSLCertVerificationError)
    except (OSError, ValueError):
        return False


def implied_directories(environ: Mapping[str, str], home: Path) -> list[Path]:
    """The folders where Terraform and OpenTofu look for a mirror without being told, on Linux and macOS."""
    data_home = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    data_dirs = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    shared = [data_home, *(Path(folder) for folder in data_dirs if folder)]
    return [
        home / ".terraform.d" / "plugins",
        *(folder / name / "plugins" for folder in shared for name in ("terraform", "opentofu")),
        *(root / "Library/Application Support/io.terraform/plugins" for root in (home, Path("/"))),
    ]


def _usual_places(home: Path) -> Iterator[Path]:
    for parent in (Path("/opt"), Path("/usr/share"), Path("/usr/local/share"), home):
        # A folder that may not be read has no mirror for this user.
        with contextlib.suppress(OSError):
            yield from sorted(parent.iterdir())


def find_mirror(host: str, platform: str, folders: Iterable[Path]) -> Mirror | None:
    """The first of `folders` that is a mirror with a fitting AWS provider for `platform`.

    One for `host` is preferred; another registry's does too, since both serve the same builds of the AWS provider.
    """
    candidates = list(folders)
    for name in sorted(REGISTRIES.values(), key=lambda other: other != host):
        for folder in candidates:
            packages = _packages(folder / name / "hashicorp" / "aws", platform)
            if packages:
                return Mirror(folder, name, packages)
    return None


def _packages(folder: Path, platform: str) -> dict[Version, Path]:
    """Fitting versions in the folder of a provider, unpacked (VERSION/PLATFORM/) or packed (a zip)."""
    packages: dict[Version, Path] = {}
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return packages
    for entry in entries:
        found = re.fullmatch(rf"terraform-provider-aws_(\d+)\.(\d+)\.(\d+)_{re.escape(platform)}\.zip", entry.name)
        package = entry
        if not found:
            found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", entry.name)
            package = entry / platform
            if not found or not any(package.glob("terraform-provider-aws*")):
                continue
        version = (int(found[1]), int(found[2]), int(found[3]))
        if PROVIDER_AT_LEAST <= version < PROVIDER_BELOW:
            packages[version] = package
    return packages


def _alias(mirror: Mirror, host: str, platform: str) -> Path:
    """A mirror of links, for the registry `host`, to the packages of another registry's mirror."""
    root = CACHE / "terraform" / "mirror"
    folder = root / host / "hashicorp" / "aws"
    shutil.rmtree(folder, ignore_errors=True)
    for version, package in mirror.packages.items():
        is_packed = package.suffix == ".zip"
        link = folder / package.name if is_packed else folder / _text(version) / platform
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(package.resolve(), target_is_directory=not is_packed)
    return root


def _write_configuration(text: str) -> Path:
    """Write our CLI configuration, in one step: another Terraform may be reading it."""
    path = CACHE / "terraform" / "cli.tfrc"
    if not path.is_file() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(text)
        Path(temporary).replace(path)
    return path


# Running


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask Terraform to stop and wait until it has saved its state."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
    except BaseException:
        process.kill()  # interrupted once more: now, at once
        raise


@contextlib.contextmanager
def _cache_lock(env: Mapping[str, str]) -> Iterator[None]:
    """Let one `init` at a time write the plugin cache: Terraform does not guard it."""
    if "TF_PLUGIN_CACHE_DIR" not in env:
        yield
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "terraform-init.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
