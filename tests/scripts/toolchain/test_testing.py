"""The runner of the layers: counts, exit statuses, and that nothing survives an interrupt."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolchain import testing
from toolchain.testing import Layer, Result

ROOT = Path(__file__).resolve().parents[3]

REPORT = '<testsuites><testsuite name="pytest" errors="{}" failures="{}" skipped="{}" tests="{}"/></testsuites>'


@pytest.mark.parametrize(
    ("text", "status", "expected"),
    [
        (REPORT.format(0, 0, 0, 5), 0, (5, 0, 0)),
        (REPORT.format(0, 0, 2, 5), 0, (3, 0, 2)),
        (REPORT.format(1, 1, 1, 5), 1, (2, 2, 1)),
        (REPORT.format(0, 0, 0, 5), 1, (5, 1, 0)),  # all passed, and yet pytest failed
        (REPORT.format(0, 0, 0, 0), 5, (0, 1, 0)),  # nothing was collected
        (None, -11, (0, 1, 0)),
        ("<testsuites>", 2, (0, 1, 0)),
    ],
)
def test_counts(tmp_path: Path, text: str | None, status: int, expected: tuple[int, int, int]) -> None:
    report = tmp_path / "unit.xml"
    if text is not None:
        report.write_text(text)
    result = testing.read_report(report, "unit", status, 1.5)
    assert (result.passed, result.failed, result.skipped) == expected


def test_closing_line() -> None:
    results = [Result("lint", 4, 1, 0, 1.0), Result("unit", 10, 0, 2, 1.0)]
    assert testing.closing_line(results) == "14 passed, 1 failed, 2 skipped"


def test_only_layers_with_tests_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "ROOT", tmp_path)
    (tmp_path / "tests" / "wiring" / "deep").mkdir(parents=True)
    (tmp_path / "tests" / "wiring" / "deep" / "test_a.py").touch()
    (tmp_path / "tests" / "policy").mkdir()
    assert [layer.name for layer in testing.available()] == ["lint", "wiring"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the runner in a project that has one layer, "unit"."""
    root = tmp_path / "project"
    (root / "tests" / "unit").mkdir(parents=True)
    (root / "scripts").mkdir()
    (root / "pytest.ini").write_text("[pytest]\n")  # so that pytest looks for none in the folders above
    (root / "scripts" / "toolchain").symlink_to(ROOT / "scripts" / "toolchain")
    return root


def start(
    project: Path, *arguments: str, layers: str = 'Layer("lint", ""), testing.Layer("unit", "the only one")'
) -> "subprocess.Popen[str]":
    script = f"""\
        import sys
        from pathlib import Path
        from toolchain import testing
        testing.ROOT = Path({str(project)!r})
        testing.CACHE = testing.ROOT / ".cache"
        testing.LAYERS = (testing.{layers},)
        sys.argv[1:] = {list(arguments)!r}
        sys.exit(testing.main())
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        # None of pytest's plugins is needed, and loading them would take most of the time.
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("code", "line", "status"),
    [
        ("def test_a(): pass\ndef test_b(): pass", "2 passed, 0 failed, 0 skipped", 0),
        ("def test_a(): assert 0\ndef test_b(): pass", "1 passed, 1 failed, 0 skipped", 1),
        ("import os\ndef test_a(): os._exit(3)", "0 passed, 1 failed, 0 skipped", 1),
        ("import nothing_of_that_name", "0 passed, 1 failed, 0 skipped", 1),
    ],
)
def test_a_run_ends_in_the_totals(project: Path, code: str, line: str, status: int) -> None:
    (project / "tests" / "unit" / "test_a.py").write_text(code)
    with start(project, "unit") as process:
        out, _ = process.communicate(timeout=200)
    assert out.splitlines()[-1] == line
    assert process.returncode == status


def test_arguments_for_pytest(project: Path) -> None:
    (project / "tests" / "unit" / "test_a.py").write_text("def test_good(): pass\ndef test_bad(): assert 0")
    with start(project, "unit", "--", "-k", "good") as process:
        out, _ = process.communicate(timeout=200)
    assert out.splitlines()[-1] == "1 passed, 0 failed, 0 skipped"


def test_a_folder_of_a_layer_may_be_a_layer_of_its_own(project: Path) -> None:
    (project / "tests" / "unit" / "test_a.py").write_text("def test_good(): pass")
    (project / "tests" / "unit" / "apart").mkdir()
    (project / "tests" / "unit" / "apart" / "test_b.py").write_text("def test_bad(): assert False")
    layers = 'Layer("unit", "quick", without="apart"), testing.Layer("unit/apart", "")'
    for named, line in {"unit": "1 passed, 0 failed", "unit/apart": "0 passed, 1 failed"}.items():
        with start(project, named, layers=layers) as process:
            out, _ = process.communicate(timeout=200)
        assert out.splitlines()[-1] == f"{line}, 0 skipped"


def test_an_unknown_layer(project: Path) -> None:
    (project / "tests" / "unit" / "test_a.py").touch()
    with start(project, "units") as process:
        _, err = process.communicate(timeout=200)
    assert process.returncode == 2
    assert "units: expected any of lint, unit" in err


@pytest.fixture
def in_the_background() -> Iterator[None]:
    """What is started ignores SIGINT, as a shell without job control has it for what it starts with `&`."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("in_the_background")
