"""The order service's table: a step row an order, which is the order itself."""

from __future__ import annotations

from dataclasses import dataclass

from saga_kit import aws, outbox, settings
from saga_kit.envelope import Event
from saga_kit.rules import State
from saga_kit.store import Row, StepStore, Transition

_NOTHING_YET = frozenset({None})
_STANDING = frozenset({State.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders in the service's table."""

    rows: StepStore

    def place(self, event: Event, state: State, digest: str) -> Transition:
        """Write a new order with its first event; ``digest`` tells a repeated request from another one."""
        return self.rows.change(
            event.meta.correlation_id,
            state,
            allowed=_NOTHING_YET,
            event=event,
            attributes={"request_digest": {"S": digest}, "placed_at": {"S": event.meta.occurred_at}},
        )

    def request_cancellation(self, row: Row, event: Event) -> bool:
        """Note on an order, found as ``row``, that its customer wants it taken back, if it stands.

        Returns whether that is noted, now or by an earlier request. The row must not have changed since it was found,
        so that of two requests at once only one publishes.
        """
        if cancellation_requested(row):
            return True
        change = self.rows.change(
            event.meta.correlation_id,
            State.SUCCEEDED,
            allowed=_STANDING,
            event=event,
            attributes={"cancellation_requested_at": {"S": event.meta.occurred_at}},
            require={outbox.ATTRIBUTE: row.item[outbox.ATTRIBUTE]},
        )
        return change.applied or cancellation_requested(change.row)


def orders() -> Orders:
    """Return the orders of the service's table."""
    return Orders(StepStore(aws.client("dynamodb"), settings.table()))


def digest(row: Row | None) -> str | None:
    """Return the digest of the request that an order was placed by; ``None`` for a tombstone, which none was."""
    return row.item.get("request_digest", {}).get("S") if row else None


def placed_at(row: Row) -> str | None:
    """Return when the order was placed (RFC 3339, UTC), or ``None`` when it never was."""
    value: str | None = row.item.get("placed_at", {}).get("S")
    return value


def cancellation_requested(row: Row | None) -> bool:
    """Return whether the customer has asked for the order to be taken back."""
    return row is not None and "cancellation_requested_at" in row.item
