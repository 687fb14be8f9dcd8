"""What a schedule is about: stock, customers' orders, cancellations, deadlines; drawn from the seed."""

from __future__ import annotations

import dataclasses
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .decisions import Rates, source
from .world import ALL_KINDS

CANARY = "canary"
"""Part of every text that a customer types; none may ever be logged."""
LAST4 = "7391"
DELIVERIES_SKU = "NEW-1"
OPERATOR = {"authorizer": {"iam": {"userId": "operator"}}}
"""The request context of a caller who signed with IAM."""


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """One order to be placed: its request, how often the client sends it, and what happens to it from outside."""

    number: int
    key: str
    body: Mapping[str, Any]
    at: float
    sends: int
    cancel_at: float | None
    reuses_key: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryPlan:
    """A delivery into stock: when it comes, what it is, how often the client sends it, and into how many shards."""

    at: float
    sku: str
    quantity: int
    price: int
    sends: int
    shards: int | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """The stock at the start by SKU (quantity, price), deliveries to come, and the orders."""

    stock: Mapping[str, tuple[int, int]]
    deliveries: tuple[DeliveryPlan, ...]
    orders: tuple[OrderPlan, ...]
    poison_record: bool
    stream_lag: float = 0.0
    deadline_seconds: float | None = None
    """Seconds that sagas have; ``None`` is what is deployed."""
    watchdog_phase: float = 0.0
    """Seconds from the start to the watchdog's first round."""
    with_log: bool = True
    """Whether the saga log and its watchdog are there; nothing else depends on them, and they are a third of it all."""
    shards: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """What each shard of a SKU has of its quantity, for those that are in shards."""
    rates: Rates = field(compare=False, default_factory=Rates)


_FAULT_RATES = (0.0, 0.01, 0.02, 0.02, 0.03, 0.03, 0.05, 0.05, 0.1, 0.2)
_DELAY_RATES = (0.0, 0.1, 0.3)
_DUPLICATE_RATES = (0.0, 0.0, 0.02, 0.05, 0.2)


def rates_of(draw: random.Random) -> Rates:
    """Draw how much goes wrong in a schedule, and what kinds of it can: few kinds often beat all kinds seldom."""
    kinds = sorted(ALL_KINDS)
    chosen = kinds if draw.random() < 0.5 else draw.sample(kinds, draw.randrange(2, 8))
    return Rates(
        fault=draw.choice(_FAULT_RATES),
        delay=draw.choice(_DELAY_RATES),
        duplicate=draw.choice(_DUPLICATE_RATES),
        kinds=frozenset(chosen),
    )


def draw_scenario(seed: int) -> Scenario:
    """Return the scenario that ``seed`` decides."""
    draw = source(seed, "scenario")
    rates = rates_of(draw)
    skus = {f"SKU-{number}": (draw.choice((0, 1, 1, 2, 5)), draw.choice((250, 1999))) for number in range(2)}
    # In a burst orders come together and the streams are read late, so that one batch holds what belongs to several.
    burst = draw.random() < BURST_RATE
    count = draw.choice((3, 4)) if burst else 2 if draw.random() < PAIR_RATE else 1
    hot = draw.random() < HOT_RATE
    # In a rush orders and deliveries of single pieces of a hot item come all at once, or take turns.
    rush = hot and draw.random() < RUSH_RATE
    turns = rush and draw.random() < TURNS_RATE
    if rush:
        skus[HOT_SKU] = (1, skus[HOT_SKU][1])
        rates.delay, count = max(_DELAY_RATES), 5
    shards = {HOT_SKU: _spread(draw, skus[HOT_SKU][0])} if hot else {}
    orders = tuple(_order(draw, number, skus, burst=burst, hot=hot) for number in range(count))
    deliveries: tuple[DeliveryPlan, ...] = ()
    if turns:
        # There is always a piece, in this shard or in that, and who reads them one after the other may see none.
        rates.delay, rates.scatter = TURNS_DELAY_RATE, 1.0
        orders, deliveries = _in_turns(draw, orders, skus[HOT_SKU][1])
    elif rush:
        orders = tuple(_rushed(draw, plan, skus[HOT_SKU][1]) for plan in orders)
        deliveries = tuple(
            DeliveryPlan(draw.uniform(*RUSH_SECONDS) + 0.1, HOT_SKU, 1, skus[HOT_SKU][1], 1) for _ in range(2)
        )
    elif draw.random() < (0.3 if hot else 0.05):
        deliveries = (_delivery(draw, skus, shards),)
    poison = draw.random() < (0.4 if burst else 0.02)
    deadline, phase = _deadline(draw)
    with_log = (deadline is not None and deadline < NEVER_SECONDS) or draw.random() < WITH_LOG_RATE
    return Scenario(
        skus,
        deliveries,
        orders,
        poison,
        BURST_LAG_SECONDS if burst else 0.0,
        deadline,
        phase,
        with_log,
        shards,
        rates,
    )


def _spread(draw: random.Random, quantity: int) -> tuple[int, ...]:
    """Draw what each of two or three shards has of a quantity."""
    shards = [0] * draw.choice((2, 2, 3))
    for _ in range(quantity):
        shards[draw.randrange(len(shards))] += 1
    return tuple(shards)


