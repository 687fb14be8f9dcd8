"""Runs schedules: builds the world of a seed, lets its scenario happen, heals it, and has it judged."""

from __future__ import annotations

import dataclasses
import json
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import plan as plans
from . import runtime, scenario
from .decisions import Decisions, Rates
from .deployment import Deployment, Handler, from_plan
from .invariants import Judge
from .scenario import OrderPlan, Scenario
from .values import Item
from .world import DUPLICATE, POISON_RECORD, START, Routes, Violation, World

SAGA_LOG = "saga_log"
LEFT_OUT = frozenset({"composer", "console", "read_model"})
"""Services that only read what the others own, or hear of it: no step of a saga waits for them or runs because of them,
so they would take time and find nothing. Their own tests bring them every event twice and in any order."""
FULL_LOGS_EVERY = 64
"""One schedule in so many makes its log lines and metrics in full; the others only what goes into them."""


@dataclass(slots=True)
class Result:
    """What became of one schedule."""

    seed: int
    violation: str | None = None
    steps: int = 0
    orders: int = 0
    shipped: int = 0
    cancelled: int = 0
    invocations: int = 0
    events: int = 0
    dead_letters: int = 0
    repeated_mails: int = 0
    deadlines: int = 0
    faults: Mapping[tuple[str, str], int] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    trace: list[str] = field(default_factory=list)
    digest: int = 0


class Platform:
    """The deployment, with its handlers imported and the harness around them."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment = without(deployment, LEFT_OUT)
        runtime.install()
        wanted = {target.function for rule in deployment.rules for target in rule.targets}
        wanted |= {target.function for schedule in deployment.schedules for target in schedule.targets}
        wanted |= {mapping.function for mapping in deployment.mappings}
        self.entries = {name: self._find(name) for name in ("place_order", "request_cancellation", "receive_stock")}
        wanted |= set(self.entries.values())
        self.handlers: Mapping[str, Handler] = {name: deployment.functions[name].load() for name in sorted(wanted)}
        runtime.adopt()
        self.environments = {
            name: {**runtime.BASE_ENVIRONMENT, **function.environment, "AWS_LAMBDA_FUNCTION_NAME": name}
            for name, function in deployment.functions.items()
        }
        self.routes = Routes(deployment.rules)
        self.log = frozenset(name for name, function in deployment.functions.items() if function.service == SAGA_LOG)

    def _find(self, name: str) -> str:
        [found] = [
            function.name
            for function in self.deployment.functions.values()
            if function.environment.get("SAGA_FUNCTION") == name
        ]
        return found


def without(deployment: Deployment, services: frozenset[str]) -> Deployment:
    """Return a deployment without what belongs to ``services``."""
    functions = {name: spec for name, spec in deployment.functions.items() if spec.service not in services}
    return dataclasses.replace(
        deployment,
        functions=functions,
        tables={name: spec for name, spec in deployment.tables.items() if spec.service not in services},
        rules=[
            dataclasses.replace(rule, targets=[target for target in rule.targets if target.function in functions])
            for rule in deployment.rules
        ],
        schedules=[
            schedule
            for schedule in deployment.schedules
            if any(target.function in functions for target in schedule.targets)
        ],
        mappings=[mapping for mapping in deployment.mappings if mapping.function in functions],
    )


def platform(*, change_pattern: Callable[[str, str], str] | None = None) -> Platform:
    """Return the platform as the plan of the root module deploys it."""
    return Platform(from_plan(plans.plan(), change_pattern=change_pattern))


def run(
    on: Platform,
    seed: int,
    *,
    allowed: frozenset[str] | None = None,
    tracing: bool = False,
    rates: Rates | None = None,
    about: Scenario | None = None,
) -> Result:
    """Run the schedule of ``seed``; with ``allowed``, only these of its decisions differ from the ordinary."""
    story = about or scenario.draw_scenario(seed)
    chosen = rates or story.rates
    decisions = Decisions(seed, dataclasses.replace(chosen), allowed)
    environments = on.environments
    if story.deadline_seconds is not None:
        entry = on.entries["place_order"]
        changed = {**environments[entry], "SAGA_DEADLINE_SECONDS": f"{story.deadline_seconds:.3f}"}
        environments = {**environments, entry: changed}
    world = World(
        on.deployment,
        on.handlers,
        environments,
        on.routes,
        decisions,
        stream_lag=story.stream_lag,
        left_out=frozenset() if story.with_log else on.log,
        tracing=tracing,
    )
    judge = Judge(world)
    runtime.forget()
    runtime.attach(world, full_logs=seed % FULL_LOGS_EVERY == 0)
    outcome = _Outcome(world, judge, on, story)
    violation: str | None = None
    try:
        outcome.begin()
        world.run()
        world.heal()
        judge.finish(outcome.accepted)
        outcome.finish()
        violation = world.violation
    except Violation as raised:
        violation = str(raised)
    finally:
        runtime.attach(None)
    states = [entry.states for entry in judge.stories.values() if any(entry.states.values())]
    result = Result(
        seed,
        violation,
        world.steps,
        len(states),
        sum(entry["shipping"] == "SUCCEEDED" for entry in states),
        sum(entry["order"] == "REVERSED" for entry in states),
        sum(world.invocations.values()),
        sum(world.published.values()),
        outcome.dead_letters(),
        judge.repeated_mails,
        judge.exceeded,
        world.faults,
        decisions.taken,
        world.trace or [],
    )
    world.dissolve()
    return result


def stock_items(sku: str, quantities: Sequence[int], price: int) -> list[Item]:
    """Return an item as it lies in the inventory's table, in one shard for each of the quantities."""
    items = []
    for shard, quantity in enumerate(quantities):
        item = {
            "pk": {"S": f"stock#{sku}~{shard}" if shard else f"stock#{sku}"},
            "available": {"N": str(quantity)},
            "reserved": {"N": "0"},
            "unit_price": {"N": str(price)},
            "currency": {"S": "EUR"},
        }
        if len(quantities) > 1:
            item["shards"] = {"N": str(len(quantities))}
        items.append(item)
    return items


