"""What Terraform tells a function through its environment."""

from __future__ import annotations

import json
import os

from saga_kit.errors import ConfigurationError


def text(name: str) -> str:
    """Return the environment variable ``name``. Raises ``ConfigurationError`` when it is absent or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise ConfigurationError(f"environment variable {name} is not set")
    return value


def words(name: str) -> list[str]:
    """Return the words of the environment variable ``name``: none when it is absent or empty."""
    return os.environ.get(name, "").split()


def number(name: str, default: float | None = None) -> float:
    """Return the environment variable ``name`` as a number, or ``default`` when it is absent or empty.

    Raises ``ConfigurationError`` when it is not a number, or absent without a default.
    """
    if default is not None and not os.environ.get(name):
        return default
    value = text(name)
    try:
        return float(value)
    except ValueError as error:
        raise ConfigurationError(f"environment variable {name}: expected a number, got {value!r}") from error


def table() -> str:
    """Return the name of the service's own table."""
    return text("SAGA_TABLE")


def further_tables() -> dict[str, str]:
    """Return the names of the service's tables beside its own that the function works on, by their keys."""
    found: dict[str, str] = json.loads(text("SAGA_FURTHER_TABLES"))
    return found


def function() -> str:
    """Return the logical name of the running function, which is the ``producer`` of its events."""
    return text("SAGA_FUNCTION")
