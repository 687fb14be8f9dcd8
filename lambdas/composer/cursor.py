"""Cursors that nobody but this platform can have made, each for one customer's list.

A cursor says where the next page begins, and bears the MAC of that and of the customer. The key never leaves KMS.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from composer.sources import UnavailableError, call_seconds
from saga_kit import aws, settings
from saga_kit.errors import InvalidEventError

_FORM = re.compile(r"[A-Za-z0-9_-]{1,400}\.[A-Za-z0-9_-]{43}")


def make(customer_id: str, after: Sequence[str]) -> str:
    """Return the cursor for what comes after the place ``after`` in the customer's list.

    Raises ``UnavailableError`` when KMS does not sign it.
    """
    payload = _encoded(json.dumps(list(after), separators=(",", ":")).encode())
    return f"{payload}.{_signature(customer_id, payload)}"


def read(customer_id: str, text: str) -> list[str]:
    """Return the place in a cursor.

    Raises ``InvalidEventError`` for one that was not made for this customer's list, ``UnavailableError`` when KMS does
    not say whether it was.
    """
    payload, _, signature = text.partition(".")
    if not _FORM.fullmatch(text) or not hmac.compare_digest(signature, _signature(customer_id, payload)):
        raise InvalidEventError("cursor", "the cursor of the page before, of the same customer")
    after: list[str] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return after


def _signature(customer_id: str, payload: str) -> str:
    # Once: a second attempt would not end before the function does.
    client = aws.client("kms", attempts=1, timeout=call_seconds())
    try:
        answer = client.generate_mac(
            KeyId=settings.text("COMPOSER_CURSOR_KEY"),
            MacAlgorithm="HMAC_SHA_256",
            # No customer's id has a line break in it: what is signed can be read in one way only.
            Message=f"{customer_id}\n{payload}".encode(),
        )
    except (BotoCoreError, ClientError) as error:
        raise UnavailableError("orders") from error
    return _encoded(answer["Mac"])


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
