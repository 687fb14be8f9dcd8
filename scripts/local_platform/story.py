"""Draws one order's saga for a terminal: what happened when, because of what, and where the rows ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

_COLOURS = {
    "SUCCEEDED": "green",
    "PLACED": "green",
    "completed": "green",
    "FAILED": "yellow",
    "REJECTED": "yellow",
    "REVERSED": "magenta",
    "CANCELLED": "magenta",
    "reversed": "magenta",
    "open": "yellow",
}


def draw(told: Mapping[str, Any], rows: Mapping[str, str], names: Mapping[str, str]) -> RenderableType:
    """Return the picture of a saga.

    `told` is the story as the API tells it, `rows` the states of the steps' rows by service, and `names` the logical
    name of each function by its name in AWS.
    """
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("time", justify="right")
    table.add_column("event")
    table.add_column("made by")
    table.add_column("because of")
    for event in told["events"]:
        table.add_row(
            f"+{event['since_start_ms'] / 1000:.3f} s",
            _event(event),
            names.get(event["producer"], event["producer"]),
            Text(_cause(event), style="dim"),
        )
    if not rows:
        return table
    states = Text("rows" if told["state"] == "open" else "rows ended")
    for service, state in rows.items():
        states.append(f"  {service} ").append(state, style=_COLOURS.get(state, ""))
    return Group(table, states)


def _event(event: Mapping[str, Any]) -> Text:
    failure = event.get("failure")
    if failure:
        said = f"technical failure: {failure['error']} after {failure['attempts']} attempts"
        return Text(said, style="red")
    name = event["detail_type"]
    style = "magenta" if name.endswith(("Released", "Reversed", "Cancelled")) else ""
    style = "yellow" if name.endswith(("Rejected", "Declined")) else style
    code = event.get("reason_code")
    return Text(name, style=style).append(f" ({code})" if code else "", style="dim")


def _cause(event: Mapping[str, Any]) -> str:
    cause = event["cause"]
    if cause is None:
        return "the API" if event["causation_id"] is None else ""
    return "technical failure" if cause.startswith("Lambda ") else str(cause)


def outcome(told: Mapping[str, Any]) -> Text:
    """Return how the saga ended and how long that took."""
    state = told["state"]
    took = f" in {told['duration_ms'] / 1000:.3f} s" if told["duration_ms"] is not None else ""
    return Text(state, style=f"bold {_COLOURS.get(state, '')}").append(took, style="")


def terminal() -> Console:
    """Return a console that is wide enough for a saga also where the output is not a terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120)
