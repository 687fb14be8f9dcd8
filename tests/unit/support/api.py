"""Requests as the HTTP API hands them to a function (payload format 2.0), and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.unit.conftest import FakeContext

OPERATOR: dict[str, Any] = {"authorizer": {"iam": {"userId": "operator"}}}
"""The request context of a caller who signed with IAM."""

Handler = Callable[[Any, Any], Any]


def a_request(
    body: object = None,
    *,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    context: dict[str, Any] = OPERATOR,
    **path: str,
) -> dict[str, Any]:
    """Return a request with ``path`` parameters; a ``body`` that is a text goes as it is, anything else as JSON."""
    return {
        "version": "2.0",
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "requestContext": {"http": {"method": "POST"}, **context},
        **({"queryStringParameters": query} if query else {}),
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


def of_customer(customer_id: object, claim: str = "sub") -> dict[str, Any]:
    """Return the request context of a caller who showed a token of the customer."""
    return {"authorizer": {"jwt": {"claims": {"iss": "https://login.example.com", claim: customer_id}, "scopes": []}}}
