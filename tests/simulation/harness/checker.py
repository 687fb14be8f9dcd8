"""The model checker: the same handlers, every interleaving of their calls, every crash and duplicate within bounds.

A state holds the tables' items, the messages under way, the invocations that are in the middle, what the providers did
and how many crashes and duplicates are left. An invocation in the middle is what it was given and the answers it has
had so far: a handler is a function of these, so it is run again from its start up to its next call, once for each such
history, and the result is remembered. What a call does to the items is remembered as well. So a step of the search is a
few look-ups, and the handlers still are the ones that ship.

What makes it finite, and why nothing is lost by it:

- A crash before a call is a crash after the one before it. Before the first call it is a message not yet delivered, or
  one that its function gives up on without having done anything; that costs a crash as well.
- The relay runs at once with the write whose event it publishes: a message waits as long as it likes anyway, and a
  relay that publishes twice is a duplicate.
- A failed attempt is repeated or given up, whichever: Lambda's counting of attempts allows no more than that. A message
  in a dead-letter queue is a message that waits.
- What no handler decides by is kept as it was first seen: the reason that an event carries, and what caused it.
- A message that finds a row in a final state does nothing, now or ever, so it is delivered before anything else.
- A state in which more crashes and duplicates are left can do all that the same state with fewer can do.
- Where nobody can send a service anything more about an order, what the service does about it touches nothing that
  others touch, and what others do touches nothing of its: then its steps alone come first, in every order of their own.
- The log's recorder and the watchdog are left out: the message that a deadline has passed waits from when the order is
  placed, so it comes at any moment.
- Time stands still, and passes by a day when nothing but dead letters is left: leases end, dead letters are put back.
  Nothing but a lease depends on the time of day.
"""

from __future__ import annotations

import itertools
import json
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from urllib3 import exceptions as http_errors

from . import dynamodb, providers, runtime, scenario
from .deployment import Rule
from .dynamodb import Change, DynamoDB, DynamoError, Table
from .invariants import STEPS, TRANSITIONS
from .runtime import HarnessError
from .simulate import Platform, stock_items
from .world import REGION, START, BusEvent, HttpResponse, Routes, _client_error

DAY = 86400.0
_SHIPPED, _CANCELLED = 0, 1


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is explored: the orders by their card and address, and the bounds."""

    name: str
    orders: tuple[tuple[bool, bool], ...]
    """For each order: whether its card is good, and whether its address is served."""
    stock: int
    crashes: int
    duplicates: int
    cancel: bool = False
    deadline: bool = False
    shards: tuple[int, ...] = ()
    """What each shard has of the stock; empty for an item in one piece."""
    quantity: int = 1
    """What each order asks for."""


CONFIGURATIONS: tuple[Configuration, ...] = (
    *(
        Configuration(
            f"one order, {'good' if card else 'declined'} card, address {'served' if address else 'not served'}",
            ((card, address),),
            1,
            2,
            1,
            cancel=True,
            deadline=True,
        )
        # What takes longest comes first.
        for card, address in ((True, False), (True, True), (False, True))
    ),
    Configuration("one order, no stock", ((True, True),), 0, 2, 1, cancel=True, deadline=True),
    *(
        Configuration(
            "two orders for one unit, "
            + " and ".join(
                "ships" if card and address else "declined" if not card else "not served" for card, address in orders
            ),
            orders,
            1,
            1,
            1,
        )
        for orders in (
            ((True, True), (True, True)),
            ((True, True), (False, True)),
            ((True, True), (True, False)),
        )
    ),
    *(
        Configuration(
            f"two orders for {quantity} of 2 units in two shards",
            ((True, True), (True, False)),
            2,
            1,
            0,
            shards=(1, 1),
            quantity=quantity,
        )
        for quantity in (1, 2)
    ),
)


class _Suspended(BaseException):
    """A handler has come to a call whose answer it has not had yet."""

    def __init__(self, call: tuple[Any, ...]) -> None:
        super().__init__()
        self.call = call


class Interned:
    """Gives equal things one small number."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self.things: list[Any] = []

    def number(self, key: Any, thing: Any = None) -> int:
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.things)
            self.things.append(key if thing is None else thing)
        return found

    def __getitem__(self, number: int) -> Any:
        return self.things[number]


@dataclass(frozen=True, slots=True)
class _Delivery:
    """A message for a function. ``copy`` tells duplicates apart, ``round`` what redrive has put back."""

    function: str
    message: int
    copy: int
    round: int

    @property
    def request_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.function}/{self.message}/{self.copy}/{self.round}"))


@dataclass(frozen=True, slots=True)
class _Effect:
    """What a call did: its answer, the items it changed, the deliveries it set going, and what it broke."""

    answer: int
    changes: tuple[tuple[int, int], ...]
    deliveries: tuple[int, ...]
    broken: str | None


# A state: items (a number a slot), deliveries under way, invocations in the middle (delivery, answers), what the
# providers did (a state an order), mails (two counts and doubt an order), crashes and duplicates left, day.
State = tuple[
    tuple[int, ...],
    tuple[int, ...],
    tuple[tuple[int, tuple[int, ...]], ...],
    tuple[tuple[str, str], ...],
    tuple[tuple[int, int, bool], ...],
    tuple[int, int, int],
]


