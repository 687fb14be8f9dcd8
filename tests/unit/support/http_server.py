"""A real HTTP server on a free loopback port, whose answers a test writes."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it arrived, by which connection; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Sent:
    """What to answer: ``after`` seconds, or nothing at all but a closed connection when ``status`` is 0."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    after: float = 0.0


HANG_UP = Sent(0)


def sent(status: int, document: object, *, after: float = 0) -> Sent:
    return Sent(status, json.dumps(document).encode(), {"content-type": "application/json"}, after)


@dataclass
class Server:
    """The server's address and what it was asked so far."""

    url: str
    requests: list[Received] = field(default_factory=list)


@contextmanager
def serve(answer: Callable[[Received], Sent], *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Answer requests by ``answer`` until the end of the block, each in a thread of its own.

    What is being answered then is waited for, though nobody else does: its log lines are no other test's.
    """
    stopping = threading.Event()
    changed = threading.Condition()
    under_way: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A client that has given up keeps its connection for a moment; no thread may wait for it at the end.
        timeout = 2

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Received(self.command, self.path, headers, body, self.client_address[1])
            server.requests.append(request)
            under_way.append(request)
            try:
                reply = answer(request)
            finally:
                with changed:
                    under_way.remove(request)
                    changed.notify_all()
            stopping.wait(reply.after)
            if not reply.status:
                self.close_connection = True
                return
            try:
                self.send_response(reply.status)
                # A 204 has no body; one that came all the same would be taken for the start of the next answer.
                content = b"" if reply.status == 204 else reply.body
                length = {} if reply.status == 204 else {"content-length": str(len(content))}
                for name, value in {**length, **reply.headers}.items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
            except OSError:  # the client did not wait, which is what some tests are about
                self.close_connection = True

        do_GET = do_POST = respond  # noqa: N815 - the base class looks for these names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Keep the tests' output to themselves."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http_server:
        http_server.daemon_threads = True
        http_server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes are wanted
        if tls:
            http_server.socket = tls.wrap_socket(http_server.socket, server_side=True)
        server = Server(f"http{'s' if tls else ''}://127.0.0.1:{http_server.server_address[1]}")
        thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            stopping.set()
            http_server.shutdown()
            thread.join()
            with changed:
                changed.wait_for(lambda: not under_way, timeout=5)
