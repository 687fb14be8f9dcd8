"""Gives one input to one handler, and judges what it did with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fuzz.harness import schemas
from tests.fuzz.harness.corpus import CANARY, CARD_NUMBER, Recorder, Seed, record
from tests.fuzz.harness.mutate import Mutator, leaves
from tests.simulation.harness.deployment import Deployment
from tests.support import platform
from tests.support.platform import Invocation, Platform

from local_platform.cache_server import CacheServer
from saga_kit.errors import InvalidEventError, RetryLaterError, UnknownSchemaError
from saga_kit.trigger import TECHNICAL_FAILURE

ACCEPTED, REFUSED, LATER, UNHANDLED = "accepted", "refused", "try later", "unhandled"
OUTCOMES = (ACCEPTED, REFUSED, LATER, UNHANDLED)

INPUTS_OF_A_SEED = 50
"""Inputs one after another that start from the same seed, and so from the same tables."""
ENVELOPE_ALONE = {"saga_log/record_event"}
"""Functions that act on an event by its envelope, whatever its schema says of the rest."""
_CARD_FOR_TOKEN = re.compile(rf"token\W+(S\W+)?tok_{CARD_NUMBER}")
FAILS_WHEN_ASKED = "sandbox/provider"
"""It stands for providers: it fails as they do for a card that asks for it, and keeps what it declined."""


@dataclass
class Fuzzed(Platform):
    """The platform without relays: what a handler wrote is looked at, and taken back.

    Each input finds an empty cache: it has keys of its own.
    """

    inputs: int = 0

    def _relay(self) -> None:
        pass

    def _place_of(self, cache: CacheServer) -> dict[str, Any]:
        return {**super()._place_of(cache), "prefix": f"{self.inputs}:"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an input, and what is wrong with that, if anything."""

    function: str
    outcome: str
    problems: tuple[str, ...]


