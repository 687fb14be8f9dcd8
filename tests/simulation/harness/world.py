"""One schedule: the platform's functions, and around them a cloud that delivers, repeats, delays, loses and kills.

Handlers run in greenlets and are switched at their calls, so any two invocations interleave wherever they touch the
outside. Virtual time passes only between calls. What a schedule does is decided by name in ``decisions``.
"""

from __future__ import annotations

import functools
import heapq
import json
import math
import os
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import greenlet
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from urllib3 import exceptions as http_errors

from . import dynamodb, providers, runtime
from .decisions import Decisions
from .deployment import Deployment, Function, Handler, Rule, Schedule, StreamMapping, Target
from .dynamodb import Change, DynamoDB, DynamoError, Table
from .patterns import compile_pattern
from .providers import Mail, Provider
from .runtime import HarnessError, Killed

START = 1_767_225_600.0
"""2026-01-01 00:00 UTC."""
ACCOUNT, REGION = "123456789012", "eu-west-1"
MAX_STEPS = 6000
"""Steps after which a schedule counts as never ending; an order takes about a hundred."""

HORIZON_SECONDS = 30 * 86400.0
"""What is due later than this after the start is not waited for."""
MAX_ROUNDS = 6
"""Rounds of a scheduled rule before the faults end; a round that fails is repeated by the next, for ever."""

READ_SECONDS, CALL_SECONDS, HOP_SECONDS = 0.001, 0.004, 0.05
READ_DELAYS = (0.05, 0.2, 0.5)
CALL_DELAYS = (0.05, 0.5, 2.0, 9.0)
HOP_DELAYS = (0.2, 2.0, 30.0, 600.0)
CANCEL_DELAYS = (0.1, 0.5, 2.0, 60.0)

CRASH_BEFORE, CRASH_AFTER = "crash before", "crash after"
LOST_RESPONSE, LOST_ANSWERS = "lost response, repeated by the SDK", "lost response, time-out"
THROTTLE, SERVER_ERROR, SERVER_ERROR_AFTER = "throttle", "5xx", "5xx after it took effect"
CONFLICT, PARTIAL, TIMEOUT = "transaction conflict", "partial PutEvents failure", "function timeout"
TIMEOUT_AFTER = "function timeout after the call took effect"
STALE = "stale read"
PROVIDER_TIMEOUT, PROVIDER_TIMEOUT_AFTER = "provider timeout", "provider timeout after it took effect"
PROVIDER_5XX, PROVIDER_429, PROVIDER_REFUSED = "provider 5xx", "provider 429", "provider connection refused"
PROVIDER_GARBAGE, PROVIDER_401 = "provider answer garbled", "provider secret refused"
POISON, POISON_RECORD = "poison payload", "poison stream record"
UNDELIVERED, INVOKE_THROTTLE = "target unavailable", "invocation throttled"
DEAD_LETTERED = "target unavailable for a day"
DUPLICATE = "duplicate delivery"
COLD = "cold start"

_ANY = (CRASH_BEFORE, CRASH_AFTER, LOST_ANSWERS, THROTTLE, SERVER_ERROR, TIMEOUT, TIMEOUT_AFTER)
_WRITE = (*_ANY, LOST_RESPONSE, SERVER_ERROR_AFTER, CONFLICT)
FAULTS: Mapping[str, tuple[str, ...]] = {
    "PutItem": _WRITE,
    "UpdateItem": _WRITE,
    "DeleteItem": _WRITE,
    "TransactWriteItems": _WRITE,
    "GetItem": (*_ANY, STALE),
    "Query": (*_ANY, STALE),
    "BatchGetItem": (*_ANY, STALE),
    "TransactGetItems": (*_ANY, CONFLICT),
    "PutEvents": (*_ANY, LOST_RESPONSE, SERVER_ERROR_AFTER, PARTIAL),
    "SendEmail": (*_ANY, LOST_RESPONSE, SERVER_ERROR_AFTER),
    "GetParameter": _ANY,
    "http": (
        CRASH_BEFORE,
        CRASH_AFTER,
        TIMEOUT,
        TIMEOUT_AFTER,
        PROVIDER_TIMEOUT,
        PROVIDER_TIMEOUT_AFTER,
        PROVIDER_5XX,
        PROVIDER_429,
        PROVIDER_REFUSED,
        PROVIDER_GARBAGE,
        PROVIDER_401,
    ),
}
_UNSERVED = {
    PROVIDER_TIMEOUT: (0, b""),
    PROVIDER_REFUSED: (0, b""),
    PROVIDER_5XX: (503, b'{"code":"unavailable"}'),
    PROVIDER_429: (429, b'{"code":"slow_down"}'),
    PROVIDER_401: (401, b'{"code":"unauthorized"}'),
}
"""Faults in which a request never reaches its provider, and what is answered instead, if anything is."""
ALL_KINDS = frozenset(kind for kinds in FAULTS.values() for kind in kinds) | {
    POISON,
    POISON_RECORD,
    UNDELIVERED,
    DEAD_LETTERED,
    INVOKE_THROTTLE,
    COLD,
}

Work = Callable[[], None]


class Violation(Exception):  # noqa: N818 - the platform broke its promise
    """An invariant does not hold; the text says which and where."""


class _Stop(BaseException):
    """Ends a handler after a violation was found inside one of its calls."""


@dataclass(slots=True)
class BusEvent:
    """An event on the bus."""

    identity: str
    source: str
    detail_type: str
    detail: Any
    time: float
    resources: Sequence[str] = ()
    poison: bool = False

    def message(self) -> dict[str, Any]:
        """Return what a target is given."""
        return {
            "version": "0",
            "id": self.identity,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": ACCOUNT,
            "time": _timestamp(int(self.time)),
            "region": REGION,
            "resources": list(self.resources),
            "detail": self.detail,
        }


