"""The sandbox's functions: ``provider`` answers for both providers, ``authorize`` guards it."""

from __future__ import annotations

import functools
import hmac
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from saga_kit import aws, settings
from saga_kit.http import Problem, Request, answer, api_handler
from saga_kit.observe import function_handler, logger
from saga_kit.outbound import Secret
from sandbox import service
from sandbox.service import CARRIER, PAYMENTS, Plan, Provider, Reply
from sandbox.store import Store

_UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
DEFAULT_TIMEOUT_SECONDS = 5.0
_FRESH_SECONDS = 10.0
"""A secret that does not match may have been replaced; the parameter is read again at most this often."""


@api_handler
def provider(request: Request) -> dict[str, Any]:
    """Answer one request to either provider. README.md tells the routes and what chooses the answer."""
    work = ROUTES.get(request.route)
    if work is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", f"expected one of {', '.join(sorted(ROUTES))}")
    reply = work(request, Store(aws.client("dynamodb"), settings.table()))
    logger.info("answered", route=request.route, status=int(reply.status), code=reply.document.get("code"))
    return answer(reply.status, reply.document)


@function_handler
def authorize(event: Mapping[str, Any], _context: object) -> dict[str, bool]:
    """Tell the HTTP API (REQUEST authorizer, simple responses) whether the caller shows the bearer secret."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, given = str(headers.get("authorization", "")).partition(" ")
    if scheme.lower() != "bearer" or not given:
        return {"isAuthorized": False}
    secret = _secret(settings.text("SANDBOX_SECRET_PARAMETER"))
    allowed = _same(given, secret.get()) or _same(given, secret.get(max_age_seconds=_FRESH_SECONDS))
    return {"isAuthorized": allowed}


@functools.cache
def _secret(parameter: str) -> Secret:
    return Secret(parameter)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _perform(
    kind: Provider, schema_name: str, plan: Callable[[str, Mapping[str, Any]], Plan]
) -> Callable[[Request, Store], Reply]:
    def work(request: Request, store: Store) -> Reply:
        key = request.header("idempotency-key", _UUID, "a UUID in lower case")
        document = request.document(schema_name)
        if document["reference"] != key:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "invalid-body",
                "reference: expected the Idempotency-Key",
                field="reference",
            )
        return service.perform(store, kind, key, document, plan(key, document), _timeout_seconds())

    return work


def _end(kind: Provider) -> Callable[[Request, Store], Reply]:
    return lambda request, store: service.end(store, kind, request.identifier("key"))


def _show(kind: Provider) -> Callable[[Request, Store], Reply]:
    return lambda request, store: service.show(store, kind, request.identifier("key"))


def _timeout_seconds() -> float:
    return settings.number("SANDBOX_TIMEOUT_SECONDS", DEFAULT_TIMEOUT_SECONDS)


ROUTES: Mapping[str, Callable[[Request, Store], Reply]] = {
    "POST /authorizations": _perform(PAYMENTS, "AuthorizationRequest.v1", service.authorization),
    "POST /authorizations/{key}/void": _end(PAYMENTS),
    "GET /authorizations/{key}": _show(PAYMENTS),
    "POST /shipments": _perform(CARRIER, "ShipmentRequest.v1", service.shipment),
    "POST /shipments/{key}/cancel": _end(CARRIER),
    "GET /shipments/{key}": _show(CARRIER),
}
"""What answers which route of the HTTP API."""
