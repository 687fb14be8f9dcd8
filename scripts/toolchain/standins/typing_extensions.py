"""The one name of typing_extensions that the functions' dependencies use when they run.

The real module would be a quarter of a package, and a sixth of what Powertools costs to import.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["deprecated"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def deprecated(
    message: str, /, *, category: type[Warning] | None = DeprecationWarning, stacklevel: int = 1
) -> Callable[[_Function], _Function]:
    """Mark a function as deprecated, as PEP 702 says: calling it warns, unless `category` is None.

    Args:
        message: what to use instead.
        category: of the warning.
        stacklevel: 1 for a warning at the caller's line.

    Returns:
        A decorator for functions. It raises TypeError for a class, which nothing here needs.
    """

    def decorate(function: _Function) -> _Function:
        if isinstance(function, type):
            raise TypeError(f"deprecated() is for functions, got the class {function.__name__}")
        marked: Any = function
        if category is not None:

            @functools.wraps(function)
            def marked(*arguments: Any, **named: Any) -> Any:
                warnings.warn(message, category=category, stacklevel=stacklevel + 1)
                return function(*arguments, **named)

        marked.__deprecated__ = message
        return marked  # type: ignore[no-any-return]  # the same function, or one that wraps it

    return decorate
