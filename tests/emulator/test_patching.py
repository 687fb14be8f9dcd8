"""Corrections refuse a MiniStack that isn't the one they were written for."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from emulator.patching import CorrectionError, module, prepend, replace
from toolchain import venv

ROOT = Path(__file__).resolve().parents[2]


def target() -> SimpleNamespace:
    def existing(first: int, second: int) -> int:
        return first + second

    return SimpleNamespace(__name__="services.example", existing=existing, text="print()", number=1)


def test_replace_gives_back_the_function_that_was_there() -> None:
    def replacement(first: int, second: int) -> int:
        return first - second

    example = target()
    assert replace(example, "existing", replacement)(3, 2) == 5
    assert example.existing(3, 2) == 1


@pytest.mark.parametrize("name", ["missing", "number"])
def test_replacing_what_is_no_function_is_refused(name: str) -> None:
    with pytest.raises(CorrectionError, match=f"has no function '{name}' to correct"):
        replace(target(), name, lambda: None)


def test_replacing_a_function_with_other_parameters_is_refused() -> None:
    def replacement(first: int) -> int:
        return first

    with pytest.raises(
        CorrectionError, match=r"existing takes \['first', 'second'\], the correction expects \['first'\]"
    ):
        replace(target(), "existing", replacement)


def test_prepending_to_what_is_no_string_is_refused() -> None:
    example = target()
    prepend(example, "text", "import os; ")
    assert example.text == "import os; print()"
    with pytest.raises(CorrectionError, match="has no string 'number' to correct"):
        prepend(example, "number", "x")


def start(preparation: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher as the server does, after some preparation in the same interpreter."""
    launcher = ROOT / "scripts" / "emulator" / "launcher.py"
    program = f"{preparation}\nimport runpy, sys\nsys.argv = [{str(launcher)!r}, '--parent', '{os.getpid()}']\n"
    program += f"sys.path.insert(0, {str(ROOT / 'scripts')!r})\nrunpy.run_path({str(launcher)!r}, run_name='__main__')"
    return subprocess.run(
        [venv.ensure("emulator"), "-c", program],
        env={"PATH": os.environ["PATH"], "GATEWAY_PORT": "1", "TMPDIR": str(venv.CACHE)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_another_version_is_refused_at_the_start() -> None:
    done = start("import importlib.metadata\nimportlib.metadata.version = lambda name: '9.9.9'")
    assert done.returncode == 1
    assert "written for ministack 1.5.33, and 9.9.9 is installed" in done.stderr


def test_missing_function_is_refused_at_the_start() -> None:
    done = start("import ministack.services.eventbridge as eventbridge\ndel eventbridge._dispatch_to_sqs")
    assert done.returncode == 1
    assert "ministack.services.eventbridge has no function '_dispatch_to_sqs' to correct" in done.stderr


def test_the_interpreter_of_the_tests_has_no_ministack() -> None:
    with pytest.raises(CorrectionError, match="ministack has no module 'app'"):
        module("app")
