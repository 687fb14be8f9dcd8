"""Read functions: one a service, asked over the HTTP API or invoked by another function of the platform."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from saga_kit import http
from saga_kit.errors import InvalidEventError
from saga_kit.http import Problem, Request, api_handler
from saga_kit.observe import Handler, function_handler

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def reader(
    field: str,
    path: str = "id",
    *,
    pattern: str = UUID,
    expected: str = "a UUID in lower case",
    owner: str | None = None,
) -> Callable[[Callable[[str], Mapping[str, Any] | None]], Handler]:
    """Return a decorator that makes ``work(identifier)``, which returns a document or ``None``, a read function.

    Over the HTTP API the identifier is the path parameter ``path``, and ``None`` becomes a 404. Invoked directly, the
    function takes ``{field: identifier}`` and answers with the document or ``null``; it raises ``InvalidEventError``
    for an identifier that does not match ``pattern``.

    ``owner`` is the member of the document that names its customer, to whom alone it is shown over the HTTP API;
    another one's is answered as if it did not exist. Without ``owner`` it is shown to operators alone.
    """

    def decorate(work: Callable[[str], Mapping[str, Any] | None]) -> Handler:
        def over_http(request: Request) -> dict[str, Any]:
            identifier = request.path.get(path, "")
            document = work(identifier) if re.fullmatch(pattern, identifier) else None
            if document is None or not request.may_see(document.get(owner) if owner else None):
                raise Problem(HTTPStatus.NOT_FOUND, "not-found", f"{path}: expected {expected} that exists", field=path)
            return http.answer(HTTPStatus.OK, document)

        def invoked(event: Any, _context: Any) -> Mapping[str, Any] | None:
            identifier = event.get(field) if isinstance(event, Mapping) else None
            if not isinstance(identifier, str) or not re.fullmatch(pattern, identifier):
                raise InvalidEventError(field, expected)
            return work(identifier)

        answer_http, answer_invocation = api_handler(over_http), function_handler(invoked)

        def handle(event: Any, context: Any) -> Any:
            over_api = isinstance(event, Mapping) and "requestContext" in event
            return answer_http(event, context) if over_api else answer_invocation(event, context)

        handle.__name__, handle.__doc__, handle.__module__ = work.__name__, work.__doc__, work.__module__
        return handle

    return decorate
