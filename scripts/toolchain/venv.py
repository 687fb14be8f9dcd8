"""Virtual environments under `.cache`, installed from the hash-locked files in `requirements/`.

Runs on the bare interpreter, before anything is installed: the standard library only, and no import of its siblings.
"""

import argparse
import contextlib
import fcntl
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
REQUIREMENTS = ROOT / "requirements"


class EnvironmentSetupError(RuntimeError):
    """A virtual environment could not be made; the message says what to do."""


def location(name: str) -> Path:
    """Folder of the environment `name`: `.cache/venv` for "dev", else `.cache/<name>-venv`."""
    return CACHE / ("venv" if name == "dev" else f"{name}-venv")


def ensure(name: str) -> Path:
    """Python of the environment that `requirements/<name>.txt` describes, made or made anew when that file changed.

    Two processes that ask at once wait for each other.

    Args:
        name: "dev", "emulator" or "checkov": the stem of a file in `requirements/`.

    Returns:
        Path of the environment's Python executable.

    Raises:
        EnvironmentSetupError: no such file, no `venv` or `ensurepip` in this Python, or the installation failed.
    """
    lock_file = REQUIREMENTS / f"{name}.txt"
    if not lock_file.is_file():
        known = ", ".join(sorted(path.stem for path in REQUIREMENTS.glob("*.txt")))
        raise EnvironmentSetupError(f"no requirements/{name}.txt: the environments are {known}")
    python = location(name) / "bin" / "python"
    if _is_current(name, lock_file):
        return python
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(CACHE / f"{location(name).name}.lock"):
        if not _is_current(name, lock_file):
            _make(name, lock_file)
    return python


def _is_current(name: str, lock_file: Path) -> bool:
    """Whether everything in the lock is installed: its copy is written last. The Python may have gone since."""
    installed = location(name) / "requirements.txt"
    python = location(name) / "bin" / "python"
    return python.exists() and installed.is_file() and installed.read_bytes() == lock_file.read_bytes()


def _make(name: str, lock_file: Path) -> None:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    missing = [module for module in ("venv", "ensurepip") if importlib.util.find_spec(module) is None]
    if missing:
        raise EnvironmentSetupError(
            f"{sys.executable} (Python {version}) has no {' and no '.join(missing)} module, "
            "which a virtual environment needs. "
            f"Debian/Ubuntu: apt install python{version}-venv. "
            f"Elsewhere: install the complete Python {version}, or set PYTHON to one that is."
        )
    content = lock_file.read_bytes()
    folder = location(name)
    env = {
        key: value
        for key, value in os.environ.items()
        if key not in {"PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX"}
    }
    env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}
    with _progress(f"Setting up {folder.relative_to(ROOT)} (Python {version}, once)"):
        _run([sys.executable, "-m", "venv", "--clear", str(folder)], env)
        # The lock is complete, so nothing has to be resolved.
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
        _run([*pip, "--require-hashes", "--requirement", str(lock_file)], env)
        # On all processors, which pip does not use. Files that are templates rather than Python are no failure.
        compiler = [str(folder / "bin" / "python"), "-m", "compileall", "-q", "-j", "0", str(folder / "lib")]
        subprocess.run(compiler, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    (folder / "requirements.txt").write_bytes(content)


def _run(command: list[str], env: dict[str, str]) -> None:
    """Run a command whose output matters only when it fails."""
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise EnvironmentSetupError(f"{' '.join(command)} failed:\n{tail}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _progress(text: str) -> Iterator[None]:
    """One line on standard error; on a terminal it counts the seconds."""
    started = time.monotonic()
    done = threading.Event()

    def tick() -> None:
        while not done.wait(1):
            print(f"\r{text} ... {time.monotonic() - started:.0f} s", end="", file=sys.stderr, flush=True)

    is_terminal = sys.stderr.isatty()
    print(f"{text} ...", end="" if is_terminal else "\n", file=sys.stderr, flush=True)
    counter = threading.Thread(target=tick, daemon=True)
    if is_terminal:
        counter.start()
    try:
        yield
    finally:
        done.set()
        if is_terminal:
            counter.join()
            print(f"\r{text} ... {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def main() -> int:
    """Make the environments named on the command line and print the path of each one's Python."""
    parser = argparse.ArgumentParser(prog="venv", description="Make virtual environments from requirements/<name>.txt.")
    parser.add_argument("names", nargs="+", metavar="name", help="dev, emulator or checkov")
    try:
        for name in parser.parse_args().names:
            print(ensure(name))
    except EnvironmentSetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