class Target:
    """The handlers, the seeds, and the tables as they were at each seed."""

    def __init__(self, platform: Fuzzed, seeds: list[Seed], recorder: Recorder, seed: int) -> None:
        self._platform = platform
        self._seeds = seeds
        self._places = [
            [place for place, seed in enumerate(seeds) if seed.function == function]
            for function in dict.fromkeys(seed.function for seed in seeds)
        ]
        self._history = {name: table.changes for name, table in recorder.db.tables.items()}
        self._seed = seed
        self._block = -1
        texts = sorted({seed.event for seed in seeds})
        self._donors = [leaf for text in texts for leaf in leaves(json.loads(text))]
        Random(seed).shuffle(self._donors)
        del self._donors[4_000:]
        platform.now = recorder.now

    def input(self, number: int) -> tuple[Seed, Any]:
        """The seed of an input, and the input: the same for the same number and the same campaign's seed."""
        seed = self._seeds[self._place(number)]
        random = Random(f"{self._seed}/{number}")
        return seed, Mutator(random, self._donors).event(seed.function, json.loads(seed.event))

    def _place(self, number: int) -> int:
        """Functions take turns, and each its seeds: every one of them gets the same share."""
        turn, block = divmod(number // INPUTS_OF_A_SEED, len(self._places))
        places = self._places[block]
        return places[turn % len(places)]

    def run(self, number: int) -> Verdict:
        """Give an input to its handler."""
        seed, event = self.input(number)
        block = number // INPUTS_OF_A_SEED
        if block != self._block:
            self._restore(seed)
            self._block = block
        return self.judge(seed.function, event)

    def judge(self, function: str, event: Any) -> Verdict:
        """Give an event to a handler, see what it did, and take that back."""
        running = self._platform
        running.inputs += 1
        marks = {name: len(table.changes) for name, table in running.db.tables.items()}
        try:
            invocation = running.invoke(function, event)
            changed = any(len(running.db.tables[name].changes) > mark for name, mark in marks.items())
            outcome = _outcome(invocation, running.logs.getvalue())
            problems = [
                *_problems(function, event, invocation, outcome, changed),
                *self._leaks(invocation),
                *self._stored(marks),
            ]
            if outcome == UNHANDLED:
                problems += [line for line in running.logs.getvalue().splitlines() if '"failed"' in line]
        finally:
            self._take_back(marks)
        return Verdict(function, outcome, tuple(problems))

    def _leaks(self, invocation: Invocation) -> Iterator[str]:
        """What stands in log lines; Lambda writes one with the message of an error that leaves the handler."""
        text = self._platform.logs.getvalue()
        if invocation.error is not None:
            text += f"\n{invocation.error}"
        for secret in (CANARY, CARD_NUMBER):
            if secret in text:
                line = next(line for line in text.splitlines() if secret in line)
                yield f"{secret} in a log line: {line[:300]}"

    def _stored(self, marks: dict[str, int]) -> Iterator[str]:
        for name, mark in marks.items():
            for change in self._platform.db.tables[name].changes[mark:]:
                for key, value in (change.new or {}).items():
                    if _CARD_FOR_TOKEN.search(str(value)):
                        yield f"a card number for a token in {name}, {key}"

    def _restore(self, seed: Seed) -> None:
        for name, table in self._platform.db.tables.items():
            table.items.clear()
            table.order.clear()
            for change in self._history[name][: seed.marks[name]]:
                table.put(change.key, change.new, change.time)
            table.changes.clear()
        self._forget()

    def _take_back(self, marks: dict[str, int]) -> None:
        for name, mark in marks.items():
            table = self._platform.db.tables[name]
            for change in reversed(table.changes[mark:]):
                table.put(change.key, change.old, change.time)
            del table.changes[mark:]
        self._forget()

    def _forget(self) -> None:
        running = self._platform
        for kept in (running.calls, running.by_lambda, running.invocations, running.published, running.queue):
            kept.clear()
        for forgotten in (running.waiting, running.mails, running.db._tokens, running.db._applied_tokens):
            forgotten.clear()
        running.logs.seek(0)
        running.logs.truncate()


@contextmanager
def prepared(deployment: Deployment, seed: int) -> Iterator[Target]:
    """The handlers, ready for inputs."""
    seeds, recorder = record(deployment)
    with platform.running_as(Fuzzed, deployment) as fuzzed:
        yield Target(fuzzed, seeds, recorder, seed)


def _outcome(invocation: Invocation, logs: str) -> str:
    error, answer = invocation.error, invocation.answer
    if error is not None:
        known = [outcome for kind, outcome in _ERRORS.items() if isinstance(error, kind)]
        return known[0] if known else UNHANDLED
    if isinstance(answer, dict) and "statusCode" in answer:
        return _answered(invocation.function, answer)
    if is_batch(invocation.event):
        return _of_batch(invocation.event, answer, logs)
    return REFUSED if isinstance(answer, dict) and answer.get("isAuthorized") is False else ACCEPTED


def is_batch(event: Any) -> bool:
    """Whether an event is a queue's, whose messages fail one by one."""
    return isinstance(event, dict) and any("body" in record for record in event.get("Records", ()))


def _of_batch(event: Any, answer: Any, logs: str) -> str:
    failures = [json.loads(line) for line in logs.splitlines() if '"failed"' in line]
    failed = answer["batchItemFailures"]
    if len(failures) != len(failed) or any(failure["error"] not in _REFUSING for failure in failures):
        return UNHANDLED
    return REFUSED if len(failed) == len(event["Records"]) else ACCEPTED


_REFUSING = {InvalidEventError.__name__, UnknownSchemaError.__name__}
_ERRORS: Mapping[type[Exception], str] = {InvalidEventError: REFUSED, RetryLaterError: LATER}


def _answered(function: str, answer: Mapping[str, Any]) -> str:
    status = answer["statusCode"]
    if status == 503 or (function == FAILS_WHEN_ASKED and status == 500 and _is_asked_for(answer)):
        return LATER
    # An order that the shop refuses is on record, with an id.
    if status < 400 or (status == 422 and "order_id" in json.loads(answer["body"])):
        return ACCEPTED
    return REFUSED if status < 500 else UNHANDLED


def _is_asked_for(answer: Mapping[str, Any]) -> bool:
    return bool(json.loads(answer["body"]) == {"code": "internal_error"})


def _problems(function: str, event: Any, invocation: Invocation, outcome: str, changed: bool) -> Iterator[str]:
    if outcome == UNHANDLED:
        yield f"unhandled: {invocation.error!r}" if invocation.error else f"unhandled: {invocation.answer}"
    if outcome == REFUSED and changed and not (function == FAILS_WHEN_ASKED and _is_valid(function, event)):
        yield "refused, and yet it changed a table"
    if (
        outcome == ACCEPTED
        and changed
        and not all(_is_valid(function, one) for one in _taken(event, invocation.answer))
    ):
        yield "it changed a table, though it breaks its contract"


def _taken(event: Any, answer: Any) -> list[Any]:
    """The event, or those of a batch's messages that did not fail."""
    if not is_batch(event):
        return [event]
    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    return [json.loads(record["body"]) for record in event["Records"] if record["messageId"] not in failed]


def _is_valid(function: str, event: Any) -> bool:
    """Whether an input agrees with its schema, where there is one."""
    if isinstance(event, dict) and event.get("version") == "2.0":
        names = schemas.requests_of(function.partition("/")[0])
        text = event.get("body")
        if not _takes_body(function, event) or event.get("isBase64Encoded"):
            return True
        try:
            document = json.loads((text or "").encode().decode("utf-8-sig"))
        except (ValueError, RecursionError):
            return False
        return any(schemas.agrees(name, document) for name in names)
    if not isinstance(event, dict) or "detail-type" not in event:
        return True
    payload = event["detail"]["requestPayload"] if event["detail-type"] == TECHNICAL_FAILURE else event
    meta = payload["detail"]["meta"]
    if function in ENVELOPE_ALONE:
        return schemas.agrees("Meta.v1", meta)
    return meta["schema"].partition(".")[0] == payload["detail-type"] and schemas.agrees(
        meta["schema"], payload["detail"]
    )


def _takes_body(function: str, event: Mapping[str, Any]) -> bool:
    if function == FAILS_WHEN_ASKED:
        return event.get("routeKey") in {"POST /authorizations", "POST /shipments"}
    return function in {"order/place_order", "inventory/receive_stock", "console/place_order"}
