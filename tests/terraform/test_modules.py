"""Every module is valid and passes its own tests, and its README's example is one of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.terraform.support.project import MODULES, ROOT_TESTS, data_dir, name_of, terraform_test

from toolchain.terraform import Terraform
from toolchain.venv import ROOT

EXAMPLES = sorted(path.parent for path in (ROOT / "modules").glob("*/examples/*/main.tf"))
ENVIRONMENTS = sorted(path.parent for path in (ROOT / "envs").glob("*/main.tf"))
# Refusals are looked at one by one in test_validations.py, without the provider: that takes a twentieth of the time.
FILES = sorted(
    path for folder in MODULES for path in folder.glob("tests/*.tftest.hcl") if path.stem != "validation.tftest"
)

Initialise = Callable[..., Path]


@pytest.mark.parametrize("folder", [ROOT, *MODULES, *EXAMPLES, *ENVIRONMENTS], ids=name_of)
def test_the_configuration_is_valid(folder: Path, tool: Terraform, initialised: Initialise) -> None:
    done = tool.run(["validate", "-no-color"], initialised(folder), check=False, env=data_dir(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "modules")))
def test_the_module_passes_its_tests(path: Path, tool: Terraform, initialised: Initialise) -> None:
    folder = path.parents[1]
    results, errors = terraform_test(tool, initialised(folder), f"-filter={path.relative_to(folder)}")
    assert results
    assert {result.run: result.status for result in results if result.status != "pass"} == {}, errors


def test_the_platform_passes_its_tests(tool: Terraform, initialised: Initialise) -> None:
    initialised(ROOT)
    tool.init(ROOT, "-backend=false", f"-test-directory={ROOT_TESTS}", env=data_dir(ROOT))
    arguments = [f"-test-directory={ROOT_TESTS}", f"-filter={ROOT_TESTS}/platform.tftest.hcl"]
    results, errors = terraform_test(tool, ROOT, *arguments)
    assert results
    assert {result.run: result.status for result in results if result.status != "pass"} == {}, errors


@pytest.mark.parametrize("folder", MODULES, ids=name_of)
def test_the_example_of_the_readme_is_tested(folder: Path) -> None:
    assert (folder / "examples" / "basic" / "main.tf").is_file()
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.glob("tests/*.tftest.hcl"))
    assert 'source = "./examples/basic"' in tests


@pytest.mark.parametrize("folder", [ROOT, *MODULES], ids=name_of)
def test_a_module_brings_no_provider_and_looks_nothing_up(folder: Path) -> None:
    for path in folder.glob("*.tf"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith(("provider ", "data ", "ephemeral "))] == [], path


@pytest.mark.parametrize("folder", [ROOT, *MODULES], ids=name_of)
def test_only_the_aws_provider_is_needed(folder: Path) -> None:
    text = (folder / "versions.tf").read_text(encoding="utf-8")
    assert 'required_version = ">= 1.11"' in text
    if "required_providers" in text:
        assert text.count("source ") == 1
        assert '"hashicorp/aws"' in text
        assert 'version = ">= 5.100, < 7.0"' in text