def _in_turns(
    draw: random.Random, plans: tuple[OrderPlan, ...], price: int
) -> tuple[tuple[OrderPlan, ...], tuple[DeliveryPlan, ...]]:
    """Return orders of one piece of the hot item each, and a delivery of one just before each gets to the stock."""

    def moment(turn: float) -> float:
        return TURN_SECONDS * (turn + draw.random() / 2)

    orders = [dataclasses.replace(_rushed(draw, plan, price), at=moment(number)) for number, plan in enumerate(plans)]
    return tuple(orders), tuple(DeliveryPlan(moment(number + 1), HOT_SKU, 1, price, 1) for number in range(len(plans)))


def _rushed(draw: random.Random, plan: OrderPlan, price: int) -> OrderPlan:
    """Return an order as it comes in a rush: for one piece of the hot item."""
    lines = [{"sku": HOT_SKU, "quantity": 1, "unit_price": price}]
    return dataclasses.replace(plan, at=draw.uniform(*RUSH_SECONDS), body={**plan.body, "lines": lines})


def _delivery(
    draw: random.Random, skus: Mapping[str, tuple[int, int]], shards: Mapping[str, tuple[int, ...]]
) -> DeliveryPlan:
    sku = HOT_SKU if shards else draw.choice((*skus, DELIVERIES_SKU))
    price = skus[sku][1] if sku in skus else 700
    wanted = draw.choice((None, None, 2, 3, 4)) if shards or draw.random() < 0.3 else None
    return DeliveryPlan(draw.random() * 2, sku, draw.randrange(1, 4), price, draw.randrange(1, 3), wanted)


def _deadline(draw: random.Random) -> tuple[float | None, float]:
    """Draw the seconds that sagas have, and those to the watchdog's first round.

    Often no deadline ever passes: the watchdog must not be what ends a saga that got stuck.
    """
    choice = draw.random()
    if choice < 0.15:
        short = draw.choice((0.1, 0.5, 1.0, 3.0)) * (0.1 + draw.random())
        return short, short + draw.choice((0.1, 1.0)) * draw.random()
    return (None if choice < 0.5 else NEVER_SECONDS), 60.0 * draw.random()


NEVER_SECONDS = 365.0 * 86400.0
WITH_LOG_RATE = 0.1
BURST_RATE = 0.04
PAIR_RATE = 0.06
BURST_LAG_SECONDS = 1.5
HOT_SKU = "SKU-0"
"""The item whose stock is in shards, where one is."""
HOT_RATE, RUSH_RATE, TURNS_RATE = 0.1, 0.15, 0.6
RUSH_SECONDS = (0.0, 0.5)
TURN_SECONDS = 0.1
"""About the time that an order takes from the client to the stock."""
TURNS_DELAY_RATE = 0.02


def _order(
    draw: random.Random, number: int, skus: Mapping[str, tuple[int, int]], *, burst: bool, hot: bool
) -> OrderPlan:
    chosen = draw.sample(sorted(skus), 2 if draw.random() < 0.3 else 1)
    if hot and draw.random() < 0.6:
        chosen = [HOT_SKU]
    if draw.random() < 0.03:
        chosen = [*chosen, "SKU-UNKNOWN"]
    lines = [
        {
            "sku": sku,
            "quantity": draw.choice((1, 1, 1, 2)),
            "unit_price": skus.get(sku, (0, 100))[1] + (1 if draw.random() < 0.02 else 0),
        }
        for sku in chosen
    ]
    if draw.random() < 0.02:
        lines[0]["unit_price"] = 100_000_000  # above what the shop takes
    token = "tok_canary_decline" if draw.random() < 0.12 else "tok_canary_approve"
    at = draw.choice((0.0, 0.0, 0.05, 0.0 if burst else 1.0)) * draw.random()
    cancel = at + draw.choice((0.1, 0.5, 1.0, 100.0)) * draw.random() if draw.random() < 0.2 else None
    body = {
        "customer_id": f"c-{number}",
        "email": f"canary-{number}@example.com",
        "currency": "USD" if draw.random() < 0.02 else "EUR",
        "lines": lines,
        "payment": {"token": token, "last4": LAST4},
        "ship_to": {
            "name": "Canary Customer",
            "line1": "1 Canary Street",
            "city": "Canary Wharf",
            "postal_code": "00000" if draw.random() < 0.1 else "10115",
            "country": "DE",
        },
    }
    return OrderPlan(
        number,
        str(uuid.UUID(int=draw.getrandbits(128))),
        body,
        at,
        draw.choice((1, 1, 1, 1, 1, 1, 2, 3)),
        cancel,
        reuses_key=draw.random() < 0.02,
    )


def place_order_event(plan: OrderPlan, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the HTTP API's event for an order."""
    return {
        "version": "2.0",
        "routeKey": "POST /orders",
        "requestContext": OPERATOR,
        "headers": {"content-type": "application/json", "Idempotency-Key": plan.key},
        "body": json.dumps(body or plan.body),
        "isBase64Encoded": False,
    }


def cancellation_event(order_id: str) -> dict[str, Any]:
    """Return the HTTP API's event for a request to take an order back."""
    return {
        "version": "2.0",
        "routeKey": "POST /orders/{id}/cancellation",
        "requestContext": OPERATOR,
        "headers": {},
        "pathParameters": {"id": order_id},
        "isBase64Encoded": False,
    }


def delivery_event(identity: str, plan: DeliveryPlan) -> dict[str, Any]:
    """Return the HTTP API's event for a delivery into stock."""
    body = {"delivery_id": identity, "quantity": plan.quantity, "unit_price": plan.price, "currency": "EUR"}
    if plan.shards is not None:
        body["shards"] = plan.shards
    return {
        "version": "2.0",
        "routeKey": "PUT /stock/{sku}",
        "headers": {"content-type": "application/json"},
        "pathParameters": {"sku": plan.sku},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
