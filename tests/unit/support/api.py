"""Requests as the HTTP API hands them to a function (payload format 2.0), and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.unit.conftest import FakeContext

Handler = Callable[[Any, Any], Any]


def a_request(body: object = None, *, headers: dict[str, str] | None = None, **path: str) -> dict[str, Any]:
    """Return a request with ``path`` parameters; a ``body`` that is a text goes as it is, anything else as JSON."""
    return {
        "version": "2.0",
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": path,
        "body": body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
    }


def ask(handler: Handler, request: object) -> tuple[int, dict[str, Any]]:
    """Return the status and the document that ``handler`` answers with; a problem has to be a well-formed one."""
    answer = handler(request, FakeContext())
    document: dict[str, Any] = json.loads(answer["body"])
    if answer["statusCode"] >= 400:
        assert answer["headers"]["content-type"] == "application/problem+json"
        assert document["status"] == answer["statusCode"]
        assert {"type", "title", "detail"} <= set(document)
    return answer["statusCode"], document