Text = tuple[int | str, ...]
"""What a step is, put into words only when a trace is shown: numbers are deliveries."""


class _Replay:
    """Stands outside of one handler: gives the answers it has had, and stops it at the call after these."""

    def __init__(self, checker: Checker, answers: Sequence[int], now: float) -> None:
        self._checker = checker
        self._answers = answers
        self._given = 0
        self._now = now

    def _next(self, call: tuple[Any, ...]) -> Any:
        if self._given == len(self._answers):
            raise _Suspended(call)
        self._given += 1
        return self._checker.answers[self._answers[self._given - 1]]

    def api_call(self, client: Any, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        if operation == "GetParameter":
            return {"Parameter": {"Name": params["Name"], "Value": providers.SECRET}}
        kind, content = self._next(("aws", service, operation, params))
        if kind == "error":
            raise _client_error(client, operation, content, 400)
        answer: dict[str, Any] = json.loads(json.dumps(content))
        return answer

    def http_call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> HttpResponse:
        kind, content = self._next(("http", method, url, headers.get("idempotency-key", ""), body))
        if kind == "silence":
            raise http_errors.ReadTimeoutError(None, url, "timed out")  # type: ignore[arg-type]  # no pool
        return HttpResponse(content[0], content[1])

    def time(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        del seconds

    def random(self) -> float:
        return 0.5

    def logged(self, text: str) -> None:
        del text


class _Context:
    memory_limit_in_mb = 256
    function_version = "$LATEST"

    def __init__(self, request_id: str, function: str) -> None:
        self.aws_request_id = request_id
        self.function_name = function

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


class Checker:
    """Explores one configuration."""

    def __init__(self, on: Platform, configuration: Configuration) -> None:
        self.on = on
        self.configuration = configuration
        self.answers = Interned()
        self._messages = Interned()
        self._deliveries = Interned()
        self._items = Interned()
        self._calls = Interned()
        self._slots: dict[tuple[str, Any], int] = {}
        self._advanced: dict[tuple[int, tuple[int, ...], int], tuple[str, Any]] = {}
        self._effects: dict[tuple[int, int | tuple[int, ...], int], _Effect] = {}
        self._slots_of: dict[int, tuple[int, ...]] = {}
        self._first_touched: dict[tuple[int, int], tuple[int, ...]] = {}
        self._void: dict[tuple[int, int, tuple[int, ...]], bool] = {}
        self._reports: dict[int, tuple[int, ...]] = {}
        self._names: dict[int, str] = {}
        self._judged: dict[tuple[Any, ...], str | None] = {}
        self._places: dict[int, tuple[str, int]] = {}
        self._known_states: dict[tuple[int, ...], dict[str, str | None]] = {}
        self._first_slots: dict[str, int] = {}
        self._entries = frozenset(on.entries.values())
        deployment = on.deployment
        tables = {spec.service: spec.name for spec in deployment.tables.values()}
        self._services = {name: service for service, name in tables.items()}
        self._tables = tables
        self._empty = {spec.name: spec.make() for spec in deployment.tables.values()}
        recorder = {
            name
            for name, function in deployment.functions.items()
            if function.environment.get("SAGA_FUNCTION") == "record_event"
        }
        rules = [
            Rule(
                rule.name,
                rule.pattern,
                rule.matches,
                [t for t in rule.targets if t.function not in recorder],
                rule.looks_deeper,
            )
            for rule in deployment.rules
        ]
        self._routes = Routes(rules)
        self._relays = {mapping.table: mapping.function for mapping in deployment.mappings}
        self._notify = next(
            name for name, f in deployment.functions.items() if f.environment.get("SAGA_FUNCTION") == "notify_customer"
        )
        self._do = {
            name
            for name, f in deployment.functions.items()
            if f.on_failure is not None and ":event-bus/" in f.on_failure
        } - set(on.entries.values())
        self._order_service = sys.modules["order.service"]
        self._plans: list[dict[str, Any]] = []
        self.order_ids: list[str] = []
        for number, (card, address) in enumerate(configuration.orders):
            self._plans.append(_body(number, configuration.quantity, card=card, address=address))
            self.order_ids.append(
                str(uuid.uuid5(self._order_service.ORDER_IDS, f"{self._plans[-1]['customer_id']}/key-{number}"))
            )
        self._make_slots()

    # --- what a state is made of ------------------------------------------------------------------------------------

    def _make_slots(self) -> None:
        for order_id in self.order_ids:
            self._first_slots[order_id] = len(self._slots)
            for step in STEPS:
                self._slots[self._tables[step], f"step#{order_id}"] = len(self._slots)
            self._slots[self._tables["notification"], f"notice#{order_id}"] = len(self._slots)
        self._stock = stock_items("SKU-0", self.configuration.shards or (self.configuration.stock,), 250)
        for item in self._stock:
            self._slots[self._tables["inventory"], item["pk"]["S"]] = len(self._slots)
        self._absent = self._items.number("absent", {})
        self._slot_keys = list(self._slots)

    def _item_number(self, item: Mapping[str, Any] | None) -> int:
        if item is None:
            return self._absent
        text = item.get("outbox", {}).get("S")
        event = json.loads(text)["detail_type"] if text else None
        known = {name: value for name, value in item.items() if name != "outbox"}
        return self._items.number(json.dumps([known, event], sort_keys=True), dict(item))

    def start(self) -> State:
        """Return the first state: stock, and clients about to place their orders."""
        items = [self._absent] * len(self._slots)
        for item in self._stock:
            items[self._slots[self._tables["inventory"], item["pk"]["S"]]] = self._item_number(item)
        deliveries = []
        for number, body in enumerate(self._plans):
            event = {
                "version": "2.0",
                "routeKey": "POST /orders",
                "requestContext": scenario.OPERATOR,
                "headers": {"idempotency-key": f"key-{number}"},
                "body": json.dumps(body),
            }
            deliveries.append(self._delivery(self.on.entries["place_order"], event))
            if self.configuration.cancel:
                event = scenario.cancellation_event(self.order_ids[number])
                deliveries.append(self._delivery(self.on.entries["request_cancellation"], event))
        nothing = (("", ""),) * len(self.order_ids)
        mails = ((0, 0, False),) * len(self.order_ids)
        bounds = (self.configuration.crashes, self.configuration.duplicates, 0)
        return tuple(items), tuple(sorted(deliveries)), (), nothing, mails, bounds

    def _delivery(self, function: str, message: Any) -> int:
        number = self._messages.number(_identity(message), message)
        return self._deliveries.number(_Delivery(function, number, 0, 0))

    # --- running handlers -------------------------------------------------------------------------------------------

    def _advance(self, delivery: int, answers: tuple[int, ...], day: int) -> tuple[str, Any]:
        """Run a handler up to its next call: ("call", its number), ("done", answer) or ("failed", error)."""
        key = (delivery, answers, day)
        found = self._advanced.get(key)
        if found is None:
            found = self._advanced[key] = self._run(self._deliveries[delivery], answers, day)
        return found

    def _run(self, delivery: _Delivery, answers: tuple[int, ...], day: int) -> tuple[str, Any]:
        handler = self.on.handlers[delivery.function]
        event = json.loads(json.dumps(self._messages[delivery.message]))
        runtime.forget()
        runtime.attach(_Replay(self, answers, START + day * DAY))
        _Environment.use(self.on.environments[delivery.function])
        try:
            return "done", handler(event, _Context(delivery.request_id, delivery.function))
        except _Suspended as suspended:
            return "call", self._call(suspended.call)
        except Exception as error:  # noqa: BLE001 - that is how an invocation fails
            return "failed", f"{type(error).__name__}: {error}"
        finally:
            runtime.attach(None)
            _Environment.restore()

    def _call(self, call: tuple[Any, ...]) -> int:
        if call[0] == "aws":
            return self._calls.number(f"{call[1]} {call[2]} {json.dumps(call[3], sort_keys=True, default=str)}", call)
        return self._calls.number(f"http {call[2]} {call[3]} {call[4]!r}", call)

    def _touched(self, number: int) -> tuple[int, ...]:
        """Return the slots that a call of DynamoDB looks at or changes."""
        found = self._slots_of.get(number)
        if found is None:
            found = self._slots_of[number] = self._find_slots(self._calls[number])
        return found

    def _find_slots(self, call: tuple[Any, ...]) -> tuple[int, ...]:
        _, _, operation, params = call
        if operation in ("UpdateItem", "GetItem", "DeleteItem"):
            places = [(params["TableName"], params["Key"])]
        elif operation == "PutItem":
            places = [(params["TableName"], params["Item"])]
        elif operation == "TransactWriteItems":
            places = []
            for entry in params["TransactItems"]:
                [(kind, part)] = entry.items()
                places.append((part["TableName"], part["Item"] if kind == "Put" else part["Key"]))
        elif operation == "BatchGetItem":
            places = [(name, key) for name, request in params["RequestItems"].items() for key in request["Keys"]]
        else:
            raise HarnessError(f"the checker does not know {operation}")
        slots = []
        for table, key in places:
            slot = self._slots.get((table, key["pk"]["S"]))
            if slot is None:
                raise HarnessError(f"the checker has no place for {key} of {table}")
            slots.append(slot)
        return tuple(slots)

    def _effect(self, number: int, items: tuple[int, ...], day: int) -> tuple[_Effect, tuple[int, ...]]:
        slots = self._touched(number)
        key = (number, items[slots[0]] if len(slots) == 1 else tuple([items[slot] for slot in slots]), day)
        found = self._effects.get(key)
        if found is None:
            found = self._effects[key] = self._apply(self._calls[number], slots, items, day)
        return found, slots

    def _apply(self, call: tuple[Any, ...], slots: tuple[int, ...], items: tuple[int, ...], day: int) -> _Effect:
        _, _, operation, params = call
        database = DynamoDB(lambda: START + day * DAY)
        for table in self._empty.values():
            database.add(Table(table.name, table.hash_key, table.range_key, table.key_types, table.indexes))
        for slot in slots:
            if items[slot] != self._absent:
                table_name, key = self._slot_keys[slot]
                database.tables[table_name].items[key,] = self._items[items[slot]]
        try:
            answer: tuple[str, Any] = ("ok", database.call(operation, params))
            name = json.dumps(answer[1], sort_keys=True)
        except DynamoError as error:
            answer = ("error", error)
            name = f"error {error} {json.dumps(error.members, sort_keys=True)}"
        changes: list[tuple[int, int]] = []
        deliveries: list[int] = []
        broken: str | None = None
        for table in database.tables.values():
            for change in table.changes:
                slot = self._slots[table.name, change.key[0]]
                changes.append((slot, self._item_number(change.new)))
                broken = broken or self._illegal(table.name, change)
                deliveries.extend(self._publish(table, change, day))
        return _Effect(self.answers.number(name, answer), tuple(changes), tuple(deliveries), broken)

    def _illegal(self, table: str, change: Change) -> str | None:
        key = str(change.key[0])
        service = self._services[table]
        if not key.startswith("step#") or service not in TRANSITIONS:
            return None
        before = change.old["state"]["S"] if change.old is not None else None
        after = change.new["state"]["S"] if change.new is not None else None
        if after in TRANSITIONS[service].get(before, set()):
            return None
        return f"{service} row of {key[5:]} went from {before} to {after}"

    def _publish(self, table: Table, change: Change, day: int) -> Iterator[int]:
        """Run the relay on a change and route what it publishes."""
        relay = self._relays.get(table.name)
        if relay is None:
            return
        outside = _RelayOutside(START + day * DAY)
        record = dynamodb.stream_record(
            table, change, REGION, f"arn:aws:dynamodb:{REGION}:1:table/{table.name}/stream/1"
        )
        runtime.attach(outside)
        _Environment.use(self.on.environments[relay])
        try:
            self.on.handlers[relay]({"Records": [record]}, _Context("relay", relay))
        finally:
            runtime.attach(None)
            _Environment.restore()
        for entry in outside.entries:
            detail = json.loads(entry["Detail"])
            event = BusEvent(detail["meta"]["event_id"], entry["Source"], entry["DetailType"], detail, START)
            yield from self._route(event)
            if entry["DetailType"] == "OrderPlaced" and self.configuration.deadline:
                yield from self._route(self._deadline(event))

    def _route(self, event: BusEvent) -> Iterator[int]:
        message = event.message()
        for rule in self._routes.matching(event.source, event.detail_type, message):
            for target in rule.targets:
                yield self._delivery(target.function, message)

    def _deadline(self, placed: BusEvent) -> BusEvent:
        """The watchdog may find any order still open: its message waits from the moment that the order is placed."""
        order_id = placed.detail["meta"]["correlation_id"]
        identity = str(uuid.uuid5(uuid.UUID(order_id), "deadline"))
        meta = {
            **placed.detail["meta"],
            "event_id": identity,
            "schema": "SagaDeadlineExceeded.v1",
            "causation_id": None,
            "producer": "watchdog",
        }
        data = {"order": placed.detail["data"]["order"]}
        source = placed.source.replace(".order", ".saga_log")
        return BusEvent(identity, source, "SagaDeadlineExceeded", {"meta": meta, "data": data}, START)

    def _gave_up(self, delivery: _Delivery) -> tuple[int, ...]:
        """Return the deliveries of the report that Lambda makes of a do whose retries are used up."""
        arn = self.on.deployment.functions[delivery.function].arn
        detail = {
            "version": "1.0",
            "timestamp": "2026-01-01T00:00:00Z",
            "requestContext": {
                "requestId": delivery.request_id,
                "functionArn": f"{arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": self._messages[delivery.message],
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "", "errorType": "Error"},
        }
        event = BusEvent(
            delivery.request_id,
            "lambda",
            "Lambda Function Invocation Result - Failure",
            detail,
            START,
            (f"{arn}:$LATEST",),
        )
        return tuple(self._route(event))

    # --- steps ------------------------------------------------------------------------------------------------------

    def steps(self, state: State) -> Iterator[tuple[Text, State, bool, str | None]]:  # noqa: C901 - a grammar, or a step, in one place
        """Yield every step from a state: what it is, where it leads, whether all goes well in it, what it breaks."""
        _, deliveries, flights, _, _, (_, duplicates, day) = state
        for delivery in dict.fromkeys(deliveries):
            if self._deliveries[delivery].round <= day and self._is_void(state, delivery):
                rest = _without(deliveries, delivery)
                yield (delivery, "finds that all is decided"), state_of(state, rest, flights), True, None
                return
        pending = [delivery for delivery in dict.fromkeys(deliveries) if self._deliveries[delivery].round <= day]
        running = list(dict.fromkeys(flights))
        if not pending and not running and deliveries:
            yield ("a day passes",), (*state[:5], (state[5][0], duplicates, day + 1)), True, None
            return
        alone = self._alone(state, pending, running)
        if alone is not None:
            pending = [delivery for delivery in pending if self._place(delivery) == alone]
            running = [flight for flight in running if self._place(flight[0]) == alone]
        for delivery in pending:
            one = self._deliveries[delivery]
            yield from self._step(state, delivery, (), _without(deliveries, delivery), flights)
            if state[5][0] and one.function in self._do:
                # It never got as far as its first call, or its event grew too old before it could run.
                reports = self._reports_of(delivery)
                rest = tuple(sorted((*_without(deliveries, delivery), *reports)))
                gone: State = (state[0], rest, *state[2:5], (state[5][0] - 1, duplicates, day))
                yield (delivery, "gives up before it did anything"), gone, False, None
            if duplicates and one.copy == 0 and one.function not in self._entries:
                # It comes once more, at any time from now on. Only who sends mail can tell the two apart.
                left = deliveries
                if one.function == self._notify:
                    copy = self._deliveries.number(_Delivery(one.function, one.message, 1, one.round))
                    left = tuple(sorted((*_without(deliveries, delivery), copy)))
                spent: State = (*state[:5], (state[5][0], duplicates - 1, day))
                for text, to, _, broken in self._step(spent, delivery, (), left, flights):
                    yield (*text, "(and comes again)"), to, False, broken
        for flight in running:
            delivery, answers = flight
            yield from self._step(state, delivery, answers, deliveries, _without(flights, flight))

    def _place(self, delivery: int) -> tuple[str, int]:
        """Return the service and the order that a delivery is about; -1 stands for any order."""
        found = self._places.get(delivery)
        if found is None:
            one = self._deliveries[delivery]
            service = self.on.deployment.functions[one.function].service
            text = json.dumps(self._messages[one.message])
            number = next((place for place, identity in enumerate(self.order_ids) if identity in text), -1)
            found = self._places[delivery] = (service, number)
        return found

    def _alone(self, state: State, pending: list[int], running: list[Any]) -> tuple[str, int] | None:
        """Return a service and an order such that nobody can send that service anything more about that order."""
        places = {self._place(delivery) for delivery in pending} | {self._place(flight[0]) for flight in running}
        if len(places) < 2:
            return None
        asked = {self._place(delivery)[0] for delivery in pending if self._is_api(delivery)}
        asked |= {self._place(flight[0])[0] for flight in running if self._is_api(flight[0])}
        single = len(self.order_ids) == 1
        for service, number in sorted(places):
            if number < 0:
                continue
            states = self._states_of(state[0], self.order_ids[number])
            shipped = states["shipping"] == "SUCCEEDED"
            ended = shipped or states["order"] == "REVERSED"
            alone = {
                "notification": ended,
                "order": ended,
                # Shipping hears of payments, of cancellations and of deadlines; these wait from when the order is
                # placed.
                "shipping": states["payment"] not in (None, "PENDING") and not asked,
                "payment": states["inventory"] is not None and (shipped or states["shipping"] == "REVERSED"),
                # Stock is shared: only where there is one order does nobody else touch it.
                "inventory": single and states["order"] is not None and (shipped or states["payment"] == "REVERSED"),
            }
            if alone[service]:
                return service, number
        return None

    def _is_api(self, delivery: int) -> bool:
        return self._deliveries[delivery].function in self._entries

    def _states_of(self, items: tuple[int, ...], order_id: str) -> dict[str, str | None]:
        start = self._first_slots[order_id]
        key = items[start : start + len(STEPS)]
        found = self._known_states.get(key)
        if found is None:
            found = self._known_states[key] = self._states(items, order_id)
        return found

    def _is_void(self, state: State, delivery: int) -> bool:
        """Whether a message does nothing because of a row that can never change any more."""
        items, day = state[0], state[5][2]
        slots = self._first_touched.get((delivery, day))
        if slots is None:
            slots = self._first_touched[delivery, day] = self._first_write(delivery, day)
        if not slots:
            return False
        key = (delivery, day, tuple([items[slot] for slot in slots]))
        found = self._void.get(key)
        if found is None:
            found = self._void[key] = self._find_void(items, delivery, day)
        return found

    def _first_write(self, delivery: int, day: int) -> tuple[int, ...]:
        """Return the slots of an invocation's first call, or none when that is no write."""
        kind, content = self._advance(delivery, (), day)
        if kind != "call" or self._is_api(delivery):
            return ()
        call = self._calls[content]
        return self._touched(content) if call[0] == "aws" and call[2] in dynamodb.WRITES else ()

    def _find_void(self, items: tuple[int, ...], delivery: int, day: int) -> bool:
        _, content = self._advance(delivery, (), day)
        effect, slots = self._effect(content, items, day)
        if effect.changes or not self._is_final(items, slots[0]):
            return False
        kind, _ = self._advance(delivery, (effect.answer,), day)
        return kind == "done"

    def _is_final(self, items: tuple[int, ...], slot: int) -> bool:
        table, key = self._slot_keys[slot]
        item = self._items[items[slot]]
        if not item:
            return False
        state = item["state"]["S"] if "state" in item else ""
        if key.startswith("notice#"):
            return bool(state == "DONE")
        service = self._services[table]
        return key.startswith("step#") and not TRANSITIONS[service].get(state, {"?"})

    def _step(
        self,
        state: State,
        delivery: int,
        answers: tuple[int, ...],
        deliveries: tuple[int, ...],
        flights: tuple[tuple[int, tuple[int, ...]], ...],
    ) -> Iterator[tuple[Text, State, bool, str | None]]:
        """Yield what can come of the next call of an invocation."""
        items, _, _, effects, mails, (crashes, duplicates, day) = state
        kind, content = self._advance(delivery, answers, day)
        if kind != "call":
            # Nothing more to call: it ended before it did anything (a duplicate of an order that is not there, say).
            yield from self._ended(state, delivery, answers, deliveries, flights, kind, content)
            return
        call = self._calls[content]
        if call[0] == "http":
            yield from self._http(state, delivery, answers, deliveries, flights, call)
            return
        if call[2] == "SendEmail":
            number, outcome = self._mail(call[3])
            sent = list(mails[number])
            broken = None
            if sum(sent[:2]) and not sent[2]:
                broken = f"{self.order_ids[number]}: a second mail, and nothing had gone wrong with the first"
            if sent[1 - outcome]:
                broken = f"{self.order_ids[number]}: two mails about two outcomes"
            sent[outcome] = min(sent[outcome] + 1, 2)
            sent[2] = False
            told = (*mails[:number], (sent[0], sent[1], bool(sent[2])), *mails[number + 1 :])
            after = (items, deliveries, flights, effects, told, state[5])
            answer = self.answers.number("mail", ("ok", {"MessageId": "1"}))
            yield from self._went_on(after, delivery, (*answers, answer), "sends the mail", broken)
            return
        effect, _ = self._effect(content, items, day)
        after = self._changed((items, deliveries, flights, effects, mails, state[5]), effect)
        what = call[2]
        yield from self._went_on(after, delivery, (*answers, effect.answer), what, effect.broken)
        if duplicates and call[2] in ("UpdateItem", "PutItem"):
            # The answer gets lost, and the SDK sends the request again.
            again, _ = self._effect(content, after[0], day)
            twice = self._changed(after, again)
            twice = (*twice[:5], (crashes, duplicates - 1, day))
            for text, to, _, broken in self._went_on(
                twice, delivery, (*answers, again.answer), f"{what}, repeated by the SDK,", again.broken
            ):
                yield text, to, False, broken

    def _changed(self, state: State, effect: _Effect) -> State:
        if not effect.changes:
            return state
        items = list(state[0])
        for slot, item in effect.changes:
            items[slot] = item
        deliveries = tuple(sorted((*state[1], *effect.deliveries))) if effect.deliveries else state[1]
        return (tuple(items), deliveries, *state[2:])

    def _http(
        self,
        state: State,
        delivery: int,
        answers: tuple[int, ...],
        deliveries: tuple[int, ...],
        flights: tuple[tuple[int, tuple[int, ...]], ...],
        call: tuple[Any, ...],
    ) -> Iterator[tuple[Text, State, bool, str | None]]:
        items, _, _, effects, mails, bounds = state
        _, _, url, key, body = call
        is_payment = url.startswith(providers.PAYMENT_URL)
        place = 0 if is_payment else 1
        path = url[len(providers.PAYMENT_URL if is_payment else providers.CARRIER_URL) :]
        order = next(
            (number for number, identity in enumerate(self.order_ids) if identity in (key, path.split("/")[-2])), None
        )
        before = effects[order][place] if order is not None else ""
        provider = (providers.payments if is_payment else providers.carrier)(lambda *_: None)
        if order is None:
            status: int = 400
            document: Mapping[str, Any] = {"code": "malformed"}
            changed = effects
        else:
            identity = self.order_ids[order]
            request = json.loads(body) if body else {}
            if before:
                kept = json.loads(body) if body else {}
                provider.effects[identity] = providers.Effect(
                    before,
                    request=kept,
                    accepted=provider.describe(identity, kept),
                    code=(kept and provider.refuses(kept)) or "",
                )
            status, document = provider.serve(path, key, body)
            now = provider.effects[identity].state if identity in provider.effects else ""
            one = list(effects[order])
            one[place] = now
            changed = (*effects[:order], (one[0], one[1]), *effects[order + 1 :])
            del request
        after: State = (items, deliveries, flights, changed, mails, bounds)
        name = "pay" if is_payment else "ship"
        content = json.dumps(document).encode()
        answer = self.answers.number((status, content), ("answer", (status, content)))
        yield from self._went_on(
            after, delivery, (*answers, answer), f"{name}: {path.rpartition('/')[2][:14]} -> {status}", None
        )
        silence = self.answers.number("silence", ("silence", None))
        for told, text in (
            (state_of(state, deliveries, flights), "no answer, nothing done"),
            (after, "no answer, but done"),
        ):
            for line, to, _, broken in self._went_on(
                told, delivery, (*answers, silence), f"{name}: {text}", None, crash=False
            ):
                yield line, to, False, broken

    def _went_on(
        self,
        state: State,
        delivery: int,
        answers: tuple[int, ...],
        what: str,
        broken: str | None,
        *,
        crash: bool = True,
    ) -> Iterator[tuple[Text, State, bool, str | None]]:
        """Yield what can follow once a call is answered: the handler goes on, or its process dies."""
        items, deliveries, flights, effects, mails, (crashes, duplicates, day) = state
        kind, content = self._advance(delivery, answers, day)
        text = (delivery, what)
        if kind == "call":
            to: State = (items, deliveries, tuple(sorted((*flights, (delivery, answers)))), effects, mails, state[5])
            yield text, to, True, broken
        else:
            for ending, to, well, worse in self._ended(state, delivery, answers, deliveries, flights, kind, content):
                yield (*text, *ending), to, well, broken or worse
        if crash and crashes:
            dead: State = (
                items,
                deliveries,
                flights,
                effects,
                self._in_doubt(mails, delivery, answers),
                (crashes - 1, duplicates, day),
            )
            for last, to in self._failed(dead, delivery):
                yield (*text, "and dies:", last), to, False, broken

    def _ended(
        self,
        state: State,
        delivery: int,
        answers: tuple[int, ...],
        deliveries: tuple[int, ...],
        flights: tuple[tuple[int, tuple[int, ...]], ...],
        kind: str,
        content: Any,
    ) -> Iterator[tuple[Text, State, bool, str | None]]:
        items, _, _, effects, mails, bounds = state
        here: State = (items, deliveries, flights, effects, mails, bounds)
        is_api = self._deliveries[delivery].function in self._entries
        if kind == "done" and not (is_api and content["statusCode"] >= 500):
            yield ("is done",), here, True, None
            return
        here = (items, deliveries, flights, effects, self._in_doubt(mails, delivery, answers), bounds)
        # All goes well in giving up, too: what keeps failing ends there after three attempts.
        for ending, to in self._failed(here, delivery):
            yield (str(content)[:60], ending), to, True, None

    def _failed(self, state: State, delivery: int) -> Iterator[tuple[str, State]]:
        items, deliveries, flights, effects, mails, bounds = state
        one = self._deliveries[delivery]
        again: State = (items, tuple(sorted((*deliveries, delivery))), flights, effects, mails, bounds)
        yield "will try again", again
        if one.function in self._entries:
            yield "the client gives up", (items, deliveries, flights, effects, mails, bounds)
        elif one.function in self._do:
            reports = self._reports_of(delivery)
            yield "gives up", (items, tuple(sorted((*deliveries, *reports))), flights, effects, mails, bounds)
        elif one.function == self._notify:
            later = self._deliveries.number(_Delivery(one.function, one.message, one.copy, bounds[2] + 1))
            yield "is dead-lettered", (items, tuple(sorted((*deliveries, later))), flights, effects, mails, bounds)

    def _reports_of(self, delivery: int) -> tuple[int, ...]:
        reports = self._reports.get(delivery)
        if reports is None:
            reports = self._reports[delivery] = self._gave_up(self._deliveries[delivery])
        return reports

    def _in_doubt(
        self, mails: tuple[tuple[int, int, bool], ...], delivery: int, answers: tuple[int, ...]
    ) -> tuple[tuple[int, int, bool], ...]:
        """An invocation that has sent its mail ends without having recorded it: nobody knows of the mail."""
        one = self._deliveries[delivery]
        if one.function != self._notify or self.answers.number("mail", ("ok", {"MessageId": "1"})) not in answers:
            return mails
        order_id = self._messages[one.message]["detail"]["meta"]["correlation_id"]
        number = self.order_ids.index(order_id)
        shipped, cancelled, _ = mails[number]
        return (*mails[:number], (shipped, cancelled, True), *mails[number + 1 :])

    def _mail(self, params: Mapping[str, Any]) -> tuple[int, int]:
        subject = params["Content"]["Simple"]["Subject"]["Data"]
        number = next(number for number, identity in enumerate(self.order_ids) if identity in subject)
        return number, _SHIPPED if "on its way" in subject else _CANCELLED

    def _name(self, delivery: int) -> str:
        found = self._names.get(delivery)
        if found is None:
            found = self._names[delivery] = self._make_name(delivery)
        return found

    def words(self, text: Text) -> str:
        """Return a step in words."""
        return " ".join(self._name(part) if isinstance(part, int) else part for part in text)

    def _make_name(self, delivery: int) -> str:
        one = self._deliveries[delivery]
        function = self.on.deployment.functions[one.function].environment.get("SAGA_FUNCTION", one.function)
        message = self._messages[one.message]
        about = message.get("detail-type") or message.get("routeKey", "")
        order = ""
        if len(self.order_ids) > 1:
            text = json.dumps(message)
            order = next((f" of order {n}" for n, identity in enumerate(self.order_ids) if identity in text), "")
        again = "'" * (one.copy + 2 * one.round)
        return f"{function}{again} ({about.replace('Lambda Function Invocation Result - Failure', 'failure')}{order})"

    # --- judgement --------------------------------------------------------------------------------------------------

    def judge(self, state: State) -> str | None:
        """Return the invariant that does not hold in a state, or ``None``."""
        items, _, _, effects, mails, _ = state
        key = (items, effects, mails)
        if key in self._judged:
            return self._judged[key]
        found = self._judged[key] = self._judge(items, effects, mails)
        return found

    def _judge(self, items: tuple[int, ...], effects: Any, mails: Any) -> str | None:  # noqa: C901, PLR0911 - a case a line
        held = 0
        for number, order_id in enumerate(self.order_ids):
            states = self._states(items, order_id)
            if states["shipping"] == "SUCCEEDED":
                wrong = [step for step in STEPS[:3] if states[step] != "SUCCEEDED"]
                if wrong:
                    return f"{order_id} is shipped, and its {wrong[0]} step is {states[wrong[0]]}"
                if effects[number] != ("authorized", "booked"):
                    return f"{order_id} is shipped, its charge and shipment are {effects[number]}"
            for one, other in itertools.pairwise(STEPS):
                if states[other] in ("PENDING", "SUCCEEDED", "FAILED") and states[one] is None:
                    return f"{order_id}: {other} is {states[other]} before {one} did anything"
            if mails[number][_SHIPPED] and states["shipping"] != "SUCCEEDED":
                return f"{order_id}: told that it is shipped, and it is not"
            if mails[number][_CANCELLED] and states["order"] != "REVERSED":
                return f"{order_id}: told that it is cancelled, and it is not"
            if states["inventory"] == "SUCCEEDED":
                held += self.configuration.quantity
            enough = self.configuration.stock >= self.configuration.quantity * len(self.order_ids)
            if states["inventory"] == "FAILED" and enough:
                return f"{order_id} is refused, and there is enough for all"
        table = self._tables["inventory"]
        shards = [self._items[items[self._slots[table, item["pk"]["S"]]]] for item in self._stock]
        available = [int(shard["available"]["N"]) for shard in shards]
        reserved = [int(shard["reserved"]["N"]) for shard in shards]
        if min(*available, *reserved) < 0 or sum(reserved) != held or sum(available) + held != self.configuration.stock:
            return f"stock: {available} available, {reserved} reserved, {held} held of {self.configuration.stock}"
        started = [int(item["available"]["N"]) for item in self._stock]
        if [have + taken for have, taken in zip(available, reserved, strict=True)] != started:
            return f"stock: {available} available and {reserved} reserved of {started}"
        return None

    def _states(self, items: tuple[int, ...], order_id: str) -> dict[str, str | None]:
        states: dict[str, str | None] = {}
        for step in STEPS:
            item = self._items[items[self._slots[self._tables[step], f"step#{order_id}"]]]
            states[step] = item["state"]["S"] if item else None
        return states

    def judge_end(self, state: State) -> tuple[str | None, list[str]]:
        """Return what is wrong with a state in which nothing is under way any more, and how the orders ended."""
        items, _, _, effects, mails, _ = state
        outcomes = []
        for number, order_id in enumerate(self.order_ids):
            states = self._states(items, order_id)
            shipped, cancelled, _ = mails[number]
            if all(states[step] == "SUCCEEDED" for step in STEPS):
                outcomes.append("shipped")
                if not shipped:
                    return f"{order_id} is shipped, and nobody was told", outcomes
            elif states["order"] == "REVERSED" and all(states[step] in (None, "REVERSED") for step in STEPS):
                outcomes.append("cancelled")
                if not cancelled:
                    return f"{order_id} is cancelled, and nobody was told", outcomes
                if "authorized" in effects[number] or "booked" in effects[number]:
                    return f"{order_id} is cancelled, its charge and shipment are {effects[number]}", outcomes
            elif any(states.values()):
                return f"{order_id} never ended: {states}", outcomes
            else:
                outcomes.append("never placed")
        return None, outcomes


def _identity(message: Mapping[str, Any]) -> Any:
    """Return what tells a message from others: not its reason, nor what caused it."""
    detail = message.get("detail")
    if detail is None:
        return json.dumps(message, sort_keys=True)
    if message["source"] == "lambda":
        payload = detail["requestPayload"]
        return ("failure", detail["requestContext"]["functionArn"], _identity(payload))
    return (message["source"], message["detail-type"], detail["meta"]["correlation_id"])


def state_of(state: State, deliveries: tuple[int, ...], flights: tuple[tuple[int, tuple[int, ...]], ...]) -> State:
    """Return ``state`` with other deliveries and flights."""
    return (state[0], deliveries, flights, *state[3:])


def _without(things: tuple[Any, ...], thing: Any) -> tuple[Any, ...]:
    place = things.index(thing)
    return things[:place] + things[place + 1 :]


class _Environment:
    """The environment of the function that is run."""

    _host: Any = None

    @classmethod
    def use(cls, environment: Mapping[str, str]) -> None:
        import os

        if cls._host is None:
            cls._host = os.environ
        os.environ = environment  # type: ignore[assignment]  # noqa: B003 - read by settings

    @classmethod
    def restore(cls) -> None:
        import os

        os.environ = cls._host  # noqa: B003 - given back as it was


class _RelayOutside:
    """Takes what a relay publishes."""

    def __init__(self, now: float) -> None:
        self.entries: list[Mapping[str, Any]] = []
        self._now = now

    def api_call(self, client: Any, service: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        del client
        if operation != "PutEvents":
            raise HarnessError(f"a relay calls {service} {operation}")
        self.entries.extend(params["Entries"])
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in params["Entries"]]}

    def http_call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        raise HarnessError(f"a relay calls {method} {url}")

    def time(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        del seconds

    def random(self) -> float:
        return 0.5

    def logged(self, text: str) -> None:
        del text


def _body(number: int, quantity: int, *, card: bool, address: bool) -> dict[str, Any]:
    return {
        "customer_id": f"c-{number}",
        "email": f"canary-{number}@example.com",
        "currency": "EUR",
        "lines": [{"sku": "SKU-0", "quantity": quantity, "unit_price": 250}],
        "payment": {"token": "tok_canary_approve" if card else "tok_canary_decline"},
        "ship_to": {
            "name": "Canary Customer",
            "line1": "1 Canary Street",
            "city": "Canary Wharf",
            "postal_code": "10115" if address else "00000",
            "country": "DE",
        },
    }
