"""Every validation of every variable is needed by a test: with it alone, a run that expects a refusal passes.

A run that names a variable only says that *some* validation of it fails. So each validation is tried with the others
taken out, in a copy of the module that has its variables and what their validations rest on, and no resources: that
needs no provider, and a run takes a fraction of a second.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.terraform.support import hcl
from tests.terraform.support.hcl import Block
from tests.terraform.support.project import MODULES, ROOT_TESTS, data_dir, name_of, terraform_test

from toolchain.terraform import Terraform
from toolchain.venv import CACHE, ROOT


def variables_of(folder: Path) -> list[Block]:
    return hcl.blocks(hcl.module_text(folder), "variable")


def folder_of_tests(folder: Path) -> Path:
    return ROOT / ROOT_TESTS if folder == ROOT else folder / "tests"


def write_copy(folder: Path, copy: Path, index: int | None) -> None:
    """Write the module's variables with one validation of each, or all, and the runs that expect a refusal."""
    text = hcl.module_text(folder)
    variables = variables_of(folder)
    validations = "".join(validation for variable in variables for validation in variable.validations)
    needed = hcl.needed_by(text, validations)
    source = re.compile(r'(source += )"(\.[^"]*)"')
    needed = source.sub(lambda found: f'{found[1]}"{os.path.relpath(folder / found[2], copy)}"', needed)
    (copy / "tests").mkdir(parents=True, exist_ok=True)
    for path in (copy / "tests").glob("*"):
        path.unlink()
    (copy / "variables.tf").write_text("\n".join(variable.with_validation(index) for variable in variables))
    (copy / "needed.tf").write_text(needed)
    # A file each: a run that misses the refusal that it expects makes Terraform skip the rest of its file.
    for shared, run, _ in hcl.runs(folder_of_tests(folder)):
        (copy / "tests" / f"{run.labels[0]}.tftest.hcl").write_text(shared + run.text)


@pytest.fixture
def try_validations(tool: Terraform) -> Callable[[Path, int | None], set[str]]:
    """Runs a module's refusals with one validation of each variable, or all; returns the runs that passed."""

    def run(folder: Path, index: int | None) -> set[str]:
        copy = CACHE / "terraform" / "validations" / name_of(folder).replace("/", "-") / str(index)
        write_copy(folder, copy, index)
        tool.init(copy, env=data_dir(copy))
        results, errors = terraform_test(tool, copy)
        assert {result.run for result in results} == refusals(folder).keys(), errors
        return {result.run for result in results if result.status == "pass"}

    return run


def refusals(folder: Path) -> dict[str, frozenset[str]]:
    """The variables that each run of a module expects to be refused."""
    runs = [(run.labels[0], names) for _, run, names in hcl.runs(folder_of_tests(folder))]
    assert len(dict(runs)) == len(runs), "two runs of a module have the same name"
    return dict(runs)


TryValidations = Callable[[Path, int | None], set[str]]


@pytest.mark.parametrize("folder", [ROOT, *MODULES], ids=name_of)
def test_every_refusal_happens(folder: Path, try_validations: TryValidations) -> None:
    assert refusals(folder).keys() - try_validations(folder, None) == set()


@pytest.mark.parametrize("folder", [ROOT, *MODULES], ids=name_of)
def test_every_validation_is_needed(folder: Path, try_validations: TryValidations) -> None:
    variables, refused = variables_of(folder), refusals(folder)
    unproven = []
    for index in range(max(len(variable.validations) for variable in variables)):
        hit = {name for run in try_validations(folder, index) for name in refused[run]}
        unproven += [
            f"{variable.labels[0]}: {variable.validations[index]}"
            for variable in variables
            if index < len(variable.validations) and variable.labels[0] not in hit
        ]
    assert unproven == [], "\n".join(unproven)


@pytest.mark.parametrize("folder", [ROOT, *MODULES], ids=name_of)
def test_nothing_escapes_the_search_for_validations(folder: Path) -> None:
    text = hcl.module_text(folder)
    found = sum(len(variable.validations) for variable in variables_of(folder))
    assert found == len(re.findall(r"^\s*validation\s*\{", text, re.MULTILINE))
    assert found > 0
    files = "".join(path.read_text(encoding="utf-8") for path in folder_of_tests(folder).glob("*.tftest.hcl"))
    assert sum(1 for _ in hcl.runs(folder_of_tests(folder))) == len(
        re.findall(r"^\s*expect_failures\b", files, re.MULTILINE)
    )