@dataclass(slots=True)
class Invocation:
    """One run of a handler."""

    function: Function
    event: Any
    request_id: str
    key: str
    done: Callable[[Any, BaseException | None], None]
    deadline: float = 0.0
    calls: int = 0
    draws: int = 0
    killed: Killed | None = None
    began: float = 0.0
    over: bool = False
    faulted_at: int = -1
    mailed_at: int = 0
    fiber: Any = None
    world: Any = None

    @property
    def faulted_since_mail(self) -> bool:
        """Whether the invocation was killed, or a call failed it, at its mail or after."""
        return self.killed is not None or self.faulted_at >= self.mailed_at > 0

    # What a handler may ask its context for.
    @property
    def aws_request_id(self) -> str:
        """Return the request's id."""
        return self.request_id

    @property
    def function_name(self) -> str:
        """Return the function's name in AWS."""
        return self.function.name

    @property
    def invoked_function_arn(self) -> str:
        """Return the function's ARN."""
        return self.function.arn

    memory_limit_in_mb = 256
    function_version = "$LATEST"

    def get_remaining_time_in_millis(self) -> int:
        """Return the virtual milliseconds until the function is stopped."""
        return max(0, int((self.deadline - self.world.now) * 1000))


@dataclass(slots=True)
class DeadLetter:
    """A message in a dead-letter queue, and how it is put back."""

    queue: str
    kind: str
    what: str
    redrive: Work
    poison: bool


@dataclass(slots=True)
class _Shard:
    """One shard of a stream as its mapping reads it: ranges of changes still to deliver, each with its attempts."""

    mapping: StreamMapping
    table: Table
    number: int
    waiting: list[Change] = field(default_factory=list)
    ranges: list[tuple[list[Change], int]] = field(default_factory=list)
    busy: bool = False
    polls: int = 0


_IDLE: list[Any] = []
"""Greenlets that wait for a handler to run: making one costs more than a handler's call."""


def _serve(invocation: Invocation) -> None:
    """Run one handler after the other."""
    while True:
        world: World = invocation.world
        world.run_handler(invocation)
        _IDLE.append(greenlet.getcurrent())
        course = world.course
        # One that waits keeps no world alive.
        del world, invocation
        invocation = course.switch()


class HttpResponse:
    """What the kit needs of urllib3's response."""

    def __init__(self, status: int, content: bytes) -> None:
        self.status = status
        self._content = content

    def read(self, amount: int | None = None, decode_content: bool | None = None) -> bytes:
        """Return the body."""
        del decode_content
        return self._content if amount is None else self._content[:amount]

    def release_conn(self) -> None:
        """Give the connection back."""

    def close(self) -> None:
        """Close the connection."""


class Observer:
    """Watches a world; the invariants are one."""

    def changed(self, table: str, change: Change) -> None:
        """An item changed."""

    def provider_changed(self, name: str, key: str, effect: providers.Effect) -> None:
        """A provider's state changed."""

    def watched(self, began: float, answer: Any) -> None:
        """A round of a scheduled rule, that began at ``began``, ended with ``answer`` and without a fault."""

    def is_due(self) -> bool:
        """Whether a scheduled rule has something left to do now."""
        return False

    def settled(self) -> None:
        """Everything that one call changed has been told."""

    def mailed(self, mail: Mail, sender: Invocation) -> None:
        """A mail was accepted."""

    def published(self, event: BusEvent) -> None:
        """An event was accepted by the bus."""

    def logged(self, text: str) -> None:
        """A part of a log line was written."""


