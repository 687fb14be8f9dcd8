"""What holds for every step that has its work done by a provider, tried against the sandbox over real HTTP.

A service's tests say how its step and its provider are called (``Subject``) and inherit from ``ProviderStepRules``.
"""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from tests.unit.support.api import OPERATOR
from tests.unit.support.fixtures import SECRET, SECRET_PARAMETER, TABLE
from tests.unit.support.http_server import HANG_UP, Received, Sent, Server, sent, serve
from tests.unit.support.orders import ORDER_ID, REASON, a_message, a_technical_failure, an_event, an_order
from tests.unit.support.sandbox_app import CONTEXT as SANDBOX_CONTEXT
from tests.unit.support.sandbox_app import payload, sandbox_app

from saga_kit import aws, envelope, observe, outbound, schema
from saga_kit.envelope import Event
from saga_kit.errors import ConfigurationError, InvalidEventError, ProviderUnavailableError
from saga_kit.rules import State, TriggerKind
from saga_kit.step import Definition
from saga_kit.store import Row, StepStore
from saga_kit.trigger import TECHNICAL_FAILURE

CONTEXT = SimpleNamespace(aws_request_id="cccccccc-0000-4000-8000-000000000000")

Message = Any
Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Subject:
    """A step and its provider, by their names and by what makes the sandbox behave in a certain way."""

    package: Path
    definition: Definition
    do: Handler
    undo: Handler
    read: Handler
    started_by: str
    """Detail type of the event that starts the do, and what its data holds beside the order."""
    started_with: Mapping[str, Any]
    undone_by: Mapping[TriggerKind, str]
    """Detail types of the undo's triggers but the technical failure."""
    provider_path: str
    provider_end: str
    ended: str
    accepted: str
    orders: Mapping[str, Mapping[str, Any]]
    """What to order to have the provider accept, refuse, fail, fail_once, timeout or accept_then_timeout."""
    refusal: Mapping[str, str]
    acceptance: Mapping[str, Any]
    """A well-formed answer to a request that is accepted."""
    result: str
    """Under which name the event and the reader show what was accepted."""

    def order(self, behaviour: str = "accept") -> dict[str, Any]:
        return an_order(**self.orders[behaviour])

    def start(self, behaviour: str = "accept") -> Message:
        return a_message(an_event(self.started_by, {"order": self.order(behaviour), **self.started_with}))

    def trigger(self, kind: TriggerKind) -> Message:
        """Return the message that has the undo run because of ``kind``."""
        if kind is TriggerKind.TECHNICAL_FAILURE:
            return a_technical_failure(self.start())
        carries_reason = kind in {TriggerKind.FAILED, TriggerKind.NEXT_REVERSED}
        data = {"order": self.order(), **({"reason": REASON} if carries_reason else {})}
        return a_message(an_event(self.undone_by[kind], data))


# What an undo does by the state of the row: its effect, and whether the provider is asked to take something back.
# A success is only undone because the next step was reversed.
UNDO: dict[State | None, tuple[str, bool]] = {
    None: ("passed_on", False),
    State.FAILED: ("passed_on", False),
    State.PENDING: ("compensated", True),
    State.REVERSING: ("compensated", True),
    State.SUCCEEDED: ("nothing", False),
    State.REVERSED: ("nothing", False),
}


@dataclass
class Wire:
    """The server in front of the sandbox: what went over it, and what a test does to that."""

    answer: Callable[[Received], Sent] = sandbox_app
    before: Callable[[Received], Any] = lambda _: None
    after: Callable[[Received], Any] = lambda _: None

    def __call__(self, request: Received) -> Sent:
        before, after = self.before, self.after
        before(request)
        reply = self.answer(request)
        after(request)
        return reply


