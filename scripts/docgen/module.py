"""A Terraform module as its users see it: inputs, outputs and an example."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2

from docgen import constraint
from docgen.constraint import Constraint, Field

_BULLET = re.compile(r"^- ((?:`[^`]+`(?:, )?)+): (.+)$")
_HEREDOC = re.compile(r"^<<-?\s*(\w+)\n(.*)\n\s*\1$", re.DOTALL)


class ModuleError(ValueError):
    """A module that cannot be documented; the message names the file and what is missing or wrong."""


@dataclass(frozen=True, slots=True)
class Description:
    """A description: what comes before its list of attributes, the list, and what comes after it."""

    summary: str
    attributes: Mapping[str, str]
    remarks: str


@dataclass(frozen=True, slots=True)
class Input:
    """A variable. ``default`` is HCL, or ``None`` where a value has to be given."""

    name: str
    type: Constraint
    description: Description
    default: str | None

    @property
    def fields(self) -> list[Field]:
        """The attributes of the object that it is, or is a collection of."""
        return constraint.fields(self.type)


@dataclass(frozen=True, slots=True)
class Output:
    """An output."""

    name: str
    description: str
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Module:
    """A module; ``example`` is the text of its example, or ``None`` where there is none."""

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    example: str | None


def read(folder: Path) -> Module:
    """Return the module in ``folder``. Raises ``ModuleError`` for what has no type, no description or no sense."""
    example = folder / "examples" / "basic" / "main.tf"
    return Module(
        name=folder.name,
        inputs=tuple(_inputs(folder)),
        outputs=tuple(_outputs(folder)),
        example=example.read_text(encoding="utf-8") if example.is_file() else None,
    )


def _inputs(folder: Path) -> Iterator[Input]:
    for path, name, body in _blocks(folder, "variable"):
        where = f"{path}: variable {name}"
        if "type" not in body:
            raise ModuleError(f"{where} has no type")
        try:
            type_ = constraint.parse(_expression(body["type"]))
        except constraint.ConstraintError as error:
            raise ModuleError(f"{where}: {error}") from None
        item = Input(
            name=name,
            type=type_,
            description=describe(_description(where, body)),
            default=hcl(body["default"]) if "default" in body else None,
        )
        known = {field.path for field in item.fields}
        for attribute in item.description.attributes:
            if known and attribute not in known:
                raise ModuleError(f"{where} describes the attribute {attribute!r}, which its type does not have")
        yield item


def _outputs(folder: Path) -> Iterator[Output]:
    for path, name, body in _blocks(folder, "output"):
        text = " ".join(_description(f"{path}: output {name}", body).split())
        yield Output(name, text, sensitive=body.get("sensitive") is True)


def _blocks(folder: Path, kind: str) -> Iterator[tuple[Path, str, dict[str, Any]]]:
    for path in sorted(folder.glob("*.tf")):
        try:
            with path.open(encoding="utf-8") as file:
                document = hcl2.load(file)
        except Exception as error:
            # The parser raises its own errors and those of the library beneath it.
            raise ModuleError(f"{path}: not readable as HCL: {error}") from error
        for block in document.get(kind, []):
            for name, body in block.items():
                yield path, _unquote(name), body


def _description(where: str, body: Mapping[str, Any]) -> str:
    value = body.get("description")
    if not isinstance(value, str) or not _text(value).strip():
        raise ModuleError(f"{where} has no description")
    return _text(value)


def _text(value: str) -> str:
    inner = value[1:-1] if value.startswith('"') and value.endswith('"') else value
    heredoc = _HEREDOC.match(inner)
    text = textwrap.dedent(heredoc.group(2)) if heredoc else _unquote(value)
    return text.replace("$${", "${").replace("%%{", "%{")


def _unquote(value: str) -> str:
    return str(json.loads(value)) if value.startswith('"') else value


def _expression(value: str) -> str:
    return value[2:-1] if value.startswith("${") and value.endswith("}") else value


def hcl(value: object) -> str:
    """Return a default, as the parser gives it, as HCL on one line."""
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, str):
        return _expression(value)
    if isinstance(value, list):
        return f"[{', '.join(hcl(item) for item in value)}]"
    if isinstance(value, Mapping):
        items = ", ".join(f"{_key(key)} = {hcl(item)}" for key, item in value.items() if not key.startswith("__"))
        return f"{{ {items} }}" if items else "{}"
    raise ModuleError(f"a default of an unknown kind: {value!r}")


def _key(key: str) -> str:
    bare = _unquote(key)
    return bare if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", bare) else json.dumps(bare)


def describe(text: str) -> Description:
    """Take a description apart. Its attributes are lines such as ``- `name`: text``; one line may name several."""
    before: list[str] = []
    after: list[str] = []
    attributes: dict[str, str] = {}
    for line in text.strip().splitlines():
        bullet = _BULLET.match(line)
        if bullet:
            attributes.update(dict.fromkeys(re.findall(r"`([^`]+)`", bullet.group(1)), bullet.group(2).strip()))
        else:
            (after if attributes else before).append(line.strip())
    return Description(" ".join(before).strip(), attributes, " ".join(after).strip())
