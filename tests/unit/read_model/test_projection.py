"""The projection: the same events end in the same item, in whatever order and however often they come; its lists."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.sagas import ENDINGS, events_of, projection_in_memory
from tests.unit.read_model.conftest import INDEXES, PROJECTION
from tests.unit.support.orders import ORDER, ORDER_ID

from read_model import progress
from read_model.progress import State
from read_model.projection import SHARDS, Projection
from saga_kit import aws
from saga_kit.envelope import Event

END = {ending: State.SHIPPED if ending.startswith("shipped") else State.CANCELLED for ending in ENDINGS}


def applied(events: list[Event]) -> dict[str, Any]:
    client = projection_in_memory(INDEXES)
    for event in events:
        Projection(client, "orders").apply(event)
    (item,) = client.db.tables["orders"].items.values()
    found: dict[str, Any] = item
    return found


@settings(deadline=None)
@given(st.sampled_from(sorted(ENDINGS)), st.randoms(use_true_random=False), st.integers(0, 6))
def test_any_order_and_any_duplicates_end_in_the_same_item(ending: str, random_: random.Random, repeated: int) -> None:
    events = events_of(ending, ORDER_ID, ORDER)
    expected = applied(events)
    assert expected["state"] == {"S": END[ending].value}
    shuffled = [*events, *random_.choices(events, k=repeated)]
    random_.shuffle(shuffled)
    assert applied(shuffled) == expected


@settings(deadline=None)
@given(st.sampled_from(sorted(ENDINGS)), st.randoms(use_true_random=False), st.data())
def test_what_has_come_so_far_decides_and_not_its_order(
    ending: str, random_: random.Random, data: st.DataObject
) -> None:
    events = events_of(ending, ORDER_ID, ORDER)
    some = events[: data.draw(st.integers(1, len(events)))]
    shuffled = random_.sample(some, len(some))
    assert applied(shuffled) == applied(some)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_event_that_came_before_changes_nothing(ending: str) -> None:
    client = projection_in_memory(INDEXES)
    orders = Projection(client, "orders")
    events = events_of(ending, ORDER_ID, ORDER)
    for event in events:
        orders.apply(event)
    changes = len(client.db.tables["orders"].changes)
    assert not any(orders.apply(event) for event in events)
    assert len(client.db.tables["orders"].changes) == changes


def test_a_late_first_event_resurrects_nothing_and_tells_when_it_was() -> None:
    placed, *rest = events_of("declined", ORDER_ID, ORDER)
    client = projection_in_memory(INDEXES)
    orders = Projection(client, "orders")
    for event in rest:
        orders.apply(event)
    assert list(orders.of_customer("customer-1")) == []
    assert orders.apply(placed)
    (order,) = orders.of_customer("customer-1")
    assert (order["state"], order["placed_at"]) == ("CANCELLED", placed.meta.occurred_at)
    assert list(orders.overdue("2030-01-01T00:00:00.000Z")) == []


def test_of_the_customer_only_the_id_is_kept() -> None:
    item = str(applied(events_of("shipped", ORDER_ID, ORDER)))
    assert "customer-1" in item
    for typed in ("canary-mail", "Canary", "1010", "tok_approve", "4242", "KETTLE"):
        assert typed not in item


def test_every_event_of_the_saga_has_a_meaning_and_ranks_follow_causes() -> None:
    published = {detail_type for ending in ENDINGS.values() for detail_type in ending}
    assert published | {"CustomerNotified"} == progress.EVENTS
    for ending in ENDINGS.values():
        steps = [progress.RANKS[name] for name in ending if name in progress.RANKS]
        # But for "cancelled meanwhile", where a step succeeds while the reversal has begun, and its time misleads.
        assert steps == sorted(steps) or "ShipmentReversed" in ending[:3]


# Lists


@pytest.fixture
def orders(tables: Any) -> Projection:
    return Projection(tables, PROJECTION)


def placed(orders: Projection, number: int, ending: str = "shipped", events: int = 1) -> str:
    order_id = str(uuid.UUID(int=number))
    start = f"2026-01-31T{number // 60:02}:{number % 60:02}:00"
    for event in events_of(ending, order_id, ORDER, start)[:events]:
        orders.apply(event)
    return order_id


def test_a_customers_orders_come_the_last_one_first_and_go_on_after_any(orders: Projection) -> None:
    expected = [placed(orders, number) for number in range(12)][::-1]
    found = list(orders.of_customer("customer-1"))
    assert [order["order_id"] for order in found] == expected
    after = (found[4]["placed_at"], found[4]["order_id"])
    assert [order["order_id"] for order in orders.of_customer("customer-1", after)] == expected[5:]
    assert list(orders.of_customer("customer-2")) == []


def test_two_orders_of_one_moment_are_both_listed_once(orders: Projection) -> None:
    same = [str(uuid.UUID(int=number)) for number in (1, 2, 3)]
    for order_id in same:
        orders.apply(events_of("shipped", order_id, ORDER)[0])
    seen, after = [], None
    while page := next(orders.of_customer("customer-1", after), None):
        seen.append(page["order_id"])
        after = (page["placed_at"], page["order_id"])
    assert seen == same[::-1]


def test_orders_of_a_state_and_day_are_merged_from_their_partitions(orders: Projection, aws_calls: list[str]) -> None:
    expected = [placed(orders, number) for number in range(30)][::-1]
    paid = placed(orders, 31, events=3)
    aws_calls.clear()
    found = list(orders.of_state(State.PLACED, "2026-01-31"))
    assert [order["order_id"] for order in found] == expected
    assert aws_calls == ["Query"] * SHARDS
    after = (found[9]["updated_at"], found[9]["order_id"])
    assert [order["order_id"] for order in orders.of_state(State.PLACED, "2026-01-31", after)] == expected[10:]
    assert [order["order_id"] for order in orders.of_state(State.PAID, "2026-01-31")] == [paid]
    assert list(orders.of_state(State.PLACED, "2026-02-01")) == []


def test_open_orders_past_their_deadline_are_listed_and_no_others(orders: Projection) -> None:
    late = sorted(placed(orders, number, "declined", events=number % 4 + 1) for number in range(10))
    placed(orders, 20, "declined", events=6)
    placed(orders, 21, "shipped", events=4)
    assert list(orders.overdue("2026-01-31T09:40:00.000Z")) == []
    found = list(orders.overdue("2026-01-31T09:40:00.001Z"))
    assert [order["order_id"] for order in found] == late
    after = (found[3]["deadline_at"], found[3]["order_id"])
    assert [order["order_id"] for order in orders.overdue("2026-01-31T09:40:00.001Z", after)] == late[4:]


def test_orders_are_spread_over_partitions(orders: Projection, tables: Any) -> None:
    for number in range(40):
        placed(orders, number)
    items = tables.scan(TableName=PROJECTION)["Items"]
    assert len({item["listed"]["S"] for item in items}) == len({item["open"]["S"] for item in items}) == SHARDS


def test_another_error_of_the_table_is_no_old_event(service_environment: None, tables: Any) -> None:
    with pytest.raises(ClientError):
        Projection(aws.client("dynamodb"), "no-such-table").apply(events_of("shipped", ORDER_ID, ORDER)[0])
