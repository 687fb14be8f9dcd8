"""What the composer publishes: that a customer looked at an order, and that a cached payment was made fresh.

As everywhere, an event stands in a row and the relay publishes it; the row has no other use and expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from saga_kit import aws, clock, envelope, outbox, settings
from saga_kit.envelope import Event

KEEP_SECONDS = 7 * 86_400
"""Longer than a stream keeps its records, so that what a relay gave up can be found again."""
WRITE_SECONDS = 1.0

VIEWED = "OrderViewed"
REFRESHED = "PaymentCacheRefreshed"


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows of ``table`` through the low-level DynamoDB client ``client``."""

    client: Any
    table: str

    def add(self, key: str, event: Event) -> bool:
        """Write an event down under ``key``; returns ``False`` when one is there."""
        item = {
            "pk": {"S": key},
            outbox.ATTRIBUTE: {"S": outbox.dump(event)},
            "expires_at": {"N": str(int(clock.after(KEEP_SECONDS).timestamp()))},
        }
        try:
            self.client.put_item(TableName=self.table, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except ClientError as error:
            if aws.response(error)["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True


def facts() -> Facts:
    """Return the rows of the composer's table, which nobody waits for long."""
    return Facts(aws.client("dynamodb", attempts=1, timeout=WRITE_SECONDS), settings.table())


def viewed(order_id: str, view: str, request_id: str, parent: str | None) -> Event:
    """Return the event that a customer looked at an order; ``view`` says at what of it."""
    return envelope.first(
        VIEWED,
        {"order_id": order_id, "view": view},
        saga_id=order_id,
        step=f"view/{request_id}",
        producer=settings.function(),
        deadline_at=clock.rfc3339(clock.now()),
        parent=parent,
    )


def refreshed(cause: Event) -> Event:
    """Return the event that the payment which ``cause`` is about is fresh in the cache."""
    order_id = cause.meta.correlation_id
    return envelope.following(
        cause.meta,
        cause.meta.event_id,
        REFRESHED,
        {"order_id": order_id, "because_of": cause.detail_type},
        step=f"payment_cache/{cause.meta.event_id}",
        producer=settings.function(),
    )
