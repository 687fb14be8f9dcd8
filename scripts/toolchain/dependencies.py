"""The functions' dependencies: downloaded by hash, pure Python only, reduced to the modules that are imported."""

import ast
import contextlib
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

RUNTIME = frozenset({"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"})
"""Top-level modules that Lambda's Python runtimes bring along."""

_STAND_INS = Path(__file__).parent / "standins"
STAND_INS = {
    "redis": _STAND_INS / "redis" / "__init__.py",
    "typing_extensions": _STAND_INS / "typing_extensions.py",
}
"""Modules that a package carries instead of the real ones, which have many more names."""


class DependencyError(RuntimeError):
    """A dependency is missing or may not go into a package; the message names it."""


@dataclass(frozen=True)
class Vendor:
    """Unpacked dependencies.

    Attributes:
        folder: holds their top-level modules and packages.
        distributions: the distribution that each top-level module comes from ("aws-lambda-powertools").
    """

    folder: Path
    distributions: Mapping[str, str]

    def module(self, name: str) -> Path | None:
        """Source of the module `name` ("a.b"), if one of the dependencies has it."""
        if name in STAND_INS:
            return STAND_INS[name]
        if name.partition(".")[0] not in self.distributions:
            return None
        path = self.folder.joinpath(*name.split("."))
        candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
        return next((candidate for candidate in candidates if candidate.is_file()), None)

    def licenses(self, distribution: str) -> dict[str, bytes]:
        """The licence texts that `distribution` comes with: file name to content."""
        folders = [
            folder
            for folder in self.folder.glob("*.dist-info")
            if _normalized(folder.name.partition("-")[0]) == distribution
        ]
        files = [path for folder in folders for path in sorted(folder.rglob("LICEN[CS]E*")) if path.is_file()]
        return {f"{distribution}-{path.name}": path.read_bytes() for path in files}


def download(lock: Path, python: str, folder: Path) -> list[Path]:
    """Download the wheels in the hash-locked file `lock` for Python `python` ("3.11") to `folder`.

    Raises:
        DependencyError: pip failed: a hash differs, there is no pure Python wheel, or there is no network.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(lock)]
    command += ["--python-version", python, "--implementation", "py", "--abi", "none", "--platform", "any"]
    done = subprocess.run([*command, "--dest", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = "\n".join(line for line in done.stderr.splitlines() if not line.startswith("WARNING"))
        raise DependencyError(f"the wheels in {lock.name} could not be downloaded:\n{reason}")
    return sorted(folder.glob("*.whl"))


def unpack(wheels: Iterable[Path], folder: Path) -> Vendor:
    """Unpack `wheels` into `folder`, unless that was done before.

    Raises:
        DependencyError: a wheel is made for some platform or interpreter only.
    """
    distributions: dict[str, str] = {}
    contents = list(wheels)
    for wheel in contents:
        if not wheel.name.endswith("-none-any.whl"):
            raise DependencyError(f"{wheel.name} is not pure Python: expected a wheel whose name ends in -none-any.whl")
        distribution = _normalized(wheel.name.partition("-")[0])
        with zipfile.ZipFile(wheel) as archive:
            tops = {name.partition("/")[0] for name in archive.namelist() if name.endswith(".py")}
        distributions |= {top.removesuffix(".py"): distribution for top in tops if top not in RUNTIME}
    if not folder.is_dir():
        with _in_one_step(folder) as unfinished:
            for wheel in contents:
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(unfinished)
    return Vendor(folder, distributions)


def vendor(lock: Path, python: str, cache: Path) -> Vendor:
    """The unpacked dependencies of `lock` for `python`, downloaded and unpacked once, into the folder `cache`.

    Raises:
        DependencyError: see `download` and `unpack`.
    """
    wheels = cache / "wheels"
    if not wheels.is_dir():
        with _in_one_step(wheels) as unfinished:
            download(lock, python, unfinished)
    return unpack(sorted(wheels.glob("*.whl")), cache / "modules")


def _normalized(distribution: str) -> str:
    """The name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


