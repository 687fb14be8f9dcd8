"""What a service has published, put back into its rows: each event is what a row said in one write.

The services' own packages say how a row is written; nothing is run here that has an effect outside of the table.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

import inventory.service
import notification.service
import order.service
import payment.service
import shipping.service
from inventory import shards, stock
from inventory.store import Inventory, kept_lines
from notification import store as notices
from order.service import Request
from payment import store as payments
from saga_kit import aws, envelope, outbox
from saga_kit.envelope import Event
from saga_kit.errors import InvalidEventError, UnknownSchemaError
from saga_kit.once import Claim
from saga_kit.rules import State, States
from saga_kit.step import Definition
from saga_kit.store import Item, Row, StepStore, TransactionRefusedError
from shipping import store as shipments

_BEFORE_OUTCOME: States = frozenset({None, State.PENDING})
_BEFORE_REVERSAL: States = frozenset({None, State.PENDING, State.FAILED, State.REVERSING})
_ANYTHING_BUT_REVERSED: States = _BEFORE_REVERSAL | {State.SUCCEEDED}


@dataclass(slots=True)
class Told:
    """What came of the events: `written`, `known` (the row says so, or something later), and those `left` over."""

    written: int = 0
    known: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    """Events that could not be put back, as (detail type, why). Nothing that a customer typed."""


Write = Callable[[Event], bool]
"""Puts an event into its row. Returns whether that changed anything; raises `TransactionRefusedError`."""


def apply(write: Write, messages: Sequence[Mapping[str, Any]]) -> Told:
    """Put a service's events back, in the order in which they occurred.

    What cannot be put back yet is tried again after the others: clocks of functions do not agree to the millisecond.
    """
    told = Told()
    events = []
    for message in messages:
        try:
            events.append(envelope.parse(message))
        except (InvalidEventError, UnknownSchemaError) as error:
            told.left.append((str(message.get("detail-type")), type(error).__name__))
    waiting = sorted(events, key=lambda event: (event.meta.occurred_at, event.meta.event_id))
    while waiting:
        refused = []
        for event in waiting:
            try:
                if write(event):
                    told.written += 1
                else:
                    told.known += 1
            except TransactionRefusedError:
                refused.append(event)
        if len(refused) == len(waiting):
            told.left += [(event.detail_type, f"no stock for it: {event.meta.correlation_id}") for event in refused]
            break
        waiting = refused
    return told


@dataclass(frozen=True, slots=True)
class _Steps:
    """Rows of a step that holds beside its state what `kept` takes out of the event of its success."""

    rows: StepStore
    definition: Definition
    kept: Callable[[Event], Mapping[str, Item]]

    def write(self, event: Event) -> bool:
        names = self.definition
        if event.detail_type == names.reversed:
            return self._change(event, State.REVERSED, _ANYTHING_BUT_REVERSED)
        if event.detail_type == names.succeeded:
            return self._change(event, State.SUCCEEDED, _BEFORE_OUTCOME, self.kept(event))
        if event.detail_type == names.failed:
            return self._change(event, State.FAILED, _BEFORE_OUTCOME)
        return False

    def _change(self, event: Event, to: State, allowed: States, attributes: Mapping[str, Item] | None = None) -> bool:
        saga_id = event.meta.correlation_id
        return self.rows.change(saga_id, to, allowed=allowed, event=event, attributes=attributes).applied


@dataclass(frozen=True, slots=True)
class _Orders:
    """Orders keep when they were placed, and a digest of the request, which the event holds as well."""

    steps: StepStore

    def write(self, event: Event) -> bool:
        names, saga_id = order.service.DEFINITION, event.meta.correlation_id
        if event.detail_type in {names.succeeded, names.failed}:
            body = {name: value for name, value in event.data["order"].items() if name != "total"}
            return self.steps.change(
                saga_id,
                State.SUCCEEDED if event.detail_type == names.succeeded else State.FAILED,
                allowed=_BEFORE_OUTCOME,
                event=event,
                attributes={
                    "request_digest": {"S": Request(body, "").digest},
                    "placed_at": {"S": event.meta.occurred_at},
                },
            ).applied
        if event.detail_type == order.service.CANCELLATION_REQUESTED:
            row = self.steps.find(saga_id)
            if row is None or row.state is not State.SUCCEEDED or "cancellation_requested_at" in row.item:
                return False
            return self.steps.change(
                saga_id,
                State.SUCCEEDED,
                allowed=frozenset({State.SUCCEEDED}),
                event=event,
                attributes={"cancellation_requested_at": {"S": event.meta.occurred_at}},
            ).applied
        if event.detail_type == names.reversed:
            return self.steps.change(saga_id, State.REVERSED, allowed=_ANYTHING_BUT_REVERSED, event=event).applied
        return False


@dataclass(frozen=True, slots=True)
class _Stock:
    """Reservations change the stock, in one transaction with their rows, and so do releases and deliveries."""

    inventory: Inventory

    def write(self, event: Event) -> bool:
        names, rows, saga_id = inventory.service.DEFINITION, self.inventory.rows, event.meta.correlation_id
        if event.detail_type == inventory.service.RECEIVED:
            return self._receive(event)
        if event.detail_type == names.succeeded:
            return self._reserve(event, rows.find(saga_id))
        if event.detail_type == names.failed:
            return rows.change(saga_id, State.FAILED, allowed=_BEFORE_OUTCOME, event=event).applied
        if event.detail_type == names.reversed:
            return self._release(event, rows.find(saga_id))
        return False

    def _receive(self, event: Event) -> bool:
        data = event.data
        line = stock.Line(data["sku"], data["quantity"], data["unit_price"], data["currency"])
        digest = hashlib.sha256(json.dumps(dict(data), sort_keys=True).encode()).hexdigest()
        levels = [stock.available(item) for item in self.inventory.shards(line.sku, 1)]
        levels += [0] * (data.get("shards", 1) - len(levels))
        quantities = shards.spread(line.quantity, levels)
        return self.inventory.receive(data["delivery_id"], line, quantities, digest, event) is None

    def _reserve(self, event: Event, row: Row | None) -> bool:
        """Reserve what was reserved then: of the same items, though perhaps from other shards of them."""
        if row is not None and row.state is not State.PENDING:
            return False
        saga_id, pieces = event.meta.correlation_id, []
        for line in stock.lines_of(event.data["order"]):
            found = self.inventory.shards(line.sku, 1)
            cut = shards.cut(saga_id, line, [stock.available(item) for item in found])
            if not cut:
                raise TransactionRefusedError([found[0]])
            pieces += cut
        return self.inventory.rows.change(
            saga_id,
            State.SUCCEEDED,
            allowed=_BEFORE_OUTCOME,
            event=event,
            attributes={"lines": {"S": stock.dump(pieces)}},
            together=self.inventory.reservations(pieces),
        ).applied

    def _release(self, event: Event, row: Row | None) -> bool:
        rows, saga_id = self.inventory.rows, event.meta.correlation_id
        if row is None or row.state is not State.SUCCEEDED:
            return rows.change(saga_id, State.REVERSED, allowed=_BEFORE_REVERSAL, event=event).applied
        return rows.change(
            saga_id,
            State.REVERSED,
            allowed=frozenset({State.SUCCEEDED}),
            event=event,
            together=self.inventory.releases(kept_lines(row) or "[]"),
        ).applied


@dataclass(frozen=True, slots=True)
class _Notices:
    """A mail that was sent is not sent again: its row is done."""

    client: Any
    table: str

    def write(self, event: Event) -> bool:
        if event.detail_type != notification.service.NOTIFIED:
            return False
        item = {
            **notices.key(event.meta.correlation_id),
            "state": {"S": Claim.DONE.value},
            "outcome": {"S": event.data["outcome"]},
            "attempts": {"N": str(event.data["attempt"])},
            outbox.ATTRIBUTE: {"S": outbox.dump(event)},
        }
        try:
            self.client.put_item(
                TableName=self.table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR #state = :claimed",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":claimed": {"S": Claim.CLAIMED.value}},
            )
        except ClientError as error:
            if aws.response(error)["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True


WRITERS: Mapping[str, Callable[[Any, str], Write]] = {
    "order": lambda client, table: _Orders(StepStore(client, table)).write,
    "inventory": lambda client, table: _Stock(Inventory(client, table)).write,
    "payment": lambda client, table: (
        _Steps(
            StepStore(client, table),
            payment.service.DEFINITION,
            lambda event: payments.attributes(event.data["payment"]),
        ).write
    ),
    "shipping": lambda client, table: (
        _Steps(
            StepStore(client, table),
            shipping.service.DEFINITION,
            lambda event: shipments.attributes(event.data["shipment"]),
        ).write
    ),
    "notification": lambda client, table: _Notices(client, table).write,
}
"""By service: makes what puts its events back, of a low-level DynamoDB client and the name of the table.

A service that is not here has no rows that its own events tell of: what it keeps is made of others' events alone.
"""
