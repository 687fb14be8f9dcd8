"""Stock in shards: taken and given back where it lies, refused only when all shards together have too little."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import botocore.client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.conftest import TABLE, FakeContext, items_of
from tests.unit.support.api import a_request, ask
from tests.unit.support.dynamodb import at_once, size
from tests.unit.support.orders import a_message, an_event, an_order

from inventory import handlers, shards, stock
from inventory.stock import Line
from saga_kit.errors import TransactionConflictError

HOT, MUG = "HOT-1", "MUG-2"
REASON = {"code": "card_declined", "message": "The card was declined."}
WRITE, READ, UPDATE = "TransactWriteItems", "BatchGetItem", "UpdateItem"


def saga(number: int) -> str:
    return f"00000000-0000-5000-8000-{number:012}"


def deliver(quantity: int, *, number: int = 1, sku: str = HOT, price: int = 100, **more: Any) -> tuple[int, Any]:
    body = {"delivery_id": f"delivery-{number}", "quantity": quantity, "unit_price": price, "currency": "EUR", **more}
    return ask(handlers.receive_stock, a_request(body, sku=sku))


def order_of(quantity: int, *, mugs: int = 0, price: int = 100) -> dict[str, Any]:
    lines = [{"sku": HOT, "quantity": quantity, "unit_price": price}]
    if mugs:
        lines.append({"sku": MUG, "quantity": mugs, "unit_price": 100})
    return an_order(lines=lines, total=price * quantity + 100 * mugs)


def reserve(order: dict[str, Any], number: int = 1) -> str:
    message = a_message(an_event("OrderPlaced", {"order": order}, saga(number)))
    effect: str = handlers.chk_inventory(message, FakeContext())["effect"]
    return effect


def release(order: dict[str, Any], number: int = 1) -> str:
    message = a_message(an_event("PaymentReversed", {"order": order, "reason": REASON}, saga(number)))
    effect: str = handlers.reverse_inv(message, FakeContext())["effect"]
    return effect


def levels(table: Any, sku: str = HOT) -> list[tuple[int, int]]:
    """What is available and what is reserved in each shard."""
    found = {key: item for key, item in items_of(table).items() if key.partition("~")[0] == f"stock#{sku}"}
    shards_in_order = sorted(found, key=lambda key: int(key.partition("~")[2] or 0))
    return [(int(found[key]["available"]["N"]), int(found[key]["reserved"]["N"])) for key in shards_in_order]


def fill(table: Any, *available: int, sku: str = HOT, price: int = 100) -> None:
    """Put an item into shards that have this much."""
    for shard, quantity in enumerate(available):
        table.put_item(
            TableName=TABLE,
            Item={
                **stock.key(stock.name(sku, shard)),
                "available": {"N": str(quantity)},
                "reserved": {"N": "0"},
                "unit_price": {"N": str(price)},
                "currency": {"S": "EUR"},
                "shards": {"N": str(len(available))},
            },
        )
    shards.remember(sku, len(available))


def refusal(table: Any, number: int = 1) -> tuple[str, str]:
    event = json.loads(items_of(table)[f"step#{saga(number)}"]["outbox"]["S"])
    reason = event["detail"]["data"]["reason"]
    return reason["code"], reason["field"]


class TestDelivery:
    def test_a_delivery_lies_evenly_in_as_many_shards_as_it_says(self, table: Any) -> None:
        assert deliver(10, shards=4)[0] == 200
        assert sorted(levels(table)) == [(2, 0), (2, 0), (3, 0), (3, 0)]

    def test_every_shard_has_the_price_of_the_last_delivery(self, table: Any) -> None:
        deliver(8, shards=4)
        assert deliver(1, number=2, price=250)[0] == 200
        items = [item for key, item in items_of(table).items() if key.startswith("stock#")]
        assert [item["unit_price"]["N"] for item in items] == ["250"] * 4
        assert [item["shards"]["N"] for item in items] == ["4"] * 4

    def test_a_later_delivery_fills_the_emptiest_shards_up(self, table: Any) -> None:
        fill(table, 9, 1, 0, 4)
        deliver(8)
        assert levels(table) == [(9, 0), (5, 0), (4, 0), (4, 0)] or levels(table) == [(9, 0), (4, 0), (5, 0), (4, 0)]

    def test_an_item_gets_shards_when_it_turns_out_to_be_hot(self, table: Any) -> None:
        deliver(6)
        assert reserve(order_of(2)) == "done"
        deliver(10, number=2, shards=3)
        assert levels(table) == [(4, 2), (5, 0), (5, 0)]
        assert release(order_of(2)) == "compensated"
        assert levels(table) == [(6, 0), (5, 0), (5, 0)]

    def test_a_process_that_does_not_know_the_shards_finds_them(self, table: Any, aws_calls: list[str]) -> None:
        fill(table, 0, 0, 0)
        shards.forget()
        aws_calls.clear()
        assert deliver(3)[0] == 200
        assert aws_calls == [WRITE, READ, WRITE]
        assert levels(table) == [(1, 0)] * 3

    def test_shards_can_become_more_and_not_fewer(self, table: Any) -> None:
        deliver(4, shards=2)
        before = items_of(table)
        status, problem = deliver(4, number=2, shards=1)
        assert (status, problem["type"], problem["field"]) == (409, "urn:problem:shards-in-use", "shards")
        assert problem["expected"] == "at least 2"
        assert items_of(table) == before
        assert deliver(4, number=2, shards=4)[0] == 200
        assert [available for available, _ in levels(table)] == [2, 2, 2, 2]

    def test_a_delivery_into_shards_is_taken_once(self, table: Any) -> None:
        first = deliver(5, shards=2)
        before = items_of(table)
        assert deliver(5, shards=2) == first
        assert deliver(5, shards=3)[0] == 409
        assert items_of(table) == before

    def test_the_largest_number_of_shards_fits_in_a_transaction(self, table: Any, aws_calls: list[str]) -> None:
        aws_calls.clear()
        assert deliver(1_000, shards=32)[0] == 200
        assert aws_calls == [READ, WRITE]
        assert len(levels(table)) == 32
        item = max((item for key, item in items_of(table).items() if key.startswith("stock#")), key=size)
        assert size(item) < 150


class TestReservation:
    def test_orders_go_to_all_shards_in_one_call_each(self, table: Any, aws_calls: list[str]) -> None:
        fill(table, 50, 50, 50, 50)
        for number in range(40):
            aws_calls.clear()
            assert reserve(order_of(1), number) == "done"
            assert aws_calls == [WRITE]
        assert sum(reserved for _, reserved in levels(table)) == 40
        assert min(reserved for _, reserved in levels(table)) >= 4

    def test_a_new_process_learns_the_shards_from_its_first_order(self, table: Any, aws_calls: list[str]) -> None:
        fill(table, 50, 50)
        shards.forget()
        aws_calls.clear()
        assert reserve(order_of(1), 1) == "done"
        assert aws_calls == [WRITE, READ, WRITE]
        aws_calls.clear()
        assert reserve(order_of(1), 2) == "done"
        assert aws_calls == [WRITE]

    @pytest.mark.parametrize("number", range(4))
    def test_another_shard_is_taken_when_the_orders_own_has_too_little(self, table: Any, number: int) -> None:
        fill(table, 0, 0, 3)
        assert reserve(order_of(2), number) == "done"
        assert levels(table) == [(0, 0), (0, 0), (1, 2)]

    def test_an_order_is_made_up_from_several_shards(self, table: Any) -> None:
        fill(table, 2, 1, 3, 1)
        assert reserve(order_of(6)) == "done"
        assert sorted(levels(table)) == [(0, 1), (0, 2), (0, 3), (1, 0)]
        held = handlers.get_stock({"order_id": saga(1)}, FakeContext())
        assert held["lines"] == [{"sku": HOT, "quantity": 6}]

    def test_it_is_given_back_to_the_shards_that_it_came_from(self, table: Any, aws_calls: list[str]) -> None:
        fill(table, 2, 1, 3, 1)
        reserve(order_of(6))
        assert release(order_of(6)) == "compensated"
        assert levels(table) == [(2, 0), (1, 0), (3, 0), (1, 0)]
        before = items_of(table)
        aws_calls.clear()
        assert release(order_of(6)) == "nothing"
        assert aws_calls == [WRITE]
        assert items_of(table) == before

    def test_a_release_takes_one_call_where_the_order_was_not_made_up(self, table: Any, aws_calls: list[str]) -> None:
        fill(table, 50, 50, 50)
        reserve(order_of(2))
        aws_calls.clear()
        assert release(order_of(2)) == "compensated"
        assert aws_calls == [WRITE]

    def test_more_than_all_shards_have_is_refused(self, table: Any, aws_calls: list[str]) -> None:
        fill(table, 2, 1, 3)
        before = {key: item for key, item in items_of(table).items() if key.startswith("stock#")}
        aws_calls.clear()
        assert reserve(order_of(7)) == "refused"
        # The second look shows that the shards had stood still, all at once, during the first.
        assert aws_calls == [WRITE, READ, READ, UPDATE]
        assert refusal(table) == ("out_of_stock", "lines[0].quantity")
        assert {key: item for key, item in items_of(table).items() if key.startswith("stock#")} == before

    def test_another_line_decides_with_it(self, table: Any) -> None:
        fill(table, 2, 1)
        deliver(1, number=2, sku=MUG)
        assert reserve(order_of(3, mugs=2), 1) == "refused"
        assert refusal(table, 1) == ("out_of_stock", "lines[1].quantity")
        assert reserve(order_of(3, mugs=1), 2) == "done"
        assert (levels(table), levels(table, MUG)) == ([(0, 2), (0, 1)], [(0, 1)])

    def test_the_price_is_that_of_every_shard(self, table: Any) -> None:
        fill(table, 5, 5, 5)
        assert reserve(order_of(1, price=99)) == "refused"
        assert refusal(table) == ("price_changed", "lines[0].unit_price")

    def test_an_item_in_one_piece_costs_what_it_did(self, table: Any, aws_calls: list[str]) -> None:
        deliver(1)
        for number, calls in ((1, [WRITE]), (1, [WRITE]), (2, [WRITE, UPDATE]), (2, [WRITE])):
            aws_calls.clear()
            reserve(order_of(1), number)
            assert aws_calls == calls

    def test_what_a_process_remembers_of_another_table_does_no_harm(self, table: Any) -> None:
        for remembered, number in ((4, 1), (2, 2)):
            deliver(3, number=number)
            shards.remember(HOT, remembered)
            assert reserve(order_of(2), number) == "done"
        assert levels(table) == [(2, 4)]

    def test_an_order_in_more_pieces_than_a_transaction_holds_is_refused(self, table: Any) -> None:
        skus = [f"HOT-{number}" for number in range(5)]
        for sku in skus:
            fill(table, *[1] * 32, sku=sku)
        lines = [{"sku": sku, "quantity": 32, "unit_price": 100} for sku in skus]
        assert reserve(an_order(lines=lines[:3], total=9_600), 1) == "done"
        for sku in skus[:3]:
            fill(table, *[1] * 32, sku=sku)
        assert reserve(an_order(lines=lines, total=16_000), 2) == "refused"
        assert refusal(table, 2)[0] == "out_of_stock"

    def test_an_order_that_others_are_always_faster_than_comes_back_later(
        self, table: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(table, 0, 1)
        call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

        def others_are_faster(self: Any, operation: str, parameters: Any) -> Any:
            """What an order takes from one shard has just moved to the other."""
            if operation == WRITE:
                keys = [entry["Update"]["Key"]["pk"]["S"] for entry in parameters["TransactItems"]]
                fill(table, *((0, 1) if f"stock#{HOT}" in keys else (1, 0)))
            return call(self, operation, parameters)

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", others_are_faster)
        with pytest.raises(TransactionConflictError):
            reserve(order_of(1))
        assert f"step#{saga(1)}" not in items_of(table)

    def test_a_refusal_waits_until_the_shards_stand_still(self, table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """No two looks are alike, so that the first two do not show that there was too little at any one moment."""
        fill(table, 0, 0)
        call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes
        looks: list[int] = []

        def moved_between_looks(self: Any, operation: str, parameters: Any) -> Any:
            answer = call(self, operation, parameters)
            if operation == READ:
                looks.append(1)
                if len(looks) == 1:
                    call(self, "UpdateItem", stock.release(TABLE, f"{HOT}~1", 0)["Update"])
                if len(looks) == 2:
                    fill(table, 1, 0)
            return answer

        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", moved_between_looks)
        assert reserve(order_of(1)) == "done"
        assert len(looks) == 3


class TestReading:
    def test_an_item_is_the_sum_of_its_shards(self, table: Any) -> None:
        fill(table, 2, 1, 3)
        reserve(order_of(4))
        item = {"sku": HOT, "available": 2, "reserved": 4, "unit_price": 100, "currency": "EUR"}
        assert handlers.get_stock({"sku": HOT}, FakeContext()) == item

    def test_an_item_in_one_piece_takes_one_call(self, table: Any, aws_calls: list[str]) -> None:
        deliver(3)
        aws_calls.clear()
        assert handlers.get_stock({"sku": HOT}, FakeContext())["available"] == 3
        assert aws_calls == ["GetItem"]


class TestAtOnce:
    def test_the_last_pieces_go_to_as_many_orders_as_there_are_pieces(self, table: Any) -> None:
        fill(table, 2, 1, 3, 0)
        effects = at_once(lambda number: reserve(order_of(1), number), range(20))
        assert sorted(effects) == ["done"] * 6 + ["refused"] * 14
        assert levels(table) == [(0, 2), (0, 1), (0, 3), (0, 0)]

    def test_orders_that_have_to_be_made_up_leave_less_than_one_of_them(self, table: Any) -> None:
        fill(table, 3, 3, 3, 3)
        effects = at_once(_until_decided(lambda number: reserve(order_of(5), number)), range(8))
        assert sorted(effects) == ["done"] * 2 + ["refused"] * 6
        assert sum(available for available, _ in levels(table)) == 2

    def test_orders_reversals_and_deliveries_at_once_lose_nothing(self, table: Any) -> None:
        fill(table, 2, 2, 2)
        work: list[Callable[[], Any]] = []
        for number in range(12):
            order = order_of(1 + number % 3)
            work.append(partial(reserve, order, number))
            work.append(partial(deliver, 1, number=number // 2, shards=3 + number // 6))
            if number % 2:
                work.append(partial(release, order, number))
        at_once(_until_decided(lambda run: run()), work)
        rows = [item for key, item in items_of(table).items() if key.startswith("step#")]
        held = [row["lines"]["S"] for row in rows if row["state"]["S"] == "SUCCEEDED"]
        by_shard: dict[str, int] = {}
        for text in held:
            for item, quantity in stock.load(text):
                by_shard[item] = by_shard.get(item, 0) + quantity
        found = levels(table)
        assert sum(available + reserved for available, reserved in found) == 6 + 6
        assert [reserved for _, reserved in found] == [by_shard.get(stock.name(HOT, shard), 0) for shard in range(4)]
        assert min(available for available, _ in found) >= 0


def _until_decided(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """As Lambda does: what others were faster than is tried again."""

    def again(item: Any) -> Any:
        while True:
            try:
                return work(item)
            except TransactionConflictError:
                continue

    return again


@given(quantity=st.integers(1, 50), available=st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_a_delivery_levels_the_shards_as_far_as_it_goes(quantity: int, available: list[int]) -> None:
    given_to = shards.spread(quantity, available)
    after = [have + more for have, more in zip(available, given_to, strict=True)]
    assert sum(given_to) == quantity
    assert min(given_to) >= 0
    # No shard that got something is fuller by more than one than any other is.
    assert all(level - 1 <= min(after) for level, more in zip(after, given_to, strict=True) if more)


@given(
    quantity=st.integers(1, 30), available=st.lists(st.integers(0, 9), min_size=1, max_size=8), number=st.integers(0)
)
def test_a_line_is_cut_where_there_is_enough_and_only_there(quantity: int, available: list[int], number: int) -> None:
    line = Line(HOT, quantity, 100, "EUR")
    pieces = shards.cut(saga(number % 1000), line, available)
    if sum(available) < quantity:
        assert pieces == []
        return
    assert sum(piece.quantity for piece in pieces) == quantity
    assert len({piece.shard for piece in pieces}) == len(pieces)
    assert all(0 < piece.quantity <= available[piece.shard] for piece in pieces)
    assert len(pieces) == 1 or max(available) < quantity
    largest = sorted(available, reverse=True)
    assert sum(largest[: len(pieces) - 1]) < quantity