@contextlib.contextmanager
def _in_one_step(folder: Path) -> Iterator[Path]:
    """A folder to fill that becomes `folder` when all went well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        unfinished = Path(temporary) / folder.name
        unfinished.mkdir()
        yield unfinished
        unfinished.replace(folder)


def imported(sources: Mapping[str, bytes], own: Iterable[str], dependencies: Iterable[str], source: Vendor) -> set[str]:
    """Names of the dependencies' modules that `sources` need, directly or through one another.

    Imports for type checkers do not count. Imports inside functions count in our own code only: in a dependency they
    serve what is used with another distribution (Powertools loads its whole API router for a pydantic model).

    Args:
        sources: the package's own code: path ("saga_kit/aws.py") to content.
        own: its top-level packages.
        dependencies: the distributions that it may import from.
        source: where the modules come from.

    Raises:
        DependencyError: something is imported that nothing provides, or that is not among `dependencies`; or a source
            is no Python.
    """
    provided = sys.stdlib_module_names | RUNTIME | set(own)
    allowed = set(dependencies)
    waiting = []
    for path, content in sources.items():
        try:
            tree = ast.parse(content)
        except SyntaxError as error:
            raise DependencyError(f"{path}, line {error.lineno}: {error.msg}") from error
        statements = _statements(tree, into_functions=True)
        for name in _imported_names(statements, _module_name(path), is_package=path.endswith("/__init__.py")):
            top = name.partition(".")[0]
            distribution = source.distributions.get(top)
            if top not in provided and distribution is None:
                raise DependencyError(
                    f"{path} imports {top}, which is neither in Lambda's runtime nor in requirements/lambda.txt"
                )
            if distribution is not None and distribution not in allowed:
                raise DependencyError(f"{path} imports {top}: add {distribution} to dependencies in package.toml")
            waiting.append(name)
    found: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        _check_stand_in(wanted, source)
        for name in _with_parents(wanted):
            module = source.module(name)
            if module and name not in found:
                found.add(name)
                statements = _statements(ast.parse(module.read_bytes()), into_functions=False)
                waiting.extend(_imported_names(statements, name, is_package=module.name == "__init__.py"))
    return found


def in_use(sources: Mapping[str, bytes], package: str, shared: str) -> set[str]:
    """Paths of those `sources` that the folder `package` needs of the folder `shared`, directly or through one another.

    A package without code of its own is the shared one alone: it needs all of it. A source that is no Python needs
    nothing here; `imported` tells where it is wrong.
    """
    by_name = {_module_name(path): path for path in sources}
    waiting = [path for path in sources if path.startswith(f"{package}/")]
    if not waiting:
        return {path for path in sources if path.startswith(f"{shared}/")}
    found: set[str] = set()
    while waiting:
        path = waiting.pop()
        try:
            statements = _statements(ast.parse(sources[path]), into_functions=True)
        except SyntaxError:
            continue
        names = _imported_names(statements, _module_name(path), is_package=path.endswith("/__init__.py"))
        wanted = {by_name[part] for name in names for part in _with_parents(name) if part in by_name}
        new = {one for one in wanted if one.startswith(f"{shared}/")} - found
        found |= new
        waiting += sorted(new)
    return found


def _check_stand_in(name: str, source: Vendor) -> None:
    """Raise when `name` ("typing_extensions.override") is not in the module that stands in for the real one.

    What is a module of its own ("redis.connection") is the real one.
    """
    module, _, attribute = name.partition(".")
    if module in STAND_INS and attribute and not source.module(f"{module}.{attribute.partition('.')[0]}"):
        tree = ast.parse(STAND_INS[module].read_bytes())
        if attribute not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}:
            raise DependencyError(f"a dependency imports {name}, which {STAND_INS[module]} does not have: add it there")


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


def _imported_names(statements: Iterable[ast.AST], module: str, *, is_package: bool) -> Iterator[str]:
    """Names that a module imports; "from a import b" gives both "a" and "a.b", for b may be a module."""
    package = module if is_package else module.rpartition(".")[0]
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                levels = package.split(".")
                base = ".".join([*levels[: len(levels) - node.level + 1], *([base] if base else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST, *, into_functions: bool) -> Iterator[ast.AST]:
    """All nodes below `node`, without what stands under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and not into_functions:
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            for alternative in child.orelse:
                yield alternative
                yield from _statements(alternative, into_functions=into_functions)
        else:
            yield child
            yield from _statements(child, into_functions=into_functions)
