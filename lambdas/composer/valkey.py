"""The data cache's server: Valkey, or anything else that speaks the protocol and its Lua.

Of redis-py the connection alone is used: TLS, authentication and the protocol. Its clients know hundreds of commands,
which take longer to import than an answer may take.
"""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection
from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import MovedError, RedisError
from redis.retry import Retry

from composer.entries import CacheDownError, Entry

_PUT = """
local kept = redis.call('HGET', KEYS[1], 'version')
if kept and tonumber(kept) > tonumber(ARGV[1]) then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'as_of', ARGV[2], 'fresh_until', ARGV[3])
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], 'document', ARGV[4])
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1
"""
"""Compares versions and writes in one step: scripts run one at a time."""

_UNLOCK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
"""

_FIELDS = ("version", "document", "as_of", "fresh_until")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is: host, port, and whether it speaks TLS."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True)
class Valkey:
    """Entries on a server, or on a cluster of one shard that ``address`` is any node of.

    ``credentials`` gives user and password for each new connection. ``seconds`` is how long the server has to accept
    a connection, and for each answer.
    """

    address: Address
    credentials: CredentialProvider
    seconds: float
    _idle: queue.LifoQueue[Any] = field(default_factory=queue.LifoQueue)
    _moved: list[Address] = field(default_factory=list)

    def get(self, key: str) -> Entry | None:
        """Return the entry under ``key``, or ``None``. Raises ``CacheDownError``."""
        version, document, as_of, fresh_until = self._call("HMGET", key, *_FIELDS)
        if version is None:
            return None
        return Entry(int(version), json.loads(document) if document else None, as_of, float(fresh_until))

    def put(self, key: str, entry: Entry, keep_seconds: float) -> bool:
        """Keep an entry unless one with a higher version is there; returns whether it was kept."""
        document = "" if entry.document is None else json.dumps(entry.document, separators=(",", ":"))
        values = (entry.version, entry.as_of, entry.fresh_until, document, int(keep_seconds * 1000))
        return bool(self._call("EVAL", _PUT, 1, key, *values))

    def lock(self, key: str, holder: str, seconds: float) -> bool:
        """Take the right to read the document of ``key``; returns whether nobody had it."""
        return self._call("SET", f"{key}:lock", holder, "NX", "PX", int(seconds * 1000)) is not None

    def unlock(self, key: str, holder: str) -> None:
        """Give that right back, if ``holder`` still has it."""
        self._call("EVAL", _UNLOCK, 1, f"{key}:lock", holder)

    def _call(self, *command: Any) -> Any:
        try:
            try:
                return self._on_a_connection(command)
            except MovedError as moved:
                # A replica, or a primary that was: the one that it names has all the slots there are.
                self._moved[:] = [Address(str(moved.host) or self.address.host, moved.port, self.address.tls)]
                self._close_idle()
                return self._on_a_connection(command)
        except (RedisError, BotoCoreError, ClientError, OSError, ValueError) as error:
            raise CacheDownError(type(error).__name__) from error

    def _on_a_connection(self, command: tuple[Any, ...]) -> Any:
        try:
            kept = self._idle.get_nowait()
        except queue.Empty:
            return self._say(self._connect(), command)
        try:
            return self._say(kept, command)
        except RedisConnectionError:
            # The other side may have left while this process was frozen. A command may be sent twice: a lock that
            # was taken by the first is then another's, which costs a wait.
            return self._say(self._connect(), command)

    def _say(self, connection: Any, command: tuple[Any, ...]) -> Any:
        try:
            connection.send_command(*command)
            answer = connection.read_response()
        except BaseException:
            # Whatever is still on its way on it would be taken for the next answer.
            connection.disconnect()
            raise
        self._idle.put(connection)
        return answer

    def _connect(self) -> Any:
        address = self._moved[0] if self._moved else self.address
        options: Mapping[str, Any] = {
            "host": address.host,
            "port": address.port,
            "credential_provider": self.credentials,
            "socket_timeout": self.seconds,
            "socket_connect_timeout": self.seconds,
            "retry": Retry(NoBackoff(), 0),
            "decode_responses": True,
            "protocol": 2,
        }
        made: Callable[..., Any] = SSLConnection if address.tls else Connection
        connection = made(**options)
        connection.connect()
        return connection

    def _close_idle(self) -> None:
        while True:
            try:
                self._idle.get_nowait().disconnect()
            except queue.Empty:
                return
