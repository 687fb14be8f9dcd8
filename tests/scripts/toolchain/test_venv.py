"""Virtual environments: made once, anew when the lock changes, and clear words where that cannot be."""

import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from toolchain import venv
from toolchain.venv import EnvironmentSetupError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have run; making the environment is played."""
    ran: list[list[str]] = []
    monkeypatch.setattr(venv, "ROOT", tmp_path)
    monkeypatch.setattr(venv, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr(venv, "REQUIREMENTS", tmp_path / "requirements")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text("a==1")
    (tmp_path / "requirements" / "emulator.txt").write_text("b==1")

    def run(command: list[str], env: dict[str, str]) -> None:
        assert "PYTHONPATH" not in env
        ran.append(command)
        if command[1:3] == ["-m", "venv"]:
            (Path(command[-1]) / "bin").mkdir(parents=True, exist_ok=True)
            (Path(command[-1]) / "bin" / "python").symlink_to("/bin/true")

    monkeypatch.setattr(venv, "_run", run)
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    return ran


def test_it_is_made_once(commands: list[list[str]], tmp_path: Path) -> None:
    assert venv.ensure("dev") == tmp_path / ".cache" / "venv" / "bin" / "python"
    install = next(command for command in commands if "pip" in command)
    assert "--require-hashes" in install
    assert install[-1] == str(tmp_path / "requirements" / "dev.txt")
    count = len(commands)
    venv.ensure("dev")
    assert len(commands) == count
    assert venv.ensure("emulator") == tmp_path / ".cache" / "emulator-venv" / "bin" / "python"
    assert len(commands) > count


def test_it_is_made_anew_when_the_lock_changes(commands: list[list[str]], tmp_path: Path) -> None:
    venv.ensure("dev")
    (tmp_path / ".cache" / "venv" / "bin" / "python").unlink()
    (tmp_path / "requirements" / "dev.txt").write_text("a==2")
    count = len(commands)
    venv.ensure("dev")
    assert len(commands) == 2 * count


def test_one_that_was_not_finished_does_not_count(
    commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_command: list[str], _env: dict[str, str]) -> None:
        raise EnvironmentSetupError("no network")

    with monkeypatch.context() as patch:
        patch.setattr(venv, "_run", fail)
        with pytest.raises(EnvironmentSetupError, match="no network"):
            venv.ensure("dev")
    assert venv.ensure("dev").exists()
    assert commands


def test_two_at_once_make_it_once(commands: list[list[str]]) -> None:
    threads = [threading.Thread(target=venv.ensure, args=("dev",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([command for command in commands if command[1:3] == ["-m", "venv"]]) == 1


def test_an_unknown_name(commands: list[list[str]]) -> None:
    with pytest.raises(EnvironmentSetupError, match=r"no requirements/prod\.txt: the environments are dev, emulator"):
        venv.ensure("prod")
    assert not commands


def test_a_python_without_ensurepip(commands: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(EnvironmentSetupError, match=rf"has no ensurepip module.*apt install python{version}-venv"):
        venv.ensure("dev")
    assert not commands


def test_a_command_that_fails_is_shown_with_its_last_lines() -> None:
    command = [sys.executable, "-c", "print('first' + chr(10) * 30 + 'HASHES DO NOT MATCH'); raise SystemExit(1)"]
    with pytest.raises(EnvironmentSetupError) as caught:
        venv._run(command, dict(os.environ))
    assert "HASHES DO NOT MATCH" in str(caught.value)
    assert "first\n" not in str(caught.value)


class TestShell:
    """`scripts/_env.sh` finds a Python that will do."""

    def find(self, folder: Path, **env: str) -> "subprocess.CompletedProcess[str]":
        script = f"source '{ROOT}/scripts/_env.sh'; find_python"
        return subprocess.run(
            ["/bin/bash", "-c", script],
            env={"PATH": f"{folder}:/usr/bin:/bin", **env} if folder.exists() else env,
            capture_output=True,
            text=True,
            check=False,
        )

    def fake(self, path: Path, version: str) -> None:
        path.parent.mkdir(exist_ok=True)
        major, minor = version.split(".")
        code = f"import sys; sys.version_info = ({major}, {minor}, 0); exec(sys.argv[2])"
        path.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{code}' \"$@\"\n")
        path.chmod(0o755)

    @pytest.mark.parametrize(("version", "suits"), [("3.10", False), ("3.11", True), ("3.13", True), ("3.14", False)])
    def test_versions(self, tmp_path: Path, version: str, suits: bool) -> None:
        folder = tmp_path / "bin"
        self.fake(folder / "python", version)
        done = self.find(folder, PYTHON=str(folder / "python"))
        assert (done.returncode == 0) is suits
        assert ("is not a Python from 3.11 to 3.13" in done.stderr) is not suits

    def test_the_usual_one_first_and_else_a_newer_one(self, tmp_path: Path) -> None:
        folder = tmp_path / "bin"
        self.fake(folder / "python3", "3.9")
        self.fake(folder / "python3.12", "3.12")
        self.fake(folder / "python3.13", "3.14")
        assert self.find(folder).stdout == "python3.12\n"
        self.fake(folder / "python3", "3.11")
        assert self.find(folder).stdout == "python3\n"


def test_the_locks_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
        assert not [line for line in lines if "://" in line or "index-url" in line or "find-links" in line], path.name
        pinned = [line for line in lines if line and not line.startswith(" ")]
        assert pinned
        assert not [line for line in pinned if "==" not in line], path.name
        assert sum("--hash=sha256:" in line for line in lines) >= len(pinned), path.name
