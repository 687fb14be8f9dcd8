"""What must hold: after every step of a schedule, and at its end.

The judge sees only what stands outside of the code under test: rows as they change, what the providers did, mails,
events and log lines. It knows the order saga by the names of its tables, states and events, and nothing of how they
come about.
"""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from . import providers
from .dynamodb import Change
from .providers import Effect, Mail
from .scenario import CANARY, LAST4
from .values import Item
from .world import BusEvent, Invocation, Observer, World

_DIGITS = frozenset({LAST4, "10115"})
_TOLD = (CANARY, CANARY.title(), *(f'"{digits}"' for digits in sorted(_DIGITS)))
STEPS = ("order", "inventory", "payment", "shipping")

_LOCAL = {
    None: {"SUCCEEDED", "FAILED", "REVERSED"},
    "SUCCEEDED": {"SUCCEEDED", "REVERSED"},
    "FAILED": {"REVERSED"},
    "REVERSED": set[str](),
}
_AT_PROVIDER = {
    None: {"PENDING", "REVERSING"},
    "PENDING": {"SUCCEEDED", "FAILED", "REVERSING"},
    "SUCCEEDED": {"REVERSING"},
    "FAILED": {"REVERSING"},
    "REVERSING": {"REVERSED", "REVERSING"},
    "REVERSED": set[str](),
}
TRANSITIONS: Mapping[str, Mapping[str | None, set[str]]] = {
    "order": _LOCAL,
    "inventory": {**_LOCAL, "SUCCEEDED": {"REVERSED"}},
    "payment": _AT_PROVIDER,
    "shipping": {**_AT_PROVIDER, "SUCCEEDED": set[str]()},
}
"""The states that a step's row may go to from a state; ``None`` is the absent row."""

MAX_EVENTS = 16
"""Distinct events that one saga may have: twelve of steps, the notice, the deadline, the cancellation, one to spare."""
MAX_COPIES = 25
"""Times that one event may be published: once, and again for every retry of a relay's batch."""
MAX_INVOCATIONS = 900
"""Invocations in one schedule, all faults included."""
FOR_NOBODY = frozenset({"StockReceived", "CustomerNotified"})
"""Events that nobody but the log and the archive takes: the first belongs to no saga, the second ends one."""


@dataclass(slots=True)
class Story:
    """What is known of one order."""

    states: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(STEPS))
    pieces: list[tuple[str, int]] = field(default_factory=list)
    """What it reserved, by shard."""
    mails: list[tuple[Mail, Invocation]] = field(default_factory=list)
    given_back: int = 0
    """Of how many of these mails the sender has given its claim back: it is done with it, if not over."""
    events: set[str] = field(default_factory=set)
    total: int = 0
    email: str = ""


class Shard(NamedTuple):
    """A shard of an item, or the item that is in one piece."""

    available: int
    reserved: int
    price: str


@functools.lru_cache(maxsize=8)
def _event_in(text: str) -> Any:
    """Return the event in a row's outbox, for looking at."""
    return json.loads(text)


_HEAD = re.compile(
    r'\{"detail_type":"([A-Za-z]+)","detail":\{"meta":\{"event_id":"([0-9a-f-]{36})",'
    r'"schema":"[A-Za-z0-9.]+","correlation_id":"([0-9a-f-]{36})",'
)


def _identity_in(text: str) -> tuple[str, str, str]:
    """Return the detail type, the saga's id and the event's id of the event in a row's outbox.

    As the kit writes them they stand in front, and the rest need not be read.
    """
    head = _HEAD.match(text)
    if head is not None:
        return head[1], head[3], head[2]
    event = _event_in(text)
    meta = event["detail"]["meta"]
    return event["detail_type"], meta["correlation_id"], meta["event_id"]


@functools.lru_cache(maxsize=1024)
def _is_typed(text: str) -> bool:
    """Whether a part of a log line tells what a customer typed; most are the same in every schedule."""
    return text in _DIGITS or any(told in text for told in _TOLD)


