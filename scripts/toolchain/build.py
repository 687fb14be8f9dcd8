"""Builds the functions' packages: `dist/<package>.zip` and `dist/manifest.json`.

A package is a folder of `lambdas/` with a `package.toml`. Its zip holds the folder, what it uses of `saga_kit`, the
event schemas that it consumes, the modules of its dependencies that are imported, trimmed botocore models, and
bytecode for one version of Python. It is the same to the byte wherever it is built. Everything in it is pure Python, so
it runs on both of Lambda's architectures.
"""

import argparse
import base64
import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rich.console import Console
from rich.table import Table

from toolchain import archive, bytecode, dependencies, models
from toolchain.dependencies import DependencyError
from toolchain.venv import CACHE, REQUIREMENTS, ROOT

LIMIT = 350_000
"""Most bytes that a function's zip may have whose package names no limit of its own."""

SHARED = "saga_kit"
PYTHONS = ("3.11", "3.12", "3.13")

_SETTINGS = {"name": str, "dependencies": list, "consumes": list, "aws_models": list, "limit": int}
_LEFT_OUT = re.compile(r"(^|/)(__pycache__|tests?)/|(^|/)\.|(^|/)package\.toml$|\.(md|pyc|pyi|typed)$")


class BuildError(RuntimeError):
    """A package cannot be built; the message names it and what is wrong."""


@dataclass(frozen=True)
class Package:
    """What a `package.toml` says.

    Attributes:
        name: the folder's name.
        folder: holds the code.
        dependencies: distributions of requirements/lambda.txt that the code may import from.
        consumes: schemas of other services ("OrderPlaced.v1").
        aws_models: services that it calls ("dynamodb").
        limit: most bytes that its zip may have.
    """

    name: str
    folder: Path
    dependencies: tuple[str, ...]
    consumes: tuple[str, ...]
    aws_models: tuple[str, ...]
    limit: int = LIMIT


@dataclass(frozen=True)
class Built:
    """A package that has been built.

    Attributes:
        path: its zip.
        sha256_base64: as Terraform's `filebase64sha256` gives it.
        size: bytes.
    """

    path: Path
    sha256_base64: str
    size: int


@dataclass(frozen=True)
class Interpreter:
    """The Python that bytecode is compiled for.

    Attributes:
        path: its executable.
        version: all of it ("3.11.7").
    """

    path: Path
    version: str

    @property
    def minor(self) -> str:
        """For example "3.11"."""
        return ".".join(self.version.split(".")[:2])

    def cache_path(self, source: str) -> str:
        """Where this Python looks for the bytecode of `source` ("a/b.py")."""
        path = PurePosixPath(source)
        return str(path.parent / "__pycache__" / f"{path.stem}.cpython-{self.minor.replace('.', '')}.pyc")


def interpreter(python: str | None = None) -> Interpreter:
    """The Python `python` ("3.12"), from PATH; the one that runs this when None.

    Raises:
        BuildError: there is none of that version.
    """
    current = Interpreter(Path(sys.executable), ".".join(map(str, sys.version_info[:3])))
    if python is None or python == current.minor:
        return current
    if python not in PYTHONS:
        raise BuildError(f"--python {python}: expected one of {', '.join(PYTHONS)}")
    path = shutil.which(f"python{python}")
    if path:
        report = [path, "-I", "-c", "import platform; print(platform.python_version())"]
        done = subprocess.run(report, capture_output=True, text=True, check=False)
        version = done.stdout.strip()
        if done.returncode == 0 and version.startswith(f"{python}."):
            return Interpreter(Path(path), version)
    raise BuildError(
        f"--python {python} needs that Python for the bytecode, and there is no python{python} on PATH that starts. "
        f"Install it, or put its folder on PATH."
    )


