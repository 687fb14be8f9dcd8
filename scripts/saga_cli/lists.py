"""Lists of sagas: fetched page by page from the API, shown as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import click
from rich.table import Table
from rich.text import Text

from local_platform import story
from local_platform.client import Client

_PAGE = 100
COLOURS = {"completed": "green", "reversed": "magenta", "open": "yellow"}


def fetch(client: Client, parameters: Mapping[str, str], limit: int) -> tuple[list[dict[str, Any]], bool]:
    """Return at most `limit` sagas of a list, and whether there are more. Raises `PlatformError`."""
    sagas: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {**parameters, "limit": str(min(_PAGE, limit - len(sagas)))}
        page = client.expect("GET", "/sagas?" + urlencode({**asked, **({"cursor": cursor} if cursor else {})}))
        sagas += page["sagas"]
        cursor = page.get("cursor")
        if cursor is None or len(sagas) >= limit:
            return sagas, cursor is not None


def show(sagas: Sequence[Mapping[str, Any]], more: bool, nothing: str, *, as_json: bool) -> None:
    """Print sagas; `nothing` says that there are none, `more` that this is not all."""
    if as_json:
        click.echo(json.dumps({"sagas": sagas, "more": more}, indent=2))
        return
    console = story.terminal()
    if not sagas:
        console.print(nothing)
        return
    console.print(table(sagas, datetime.now(UTC)))
    if more:
        console.print(f"and more than these {len(sagas)}: --limit shows more of them", style="dim")


def table(sagas: Sequence[Mapping[str, Any]], now: datetime) -> Table:
    """Return sagas as a table; how long something took or is due is told as of `now`."""
    drawn = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("order", "state"):
        drawn.add_column(heading, no_wrap=True)
    drawn.add_column("started", no_wrap=True)
    drawn.add_column("took", justify="right", no_wrap=True)
    drawn.add_column("deadline", no_wrap=True)
    for saga in sagas:
        state = saga["state"]
        drawn.add_row(
            saga["saga_id"],
            Text(state, style=COLOURS.get(state, "")),
            _started(saga),
            _took(saga, now),
            _due(saga, now),
        )
    return drawn


def _started(saga: Mapping[str, Any]) -> str:
    return _moment(saga["started_at"]).strftime("%Y-%m-%d %H:%M:%S") if saga["started_at"] else "not on record"


def _took(saga: Mapping[str, Any], now: datetime) -> str:
    if saga["started_at"] is None:
        return ""
    return span((_moment(saga["ended_at"]) if saga["ended_at"] else now) - _moment(saga["started_at"]))


def _due(saga: Mapping[str, Any], now: datetime) -> Text:
    left = _moment(saga["deadline_at"]) - (_moment(saga["ended_at"]) if saga["ended_at"] else now)
    if left >= timedelta(0):
        return Text("kept" if saga["ended_at"] else f"in {span(left)}", style="dim")
    said = f"missed by {span(-left)}" if saga["ended_at"] else f"{span(-left)} ago"
    if saga["stuck"]:
        return Text(f"{said}, stuck", style="bold red")
    if saga["state"] == "open":
        return Text(f"{said}, {'being reversed' if saga['deadline_exceeded_at'] else 'not told yet'}", style="yellow")
    return Text(said, style="yellow")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def span(duration: timedelta) -> str:
    """Return a duration for people: "0.412 s", "3 min 20 s", "2 h 05 min", "3 d 4 h"."""
    seconds = duration.total_seconds()
    if seconds < 60:
        return f"{seconds:.3f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    return f"{hours // 24} d {hours % 24} h"
