"""The mails that customers get: what they say, and how they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How an order ended."""

    SHIPPED = "shipped"
    CANCELLED = "cancelled"


_MINOR_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
"""Currencies by their digits after the point, where these are not two (ISO 4217, list one)."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A plain-text mail to one address."""

    to: str
    subject: str
    text: str


def amount(minor: int, currency: str) -> str:
    """Return an amount in minor units for a reader: ``amount(1250, "EUR")`` is ``12.50 EUR``."""
    digits = next((digits for digits, currencies in _MINOR_DIGITS.items() if currency in currencies.split()), 2)
    if not digits:
        return f"{minor} {currency}"
    whole, part = divmod(minor, 10**digits)
    return f"{whole}.{part:0{digits}d} {currency}"


def compose(outcome: Outcome, order_id: str, data: Mapping[str, Any]) -> Mail:
    """Return the mail about an order's ``outcome``; ``data`` is that of ShipmentBooked or OrderCancelled.

    Nothing in it but the address was typed by the customer, so that nobody can have words of theirs sent to others.
    """
    order = data["order"]
    # To JSON Schema 1250.0 is a whole number too.
    total = amount(int(order["total"]), order["currency"])
    if outcome is Outcome.SHIPPED:
        shipment = data["shipment"]
        subject = f"Your order {order_id} is on its way"
        lines = [
            f"your order {order_id} over {total} is on its way with {shipment['carrier']}.",
            f"Tracking code: {shipment['tracking_code']}",
        ]
    else:
        subject = f"Your order {order_id} was cancelled"
        lines = [
            f"your order {order_id} over {total} was cancelled. The reason: {data['reason']['message']}",
            "Whatever was set aside on your card for it has been released.",
        ]
    return Mail(order["email"], subject, "\n".join(["Hello,", "", *lines, ""]))


def send(client: Any, sender: str, mail: Mail) -> None:
    """Send ``mail`` from the address ``sender`` through the SES v2 client ``client``.

    Raises botocore's ``ClientError`` when SES refuses it.
    """
    client.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": [mail.to]},
        Content={
            "Simple": {
                "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": mail.text, "Charset": "UTF-8"}},
            }
        },
    )
