"""What made a function run, and how a participant answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from saga_kit import trigger
from saga_kit.errors import InvalidEventError, UnknownSchemaError
from saga_kit.participant import participant
from saga_kit.rules import TriggerKind
from saga_kit.step import Effect
from saga_kit.trigger import TECHNICAL_FAILURE, Trigger

from .conftest import SAGA, a_message, a_technical_failure, an_event

KINDS = {
    "ParcelOrdered": TriggerKind.PREVIOUS_SUCCEEDED,
    "StampReturned": TriggerKind.NEXT_REVERSED,
    TECHNICAL_FAILURE: TriggerKind.TECHNICAL_FAILURE,
}

REQUEST_ID = "aaaaaaaa-0000-4000-8000-000000000000"


def test_an_event_is_its_own_cause() -> None:
    event = an_event("StampReturned")
    assert trigger.parse(a_message(event), KINDS) == Trigger(TriggerKind.NEXT_REVERSED, event, event.meta.event_id)


def test_a_technical_failure_carries_the_event_that_was_not_handled() -> None:
    event = an_event()
    found = trigger.parse(a_technical_failure(a_message(event)), KINDS)
    assert found == Trigger(TriggerKind.TECHNICAL_FAILURE, event, "aaaaaaaa-0000-4000-8000-000000000000")
    assert found.saga_id == SAGA


def test_an_event_that_the_function_has_no_use_for_is_refused() -> None:
    with pytest.raises(InvalidEventError, match="detail-type: expected one of"):
        trigger.parse(a_message(an_event("ParcelPacked")), KINDS)


def test_a_technical_failure_is_refused_by_a_do() -> None:
    with pytest.raises(InvalidEventError, match="detail-type"):
        trigger.parse(a_technical_failure(a_message(an_event())), {"ParcelOrdered": TriggerKind.PREVIOUS_SUCCEEDED})


def test_a_technical_failure_over_an_unknown_version_is_not_trusted() -> None:
    message = a_message(an_event())
    message["detail"]["meta"]["schema"] = "ParcelOrdered.v9"
    with pytest.raises(UnknownSchemaError):
        trigger.parse(a_technical_failure(message), KINDS)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": "somebody"}, "source"),
        ({"detail": None}, "detail"),
        ({"detail": {"requestPayload": {}}}, "detail.requestContext.requestId"),
        ({"detail": {"requestContext": {"requestId": "1 Main Street"}}}, "detail.requestContext.requestId"),
        ({"detail": {"requestContext": {"requestId": REQUEST_ID}, "requestPayload": None}}, "event"),
    ],
)
def test_a_broken_report_is_refused_by_the_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidEventError) as caught:
        trigger.parse({**a_technical_failure(a_message(an_event())), **change}, KINDS)
    assert caught.value.field == field


def _log_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_participant_answers_with_its_effect_and_logs_the_saga(capsys: pytest.CaptureFixture[str]) -> None:
    @participant(KINDS)
    def pack(found: Trigger, _context: Any) -> Effect:
        assert found.event.data == {"weight": 5}
        return Effect.DONE

    assert pack(a_message(an_event()), None) == {"saga_id": SAGA, "effect": "done"}
    lines = _log_lines(capsys.readouterr().out)
    handled = next(line for line in lines if line.get("message") == "handled")
    assert (handled["saga_id"], handled["trigger"], handled["effect"]) == (SAGA, "previous_succeeded", "done")
    assert any("Effect_done" in line for line in lines)


def test_a_failure_is_raised_counted_and_logged_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    @participant(KINDS)
    def pack(_trigger: Trigger, _context: Any) -> Effect:
        raise ValueError("ada@example.com lives at 4 Canary Street")

    with pytest.raises(ValueError, match="Canary"):
        pack(a_message(an_event()), None)
    output = capsys.readouterr()
    assert "Canary" not in output.out + output.err
    assert "ada@example.com" not in output.out + output.err
    failed = next(line for line in _log_lines(output.out) if line.get("message") == "failed")
    assert failed["error"] == "ValueError"
    assert failed["where"].startswith("test_trigger.py:")


def test_the_saga_of_one_message_is_not_logged_with_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    @participant(KINDS)
    def pack(_trigger: Trigger, _context: Any) -> Effect:
        return Effect.DONE

    pack(a_message(an_event()), None)
    with pytest.raises(InvalidEventError):
        pack({}, None)
    failed = next(line for line in _log_lines(capsys.readouterr().out) if line.get("message") == "failed")
    assert "saga_id" not in failed
    assert failed["field"] == "detail-type"
