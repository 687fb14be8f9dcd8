"""The outbox: the event that stands in a step's row until the relay has read it from the table's stream."""

from __future__ import annotations

import json
from typing import Any

from saga_kit.envelope import Event, Meta
from saga_kit.errors import InvalidEventError

ATTRIBUTE = "outbox"
"""Name of the row's attribute that holds the event."""


def dump(event: Event) -> str:
    """Return the text that stands in the row for ``event``."""
    document = {"detail_type": event.detail_type, "detail": event.detail()}
    # A row is paid for by its bytes: an escape takes six where a letter of most alphabets takes two or three.
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Event:
    """Return the event that a row holds. Raises ``InvalidEventError`` when the text is not one."""
    try:
        document: Any = json.loads(text)
        detail = document["detail"]
        return Event(document["detail_type"], Meta(**detail["meta"]), detail["data"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidEventError(ATTRIBUTE, f"a serialised event ({error})") from None
