"""Lists of orders, a page at a time, without a scan."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from read_model.progress import State
from read_model.projection import Order, Projection
from saga_kit import clock, parameters
from saga_kit.errors import InvalidEventError
from saga_kit.parameters import IDENTIFIER, MOMENT, Place

MAX_LIMIT = 100
_CUSTOMER_LIMIT, _OPERATOR_LIMIT = 20, 50
_CUSTOMER_ID = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"


@dataclass(frozen=True, slots=True)
class OfCustomer:
    """A customer's orders; ``after`` is the place of the last one of the page before."""

    customer_id: str
    limit: int
    after: Place | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Orders for operators: open ones past their deadlines (``state`` is ``None``), or those of a state and day."""

    state: State | None
    day: str
    limit: int
    after: Place | None


def parse_customer(document: object) -> OfCustomer:
    """Return what ``{"customer_id": …, "limit": 1 to 100, "after": [placed_at, order_id] or null}`` asks for.

    Raises ``InvalidEventError`` naming what is wrong.
    """
    if not isinstance(document, Mapping):
        raise InvalidEventError("event", "a JSON object")
    parameters.only(document, {"customer_id", "limit", "after"})
    customer_id = document.get("customer_id")
    if not isinstance(customer_id, str) or not re.fullmatch(_CUSTOMER_ID, customer_id):
        raise InvalidEventError("customer_id", "1 to 64 letters, digits, hyphens or underscores")
    limit = document.get("limit", _CUSTOMER_LIMIT)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise InvalidEventError("limit", f"a whole number from 1 to {MAX_LIMIT}")
    return OfCustomer(customer_id, limit, _after(document.get("after")))


def _after(value: object) -> Place | None:
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value):
        placed_at, order_id = value
        if re.fullmatch(MOMENT, placed_at) and re.fullmatch(IDENTIFIER, order_id):
            return placed_at, order_id
    raise InvalidEventError("after", "placed_at and order_id of the last order of the page before, or null")


def parse(query: Mapping[str, Any]) -> Wanted:
    """Return the request in query parameters, or in what the function was invoked with.

    Either ``overdue`` ("true"), or ``state`` with ``day`` (UTC, today by default). ``limit``: 1 to 100, 50 by default.
    ``cursor``: of the page before. Raises ``InvalidEventError`` naming what is wrong.
    """
    parameters.only(query, {"state", "day", "overdue", "limit", "cursor"})
    limit, after = parameters.limit(query, _OPERATOR_LIMIT, MAX_LIMIT), parameters.cursor(query)
    if "overdue" in query:
        if str(query["overdue"]).lower() != "true":
            raise InvalidEventError("overdue", "true, or no such parameter")
        for name in ("state", "day"):
            if name in query:
                raise InvalidEventError(name, "no such parameter beside overdue")
        return Wanted(None, "", limit, after)
    state = query.get("state")
    if state not in [known.value for known in State]:
        raise InvalidEventError("state", f"one of {', '.join(known.value for known in State)}, or overdue=true")
    return Wanted(State(state), parameters.day(query), limit, after)


def of_customer(wanted: OfCustomer, projection: Projection) -> dict[str, Any]:
    """Return ``orders``, the one that was placed last first, and ``after`` of the next page, ``None`` at the end."""
    shown, more = _page(projection.of_customer(wanted.customer_id, wanted.after), wanted.limit)
    return {"orders": shown, "after": [shown[-1]["placed_at"], shown[-1]["order_id"]] if more else None}


def page(wanted: Wanted, projection: Projection) -> dict[str, Any]:
    """Return ``orders`` and, where there are more, the ``cursor`` of the next page."""
    if wanted.state is None:
        found, moment = projection.overdue(clock.rfc3339(clock.now()), wanted.after), "deadline_at"
    else:
        found, moment = projection.of_state(wanted.state, wanted.day, wanted.after), "updated_at"
    shown, more = _page(found, wanted.limit)
    answer: dict[str, Any] = {"orders": shown}
    if more:
        answer["cursor"] = parameters.cursor_of((shown[-1][moment], shown[-1]["order_id"]))
    return answer


def _page(found: Iterator[Order], limit: int) -> tuple[list[Order], bool]:
    listed = list(itertools.islice(found, limit + 1))
    return listed[:limit], len(listed) > limit
