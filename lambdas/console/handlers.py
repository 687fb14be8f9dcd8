"""The console's functions: ``authorize`` guards it, the others answer its page."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from console import doorman, origin, pages, service, testorders
from console.asking import Function
from saga_kit import clock, settings
from saga_kit.http import Request, api_handler
from saga_kit.observe import Handler, function_handler, logger
from saga_kit.read import UUID


@function_handler
def authorize(event: Mapping[str, Any], _context: object) -> dict[str, bool]:
    """Tell the HTTP API (REQUEST authorizer, simple responses) whether the caller's address is in a named network."""
    source = (event.get("requestContext") or {}).get("http", {}).get("sourceIp")
    admitted = doorman.admits(source, doorman.networks(settings.text("CONSOLE_NETWORKS")))
    if not admitted:
        logger.info("refused")
    return {"isAuthorized": admitted}


def _browser_handler(work: Callable[[Request], dict[str, Any]]) -> Handler:
    """Return the handler of a function that browsers ask: every answer, problems too, has the console's headers."""
    handle = api_handler(work)

    @functools.wraps(work)
    def guarded(event: Any, context: Any) -> dict[str, Any]:
        response: dict[str, Any] = handle(event, context)
        response["headers"] = {**response["headers"], **pages.HEADERS}
        return response

    return guarded


@_browser_handler
def get_page(request: Request) -> dict[str, Any]:
    """Answer with the page (``GET /console``) or one of its files (``GET /console/files/{file}``)."""
    return pages.answer(request, request.path.get("file", pages.PAGE))


@_browser_handler
def get_orders(request: Request) -> dict[str, Any]:
    """Tell of the environment, and which sagas are open or have ended lately: ``GET /console/orders``."""
    origin.check_read(request)
    placing = settings.text("CONSOLE_PLACING") == "yes"
    return _told(
        request,
        {
            "environment": settings.text("CONSOLE_ENVIRONMENT"),
            "steps": json.loads(settings.text("CONSOLE_STEPS")),
            "placing": {"allowed": placing, **({"choices": testorders.choices()} if placing else {})},
            "sagas": service.Sagas(_function("CONSOLE_GET_SAGAS", "saga_log/get_sagas")).tell(),
        },
    )


@_browser_handler
def get_order(request: Request) -> dict[str, Any]:
    """Tell one order's saga: ``GET /console/orders/{id}``."""
    origin.check_read(request)
    order_id = request.identifier("id")
    return _told(
        request,
        {
            "order_id": order_id,
            "saga": service.Story(_function("CONSOLE_GET_SAGA", "saga_log/get_saga")).tell(order_id),
        },
    )


@_browser_handler
def get_details(request: Request) -> dict[str, Any]:
    """Tell what the services know of one order, section by section: ``GET /console/orders/{id}/details``."""
    origin.check_read(request)
    order_id = request.identifier("id")
    # The composer takes its time for services that do not answer, and is asked for what the others say.
    seconds = settings.number("CONSOLE_DETAILS_SECONDS")
    details = service.Details(_function("CONSOLE_GET_DETAILS", "composer/get_details", seconds=seconds))
    return _told(request, {"order_id": order_id, "sections": details.tell(order_id)})


@_browser_handler
def place_order(request: Request) -> dict[str, Any]:
    """Place an order by the page's choices, once for each idempotency key: ``POST /console/orders``.

    Deployed only where the sandbox is.
    """
    origin.check_change(request)
    key = request.header("idempotency-key", UUID, "a UUID in lower case")
    chosen = request.document("PlaceTestOrderRequest.v1")
    shop = service.Shop(
        _function("CONSOLE_PLACE_ORDER", "order/place_order"),
        _function("CONSOLE_RECEIVE_STOCK", "inventory/receive_stock"),
    )
    placed = shop.place(chosen, key)
    logger.info("placed", saga_id=placed["order_id"], state=placed["state"])
    return _answer(HTTPStatus.ACCEPTED, placed)


def _function(variable: str, name: str, **more: float) -> Function:
    return Function(name, settings.text(variable), **more)


def _told(request: Request, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document, or 304 when it is the one that the page has; either way with the time that it is of."""
    etag = pages.tag(json.dumps(document, sort_keys=True).encode())
    if request.headers.get("if-none-match") == etag:
        response = _answer(HTTPStatus.NOT_MODIFIED, None)
    else:
        response = _answer(HTTPStatus.OK, document)
    response["headers"] |= {"etag": etag, "x-as-of": clock.rfc3339(clock.now())}
    return response


def _answer(status: HTTPStatus, document: object) -> dict[str, Any]:
    return {
        "statusCode": int(status),
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": "" if document is None else json.dumps(document, separators=(",", ":")),
    }
