"""The outbox: the event that stands in a step's row until the relay has read it from the table's stream."""

from __future__ import annotations

import json
import re

from saga_kit import clock
from saga_kit.envelope import Event, Meta
from saga_kit.errors import InvalidEventError

ATTRIBUTE = "outbox"
"""Name of the row's attribute that holds the event."""

# A row is paid for by its bytes: an escape takes six where a letter of most alphabets takes two or three.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def dump(event: Event) -> str:
    """Return the text that stands in the row for ``event``.

    Raises ``InvalidEventError`` for half of a surrogate pair in it, which no table takes.
    """
    document = {"detail_type": event.detail_type, "detail": event.detail()}
    text = _ENCODER.encode(document)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidEventError("data", "texts without half of a surrogate pair") from None
    return text


_BEFORE_DETAIL = re.compile(r'\{"detail_type":"([A-Za-z0-9]+)","detail":')
_DECODER = json.JSONDecoder()


def load(text: object) -> Event:
    """Return the event that a row holds. Raises ``InvalidEventError`` when the text is not one."""
    return load_with_detail(text)[0]


def load_with_detail(text: object) -> tuple[Event, str]:
    """Return the event that a row holds, and its ``detail`` as it stands there, which is what goes to the bus.

    Raises ``InvalidEventError`` when the text is not what ``dump`` writes, or holds half of a surrogate pair, which no
    table could take further on.
    """
    before = _BEFORE_DETAIL.match(text) if isinstance(text, str) else None
    if not isinstance(text, str) or before is None:
        raise InvalidEventError(ATTRIBUTE, "a serialised event, its detail type first")
    try:
        detail, end = _DECODER.raw_decode(text, before.end())
        text.encode()  # half of a surrogate pair fails it, and one that is escaped fails the other
        if "\\u" in text:
            json.dumps(detail, ensure_ascii=False).encode()
        event = Event(before[1], Meta(**detail["meta"]), detail["data"])
        clock.parse(event.meta.occurred_at)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        # Its kind alone: the message would quote what stands in the event.
        raise InvalidEventError(ATTRIBUTE, f"a serialised event ({type(error).__name__})") from None
    if not isinstance(detail["data"], dict):
        raise InvalidEventError(ATTRIBUTE, "a serialised event, its data an object")
    if text[end:] != "}":
        raise InvalidEventError(ATTRIBUTE, "a serialised event, and nothing after its detail")
    return event, text[before.end() : end]
