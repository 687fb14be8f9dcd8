"""Starts MiniStack with the corrections. Run by file name, with the Python of the emulator's environment.

MiniStack takes its settings from environment variables, which `emulator.server` sets. This process and the workers
that run the functions end with the process they were started for, however that one ends.
"""

import argparse
import asyncio
import fcntl
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

_POLL_SECONDS = 0.5
_SHUTDOWN_SECONDS = 10.0
_KEEP_ALIVE_SECONDS = 3600
_SCRIPTS = Path(__file__).resolve().parents[1]

# Runs first in every worker. A worker ends when its standard input does, but not while a handler is busy.
_FOLLOW_LAUNCHER = f"""
import os, threading, time
def _follow_launcher(launcher=os.getppid()):
    while os.getppid() == launcher:
        time.sleep({_POLL_SECONDS})
    os._exit(1)
threading.Thread(target=_follow_launcher, daemon=True).start()
"""


def main() -> int:
    """Serve until told to stop.

    Returns:
        The exit code: 0 after an orderly stop, 1 when MiniStack can't be started as asked.
    """
    parser = argparse.ArgumentParser(description="Start MiniStack with corrections. Use scripts/local instead.")
    parser.add_argument("--stock", action="store_true", help="without the corrections")
    life = parser.add_mutually_exclusive_group(required=True)
    life.add_argument("--parent", type=int, metavar="PID", help="end with this process, the parent")
    life.add_argument("--record", type=Path, metavar="FILE", help="outlive the parent; keep this file locked meanwhile")
    parser.add_argument("--journal", type=Path, metavar="FILE", help="note there what is asked for, for IAM")
    parser.add_argument("--log-file", metavar="FILE", help="where the output goes, for the record")
    args = parser.parse_args()
    sys.path[0] = str(_SCRIPTS)  # was this file's folder, whose modules are no top-level ones
    if args.parent:
        threading.Thread(target=_follow_parent, args=(args.parent,), daemon=True).start()
    elif not _write_record(args.record, args.log_file):
        print(f"error: {args.record} is in use by another emulator", file=sys.stderr)
        return 1
    _use_own_temporary_folder()
    try:
        return _serve(stock=args.stock, journal=args.journal)
    finally:
        shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)


def _keep_answers() -> None:
    """Leave it to the clients when a connection is closed, and have Terraform's lost answers again.

    The server closes one that rests for 75 s, and any after a thousand requests, which a large deployment reaches. A
    request that comes as the server closes takes effect and is not answered; the client asks again for what it has had,
    and Terraform then finds that a Lambda permission is there which it has yet to make.
    """
    from emulator.repeats import answering_again  # noqa: PLC0415, after sys.path is set

    hypercorn: Any = importlib.import_module("hypercorn.asyncio")  # in the emulator's environment only
    stock = hypercorn.serve

    async def serve(app: Any, config: Any, **options: Any) -> Any:
        config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
        config.keep_alive_max_requests = sys.maxsize
        return await stock(answering_again(app), config, **{**options, "shutdown_trigger": _asked_to_stop})

    hypercorn.serve = serve


async def _asked_to_stop() -> None:
    """Wait for a signal that ends the emulator, and tell the corrections of it before a request is refused."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    await asked.wait()
    if restarts := sys.modules.get("emulator.corrections.restarts"):
        restarts.stopping.set()


def _serve(*, stock: bool, journal: Path | None) -> int:
    from emulator.patching import CorrectionError, module, prepend  # noqa: PLC0415, after sys.path is set

    try:
        lambda_runtime = module("core.lambda_runtime")
        prepend(lambda_runtime, "_PYTHON_WORKER_SCRIPT", _FOLLOW_LAUNCHER)
        if not stock:
            from emulator.corrections import apply_all  # noqa: PLC0415, looks MiniStack's modules up

            apply_all()
        if journal:
            from emulator.journal import keep  # noqa: PLC0415, looks MiniStack's modules up

            keep(journal)
    except CorrectionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _keep_answers()
    sys.argv = ["ministack"]
    try:
        module("app").main()
    finally:
        lambda_runtime.reset()
    return 0


def _follow_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SHUTDOWN_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _write_record(path: Path, log_file: str) -> bool:
    """Lock the file until this process ends and note in it what `attach` needs. False when another holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    handle.truncate(0)
    noted = {"pid": os.getpid(), "port": int(os.environ["GATEWAY_PORT"]), "started": time.time(), "log_file": log_file}
    json.dump(noted, handle)
    handle.flush()
    _locked.append(handle)
    return True


_locked: list[object] = []  # an open file is unlocked when nothing refers to it


def _use_own_temporary_folder() -> None:
    """Put temporary files into a folder that goes with this process; remove those that killed ones left behind."""
    base = Path(tempfile.gettempdir())
    for folder in base.glob("run-*-*"):
        try:
            os.kill(int(folder.name.split("-")[1]), 0)
        except ProcessLookupError:
            shutil.rmtree(folder, ignore_errors=True)
        except (PermissionError, ValueError):
            continue
    tempfile.tempdir = tempfile.mkdtemp(prefix=f"run-{os.getpid()}-", dir=base)
    os.environ["TMPDIR"] = tempfile.tempdir


if __name__ == "__main__":
    sys.exit(main())
