"""One mail an order, about the one way in which it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.client
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from tests.unit.support.fixtures import TABLE
from tests.unit.support.orders import (
    ORDER,
    ORDER_ID,
    REASON,
    a_message,
    a_technical_failure,
    an_event,
    an_order,
)

import notification as package
from notification import handlers, mail, service, store
from notification.mail import Outcome
from saga_kit import aws, clock, outbox, schema
from saga_kit.errors import ConfigurationError, IntentInProgressError, InvalidEventError
from saga_kit.once import DifferentEffectError
from saga_kit.rules import TriggerKind

SHIPMENT = {"shipment_id": "shp_1", "carrier": "Sandbox Express", "tracking_code": "SBX-000000000042"}
SENDER = "orders@shop.example"

Send = Callable[[], None]


def shipped(**changes: Any) -> dict[str, Any]:
    return a_message(an_event("ShipmentBooked", {"order": {**ORDER, **changes}, "shipment": SHIPMENT}))


def cancelled(**changes: Any) -> dict[str, Any]:
    return a_message(an_event("OrderCancelled", {"order": {**ORDER, **changes}, "reason": REASON}))


class Killed(BaseException):
    """The end of the process: nothing more is done."""


def deliver(message: dict[str, Any], remaining_ms: int = 10_000) -> str:
    context = SimpleNamespace(aws_request_id="delivery-1", get_remaining_time_in_millis=lambda: remaining_ms)
    effect: str = handlers.notify_customer(message, context)["effect"]
    return effect


class Mailbox:
    """What was handed to SES; ``failures`` are raised one after the other once a mail has been taken."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.failures: list[BaseException] = []
        self.before: Callable[[], Any] = lambda: None


