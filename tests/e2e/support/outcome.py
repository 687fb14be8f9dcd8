"""How an order can end, and that it did: in the saga log, in every table, at the providers, in the customer's mail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.e2e.support.shop import TECHNICAL_FAILURE, Row, Shop, Tables

SERVICES = ("order", "inventory", "payment", "shipping")
SUCCEEDED = ("OrderPlaced", "StockReserved", "PaymentAuthorized", "ShipmentBooked")
FAILED = ("OrderRejected", "StockRejected", "PaymentDeclined", "ShipmentRejected")
REVERSED = ("OrderCancelled", "StockReleased", "PaymentReversed", "ShipmentReversed")
DO = ("place_order", "chk_inventory", "process_pymt", "shipping")
UNDO = ("reverse_order", "reverse_inv", "reverse_pymt", "reverse_ship")
CANCELLATION, DEADLINE = "OrderCancellationRequested", "SagaDeadlineExceeded"

PRODUCERS = {
    **dict(zip(SUCCEEDED, DO, strict=True)),
    **dict(zip(FAILED, DO, strict=True)),
    **dict(zip(REVERSED, UNDO, strict=True)),
    "CustomerNotified": "notify_customer",
    CANCELLATION: "request_cancellation",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an order has to end.

    Attributes:
        events: the detail types of its events, each with that of its cause, in their order.
        rows: the states of the steps' rows, by service; a service that is not there has no row.
        reason: code of the reason why it was taken back.
        field: what the reason says is at fault.
        authorization: state at the payment service provider; None where that was never asked.
        shipment: state at the carrier.
        charged: whether the provider had set the total aside at some time.
        booked: whether the carrier had booked the shipment at some time.
        reserved: whether the stock had been reserved at some time.
        failed: the function that gave up, by its logical name.
        condition, attempts: why it did, and after how many attempts.
    """

    events: tuple[tuple[str, str | None], ...]
    rows: Mapping[str, str]
    reason: str | None = None
    field: str | None = None
    authorization: str | None = None
    shipment: str | None = None
    charged: bool = False
    booked: bool = False
    reserved: bool = False
    failed: str | None = None
    condition: str = "RetriesExhausted"
    attempts: int = 3

    @property
    def detail_types(self) -> list[str]:
        """The detail types of its events."""
        return [detail_type for detail_type, _ in self.events]

    @property
    def shipped(self) -> bool:
        """Whether the order was completed."""
        return self.reason is None

    def but(self, **changes: Any) -> Outcome:
        """The same with some differences."""
        return replace(self, **changes)


def _caused(*detail_types: str) -> tuple[tuple[str, str | None], ...]:
    """Events of which each is the cause of the next."""
    return tuple(zip(detail_types, (None, *detail_types), strict=False))


def _taken_back(steps: int) -> tuple[str, ...]:
    return (*reversed(REVERSED[:steps]), "CustomerNotified")


SHIPPED = Outcome(
    _caused(*SUCCEEDED, "CustomerNotified"),
    dict.fromkeys(SERVICES, "SUCCEEDED"),
    authorization="authorized",
    shipment="booked",
    charged=True,
    booked=True,
    reserved=True,
)


def refused(service: str, reason: str, field: str | None = None) -> Outcome:
    """The order is refused by a service for a business reason."""
    step = SERVICES.index(service)
    return Outcome(
        _caused(*SUCCEEDED[:step], FAILED[step], *_taken_back(step + 1)),
        dict.fromkeys(SERVICES[: step + 1], "REVERSED"),
        reason,
        field,
        authorization=(None, None, "declined", "voided")[step],
        shipment=(None, None, None, "rejected")[step],
        charged=step > 2,
        reserved=step > 1,
    )


def given_up(service: str) -> Outcome:
    """The do function of a service fails until it is not tried any more, and never had an effect."""
    step = SERVICES.index(service)
    return Outcome(
        _caused(*SUCCEEDED[:step], TECHNICAL_FAILURE, *_taken_back(step + 1)),
        dict.fromkeys(SERVICES[: step + 1], "REVERSED"),
        "technical_failure",
        authorization=(None, None, "voided", "voided")[step],
        shipment=(None, None, None, "cancelled")[step],
        charged=step > 2,
        reserved=step > 1,
        failed=DO[step],
    )


def stopped(after: str, event: str, reason: str, cause: str | None) -> Outcome:
    """The order is taken back because of `event`, itself caused by `cause`, after the success of a service."""
    steps = SERVICES.index(after) + 1
    back = _caused(event, *_taken_back(len(SERVICES)))[1:]
    return Outcome(
        (*_caused(*SUCCEEDED[:steps]), (event, cause), *back),
        dict.fromkeys(SERVICES, "REVERSED"),
        reason,
        authorization="voided" if steps > 2 else None,
        charged=steps > 2,
        reserved=steps > 1,
    )


def check_story(shop: Shop, order_id: str, outcome: Outcome) -> None:
    """The saga log tells exactly the events that there have to be, their causes and the functions that made them."""
    told = shop.await_story(order_id, outcome.detail_types)
    assert [(event["detail_type"], event["cause"]) for event in told["events"]] == list(outcome.events)
    assert told["state"] == ("completed" if outcome.shipped else "reversed")
    for event in told["events"]:
        if event["detail_type"] == TECHNICAL_FAILURE:
            keys = {function["name"]: function["function"] for function in shop.outputs["functions"].values()}
            assert keys[event["producer"]] == outcome.failed
            assert event["failure"]["condition"] == outcome.condition
            assert event["failure"]["attempts"] == outcome.attempts
        elif event["detail_type"] in PRODUCERS:
            assert event["producer"] == PRODUCERS[event["detail_type"]]
    codes = {event["reason_code"] for event in told["events"] if "reason_code" in event}
    assert codes == ({outcome.reason} if outcome.reason else set())


