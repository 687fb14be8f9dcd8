"""Replacing functions of MiniStack from outside, loudly where it isn't as expected."""

import importlib
import inspect
from collections.abc import Callable
from typing import Any


class CorrectionError(RuntimeError):
    """MiniStack isn't what a correction was written for."""


def module(name: str) -> Any:
    """The module `ministack.<name>`, as `Any`: MiniStack has no annotations and isn't in the project's environment.

    Raises:
        CorrectionError: there is no such module.
    """
    try:
        return importlib.import_module(f"ministack.{name}")
    except ModuleNotFoundError as error:
        raise CorrectionError(f"ministack has no module {name!r}") from error


def replace(target: Any, name: str, replacement: Callable[..., Any]) -> Any:
    """Put `replacement` in the place of the function `name` of `target` and return the function that was there.

    Raises:
        CorrectionError: `target` has no such function, or its parameters have other names than the replacement's.
    """
    original = getattr(target, name, None)
    if not inspect.isfunction(original):
        raise CorrectionError(f"{target.__name__} has no function {name!r} to correct")
    expected, found = (list(inspect.signature(function).parameters) for function in (replacement, original))
    if expected != found:
        raise CorrectionError(f"{target.__name__}.{name} takes {found}, the correction expects {expected}")
    setattr(target, name, replacement)
    return original


def prepend(target: Any, name: str, text: str) -> None:
    """Put `text` in front of the string `name` of `target`.

    Raises:
        CorrectionError: `target` has no such string.
    """
    original = getattr(target, name, None)
    if not isinstance(original, str):
        raise CorrectionError(f"{target.__name__} has no string {name!r} to correct")
    setattr(target, name, text + original)
