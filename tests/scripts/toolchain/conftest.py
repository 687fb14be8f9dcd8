"""A small project to build: two packages, their schemas, and wheels of dependencies made up for it."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from toolchain import build
from toolchain.build import Builder

STEP = '''"""Steps."""
import json
from needed import used


def double(n):
    return used.double(n)
'''

HANDLERS = """
from saga_kit.step import double


def reserve(event, context):
    return double(event)
"""

FILES = {
    "saga_kit/__init__.py": '"""The kit."""\n',
    "saga_kit/step.py": STEP,
    "saga_kit/schemas/Meta.v1.json": '{"type": "object"}',
    "stock/__init__.py": "",
    "stock/handlers.py": HANDLERS,
    "stock/schemas/Reserved.v1.json": '{"$ref": "schema:Meta.v1", "allOf": [{"$ref": "schema:Basket.v1"}]}',
    "stock/package.toml": '[package]\nname = "stock"\ndependencies = ["needed"]\nconsumes = ["Placed.v1"]\n',
    "stock/README.md": "# Stock",
    "stock/tests/test_handlers.py": "import pytest",
    "sale/schemas/Placed.v1.json": '{"properties": {"basket": {"$ref": "schema:Basket.v1"}}}',
    "sale/schemas/Basket.v1.json": "{}",
    "sale/handlers.py": "import boto3, botocore.session",
    "sale/package.toml": '[package]\nname = "sale"\ndependencies = ["needed"]\n',
}

WHEEL = {
    "needed/__init__.py": "",
    "needed/used.py": '''"""Arithmetic."""
from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import deprecated

from . import helper

if TYPE_CHECKING:
    from needed import for_checkers
else:
    from needed import otherwise


def double(n: int) -> int:
    """Twice."""  # a comment
    return helper.times(n, 2)


def rare() -> None:
    import needed.lazy
''',
    "needed/helper.py": "def times(a, b):\n    return a * b\n",
    "needed/otherwise.py": "",
    "needed/for_checkers.py": "",
    "needed/lazy.py": "",
    "needed/unused.py": "",
    "needed-1.0.dist-info/licenses/LICENSE": "Do what you like.",
}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def wheel(folder: Path, name: str, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in files.items():
            archive.writestr(entry, text)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Builder:
    """A builder of that project. Its wheels are there already, so that nothing is downloaded."""
    return make_project(tmp_path / "project")


def make_project(root: Path) -> Builder:
    write(root / "lambdas", FILES)
    lock = root / "lambda.txt"
    lock.write_text("needed==1.0 --hash=sha256:0")
    builder = Builder(build.interpreter(), root / "lambdas", root / "dist", root / "cache", lock)
    wheels = builder.dependencies_folder() / "wheels"
    wheel(wheels, "needed-1.0-py3-none-any.whl", WHEEL)
    wheel(wheels, "typing_extensions-4.0-py3-none-any.whl", {"typing_extensions.py": "everything = 1\n"})
    return builder
