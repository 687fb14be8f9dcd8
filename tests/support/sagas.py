"""The events of sagas that end in every way, as they are published, and a table in this process to apply them to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from tests.simulation.harness.dynamodb import DynamoDB, DynamoError, Index, Table

from saga_kit import envelope
from saga_kit.envelope import Event, Meta

REASON = {"code": "a_reason", "message": "There is a reason."}
_TAKEN_BACK = ("ShipmentReversed", "PaymentReversed", "StockReleased", "OrderCancelled")

ENDINGS: Mapping[str, Sequence[str]] = {
    "shipped": ("OrderPlaced", "StockReserved", "PaymentAuthorized", "ShipmentBooked"),
    "rejected": ("OrderRejected", "OrderCancelled"),
    "out of stock": ("OrderPlaced", "StockRejected", "StockReleased", "OrderCancelled"),
    "declined": (
        *("OrderPlaced", "StockReserved", "PaymentDeclined"),
        *("PaymentReversed", "StockReleased", "OrderCancelled"),
    ),
    "not served": ("OrderPlaced", "StockReserved", "PaymentAuthorized", "ShipmentRejected", *_TAKEN_BACK),
    "cancelled at once": ("OrderPlaced", "OrderCancellationRequested", *_TAKEN_BACK),
    # The reversal begins at the last step while the first ones still succeed.
    "cancelled meanwhile": (
        *("OrderPlaced", "OrderCancellationRequested", "ShipmentReversed", "StockReserved"),
        *("PaymentReversed", "StockReleased", "OrderCancelled"),
    ),
    "too late": ("OrderPlaced", "StockReserved", "SagaDeadlineExceeded", *_TAKEN_BACK),
    "shipped, cancelled too late": (
        *("OrderPlaced", "StockReserved", "PaymentAuthorized", "OrderCancellationRequested", "ShipmentBooked"),
    ),
}
"""Detail types in the order of their publication; CustomerNotified follows each."""

_WITH_REASON = re.compile("(Rejected|Declined|Reversed|Released|Cancelled)$")


def events_of(ending: str, saga_id: str, order: Mapping[str, Any], start: str = "2026-01-31T09:30:00") -> list[Event]:
    """The events of a saga that ends like this, a millisecond apart."""
    return [
        Event(
            detail_type,
            Meta(
                event_id=envelope.event_id(saga_id, "test", detail_type),
                schema=f"{detail_type}.v1",
                correlation_id=saga_id,
                causation_id=None,
                occurred_at=f"{start}.{number:03}Z",
                producer="test",
                deadline_at="2026-01-31T09:40:00.000Z",
                traceparent=f"00-{saga_id.replace('-', '')}-00f067aa0ba902b7-01",
            ),
            _data(detail_type, order),
        )
        for number, detail_type in enumerate((*ENDINGS[ending], "CustomerNotified"))
    ]


def _data(detail_type: str, order: Mapping[str, Any]) -> dict[str, Any]:
    if detail_type == "CustomerNotified":
        return {"outcome": "shipped", "attempt": 1}
    data: dict[str, Any] = {"order": order}
    if detail_type == "PaymentAuthorized":
        data["payment"] = {
            "authorization_id": "auth_1",
            "amount": order["total"],
            "currency": order["currency"],
        }
    if detail_type == "ShipmentBooked":
        data["shipment"] = {"shipment_id": "ship_1", "tracking_code": "TRACK1", "carrier": "carrier"}
    if _WITH_REASON.search(detail_type):
        data["reason"] = REASON
    return data


@dataclass(frozen=True)
class MemoryClient:
    """A low-level DynamoDB client of the simulator's tables, for as many writes as a search makes."""

    db: DynamoDB

    def __getattr__(self, name: str) -> Any:
        operation = "".join(part.capitalize() for part in name.split("_"))

        def call(**parameters: Any) -> Any:
            try:
                return self.db.call(operation, parameters)
            except DynamoError as error:
                answer: Any = {"Error": {"Code": error.code, "Message": error.message}, **error.members}
                raise ClientError(answer, operation) from None

        return call


def projection_in_memory(indexes: Mapping[str, tuple[str, str]], name: str = "orders") -> MemoryClient:
    """An empty projection with these indexes: partition key and sort key by name."""
    db = DynamoDB(lambda: 0.0)
    keys = {key: "S" for pair in (("pk",), *indexes.values()) for key in pair}
    db.add(Table(name, "pk", None, keys, {index: Index(*pair, None) for index, pair in indexes.items()}))
    return MemoryClient(db)
