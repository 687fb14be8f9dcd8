"""The data cache's server: versions are compared and written in one step, and trouble is one kind of error."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.credentials import UsernamePasswordCredentialProvider

from composer.entries import CacheDownError, Entry
from composer.valkey import Address, Valkey
from local_platform import cache_server
from local_platform.cache_server import CacheServer

from .conftest import PASSWORD, an_order_id, connect

AS_OF = "2026-01-31T09:30:00.125Z"


def entry(version: int, text: str | None = "known") -> Entry:
    return Entry(version, None if text is None else {"text": text}, AS_OF, 1_800_000_000.5)


def test_what_is_kept_is_found_as_it_was(store: Valkey) -> None:
    key = an_order_id()
    assert store.get(key) is None
    assert store.put(key, entry(2), 60)
    assert store.get(key) == entry(2)


def test_an_older_read_never_replaces_a_newer(store: Valkey) -> None:
    key = an_order_id()
    assert store.put(key, entry(2, "newer"), 60)
    assert not store.put(key, entry(1, "older"), 60)
    assert store.get(key) == entry(2, "newer")
    assert store.put(key, entry(2, "the same"), 60)
    assert store.put(key, entry(10, "newest"), 60), "a version is a number, not a text"
    assert store.get(key) == entry(10, "newest")


def test_a_tombstone_takes_the_document_and_keeps_older_reads_out(store: Valkey) -> None:
    key = an_order_id()
    store.put(key, entry(1, "older"), 60)
    assert store.put(key, entry(4, None), 60)
    assert store.get(key) == entry(4, None)
    assert not store.put(key, entry(3, "late"), 60)
    assert store.put(key, entry(4, "new"), 60)
    assert store.get(key) == entry(4, "new")


def test_of_many_writers_at_once_the_newest_stays(server: CacheServer) -> None:
    key, versions = an_order_id(), list(range(1, 9))
    together = threading.Barrier(len(versions))

    def write(version: int) -> None:
        store = connect(server)
        together.wait(60)
        for _ in range(20):
            store.put(key, entry(version, str(version)), 60)

    with ThreadPoolExecutor(len(versions)) as pool:
        list(pool.map(write, versions))
    assert connect(server).get(key) == entry(8, "8")


def test_an_entry_goes_by_itself(store: Valkey) -> None:
    key = an_order_id()
    store.put(key, entry(3), 0.001)
    while store.get(key) is not None:
        pass
    assert store.put(key, entry(1), 60)


def test_a_lock_is_one_holders_until_it_gives_it_back(store: Valkey) -> None:
    key = an_order_id()
    assert store.lock(key, "one", 60)
    assert not store.lock(key, "other", 60)
    store.unlock(key, "other")
    assert not store.lock(key, "other", 60)
    store.unlock(key, "one")
    assert store.lock(key, "other", 60)


def test_without_the_password_there_is_no_cache(server: CacheServer) -> None:
    with pytest.raises(CacheDownError, match="AuthenticationError"):
        connect(server, "guessed").get("any")


def test_the_user_may_do_nothing_else(store: Valkey) -> None:
    for command in (("FLUSHALL",), ("KEYS", "*"), ("CONFIG", "GET", "*"), ("ACL", "LIST")):
        with pytest.raises(CacheDownError, match="NoPermissionError"):
            store._call(*command)


def test_a_server_that_says_nothing_is_down() -> None:
    with socket.create_server((cache_server.HOST, 0)) as silent:
        credentials = UsernamePasswordCredentialProvider("a", "b")
        store = Valkey(Address(cache_server.HOST, silent.getsockname()[1], tls=False), credentials, 0.05)
        with pytest.raises(CacheDownError, match="TimeoutError"):
            store.get("any")


def test_a_port_is_waited_for_that_its_server_is_about_to_leave() -> None:
    with socket.create_server((cache_server.HOST, 0)) as leaving:
        port = leaving.getsockname()[1]
        assert not cache_server.await_free(port, seconds=0)
        threading.Timer(0.2, leaving.close).start()
        assert cache_server.await_free(port, seconds=120)
    assert cache_server.is_free(port)


def test_a_server_that_was_away_is_found_again() -> None:
    own = CacheServer.start(cache_server.free_port(), PASSWORD)
    try:
        store = connect(own)
        store.put("key", entry(1), 60)
        own.stop()
        with pytest.raises(CacheDownError):
            store.get("key")
        own.resume()
        assert store.get("key") is None
        assert store.put("key", entry(1), 60)
        # The connection that it has is one of before: nobody notices.
        own.stop()
        own.resume()
        assert store.get("key") is None
    finally:
        own.stop()


def test_a_node_that_names_another_one_is_left_for_that(server: CacheServer) -> None:
    """A replica of a cluster with one shard answers with where the primary is."""
    with socket.create_server((cache_server.HOST, 0)) as replica:

        def answer() -> None:
            connection, _ = replica.accept()
            with connection, connection.makefile("rb") as lines:
                # AUTH and two of CLIENT SETINFO, then the command, each of them an array of bulk strings.
                while True:
                    words = [lines.readline() and lines.readline() for _ in range(int(lines.readline()[1:]))]
                    moved = f"-MOVED 1 {cache_server.HOST}:{server.port}\r\n".encode()
                    connection.sendall(moved if words[0] == b"HMGET\r\n" else b"+OK\r\n")
                    if words[0] == b"HMGET\r\n":
                        return

        thread = threading.Thread(target=answer)
        thread.start()
        credentials = UsernamePasswordCredentialProvider(cache_server.USER, PASSWORD)
        store = Valkey(Address(cache_server.HOST, replica.getsockname()[1], tls=False), credentials, 60)
        key = an_order_id()
        assert store.get(key) is None
        thread.join(60)
        assert store.put(key, entry(1), 60)
    assert connect(server).get(key) == entry(1)
