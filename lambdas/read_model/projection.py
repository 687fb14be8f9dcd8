"""The projection: an item an order, with what the queries need and no more: no name, no address, no card.

    pk "order#<order id>", state, rank, updated_at, customer_id, total, currency, lines, deadline_at, reason_code
    customer_id, placed        where a customer's orders are listed (index "by_customer")
    listed, listed_at          where those of one state and day are, "<state>#<day>#<shard>" ("by_state")
    open, due                  where open ones are by their deadlines, "open#<shard>" ("by_deadline")

The sort keys are a moment and the order's id ("<moment>#<id>"), so that no two are the same and a page can start after
any of them. An order is among a customer's once its first event has come, whatever came before that.

A partition of an index takes 1,000 writes a second, and all orders that come into one state on one day would be in one
partition: they are spread over ``SHARDS`` of them, as are the open ones, and a list merges these.
"""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from read_model import progress
from saga_kit import aws
from saga_kit.envelope import Event
from saga_kit.parameters import Place
from saga_kit.store import Item

BY_CUSTOMER, BY_STATE, BY_DEADLINE = "by_customer", "by_state", "by_deadline"
SHARDS = 8
"""To be raised only by way of a new generation: an item finds its shard when it is written."""
_PAGE = 100
_TEXTS = (
    "state",
    "customer_id",
    "currency",
    "placed_at",
    "updated_at",
    "deadline_at",
    "reason_code",
    *progress.MARKS.values(),
)
_NUMBERS = ("total", "lines")

Order = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Projection:
    """The orders in ``table`` through the low-level DynamoDB client ``client``."""

    client: Any
    table: str

    # Writing

    def apply(self, event: Event) -> bool:
        """Take an event in; ``False`` when it is old, or was taken in before.

        Whatever the order in which events come, and however often, the same events end in the same item.
        """
        if event.detail_type in progress.MARKS:
            return self._mark(event, progress.MARKS[event.detail_type])
        if self._advance(event):
            return True
        # It comes too late to say where the order stands; but when it was placed nobody else can tell.
        return event.detail_type in progress.FIRST and self._complete(event)

    def _advance(self, event: Event) -> bool:
        state = progress.STATES[event.detail_type]
        order, meta, order_id = event.data["order"], event.meta, event.meta.correlation_id
        values: Item = {
            "state": {"S": state.value},
            "rank": {"N": str(progress.RANKS[event.detail_type])},
            "updated_at": {"S": meta.occurred_at},
            "deadline_at": {"S": meta.deadline_at},
            "customer_id": {"S": order["customer_id"]},
            "total": {"N": str(order["total"])},
            "currency": {"S": order["currency"]},
            "lines": {"N": str(len(order["lines"]))},
            "listed": {"S": _listed(state, meta.occurred_at[:10], _shard(order_id))},
            "listed_at": {"S": _place(meta.occurred_at, order_id)},
        }
        removed = []
        if state in progress.FINAL:
            removed += ["open", "due"]
        else:
            values |= {"open": {"S": _open(_shard(order_id))}, "due": {"S": _place(meta.deadline_at, order_id)}}
        if "reason" in event.data:
            values["reason_code"] = {"S": event.data["reason"]["code"]}
        else:
            removed.append("reason_code")
        if event.detail_type in progress.FIRST:
            values |= _placed(event)
        return self._update(order_id, values, "attribute_not_exists(#rank) OR #rank < :rank", removed)

    def _complete(self, event: Event) -> bool:
        return self._update(event.meta.correlation_id, _placed(event), "attribute_not_exists(#placed_at)")

    def _mark(self, event: Event, name: str) -> bool:
        values = {name: {"S": event.meta.occurred_at}}
        return self._update(event.meta.correlation_id, values, f"attribute_not_exists(#{name})")

    def _update(self, order_id: str, values: Item, condition: str, removed: list[str] | None = None) -> bool:
        names = [*values, *(removed or [])]
        expression = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        if removed:
            expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
        try:
            self.client.update_item(
                TableName=self.table,
                Key={"pk": {"S": f"order#{order_id}"}},
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={f"#{name}": name for name in names},
                ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
            )
        except ClientError as error:
            if aws.response(error)["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    # Reading

    def of_customer(self, customer_id: str, after: Place | None = None) -> Iterator[Order]:
        """Return a customer's orders, the one that was placed last first; ``after`` names the last one seen."""
        yield from self._query(BY_CUSTOMER, ("customer_id", customer_id), "placed", after=after, newest_first=True)

    def of_state(self, state: progress.State, day: str, after: Place | None = None) -> Iterator[Order]:
        """Return the orders that came into ``state`` on ``day`` (UTC) and are in it still, the last one first."""
        partitions = [_listed(state, day, shard) for shard in range(SHARDS)]
        found = [
            self._query(BY_STATE, ("listed", partition), "listed_at", after=after, newest_first=True)
            for partition in partitions
        ]
        return heapq.merge(*found, key=lambda order: (order["updated_at"], order["order_id"]), reverse=True)

    def overdue(self, now: str, after: Place | None = None) -> Iterator[Order]:
        """Return the open orders whose deadline is before ``now`` (RFC 3339, UTC), the earliest deadline first."""
        found = [
            self._query(BY_DEADLINE, ("open", _open(shard)), "due", after=after, until=now) for shard in range(SHARDS)
        ]
        return heapq.merge(*found, key=lambda order: (order["deadline_at"], order["order_id"]))

    def _query(
        self,
        index: str,
        partition: tuple[str, str],
        sort: str,
        *,
        after: Place | None,
        until: str | None = None,
        newest_first: bool = False,
    ) -> Iterator[Order]:
        """Return one partition of an index, page by page, as far as it is asked for."""
        name, value = partition
        names, values = {"#partition": name}, {":partition": {"S": value}}
        condition = "#partition = :partition"
        if after is not None or until is not None:
            names["#sort"] = sort
        if after is not None:
            values[":after"] = {"S": _place(*after)}
        if until is not None:
            values[":until"] = {"S": until}
        if after is not None and until is not None:
            # BETWEEN takes both ends in: the one that was seen is left out below.
            condition += " AND #sort BETWEEN :after AND :until"
        elif after is not None:
            condition += " AND #sort < :after" if newest_first else " AND #sort > :after"
        elif until is not None:
            condition += " AND #sort < :until"
        query: dict[str, Any] = {
            "TableName": self.table,
            "IndexName": index,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
            "Limit": _PAGE,
        }
        while True:
            answer = self.client.query(**query)
            yield from (_order(item) for item in answer["Items"] if after is None or item[sort]["S"] != _place(*after))
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _placed(event: Event) -> Item:
    occurred_at = event.meta.occurred_at
    return {"placed_at": {"S": occurred_at}, "placed": {"S": _place(occurred_at, event.meta.correlation_id)}}


def _place(moment: str, order_id: str) -> str:
    return f"{moment}#{order_id}"


def _shard(order_id: str) -> int:
    return zlib.crc32(order_id.encode()) % SHARDS


def _listed(state: progress.State, day: str, shard: int) -> str:
    return f"{state.value}#{day}#{shard}"


def _open(shard: int) -> str:
    return f"open#{shard}"


def _order(item: Mapping[str, Any]) -> Order:
    return {
        "order_id": item["pk"]["S"].removeprefix("order#"),
        **{name: item[name]["S"] for name in _TEXTS if name in item},
        **{name: int(item[name]["N"]) for name in _NUMBERS if name in item},
    }
