"""What the sandbox's payment service provider and its carrier answer, and what of it they remember.

Both keep the same promise: a request takes effect at most once a key, however often and however concurrently it is
sent, and once a key has been ended (voided, cancelled) it never takes effect any more.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from saga_kit import clock
from saga_kit.store import Item
from sandbox.store import Store


class Behaviour(StrEnum):
    """How a provider treats a request; a test card or an address chooses it."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    FAIL = "fail"
    FAIL_ONCE = "fail_once"
    TIME_OUT = "time_out"
    ACCEPT_THEN_TIME_OUT = "accept_then_time_out"


@dataclass(frozen=True, slots=True)
class Plan:
    """How a request is treated, what the row keeps of it when it is accepted, and the code when it is refused."""

    behaviour: Behaviour
    accepted: Mapping[str, str | int]
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP status and JSON object."""

    status: HTTPStatus
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider by its words: prefix of its keys, names of its states, and the status of a refusal."""

    prefix: str
    accepted: str
    refused: str
    ended: str
    refusal_status: HTTPStatus


PAYMENTS = Provider("authorization", "authorized", "declined", "voided", HTTPStatus.PAYMENT_REQUIRED)
CARRIER = Provider("shipment", "booked", "rejected", "cancelled", HTTPStatus.UNPROCESSABLE_ENTITY)

CARRIER_NAME = "Sandbox Express"

_TROUBLED = "troubled"
"""State of a row whose request has failed once and will do better the next time."""

CARDS: Mapping[str, tuple[Behaviour, str]] = {
    "tok_approve": (Behaviour.ACCEPT, "4242"),
    "tok_decline": (Behaviour.REFUSE, ""),
    "tok_fail": (Behaviour.FAIL, ""),
    "tok_fail_once": (Behaviour.FAIL_ONCE, "3155"),
    "tok_timeout": (Behaviour.TIME_OUT, ""),
    "tok_charge_then_timeout": (Behaviour.ACCEPT_THEN_TIME_OUT, "9995"),
}
POSTAL_CODES: Mapping[str, Behaviour] = {
    "00000": Behaviour.REFUSE,
    "77777": Behaviour.ACCEPT_THEN_TIME_OUT,
    "88888": Behaviour.TIME_OUT,
    "99999": Behaviour.FAIL,
    "66666": Behaviour.FAIL_ONCE,
}


def authorization(key: str, request: Mapping[str, Any]) -> Plan:
    """Return how the payment service provider treats a request with the test card in it."""
    behaviour, last4 = CARDS.get(request["token"], (Behaviour.REFUSE, ""))
    return Plan(
        behaviour,
        {
            "authorization_id": f"auth_{_derived(key, 'authorization').hex}",
            "amount": request["amount"],
            "currency": request["currency"],
            "last4": last4,
        },
        "insufficient_funds" if request["token"] in CARDS else "unknown_card",
    )


def shipment(key: str, request: Mapping[str, Any]) -> Plan:
    """Return how the carrier treats a request to the address in it."""
    behaviour = POSTAL_CODES.get(request["ship_to"]["postal_code"], Behaviour.ACCEPT)
    return Plan(
        behaviour,
        {
            "shipment_id": f"shp_{_derived(key, 'shipment').hex}",
            "carrier": CARRIER_NAME,
            "tracking_code": f"SBX-{_derived(key, 'tracking').int % 10**12:012d}",
        },
        "address_not_served",
    )


def perform(
    store: Store, provider: Provider, key: str, request: Mapping[str, Any], plan: Plan, timeout_seconds: float
) -> Reply:
    """Treat ``request`` by ``plan``; a behaviour that times out keeps the client waiting for ``timeout_seconds``."""
    if plan.behaviour is Behaviour.FAIL:
        return _failure()
    if plan.behaviour is Behaviour.TIME_OUT:
        clock.sleep(timeout_seconds)
        return Reply(HTTPStatus.GATEWAY_TIMEOUT, {"code": "timed_out"})
    row = _row(provider, request, plan)
    found = store.create(_key(provider, key), row)
    if found is None and plan.behaviour is Behaviour.FAIL_ONCE:
        return _failure()
    if found is None and plan.behaviour is Behaviour.ACCEPT_THEN_TIME_OUT:
        clock.sleep(timeout_seconds)
    if found is None:
        return _reply(provider, row)
    if _state(found) != provider.ended and found["fingerprint"] != row["fingerprint"]:
        return Reply(HTTPStatus.UNPROCESSABLE_ENTITY, {"code": "idempotency_key_reused"})
    if _state(found) == _TROUBLED:
        found = store.move(_key(provider, key), _TROUBLED, provider.accepted)
    return _reply(provider, found)


def end(store: Store, provider: Provider, key: str) -> Reply:
    """Take back what has been done under ``key``, and make sure that nothing is done under it from now on."""
    store.put_state(_key(provider, key), provider.ended)
    return Reply(HTTPStatus.OK, {"key": key, "state": provider.ended})


def show(store: Store, provider: Provider, key: str) -> Reply:
    """Return what has been done under ``key``: its state, and what was accepted under it, ended since or not."""
    row = store.find(_key(provider, key))
    if row is None:
        return Reply(HTTPStatus.NOT_FOUND, {"code": "not_found"})
    return Reply(HTTPStatus.OK, {"key": key, "state": _state(row), **_accepted(row)})


def _row(provider: Provider, request: Mapping[str, Any], plan: Plan) -> Item:
    canonical = json.dumps(request, sort_keys=True, separators=(",", ":"))
    row: Item = {"fingerprint": {"S": hashlib.sha256(canonical.encode()).hexdigest()}}
    if plan.behaviour is Behaviour.REFUSE:
        return {**row, "state": {"S": provider.refused}, "code": {"S": plan.refusal}}
    state = _TROUBLED if plan.behaviour is Behaviour.FAIL_ONCE else provider.accepted
    accepted = {
        name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in plan.accepted.items()
    }
    return {**row, "state": {"S": state}, "accepted": {"M": accepted}}


def _reply(provider: Provider, row: Item) -> Reply:
    state = _state(row)
    if state == provider.ended:
        return Reply(HTTPStatus.CONFLICT, {"code": provider.ended})
    if state == provider.refused:
        return Reply(provider.refusal_status, {"code": row["code"]["S"]})
    return Reply(HTTPStatus.CREATED, _accepted(row))


def _accepted(row: Item) -> dict[str, str | int]:
    if _state(row) == _TROUBLED:
        return {}
    values = row.get("accepted", {}).get("M", {})
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in values.items()}


def _failure() -> Reply:
    return Reply(HTTPStatus.INTERNAL_SERVER_ERROR, {"code": "internal_error"})


def _state(row: Item) -> str:
    state: str = row["state"]["S"]
    return state


def _key(provider: Provider, key: str) -> str:
    return f"{provider.prefix}#{key}"


def _derived(key: str, purpose: str) -> uuid.UUID:
    return uuid.uuid5(uuid.UUID(key), purpose)
