"""The carrier: shipments over HTTP, keyed by the order.

    POST /shipments                201 {shipment_id, carrier, tracking_code} | 422 {code: "address_not_served"}
                                   | 409 {code: "cancelled"}
    POST /shipments/{key}/cancel   200, also for a key that was never seen: it then stays unusable

The order's id is the idempotency key. A repeated request gets the first one's answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from saga_kit.envelope import Event
from saga_kit.outbound import Client
from saga_kit.step import Outcome
from shipping import store

_IDENTITY = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_CARRIER = r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}"
_TRACKING_CODE = r"[A-Z0-9][A-Z0-9-]{0,39}"

ADDRESS_NOT_SERVED = "address_not_served"
"""Reason code of an order that goes where the carrier does not."""
CANCELLED = "shipment_cancelled"
"""Reason code of a shipment that was asked for after the order had been given up."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """``saga_kit.step.Provider`` for shipments."""

    client: Client

    def perform(self, event: Event) -> Outcome:
        """Have the order taken to the customer.

        Raises ``ProviderUnavailableError`` for anything but a booking, a refusal of the address or the carrier's word
        that the order's shipment has been cancelled.
        """
        order = event.data["order"]
        saga_id = event.meta.correlation_id
        answer = self.client.post(
            "/shipments",
            {
                "reference": saga_id,
                "ship_to": order["ship_to"],
                "parcels": [{"sku": line["sku"], "quantity": line["quantity"]} for line in order["lines"]],
            },
            idempotency_key=saga_id,
        )
        if answer.status in {200, 201}:
            shipment = {
                "shipment_id": answer.text("shipment_id", _IDENTITY),
                "carrier": answer.text("carrier", _CARRIER),
                "tracking_code": answer.text("tracking_code", _TRACKING_CODE),
            }
            return Outcome.succeeded({"order": order, "shipment": shipment}, store.attributes(shipment))
        code = answer.document.get("code")
        if answer.status == 422 and code == "address_not_served":
            return _rejected(order, ADDRESS_NOT_SERVED, "The carrier does not deliver to this address.", "ship_to")
        if answer.status == 409 and code == "cancelled":
            return _rejected(order, CANCELLED, "The shipment was given up before it was booked.")
        raise answer.unexpected()

    def revoke(self, saga_id: str) -> None:
        """Cancel the order's shipment, booked or not. Raises ``ProviderUnavailableError`` when that is not certain."""
        answer = self.client.post(f"/shipments/{saga_id}/cancel", idempotency_key=f"{saga_id}-cancel")
        if answer.status not in {200, 201}:
            raise answer.unexpected()


def _rejected(order: Mapping[str, Any], code: str, message: str, field: str | None = None) -> Outcome:
    reason = {"code": code, "message": message, **({"field": field} if field else {})}
    return Outcome.failed({"order": order, "reason": reason})