class _Outcome:
    """Has a scenario happen, and keeps what its clients were told."""

    def __init__(self, world: World, judge: Judge, on: Platform, story: Scenario) -> None:
        self.world = world
        self.judge = judge
        self.on = on
        self.story = story
        self.accepted: dict[str, int] = {}
        self.service = sys.modules["order.service"]

    def dead_letters(self) -> int:
        return self.world.dead_lettered

    def begin(self) -> None:
        world, judge = self.world, self.judge
        inventory = world.db.tables[world.deployment.table_of("inventory")]
        for sku, (quantity, price) in self.story.stock.items():
            for item in stock_items(sku, self.story.shards.get(sku, (quantity,)), price):
                inventory.items[item["pk"]["S"],] = item
                judge.stocked(item)
            judge.delivered[sku] = quantity
        judge.settled()
        for number, delivery in enumerate(self.story.deliveries):
            event = scenario.delivery_event(f"delivery-{number}", delivery)
            for copy in range(delivery.sends):
                self._client(delivery.at + copy, "receive_stock", event, f"delivery {number}.{copy}")
        for plan in self.story.orders:
            self._order(plan)
        for schedule in world.deployment.schedules:
            world.watch(schedule, self.story.watchdog_phase)
        if self.story.poison_record:
            world.at(START + 0.02, self._poison_record)

    def finish(self) -> None:
        """Judge how the orders ended by what they asked for."""
        disturbed = {kind for _, kind in self.world.faults} - {DUPLICATE}
        demand: dict[str, int] = {}
        for plan in self.story.orders:
            for line in plan.body["lines"]:
                demand[line["sku"]] = demand.get(line["sku"], 0) + line["quantity"]
        enough = all(self.story.stock.get(sku, (0, 0))[0] >= quantity for sku, quantity in demand.items())
        for plan in self.story.orders:
            order_id = self._order_id(plan)
            states = self.judge.story(order_id).states
            if plan.reuses_key:
                continue
            refusal = self._refusal(plan)
            if refusal and states["shipping"] == "SUCCEEDED":
                self.world.fail(f"{order_id} is shipped in spite of {refusal}")
            interrupted = disturbed or plan.cancel_at is not None or self.judge.exceeded
            if not refusal and not interrupted and enough and states["shipping"] != "SUCCEEDED":
                self.world.fail(f"{order_id} is not shipped, and nothing stood against it: {states}")

    def _refusal(self, plan: OrderPlan) -> str:
        body = plan.body
        if "decline" in body["payment"]["token"]:
            return "a declined card"
        if body["ship_to"]["postal_code"] == "00000":
            return "an address that is not served"
        if body["currency"] != "EUR":
            return "a currency that nothing is sold in"
        for line in body["lines"]:
            if self.story.stock.get(line["sku"], (0, 0))[1] != line["unit_price"]:
                return "a price that is not the item's, or an item that does not exist"
        return ""

    def _order_id(self, plan: OrderPlan) -> str:
        return str(uuid.uuid5(self.service.ORDER_IDS, f"{plan.body['customer_id']}/{plan.key}"))

    def _order(self, plan: OrderPlan) -> None:
        order_id = self._order_id(plan)
        total = sum(line["quantity"] * line["unit_price"] for line in plan.body["lines"])
        story = self.judge.story(order_id)
        story.total, story.email = total, plan.body["email"]
        event = scenario.place_order_event(plan)

        def told(answer: Any) -> None:
            if answer["statusCode"] == 202:
                self.accepted[order_id] = total
                if json.loads(answer["body"])["total"] != total:
                    self.world.fail(f"{order_id}: the client was told another total")

        for copy in range(plan.sends):
            self._client(plan.at + copy * 0.07, "place_order", event, f"order {plan.number}.{copy}", told)
        if plan.reuses_key:
            other = {**plan.body, "lines": [{**plan.body["lines"][0], "quantity": 7}]}

            def refused(answer: Any) -> None:
                if answer["statusCode"] == 202:
                    self.judge.story(order_id).total = -1 if order_id in self.accepted else 0
                    self._other(order_id, other)

            self._client(
                plan.at + 0.5, "place_order", scenario.place_order_event(plan, other), f"order {plan.number}.x", refused
            )
        if plan.cancel_at is not None:
            self._client(
                plan.cancel_at, "request_cancellation", scenario.cancellation_event(order_id), f"cancel {plan.number}"
            )

    def _other(self, order_id: str, body: Mapping[str, Any]) -> None:
        """The key's first use got lost before it had an effect, so that the other body is the order."""
        if order_id in self.accepted:
            self.world.fail(f"{order_id}: one key took two orders")
        story = self.judge.story(order_id)
        story.total = sum(line["quantity"] * line["unit_price"] for line in body["lines"])
        self.accepted[order_id] = story.total

    def _client(
        self,
        at: float,
        function: str,
        event: Mapping[str, Any],
        key: str,
        told: Callable[[Any], None] | None = None,
        attempt: int = 1,
    ) -> None:
        world = self.world

        def done(answer: Any, error: BaseException | None) -> None:
            if error is None and told is not None:
                told(answer)
            if (error is not None or answer["statusCode"] >= 500) and attempt < 3:
                # What a client does that got no answer: the same request again.
                self._client(world.now - START + 1.0, function, event, key, told, attempt + 1)

        world.at(START + at, lambda: world.request(self.on.entries[function], event, f"{key} try {attempt}", done))

    def _poison_record(self) -> None:
        """Somebody writes a row by hand whose outbox is no event, between others that are."""
        world = self.world
        if not world.decisions.happens("poison record", 1.0, POISON_RECORD):
            return
        world.count("stream", "record", POISON_RECORD)
        world.poison_records += 1
        name = world.deployment.table_of("order")
        row = {"pk": {"S": "poison#1"}, "state": {"S": "?"}, "outbox": {"S": "no event"}}
        world.db.tables[name].put(("poison#1",), row, world.now)
        world.settle([name])