def check_rows(tables: Tables, order_id: str, order: Mapping[str, Any], outcome: Outcome) -> None:
    """Every table holds of the order what it has to, and nothing else."""
    _check_steps(tables, order_id, outcome)
    _check_kept(tables, order_id, order, outcome)
    _check_providers(tables, order_id, order, outcome)
    notices = _rows_of(tables, "notification", order_id)
    assert list(notices) == [f"notice#{order_id}"]
    notice = notices[f"notice#{order_id}"]
    assert set(notice) == {"pk", "state", "outcome", "attempts", "outbox"}
    assert (notice["state"], notice["attempts"]) == ("DONE", 1)
    assert notice["outcome"] == ("shipped" if outcome.shipped else "cancelled")
    assert _outbox(notice)["detail_type"] == "CustomerNotified"


def _check_steps(tables: Tables, order_id: str, outcome: Outcome) -> None:
    for step, service in enumerate(SERVICES):
        rows = _rows_of(tables, service, order_id)
        state = outcome.rows.get(service)
        assert {key: row["state"] for key, row in rows.items()} == ({f"step#{order_id}": state} if state else {})
        for row in rows.values():
            published = _outbox(row)
            reported = SUCCEEDED[step] if state == "SUCCEEDED" else REVERSED[step]
            assert published["detail_type"] in {reported, CANCELLATION} if service == "order" else {reported}
            reason = published["detail"]["data"].get("reason", {})
            assert (reason.get("code"), reason.get("field")) == (outcome.reason, outcome.field)


def _check_kept(tables: Tables, order_id: str, order: Mapping[str, Any], outcome: Outcome) -> None:
    """What the rows keep beside their state: no more than the step needs, and nothing of the card but four digits."""
    base = {"pk", "state", "outbox"}
    total = sum(line["quantity"] * line["unit_price"] for line in order["lines"])
    kept = {service: next(iter(_rows_of(tables, service, order_id).values()), None) for service in SERVICES}
    assert kept["order"] is not None
    assert set(kept["order"]) - {"cancellation_requested_at"} == base | {"request_digest", "placed_at"}
    if inventory := kept["inventory"]:
        assert set(inventory) == base | ({"lines"} if outcome.reserved else set())
        if outcome.reserved:
            lines = [[line["sku"], line["quantity"]] for line in order["lines"]]
            assert json.loads(inventory["lines"]) == lines
    if payment := kept["payment"]:
        recorded = outcome.charged and "PaymentAuthorized" in outcome.detail_types
        names = {"authorization_id", "amount", "currency", "last4"}
        assert set(payment) == base | (names if recorded else set())
        if recorded:
            assert (payment["amount"], payment["currency"]) == (total, order["currency"])
    if shipping := kept["shipping"]:
        recorded = outcome.booked and "ShipmentBooked" in outcome.detail_types
        assert set(shipping) == base | ({"shipment_id", "carrier", "tracking_code"} if recorded else set())


def _check_providers(tables: Tables, order_id: str, order: Mapping[str, Any], outcome: Outcome) -> None:
    """The money and the parcel are where the order's outcome says."""
    rows = _rows_of(tables, "sandbox", order_id)
    expected = {"authorization": outcome.authorization, "shipment": outcome.shipment}
    assert {key.partition("#")[0]: row["state"] for key, row in rows.items()} == {
        name: state for name, state in expected.items() if state
    }
    authorization, shipment = rows.get(f"authorization#{order_id}", {}), rows.get(f"shipment#{order_id}", {})
    assert ("accepted" in authorization) == outcome.charged
    assert ("accepted" in shipment) == outcome.booked
    if outcome.charged:
        total = sum(line["quantity"] * line["unit_price"] for line in order["lines"])
        accepted = authorization["accepted"]
        assert (accepted["amount"], accepted["currency"]) == (total, order["currency"])
    payment = tables["payment"].get(f"step#{order_id}", {})
    if "authorization_id" in payment:
        assert payment["authorization_id"] == authorization["accepted"]["authorization_id"]
    shipping = tables["shipping"].get(f"step#{order_id}", {})
    if "shipment_id" in shipping:
        assert {name: shipping[name] for name in ("shipment_id", "carrier", "tracking_code")} == shipment["accepted"]


def check_mail(shop: Shop, order_id: str, order: Mapping[str, Any], outcome: Outcome) -> None:
    """The customer got exactly one mail, about the right outcome."""
    mails = shop.mails_to(order["email"])
    end = "is on its way" if outcome.shipped else "was cancelled"
    assert [mail["Subject"] for mail in mails] == [f"Your order {order_id} {end}"]


def check_end(shop: Shop, order_id: str, order: Mapping[str, Any], outcome: Outcome) -> None:
    """Wait for the order's end and check all of it."""
    check_story(shop, order_id, outcome)
    check_rows(shop.tables(), order_id, order, outcome)
    check_mail(shop, order_id, order, outcome)


def check_stock(tables: Tables, delivered: Mapping[str, int], reserved: Mapping[str, int]) -> None:
    """Of each SKU, what is not reserved by shipped orders is available: nothing was lost or made up."""
    rows = {sku: tables["inventory"][f"stock#{sku}"] for sku in delivered}
    assert {sku: (row["available"], row["reserved"]) for sku, row in rows.items()} == {
        sku: (quantity - reserved.get(sku, 0), reserved.get(sku, 0)) for sku, quantity in delivered.items()
    }


def _rows_of(tables: Tables, service: str, order_id: str) -> dict[str, Row]:
    return {key: row for key, row in tables[service].items() if order_id in key}


def _outbox(row: Row) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(row["outbox"])
    return document
