"""Finds a Chromium, or installs one where that is this machine's to do, and starts it for a script or a test."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What it is called on PATH, in the order in which it is looked for."""
APPLICATIONS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
"""Where macOS has it."""
OS_RELEASE = Path("/etc/os-release")
VERSION_TIMEOUT = 60.0
"""Seconds that a browser has to tell its version."""

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    # Nothing but the page that is tested shall talk to anybody.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserError(RuntimeError):
    """There is no browser that starts; the message says what to install."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A Chromium: its executable, and what it says of itself ("Chromium 140.0.7339.80")."""

    path: Path
    version: str


def ensure(environ: Mapping[str, str] | None = None) -> Chromium:
    """Find a Chromium; where there is none, and root runs this on Debian or Ubuntu, install it.

    `$CHROMIUM` names the executable; otherwise those of `NAMES` on PATH, then `APPLICATIONS`.

    Args:
        environ: used instead of this process's environment.

    Raises:
        BrowserError: there is none, and none could be installed.
    """
    environ = os.environ if environ is None else environ
    found = find(environ)
    if found is None and _may_install(environ):
        print("no Chromium: installing Debian's with apt-get", file=sys.stderr, flush=True)
        _install(environ)
        found = find(environ)
    if found is None:
        raise BrowserError(
            f"no Chromium that starts (looked for {', '.join(NAMES)} on PATH). Install one "
            "(Debian: apt-get install chromium; Ubuntu: snap install chromium, or Google's package; "
            "macOS: brew install --cask chromium), or set CHROMIUM to its executable."
        )
    return found


def find(environ: Mapping[str, str]) -> Chromium | None:
    """Return the first Chromium that tells its version, if there is one.

    Raises:
        BrowserError: `$CHROMIUM` names none.
    """
    if named := environ.get("CHROMIUM"):
        chosen = _examine(named)
        if chosen is None:
            raise BrowserError(f"CHROMIUM={named}: expected the executable of a Chromium that starts")
        return chosen
    candidates = [shutil.which(name, path=environ.get("PATH", "")) for name in NAMES]
    candidates += [str(path) for path in APPLICATIONS if path.is_file()]
    examined = (_examine(path) for path in candidates if path)
    return next((one for one in examined if one), None)


def _examine(path: str) -> Chromium | None:
    # Ubuntu's chromium-browser may be a script that only asks for the snap.
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=VERSION_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = done.stdout.strip()
    return Chromium(Path(path), version) if done.returncode == 0 and "Chrom" in version else None


def _may_install(environ: Mapping[str, str]) -> bool:
    return (
        os.geteuid() == 0
        and shutil.which("apt-get", path=environ.get("PATH", "")) is not None
        and bool({"debian", "ubuntu"} & _distributions())
    )


def _distributions() -> set[str]:
    """The distribution that this is, and those that it is like: the fields ID and ID_LIKE of os-release(5)."""
    try:
        lines = OS_RELEASE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    return {name for key in ("ID", "ID_LIKE") for name in fields.get(key, "").strip('"').split()}


def _install(environ: Mapping[str, str]) -> None:
    """Install the package. Raises `BrowserError` with the end of what apt-get said."""
    env = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        command = ["apt-get", "--quiet", "--quiet", *arguments]
        done = subprocess.run(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            tail = "\n".join(done.stdout.strip().splitlines()[-10:])
            raise BrowserError(f"{' '.join(command)} failed:\n{tail}")


def flags() -> Sequence[str]:
    """The command line that it is started with. Chromium's sandbox refuses to be root's."""
    return (*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []))


@contextlib.contextmanager
def launched() -> Iterator["Browser"]:
    """A Chromium without a window, for as long as the context lasts.

    Raises:
        BrowserError: there is none, or it does not start.
    """
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - half a second for callers who need it

    found = ensure()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found.path, args=list(flags()), timeout=120_000)
        except Error as error:
            raise BrowserError(f"{found.path} ({found.version}) does not start: {error.message}") from error
        with browser:
            yield browser
