"""The shipping step, the pivot: an order is booked at most once, and a booking that is recorded is never undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.support.http_server import Server, sent
from tests.unit.support.orders import ORDER, ORDER_ID
from tests.unit.support.provider_step import CONTEXT, ProviderStepRules, Subject, Wire

import shipping as package
from saga_kit.rules import State, TriggerKind
from saga_kit.store import StepStore
from shipping import handlers, service

SHIPPING = Subject(
    package=Path(package.__file__).parent,
    definition=service.DEFINITION,
    do=handlers.shipping,
    undo=handlers.reverse_ship,
    read=handlers.get_shipment,
    started_by="PaymentAuthorized",
    started_with={"payment": {"authorization_id": "auth_1", "amount": 4250, "currency": "EUR", "last4": "4242"}},
    undone_by={
        TriggerKind.FAILED: "ShipmentRejected",
        TriggerKind.DEADLINE: "SagaDeadlineExceeded",
        TriggerKind.CANCELLATION: "OrderCancellationRequested",
    },
    provider_path="/shipments",
    provider_end="cancel",
    ended="cancelled",
    accepted="booked",
    orders={
        "accept": {},
        "refuse": {"postal_code": "00000"},
        "fail": {"postal_code": "99999"},
        "fail_once": {"postal_code": "66666"},
        "timeout": {"postal_code": "88888"},
        "accept_then_timeout": {"postal_code": "77777"},
    },
    refusal={"code": "address_not_served", "field": "ship_to"},
    acceptance={"shipment_id": "shp_1", "carrier": "Sandbox Express", "tracking_code": "SBX-1"},
    result="shipment",
)


class TestShipping(ProviderStepRules):
    SUBJECT = SHIPPING

    def test_the_carrier_is_told_where_to_and_what_but_nothing_of_the_payment(
        self, subject: Subject, server: Server
    ) -> None:
        self.run(subject.do, subject.start())
        assert server.requests[0].document == {
            "reference": ORDER_ID,
            "ship_to": ORDER["ship_to"],
            "parcels": [{"sku": "KETTLE-1", "quantity": 1}, {"sku": "MUG-2", "quantity": 2}],
        }

    def test_the_booking_is_published_and_shown(self, subject: Subject, rows: StepStore, wire: Wire) -> None:
        wire.answer = lambda _: sent(201, {**subject.acceptance, "price": 5})
        self.run(subject.do, subject.start())
        assert self.published(rows).data["shipment"] == subject.acceptance
        assert subject.read({"order_id": ORDER_ID}, CONTEXT)["shipment"] == subject.acceptance

    def test_a_shipment_that_was_cancelled_is_a_rejection(self, subject: Subject, rows: StepStore, wire: Wire) -> None:
        wire.answer = lambda _: sent(409, {"code": "cancelled"})
        assert self.run(subject.do, subject.start()) == "refused"
        assert self.published(rows).data["reason"]["code"] == "shipment_cancelled"

    @pytest.mark.parametrize("kind", [TriggerKind.TECHNICAL_FAILURE, *SHIPPING.undone_by])
    def test_a_booking_that_is_recorded_is_final(
        self, subject: Subject, rows: StepStore, server: Server, kind: TriggerKind
    ) -> None:
        self.put(rows, subject, State.SUCCEEDED)
        before = self.row(rows)
        assert self.run(subject.undo, subject.trigger(kind)) == "nothing"
        assert self.row(rows) == before
        assert self.asked(server) == ["/shipments"]
        assert self.at_provider(subject) == "booked"

    def test_the_row_keeps_nothing_of_the_customer_but_in_the_order_of_its_event(
        self, subject: Subject, rows: StepStore
    ) -> None:
        self.run(subject.do, subject.start())
        item = self.row(rows).item
        assert set(item) == {"pk", "state", "outbox", "shipment_id", "carrier", "tracking_code"}
        assert "Canary" not in str({name: value for name, value in item.items() if name != "outbox"})
