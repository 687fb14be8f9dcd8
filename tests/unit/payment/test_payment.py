"""The payment step: an order's total is set aside at most once, and let go whenever the order is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.support.http_server import Server, sent
from tests.unit.support.orders import ORDER, ORDER_ID, an_order
from tests.unit.support.provider_step import CONTEXT, ProviderStepRules, Subject, Wire

import payment as package
from payment import handlers, service
from saga_kit.rules import State, TriggerKind
from saga_kit.store import StepStore

PAYMENT = Subject(
    package=Path(package.__file__).parent,
    definition=service.DEFINITION,
    do=handlers.process_pymt,
    undo=handlers.reverse_pymt,
    read=handlers.get_payment,
    started_by="StockReserved",
    started_with={},
    undone_by={TriggerKind.FAILED: "PaymentDeclined", TriggerKind.NEXT_REVERSED: "ShipmentReversed"},
    provider_path="/authorizations",
    provider_end="void",
    ended="voided",
    accepted="authorized",
    orders={
        "accept": {"card": "tok_approve"},
        "refuse": {"card": "tok_decline"},
        "fail": {"card": "tok_fail"},
        "fail_once": {"card": "tok_fail_once"},
        "timeout": {"card": "tok_timeout"},
        "accept_then_timeout": {"card": "tok_charge_then_timeout"},
    },
    refusal={"code": "insufficient_funds", "message": "The card does not have sufficient funds."},
    acceptance={"authorization_id": "auth_1", "last4": "4242"},
    result="payment",
)


class TestPayment(ProviderStepRules):
    SUBJECT = PAYMENT

    def test_the_provider_is_asked_for_the_total_and_told_nothing_of_the_customer(
        self, subject: Subject, server: Server
    ) -> None:
        self.run(subject.do, subject.start())
        assert server.requests[0].document == {
            "amount": ORDER["total"],
            "currency": ORDER["currency"],
            "token": "tok_approve",
            "reference": ORDER_ID,
        }

    @pytest.mark.parametrize(
        ("answered", "ordered", "kept"),
        [("1111", "4242", "1111"), (None, "4242", "4242"), (None, None, None), ("1111", None, "1111")],
    )
    def test_last_digits_are_the_providers_or_else_the_orders(
        self, subject: Subject, rows: StepStore, wire: Wire, answered: Any, ordered: Any, kept: Any
    ) -> None:
        wire.answer = lambda _: sent(201, {"authorization_id": "auth_1", "last4": answered})
        message = subject.start()
        card = {"token": "tok_approve", "last4": ordered} if ordered else {"token": "tok_approve"}
        message["detail"]["data"]["order"]["payment"] = card
        assert self.run(subject.do, message) == "done"
        payment = {"authorization_id": "auth_1", "amount": 4250, "currency": "EUR", **({"last4": kept} if kept else {})}
        assert self.published(rows).data["payment"] == payment
        assert subject.read({"order_id": ORDER_ID}, CONTEXT)["payment"] == payment

    @pytest.mark.parametrize(
        ("code", "message"),
        [("expired_card", "The card has expired."), ("something_new", "The card was declined.")],
    )
    def test_a_refusal_is_put_into_words(
        self, subject: Subject, rows: StepStore, wire: Wire, code: str, message: str
    ) -> None:
        wire.answer = lambda _: sent(402, {"code": code})
        self.run(subject.do, subject.start())
        assert self.published(rows).data["reason"] == {"code": code, "message": message}

    def test_an_authorization_that_was_voided_is_a_refusal(self, subject: Subject, rows: StepStore, wire: Wire) -> None:
        wire.answer = lambda _: sent(409, {"code": "voided"})
        assert self.run(subject.do, subject.start()) == "refused"
        assert self.published(rows).data["reason"]["code"] == "authorization_voided"

    def test_an_authorization_is_shown_after_its_reversal(self, subject: Subject, rows: StepStore) -> None:
        self.put(rows, subject, State.SUCCEEDED)
        shown = subject.read({"order_id": ORDER_ID}, CONTEXT)["payment"]
        assert self.run(subject.undo, subject.trigger(TriggerKind.NEXT_REVERSED)) == "compensated"
        document = subject.read({"order_id": ORDER_ID}, CONTEXT)
        assert (document["state"], document["payment"]) == ("REVERSED", shown)

    def test_the_token_is_nowhere_on_the_row_but_in_the_order_of_its_event(
        self, subject: Subject, rows: StepStore
    ) -> None:
        self.run(subject.do, subject.start())
        row = self.row(rows)
        assert set(row.item) == {"pk", "state", "outbox", "authorization_id", "amount", "currency", "last4"}
        assert str(row.item).count("tok_") == 1
        assert self.published(rows).data["order"] == an_order()
