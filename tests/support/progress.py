"""The bar of progress of a command that forks processes while it shows."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress, ProgressColumn


def bar(console: Console, *columns: ProgressColumn, disable: bool = False) -> Progress:
    """Return a bar without a thread, since a forked process would wait for ever for a lock that a thread held then.

    It moves where its user updates it with ``refresh=True``. Without ``columns`` it has those that rich gives a bar.
    """
    return Progress(*columns, console=console, disable=disable, auto_refresh=False)