def load(folder: Path) -> Package:
    """Read the `package.toml` in `folder`.

    Raises:
        BuildError: it is malformed; the message names the field and what was expected.
    """
    path = folder / "package.toml"
    where = f"{folder.name}/package.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8")).get("package")
    except tomllib.TOMLDecodeError as error:
        raise BuildError(f"{where}: {error}") from error
    if not isinstance(settings, dict):
        raise BuildError(f"{where}: expected a table [package]")
    unknown = sorted(settings.keys() - _SETTINGS.keys())
    if unknown:
        raise BuildError(f"{where}: {unknown[0]}: expected one of {', '.join(_SETTINGS)}")
    if settings.get("name") != folder.name:
        raise BuildError(f"{where}: name: expected {folder.name!r}, the folder's name, got {settings.get('name')!r}")
    lists = {}
    for key in ("dependencies", "consumes", "aws_models"):
        value = settings.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BuildError(f"{where}: {key}: expected a list of strings, got {value!r}")
        lists[key] = tuple(value)
    for service in lists["aws_models"]:
        if service not in models.OPERATIONS:
            raise BuildError(f"{where}: aws_models: expected any of {', '.join(models.OPERATIONS)}, got {service!r}")
    limit = settings.get("limit", LIMIT)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise BuildError(f"{where}: limit: expected a number of bytes, got {limit!r}")
    return Package(name=folder.name, folder=folder, limit=limit, **lists)


def discover(lambdas: Path) -> list[Package]:
    """All packages in `lambdas`, by name.

    Raises:
        BuildError: a `package.toml` is malformed.
    """
    return [load(path.parent) for path in sorted(lambdas.glob("*/package.toml"))]


def own_files(package: Package, lambdas: Path) -> dict[str, bytes]:
    """The project's own part of a package: path in the zip to content.

    Raises:
        BuildError: a schema that it consumes is missing, or there is more than one of that name.
    """
    files = {}
    for folder in (lambdas / SHARED, package.folder):
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(lambdas).as_posix()
            if path.is_file() and not _LEFT_OUT.search(name):
                files[name] = path.read_bytes()
    sources = {name: content for name, content in files.items() if name.endswith(".py")}
    needless = {name for name in sources if name.startswith(f"{SHARED}/")}
    needless -= dependencies.in_use(sources, package.name, SHARED)
    files = {name: content for name, content in files.items() if name not in needless}
    waiting = list(package.consumes)
    for name, content in files.items():
        if "/schemas/" in name:
            waiting.extend(_schema_references(content))
    known = {Path(name).stem for name in files if "/schemas/" in name}
    while waiting:
        schema = waiting.pop()
        if schema in known:
            continue
        known.add(schema)
        found = sorted(lambdas.glob(f"*/schemas/{schema}.json"))
        if len(found) != 1:
            places = ", ".join(path.relative_to(lambdas).as_posix() for path in found) or "none"
            raise BuildError(
                f"{package.name} needs the schema {schema}: expected one file of that name, found {places}"
            )
        content = found[0].read_bytes()
        files[found[0].relative_to(lambdas).as_posix()] = content
        waiting.extend(_schema_references(content))
    return files


def _schema_references(content: bytes) -> list[str]:
    return [match.decode() for match in re.findall(rb'"\$ref"\s*:\s*"schema:([^"#]+)', content)]


def modules(package: Package, own: Mapping[str, bytes], vendor: dependencies.Vendor) -> dict[str, bytes]:
    """The modules of its dependencies that a package needs, and their licences: path in the zip to content.

    Raises:
        DependencyError: the code imports what it may not.
    """
    sources = {name: content for name, content in own.items() if name.endswith(".py")}
    files = {}
    for module in dependencies.imported(sources, {SHARED, package.name}, package.dependencies, vendor):
        path = vendor.module(module)
        assert path is not None
        name = module.replace(".", "/")
        files[f"{name}/__init__.py" if path.name == "__init__.py" else f"{name}.py"] = path.read_bytes()
        if module not in dependencies.STAND_INS:
            distribution = vendor.distributions[module.partition(".")[0]]
            files |= {f"licenses/{name}": text for name, text in vendor.licenses(distribution).items()}
    return files


