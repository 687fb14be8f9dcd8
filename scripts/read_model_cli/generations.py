"""The two generations of a projection while one is made anew: which is read, what is in them, and how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from environments.target import Target
from local_platform.client import PlatformError

LIVE = {"pk": {"S": "generation"}, "sk": {"S": "live"}}
"""Key of the item in the event store's table that says which generation is read."""

Item = Mapping[str, Any]
_SEGMENTS = 4


@dataclass(frozen=True)
class Generation:
    """A generation: its name, table, event queue, and the rules that fill that."""

    name: str
    table: str
    queue_url: str
    rule_arns: tuple[str, ...]

    @property
    def dead_letters(self) -> tuple[str, ...]:
        """Keys of the queues where its events end."""
        return tuple(f"read_model/project_{self.name}/{kind}" for kind in ("failed", "undelivered"))


@dataclass(frozen=True)
class Pair:
    """The generation that is read, and the one beside it that is to be."""

    target: Target
    live: Generation
    new: Generation

    @classmethod
    def of(cls, target: Target) -> Pair:
        """The generations of a deployment. Raises `PlatformError` where there are not two."""
        found = {
            name: Generation(name, entry["table"]["name"], entry["queue"]["url"], tuple(entry.get("rule_arns", ())))
            for name, entry in target.client.outputs["read_model"].items()
        }
        if len(found) != 2:
            said = ", ".join(sorted(found)) or "none"
            raise PlatformError(
                f"expected two generations of the projection, found {said}: add one to read_model.generations and "
                "apply, as docs/read_model.md says"
            )
        older, newer = sorted(found, key=lambda name: int(name.removeprefix("g")))
        live = _told(target) or older
        new = newer if live == older else older
        if live not in found:
            live, new = older, newer
        return cls(target, found[live], found[new])

    def switch(self) -> None:
        """Have the new generation read, by everybody at once, if the other one still is.

        Raises `PlatformError` when somebody has switched meanwhile.
        """
        client = self.target.client.aws("dynamodb")
        try:
            client.put_item(
                TableName=_event_store(self.target),
                Item={**LIVE, "generation": {"S": self.new.name}},
                ConditionExpression="attribute_not_exists(pk) OR generation <> :new",
                ExpressionAttributeValues={":new": {"S": self.new.name}},
            )
        except client.exceptions.ConditionalCheckFailedException:
            raise PlatformError(f"{self.new.name} is read already: somebody has switched") from None

    def waiting(self, generation: Generation) -> int:
        """How many events wait in a generation's queue, or are being handled."""
        names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ]
        return self._count(generation.queue_url, names)

    def given_up(self, generation: Generation) -> dict[str, int]:
        """How many events of a generation ended in its dead-letter queues, by queue; empty ones are left out."""
        queues = self.target.client.outputs["queues"]
        counts = {
            key: self._count(queues[key]["url"], ["ApproximateNumberOfMessages"])
            for key in generation.dead_letters
            if key in queues
        }
        return {key: count for key, count in counts.items() if count}

    def _count(self, url: str, names: list[str]) -> int:
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return sum(int(answer["Attributes"].get(name, 0)) for name in names)

    def differences(self) -> dict[str, str]:
        """The orders in which the generations differ, with how: by a scan of both tables.

        While orders come in a scan sees one table a little later than the other: what differs is to be looked at again.
        """
        live, new = (self._items(generation.table) for generation in (self.live, self.new))
        return {key: found for key in sorted({*live, *new}) if (found := self._difference(live.get(key), new.get(key)))}

    def difference(self, key: str) -> str | None:
        """How the generations differ in one order, by consistent reads; `None` when they do not."""
        live, new = (
            self._dynamodb.get_item(TableName=generation.table, Key={"pk": {"S": key}}, ConsistentRead=True).get("Item")
            for generation in (self.live, self.new)
        )
        return self._difference(live, new)

    def _difference(self, live: Item | None, new: Item | None) -> str | None:
        if live == new:
            return None
        if live is None:
            return f"only in {self.new.name}"
        if new is None:
            return f"not in {self.new.name}"
        names = sorted(name for name in {*live, *new} if live.get(name) != new.get(name))
        return f"other {', '.join(names)}"

    def _items(self, table: str) -> dict[str, Item]:
        def segment(number: int) -> list[Item]:
            pages = self._dynamodb.get_paginator("scan").paginate(
                TableName=table, ConsistentRead=True, Segment=number, TotalSegments=_SEGMENTS
            )
            return [item for page in pages for item in page["Items"]]

        with ThreadPoolExecutor(_SEGMENTS) as pool:
            return {item["pk"]["S"]: item for items in pool.map(segment, range(_SEGMENTS)) for item in items}

    @cached_property
    def _dynamodb(self) -> Any:
        return self.target.client.aws("dynamodb")

    @cached_property
    def _sqs(self) -> Any:
        return self.target.client.aws("sqs")


def _told(target: Target) -> str | None:
    item = target.client.aws("dynamodb").get_item(TableName=_event_store(target), Key=LIVE, ConsistentRead=True)
    name: str | None = item.get("Item", {}).get("generation", {}).get("S")
    return name


def _event_store(target: Target) -> str:
    return str(target.client.outputs["tables"]["read_model"]["name"])
