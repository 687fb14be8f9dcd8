"""The rules of composition: who may see what, what is asked, and what an answer says of what did not come."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from composer import cursor, facts, sources
from composer.cache import Cache, Read
from composer.parts import Parts
from composer.sections import ORDER, PAYMENT, SECTIONS, Section
from composer.sources import UnavailableError
from saga_kit import parameters
from saga_kit.errors import InvalidEventError
from saga_kit.http import Problem, Request
from saga_kit.observe import describe, logger, metrics

CUSTOMER = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
MAX_LIMIT, DEFAULT_LIMIT = 100, 20
RECORD_SECONDS = 0.5
"""How long an answer that is ready waits for the record of the view."""


@dataclass(frozen=True, slots=True)
class Composer:
    """Answers by what the services say: asked through the cache, all together within ``seconds``."""

    cache: Cache
    seconds: float

    def load(self, section: Section, order_id: str) -> Callable[[], Read]:
        """Return what reads a section of an order, through the cache."""
        ask = functools.partial(sources.ask, section.name, {"order_id": order_id})
        return lambda: self.cache.read(section, order_id, ask)

    def parts(self, order_id: str, *sections: Section) -> Parts:
        """Begin to read sections of an order."""
        return Parts({section.name: self.load(section, order_id) for section in sections}, self.seconds)


def order(request: Request, composer: Composer, invocation: str) -> Mapping[str, Any]:
    """Return the order in the path. Raises ``Problem``: 404 where the caller has no such order, 503 for no answer."""
    order_id = request.identifier("id")
    parts = composer.parts(order_id, ORDER)
    try:
        document = _own(request, _required(parts, ORDER))
        _record(request, parts, order_id, "order", invocation)
    finally:
        parts.close()
    return document


def payment(request: Request, composer: Composer, invocation: str) -> Mapping[str, Any]:
    """Return the payment of the order in the path. Raises ``Problem`` as ``order``, and 404 where there is none yet."""
    order_id = request.identifier("id")
    parts = composer.parts(order_id, ORDER, PAYMENT)
    try:
        _own(request, _required(parts, ORDER))
        read = _required(parts, PAYMENT)
        if read.document is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no-payment", "id: expected an order with a payment", field="id")
        _record(request, parts, order_id, "payment", invocation)
    finally:
        parts.close()
    return {**read.document, "as_of": read.as_of}


def details(request: Request, composer: Composer, invocation: str) -> Mapping[str, Any]:
    """Return all there is of the order in the path, a section for each service.

    A section whose service does not answer says so and is no problem, unless the parameter ``require`` names it.
    Raises ``Problem``: 400 for a wrong parameter, 404 where the caller has no such order, 503 naming the section that
    is required, or for a customer of whom nobody can say whether the order is theirs.
    """
    order_id = request.identifier("id")
    required = _required_sections(request)
    parts = composer.parts(order_id, *SECTIONS.values())
    try:
        # Nothing is shown, or said to be required, before it is known to be the caller's.
        if request.caller is not None or parts.section(ORDER.name)["status"] != "unavailable":
            _own(request, _required(parts, ORDER))
            _record(request, parts, order_id, "details", invocation)
        found = {name: parts.section(name) for name in SECTIONS}
    finally:
        parts.close()
    for name, section in found.items():
        if section["status"] == "unavailable":
            metrics.add_metric(name="SectionsUnavailable", unit=MetricUnit.Count, value=1)
            logger.warning("unavailable", section=name)
            if name in required:
                raise _unavailable(name)
    return {"order_id": order_id, **found}


def orders(request: Request) -> Mapping[str, Any]:
    """Return a page of the orders of the customer in the path, newest first, and the ``cursor`` of the next one.

    Raises ``Problem``: 400 for a wrong parameter, 403 for another customer's orders, 404 for what is no customer's id,
    503 when the list cannot be had.
    """
    customer_id = request.path.get("id", "")
    if not re.fullmatch(CUSTOMER, customer_id):
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "id: expected a customer's id", field="id")
    if not request.may_see(customer_id):
        raise Problem(HTTPStatus.FORBIDDEN, "not-your-orders", "id: expected your own customer id", field="id")
    try:
        parameters.only(request.query, {"limit", "cursor"})
        limit = parameters.limit(request.query, DEFAULT_LIMIT, MAX_LIMIT)
        after = cursor.read(customer_id, request.query["cursor"]) if "cursor" in request.query else None
        page = sources.ask("orders", {"customer_id": customer_id, "limit": limit, "after": after})
        answer: dict[str, Any] = {"orders": page["orders"]}
        if page["after"]:
            answer["cursor"] = cursor.make(customer_id, page["after"])
    except InvalidEventError as error:
        raise _wrong(error.field, error.expected) from None
    except UnavailableError as error:
        raise _unavailable(error.source) from error
    return answer


def _required_sections(request: Request) -> set[str]:
    _known(request, {"require"})
    names = {name for name in request.query.get("require", "").split(",") if name}
    if not names <= SECTIONS.keys():
        raise _wrong("require", f"a list, separated by commas, of {', '.join(SECTIONS)}")
    return names


def _required(parts: Parts, section: Section) -> Read:
    try:
        return parts.read(section.name)
    except UnavailableError:
        raise _unavailable(section.name) from None


def _own(request: Request, read: Read) -> Mapping[str, Any]:
    """Return the order if the caller may see it; another's is answered as one that there is not."""
    if read.document is None or not request.may_see(read.document["customer_id"]):
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "id: expected a UUID in lower case that exists", field="id")
    return read.document


def _record(request: Request, parts: Parts, order_id: str, view: str, invocation: str) -> None:
    """Write down that a customer looked, beside the reads that are under way. The answer does not depend on it."""
    if request.caller is None:
        return

    def record() -> None:
        try:
            facts.facts().add(f"view#{invocation}", facts.viewed(order_id, view, invocation, request.traceparent()))
        except Exception as error:  # noqa: BLE001 - a view that nobody counts is no reason not to answer
            logger.warning("view_lost", extra=describe(error))

    wait([parts.beside(record)], timeout=RECORD_SECONDS)


def _known(request: Request, names: set[str]) -> None:
    unknown = sorted(request.query.keys() - names)
    if unknown:
        raise _wrong(unknown[0], "no such parameter")


def _wrong(field: str, expected: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST, "invalid-parameter", f"{field}: expected {expected}", field=field, expected=expected
    )


def _unavailable(section: str) -> Problem:
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", f"{section} is not available; try again", section=section
    )
