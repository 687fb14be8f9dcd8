"""What customers type, as orders of the tests have it, and where it must not be found again."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

PLANTED = ("Ada Example", "1 Main Street", "Alex Doe", "1 Long Street", "Canary Person", "7 Canary Lane", "Canaryville")
"""Names and addresses in the tests' orders."""

CARD_NUMBER = "4111111111111111"
"""A number that card schemes keep for tests."""

_E_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_CARD = re.compile(r"(?<![0-9A-Fa-f.-])(4[0-9]{15}|5[1-5][0-9]{14}|3[47][0-9]{13}|6011[0-9]{12})(?![0-9A-Fa-f.-])")
PAYMENT_DATA = {"token", "last4", "authorization_id", "amount", "currency"}
"""All that is kept of a payment: of the card its token and last four digits, and what the provider set aside."""


def revealed(text: str) -> list[str]:
    """What a text, such as a log line, shows of a customer: planted words, e-mail addresses, card numbers."""
    found = [word for word in PLANTED if word in text]
    found += [match[0] for match in _E_MAIL.finditer(text)]
    return found + card_numbers(text)


def card_numbers(text: str) -> list[str]:
    """The numbers in a text that are card numbers by their beginning, their length and their check digit."""
    return [match[0] for match in _CARD.finditer(text) if _checks(match[0])]


def _checks(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of DynamoDB without its types, and with the JSON in its texts."""
    return {name: _within(_DESERIALIZER.deserialize(value)) for name, value in item.items()}


def _within(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in {"{", "["}:
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


_DESERIALIZER = TypeDeserializer()


def payments(value: Any) -> Iterator[dict[str, Any]]:
    """Every object within a value that is called payment."""
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "payment" and isinstance(part, dict):
                yield part
            yield from payments(part)
    elif isinstance(value, list):
        for part in value:
            yield from payments(part)
