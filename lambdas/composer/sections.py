"""What there is to know of an order, a section for each service that owns a part of it.

Every document has a version: a number that only grows with what the service's row goes through. By it the cache tells
an older read from a newer one, and an event says which versions it has made out of date.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from saga_kit.rules import State

Document = Mapping[str, Any]

_ORDER = {"PLACED": 1, "REJECTED": 1, "CANCELLED": 3}
_STEP = {State.PENDING: 1, State.SUCCEEDED: 2, State.FAILED: 2, State.REVERSING: 3, State.REVERSED: 4}
_NOTIFIED = 1_000_000
"""More than any number of attempts at a mail."""


def _version_of_order(document: Document) -> int:
    version = _ORDER[document["state"]]
    return version + 1 if version == 1 and document["cancellation_requested"] else version


def _version_of_step(document: Document) -> int:
    return _STEP[State(document["state"])]


def _version_of_notices(document: Document) -> int:
    notice = document["notices"][0]
    done: int = notice["attempts"] + (_NOTIFIED if "sent_at" in notice else 0)
    return done


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an order: its name, the version of its document, and its events with the version that each has made.

    ``is_there`` tells a document from one that says that there is nothing.
    """

    name: str
    version: Callable[[Document], int]
    events: Mapping[str, int]
    is_there: Callable[[Document], bool] = bool


SECTIONS = {
    section.name: section
    for section in (
        Section("order", _version_of_order, {"OrderRejected": 1, "OrderCancellationRequested": 2, "OrderCancelled": 3}),
        Section("stock", _version_of_step, {"StockReserved": 2, "StockRejected": 2, "StockReleased": 4}),
        Section("payment", _version_of_step, {"PaymentAuthorized": 2, "PaymentDeclined": 2, "PaymentReversed": 4}),
        Section("shipment", _version_of_step, {"ShipmentBooked": 2, "ShipmentRejected": 2, "ShipmentReversed": 4}),
        Section(
            "notices", _version_of_notices, {"CustomerNotified": _NOTIFIED}, lambda document: bool(document["notices"])
        ),
    )
}
"""In the order in which an order goes through the services."""

ORDER, PAYMENT = SECTIONS["order"], SECTIONS["payment"]


def of_event(detail_type: str) -> tuple[Section, int]:
    """Return the section that an event is about, and the version that it has made."""
    return next(
        (section, section.events[detail_type]) for section in SECTIONS.values() if detail_type in section.events
    )
