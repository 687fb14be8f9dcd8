"""Makes mutants of the infrastructure and tells what finds them: the policy scan, or the modules' own tests.

A mutant is a copy of the configuration with one small edit. All mutants of a module are planned, scanned and tested in
one run of each tool, side by side, which costs a fraction of a run for each.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.policy.support import scanner
from tests.support import plans
from tests.terraform.support import hcl
from tests.terraform.support.project import data_dir, terraform_test

from toolchain import terraform
from toolchain.venv import CACHE, ROOT

MUTANTS = Path(__file__).resolve().parents[1] / "mutants.toml"
SUBJECTS = Path(__file__).resolve().parents[1] / "subjects.json"
FOLDER = CACHE / "mutants"
PLATFORM = "."


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of a file: what stands there once, and what takes its place."""

    name: str
    file: str
    find: str
    replace: str

    @property
    def subject(self) -> str:
        """The module that it is a mutant of; "." for the platform."""
        return str(Path(self.file).parent)


@dataclass(slots=True)
class Verdict:
    """What found a mutant: checks of the scan, runs of tests. Neither: nothing did."""

    mutant: Mutant
    checks: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)

    @property
    def is_killed(self) -> bool:
        """Whether anything found it."""
        return bool(self.checks or self.tests)


def read(path: Path = MUTANTS) -> list[Mutant]:
    """Read the mutants. Raises ``TypeError`` for one that lacks something or has something more."""
    return [Mutant(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutant"]]


def changed(mutant: Mutant, text: str) -> str:
    """The text of the mutant's file with its change. Raises ``ValueError`` where that is not possible in one place."""
    if text.count(mutant.find) != 1:
        raise ValueError(f"{mutant.name}: {mutant.file} has {text.count(mutant.find)} times:\n{mutant.find}")
    return text.replace(mutant.find, mutant.replace)


def hunt(mutants: Sequence[Mutant]) -> list[Verdict]:
    """Find out what finds each mutant.

    Raises:
        TerraformError: Terraform is missing, or cannot plan the configuration as it is.
        ScanError: the scanner did not scan.
        ValueError: a mutant's change is not possible, or the configuration as it is has findings.
    """
    subjects = sorted({mutant.subject for mutant in mutants})
    with ThreadPoolExecutor(2) as pool:
        hunts = [
            pool.submit(_hunt, subject, [one for one in mutants if one.subject == subject]) for subject in subjects
        ]
        found = {verdict.mutant.name: verdict for one in hunts for verdict in one.result()}
    return [found[mutant.name] for mutant in mutants]


def _hunt(subject: str, mutants: Sequence[Mutant]) -> list[Verdict]:
    folder = FOLDER / subject.replace("/", "-").replace(".", "platform")
    copies = {f"m{number:02}": _copy(folder / f"m{number:02}", one) for number, one in enumerate(mutants, 1)}
    verdicts = {name: Verdict(mutant) for name, mutant in zip(copies, mutants, strict=True)}
    _copy(folder / "m00", None)
    _scan(subject, folder, verdicts)
    _test(subject, folder, verdicts)
    return list(verdicts.values())


def _copy(folder: Path, mutant: Mutant | None) -> Path:
    """Copy the platform and its modules, with their tests, and make the mutant's change."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in _files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8")
        is_changed = mutant is not None and mutant.file == str(path.relative_to(ROOT))
        copy.write_text(changed(mutant, text) if mutant is not None and is_changed else text, encoding="utf-8")
    return folder


def _files() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.tf"))
    yield from sorted((ROOT / "modules").glob("*/*.tf"))
    yield from sorted((ROOT / "modules").glob("*/tests/*.tftest.hcl"))


# The scan


def _scan(subject: str, folder: Path, verdicts: Mapping[str, Verdict]) -> None:
    """Plan the mutants side by side, and scan the plan."""
    subjects = json.loads(SUBJECTS.read_text(encoding="utf-8"))
    arguments, targets = subjects[subject]["arguments"], subjects[subject].get("targets", [])
    if subject == PLATFORM:
        arguments |= {"packages": plans.in_a_bucket(), "sandbox_secret": plans.SANDBOX_SECRET}
    names = ["m00", *verdicts]
    label = f"mutants-{folder.name}"
    # By a relative path: what an absolute one names is copied, without the modules beside it.
    sources = {name: os.path.relpath(folder / name / subject, plans.PLANS / label) for name in names}
    modules = {name: {"source": sources[name], **_named(arguments, name)} for name in names}
    options = [f"-target=module.{name}.{target}" for name in names for target in targets]
    files = [path for name in names for path in sorted((folder / name).rglob("*.tf"))]
    plan = plans.of_modules(label, modules, files, options=options)
    for finding in scanner.scan_plan(plan).failed:
        name = finding.resource.split(".")[1]
        if name == "m00":
            raise ValueError(f"{subject}, as it is: {finding.check} {finding.resource}")
        if finding.check not in verdicts[name].checks:
            verdicts[name].checks.append(finding.check)


def _named(arguments: object, name: str) -> Any:
    """The arguments of a mutant: it is in an environment of its own, so that nothing is taken for another's."""
    return json.loads(json.dumps(arguments).replace("ENVIRONMENT", f"prod-{name}"))


# The tests


def _test(subject: str, folder: Path, verdicts: Mapping[str, Verdict]) -> None:
    """Run the module's tests on the mutants that the scan did not find: first those of the file that was changed."""
    files = sorted((ROOT / subject / "tests").glob("*.tftest.hcl")) if subject != PLATFORM else []
    files = [path for path in files if path.name.split(".")[0] not in {"validation", "example"}]
    for first in (True, False):
        chosen = [
            (name, path)
            for name, verdict in verdicts.items()
            if not verdict.is_killed
            for path in files
            if (len(files) == 1 or path.name.split(".")[0] == _tests_of(verdict.mutant, files)) is first
        ]
        if chosen:
            # With them, the module as it is: what fails on that as well finds nothing.
            chosen += [("m00", path) for path in sorted({path for _, path in chosen})]
            _run_tests(subject, folder / f"tests-{1 if first else 2}", chosen, verdicts)


def _tests_of(mutant: Mutant, files: Sequence[Path]) -> str:
    """The test file that is about the mutant's file: of the same name, else the module's main one."""
    names = [path.name.split(".")[0] for path in files]
    stem = Path(mutant.file).stem
    return stem if stem in names else names[0] if "function" not in names else "function"


def _run_tests(subject: str, folder: Path, chosen: Sequence[tuple[str, Path]], verdicts: Mapping[str, Verdict]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tests").mkdir(parents=True)
    (folder / "main.tf").write_text((ROOT / "versions.tf").read_text(encoding="utf-8"), encoding="utf-8")
    for name, path in chosen:
        source = os.path.relpath(folder.parent / name / subject, folder)
        module = f'  module {{\n    source = "{source}"\n  }}\n'
        text = re.sub(r'^(run "\w+" \{\n)', rf"\g<1>{module}", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert text.count(module) == len(hcl.blocks(text, "run")), path
        (folder / "tests" / f"{name}-{path.name}").write_text(text, encoding="utf-8")
    tool = terraform.find()
    tool.init(folder, env=data_dir(folder))
    results, errors = terraform_test(tool, folder)
    if {result.file.split("/")[-1] for result in results} != {f"{name}-{path.name}" for name, path in chosen}:
        raise ValueError(f"{subject}: not all tests ran:\n{errors}")
    for result in results:
        if result.status in {"fail", "error"}:
            name, _, file = result.file.split("/")[-1].partition("-")
            if name == "m00":
                raise ValueError(f"{subject}, as it is, does not pass {file}: {result.run}\n{errors}")
            verdicts[name].tests.append(f"{file.split('.')[0]}/{result.run}")
