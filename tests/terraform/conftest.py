from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support import plans
from tests.terraform.support.project import data_dir

from toolchain import terraform
from toolchain.terraform import Terraform


@pytest.fixture(scope="session")
def tool() -> Terraform:
    return terraform.find()


@pytest.fixture(scope="session")
def initialised(tool: Terraform) -> Callable[..., Path]:
    """Initialises a configuration, once, without a backend."""
    done: set[Path] = set()

    def initialise(folder: Path, *arguments: str) -> Path:
        if folder not in done:
            tool.init(folder, "-backend=false", *arguments, env=data_dir(folder))
            done.add(folder)
        return folder

    return initialise


@pytest.fixture(scope="session")
def plan_of() -> Callable[[str], dict[str, Any]]:
    """Plans an environment with its own backend, and returns the plan; each is planned once, whoever asks for it."""
    return plans.of_environment