@pytest.fixture(autouse=True)
def mailbox(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """SES as moto has it, with a verified sender, watched from the place where every operation passes."""
    monkeypatch.setenv("MAIL_FROM", SENDER)
    aws.client("sesv2", attempts=1).create_email_identity(EmailIdentity=SENDER)
    box = Mailbox()
    call = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # where every operation passes

    def watched(self: Any, operation: str, parameters: Any) -> Any:
        if operation != "SendEmail":
            return call(self, operation, parameters)
        box.before()
        answer = call(self, operation, parameters)
        box.sent.append(parameters)
        if box.failures:
            raise box.failures.pop(0)
        return answer

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", watched)
    return box


def row(dynamodb: Any) -> dict[str, Any]:
    item: dict[str, Any] = dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": f"notice#{ORDER_ID}"}}).get("Item", {})
    return item


class TestTheMail:
    def test_tells_of_the_shipment(self, mailbox: Mailbox) -> None:
        assert deliver(shipped()) == "done"
        (request,) = mailbox.sent
        assert request["FromEmailAddress"] == SENDER
        assert request["Destination"] == {"ToAddresses": [ORDER["email"]]}
        content = request["Content"]["Simple"]
        assert content["Subject"]["Data"] == f"Your order {ORDER_ID} is on its way"
        assert list(content["Body"]) == ["Text"]
        assert content["Body"]["Text"]["Data"] == (
            f"Hello,\n\nyour order {ORDER_ID} over 42.50 EUR is on its way with Sandbox Express.\n"
            "Tracking code: SBX-000000000042\n"
        )

    def test_tells_of_the_cancellation_and_its_reason(self, mailbox: Mailbox) -> None:
        assert deliver(cancelled(currency="JPY", total=1250)) == "done"
        content = mailbox.sent[0]["Content"]["Simple"]
        assert content["Subject"]["Data"] == f"Your order {ORDER_ID} was cancelled"
        text = content["Body"]["Text"]["Data"]
        assert f"your order {ORDER_ID} over 1250 JPY was cancelled." in text
        assert REASON["message"] in text

    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [
            (1, "EUR", "0.01 EUR"),
            (99, "USD", "0.99 USD"),
            (100, "EUR", "1.00 EUR"),
            (123456, "CHF", "1234.56 CHF"),
            (1250, "JPY", "1250 JPY"),
            (7, "KRW", "7 KRW"),
            (1005, "KWD", "1.005 KWD"),
            (5, "BHD", "0.005 BHD"),
            (10_001, "CLF", "1.0001 CLF"),
            (1_000_000_000_000, "EUR", "10000000000.00 EUR"),
        ],
    )
    def test_writes_amounts_as_their_currency_does(self, minor: int, currency: str, text: str) -> None:
        assert mail.amount(minor, currency) == text

    def test_has_nothing_in_it_that_the_customer_typed(self) -> None:
        data = {"order": an_order(), "shipment": SHIPMENT, "reason": REASON}
        for outcome in Outcome:
            message = mail.compose(outcome, ORDER_ID, data)
            assert "Canary" not in message.subject + message.text
            assert "canary" not in message.subject + message.text

    @pytest.mark.parametrize(
        "email",
        [
            "a@example.com\nBcc: victim@example.com",
            "a@example.com\r\nBcc: victim@example.com",
            "a\nb@example.com",
            "a@example.com\n",
            "a@example.com, victim@example.com",
            "a@example.com victim@example.com",
            "a\t@example.com",
            "a\u2028@example.com",
            "a@exam\nple.com",
            "victim@example.com@example.com",
            "a@example.com\x00",
        ],
    )
    def test_cannot_be_given_headers_or_other_addresses_through_the_email(
        self, email: str, mailbox: Mailbox, dynamodb: Any
    ) -> None:
        for message in (shipped(email=email), cancelled(email=email)):
            with pytest.raises(InvalidEventError) as caught:
                deliver(message)
            assert caught.value.field == "data.order.email"
        assert mailbox.sent == []
        assert row(dynamodb) == {}

    @pytest.mark.parametrize(
        ("field", "value"),
        [("tracking_code", "X\nBcc: a@b.example"), ("carrier", "Fast\r\nSubject: x"), ("shipment_id", "a b")],
    )
    def test_cannot_be_given_lines_through_the_shipment(self, field: str, value: str, mailbox: Mailbox) -> None:
        message = a_message(an_event("ShipmentBooked", {"order": ORDER, "shipment": {**SHIPMENT, field: value}}))
        with pytest.raises(InvalidEventError, match=field):
            deliver(message)
        assert mailbox.sent == []