def test_in_the_background_an_interrupt_is_ignored_and_a_request_to_end_is_heard(project: Path) -> None:
    folder = with_a_server(project)
    with start(project, "unit") as process:
        wait_for(folder / "started")
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2)
        check_the_end(process, folder, signal.SIGTERM)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_lets_the_layer_clean_up_and_leaves_nothing(project: Path, how: signal.Signals) -> None:
    folder = with_a_server(project)
    with start(project, "unit") as process:
        wait_for(folder / "started")
        check_the_end(process, folder, how)


def with_a_server(project: Path) -> Path:
    """Put a test into the layer that goes on for long, beside a process; returns the layer's folder."""
    code = """
        import subprocess, sys, time
        from pathlib import Path
        import pytest

        HERE = Path(__file__).parent

        @pytest.fixture
        def server():
            process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            (HERE / "pid").write_text(str(process.pid))
            yield
            (HERE / "cleaned").touch()  # and forgets the process

        def test_a(server):
            (HERE / "started").touch()
            time.sleep(600)
    """
    folder = project / "tests" / "unit"
    (folder / "test_a.py").write_text(textwrap.dedent(code))
    return folder


def check_the_end(process: subprocess.Popen[str], folder: Path, how: signal.Signals) -> None:
    """Ask the run to end: it lets the layer clean up, and nothing is left of it."""
    process.send_signal(how)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "Stopping" in err
    assert out.splitlines()[-1].endswith("skipped")
    assert (folder / "cleaned").exists()
    orphan = int((folder / "pid").read_text())
    deadline = time.monotonic() + 120
    while is_running(orphan):
        assert time.monotonic() < deadline, "a process survived"
        time.sleep(0.05)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} did not appear"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether a process is alive. One that ended and was not yet collected by its new parent is not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


class TestLint:
    @pytest.fixture
    def checks(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
        monkeypatch.setattr(testing, "CACHE", tmp_path)
        return list(testing.lint_checks())

    def test_what_is_checked(self, checks: list[str]) -> None:
        assert {"ruff check", "ruff format", "mypy", "shell", "terraform fmt"} <= set(checks)

    def test_each_check_counts(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(testing, "CACHE", tmp_path)
        commands = {"good": ["true"], "bad": ["false"], "fine": ["true"]}
        monkeypatch.setattr(testing, "lint_checks", lambda: commands)
        result = testing.run_layer(Layer("lint", ""), [], os.environ)
        assert (result.passed, result.failed) == (2, 1)
        again = testing.read_report(tmp_path / "reports" / "lint.xml", "lint", 1, 0)
        assert (again.passed, again.failed) == (2, 1)

    def test_without_terraform_it_fails_and_says_why(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("TERRAFORM", raising=False)
        command = testing.lint_checks()["terraform fmt"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "Install Terraform" in done.stderr
