"""The commands of `scripts/saga`, against an API that answers from memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click
import pytest
from click.testing import CliRunner

from dead_letters.letters import Kind, Letter, Queue
from environments import options
from environments.target import Target
from local_platform.client import STEPS, PlatformError
from saga_cli import commands, dead, lists

ORDER = "0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"
NOW = datetime(2026, 1, 31, 10, 0, tzinfo=UTC)


def told(*detail_types: str, state: str = "open") -> dict[str, Any]:
    events = [
        {
            "detail_type": name,
            "producer": "place_order",
            "since_start_ms": number * 10,
            "cause": None,
            "causation_id": None,
        }
        for number, name in enumerate(detail_types)
    ]
    return {"state": state, "duration_ms": None if state == "open" else 70, "events": events}


def saga(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "saga_id": f"00000000-0000-5000-8000-{number:012}",
        "state": "open",
        "started_at": "2026-01-31T09:40:00.000Z",
        "deadline_at": "2026-01-31T09:55:00.000Z",
        "deadline_exceeded_at": None,
        "ended_at": None,
        "stuck": False,
        **changes,
    }


class FakeClient:
    """Stands for `local_platform.client.Client`."""

    def __init__(self) -> None:
        self.outputs = {"functions": {f"{key}/{name}": {"name": f"shop-dev-{name}"} for key, name in STEPS.items()}}
        self.stories: list[Any] = [told("OrderPlaced"), told("OrderPlaced", "CustomerNotified", state="completed")]
        self.sagas: list[dict[str, Any]] = []
        self.placed: list[tuple[Mapping[str, Any], str]] = []
        self.stocked: list[str] = []
        self.cancelled: list[str] = []
        self.asked: list[dict[str, list[str]]] = []

    def story(self, order_id: str) -> Any:
        assert order_id == ORDER
        return self.stories.pop(0) if len(self.stories) > 1 else self.stories[0]

    def rows(self, order_id: str) -> dict[str, str]:
        return {"order": "PLACED"}

    def place(self, order: Mapping[str, Any], key: str) -> str:
        self.placed.append((order, key))
        return ORDER

    def stock(self, delivery: str, sku: str, quantity: int, price: int) -> None:
        self.stocked.append(sku)

    def await_event(self, order_id: str, detail_type: str) -> None:
        assert detail_type == "StockReserved"

    def cancel(self, order_id: str) -> None:
        self.cancelled.append(order_id)

    def expect(self, method: str, path: str) -> dict[str, Any]:
        query = parse_qs(urlsplit(path).query)
        self.asked.append(query)
        start, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        page = {"sagas": self.sagas[start : start + limit]}
        return page if start + limit >= len(self.sagas) else {**page, "cursor": str(start + limit)}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    fake = FakeClient()
    monkeypatch.setattr(options, "find", lambda **_: Target("test", fake))  # type: ignore[arg-type]  # as much of a client as it takes
    monkeypatch.setattr(commands, "POLL_SECONDS", 0)
    return fake


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(commands.main, arguments, standalone_mode=False)
    if result.exception and not isinstance(result.exception, (click.ClickException, PlatformError)):
        raise result.exception
    return result


class TestPlace:
    def test_an_order_is_placed_and_its_saga_shown_to_the_end(self, client: FakeClient) -> None:
        result = run("place", "--key", "key-1", "--customer", "eve")
        assert result.return_value == 0
        ((order, key),) = client.placed
        assert (order["customer_id"], order["payment"]["token"], key) == ("eve", "tok_approve", "key-1")
        assert "CustomerNotified" in result.output
        assert "order PLACED" in result.output

    def test_only_its_id_where_nobody_watches(self, client: FakeClient) -> None:
        assert run("place", "--no-watch", "--card", "tok_decline").output == f"{ORDER}\n"
        assert client.placed[0][0]["payment"] == {"token": "tok_decline", "last4": "4242"}

    def test_every_time_another_key(self, client: FakeClient) -> None:
        run("place", "--no-watch")
        run("place", "--no-watch")
        assert client.placed[0][1] != client.placed[1][1]

    def test_a_customer_who_cancels(self, client: FakeClient) -> None:
        run("place", "cancelled", "--no-watch")
        assert client.cancelled == [ORDER]

    def test_stock_comes_first(self, client: FakeClient) -> None:
        run("place", "--stock", "--no-watch")
        assert "TEAPOT-1" in client.stocked

    def test_the_order_in_a_file(self, client: FakeClient, tmp_path: Any) -> None:
        path = tmp_path / "order.json"
        path.write_text('{"customer_id": "ada"}')
        run("place", "--order", str(path), "--no-watch")
        assert client.placed[0][0] == {"customer_id": "ada"}

    @pytest.mark.parametrize("text", [None, "{", "[]"])
    def test_a_file_that_holds_no_order(self, client: FakeClient, tmp_path: Any, text: str | None) -> None:
        path = tmp_path / "order.json"
        if text is not None:
            path.write_text(text)
        result = run("place", "--order", str(path))
        assert isinstance(result.exception, PlatformError)
        assert str(path) in str(result.exception)
        assert client.placed == []

    def test_a_scenario_that_there_is_not(self, client: FakeClient) -> None:
        assert isinstance(run("place", "nonsense").exception, click.UsageError)


class TestWatch:
    def test_a_saga_that_stays_open_is_an_exit_code_of_its_own(self, client: FakeClient) -> None:
        client.stories = [told("OrderPlaced")]
        assert run("watch", ORDER, "--timeout", "1").return_value == commands.STILL_OPEN

    def test_an_order_that_nobody_knows(self, client: FakeClient) -> None:
        client.stories = [None]
        assert "nothing is on record" in str(run("watch", ORDER, "--timeout", "1").exception)

    def test_it_waits_for_the_notice_but_not_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(commands, "POLL_SECONDS", 0)
        monkeypatch.setattr(commands, "SETTLE_SECONDS", 0.05)
        seen: list[Any] = []
        ended = told("ShipmentBooked", state="completed")
        assert commands.follow(lambda: ended, seen.append, 10) == ended
        assert seen == [ended]

    @pytest.mark.parametrize("order_id", ["x", ORDER.upper(), f"{ORDER}0", f"{ORDER}/.."])
    @pytest.mark.parametrize("command", ["show", "watch"])
    def test_what_is_no_id_is_refused(self, client: FakeClient, command: str, order_id: str) -> None:
        result = run(command, order_id)
        assert isinstance(result.exception, click.BadParameter)
        assert "a UUID in lower case" in str(result.exception)


class TestShow:
    def test_it_is_drawn(self, client: FakeClient) -> None:
        output = run("show", ORDER).output
        assert "OrderPlaced" in output
        assert "rows  order PLACED" in output

    def test_without_known_functions_there_are_no_rows(self, client: FakeClient) -> None:
        client.outputs = {"functions": {}}
        output = run("show", ORDER).output
        assert "OrderPlaced" in output
        assert "rows" not in output

    def test_as_json(self, client: FakeClient) -> None:
        assert json.loads(run("show", ORDER, "--json").output) == told("OrderPlaced")

    def test_an_order_that_nobody_knows(self, client: FakeClient) -> None:
        client.stories = [None]
        assert "nothing is on record" in str(run("show", ORDER).exception)


class TestLists:
    def test_open_ones(self, client: FakeClient) -> None:
        client.sagas = [saga(1)]
        assert saga(1)["saga_id"] in run("list").output
        assert client.asked == [{"state": ["open"], "limit": ["50"]}]

    def test_ended_ones_of_a_day(self, client: FakeClient) -> None:
        assert "No saga ended then." in run("list", "--ended", "--day", "2026-01-31").output
        assert client.asked == [{"state": ["ended"], "day": ["2026-01-31"], "limit": ["50"]}]
        assert isinstance(run("list", "--day", "2026-01-31").exception, click.UsageError)

    def test_page_by_page_up_to_the_limit(self, client: FakeClient) -> None:
        client.sagas = [saga(number) for number in range(250)]
        found = json.loads(run("list", "--limit", "230", "--json").output)
        assert (len(found["sagas"]), found["more"]) == (230, True)
        assert [query["limit"] for query in client.asked] == [["100"], ["100"], ["30"]]
        everything = json.loads(run("list", "--limit", "1000", "--json").output)
        assert (len(everything["sagas"]), everything["more"]) == (250, False)

    def test_more_than_are_shown_is_told(self, client: FakeClient) -> None:
        client.sagas = [saga(number) for number in range(3)]
        assert "and more than these 2" in run("list", "--limit", "2").output

    def test_stuck_ones_are_an_exit_code(self, client: FakeClient) -> None:
        result = run("stuck")
        assert (result.return_value, result.output) == (0, "No saga is stuck.\n")
        client.sagas = [saga(1, stuck=True)]
        result = run("stuck")
        assert (result.return_value, client.asked[-1]["state"]) == (1, ["stuck"])
        assert "stuck" in result.output

    @pytest.mark.parametrize(
        ("changes", "due"),
        [
            ({"deadline_at": "2026-01-31T10:05:00.000Z"}, "in 5 min 00 s"),
            ({}, "5 min 00 s ago, not told yet"),
            ({"deadline_exceeded_at": "2026-01-31T09:55:30.000Z"}, "5 min 00 s ago, being reversed"),
            ({"stuck": True}, "5 min 00 s ago, stuck"),
            ({"state": "completed", "ended_at": "2026-01-31T09:40:01.500Z"}, "kept"),
            ({"state": "reversed", "ended_at": "2026-01-31T09:56:00.000Z"}, "missed by 1 min 00 s"),
        ],
    )
    def test_how_a_deadline_is_told(self, changes: dict[str, Any], due: str) -> None:
        table = lists.table([saga(1, **changes)], NOW)
        assert [str(cell) for cell in table.columns[4].cells] == [due]

    def test_a_saga_whose_start_is_not_on_record(self) -> None:
        table = lists.table([saga(1, started_at=None, ended_at="2026-01-31T09:50:00.000Z", state="reversed")], NOW)
        assert [[str(cell) for cell in column.cells] for column in table.columns[2:4]] == [["not on record"], [""]]

    @pytest.mark.parametrize(
        ("seconds", "text"),
        [(0.4125, "0.412 s"), (59.9994, "59.999 s"), (60, "1 min 00 s"), (7_500, "2 h 05 min"), (273_600, "3 d 4 h")],
    )
    def test_durations(self, seconds: float, text: str) -> None:
        assert lists.span(timedelta(seconds=seconds)) == text


class TestDeadLettered:
    @pytest.fixture
    def letters(self, monkeypatch: pytest.MonkeyPatch) -> list[Letter]:
        found: list[Letter] = []

        class FakeOffice:
            def __init__(self, target: Target) -> None:
                self.held = True

            def queues(self) -> list[Queue]:
                return []

            def take(self, queues: list[Queue]) -> list[Letter]:
                return found

            def release(self) -> None:
                self.held = False

        monkeypatch.setattr(dead, "Office", FakeOffice)
        return found

    def letter(self, *orders: str) -> Letter:
        queue = Queue("payment/reverse_pymt/failed", "shop-dev-payment-reverse_pymt-failed", "https://queue")
        sent_at = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
        return Letter(queue, "m1", "r1", sent_at, Kind.FAILED, "ShipmentReversed", "retries used up", orders=orders)

    def test_a_saga_is_listed_with_its_state_and_what_is_in_which_queue(
        self, client: FakeClient, letters: list[Letter]
    ) -> None:
        letters += [self.letter(ORDER), self.letter(ORDER), self.letter()]
        result = run("list", "--dead-lettered", "--json")
        assert result.return_value == 1
        (listed,) = json.loads(result.output)["sagas"]
        assert (listed["saga_id"], listed["state"]) == (ORDER, "open")
        assert [one["queue"] for one in listed["dead_letters"]] == ["payment/reverse_pymt/failed"] * 2
        shown = run("list", "--dead-lettered")
        assert shown.return_value == 1
        assert shown.output.count(ORDER) == 1
        assert shown.output.count("ShipmentReversed") == 2

    def test_one_that_the_log_knows_nothing_of_is_listed_too(self, client: FakeClient, letters: list[Letter]) -> None:
        letters.append(self.letter(ORDER))
        client.stories = [None]
        assert "not on record" in run("list", "--dead-lettered").output

    def test_there_are_none(self, client: FakeClient, letters: list[Letter]) -> None:
        result = run("list", "--dead-lettered")
        assert (result.return_value, "No saga has a message" in result.output) == (0, True)
        assert json.loads(run("list", "--dead-lettered", "--json").output) == {"sagas": [], "more": False}

    def test_it_goes_with_no_other_list(self, client: FakeClient) -> None:
        assert "expected it without" in str(run("list", "--dead-lettered", "--ended").exception)