class ProviderStepRules:
    """The rules; a subclass gives the ``subject``."""

    SUBJECT: ClassVar[Subject]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Try every trigger of the subject's undo in every state."""
        if {"kind", "state"} <= set(metafunc.fixturenames):
            kinds = [TriggerKind.TECHNICAL_FAILURE, *self.SUBJECT.undone_by]
            metafunc.parametrize(("kind", "state"), list(itertools.product(kinds, UNDO)))

    @pytest.fixture
    def subject(self) -> Subject:
        return self.SUBJECT

    @pytest.fixture
    def wire(self) -> Wire:
        return Wire()

    @pytest.fixture(autouse=True)
    def server(self, dynamodb: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
        with serve(wire) as server:
            monkeypatch.setenv("PROVIDER_URL", server.url)
            yield server

    @pytest.fixture
    def rows(self, dynamodb: Any) -> StepStore:
        return StepStore(dynamodb, TABLE)

    def run(self, handler: Handler, message: Message) -> str:
        effect: str = handler(message, CONTEXT)["effect"]
        return effect

    def row(self, rows: StepStore) -> Row:
        row = rows.find(ORDER_ID)
        assert row
        return row

    def published(self, rows: StepStore) -> Event:
        """Return the event in the row's outbox, which has to agree with its schema."""
        event = self.row(rows).event
        assert event
        schema.check(event.meta.schema, event.detail())
        return event

    def at_provider(self, subject: Subject) -> str | None:
        """Return the state of the order at the provider, as it tells itself."""
        event = payload(Received("GET", f"{subject.provider_path}/{ORDER_ID}", {}, b"", 0))
        from sandbox import handlers

        document = json.loads(handlers.provider(event, SANDBOX_CONTEXT)["body"])
        state: str | None = document.get("state")
        return state

    def asked(self, server: Server) -> list[str]:
        return [request.path for request in server.requests]

    def ends(self, subject: Subject) -> str:
        return f"{subject.provider_path}/{ORDER_ID}/{subject.provider_end}"

    def put(self, rows: StepStore, subject: Subject, state: State | None) -> None:
        """Bring the row into ``state`` the way that the functions do."""
        if state is State.SUCCEEDED:
            self.run(subject.do, subject.start())
        elif state is State.FAILED:
            self.run(subject.do, subject.start("refuse"))
        elif state is State.REVERSED:
            self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE))
        elif state is not None:
            rows.change(ORDER_ID, state, allowed=frozenset({None}))

    # The do

    def test_success_takes_two_writes_and_one_request(
        self, subject: Subject, rows: StepStore, server: Server, calls: list[str]
    ) -> None:
        aws.client("ssm")
        assert self.run(subject.do, subject.start()) == "done"
        assert calls == ["UpdateItem", "GetParameter", "UpdateItem"]
        assert self.asked(server) == [subject.provider_path]
        assert server.requests[0].headers["idempotency-key"] == ORDER_ID
        assert self.row(rows).state is State.SUCCEEDED
        assert self.at_provider(subject) == subject.accepted

    def test_success_is_published_with_the_order(self, subject: Subject, rows: StepStore) -> None:
        message = subject.start()
        self.run(subject.do, message)
        event = self.published(rows)
        assert event.detail_type == subject.definition.succeeded
        assert event.data["order"] == subject.order()
        assert set(event.data) == {"order", subject.result}
        cause = message["detail"]["meta"]
        assert event.meta.causation_id == cause["event_id"]
        assert (event.meta.correlation_id, event.meta.deadline_at) == (ORDER_ID, cause["deadline_at"])
        assert event.meta.producer == subject.definition.do
        assert event.meta.event_id == envelope.event_id(ORDER_ID, subject.definition.name, subject.definition.succeeded)

    def test_refusal_is_published_with_its_reason(self, subject: Subject, rows: StepStore) -> None:
        assert self.run(subject.do, subject.start("refuse")) == "refused"
        event = self.published(rows)
        assert (event.detail_type, self.row(rows).state) == (subject.definition.failed, State.FAILED)
        assert set(event.data) == {"order", "reason"}
        assert event.data["reason"].items() >= subject.refusal.items()

    @pytest.mark.parametrize("behaviour", ["accept", "refuse"])
    def test_duplicates_take_one_call_and_ask_nobody(
        self, subject: Subject, rows: StepStore, server: Server, calls: list[str], behaviour: str
    ) -> None:
        self.run(subject.do, subject.start(behaviour))
        before = self.row(rows)
        calls.clear()
        for _ in range(3):
            assert self.run(subject.do, subject.start(behaviour)) == "nothing"
        assert calls == ["UpdateItem"] * 3
        assert len(server.requests) == 1
        assert self.row(rows) == before

    @pytest.mark.parametrize("state", [State.REVERSING, State.REVERSED])
    def test_a_late_do_asks_nobody(self, subject: Subject, rows: StepStore, server: Server, state: State) -> None:
        self.put(rows, subject, state)
        assert self.run(subject.do, subject.start()) == "nothing"
        assert (self.row(rows).state, server.requests) == (state, [])

    def test_is_resumed_with_the_same_key_after_an_intent_that_came_to_nothing(
        self, subject: Subject, rows: StepStore, server: Server
    ) -> None:
        self.put(rows, subject, State.PENDING)
        assert self.run(subject.do, subject.start()) == "done"
        assert [request.headers["idempotency-key"] for request in server.requests] == [ORDER_ID]

    def test_is_resumed_with_the_same_key_after_a_crash_before_the_record(
        self, subject: Subject, rows: StepStore, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change = StepStore.change

        def killed(self: StepStore, saga_id: str, to: State, **arguments: Any) -> Any:
            if to is State.SUCCEEDED:
                raise RuntimeError("killed")
            return change(self, saga_id, to, **arguments)

        with monkeypatch.context() as crash:
            crash.setattr(StepStore, "change", killed)
            with pytest.raises(RuntimeError):
                self.run(subject.do, subject.start())
        assert (self.row(rows).state, self.row(rows).event) == (State.PENDING, None)
        assert self.run(subject.do, subject.start()) == "done"
        first, second = server.requests
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == ORDER_ID
        assert first.document == second.document
        assert self.at_provider(subject) == subject.accepted

    @pytest.mark.usefixtures("impatient")
    def test_an_effect_whose_answer_is_lost_is_found_by_the_retry(
        self, subject: Subject, rows: StepStore, server: Server
    ) -> None:
        with pytest.raises(ProviderUnavailableError):
            self.run(subject.do, subject.start("accept_then_timeout"))
        assert (self.row(rows).state, self.row(rows).event) == (State.PENDING, None)
        assert self.run(subject.do, subject.start("accept_then_timeout")) == "done"
        assert {request.headers["idempotency-key"] for request in server.requests} == {ORDER_ID}
        assert self.at_provider(subject) == subject.accepted

    @pytest.mark.usefixtures("impatient")
    def test_a_provider_that_never_answers_is_given_up_and_fenced(
        self, subject: Subject, rows: StepStore, wire: Wire
    ) -> None:
        with pytest.raises(ProviderUnavailableError):
            self.run(subject.do, subject.start("timeout"))
        assert self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE)) == "compensated"
        assert self.at_provider(subject) == subject.ended
        assert self.run(subject.do, subject.start("timeout")) == "nothing"
        assert self.row(rows).state is State.REVERSED

    def test_a_provider_that_fails_once_is_asked_again_by_the_retry(self, subject: Subject, rows: StepStore) -> None:
        with pytest.raises(ProviderUnavailableError):
            self.run(subject.do, subject.start("fail_once"))
        assert self.run(subject.do, subject.start("fail_once")) == "done"

    @pytest.mark.parametrize("attempts", [1, 3])
    def test_a_provider_that_fails_leaves_the_intent(
        self, subject: Subject, rows: StepStore, server: Server, attempts: int
    ) -> None:
        for _ in range(attempts):
            with pytest.raises(ProviderUnavailableError):
                self.run(subject.do, subject.start("fail"))
        assert (self.row(rows).state, self.row(rows).event) == (State.PENDING, None)
        assert len(server.requests) == attempts

    @pytest.mark.parametrize(
        "answer",
        [
            HANG_UP,
            Sent(201, b"<html>"),
            Sent(201, b""),
            sent(201, {}),
            sent(201, []),
            sent(204, {}),
            sent(302, {}),
            sent(400, {"code": "bad_request"}),
            sent(401, {}),
            sent(402, {}),
            sent(402, {"code": "Not A Code"}),
            sent(402, {"code": 5}),
            sent(403, {}),
            sent(404, {}),
            sent(409, {"code": "in_progress"}),
            sent(422, {"code": "idempotency_key_reused"}),
            sent(429, {}),
            sent(503, {}),
        ],
        ids=lambda answer: f"{answer.status}-{answer.body.decode()}",
    )
    def test_an_answer_that_decides_nothing_leaves_the_intent(
        self, subject: Subject, rows: StepStore, wire: Wire, answer: Sent
    ) -> None:
        wire.answer = lambda _: answer
        with pytest.raises(ProviderUnavailableError):
            self.run(subject.do, subject.start())
        assert (self.row(rows).state, self.row(rows).event) == (State.PENDING, None)
        wire.answer = sandbox_app
        assert self.run(subject.do, subject.start()) == "done"

    def test_an_acceptance_that_lacks_or_spoils_a_field_leaves_the_intent(
        self, subject: Subject, rows: StepStore, wire: Wire
    ) -> None:
        required = [name for name in subject.acceptance if name != "last4"]
        spoilt = [{k: v for k, v in subject.acceptance.items() if k != name} for name in required]
        spoilt += [
            {**subject.acceptance, name: value}
            for name in subject.acceptance
            for value in ("", "line\nbreak", 5, ["x"], "<b>", "x" * 500)
        ]
        for document in spoilt:
            wire.answer = lambda _, document=document: sent(201, document)  # type: ignore[misc]  # bound at once
            with pytest.raises(ProviderUnavailableError):
                self.run(subject.do, subject.start())
            assert self.row(rows).state is State.PENDING
        wire.answer = lambda _: sent(200, subject.acceptance)
        assert self.run(subject.do, subject.start()) == "done"

    def test_a_new_secret_is_taken_up_without_a_retry(self, subject: Subject, wire: Wire, server: Server) -> None:
        self.run(subject.do, subject.start())
        aws.client("ssm").put_parameter(
            Name=SECRET_PARAMETER, Value="canary-rotated", Type="SecureString", Overwrite=True
        )
        from sandbox import handlers

        handlers._secret.cache_clear()
        assert self.run(subject.undo, subject.trigger(self.always_undoes(subject))) in {"compensated", "nothing"}
        other = a_message(
            an_event(
                subject.started_by,
                {"order": subject.order(), **subject.started_with},
                "1a2b3c4d-3a52-5c1e-9d59-4c55c2f2b6a1",
            )
        )
        assert self.run(subject.do, other) == "done"
        assert server.requests[-1].headers["authorization"] == "Bearer canary-rotated"

    def always_undoes(self, subject: Subject) -> TriggerKind:
        return next(iter(subject.undone_by))

    @pytest.mark.parametrize(
        ("name", "value"),
        [("PROVIDER_URL", ""), ("PROVIDER_URL", "http://provider.example"), ("PROVIDER_SECRET_PARAMETER", "")],
    )
    def test_a_function_deployed_without_what_it_needs_says_so_and_records_nothing(
        self, subject: Subject, rows: StepStore, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(ConfigurationError):
            self.run(subject.do, subject.start())
        assert rows.find(ORDER_ID) is None

    # The undo

    def test_undo_by_trigger_and_state(
        self, subject: Subject, rows: StepStore, server: Server, kind: TriggerKind, state: State | None
    ) -> None:
        self.put(rows, subject, state)
        before, asked = rows.find(ORDER_ID), len(server.requests)
        effect, revoked = UNDO[state]
        if state is State.SUCCEEDED and kind is TriggerKind.NEXT_REVERSED:
            effect, revoked = "compensated", True
        assert self.run(subject.undo, subject.trigger(kind)) == effect
        assert self.asked(server)[asked:] == ([self.ends(subject)] if revoked else [])
        if effect == "nothing":
            assert self.row(rows) == before
            return
        event = self.published(rows)
        assert (self.row(rows).state, event.detail_type) == (State.REVERSED, subject.definition.reversed)
        assert set(event.data) == {"order", "reason"}
        assert event.meta.producer == subject.definition.undo
        if revoked:
            assert self.at_provider(subject) == subject.ended

    def test_undo_hands_the_reason_on(self, subject: Subject, rows: StepStore) -> None:
        reasons = {
            TriggerKind.FAILED: REASON["code"],
            TriggerKind.NEXT_REVERSED: REASON["code"],
            TriggerKind.TECHNICAL_FAILURE: "technical_failure",
            TriggerKind.DEADLINE: "deadline_exceeded",
            TriggerKind.CANCELLATION: "customer_cancelled",
        }
        for number, kind in enumerate([TriggerKind.TECHNICAL_FAILURE, *subject.undone_by]):
            order_id = ORDER_ID[:-1] + str(number)
            message = json.loads(json.dumps(subject.trigger(kind)).replace(ORDER_ID, order_id))
            self.run(subject.undo, message)
            row = rows.find(order_id)
            assert row
            assert row.event
            assert row.event.data["reason"]["code"] == reasons[kind]

    def test_undo_takes_two_writes_and_a_duplicate_one(
        self, subject: Subject, rows: StepStore, calls: list[str]
    ) -> None:
        self.put(rows, subject, State.PENDING)
        calls.clear()
        message = subject.trigger(TriggerKind.TECHNICAL_FAILURE)
        assert self.run(subject.undo, message) == "compensated"
        assert [name for name in calls if name != "GetParameter"] == ["UpdateItem", "UpdateItem"]
        calls.clear()
        assert self.run(subject.undo, message) == "nothing"
        assert calls == ["UpdateItem"]

    def test_an_undo_that_meets_an_intent_fences_the_provider(
        self, subject: Subject, rows: StepStore, server: Server
    ) -> None:
        self.put(rows, subject, State.PENDING)
        self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE))
        assert self.at_provider(subject) == subject.ended
        client = outbound.client()
        late = client.post(subject.provider_path, self.request(subject, server), idempotency_key=ORDER_ID)
        assert (late.status, late.document) == (409, {"code": subject.ended})

    def request(self, subject: Subject, server: Server) -> Any:
        """Return what the do asks of the provider, as it went over the wire for another order."""
        other = ORDER_ID[:-1] + "9"
        self.run(subject.do, json.loads(json.dumps(subject.start()).replace(ORDER_ID, other)))
        return json.loads(server.requests[-1].body.decode().replace(other, ORDER_ID))

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_a_do_that_is_fenced_while_its_request_is_on_its_way_does_nothing(
        self, subject: Subject, rows: StepStore, wire: Wire, moment: str
    ) -> None:
        effects: list[str] = []

        def undo(request: Received) -> None:
            if request.path == subject.provider_path:
                effects.append(self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE)))

        setattr(wire, moment, undo)
        assert self.run(subject.do, subject.start()) == "nothing"
        assert effects == ["compensated"]
        assert (self.row(rows).state, self.published(rows).detail_type) == (
            State.REVERSED,
            subject.definition.reversed,
        )
        assert self.at_provider(subject) == subject.ended

    def test_a_do_does_nothing_once_an_undo_has_begun(
        self, subject: Subject, rows: StepStore, wire: Wire, server: Server
    ) -> None:
        undo = subject.trigger(TriggerKind.TECHNICAL_FAILURE)

        def begin_undo(request: Received) -> None:
            wire.after, wire.answer = (lambda _: None), (lambda _: HANG_UP)
            with pytest.raises(ProviderUnavailableError):
                self.run(subject.undo, undo)

        wire.after = begin_undo
        assert self.run(subject.do, subject.start()) == "nothing"
        assert (self.row(rows).state, self.row(rows).event) == (State.REVERSING, None)
        assert self.asked(server) == [subject.provider_path, self.ends(subject)]
        wire.answer = sandbox_app
        assert self.at_provider(subject) == subject.accepted
        assert self.run(subject.undo, undo) == "compensated"
        assert self.at_provider(subject) == subject.ended

    def test_an_undo_before_the_do_leaves_a_tombstone(self, subject: Subject, rows: StepStore, server: Server) -> None:
        for kind in [TriggerKind.TECHNICAL_FAILURE, *subject.undone_by]:
            assert self.run(subject.undo, subject.trigger(kind)) in {"passed_on", "nothing"}
        assert self.run(subject.do, subject.start()) == "nothing"
        assert server.requests == []
        assert self.row(rows).state is State.REVERSED

    @pytest.mark.parametrize("answer", [HANG_UP, sent(500, {}), sent(404, {}), Sent(200, b"<html>"), sent(409, {})])
    def test_an_undo_that_is_not_decided_is_resumed(
        self, subject: Subject, rows: StepStore, wire: Wire, answer: Sent
    ) -> None:
        self.put(rows, subject, State.PENDING)
        wire.answer = lambda _: answer
        for _ in range(2):
            with pytest.raises(ProviderUnavailableError):
                self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE))
            assert (self.row(rows).state, self.row(rows).event) == (State.REVERSING, None)
        wire.answer = sandbox_app
        assert self.run(subject.do, subject.start()) == "nothing"
        assert self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE)) == "compensated"
        assert self.published(rows).detail_type == subject.definition.reversed

    @pytest.mark.usefixtures("impatient")
    def test_an_undo_without_an_answer_in_time_is_resumed(self, subject: Subject, rows: StepStore, wire: Wire) -> None:
        self.put(rows, subject, State.PENDING)
        wire.answer = lambda _: Sent(200, after=120)
        with pytest.raises(ProviderUnavailableError):
            self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE))
        assert self.row(rows).state is State.REVERSING
        wire.answer = sandbox_app
        assert self.run(subject.undo, subject.trigger(TriggerKind.TECHNICAL_FAILURE)) == "compensated"

    # Messages, logs and reading

    def test_messages_of_other_kinds_or_versions_are_refused(
        self, subject: Subject, rows: StepStore, server: Server
    ) -> None:
        start = subject.start()
        newer = json.loads(json.dumps(start).replace(f"{subject.started_by}.v1", f"{subject.started_by}.v2"))
        spoilt = json.loads(json.dumps(start))
        spoilt["detail"]["data"]["order"]["total"] = 0
        undo = subject.trigger(TriggerKind.TECHNICAL_FAILURE)
        elsewhere = {**undo, "source": "shop.test"}
        for handler, message in (
            (subject.do, newer),
            (subject.do, spoilt),
            (subject.do, undo),
            (subject.do, {}),
            (subject.do, None),
            (subject.undo, start),
            (subject.undo, elsewhere),
            (subject.undo, a_technical_failure(spoilt)),
        ):
            with pytest.raises(InvalidEventError):
                self.run(handler, message)
        assert rows.find(ORDER_ID) is None
        assert server.requests == []

    @pytest.mark.usefixtures("impatient")
    @pytest.mark.parametrize("behaviour", ["accept", "refuse", "fail", "timeout", "malformed"])
    def test_nothing_of_the_customer_and_no_secret_is_logged(
        self, subject: Subject, rows: StepStore, capsys: pytest.CaptureFixture[str], behaviour: str
    ) -> None:
        observe.logger.setLevel("DEBUG")
        message = subject.start("accept" if behaviour == "malformed" else behaviour)
        if behaviour == "malformed":
            message["detail"]["data"]["order"]["ship_to"]["canary"] = "canary"
            message["detail"]["data"]["order"]["email"] = "canary"
        told = self.said(subject.do, message) + self.said(subject.undo, a_technical_failure(message))
        observe.logger.setLevel("INFO")
        output = capsys.readouterr()
        told += output.out + output.err
        assert '"message":"' in told
        for canary in ("Canary", "canary-mail", "canary-error", SECRET, "tok_", "KETTLE"):
            assert canary not in told

    def said(self, handler: Handler, message: Message) -> str:
        """Return what the error says that a function fails with, since Lambda logs that; nothing when it does not."""
        try:
            handler(message, CONTEXT)
        except (ProviderUnavailableError, InvalidEventError) as error:
            return str(error)
        return ""

    def test_reading_tells_the_state_and_nothing_that_is_private(self, subject: Subject, rows: StepStore) -> None:
        for state in (State.PENDING, State.SUCCEEDED):
            self.put(rows, subject, state)
            document = subject.read({"order_id": ORDER_ID}, CONTEXT)
            assert (document["order_id"], document["state"]) == (ORDER_ID, state.value)
            assert (subject.result in document) == (state is State.SUCCEEDED)
            rows.change(ORDER_ID, State.SUCCEEDED, allowed=frozenset({State.SUCCEEDED}))
            told = json.dumps(document)
            assert "tok_" not in told
            assert "anary" not in told
            over_http = subject.read(
                {"version": "2.0", "requestContext": OPERATOR, "pathParameters": {"id": ORDER_ID}}, CONTEXT
            )
            assert (over_http["statusCode"], json.loads(over_http["body"])) == (200, document)

    def test_reading_tells_the_reason_of_a_reversal(self, subject: Subject, rows: StepStore) -> None:
        self.put(rows, subject, State.FAILED)
        assert subject.read({"order_id": ORDER_ID}, CONTEXT)["reason"].items() >= subject.refusal.items()
        self.run(subject.undo, subject.trigger(TriggerKind.FAILED))
        document = subject.read({"order_id": ORDER_ID}, CONTEXT)
        assert document == {"order_id": ORDER_ID, "state": "REVERSED", "reason": REASON}

    def test_reading_what_is_not_there(self, subject: Subject) -> None:
        assert subject.read({"order_id": ORDER_ID}, CONTEXT) is None
        event = {"version": "2.0", "requestContext": OPERATOR, "pathParameters": {"id": ORDER_ID}}
        assert subject.read(event, CONTEXT)["statusCode"] == 404

    # The contract

    def test_triggers_are_those_of_the_saga(self, subject: Subject) -> None:
        started: Any = subject.do
        undone: Any = subject.undo
        assert started.triggers == {subject.started_by: TriggerKind.PREVIOUS_SUCCEEDED}
        by_kind = {kind: name for name, kind in undone.triggers.items()}
        assert by_kind == {**subject.undone_by, TriggerKind.TECHNICAL_FAILURE: TECHNICAL_FAILURE}

    def test_package_consumes_what_its_triggers_carry(self, subject: Subject) -> None:
        manifest = tomllib.loads((subject.package / "package.toml").read_text())["package"]
        own = {path.stem for path in (subject.package / "schemas").glob("*.json")}
        names = subject.definition
        assert own == {f"{name}.v1" for name in (names.succeeded, names.failed, names.reversed)}
        carried = {f"{name}.v1" for name in (subject.started_by, *subject.undone_by.values())} | {"Order.v1"}
        assert sorted(manifest["consumes"]) == sorted(carried - own)
        assert manifest["name"] == subject.package.name
