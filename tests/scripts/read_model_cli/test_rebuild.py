"""Which generation is read and which is filled, how they differ, and what the command does about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from environments.target import Target
from local_platform import story
from local_platform.client import PlatformError
from read_model_cli import commands
from read_model_cli.generations import LIVE, Pair
from read_model_cli.replay import Archive

EVENTS = "shop-dev-read_model"


def entry(name: str, url: str = "https://queue") -> dict[str, Any]:
    rules = [f"arn:aws:events:eu-west-1:123456789012:rule/shop-dev-events/project_{name}"]
    return {"table": {"name": f"{EVENTS}-{name}"}, "queue": {"name": name, "url": url}, "rule_arns": rules}


class FakeClient:
    """Stands for `local_platform.client.Client`."""

    def __init__(self, *generations: str) -> None:
        make: Any = boto3.client
        self.clients: dict[str, Any] = {
            name: make(name, region_name="eu-west-1") for name in ("dynamodb", "sqs", "events")
        }
        sqs = self.clients["sqs"]
        urls = {name: sqs.create_queue(QueueName=f"{name}-events")["QueueUrl"] for name in generations}
        dead = {
            f"read_model/project_{name}/{kind}": {"url": sqs.create_queue(QueueName=f"{name}-{kind}")["QueueUrl"]}
            for name in generations
            for kind in ("failed", "undelivered")
        }
        self.outputs: dict[str, Any] = {
            "tables": {"read_model": {"name": EVENTS}},
            "read_model": {name: entry(name, urls[name]) for name in generations},
            "queues": dead,
            "event_bus": {"name": "shop-dev-events"},
        }
        keys = {EVENTS: ("pk", "sk"), **{f"{EVENTS}-{name}": ("pk",) for name in generations}}
        for table, names in keys.items():
            self.clients["dynamodb"].create_table(
                TableName=table,
                KeySchema=[
                    {"AttributeName": name, "KeyType": kind}
                    for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
                ],
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
                BillingMode="PAY_PER_REQUEST",
            )

    def aws(self, service: str) -> Any:
        return self.clients[service]

    def put(self, generation: str, order: str, **texts: str) -> None:
        item = {"pk": {"S": f"order#{order}"}, **{name: {"S": text} for name, text in texts.items()}}
        self.clients["dynamodb"].put_item(TableName=f"{EVENTS}-{generation}", Item=item)

    def live(self) -> Any:
        return self.clients["dynamodb"].get_item(TableName=EVENTS, Key=LIVE).get("Item", {}).get("generation")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(commands, "POLL_SECONDS", 0.0)
    with mock_aws():
        yield


def target(client: FakeClient) -> Target:
    return Target("test", client)  # type: ignore[arg-type]  # as much of a client as it takes


@pytest.mark.parametrize("generations", [["g1"], ["g1", "g2", "g3"]])
def test_two_generations_are_needed(generations: list[str]) -> None:
    with pytest.raises(PlatformError, match=f"found {', '.join(generations)}: add one"):
        Pair.of(target(FakeClient(*generations)))


@pytest.mark.parametrize(
    ("told", "live", "new"), [(None, "g9", "g10"), ("g9", "g9", "g10"), ("g10", "g10", "g9"), ("g8", "g9", "g10")]
)
def test_what_the_item_does_not_name_is_made_anew(told: str | None, live: str, new: str) -> None:
    client = FakeClient("g10", "g9")
    if told:
        client.aws("dynamodb").put_item(TableName=EVENTS, Item={**LIVE, "generation": {"S": told}})
    pair = Pair.of(target(client))
    assert (pair.live.name, pair.new.name) == (live, new)


def test_the_new_one_is_read_after_the_switch_and_is_switched_to_once() -> None:
    client = FakeClient("g1", "g2")
    pair = Pair.of(target(client))
    pair.switch()
    assert client.live() == {"S": "g2"}
    with pytest.raises(PlatformError, match="g2 is read already"):
        pair.switch()
    assert Pair.of(target(client)).new.name == "g1"


def test_every_difference_is_found() -> None:
    client = FakeClient("g1", "g2")
    for order in ("same", "other", "lost"):
        client.put("g1", order, state="SHIPPED")
    client.put("g2", "same", state="SHIPPED")
    client.put("g2", "other", state="PAID", reason="x")
    client.put("g2", "more", state="PAID")
    pair = Pair.of(target(client))
    expected = {
        "order#lost": "not in g2",
        "order#more": "only in g2",
        "order#other": "other reason, state",
    }
    assert pair.differences() == expected
    assert {key: pair.difference(key) for key in expected} == expected
    assert pair.difference("order#same") is None


def test_what_waits_and_what_was_given_up_is_counted() -> None:
    client = FakeClient("g1", "g2")
    pair = Pair.of(target(client))
    sqs = client.aws("sqs")
    sqs.send_message(QueueUrl=client.outputs["read_model"]["g2"]["queue"]["url"], MessageBody="{}")
    sqs.send_message(QueueUrl=client.outputs["queues"]["read_model/project_g2/failed"]["url"], MessageBody="{}")
    assert (pair.waiting(pair.new), pair.waiting(pair.live)) == (1, 0)
    assert pair.given_up(pair.new) == {"read_model/project_g2/failed": 1}
    assert pair.given_up(pair.live) == {}


class FakeEvents:
    """A bus with an archive whose replays have come to an end when they are asked for."""

    def __init__(self, state: str = "COMPLETED") -> None:
        self.state = state
        self.started: list[dict[str, Any]] = []
        self.archives = [{"ArchiveName": "all"}]

    def describe_event_bus(self, *, Name: str) -> Any:
        return {"Name": Name, "Arn": f"arn:{Name}"}

    def list_archives(self, *, EventSourceArn: str) -> Any:
        return {"Archives": self.archives}

    def describe_archive(self, *, ArchiveName: str) -> Any:
        return {"ArchiveArn": f"arn:{ArchiveName}", "CreationTime": datetime(2026, 1, 31, tzinfo=UTC)}

    def start_replay(self, **request: Any) -> None:
        self.started.append(request)

    def describe_replay(self, *, ReplayName: str) -> Any:
        return {"State": self.state, "StateReason": "somebody stopped it"}


@pytest.fixture
def filled() -> tuple[FakeClient, FakeEvents]:
    client, events = FakeClient("g1", "g2"), FakeEvents()
    client.clients["events"] = events
    for generation in ("g1", "g2"):
        client.put(generation, "same", state="SHIPPED")
    return client, events


def command(client: FakeClient, **options: Any) -> int:
    chosen = {"switch": True, "even_if_different": False, "archive_lag": 0, "timeout": 60, **options}
    work: Any = commands.main.callback
    result: int = work.__wrapped__(target(client), **chosen)
    return result


def test_a_replay_is_aimed_at_the_new_generation_alone(
    filled: tuple[FakeClient, FakeEvents], capsys: pytest.CaptureFixture[str]
) -> None:
    client, events = filled
    assert command(client) == 0
    (started,) = events.started
    assert started["Destination"] == {
        "Arn": "arn:shop-dev-events",
        "FilterArns": client.outputs["read_model"]["g2"]["rule_arns"],
    }
    assert started["EventStartTime"] <= datetime(2026, 1, 31, tzinfo=UTC)
    assert client.live() == {"S": "g2"}
    assert "g2 equals g1" in capsys.readouterr().out


def test_what_differs_is_not_switched_to_unless_somebody_says_so(
    filled: tuple[FakeClient, FakeEvents], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    client, _ = filled
    client.put("g1", "older-than-the-archive", state="SHIPPED")
    compare = commands._compare
    monkeypatch.setattr(commands, "_compare", lambda pair, deadline: compare(pair, deadline, patience=0))
    assert command(client) == 1
    assert client.live() is None
    assert "older-than-the-archive  not in g2" in capsys.readouterr().out
    assert command(client, even_if_different=True) == 0
    assert client.live() == {"S": "g2"}


def test_nothing_is_switched_when_only_looking_nor_after_events_were_given_up(
    filled: tuple[FakeClient, FakeEvents],
) -> None:
    client, _ = filled
    assert command(client, switch=False) == 0
    failed = client.outputs["queues"]["read_model/project_g2/failed"]["url"]
    client.aws("sqs").send_message(QueueUrl=failed, MessageBody="{}")
    with pytest.raises(PlatformError, match="given up: 1 in read_model/project_g2/failed"):
        command(client)
    assert client.live() is None


def test_a_replay_that_does_not_end_well_is_told(filled: tuple[FakeClient, FakeEvents]) -> None:
    client, events = filled
    events.state = "CANCELLED"
    with pytest.raises(PlatformError, match="cancelled: somebody stopped it"):
        command(client)
    events.archives = []
    with pytest.raises(PlatformError, match="expected one archive of shop-dev-events, found 0"):
        Archive(target(client)).replay(Pair.of(target(client)).new)


@pytest.mark.parametrize(("age", "waited"), [(0, True), (700, False)])
def test_events_on_their_way_to_the_archive_are_waited_for(
    age: int, waited: bool, filled: tuple[FakeClient, FakeEvents], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _ = filled
    slept: list[float] = []
    monkeypatch.setattr("read_model_cli.commands.time.sleep", slept.append)
    made = {"Table": {"CreationDateTime": datetime.now(UTC) - timedelta(seconds=age)}}
    pair: Any = SimpleNamespace(target=target(client), new=SimpleNamespace(table="t"))
    client.clients["dynamodb"] = SimpleNamespace(describe_table=lambda **_: made)
    commands._let_the_archive_catch_up(story.terminal(), pair, 600, 600)
    assert bool(slept) is waited


@pytest.mark.parametrize(("waiting", "asked"), [([900, 400, 40, 40, 40], 5), ([0, 0, 900, 0, 0, 0], 6)])
def test_it_has_caught_up_when_no_more_waits_than_orders_that_come_in_make(waiting: list[int], asked: int) -> None:
    counts = iter(waiting)
    pair: Any = SimpleNamespace(
        live="g1", new="g2", waiting=lambda name: 3 if name == "g1" else next(counts), given_up=lambda _: {}
    )
    commands._catch_up(pair, deadline=float("inf"))
    assert len(waiting) - len(list(counts)) == asked


def test_what_differs_is_looked_at_for_as_long_as_there_is_progress() -> None:
    late = {"order#1": ["not in g2", "other state", None], "order#2": ["not in g2"] * 3 + [None]}
    clock = iter(range(0, 900, 50))
    pair: Any = SimpleNamespace(
        differences=lambda: {"order#1": "not in g2", "order#2": "not in g2", "order#3": "not in g2"},
        difference=lambda key: late[key].pop(0) if late.get(key) else "not in g2" if key == "order#3" else None,
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("read_model_cli.commands.time.monotonic", lambda: next(clock))
        found = commands._compare(pair, deadline=float("inf"), patience=120)
    assert found == {"order#3": "not in g2"}
