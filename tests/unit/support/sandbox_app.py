"""The sandbox's own handlers behind a real HTTP server, as the HTTP API stands before them."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from tests.unit.support.http_server import Received, Sent, sent

from sandbox import handlers
from sandbox.handlers import ROUTES

CONTEXT = SimpleNamespace(aws_request_id="bbbbbbbb-0000-4000-8000-000000000000")


def sandbox_app(request: Received) -> Sent:
    """Answer as the HTTP API does: the authorizer first, then the function behind the route."""
    if "authorization" not in request.headers:
        return sent(401, {"message": "Unauthorized"})
    if not handlers.authorize({"version": "2.0", "headers": dict(request.headers)}, CONTEXT)["isAuthorized"]:
        return sent(403, {"message": "Forbidden"})
    event = payload(request)
    if event is None:
        return sent(404, {"message": "Not Found"})
    answer = handlers.provider(event, CONTEXT)
    return Sent(answer["statusCode"], answer["body"].encode(), answer["headers"])


def payload(request: Received) -> dict[str, Any] | None:
    """Return the request in payload format 2.0, or ``None`` when the API has no route for it."""
    for route in ROUTES:
        method, _, path = route.partition(" ")
        match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path), request.path)
        if match and method == request.method:
            return {
                "version": "2.0",
                "routeKey": route,
                "rawPath": request.path,
                "headers": dict(request.headers),
                "pathParameters": match.groupdict(),
                "body": request.body.decode(),
                "isBase64Encoded": False,
            }
    return None
