"""The finding of a Chromium, with programs of the tests' own in the place of browsers and of apt-get."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from toolchain import browser
from toolchain.browser import BrowserError, Chromium


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it: the folder on PATH, no applications, nobody's operating system."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(browser, "APPLICATIONS", ())
    monkeypatch.setattr(browser, "OS_RELEASE", tmp_path / "os-release")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    return folder


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def a_browser(path: Path, version: str = "Chromium 1.2.3") -> Path:
    return program(path, f'[ "$1" = --version ] && echo "{version}"')


def ensure(machine: Path, **environ: str) -> Chromium:
    return browser.ensure({"PATH": str(machine), **environ})


def debian(machine: Path, monkeypatch: pytest.MonkeyPatch, apt_get: str, *, like: str = "ID=debian") -> None:
    """Make it a Debian, and this process root's."""
    browser.OS_RELEASE.write_text(f'NAME="Some Linux"\n{like}\n', encoding="utf-8")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(machine / "apt-get", apt_get)


INSTALLS = """
export PATH=/usr/bin:/bin
echo "$DEBIAN_FRONTEND $*" >> {log}
case "$*" in *install*) printf '#!/bin/sh\\necho Chromium 9.9\\n' > {target}; chmod 755 {target};; esac
"""


@pytest.mark.parametrize("name", browser.NAMES)
def test_by_any_of_its_names(name: str, machine: Path) -> None:
    path = a_browser(machine / name, "Google Chrome 1.2.3" if "chrome" in name else "Chromium 1.2.3")
    found = ensure(machine)
    assert found.path == path
    assert found.version.endswith("1.2.3")


def test_the_first_one_that_starts(machine: Path) -> None:
    program(machine / "chromium", "echo please install the snap >&2; exit 1")
    program(machine / "chromium-browser", "echo 'something else 1.0'")
    path = a_browser(machine / "google-chrome", "Google Chrome 140.0")
    assert ensure(machine) == Chromium(path, "Google Chrome 140.0")


def test_an_application_of_macos(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = a_browser(tmp_path / "Chromium")
    monkeypatch.setattr(browser, "APPLICATIONS", (tmp_path / "not there", path))
    assert ensure(machine).path == path


def test_the_one_that_is_named(machine: Path, tmp_path: Path) -> None:
    a_browser(machine / "chromium")
    path = a_browser(tmp_path / "mine", "Chromium 5")
    assert ensure(machine, CHROMIUM=str(path)) == Chromium(path, "Chromium 5")


@pytest.mark.parametrize("script", [None, "exit 1", "echo 'a text editor 1.0'"])
def test_one_that_is_named_and_is_none(script: str | None, machine: Path, tmp_path: Path) -> None:
    a_browser(machine / "chromium")
    if script:
        program(tmp_path / "mine", script)
    with pytest.raises(BrowserError, match=r"^CHROMIUM=.*mine: expected the executable of a Chromium that starts$"):
        ensure(machine, CHROMIUM=str(tmp_path / "mine"))


def test_none_at_all_says_what_to_install(machine: Path) -> None:
    with pytest.raises(BrowserError, match=r"apt-get install chromium.*brew install.*set CHROMIUM"):
        ensure(machine)


@pytest.mark.parametrize("like", ["ID=debian", "ID=ubuntu", 'ID=mint\nID_LIKE="ubuntu debian"'])
def test_root_on_debian_installs_it(
    like: str, machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log, target = tmp_path / "log", machine / "chromium"
    debian(machine, monkeypatch, INSTALLS.format(log=log, target=target), like=like)
    assert ensure(machine) == Chromium(target, "Chromium 9.9")
    update, install = log.read_text(encoding="utf-8").splitlines()
    assert update == "noninteractive --quiet --quiet update"
    assert install == "noninteractive --quiet --quiet install --yes --no-install-recommends chromium"
    assert "installing Debian's with apt-get" in capsys.readouterr().err


def test_what_is_there_is_not_installed_again(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian(machine, monkeypatch, "echo 'nobody asked for this' >&2; exit 1")
    path = a_browser(machine / "chromium")
    assert ensure(machine).path == path


@pytest.mark.parametrize("like", ["ID=fedora", ""])
def test_other_systems_are_left_alone(like: str, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian(machine, monkeypatch, f"touch {machine}/ran", like=like)
    with pytest.raises(BrowserError, match="set CHROMIUM"):
        ensure(machine)
    assert not (machine / "ran").exists()


def test_others_than_root_are_told_only(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian(machine, monkeypatch, f"touch {machine}/ran")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(BrowserError, match="apt-get install chromium"):
        ensure(machine)
    assert not (machine / "ran").exists()


def test_an_installation_that_fails(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian(machine, monkeypatch, "echo 'E: no network'; exit 100")
    with pytest.raises(BrowserError, match=r"apt-get .*update failed:\nE: no network"):
        ensure(machine)


@pytest.mark.parametrize(("user", "bare"), [(0, True), (1000, False)])
def test_only_root_does_without_the_browser_s_own_sandbox(
    user: int, bare: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--no-sandbox" in browser.flags()) is bare
