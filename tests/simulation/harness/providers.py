"""The outside systems: payment service provider, carrier, mail, parameters. Each is a model with its own state.

The two HTTP providers keep the promises that the platform relies on: an effect at most once a key, and once a key has
been ended it never has an effect any more. What the platform must not rely on, they count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

PAYMENTS = "payments"
CARRIER = "carrier"
SECRET = "canary-provider-secret"
PAYMENT_URL = "https://psp.example"
CARRIER_URL = "https://carrier.example"


@dataclass(slots=True)
class Effect:
    """What a provider did under one key."""

    state: str
    performed: int = 0
    revoked: int = 0
    request: Mapping[str, Any] = field(default_factory=dict)
    accepted: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""


@dataclass(slots=True)
class Provider:
    """A provider by its words, with what it did by key. ``refuses`` tells the code of a refusal from a request."""

    name: str
    path: str
    end: str
    accepted_state: str
    refused_state: str
    ended_state: str
    refusal_status: int
    refuses: Callable[[Mapping[str, Any]], str | None]
    describe: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    changed: Callable[[str, str, Effect], None]
    effects: dict[str, Effect] = field(default_factory=dict)
    uses_keys: bool = True

    def serve(self, path: str, key: str, body: bytes | None) -> tuple[int, Mapping[str, Any]]:
        """Answer one request: status and JSON object."""
        if path == self.path:
            return self._perform(key, json.loads(body or b"null"))
        if path.startswith(self.path + "/") and path.endswith(self.end):
            return self._end(path[len(self.path) + 1 : -len(self.end)])
        return 404, {"code": "not_found"}

    def _perform(self, key: str, request: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
        if not isinstance(request, dict) or not key:
            return 400, {"code": "malformed"}
        effect = self.effects.get(key)
        if effect is None:
            code = self.refuses(request)
            if code is not None:
                effect = Effect(self.refused_state, request=request, code=code)
            else:
                effect = Effect(self.accepted_state, 1, request=request, accepted=self.describe(key, request))
            self.effects[key] = effect
            self.changed(self.name, key, effect)
        elif effect.state != self.ended_state and effect.request != request:
            return 422, {"code": "idempotency_key_reused"}
        if effect.state == self.ended_state:
            return 409, {"code": self.ended_state}
        if effect.state == self.refused_state:
            return self.refusal_status, {"code": effect.code}
        return 201, effect.accepted

    def _end(self, key: str) -> tuple[int, Mapping[str, Any]]:
        effect = self.effects.get(key)
        if effect is None:
            effect = self.effects[key] = Effect(self.ended_state)
        elif effect.state != self.ended_state:
            if effect.state == self.accepted_state:
                effect.revoked += 1
            effect.state = self.ended_state
            self.changed(self.name, key, effect)
        return 200, {"key": key, "state": self.ended_state}


def payments(changed: Callable[[str, str, Effect], None]) -> Provider:
    """Return a payment service provider; the card's token says what it thinks of it."""
    return Provider(
        PAYMENTS,
        "/authorizations",
        "/void",
        "authorized",
        "declined",
        "voided",
        402,
        lambda request: "insufficient_funds" if "decline" in request["token"] else None,
        lambda key, _request: {"authorization_id": f"auth_{key.replace('-', '')}", "last4": "4242"},
        changed,
    )


def carrier(changed: Callable[[str, str, Effect], None]) -> Provider:
    """Return a carrier; the postal code says whether it goes there."""
    return Provider(
        CARRIER,
        "/shipments",
        "/cancel",
        "booked",
        "rejected",
        "cancelled",
        422,
        lambda request: "address_not_served" if request["ship_to"]["postal_code"] == "00000" else None,
        lambda key, _request: {
            "shipment_id": f"shp_{key.replace('-', '')}",
            "carrier": "Sandbox Express",
            "tracking_code": f"SBX-{key[:8].upper()}",
        },
        changed,
    )


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was accepted, the invocation that sent it, and what it is about."""

    to: str
    subject: str
    text: str
    holder: str