def aws_models(package: Package) -> dict[str, bytes]:
    """The trimmed AWS models that a package asks for: path in the zip to content."""
    if not package.aws_models:
        return {}
    specification = importlib.util.find_spec("botocore")
    assert specification is not None
    assert specification.origin is not None
    data = Path(specification.origin).parent / "data"
    return {f"botocore_data/{name}": text for name, text in models.trimmed(package.aws_models, data).items()}


def compiled(
    own: Mapping[str, bytes], vendored: Mapping[str, bytes], python: Interpreter
) -> dict[str, dict[str, bytes]]:
    """What stands in a package for each Python source: the path of the source to the files, source and bytecode.

    Args:
        own: our sources, kept as they are.
        vendored: the dependencies' sources, whose comments and docstrings are left out.
        python: what to compile for.

    Raises:
        BuildError: a source is not Python of that version.
    """
    # Isolated, and always in the same order: the bytes shall not depend on where and how this runs.
    command = [str(python.path), "-I", "-S", "-W", "ignore", bytecode.__file__]
    document = {
        "own": {path: own[path].decode() for path in sorted(own)},
        "dependencies": {path: vendored[path].decode() for path in sorted(vendored)},
    }
    done = subprocess.run(
        command, input=json.dumps(document), capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise BuildError(f"Python {python.version} cannot compile {done.stderr.strip()}")
    return {
        path: {path: source.encode(), python.cache_path(path): base64.b64decode(content)}
        for path, (source, content) in json.loads(done.stdout).items()
    }


@dataclass(frozen=True)
class Builder:
    """Builds packages, and remembers from what, so that only what changed is built again.

    Attributes:
        python: what the bytecode is for.
        lambdas: the folder of packages.
        output: where the zips and the manifest go.
        cache: for downloads and for what was built from what.
        lock: hash-locked requirements.
    """

    python: Interpreter
    lambdas: Path = ROOT / "lambdas"
    output: Path = ROOT / "dist"
    cache: Path = CACHE / "build"
    lock: Path = REQUIREMENTS / "lambda.txt"

    def build(self) -> dict[str, Built]:
        """Build all packages and write the manifest. Two processes that build at once wait for each other.

        Raises:
            BuildError: a package is malformed, does not compile, or is too large.
            DependencyError: a dependency is missing or not pure Python.
        """
        self.cache.mkdir(parents=True, exist_ok=True)
        self.output.mkdir(parents=True, exist_ok=True)
        with _locked(self.cache / "lock"):
            packages = discover(self.lambdas)
            own = {package.name: own_files(package, self.lambdas) for package in packages}
            inputs = {package.name: self._inputs(package, own[package.name]) for package in packages}
            before = self._state()
            state = {}
            for package in packages:
                known = before.get(package.name)
                if known and known["inputs"] == inputs[package.name] and self._is_intact(package.name, known):
                    state[package.name] = known
            self._build([package for package in packages if package.name not in state], own, inputs, state)
            (self.cache / "state.json").write_text(json.dumps(state))
            return self._manifest({package.name: state[package.name] for package in packages})

    def dependencies_folder(self) -> Path:
        """Where the dependencies of this lock for this Python are kept."""
        key = hashlib.sha256(self.lock.read_bytes() + self.python.minor.encode()).hexdigest()[:16]
        return self.cache / key

    def _build(
        self,
        packages: Sequence[Package],
        own: Mapping[str, Mapping[str, bytes]],
        inputs: Mapping[str, str],
        state: dict[str, dict[str, Any]],
    ) -> None:
        if not packages:
            return
        vendor = dependencies.vendor(self.lock, self.python.minor, self.dependencies_folder())
        vendored = {package.name: modules(package, own[package.name], vendor) for package in packages}
        # Packages share most of their modules: compile each once.
        compiled_files = compiled(
            _sources(own[package.name] for package in packages), _sources(vendored.values()), self.python
        )
        for package in packages:
            name = package.name
            files = {**own[name], **vendored[name], **aws_models(package)}
            for path in _sources([own[name], vendored[name]]):
                files |= compiled_files[path]
            content = archive.pack(files)
            if len(content) > package.limit:
                raise BuildError(f"{name}.zip has {len(content):,} bytes: expected at most {package.limit:,}")
            temporary = self.output / f".{name}.zip.new"
            temporary.write_bytes(content)
            temporary.replace(self.output / f"{name}.zip")
            digest = hashlib.sha256(content).digest()
            state[name] = {
                "inputs": inputs[name],
                "sha256_base64": base64.b64encode(digest).decode(),
                "size": len(content),
            }

    def _inputs(self, package: Package, own: Mapping[str, bytes]) -> str:
        """Digest of everything that decides what is in the zip."""
        digest = hashlib.sha256()
        code = sorted(Path(__file__).parent.rglob("*.py"))
        settings = [package.name, *package.dependencies, "", *package.aws_models, str(package.limit)]
        version = [self.python.version, importlib.metadata.version("botocore"), *settings]
        parts = {**own, "settings": "\n".join(version).encode(), "lock": self.lock.read_bytes()}
        parts |= {str(path): path.read_bytes() for path in code}
        for name in sorted(parts):
            digest.update(f"{name}\0{hashlib.sha256(parts[name]).hexdigest()}\0".encode())
        return digest.hexdigest()

    def _state(self) -> dict[str, dict[str, Any]]:
        path = self.cache / "state.json"
        try:
            state: dict[str, dict[str, Any]] = json.loads(path.read_text())
        except (OSError, ValueError):
            return {}
        return state

    def _is_intact(self, name: str, known: Mapping[str, Any]) -> bool:
        try:
            content = (self.output / f"{name}.zip").read_bytes()
        except OSError:
            return False
        return bool(base64.b64encode(hashlib.sha256(content).digest()).decode() == known["sha256_base64"])

    def _manifest(self, state: Mapping[str, Mapping[str, Any]]) -> dict[str, Built]:
        keys = ("sha256_base64", "size")
        manifest = {
            name: {"path": f"{self.output.name}/{name}.zip"} | {key: known[key] for key in keys}
            for name, known in state.items()
        }
        text = json.dumps(manifest, indent=2) + "\n"
        path = self.output / "manifest.json"
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
        return {
            name: Built(self.output / f"{name}.zip", entry["sha256_base64"], entry["size"])
            for name, entry in state.items()
        }


def _sources(parts: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """The Python files of several packages in one."""
    return {path: content for part in parts for path, content in part.items() if path.endswith(".py")}


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def build(python: str | None = None) -> dict[str, Built]:
    """Build the project's packages for Python `python` ("3.12"; this one when None): package to zip.

    Raises:
        BuildError: no such Python, or a package cannot be built.
        DependencyError: a dependency is missing or not pure Python.
    """
    return Builder(interpreter(python)).build()


def main() -> int:
    """Build all packages and print a table of them."""
    parser = argparse.ArgumentParser(prog="build", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", choices=PYTHONS, help="version that the functions will run on (default: this one)")
    options = parser.parse_args()
    console = Console()
    started = time.monotonic()
    try:
        target = interpreter(options.python)
        with console.status(f"Building for Python {target.version}"):
            packages = Builder(target).build()
    except (BuildError, DependencyError) as error:
        Console(stderr=True).print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    table = Table(title=f"Packages for Python {target.version}", title_justify="left")
    table.add_column("package")
    table.add_column("bytes", justify="right")
    table.add_column("SHA-256, base64", no_wrap=True)
    for name, built in packages.items():
        table.add_row(name, f"{built.size:,}", built.sha256_base64)
    console.print(table)
    console.print(f"dist/manifest.json, {time.monotonic() - started:.1f} s", highlight=False)
    if not archive.is_reference_deflate():
        console.print("This Python's zlib compresses in a way of its own: the hashes hold for this system only.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
