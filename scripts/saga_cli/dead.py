"""Sagas that messages in dead-letter queues are about.

Nothing publishes that a message has ended in a queue, and no function may take messages out to look: whoever wants to
know looks as `scripts/redrive` does, holding the messages for a moment and leaving them where they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from dead_letters.letters import Letter
from dead_letters.office import Office
from environments.target import Target
from local_platform import story
from saga_cli.lists import COLOURS, span


def find(target: Target) -> dict[str, list[Letter]]:
    """Return the dead letters of each saga that there are any of, by its id; the longest waiting one first."""
    office = Office(target)
    try:
        letters = office.take(office.queues())
    finally:
        office.release()
    found: dict[str, list[Letter]] = {}
    for letter in letters:
        for order_id in letter.orders:
            found.setdefault(order_id, []).append(letter)
    return found


def show(target: Target, limit: int, *, as_json: bool) -> int:
    """Print these sagas, with how each stands and what is in which queue. Return 1 when there are any."""
    found = find(target)
    shown = [_document(target, order_id, letters) for order_id, letters in list(found.items())[:limit]]
    if as_json:
        click.echo(json.dumps({"sagas": shown, "more": len(found) > limit}, indent=2))
        return 1 if found else 0
    console = story.terminal()
    if not found:
        console.print("No saga has a message in a dead-letter queue.")
        return 0
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("order", "state", "queue", "what", "age"):
        table.add_column(heading, no_wrap=heading in {"order", "state", "age"})
    now = datetime.now(UTC)
    for saga in shown:
        for number, letter in enumerate(saga["dead_letters"]):
            first = number == 0
            state = Text(saga["state"], style=COLOURS.get(saga["state"], "")) if first else Text()
            age = span(now - datetime.fromisoformat(letter["sent_at"]))
            table.add_row(saga["saga_id"] if first else "", state, letter["queue"], letter["what"], age)
    console.print(table)
    if len(found) > limit:
        console.print(f"and more than these {limit}: --limit shows more of them", style="dim")
    return 1


def _document(target: Target, order_id: str, letters: list[Letter]) -> dict[str, Any]:
    told: Mapping[str, Any] | None = target.client.story(order_id)
    return {
        "saga_id": order_id,
        # The log itself may be what has missed everything of it.
        "state": told["state"] if told else "not on record",
        "dead_letters": [
            {
                "queue": letter.queue.key,
                "what": letter.what,
                "reason": letter.reason,
                "sent_at": letter.sent_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
            for letter in letters
        ],
    }