class Routes:
    """The rules of the bus, and which of them match: what source and detail type decide is remembered."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._heads = [_head_of(rule) for rule in rules]
        self._by_type: dict[tuple[str, str], list[tuple[Rule, bool]]] = {}

    def matching(self, source: str, detail_type: str, message: Mapping[str, Any]) -> list[Rule]:
        """Return the rules that match ``message``, whose source and detail type are given."""
        candidates = self._by_type.get((source, detail_type))
        if candidates is None:
            head = {"source": source, "detail-type": detail_type}
            candidates = self._by_type[source, detail_type] = [
                (rule, rule.looks_deeper)
                for rule, may_match in zip(self._rules, self._heads, strict=True)
                if may_match(head)
            ]
        return [rule for rule, deeper in candidates if not deeper or rule.matches(message)]


def _head_of(rule: Rule) -> Callable[[Mapping[str, Any]], bool]:
    """Return what a rule asks of the source and the detail type alone."""
    if not rule.looks_deeper:
        return rule.matches
    pattern = json.loads(rule.pattern)
    head = {name: pattern[name] for name in ("source", "detail-type") if name in pattern}
    return compile_pattern(json.dumps(head)) if head else lambda _message: True


class World:
    """The cloud of one schedule."""

    def __init__(
        self,
        deployment: Deployment,
        handlers: Mapping[str, Handler],
        environments: Mapping[str, Mapping[str, str]],
        routes: Routes,
        decisions: Decisions,
        *,
        stream_lag: float = 0.0,
        left_out: frozenset[str] = frozenset(),
        tracing: bool = False,
    ) -> None:
        self.deployment = deployment
        self.stream_lag = stream_lag
        self.left_out = left_out
        self.handlers = handlers
        self.decisions = decisions
        self.observer = Observer()
        self.now = START
        self.steps = 0
        self.violation: str | None = None
        self.trace: list[str] | None = [] if tracing else None
        self.db = DynamoDB(self.time)
        self.payments = providers.payments(self._provider_changed)
        self.carrier = providers.carrier(self._provider_changed)
        self.mails: list[Mail] = []
        self.dead_letters: list[DeadLetter] = []
        self.dead_lettered = 0
        self.relay_trouble = 0
        self.poison_records = 0
        self.swallowed_poison: set[str] = set()
        self.poisoned_sagas: set[str] = set()
        """Sagas about which a broken event was on the bus; what the log keeps of these may be of no use."""
        self.lost: list[str] = []
        self.faults: dict[tuple[str, str], int] = {}
        self.invocations: dict[str, int] = {}
        self.published: dict[str, int] = {}
        self.consumed: set[tuple[str, str]] = set()
        self.routed: dict[tuple[str, str], BusEvent] = {}
        self.current: Invocation | None = None
        self._heap: list[tuple[float, int, Work]] = []
        self._sequence = 0
        self.course: Any = greenlet.getcurrent()
        """The greenlet in which time passes."""
        self._seen: dict[str, int] = {}
        self._shards: dict[str, list[tuple[StreamMapping, list[_Shard]]]] = {}
        self._identities = 0
        self._rounds_allowed = MAX_ROUNDS
        self._watchers = {target.function for schedule in deployment.schedules for target in schedule.targets}
        self._schedules: dict[str, tuple[Schedule, float, set[int]]] = {}
        for spec in deployment.tables.values():
            table = spec.make()
            self.db.add(table)
            self._seen[spec.name] = 0
            shard_count = decisions.number(f"shards/{spec.service}", 1, 2)
            self._shards[spec.name] = [
                (mapping, [_Shard(mapping, table, number) for number in range(shard_count)])
                for mapping in deployment.mappings
                if mapping.table == spec.name
            ]
        self.environments = environments
        self._routes = routes

    def dissolve(self) -> None:
        """Let go of everything at once: the parts of a world hold each other, and waiting for a collection takes time.

        Nothing can be asked of the world any more.
        """
        vars(self).clear()

    # --- the course of time -----------------------------------------------------------------------------------------

    def at(self, moment: float, work: Work) -> None:
        """Do ``work`` at a moment of virtual time."""
        self._sequence += 1
        heapq.heappush(self._heap, (moment, self._sequence, work))

    def after(self, name: str, ordinary: float, work: Work, long: Sequence[float] = HOP_DELAYS) -> None:
        """Do ``work`` after an ordinary delay, or a longer one where the seed says so."""
        self.at(self.now + self.decisions.delay(f"delay {name}", ordinary, long), work)

    def run(self) -> None:
        """Run until nothing is left to do. Raises ``Violation``."""
        heap = self._heap
        host = os.environ
        try:
            while heap:
                self.steps += 1
                if self.steps > MAX_STEPS:
                    raise Violation(f"a storm: still running after {MAX_STEPS} steps")
                moment, _, work = heapq.heappop(heap)
                self.now = max(self.now, moment)
                work()
                if self.violation is not None:
                    raise Violation(self.violation)
        finally:
            os.environ = host  # noqa: B003 - given back as it was

    def note(self, text: str) -> None:
        """Add a line to the trace, when one is kept."""
        if self.trace is not None:
            self.trace.append(f"{self.now - START:12.3f}  {text}")

    def fail(self, text: str) -> None:
        """Note that an invariant does not hold."""
        if self.violation is None:
            self.violation = text
        self.note(f"VIOLATION {text}")

    def identity(self) -> str:
        """Return a new UUID that the schedule decides."""
        self._identities += 1
        return f"{self.decisions.seed & 0xFFFFFFFF:08x}-0000-4000-8000-{self._identities:012x}"

    # --- running handlers -------------------------------------------------------------------------------------------

    def invoke(
        self,
        name: str,
        event: Any,
        request_id: str,
        key: str,
        done: Callable[[Any, BaseException | None], None],
    ) -> None:
        """Run a handler now; ``done`` gets its answer, or the reason why there is none."""
        function = self.deployment.functions[name]
        invocation = Invocation(
            function, event, request_id, key, done, self.now + function.timeout, world=self, began=self.now
        )
        self.invocations[name] = self.invocations.get(name, 0) + 1
        if self.decisions.fault(f"cold {key}", (COLD,)) is not None:
            self.count(function.environment.get("SAGA_FUNCTION", name), "start", COLD)
            runtime.forget()
        if self.trace is not None:
            self.note(f"{self._short(function)} starts ({key})")
        invocation.fiber = _IDLE.pop() if _IDLE else greenlet.greenlet(_serve)
        self._switch(invocation, invocation)

    def run_handler(self, invocation: Invocation) -> None:
        """Run a handler to its end, in the greenlet that is its process."""
        answer: Any = None
        error: BaseException | None = None
        try:
            answer = self.handlers[invocation.function.name](invocation.event, invocation)
        except Exception as raised:  # noqa: BLE001 - that is how an invocation fails
            error = raised
        except Killed as raised:
            error = raised
        except _Stop:
            return
        if invocation.killed is not None:
            error = invocation.killed
        invocation.over = True
        if error is None and invocation.faulted_at < 0 and invocation.function.name in self._watchers:
            self.observer.watched(invocation.began, answer)
        if self.trace is not None:
            end = "answers" if error is None else f"fails: {type(error).__name__} {error}"
            self.note(f"{self._short(invocation.function)} {end} ({invocation.key})")
        if error is not None:
            # Its frames hold the invocation, which holds it: nothing of them would go before the next collection.
            error.__traceback__ = None
        invocation.fiber = None
        invocation.done(answer, error)

    def _switch(self, invocation: Invocation, value: Any = None) -> None:
        self.current = invocation
        os.environ = self.environments[invocation.function.name]  # type: ignore[assignment]  # noqa: B003 - read by settings
        invocation.fiber.switch(value)
        self.current = None

    def _short(self, function: Function) -> str:
        name = function.environment.get("SAGA_FUNCTION", function.name)
        return f"{function.service}.{name}" if name == "relay" else name

    def _pass(self, invocation: Invocation, seconds: float) -> None:
        """Let time pass inside an invocation; others run meanwhile. The function may time out."""
        moment = self.now + seconds
        timed_out = moment >= invocation.deadline
        moment = min(moment, invocation.deadline)
        if self._heap and self._heap[0][0] <= moment:
            self.at(moment, lambda: self._switch(invocation))
            self.course.switch()
        elif moment > self.now:
            self.now = moment
        if timed_out:
            self.count(self._short(invocation.function), "slow calls", TIMEOUT)
            self._kill(invocation, TIMEOUT)

    def _kill(self, invocation: Invocation, how: str) -> None:
        invocation.killed = Killed(how)
        raise invocation.killed

    def count(self, function: str, site: str, kind: str) -> None:
        """Count a fault at a call site."""
        key = (f"{function} {site}", kind)
        self.faults[key] = self.faults.get(key, 0) + 1

    # --- what the handlers call -------------------------------------------------------------------------------------

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self._pass(self._running(), seconds)

    def random(self) -> float:
        invocation = self._running()
        invocation.draws += 1
        return self.decisions.draw(f"random {invocation.key}/{invocation.draws}")

    def logged(self, text: str) -> None:
        self.observer.logged(text)

    def _running(self) -> Invocation:
        if self.current is None:
            raise HarnessError("a call outside of an invocation")
        return self.current

    def _begin(self, site: str, faults: tuple[str, ...]) -> tuple[Invocation, str | None]:
        invocation = self.current
        if invocation is None:
            raise HarnessError("a call outside of an invocation")
        if invocation.killed is not None:
            raise invocation.killed
        invocation.calls += 1
        name = f"{invocation.key}/{invocation.calls}"
        self._pass(invocation, self.decisions.delay(f"slow {name}", CALL_SECONDS, CALL_DELAYS))
        kind = self.decisions.fault(f"fault {name}", faults)
        if kind is not None:
            invocation.faulted_at = invocation.calls
            self.count(self._short(invocation.function), site, kind)
            if self.trace is not None:
                self.note(f"  {self._short(invocation.function)} {site}: {kind.upper()}")
            if kind == CRASH_BEFORE:
                self._kill(invocation, kind)
            if kind == TIMEOUT:
                self._pass(invocation, invocation.deadline - self.now)
        return invocation, kind

    def api_call(self, client: Any, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        faults = FAULTS.get(operation)
        if faults is None:
            raise HarnessError(f"{service} {operation} is not modelled")
        invocation, kind = self._begin(operation, faults)
        if kind is None:
            return self._apply(client, service, operation, params)
        return self._faulty(invocation, kind, client, service, operation, params)

    def _faulty(  # noqa: C901, PLR0912 - a fault a line
        self, invocation: Invocation, kind: str, client: Any, service: str, operation: str, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        if kind == THROTTLE:
            code = "ThrottlingException" if service != "dynamodb" else "ProvisionedThroughputExceededException"
            raise _client_error(client, operation, DynamoError(code, "Rate exceeded"), 400)
        if kind == SERVER_ERROR:
            raise _client_error(client, operation, DynamoError("InternalServerError", "Internal server error"), 500)
        if kind == CONFLICT:
            raise _client_error(client, operation, _conflict(operation, params), 400)
        if kind == PARTIAL:
            return self._put_events(params, partially=f"{invocation.key}/{invocation.calls}")
        if kind == STALE and not _is_consistent(operation, params):
            return self._stale(client, service, operation, params)
        answer, refusal = self._outcome(client, service, operation, params)
        if kind in (CRASH_AFTER, TIMEOUT_AFTER):
            if kind == TIMEOUT_AFTER:
                self._pass(invocation, invocation.deadline - self.now)
            self._kill(invocation, kind)
        if kind == SERVER_ERROR_AFTER:
            raise _client_error(client, operation, DynamoError("InternalServerError", "Internal server error"), 500)
        attempts = (client.meta.config.retries or {}).get("total_max_attempts", 3)
        if operation == "PutEvents":
            self.relay_trouble += 1
        if kind == LOST_RESPONSE and attempts > 1 and operation != "TransactWriteItems":
            # A transaction carries a token, so that its repetition is answered like the first; nothing else does.
            answer, refusal = self._outcome(client, service, operation, params)
        if kind == LOST_ANSWERS or (kind == LOST_RESPONSE and attempts == 1):
            if self.decisions.draw(f"lost {invocation.key}/{invocation.calls}") < 0.5:
                raise ReadTimeoutError(endpoint_url=f"https://{service}")
            raise ConnectionClosedError(endpoint_url=f"https://{service}")
        if refusal is not None:
            try:
                raise refusal
            finally:
                del refusal  # its frames would hold it, and it them
        return answer

    def _outcome(
        self, client: Any, service: str, operation: str, params: Mapping[str, Any]
    ) -> tuple[dict[str, Any], ClientError | None]:
        try:
            return self._apply(client, service, operation, params), None
        except ClientError as error:
            return {}, error

    def _apply(self, client: Any, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if service == "dynamodb":
            try:
                answer = self.db.call(operation, params)
                if operation == "BatchGetItem" and _is_consistent(operation, params):
                    answer = self._read_one_by_one(params)
            except DynamoError as error:
                raise _client_error(client, operation, error, 400) from None
            except dynamodb.UnsupportedError as error:
                raise HarnessError(str(error)) from None
            if operation in dynamodb.WRITES:
                self.settle(_written(operation, params))
            return answer
        if operation == "PutEvents":
            return self._put_events(params)
        if operation == "SendEmail":
            return self._send_email(params)
        if operation == "GetParameter":
            return {"Parameter": {"Name": params["Name"], "Value": providers.SECRET}}
        raise HarnessError(f"{service} {operation} is not modelled")

    def _read_one_by_one(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Read the items of a batch as DynamoDB does, which promises nothing of all of them together."""
        invocation = self._running()
        responses: dict[str, list[Any]] = {}
        places = [(name, request, key) for name, request in params["RequestItems"].items() for key in request["Keys"]]
        name = f"{invocation.key}/{invocation.calls}"
        first = self.decisions.number(f"batch {name}", 0, len(places) - 1)
        for number, (table, request, key) in enumerate(places[first:] + places[:first]):
            if number:
                self._pass(invocation, self.decisions.apart(f"batch {name}/{number}", READ_SECONDS, READ_DELAYS))
            one = self.db.call("BatchGetItem", {"RequestItems": {table: {**request, "Keys": [key]}}})
            responses.setdefault(table, []).extend(one["Responses"][table])
        return {"Responses": responses, "UnprocessedKeys": {}}

    def _stale(self, client: Any, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Read as if the last change of the table had not reached this copy yet."""
        names = [params["TableName"]] if "TableName" in params else list(params["RequestItems"])
        table = self.db.tables.get(names[0])
        if table is None or not table.changes:
            return self._apply(client, service, operation, params)
        last = table.changes[-1]
        newest = table.items.get(last.key)
        kept = len(table.changes)
        table.put(last.key, last.old, self.now)
        try:
            return self._apply(client, service, operation, params)
        finally:
            table.put(last.key, newest, self.now)
            del table.changes[kept:]

    def settle(self, names: Iterable[str]) -> None:
        """Take note of what changed in the tables called ``names``: for the invariants, and for the streams."""
        for name in names:
            seen, changes = self._seen[name], self.db.tables[name].changes
            if len(changes) == seen:
                continue
            self._seen[name] = len(changes)
            for change in changes[seen:]:
                self.observer.changed(name, change)
                for mapping, shards in self._shards[name]:
                    place = zlib.crc32(str(change.key[0]).encode()) if len(shards) > 1 else 0
                    shard = shards[place % len(shards)]
                    shard.waiting.append(change)
                    self._wake(mapping, shard)
        self.observer.settled()
        if self.violation is not None:
            raise _Stop

    def http_call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        provider, path = self._provider(url)
        site = f"{method} {'/…' + path.rpartition('/')[2] if path.count('/') > 1 else path}"
        invocation, kind = self._begin(site, FAULTS["http"])
        if method != "POST":
            raise HarnessError(f"{method} {url} is not modelled")
        if kind in _UNSERVED:
            self._unserved(invocation, kind, url)
            return HttpResponse(*_UNSERVED[kind])
        if headers.get("authorization") != f"Bearer {providers.SECRET}":
            return HttpResponse(401, b'{"code":"unauthorized"}')
        status, document = provider.serve(path, headers.get("idempotency-key", ""), body)
        if self.trace is not None:
            self.note(f"  {provider.name}: POST {path} -> {status}")
        if self.violation is not None:
            raise _Stop
        if kind in (CRASH_AFTER, TIMEOUT_AFTER):
            if kind == TIMEOUT_AFTER:
                self._pass(invocation, invocation.deadline - self.now)
            self._kill(invocation, kind)
        if kind == PROVIDER_TIMEOUT_AFTER:
            self._pass(invocation, 3.0)
            raise http_errors.ReadTimeoutError(None, url, "timed out")  # type: ignore[arg-type]  # no pool
        if kind == PROVIDER_GARBAGE:
            return HttpResponse(status, b"<html>")
        return HttpResponse(status, json.dumps(document).encode())

    def _unserved(self, invocation: Invocation, kind: str, url: str) -> None:
        """Raise what a request ends in that never reaches its provider, unless something in between answers it."""
        if kind == PROVIDER_TIMEOUT:
            self._pass(invocation, 3.0)
            raise http_errors.ReadTimeoutError(None, url, "timed out")  # type: ignore[arg-type]  # no pool
        if kind == PROVIDER_REFUSED:
            raise http_errors.NewConnectionError(None, "refused")  # type: ignore[arg-type]  # no connection

    def _provider(self, url: str) -> tuple[Provider, str]:
        for base, provider in ((providers.PAYMENT_URL, self.payments), (providers.CARRIER_URL, self.carrier)):
            if url.startswith(base):
                return provider, url[len(base) :]
        raise HarnessError(f"no provider at {url}")

    def _provider_changed(self, name: str, key: str, effect: providers.Effect) -> None:
        if self.trace is not None:
            self.note(f"  {name}: {key[:8]} is {effect.state}")
        self.observer.provider_changed(name, key, effect)

    def _send_email(self, params: Mapping[str, Any]) -> dict[str, Any]:
        content = params["Content"]["Simple"]
        invocation = self._running()
        mail = Mail(
            params["Destination"]["ToAddresses"][0],
            content["Subject"]["Data"],
            content["Body"]["Text"]["Data"],
            invocation.request_id,
        )
        self.mails.append(mail)
        self.note(f"  mail: {mail.subject}")
        invocation.mailed_at = invocation.calls
        self.observer.mailed(mail, invocation)
        if self.violation is not None:
            raise _Stop
        return {"MessageId": f"mail-{len(self.mails)}"}

    # --- the bus ----------------------------------------------------------------------------------------------------

    def _put_events(self, params: Mapping[str, Any], partially: str | None = None) -> dict[str, Any]:
        results = []
        failed = 0
        for number, entry in enumerate(params["Entries"]):
            if partially is not None and self.decisions.draw(f"partial {partially}/{number}") < 0.5:
                failed += 1
                results.append({"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"})
                continue
            if entry["EventBusName"] != self.deployment.bus:
                raise HarnessError(f"PutEvents on {entry['EventBusName']}, the bus is {self.deployment.bus}")
            event = BusEvent(
                self.identity(), entry["Source"], entry["DetailType"], json.loads(entry["Detail"]), self.now
            )
            self.accept(event)
            results.append({"EventId": event.identity})
        if self.violation is not None:
            raise _Stop
        return {"FailedEntryCount": failed, "Entries": results}

    def accept(self, event: BusEvent) -> None:
        """Take an event on the bus and start its way to every target of every rule that matches."""
        name = _event_name(event)
        count = self.published[name] = self.published.get(name, 0) + 1
        if self.trace is not None:
            self.note(f"bus: {name}" + (f" (copy {count})" if count > 1 else ""))
        if not event.poison:
            self.observer.published(event)
        message = event.message()
        for rule in self._routes.matching(event.source, event.detail_type, message):
            for target in rule.targets:
                if target.function in self.left_out:
                    continue
                self._route(event, message, name, count, rule, target)
        poison = self.decisions.fault(f"poison {name}/{count}", (POISON,)) if self._may_poison(event, count) else None
        if poison is not None:
            self.count("bus", event.detail_type, POISON)
            self.accept(self._poisoned(event, name))

    def _may_poison(self, event: BusEvent, count: int) -> bool:
        """Poison makes many attempts and dead letters; one event in three may be followed by some."""
        return not event.poison and event.source != "lambda" and count == 1 and self._identities % 3 == 0

    def _poisoned(self, event: BusEvent, name: str) -> BusEvent:
        detail = json.loads(json.dumps(event.detail))
        self.poisoned_sagas.add(detail["meta"]["correlation_id"])
        choice = self.decisions.number(f"poison kind {name}", 0, 4)
        if choice == 0:
            detail["meta"]["schema"] = f"{event.detail_type}.v99"
        elif choice == 1:
            detail["data"] = {"order": "no object"}
        elif choice == 2:
            del detail["meta"]
        elif choice == 3:
            detail["meta"]["correlation_id"] = "not-a-uuid"
        else:
            detail["data"].pop(next(iter(detail["data"]), ""), None)
            detail["unknown"] = True
        return BusEvent(self.identity(), event.source, event.detail_type, detail, self.now, poison=True)

    def _route(self, event: BusEvent, message: Any, name: str, count: int, rule: Rule, target: Target) -> None:
        if not event.poison:
            self.routed[name, target.function] = event
        key = f"{name}>{rule.name}#{count}"
        kind = self.decisions.fault(f"delivery {key}", (UNDELIVERED, DEAD_LETTERED))
        delay = 0.0
        if kind is not None:
            self.count("rule", rule.name, kind)
            delay = 3600.0 * self.decisions.draw(f"unavailable {key}")
            if kind == DEAD_LETTERED:
                self.at(
                    self.now + target.maximum_event_age,
                    lambda: self._dead_letter(
                        target.queue,
                        "rule",
                        f"{name} for {rule.name}",
                        event.poison,
                        lambda: self._deliver(event, message, name, f"{key}'", target),
                    ),
                )
                return
        self.after(key, HOP_SECONDS + delay, lambda: self._deliver(event, message, name, key, target))
        if self.decisions.happens(f"again {key}", self.decisions.rates.duplicate, DUPLICATE):
            self.count("rule", rule.name, DUPLICATE)
            self.after(f"again {key}", HOP_SECONDS * 3, lambda: self._deliver(event, message, name, f"{key}*", target))

    def _deliver(self, event: BusEvent, message: Any, name: str, key: str, target: Target) -> None:
        self.enqueue(target.function, message, self.identity(), key, event_name=name, poison=event.poison)

    # --- asynchronous invocations -----------------------------------------------------------------------------------

    def enqueue(
        self,
        function: str,
        payload: Any,
        request_id: str,
        key: str,
        *,
        event_name: str,
        poison: bool,
        attempt: int = 1,
        since: float | None = None,
    ) -> None:
        """Invoke a function asynchronously: more attempts after failures, then its on-failure destination."""
        spec = self.deployment.functions[function]
        began = self.now if since is None else since

        def retry(wait: float, number: int) -> None:
            self.at(
                self.now + wait,
                lambda: self.enqueue(
                    function,
                    payload,
                    request_id,
                    key,
                    event_name=event_name,
                    poison=poison,
                    attempt=number,
                    since=began,
                ),
            )

        name = f"{key}~{attempt}"

        def finished(_answer: Any, error: BaseException | None) -> None:
            if error is None:
                if poison:
                    self.swallowed_poison.add(function)
                else:
                    self.consumed.add((event_name, function))
                if self.decisions.happens(f"lambda again {name}", self.decisions.rates.duplicate * 0.3, DUPLICATE):
                    # Lambda's queue is eventually consistent: the same request may come once more.
                    self.count(self._short(spec), "invoke", DUPLICATE)
                    self.after(
                        f"lambda again {name}",
                        1.0,
                        lambda: self.invoke(function, payload, request_id, f"{name}+", lambda *_: None),
                    )
                return
            if attempt <= spec.maximum_retry_attempts:
                retry(60.0 * attempt, attempt + 1)
            else:
                self._give_up(spec, payload, request_id, key, event_name, "RetriesExhausted", attempt, poison)

        def start() -> None:
            self.invoke(function, payload, request_id, name, finished)

        if self.decisions.fault(f"invoke {name}", (INVOKE_THROTTLE,)) is not None:
            self.count(self._short(spec), "invoke", INVOKE_THROTTLE)
            wait = 1.0 + 40000.0 * self.decisions.draw(f"throttled {name}") ** 6
            if self.now + wait - began > spec.maximum_event_age:
                self.at(
                    began + spec.maximum_event_age,
                    lambda: self._give_up(
                        spec, payload, request_id, key, event_name, "EventAgeExceeded", attempt - 1, poison
                    ),
                )
                return
            self.at(self.now + wait, start)
            return
        start()

    def _give_up(
        self,
        function: Function,
        payload: Any,
        request_id: str,
        key: str,
        event_name: str,
        condition: str,
        attempts: int,
        poison: bool,
    ) -> None:
        if function.on_failure is None:
            self.lost.append(f"{event_name} for {self._short(function)}: no on-failure destination")
            return
        self.note(f"{self._short(function)} gives up ({key}): {condition}")
        if ":sqs:" in function.on_failure:
            self._dead_letter(
                function.on_failure,
                "function",
                f"{event_name} for {self._short(function)}",
                poison,
                lambda: self.enqueue(
                    function.name, payload, self.identity(), f"{key}'", event_name=event_name, poison=poison
                ),
            )
            return
        if not poison:
            self.consumed.add((event_name, function.name))
        self.accept(
            BusEvent(
                self.identity(),
                "lambda",
                "Lambda Function Invocation Result - Failure",
                {
                    "version": "1.0",
                    "timestamp": _timestamp(int(self.now)),
                    "requestContext": {
                        "requestId": request_id,
                        "functionArn": f"{function.arn}:$LATEST",
                        "condition": condition,
                        "approximateInvokeCount": attempts,
                    },
                    "requestPayload": payload,
                    "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
                    "responsePayload": {"errorMessage": "", "errorType": "Error"},
                },
                self.now,
                (f"{function.arn}:$LATEST",),
                poison=poison,
            )
        )

    def _dead_letter(self, queue: str, kind: str, what: str, poison: bool, redrive: Work) -> None:
        self.note(f"dead letter ({kind}): {what}")
        self.dead_lettered += 1
        self.dead_letters.append(DeadLetter(queue, kind, what, redrive, poison))

    # --- streams ----------------------------------------------------------------------------------------------------

    def _wake(self, mapping: StreamMapping, shard: _Shard) -> None:
        if not shard.busy:
            shard.busy = True
            shard.polls += 1
            name = f"{mapping.function}/{shard.number}/{shard.waiting[-1].sequence}"
            self.after(f"stream {name}", HOP_SECONDS + self.stream_lag, lambda: self._poll(shard))

    def _poll(self, shard: _Shard) -> None:
        if not shard.ranges:
            if not shard.waiting:
                shard.busy = False
                return
            size = shard.mapping.batch_size
            shard.ranges.append((shard.waiting[:size], 0))
            del shard.waiting[:size]
        batch, attempts = shard.ranges[0]
        self._relay(shard, batch, attempts)

    def _records(self, shard: _Shard, batch: Sequence[Change]) -> list[dict[str, Any]]:
        arn = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{shard.table.name}/stream/1"
        return [dynamodb.stream_record(shard.table, change, REGION, arn) for change in batch]

    def _relay(self, shard: _Shard, batch: list[Change], attempts: int) -> None:
        mapping = shard.mapping
        records = self._records(shard, batch)
        if mapping.filters:
            records = [record for record in records if any(matches(record) for matches in mapping.filters)]
        key = f"{mapping.function}/{shard.number}/{batch[0].sequence}-{batch[-1].sequence}~{attempts}"

        def finished(answer: Any, error: BaseException | None) -> None:
            left = list(batch) if error is not None else _left(mapping, batch, answer)
            del shard.ranges[0]
            if left:
                self.relay_trouble += 1
                self._again(shard, batch, left, attempts)
            if shard.ranges or shard.waiting:
                wait = min(60.0, 0.2 * 2**attempts) if left else 0.0
                self.after(f"stream {key}", HOP_SECONDS + wait, lambda: self._poll(shard))
            else:
                shard.busy = False

        if records:
            self.invoke(mapping.function, {"Records": records}, self.identity(), key, finished)
        else:
            finished({"batchItemFailures": []}, None)

    def _again(self, shard: _Shard, batch: list[Change], left: list[Change], attempts: int) -> None:
        mapping = shard.mapping
        too_old = self.now - left[0].time > mapping.maximum_record_age
        if mapping.bisect and len(left) == len(batch) > 1 and not too_old:
            middle = len(left) // 2
            shard.ranges[:0] = [(left[:middle], attempts), (left[middle:], attempts)]
        elif attempts >= mapping.maximum_retry_attempts or too_old:
            poison = all(_is_poison(change) for change in left)
            what = f"{shard.table.name} {left[0].sequence}-{left[-1].sequence}"
            self._dead_letter(mapping.queue, "stream", what, poison, lambda: self._relay_again(shard, left))
        else:
            shard.ranges.insert(0, (left, attempts + 1))

    def _relay_again(self, shard: _Shard, batch: list[Change]) -> None:
        """What redrive does with a stream's dead letter: read the records again and hand them to the relay."""
        key = f"{shard.mapping.function}/{shard.number}/redrive {batch[0].sequence}-{batch[-1].sequence}"

        def finished(answer: Any, error: BaseException | None) -> None:
            left = list(batch) if error is not None else _left(shard.mapping, batch, answer)
            if left:
                poison = all(_is_poison(change) for change in left)
                self._dead_letter(shard.mapping.queue, "stream", key, poison, lambda: self._relay_again(shard, left))

        self.invoke(shard.mapping.function, {"Records": self._records(shard, batch)}, self.identity(), key, finished)

    # --- schedules, and from the outside ----------------------------------------------------------------------------

    def watch(self, schedule: Schedule, phase: float) -> None:
        """Run a scheduled rule by the clock, the first time ``phase`` seconds after the start.

        Rounds in which there is nothing to do are left out: the clock is set going by ``remind``.
        """
        self._schedules[schedule.name] = (schedule, phase, set())

    def remind(self, moment: float) -> None:
        """Have every scheduled rule run its first round at or after ``moment``; not when that is beyond the horizon."""
        if moment > START + HORIZON_SECONDS:
            return
        for schedule, phase, rounds in self._schedules.values():
            number = max(0, math.ceil((max(moment, self.now) - START - phase) / schedule.period))
            if number not in rounds and len(rounds) < self._rounds_allowed:
                rounds.add(number)
                self.at(START + phase + number * schedule.period, functools.partial(self._tick, schedule, number))

    def _tick(self, schedule: Schedule, number: int) -> None:
        for target in schedule.targets:
            payload = json.loads(target.input) if target.input else {}
            key = f"{schedule.name}#{number}"
            self.enqueue(target.function, payload, self.identity(), key, event_name=key, poison=False)
        # The clock never stops; rounds are run for as long as one has something to do.
        self.at(self.now + schedule.period - 0.5, lambda: self.remind(self.now) if self.observer.is_due() else None)

    def request(
        self, function: str, event: Mapping[str, Any], key: str, done: Callable[[Any, BaseException | None], None]
    ) -> None:
        """Invoke a function synchronously, as the HTTP API does."""
        self.invoke(function, event, self.identity(), key, done)

    def heal(self) -> None:
        """End all faults, and put every dead letter back until only poison is left. Raises ``Violation``."""
        rates = self.decisions.rates
        rates.fault = rates.delay = rates.duplicate = 0.0
        rates.scatter = None
        self._rounds_allowed = 20 * MAX_ROUNDS
        if self.observer.is_due():
            self.remind(self.now)
            self.run()
        for number in range(6):
            waiting = [letter for letter in self.dead_letters if not letter.poison]
            if not waiting:
                return
            self.note(f"healing, round {number + 1}: {len(waiting)} dead letters")
            self.dead_letters = [letter for letter in self.dead_letters if letter.poison]
            # Longer than any lease or lock: what was held by the dead is free again.
            self.now += 900.0
            for letter in waiting:
                self.at(self.now, letter.redrive)
            self.run()
        left = [letter.what for letter in self.dead_letters if not letter.poison]
        raise Violation(f"{len(left)} dead letters that no redrive empties, such as: {'; '.join(left[:4])}")


def _event_name(event: BusEvent) -> str:
    if event.source == "lambda":
        context = event.detail["requestContext"]
        payload = event.detail["requestPayload"]
        inner = payload.get("detail", {}) if isinstance(payload, dict) else {}
        meta = inner.get("meta") if isinstance(inner, dict) else None
        of = meta.get("event_id", "?")[:13] if isinstance(meta, dict) else "?"
        return f"failure of {context['functionArn'].split(':')[6]} {of} {context['requestId'][-6:]}"
    if event.poison:
        return f"poison {event.detail_type} {event.identity[-6:]}"
    meta = event.detail["meta"]
    return f"{event.detail_type} {meta['correlation_id'][:8]} {meta['event_id'][:8]}"


def _is_poison(change: Change) -> bool:
    return str(change.key[0]).startswith("poison#")


def _left(mapping: StreamMapping, batch: Sequence[Change], answer: Any) -> list[Change]:
    """Return the records that have to be delivered again after an answer, as Lambda understands partial responses."""
    if not mapping.partial_responses:
        return []
    if answer in (None, "", {}):
        return []
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if failures is None:
        return [] if isinstance(answer, dict) and "batchItemFailures" not in answer else list(batch)
    if not failures:
        return []
    positions = {dynamodb.sequence_number(change.sequence): place for place, change in enumerate(batch)}
    places = [positions.get(failure.get("itemIdentifier", "")) for failure in failures]
    if None in places:
        return list(batch)
    return list(batch[min(place for place in places if place is not None) :])


@functools.lru_cache(maxsize=4096)
def _timestamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _written(operation: str, params: Mapping[str, Any]) -> Iterable[str]:
    """Return the names of the tables that a write may have changed, in their order."""
    if operation != "TransactWriteItems":
        return (params["TableName"],)
    return dict.fromkeys(action["TableName"] for entry in params["TransactItems"] for action in entry.values())


def _is_consistent(operation: str, params: Mapping[str, Any]) -> bool:
    if operation == "BatchGetItem":
        return all(request.get("ConsistentRead") for request in params["RequestItems"].values())
    return operation == "TransactGetItems" or bool(params.get("ConsistentRead"))


def _conflict(operation: str, params: Mapping[str, Any]) -> DynamoError:
    if operation == "TransactWriteItems":
        count = len(params["TransactItems"])
        reason = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
        return dynamodb.cancelled([{"Code": "None"}] * (count - 1) + [reason])
    return DynamoError("TransactionConflictException", "Transaction is ongoing for the item")


_ERROR_CLASSES: dict[tuple[int, str], Any] = {}


def _client_error(client: Any, operation: str, error: DynamoError, status: int) -> ClientError:
    key = (id(client), error.code)
    kind = _ERROR_CLASSES.get(key)
    if kind is None:
        kind = _ERROR_CLASSES[key] = client.exceptions.from_code(error.code)
    response: dict[str, Any] = {
        "Error": {"Code": error.code, "Message": error.message},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": 0},
        **error.members,
    }
    raised: ClientError = kind(response, operation)
    return raised