def _sku(item: str) -> str:
    """Return the SKU of a shard by its name."""
    return item.partition("~")[0]


class Judge(Observer):
    """Checks the invariants of one world. ``fail`` is called with the first that does not hold."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stories: dict[str, Story] = {}
        tables = {spec.service: spec.name for spec in world.deployment.tables.values()}
        self.services = {tables[step]: step for step in STEPS}
        self.notices = tables["notification"]
        self.log = tables["saga_log"]
        self.recorder = next(
            (
                function.name
                for function in world.deployment.functions.values()
                if function.environment.get("SAGA_FUNCTION") == "record_event"
            ),
            "",
        )
        self.stock: dict[str, dict[str, Shard]] = {}
        """By SKU and by the name of the shard, which for the first one is the SKU."""
        self.totals: dict[str, list[tuple[float, int]]] = {}
        """What all shards of a SKU together had available, from which time on."""
        self.delivered: dict[str, int] = {}
        self.reserved: dict[str, int] = {}
        self.committed: dict[str, str] = {}
        self.repeated_mails = 0
        self.heads: dict[str, str] = {}
        self.due: dict[str, float] = {}
        self.opened: dict[str, float] = {}
        self.exceeded = 0
        self._touched: set[str] = set()
        world.observer = self

    def fail(self, text: str) -> None:
        """Report that an invariant does not hold."""
        self.world.fail(text)

    def story(self, order_id: str) -> Story:
        """Return what is known of an order."""
        found = self.stories.get(order_id)
        if found is None:
            found = self.stories[order_id] = Story()
        return found

    # --- after every step -------------------------------------------------------------------------------------------

    def changed(self, table: str, change: Change) -> None:
        """Judge one change of an item."""
        key = str(change.key[0])
        service = self.services.get(table)
        if change.new is None:
            self.fail(f"{key} was deleted")
            return
        if key.startswith("step#") and service is not None:
            self._step(service, key[5:], change.old, change.new)
        elif service == "inventory":
            self._inventory(key, change)
        elif table == self.notices and change.new["state"]["S"] == "CLAIMED" and "lease_until" not in change.new:
            story = self.story(key.partition("#")[2])
            story.given_back = len(story.mails)
        elif table == self.log and change.old is not None and not key.startswith("head#"):
            self.fail(f"the log's entry {change.key} was changed")
        elif table == self.log and key.startswith("head#"):
            self._head(change)
        self._outbox(change)

    def _outbox(self, change: Change) -> None:
        assert change.new is not None
        new = change.new.get("outbox")
        if new is None or (change.old is not None and change.old.get("outbox") == new):
            return
        if str(change.key[0]).startswith("poison#"):
            return
        detail_type, saga_id, event_id = _identity_in(new["S"])
        self.committed[f"{detail_type} {saga_id[:8]} {event_id[:8]}"] = detail_type

    def _head(self, change: Change) -> None:
        """Keep the watchdog's clock going for as long as a saga is open whose deadline was not told."""
        assert change.new is not None
        before = change.old["state"]["S"] if change.old is not None else None
        after = change.new["state"]["S"]
        if before not in (None, "OPEN") and after != before:
            self.fail(f"{change.key[0]} went from {before} to {after}")
        saga_id = str(change.key[0])[5:]
        self.heads[saga_id] = after
        self.due.pop(saga_id, None)
        self.opened.setdefault(saga_id, self.world.now)
        if "exceeded_at" in change.new and "outbox" in change.new:
            self.exceeded += 1
        elif after == "OPEN":
            self.due[saga_id] = datetime.fromisoformat(change.new["deadline_at"]["S"]).timestamp()
            self.world.remind(self.due[saga_id] + 0.001)

    def watched(self, began: float, answer: Any) -> None:
        """Judge a round of the watchdog: it tells every deadline that had passed when it began, if it had the time."""
        if not answer["complete"]:
            return
        for saga_id, deadline in self.due.items():
            if deadline < began - 0.002 and self.opened[saga_id] < began and self._is_usable(saga_id):
                self.fail(f"{saga_id} is open after its deadline, and the watchdog did not tell")

    def is_due(self) -> bool:
        """Whether a saga is open whose deadline has passed and was not told. One without an order never can be."""
        return any(deadline < self.world.now and self._is_usable(saga_id) for saga_id, deadline in self.due.items())

    def _is_usable(self, saga_id: str) -> bool:
        return saga_id not in self.world.poisoned_sagas and any(self.story(saga_id).states.values())

    def _step(self, service: str, order_id: str, old: Item | None, new: Item) -> None:
        before = old["state"]["S"] if old is not None else None
        after = new["state"]["S"]
        story = self.story(order_id)
        self.world.note(f"  row {service} {order_id[:8]}: {before} -> {after}")
        if after not in TRANSITIONS[service].get(before, set()):
            self.fail(f"{service} row of {order_id} went from {before} to {after}")
        story.states[service] = after
        if service == "inventory":
            self._reservation(story, order_id, before, after, new)
        states = story.states
        if states["shipping"] == "SUCCEEDED":
            for step in STEPS[:3]:
                if states[step] != "SUCCEEDED":
                    self.fail(f"{order_id} is shipped, and its {step} step is {states[step]}")
        # A step's success is there before the next one's, and its reversal only after the next one's.
        for one, other in itertools.pairwise(STEPS):
            if states[other] in ("PENDING", "SUCCEEDED", "FAILED") and states[one] is None:
                self.fail(f"{order_id}: {other} is {states[other]} before {one} did anything")

    def _reservation(self, story: Story, order_id: str, before: str | None, after: str, new: Item) -> None:
        if after == "SUCCEEDED":
            if story.pieces:
                self.fail(f"stock was reserved twice for {order_id}")
            story.pieces = [(item, int(quantity)) for item, quantity in json.loads(new["lines"]["S"])]
            taken: dict[str, int] = {}
            for item, quantity in story.pieces:
                self.reserved[item] = self.reserved.get(item, 0) + quantity
                taken[_sku(item)] = taken.get(_sku(item), 0) + quantity
            order = _event_in(new["outbox"]["S"])["detail"]["data"]["order"]
            if taken != {line["sku"]: line["quantity"] for line in order["lines"]}:
                self.fail(f"{order_id} reserved {taken}, it is for {order['lines']}")
        elif before == "SUCCEEDED":
            for item, quantity in story.pieces:
                self.reserved[item] -= quantity
        elif after == "FAILED":
            self._refused(order_id, _event_in(new["outbox"]["S"])["detail"]["data"])
        self._touched.update(_sku(item) for item, _ in story.pieces)

    def _refused(self, order_id: str, data: Mapping[str, Any]) -> None:
        """An order is out of stock only if there was a moment, while it was looked at, without enough for it."""
        if data["reason"]["code"] != "out_of_stock":
            return
        line = data["order"]["lines"][int(data["reason"]["field"][6:].partition("]")[0])]
        began = self.world.current.began if self.world.current is not None else self.world.now
        history = self.totals.get(line["sku"], [])
        first = max((place for place, (moment, _) in enumerate(history) if moment <= began), default=0)
        least = min((total for _, total in history[first:]), default=0)
        if least >= line["quantity"]:
            self.fail(f"{order_id}: {line['quantity']} of {line['sku']} refused, and there were at least {least}")

    def _inventory(self, key: str, change: Change) -> None:
        assert change.new is not None
        if key.startswith("stock#"):
            self.stocked(change.new)
        elif key.startswith("delivery#"):
            event = _event_in(change.new["outbox"]["S"])
            data = event["detail"]["data"]
            self.delivered[data["sku"]] = self.delivered.get(data["sku"], 0) + data["quantity"]
            self._touched.add(data["sku"])
            if change.old is not None:
                self.fail(f"{key} was received twice")

    def settled(self) -> None:
        """Judge what one call changed all at once."""
        if not self._touched:
            return
        for sku in self._touched:
            shards = self.stock.get(sku, {})
            for item, shard in shards.items():
                if shard.reserved != self.reserved.get(item, 0):
                    self.fail(f"{item}: {shard.reserved} reserved, the orders hold {self.reserved.get(item, 0)}")
                if shard.price != shards[sku].price:
                    self.fail(f"{item} costs {shard.price}, the item's first shard {shards[sku].price}")
            available = sum(shard.available for shard in shards.values())
            reserved = sum(shard.reserved for shard in shards.values())
            delivered = self.delivered.get(sku, 0)
            if available + reserved != delivered:
                self.fail(f"{sku}: {available} available and {reserved} reserved of {delivered} delivered")
            self.totals.setdefault(sku, []).append((self.world.now, available))
        self._touched.clear()

    def stocked(self, item: Item) -> None:
        """Judge an item, or one of its shards, as it is from now on."""
        name = item["pk"]["S"][6:]
        available, reserved = int(item["available"]["N"]), int(item["reserved"]["N"])
        if available < 0 or reserved < 0:
            self.fail(f"{name} is negative: available {available}, reserved {reserved}")
        price = f"{item['unit_price']['N']} {item['currency']['S']}"
        self.stock.setdefault(_sku(name), {})[name] = Shard(available, reserved, price)
        self._touched.add(_sku(name))

    def provider_changed(self, name: str, key: str, effect: Effect) -> None:
        """Judge what a provider did: at most one effect an order, at the order's price, and taken back at most once."""
        provider = self.world.payments if name == providers.PAYMENTS else self.world.carrier
        reference = effect.request.get("reference") if effect.request else key
        if effect.request:
            same = [other for other in provider.effects.values() if other.request.get("reference") == reference]
            if sum(other.performed for other in same) > 1:
                self.fail(f"{name}: a second effect for {reference}")
        if effect.revoked > 1:
            self.fail(f"{name}: {reference} was taken back twice")
        story = self.story(str(reference))
        if name == providers.PAYMENTS and effect.performed and effect.request["amount"] != story.total:
            self.fail(f"{reference} costs {story.total}, {effect.request['amount']} was charged")
        if effect.revoked and story.states["shipping"] == "SUCCEEDED":
            self.fail(f"{name}: {reference} was taken back, and the order is shipped")

    def mailed(self, mail: Mail, sender: Invocation) -> None:
        """Judge a mail: the first about this order, unless the one before may not have been recorded."""
        order_id = next((identity for identity in self.stories if identity in mail.subject), None)
        if order_id is None:
            self.fail(f"a mail about no order: {mail.subject}")
            return
        story = self.story(order_id)
        for number, (earlier, before) in enumerate(story.mails):
            if earlier.subject != mail.subject:
                self.fail(f"{order_id}: two mails about two outcomes")
            if not before.faulted_since_mail or not (before.over or number < story.given_back):
                self.fail(f"{order_id}: a second mail, and nothing had gone wrong with the first")
        if story.mails:
            self.repeated_mails += 1
        shipped = "on its way" in mail.subject
        wanted = story.states["shipping"] == "SUCCEEDED" if shipped else story.states["order"] == "REVERSED"
        if not wanted:
            self.fail(f"{order_id}: the mail {mail.subject!r} is not how the order stands")
        if mail.to != story.email:
            self.fail(f"{order_id}: a mail to {mail.to}")
        story.mails.append((mail, sender))

    def published(self, event: BusEvent) -> None:
        """Judge an event on the bus."""
        if event.source == "lambda":
            return
        meta = event.detail["meta"]
        name = f"{event.detail_type} {meta['correlation_id'][:8]} {meta['event_id'][:8]}"
        if name not in self.committed:
            self.fail(f"{name} is on the bus and in no row")
        if self.world.published[name] > MAX_COPIES:
            self.fail(f"a storm: {name} was published {self.world.published[name]} times")
        events = self.story(meta["correlation_id"]).events
        events.add(meta["event_id"])
        if len(events) > MAX_EVENTS:
            self.fail(f"a storm: {len(events)} events in the saga {meta['correlation_id']}")

    def logged(self, text: str) -> None:
        """Judge a part of a log line."""
        if _is_typed(text):
            self.fail(f"a log line tells what a customer typed: {text[:200]}")

    # --- at the end -------------------------------------------------------------------------------------------------

    def finish(self, accepted: Mapping[str, int]) -> None:
        """Judge the end; ``accepted`` are the orders that clients were told are placed, with their totals."""
        world = self.world
        for order_id in accepted:
            if self.story(order_id).states["order"] is None:
                self.fail(f"{order_id} was accepted, and there is no such order")
        for order_id, story in self.stories.items():
            if any(state is not None for state in story.states.values()):
                self._ended(order_id, story)
        self._delivered()
        if world.swallowed_poison - {self.recorder}:
            self.fail(f"poison was taken for good by {min(world.swallowed_poison - {self.recorder})}")
        if world.poison_records and not any(letter.poison and letter.kind == "stream" for letter in world.dead_letters):
            self.fail("a poison record was neither published nor dead-lettered")
        if world.lost:
            self.fail(f"lost: {world.lost[0]}")
        if sum(world.invocations.values()) > MAX_INVOCATIONS:
            self.fail(f"a storm: {sum(world.invocations.values())} invocations")

    def _delivered(self) -> None:
        """Every event that was committed is published, and everything published reaches whom it is for."""
        world = self.world
        taken = {routed for routed, function in world.routed if function != self.recorder}
        for name, detail_type in self.committed.items():
            if not world.published.get(name):
                self.fail(f"{name} was committed and never published")
            elif detail_type not in FOR_NOBODY and name not in taken:
                self.fail(f"{detail_type} goes to nobody")
            elif world.published[name] > 1 and not world.relay_trouble:
                self.fail(f"{name} was published {world.published[name]} times, and nothing had gone wrong")
        for name, function in world.routed:
            if (name, function) not in world.consumed:
                self.fail(f"{name} was neither consumed nor dead-lettered by {function}")

    def _ended(self, order_id: str, story: Story) -> None:
        states = story.states
        payment = self._effect(self.world.payments, order_id)
        shipment = self._effect(self.world.carrier, order_id)
        if all(states[step] == "SUCCEEDED" for step in STEPS):
            outcome = "on its way"
            self._expect(order_id, "the charge", payment, "authorized")
            self._expect(order_id, "the shipment", shipment, "booked")
        elif states["order"] == "REVERSED" and all(states[step] in (None, "REVERSED") for step in STEPS):
            outcome = "cancelled"
            if payment == "authorized" or shipment == "booked":
                self.fail(f"{order_id} is cancelled, its charge is {payment} and its shipment {shipment}")
        else:
            self.fail(f"{order_id} never ended: {states}")
            return
        head = self.heads.get(order_id)
        if not self.world.left_out and head != ("COMPLETED" if outcome == "on its way" else "REVERSED"):
            self.fail(f"{order_id} is {outcome}, the log has it as {head}")
        if not story.mails or any(outcome not in mail.subject for mail, _ in story.mails):
            told = [mail.subject for mail, _ in story.mails]
            self.fail(f"{order_id} is {outcome}, the customer was told {told}")
        self._told(order_id, story)

    def _told(self, order_id: str, story: Story) -> None:
        """The row must not hide a mail: it counts at least as many attempts as there were mails."""
        row = self.world.db.tables[self.notices].items.get((f"notice#{order_id}",))
        attempts = int(row["attempts"]["N"]) if row else 0
        if attempts < len(story.mails):
            self.fail(f"{order_id}: {len(story.mails)} mails went out, the row tells of {attempts} attempts")

    def _effect(self, provider: providers.Provider, order_id: str) -> str | None:
        found = [
            effect.state
            for key, effect in provider.effects.items()
            if key == order_id or effect.request.get("reference") == order_id
        ]
        return found[0] if found else None

    def _expect(self, order_id: str, what: str, state: str | None, wanted: str) -> None:
        if state != wanted:
            self.fail(f"{order_id} is shipped and {what} is {state}")
