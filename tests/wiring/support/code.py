"""What the code says of itself: the events it publishes, their schemas, its steps, and the settings it asks for."""

from __future__ import annotations

import ast
import importlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saga_kit.step import Definition
from toolchain import build

LAMBDAS = Path(__file__).resolve().parents[3] / "lambdas"
KIT = "saga_kit"

Schemas = Mapping[str, Mapping[str, Any]]


class UnreadableCodeError(ValueError):
    """Code that publishes or asks for something that cannot be told from its text."""


@dataclass(frozen=True, slots=True)
class Code:
    """The code of the platform.

    ``published``: detail type to the service that publishes it. ``definitions``: the step of each service that has
    one. ``owned``: for each package folder the schemas in it. ``packaged``: for each package the schemas in its zip.
    ``consumes``: for each package what its package.toml says. ``settings``: the environment variables that are asked
    for anywhere. ``modules``: for each package the modules in its zip.
    """

    published: Mapping[str, str]
    definitions: Mapping[str, Definition]
    owned: Mapping[str, Schemas]
    packaged: Mapping[str, Schemas]
    consumes: Mapping[str, tuple[str, ...]]
    settings: frozenset[str]
    modules: Mapping[str, frozenset[str]]

    def owner_of(self, schema: str) -> str | None:
        """The package that owns a schema."""
        return next((folder for folder, schemas in self.owned.items() if schema in schemas), None)

    def referred(self, name: str) -> frozenset[str]:
        """The schema ``name`` and all that it refers to."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current in found:
                continue
            found.add(current)
            owner = self.owner_of(current)
            if owner is not None:
                waiting += re.findall(r'"\$ref": "schema:([^"#]+)', json.dumps(self.owned[owner][current]))
        return frozenset(found)

    def events(self) -> dict[str, str]:
        """The schemas of events, each with the folder that owns it: they are the ones with an envelope."""
        return {
            name: folder
            for folder, schemas in self.owned.items()
            for name, document in schemas.items()
            if "meta" in document.get("properties", {})
        }


def read() -> Code:
    """Read the code under ``lambdas``, and the packages made of it."""
    built = build.build()
    services = sorted(path.parent.name for path in LAMBDAS.glob("*/handlers.py"))
    packaged, modules, consumes = {}, {}, {}
    for name, package in built.items():
        with zipfile.ZipFile(package.path) as archive:
            names = archive.namelist()
            packaged[name] = {Path(path).stem: json.loads(archive.read(path)) for path in names if "/schemas/" in path}
        modules[name] = frozenset(path.removesuffix(".py").replace("/", ".") for path in names if path.endswith(".py"))
    for declared in build.discover(LAMBDAS):
        consumes[declared.name] = tuple(declared.consumes)
    return Code(
        published={detail_type: service for service in services for detail_type in _published(service)},
        definitions=dict(_definitions(services)),
        owned={
            folder.parent.name: {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
            for folder in sorted(LAMBDAS.glob("*/schemas"))
        },
        packaged=packaged,
        consumes=consumes,
        settings=frozenset(asked_for(LAMBDAS)),
        modules=modules,
    )


def _definitions(services: list[str]) -> Iterator[tuple[str, Definition]]:
    for service in services:
        for module in _modules(service):
            found = getattr(module, "DEFINITION", None)
            if isinstance(found, Definition):
                yield service, found


def _modules(package: str) -> list[Any]:
    paths = sorted((LAMBDAS / package).rglob("*.py"))
    names = [".".join(path.relative_to(LAMBDAS).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [importlib.import_module(name) for name in names]


# Events


def _published(service: str) -> set[str]:
    found: set[str] = set()
    for module in _modules(service):
        found |= published_in(Path(module.__file__).read_text(encoding="utf-8"), vars(module), module.__name__)
    return found


def published_in(text: str, names: Mapping[str, Any], where: str) -> set[str]:
    """The detail types that a module's text publishes: those of its steps, and of the events that it makes itself.

    ``names`` are the module's own. Raises ``UnreadableCodeError`` for an event whose type is not a constant.
    """
    found: set[str] = set()
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        called = ast.unparse(call.func)
        if called == "Definition":
            arguments = {keyword.arg: keyword.value for keyword in call.keywords}
            for name in ("succeeded", "failed", "reversed"):
                if name not in arguments:
                    raise UnreadableCodeError(f"{where}:{call.lineno}: a Definition without the keyword {name}")
                found |= _values(arguments[name], names, where)
        elif called in {"envelope.first", "envelope.following"}:
            place = 0 if called == "envelope.first" else 2
            given = [keyword.value for keyword in call.keywords if keyword.arg == "detail_type"]
            found |= _values(given[0] if given else call.args[place], names, where)
    return found


def _values(expression: ast.expr, names: Mapping[str, Any], where: str) -> set[str]:
    if isinstance(expression, ast.IfExp):
        return _values(expression.body, names, where) | _values(expression.orelse, names, where)
    value: Any = None
    if isinstance(expression, ast.Constant):
        value = expression.value
    elif isinstance(expression, ast.Name):
        value = names.get(expression.id)
    elif isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
        value = getattr(names.get(expression.value.id), expression.attr, None)
    if not isinstance(value, str):
        raise UnreadableCodeError(f"{where}:{expression.lineno}: {ast.unparse(expression)} is not a constant")
    return {value}


# Settings


def asked_for(folder: Path) -> Iterator[str]:
    """The environment variables that the Python under ``folder`` asks for."""
    for path in sorted(folder.rglob("*.py")):
        yield from variables_in(path.read_text(encoding="utf-8"), str(path.relative_to(folder)))


def variables_in(text: str, where: str) -> set[str]:
    """The environment variables that a module's text asks for, by ``os.environ`` or by ``saga_kit.settings``.

    A function that hands its own parameter on to one of these is followed to its callers in the same module. Raises
    ``UnreadableCodeError`` for a name that is not a constant.
    """
    tree = ast.parse(text)
    readers = {"os.environ.get", "os.getenv", "settings.text", "settings.number"}
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    found: set[str] = set()
    known: set[str] = set()
    while known != readers:
        known = set(readers)
        for node in ast.walk(tree):
            name = _name_asked(node, known)
            if name is None:
                continue
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                found.add(name.value)
                continue
            function: ast.AST = node
            while function in parents and not isinstance(function, ast.FunctionDef):
                function = parents[function]
            own = [argument.arg for argument in function.args.args] if isinstance(function, ast.FunctionDef) else []
            if not isinstance(name, ast.Name) or own[:1] != [name.id]:
                raise UnreadableCodeError(f"{where}:{name.lineno}: {ast.unparse(name)} is not a constant")
            assert isinstance(function, ast.FunctionDef)
            readers.add(function.name)
    return found


def _name_asked(node: ast.AST, readers: set[str]) -> ast.expr | None:
    if isinstance(node, ast.Call) and ast.unparse(node.func) in readers and node.args:
        return node.args[0]
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
        return node.slice
    return None
