"""The payment service provider: authorizations over HTTP, keyed by the order.

    POST /authorizations              201 {authorization_id, last4?} | 402 {code} | 409 {code: "voided"}
    POST /authorizations/{key}/void   200, also for a key that was never seen: it then stays unusable

The order's id is the idempotency key. A repeated request gets the first one's answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from payment import store
from saga_kit.envelope import Event
from saga_kit.outbound import Answer, Client
from saga_kit.step import Outcome

_CODE = r"[a-z][a-z0-9_]{0,63}"
_IDENTITY = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_LAST4 = r"[0-9]{4}"

VOIDED = "authorization_voided"
"""Reason code of an authorization that was asked for after the order had been given up."""

_MESSAGES = {
    "card_declined": "The card was declined.",
    "expired_card": "The card has expired.",
    "insufficient_funds": "The card does not have sufficient funds.",
    VOIDED: "The payment was given up before it was made.",
}


@dataclass(frozen=True, slots=True)
class PaymentProvider:
    """``saga_kit.step.Provider`` for authorizations."""

    client: Client

    def perform(self, event: Event) -> Outcome:
        """Have the order's total set aside.

        Raises ``ProviderUnavailableError`` for anything but an approval, a refusal of the card or the provider's
        word that the order's authorization has been voided.
        """
        order = event.data["order"]
        saga_id = event.meta.correlation_id
        answer = self.client.post(
            "/authorizations",
            {
                "amount": order["total"],
                "currency": order["currency"],
                "token": order["payment"]["token"],
                "reference": saga_id,
            },
            idempotency_key=saga_id,
        )
        if answer.status in {200, 201}:
            payment = _payment(order, answer)
            return Outcome.succeeded({"order": order, "payment": payment}, store.attributes(payment))
        if answer.status == 402:
            return _declined(order, answer.text("code", _CODE))
        if answer.status == 409 and answer.document.get("code") == "voided":
            return _declined(order, VOIDED)
        raise answer.unexpected()

    def revoke(self, saga_id: str) -> None:
        """Void the order's authorization, made or not. Raises ``ProviderUnavailableError`` when that is not certain."""
        answer = self.client.post(f"/authorizations/{saga_id}/void", idempotency_key=f"{saga_id}-void")
        if answer.status not in {200, 201}:
            raise answer.unexpected()


def _payment(order: Mapping[str, Any], answer: Answer) -> dict[str, Any]:
    payment = {
        "authorization_id": answer.text("authorization_id", _IDENTITY),
        "amount": order["total"],
        "currency": order["currency"],
    }
    if answer.document.get("last4") is not None:
        payment["last4"] = answer.text("last4", _LAST4)
    elif "last4" in order["payment"]:
        payment["last4"] = order["payment"]["last4"]
    return payment


def _declined(order: Mapping[str, Any], code: str) -> Outcome:
    message = _MESSAGES.get(code, _MESSAGES["card_declined"])
    return Outcome.failed({"order": order, "reason": {"code": code, "message": message}})
