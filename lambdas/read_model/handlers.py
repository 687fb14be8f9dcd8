"""The read model's functions."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from read_model import events, generations, listing, progress
from saga_kit import http
from saga_kit.batch import batch_handler
from saga_kit.envelope import Event
from saga_kit.errors import InvalidEventError
from saga_kit.fold import fold
from saga_kit.http import Problem, Request, api_handler
from saga_kit.observe import function_handler
from saga_kit.read import UUID, reader


@batch_handler(progress.EVENTS)
def store_events(event: Event, source: str) -> bool:
    """Keep an event, once."""
    return events.store().add(event, source)


@batch_handler(progress.EVENTS)
def project(event: Event, _source: str) -> bool:
    """Bring an order in the projection up to date with an event, unless it is further on."""
    return generations.own().apply(event)


@function_handler
def get_customer_orders(event: Any, _context: Any) -> dict[str, Any]:
    """List a customer's orders, the last one first; for other functions, see ``read_model.listing``."""
    return listing.of_customer(listing.parse_customer(event), generations.live())


def get_orders(event: Any, context: Any) -> Any:
    """List orders: ``GET /orders``, or invoked with its parameters; see ``read_model.listing``."""
    over_api = isinstance(event, Mapping) and "requestContext" in event
    return _list_over_api(event, context) if over_api else _list(event, context)


@api_handler
def _list_over_api(request: Request) -> dict[str, Any]:
    try:
        wanted = listing.parse(request.query)
    except InvalidEventError as error:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "invalid-parameter", str(error), field=error.field, expected=error.expected
        ) from None
    return http.answer(HTTPStatus.OK, listing.page(wanted, generations.live()))


@function_handler
def _list(event: Any, _context: Any) -> dict[str, Any]:
    if not isinstance(event, Mapping):
        raise InvalidEventError("event", "a JSON object")
    return listing.page(listing.parse(event), generations.live())


@reader("order_id", pattern=UUID)
def get_events(order_id: str) -> Mapping[str, Any] | None:
    """Read an order's events, whole, and where its steps stand by them; invoked with ``order_id``."""
    found = events.store().of_order(order_id)
    if not found:
        return None
    folded = fold((stored.event for stored in found), progress.STEPS)
    return {
        "order_id": order_id,
        "events": [stored.message() for stored in found],
        "steps": {step: told.state.value if told else "absent" for step, told in folded.items()},
    }
