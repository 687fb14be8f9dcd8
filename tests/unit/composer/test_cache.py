"""The data cache: fresh or read again, one reader for many, no older over a newer, and no worse than none when down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from composer.cache import FAILURES, Breaker, Cache, Times
from composer.entries import CacheDownError, Entry
from composer.sections import ORDER, PAYMENT, SECTIONS, Section, of_event
from composer.sources import UnavailableError
from composer.valkey import Valkey

from .conftest import DOCUMENTS, an_order_id

SUCCEEDED = {"state": "SUCCEEDED"}
REVERSED = {"state": "REVERSED"}
PENDING = {"state": "PENDING"}

FRESH = Times(fresh=3600, keep=7200, lock=60, wait=120)
STALE = Times(fresh=-1, keep=3600, lock=60, wait=120)


class Loads:
    """Reads of a service, each of which gives the next document; the last one for good."""

    def __init__(self, *documents: Mapping[str, Any] | Exception | None) -> None:
        self.documents = list(documents)
        self.count = 0

    def __call__(self) -> Mapping[str, Any] | None:
        self.count += 1
        found = self.documents.pop(0) if len(self.documents) > 1 else self.documents[0]
        if isinstance(found, Exception):
            raise found
        return found


def test_what_is_fresh_is_not_read_again(store: Valkey) -> None:
    cache, order_id, loads = Cache(store, times=FRESH), an_order_id(), Loads(SUCCEEDED, REVERSED)
    first = cache.read(PAYMENT, order_id, loads)
    second = cache.read(PAYMENT, order_id, loads)
    assert (first.document, second.document, loads.count) == (SUCCEEDED, SUCCEEDED, 1)
    assert (first.cached, second.cached) == (False, True)
    assert first.as_of == second.as_of, "it is as old as its read"


def test_what_is_not_fresh_is_read_again(store: Valkey) -> None:
    cache, order_id, loads = Cache(store, times=STALE), an_order_id(), Loads(SUCCEEDED, REVERSED)
    assert [cache.read(PAYMENT, order_id, loads).document for _ in range(2)] == [SUCCEEDED, REVERSED]


def test_sections_and_orders_are_kept_apart(store: Valkey) -> None:
    cache, order_id = Cache(store, times=FRESH), an_order_id()
    cache.read(PAYMENT, order_id, Loads(SUCCEEDED))
    for section, other in ((SECTIONS["shipment"], order_id), (PAYMENT, an_order_id())):
        assert cache.read(section, other, Loads(PENDING)).document == PENDING
    assert Cache(store, "another:", FRESH).read(PAYMENT, order_id, Loads(PENDING)).document == PENDING


def test_nothing_is_not_remembered(store: Valkey) -> None:
    cache, order_id, loads = Cache(store, times=FRESH), an_order_id(), Loads(None, SUCCEEDED)
    assert cache.read(PAYMENT, order_id, loads).document is None
    assert cache.read(PAYMENT, order_id, loads).document == SUCCEEDED
    notices = {"order_id": order_id, "notices": []}
    told = {"order_id": order_id, "notices": [{"attempts": 1, "sent_at": "2026-01-31T09:30:00.125Z"}]}
    loads = Loads(notices, told)
    assert [cache.read(SECTIONS["notices"], order_id, loads).document for _ in range(3)] == [notices, told, told]


def test_a_read_that_took_long_does_not_undo_what_is_known_since(store: Valkey) -> None:
    cache, order_id = Cache(store, times=FRESH), an_order_id()

    def slow() -> Mapping[str, Any]:
        assert cache.refresh(PAYMENT, order_id, Loads(REVERSED))
        return SUCCEEDED

    cache.read(PAYMENT, order_id, slow)
    assert cache.read(PAYMENT, order_id, Loads(PENDING)).document == REVERSED


def test_nor_does_one_that_meets_a_tombstone(store: Valkey) -> None:
    cache, order_id = Cache(store, times=FRESH), an_order_id()

    def slow() -> Mapping[str, Any]:
        assert cache.outdate(PAYMENT, order_id, 4)
        return SUCCEEDED

    cache.read(PAYMENT, order_id, slow)
    loads = Loads(REVERSED)
    assert cache.read(PAYMENT, order_id, loads).document == REVERSED
    assert cache.read(PAYMENT, order_id, loads).document == REVERSED
    assert loads.count == 1


def test_an_event_that_the_cache_is_ahead_of_changes_nothing(store: Valkey) -> None:
    cache, order_id, loads = Cache(store, times=FRESH), an_order_id(), Loads(REVERSED)
    cache.read(PAYMENT, order_id, loads)
    assert cache.outdate(PAYMENT, order_id, 2)
    assert cache.read(PAYMENT, order_id, loads).document == REVERSED
    assert loads.count == 1


def test_of_many_who_miss_at_once_one_reads(store: Valkey) -> None:
    """The reader does not answer before all the others have found that somebody reads."""
    order_id, readers = an_order_id(), 6
    waiting, counted = threading.Semaphore(0), Counting(store)
    counted.refused = waiting.release
    cache, loads = Cache(counted, times=FRESH), Loads(SUCCEEDED)

    def load() -> Mapping[str, Any] | None:
        for _ in range(readers - 1):
            assert waiting.acquire(timeout=120)
        return loads()

    with ThreadPoolExecutor(readers) as pool:
        found = list(pool.map(lambda _: cache.read(PAYMENT, order_id, load), range(readers)))
    assert [read.document for read in found] == [SUCCEEDED] * readers
    assert loads.count == 1


def test_while_one_reads_the_others_get_the_last_one_known(store: Valkey) -> None:
    cache, order_id = Cache(store, times=STALE), an_order_id()
    cache.read(PAYMENT, order_id, Loads(SUCCEEDED))

    def load() -> Mapping[str, Any]:
        meanwhile = cache.read(PAYMENT, order_id, Loads(AssertionError("a second reader")))
        assert (meanwhile.document, meanwhile.cached) == (SUCCEEDED, True)
        return REVERSED

    assert cache.read(PAYMENT, order_id, load).document == REVERSED


def test_nobody_waits_for_a_reader_who_does_not_come_back(store: Valkey) -> None:
    order_id = an_order_id()
    cache = Cache(store, times=Times(fresh=3600, keep=7200, lock=3600, wait=0.05))
    assert store.lock(f"payment:{order_id}", "gone", 3600)
    assert cache.read(PAYMENT, order_id, Loads(SUCCEEDED)).document == SUCCEEDED


def test_a_reader_who_fails_lets_the_next_one_try(store: Valkey) -> None:
    cache, order_id = Cache(store, times=FRESH), an_order_id()
    with pytest.raises(UnavailableError):
        cache.read(PAYMENT, order_id, Loads(UnavailableError("payment")))
    assert cache.read(PAYMENT, order_id, Loads(SUCCEEDED)).document == SUCCEEDED


def test_while_a_service_is_down_the_last_one_known_is_shown(store: Valkey) -> None:
    cache, order_id = Cache(store, times=STALE), an_order_id()
    before = cache.read(PAYMENT, order_id, Loads(SUCCEEDED))
    shown = cache.read(PAYMENT, order_id, Loads(UnavailableError("payment")))
    assert (shown.document, shown.as_of, shown.cached) == (SUCCEEDED, before.as_of, True)
    cache.outdate(PAYMENT, order_id, 4)
    with pytest.raises(UnavailableError):
        cache.read(PAYMENT, order_id, Loads(UnavailableError("payment")))


class Counting:
    """A store that counts its calls, and can be down."""

    def __init__(self, store: Valkey | None) -> None:
        self.store = store
        self.calls = 0
        self.refused: Callable[[], None] = lambda: None

    def _store(self) -> Valkey:
        self.calls += 1
        if self.store is None:
            raise CacheDownError("down")
        return self.store

    def get(self, key: str) -> Entry | None:
        return self._store().get(key)

    def put(self, key: str, entry: Entry, keep_seconds: float) -> bool:
        return self._store().put(key, entry, keep_seconds)

    def lock(self, key: str, holder: str, seconds: float) -> bool:
        taken = self._store().lock(key, holder, seconds)
        if not taken:
            self.refused()
        return taken

    def unlock(self, key: str, holder: str) -> None:
        self._store().unlock(key, holder)


def test_without_a_cache_the_services_are_asked_each_time() -> None:
    cache, loads = Cache(None), Loads(SUCCEEDED, REVERSED)
    assert [cache.read(PAYMENT, "any", loads).document for _ in range(2)] == [SUCCEEDED, REVERSED]
    assert not cache.refresh(PAYMENT, "any", loads)
    assert not cache.outdate(PAYMENT, "any", 4)


def test_a_cache_that_is_down_is_asked_a_few_times_and_then_left_alone() -> None:
    store, loads = Counting(None), Loads(SUCCEEDED)
    cache = Cache(store, times=FRESH, breaker=Breaker(pause_seconds=3600))
    for _ in range(10):
        assert cache.read(PAYMENT, "any", loads).document == SUCCEEDED
    assert (store.calls, loads.count) == (FAILURES, 10)


def test_after_a_pause_it_is_asked_again(store: Valkey) -> None:
    counted, loads, order_id = Counting(None), Loads(SUCCEEDED), an_order_id()
    cache = Cache(counted, times=FRESH, breaker=Breaker(pause_seconds=0))
    cache.read(PAYMENT, order_id, loads)
    counted.store = store
    for _ in range(3):
        assert cache.read(PAYMENT, order_id, loads).document == SUCCEEDED
    assert loads.count == 2


@pytest.mark.parametrize(
    ("section", "documents"),
    [
        (
            ORDER,
            [
                {"state": "PLACED", "cancellation_requested": False},
                {"state": "PLACED", "cancellation_requested": True},
                {"state": "CANCELLED", "cancellation_requested": True},
            ],
        ),
        (ORDER, [{"state": "REJECTED", "cancellation_requested": False}, {"state": "CANCELLED"}]),
        (PAYMENT, [PENDING, SUCCEEDED, {"state": "REVERSING"}, REVERSED]),
        (PAYMENT, [PENDING, {"state": "FAILED"}, REVERSED]),
        (
            SECTIONS["notices"],
            [
                {"notices": [{"attempts": 1}]},
                {"notices": [{"attempts": 2}]},
                {"notices": [{"attempts": 2, "sent_at": "2026-01-31T09:30:00.125Z"}]},
            ],
        ),
    ],
)
def test_a_version_grows_with_every_change(section: Section, documents: list[dict[str, Any]]) -> None:
    versions = [section.version(document) for document in documents]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize(
    ("detail_type", "document"),
    [
        ("OrderRejected", {"state": "REJECTED", "cancellation_requested": False}),
        ("OrderCancellationRequested", {"state": "PLACED", "cancellation_requested": True}),
        ("OrderCancelled", {"state": "CANCELLED"}),
        ("StockReserved", SUCCEEDED),
        ("StockRejected", {"state": "FAILED"}),
        ("StockReleased", REVERSED),
        ("PaymentAuthorized", SUCCEEDED),
        ("PaymentDeclined", {"state": "FAILED"}),
        ("PaymentReversed", REVERSED),
        ("ShipmentBooked", SUCCEEDED),
        ("ShipmentRejected", {"state": "FAILED"}),
        ("ShipmentReversed", REVERSED),
    ],
)
def test_an_event_has_the_version_of_the_document_that_it_tells_of(detail_type: str, document: dict[str, Any]) -> None:
    section, version = of_event(detail_type)
    assert section.version(document) == version


def test_a_notice_that_was_sent_is_not_older_than_the_event_says() -> None:
    section, version = of_event("CustomerNotified")
    sent = {"notices": [{"attempts": 1, "sent_at": "2026-01-31T09:30:00.125Z"}]}
    assert section.version(sent) >= version
    assert section.version({"notices": [{"attempts": 999}]}) < version


def test_every_document_of_the_fixtures_has_a_version() -> None:
    there = {name: document for name, document in DOCUMENTS.items() if document}
    assert {name for name, document in there.items() if SECTIONS[name].is_there(document)} == {
        *("order", "stock", "payment")
    }
