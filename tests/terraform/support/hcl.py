"""Takes formatted HCL apart as text, so that a changed copy of a module can be made of it.

`terraform fmt` puts a top-level block's braces at the start of a line, and what is directly in it two spaces in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_VALIDATION = re.compile(r"^  validation \{\n.*?^  \}\n", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r"^  (\w+) += ", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A top-level block: its kind, its labels and its whole text."""

    kind: str
    labels: tuple[str, ...]
    text: str

    @property
    def validations(self) -> list[str]:
        """The validation blocks of a variable."""
        return _VALIDATION.findall(self.text)

    def with_validation(self, index: int | None) -> str:
        """The text of a variable with one of its validations only, none where it has fewer; ``None`` for all."""
        if index is None:
            return self.text
        kept = iter(range(len(self.validations)))
        return _VALIDATION.sub(lambda match: match.group() if next(kept) == index else "", self.text)


def blocks(text: str, kind: str) -> list[Block]:
    """The blocks of one kind in a formatted file."""
    pattern = re.compile(rf'^{kind}((?: "[^"]+")*) \{{(?:\}}$|\n.*?^\}}$)', re.MULTILINE | re.DOTALL)
    return [
        Block(kind, tuple(re.findall(r'"([^"]+)"', match.group(1))), match.group() + "\n")
        for match in pattern.finditer(text)
    ]


def module_text(folder: Path) -> str:
    """The whole configuration of a module."""
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf")))


def attributes_of_locals(text: str) -> dict[str, str]:
    """The local values of a module, by name, each with its definition."""
    found: dict[str, str] = {}
    for block in blocks(text, "locals"):
        lines = block.text.splitlines(keepends=True)[1:-1]
        body = "".join(line for line in lines if not line.lstrip().startswith("#"))
        starts = [*_ATTRIBUTE.finditer(body)]
        ends = [match.start() for match in starts[1:]] + [len(body)]
        found.update({match.group(1): body[match.start() : end] for match, end in zip(starts, ends, strict=True)})
    return found


def needed_by(text: str, names: str) -> str:
    """What of a module's configuration `text` the expressions in `names` rest on: local values and modules.

    Raises:
        KeyError: they rest on something that a plan has to find out.
    """
    definitions = attributes_of_locals(text)
    modules = {block.labels[0]: block.text for block in blocks(text, "module")}
    wanted, local_values, called = [names], dict[str, str](), dict[str, str]()
    while wanted:
        expression = wanted.pop()
        for name in re.findall(r"\blocal\.(\w+)", expression):
            if name not in local_values:
                local_values[name] = definitions[name]
                wanted.append(definitions[name])
        for name in re.findall(r"\bmodule\.(\w+)", expression):
            if name not in called:
                called[name] = modules[name]
                wanted.append(modules[name])
    return "".join(["locals {\n", *local_values.values(), "}\n\n", *called.values()])


def runs(folder: Path) -> Iterator[tuple[str, Block, frozenset[str]]]:
    """The runs of a test folder that expect variables to be refused: values they share, the run, the variables."""
    for path in sorted(folder.glob("*.tftest.hcl")):
        text = path.read_text(encoding="utf-8")
        shared = "".join(block.text for block in blocks(text, "variables"))
        for run in blocks(text, "run"):
            expected = re.search(r"^  expect_failures = \[(.*?)\]", run.text, re.MULTILINE | re.DOTALL)
            if expected:
                yield shared, run, frozenset(re.findall(r"\bvar\.(\w+)", expected.group(1)))
