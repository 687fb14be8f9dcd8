"""The outbox relay: what it publishes, and what it does with what EventBridge or it cannot take."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from saga_kit import aws, outbox, relay
from saga_kit.errors import InvalidEventError
from saga_kit.relay import handler

from .conftest import an_event


class Bus:
    """Takes entries like EventBridge and refuses those whose detail type is in ``refused``."""

    def __init__(self) -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self.refused: set[str] = set()

    def put_events(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.requests.append(Entries)
        results = [
            {"ErrorCode": "InternalFailure"} if entry["DetailType"] in self.refused else {"EventId": "1"}
            for entry in Entries
        ]
        return {"FailedEntryCount": sum("ErrorCode" in result for result in results), "Entries": results}

    @property
    def published(self) -> list[str]:
        return [
            entry["DetailType"]
            for request in self.requests
            for entry in request
            if entry["DetailType"] not in self.refused
        ]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Bus:
    bus = Bus()

    def client(service: str) -> Bus:
        assert service == "events"
        return bus

    monkeypatch.setattr(aws, "client", client)
    return bus


def a_record(number: int, new: str | None, old: str | None = None) -> dict[str, Any]:
    images = {
        name: {"pk": {"S": "step#1"}, outbox.ATTRIBUTE: {"S": text}}
        for name, text in (("NewImage", new), ("OldImage", old))
        if text is not None
    }
    return {"eventID": str(number), "dynamodb": {"SequenceNumber": str(number), **images}}


def a_batch(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def test_publishes_each_new_event_as_the_service(bus: Bus) -> None:
    event = an_event("ParcelPacked")
    assert handler(a_batch(a_record(1, outbox.dump(event))), None) == {"batchItemFailures": []}
    ((entry,),) = bus.requests
    assert (entry["EventBusName"], entry["Source"], entry["DetailType"]) == (
        "parcels",
        "test.parcels",
        "ParcelPacked",
    )
    assert json.loads(entry["Detail"]) == event.detail()
    assert entry["Time"].isoformat() == "2026-01-31T09:30:00+00:00"


def test_publishes_nothing_for_a_change_that_reports_nothing(bus: Bus) -> None:
    text = outbox.dump(an_event())
    records = [
        a_record(1, text, text),
        a_record(2, None, text),
        a_record(3, None),
        {"dynamodb": {"SequenceNumber": "4", "NewImage": {"pk": {"S": "stock"}}}},
    ]
    assert handler(a_batch(*records), None) == {"batchItemFailures": []}
    assert bus.requests == []


def test_publishes_the_new_event_of_a_row_that_had_one(bus: Bus) -> None:
    new, old = outbox.dump(an_event("ParcelUnpacked")), outbox.dump(an_event("ParcelPacked"))
    handler(a_batch(a_record(1, new, old)), None)
    assert bus.published == ["ParcelUnpacked"]


def test_sends_at_most_ten_entries_at_once_and_keeps_their_order(bus: Bus) -> None:
    handler(a_batch(*(a_record(n, outbox.dump(an_event(weight=n + 1))) for n in range(25))), None)
    assert [len(request) for request in bus.requests] == [10, 10, 5]
    weights = [json.loads(entry["Detail"])["data"]["weight"] for request in bus.requests for entry in request]
    assert weights == list(range(1, 26))


def test_keeps_a_request_below_the_quota(bus: Bus) -> None:
    text = outbox.dump(an_event(note="x" * 100_000))
    handler(a_batch(*(a_record(n, text) for n in range(5))), None)
    assert [len(request) for request in bus.requests] == [2, 2, 1]
    assert all(sum(len(entry["Detail"]) for entry in request) <= relay.MAX_BYTES for request in bus.requests)


def test_asks_for_the_stream_again_from_the_first_refused_entry(bus: Bus) -> None:
    bus.refused = {"ParcelRefused"}
    types = ["ParcelOrdered", "ParcelRefused", "ParcelPacked"]
    answer = handler(a_batch(*(a_record(n, outbox.dump(an_event(name))) for n, name in enumerate(types))), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def test_sends_nothing_after_a_request_with_a_refused_entry(bus: Bus) -> None:
    bus.refused = {"ParcelRefused"}
    types = ["ParcelRefused"] + ["ParcelOrdered"] * 14
    answer = handler(a_batch(*(a_record(n, outbox.dump(an_event(name))) for n, name in enumerate(types))), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}]}
    assert len(bus.requests) == 1


@pytest.mark.parametrize(
    "poison",
    [a_record(2, "not json"), a_record(2, "{}"), {}, {"dynamodb": {"SequenceNumber": "2", "NewImage": "x"}}],
)
def test_a_record_that_cannot_be_read_fails_the_batch_before_anything_is_sent(bus: Bus, poison: dict[str, Any]) -> None:
    with pytest.raises(InvalidEventError):
        handler(a_batch(a_record(1, outbox.dump(an_event())), poison), None)
    assert bus.requests == []


def test_a_count_without_a_culprit_is_not_taken_for_a_success(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    put: Callable[..., dict[str, Any]] = bus.put_events
    monkeypatch.setattr(bus, "put_events", lambda Entries: {**put(Entries), "FailedEntryCount": 1})
    with pytest.raises(InvalidEventError, match="FailedEntryCount"):
        handler(a_batch(a_record(1, outbox.dump(an_event()))), None)


def test_publishes_the_detail_as_it_stands_in_the_row(bus: Bus) -> None:
    text = outbox.dump(an_event(note='Zoë "quoted" \\ 東京 \U0001f600'))
    handler(a_batch(a_record(1, text)), None)
    ((entry,),) = bus.requests
    assert f'{{"detail_type":"{entry["DetailType"]}","detail":{entry["Detail"]}}}' == text


@pytest.mark.parametrize("half", [chr(0xD800), chr(0xDFFF)])
def test_no_row_is_given_half_of_a_surrogate_pair(half: str) -> None:
    with pytest.raises(InvalidEventError, match="half of a surrogate pair"):
        outbox.dump(an_event(note=half))


@pytest.mark.parametrize("escape", ["\\ud800", "\\uDFFF", "\\ude00\\ud83d", chr(0xD800), chr(0xDFFF)])
def test_does_not_publish_half_of_a_surrogate_pair(bus: Bus, escape: str) -> None:
    text = outbox.dump(an_event(note="HERE")).replace("HERE", escape)
    with pytest.raises(InvalidEventError, match="UnicodeEncodeError"):
        handler(a_batch(a_record(1, text)), None)
    assert bus.requests == []


def test_publishes_a_pair_that_is_written_as_escapes(bus: Bus) -> None:
    handler(a_batch(a_record(1, outbox.dump(an_event(note="HERE")).replace("HERE", "\\ud83d\\ude00"))), None)
    ((entry,),) = bus.requests
    assert json.loads(entry["Detail"])["data"]["note"] == "\U0001f600"


@pytest.mark.parametrize(
    "change",
    [lambda text: text + " ", lambda text: text[:-1] + ',"more":1}', lambda text: text.replace("detail_", "x")],
)
def test_does_not_publish_what_the_kit_does_not_write(bus: Bus, change: Callable[[str], str]) -> None:
    with pytest.raises(InvalidEventError):
        handler(a_batch(a_record(1, change(outbox.dump(an_event())))), None)
    assert bus.requests == []


@pytest.mark.parametrize("change", [None, 7, "text", {"SequenceNumber": "1", "NewImage": 7}, {"NewImage": {}}])
def test_a_record_that_is_none_of_a_stream_is_refused(bus: Bus, change: Any) -> None:
    with pytest.raises(InvalidEventError, match="Records"):
        handler({"Records": [{"dynamodb": change}]}, None)
    assert bus.requests == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("detail_type",), 7),
        (("detail",), []),
        (("detail", "data"), "text"),
        (("detail", "data"), {"name": "\ud800"}),
        (("detail", "meta"), None),
        (("detail", "meta", "occurred_at"), 7),
        (("detail", "meta", "occurred_at"), "yesterday"),
        (("detail", "meta", "extra"), "x"),
    ],
)
def test_a_row_without_an_event_that_could_be_sent_is_refused(bus: Bus, path: tuple[str, ...], value: Any) -> None:
    document = json.loads(outbox.dump(an_event()))
    inside = document
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] = value
    with pytest.raises(InvalidEventError, match="outbox: expected a serialised event"):
        handler({"Records": [a_record(1, json.dumps(document, separators=(",", ":")))]}, None)
    assert bus.requests == []