class TestOnce:
    @pytest.mark.parametrize(("message", "outcome"), [(shipped(), "shipped"), (cancelled(), "cancelled")])
    def test_records_what_was_told_with_its_event(self, message: Any, outcome: str, dynamodb: Any) -> None:
        assert deliver(message) == "done"
        found = row(dynamodb)
        assert (found["state"]["S"], found["outcome"]["S"], found["attempts"]["N"]) == ("DONE", outcome, "1")
        event = outbox.load(found["outbox"]["S"])
        assert (event.detail_type, event.data) == ("CustomerNotified", {"outcome": outcome, "attempt": 1})
        assert event.meta.correlation_id == ORDER_ID
        assert event.meta.causation_id == message["detail"]["meta"]["event_id"]
        assert (event.meta.producer, event.meta.schema) == ("notify_customer", "CustomerNotified.v1")
        schema.check("CustomerNotified.v1", event.detail())

    def test_keeps_no_address_and_nothing_else_of_the_customer(self, dynamodb: Any) -> None:
        deliver(shipped())
        assert "canary" not in json.dumps(row(dynamodb)).lower()

    def test_duplicates_send_nothing(self, mailbox: Mailbox) -> None:
        assert [deliver(shipped()) for _ in range(3)] == ["done", *["nothing"] * 2]
        assert len(mailbox.sent) == 1

    def test_takes_three_calls_and_a_duplicate_one(self, calls: list[str], mailbox: Mailbox) -> None:
        deliver(shipped())
        assert [name for name in calls if name != "SendEmail"] == ["UpdateItem", "UpdateItem"]
        calls.clear()
        deliver(shipped())
        assert calls == ["UpdateItem"]

    def test_two_deliveries_at_once_send_one_mail(self, mailbox: Mailbox) -> None:
        """Also when they are one: Lambda may run an event twice at once, under one request id."""
        second: list[str] = []

        def meanwhile() -> None:
            with pytest.raises(IntentInProgressError):
                deliver(shipped())
            second.append("came back later")

        mailbox.before = meanwhile
        assert deliver(shipped()) == "done"
        mailbox.before = lambda: None
        assert second == ["came back later"]
        assert deliver(shipped()) == "nothing"
        assert len(mailbox.sent) == 1

    def test_a_crash_between_the_mail_and_its_record_is_counted(
        self, mailbox: Mailbox, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mailbox.failures = [Killed()]
        with pytest.raises(Killed):
            deliver(shipped())
        assert (row(dynamodb)["state"]["S"], "outbox" in row(dynamodb)) == ("CLAIMED", False)
        a_minute_later = clock.after(60)
        monkeypatch.setattr(clock, "now", lambda: a_minute_later)
        assert deliver(shipped()) == "done"
        assert (row(dynamodb)["attempts"]["N"], len(mailbox.sent)) == ("2", 2)
        assert outbox.load(row(dynamodb)["outbox"]["S"]).data == {"outcome": "shipped", "attempt": 2}

    def test_a_claim_outlives_its_invocation_by_a_margin(
        self, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mailbox.failures = [Killed()]
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now)
        with pytest.raises(Killed):
            deliver(shipped(), remaining_ms=20_000)
        for seconds, taken_over in ((24.9, False), (25.1, True)):
            moment = clock.after(seconds)
            with monkeypatch.context() as at:
                at.setattr(clock, "now", lambda moment=moment: moment)
                if taken_over:
                    assert deliver(shipped()) == "done"
                else:
                    with pytest.raises(IntentInProgressError):
                        deliver(shipped())

    def test_ses_is_asked_once_an_attempt(self, monkeypatch: pytest.MonkeyPatch, dynamodb: Any) -> None:
        client = aws.client("sesv2", attempts=1)
        asked: list[int] = []

        def no_answer(**_: Any) -> None:
            asked.append(1)
            raise ReadTimeoutError(endpoint_url="https://email.example")

        client.meta.events.register_first("before-send.sesv2.SendEmail", no_answer)
        try:
            with pytest.raises(ReadTimeoutError):
                deliver(shipped())
        finally:
            client.meta.events.unregister("before-send.sesv2.SendEmail", no_answer)
        assert len(asked) == 1
        assert row(dynamodb)["attempts"]["N"] == "1"

    def test_a_mail_that_ses_refuses_is_tried_again(self, mailbox: Mailbox, dynamodb: Any) -> None:
        def refuse() -> None:
            raise ClientError({"Error": {"Code": "MessageRejected", "Message": "canary"}}, "SendEmail")

        mailbox.before = refuse
        for _ in range(2):
            with pytest.raises(ClientError):
                deliver(shipped())
        assert "outbox" not in row(dynamodb)
        mailbox.before = lambda: None
        assert deliver(shipped()) == "done"
        assert (row(dynamodb)["attempts"]["N"], len(mailbox.sent)) == ("3", 1)

    @pytest.mark.parametrize(("first", "second"), [(shipped, cancelled), (cancelled, shipped)])
    def test_the_other_outcome_is_refused_for_good(
        self, first: Callable[[], Any], second: Callable[[], Any], mailbox: Mailbox, dynamodb: Any
    ) -> None:
        deliver(first())
        before = row(dynamodb)
        for _ in range(2):
            with pytest.raises(DifferentEffectError, match="outcome"):
                deliver(second())
        assert row(dynamodb) == before
        assert len(mailbox.sent) == 1

    @pytest.mark.parametrize("end", [RuntimeError("no answer"), Killed()])
    def test_the_other_outcome_is_refused_before_the_first_is_recorded(
        self, end: BaseException, mailbox: Mailbox, dynamodb: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mailbox.failures = [end]
        with pytest.raises(type(end)):
            deliver(shipped())
        later = clock.after(3600)
        monkeypatch.setattr(clock, "now", lambda: later)
        with pytest.raises(DifferentEffectError):
            deliver(cancelled())
        assert row(dynamodb)["outcome"]["S"] == "shipped"
        assert len(mailbox.sent) == 1

    def test_another_order_has_a_mail_of_its_own(self, mailbox: Mailbox) -> None:
        deliver(shipped())
        other = an_event("OrderCancelled", {"order": ORDER, "reason": REASON}, "1a2b3c4d-3a52-5c1e-9d59-4c55c2f2b6a1")
        assert deliver(a_message(other)) == "done"
        assert len(mailbox.sent) == 2


class TestTheFunction:
    def test_runs_on_the_two_ends_of_an_order(self) -> None:
        assert handlers.notify_customer.triggers == {  # type: ignore[attr-defined]  # the participant's
            "ShipmentBooked": TriggerKind.PREVIOUS_SUCCEEDED,
            "OrderCancelled": TriggerKind.NEXT_REVERSED,
        }

    @pytest.mark.parametrize(
        "message",
        [
            a_technical_failure(shipped()),
            a_message(an_event("ShipmentReversed", {"order": ORDER, "reason": REASON})),
            {**shipped(), "detail-type": "OrderCancelled"},
        ],
        ids=["technical failure", "another event", "a type that its schema is not"],
    )
    def test_refuses_any_other_message(self, message: dict[str, Any], mailbox: Mailbox) -> None:
        with pytest.raises(InvalidEventError):
            deliver(message)
        assert mailbox.sent == []

    def test_says_what_it_was_deployed_without(self, monkeypatch: pytest.MonkeyPatch, dynamodb: Any) -> None:
        monkeypatch.delenv("MAIL_FROM")
        with pytest.raises(ConfigurationError, match="MAIL_FROM"):
            deliver(shipped())
        assert row(dynamodb) == {}, "nothing claimed"

    def test_logs_nothing_of_the_customer(self, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]) -> None:
        mailbox.failures = [ClientError({"Error": {"Code": "Throttled", "Message": ORDER["email"]}}, "SendEmail")]
        with pytest.raises(ClientError):
            deliver(shipped())
        deliver(shipped())
        with pytest.raises(DifferentEffectError):
            deliver(cancelled())
        with pytest.raises(InvalidEventError):
            deliver(shipped(email="canary mail"))
        output = capsys.readouterr().out
        assert output.count('"failed"') == 3
        assert "canary" not in output.lower()
        assert "tok_" not in output


class TestReading:
    def test_an_order_without_a_notice(self, dynamodb: Any) -> None:
        assert service.describe(ORDER_ID, store.notices()) == {"order_id": ORDER_ID, "notices": []}

    def test_a_notice_that_was_sent(self) -> None:
        deliver(shipped())
        (notice,) = service.describe(ORDER_ID, store.notices())["notices"]
        sent_at = notice.pop("sent_at")
        assert clock.parse(sent_at) <= clock.now()
        assert notice == {"outcome": "shipped", "state": "DONE", "attempts": 1}

    def test_a_notice_under_way(self, mailbox: Mailbox) -> None:
        mailbox.failures = [RuntimeError("killed")]
        with pytest.raises(RuntimeError):
            deliver(cancelled())
        assert service.describe(ORDER_ID, store.notices())["notices"] == [
            {"outcome": "cancelled", "state": "CLAIMED", "attempts": 1}
        ]


def test_no_event_of_the_service_carries_an_address() -> None:
    text = (Path(package.__file__).parent / "schemas" / "CustomerNotified.v1.json").read_text()
    assert "Order.v1" not in text
    assert "email" not in text
