"""The composer's functions."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from composer import facts, sections, service, sources
from composer.cache import Breaker, Cache, Times
from composer.sections import PAYMENT
from composer.service import Composer
from saga_kit import envelope, http, settings
from saga_kit.envelope import Event
from saga_kit.errors import InvalidEventError
from saga_kit.http import Request, api_handler
from saga_kit.observe import Handler, function_handler, logger, metrics


def _answering(work: Callable[[Request, str], Mapping[str, Any]]) -> Handler:
    """Return the handler of an API function that shows what ``work(request, invocation)`` returns."""

    def handle(event: Any, context: Any) -> Any:
        @api_handler
        def answer(request: Request) -> dict[str, Any]:
            return http.answer(HTTPStatus.OK, work(request, context.aws_request_id))

        return answer(event, context)

    return functools.update_wrapper(handle, work)


def _observing(detail_types: frozenset[str]) -> Callable[[Callable[[Event], str]], Handler]:
    """Return a decorator that turns ``work(event)`` into the handler of events that it takes note of."""

    def decorate(work: Callable[[Event], str]) -> Handler:
        def handle(message: Any, _context: Any) -> dict[str, str]:
            event = envelope.parse(message)
            if event.detail_type not in detail_types:
                raise InvalidEventError("detail-type", f"one of {', '.join(sorted(detail_types))}")
            logger.append_keys(saga_id=event.meta.correlation_id, caused_by=event.meta.event_id)
            effect = work(event)
            logger.info("observed", effect=effect)
            return {"saga_id": event.meta.correlation_id, "effect": effect}

        wrapped = function_handler(functools.update_wrapper(handle, work))
        wrapped.observes = detail_types  # type: ignore[attr-defined]  # read by the test that compares code and rules
        return wrapped

    return decorate


@_answering
def get_customer_order(request: Request, invocation: str) -> Mapping[str, Any]:
    """Show an order (``GET /orders/{id}``), or a customer's (``GET /customers/{id}/orders``)."""
    if request.route == "GET /customers/{id}/orders":
        return service.orders(request)
    return service.order(request, _composer(), invocation)


@_answering
def get_details(request: Request, invocation: str) -> Mapping[str, Any]:
    """Show all there is of an order: ``GET /orders/{id}/details``."""
    return service.details(request, _composer(), invocation)


def cache_manager_payments(event: Any, context: Any) -> Any:
    """Show an order's payment (``GET /orders/{id}/payment``), and keep the cached ones as the bus tells of them."""
    over_api = isinstance(event, Mapping) and "requestContext" in event
    return _show_payment(event, context) if over_api else _refresh_payment(event, context)


@_answering
def _show_payment(request: Request, invocation: str) -> Mapping[str, Any]:
    return service.payment(request, _composer(), invocation)


@_observing(frozenset(PAYMENT.events))
def _refresh_payment(event: Event) -> str:
    """Read the payment that an event tells of, so that the next reader finds it in the cache."""
    cache, order_id = _cache(), event.meta.correlation_id
    # First, so that nobody sees the old one, also when the new one cannot be had now.
    _outdate(cache, event)
    if not cache.refresh(PAYMENT, order_id, lambda: sources.ask(PAYMENT.name, {"order_id": order_id}, attempts=3)):
        return "nothing"
    return "done" if facts.facts().add(f"refresh#{event.meta.event_id}", facts.refreshed(event)) else "nothing"


cache_manager_payments.observes = _refresh_payment.observes  # type: ignore[attr-defined]  # read by the same test


@_observing(
    frozenset(name for section in sections.SECTIONS.values() if section is not PAYMENT for name in section.events)
)
def outdate_cache(event: Event) -> str:
    """Let go of what an event has made out of date in the cache."""
    return "done" if _outdate(_cache(), event) else "nothing"


def _outdate(cache: Cache, event: Event) -> bool:
    section, version = sections.of_event(event.detail_type)
    known = cache.outdate(section, event.meta.correlation_id, version)
    if not known:
        # Until the entry is not fresh any more, its readers get what it says.
        metrics.add_metric(name="CacheNotTold", unit=MetricUnit.Count, value=1)
    return known


def _composer() -> Composer:
    return Composer(_cache(), settings.number("COMPOSER_SECONDS"))


def _cache() -> Cache:
    return _made(os.environ.get("COMPOSER_CACHE", ""))


@functools.cache
def _made(text: str) -> Cache:
    """Return the cache of this process; without one what a service says is all there is."""
    if not text:
        return Cache(None)
    told = json.loads(text)
    from composer.credentials import Password, Token  # noqa: PLC0415 - without a cache nobody waits for the import
    from composer.valkey import Address, Valkey  # noqa: PLC0415 - the same

    credentials = (
        Token(
            told["user"],
            service=told["service"],
            cache=told["name"],
            serverless=told["service"] == "elasticache",
        )
        if "service" in told
        else Password(told["user"], told["parameter"])
    )
    store = Valkey(Address(told["host"], told["port"], told["tls"]), credentials, told["seconds"])
    return Cache(
        store,
        told["prefix"],
        Times(fresh=told["fresh_seconds"], keep=told["keep_seconds"]),
        Breaker(told["pause_seconds"]),
    )
