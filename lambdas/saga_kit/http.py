"""What a function behind the HTTP API needs: requests (payload format 2.0), answers, problem details (RFC 9457)."""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from saga_kit import edge, schema, settings
from saga_kit.errors import InvalidEventError, RetryLaterError
from saga_kit.observe import Handler, describe, function_handler, logger, metrics

MAX_BODY_BYTES = 16 * 1024
"""Largest body that is read; far above what a request of this API needs."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Problem(Exception):  # noqa: N818 - it is the RFC's own name for what is answered
    """An answer that is a problem: ``kind`` names its type, ``detail`` says what was expected, for the caller to read.

    ``extra`` are further members of the document, for example the ``field`` that is wrong.
    """

    def __init__(self, status: HTTPStatus, kind: str, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.extra = extra

    def answer(self) -> dict[str, Any]:
        """Return the answer for the HTTP API."""
        document = {
            "type": f"urn:problem:{self.kind}",
            "title": self.kind.replace("-", " "),
            "status": int(self.status),
            "detail": self.detail,
            **self.extra,
        }
        return answer(self.status, document, content_type="application/problem+json")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the HTTP API. Header names are in lower case, ``route`` is the API's ("GET /orders/{id}").

    ``authorizer`` is what the API found out about the caller.
    """

    headers: Mapping[str, str]
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    route: str = ""
    authorizer: Mapping[str, Any] = field(default_factory=dict)

    @property
    def caller(self) -> str | None:
        """The customer whose token came with the request, or ``None`` for an operator, who signs with IAM.

        Raises ``Problem`` (403) for a caller who is neither, or whose token names no customer.
        """
        token = self.authorizer.get("jwt")
        if token is None and self.authorizer.get("iam"):
            return None
        claim = settings.text("SAGA_CUSTOMER_CLAIM")
        customer = token["claims"].get(claim) if token else None
        if not isinstance(customer, str) or not customer:
            raise Problem(HTTPStatus.FORBIDDEN, "unknown-caller", f"authorization: expected a token with {claim}")
        return customer

    def may_see(self, customer_id: object) -> bool:
        """Return whether what belongs to ``customer_id`` is the caller's to see: a customer's own, or an operator."""
        caller = self.caller
        return caller is None or caller == customer_id

    def document(self, schema_name: str) -> Any:
        """Return the body as JSON that agrees with the schema. Raises ``Problem`` (400, 413 or 422) otherwise."""
        if len(self.body) > MAX_BODY_BYTES:
            raise Problem(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body-too-large", f"expected at most {MAX_BODY_BYTES} bytes"
            )
        try:
            document = json.loads(self.body.decode("utf-8-sig"), parse_constant=_refuse_constant, parse_float=_number)
            # Half of a surrogate pair ("\\ud800") parses, but no table, bus or provider takes it further on.
            if b"\\u" in self.body:
                json.dumps(document, ensure_ascii=False).encode()
            schema.check(schema_name, document)
        except (ValueError, RecursionError):
            raise Problem(HTTPStatus.BAD_REQUEST, "malformed-body", "expected a body of valid JSON in UTF-8") from None
        except InvalidEventError as error:
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-body", str(error), field=error.field, expected=error.expected
            ) from None
        return document

    def header(self, name: str, pattern: str, expected: str) -> str:
        """Return the header ``name`` (lower case) when it matches ``pattern``; raises ``Problem`` (400) otherwise."""
        value = self.headers.get(name, "")
        if not re.fullmatch(pattern, value):
            raise Problem(
                HTTPStatus.BAD_REQUEST, "invalid-header", f"{name}: expected {expected}", field=name, expected=expected
            )
        return value

    def identifier(self, name: str) -> str:
        """Return the path parameter ``name`` when it is a UUID; raises ``Problem`` (404) otherwise."""
        value = self.path.get(name, "")
        if not _UUID.fullmatch(value):
            raise Problem(HTTPStatus.NOT_FOUND, "not-found", f"{name}: expected a UUID in lower case", field=name)
        return value

    def traceparent(self) -> str | None:
        """Return the caller's W3C traceparent, or ``None`` when there is no valid one."""
        value = self.headers.get("traceparent", "")
        return value if _TRACEPARENT.fullmatch(value) else None


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _number(text: str) -> int | float:
    """Return 2 for ``2.0`` and ``2e0``: an integer to JSON Schema, whose point would be seen further on."""
    value = float(text)
    return int(value) if value.is_integer() else value


def parse(event: Mapping[str, Any]) -> Request:
    """Return the request in an event of payload format 2.0. Raises ``Problem`` (400) for a body that is no base64."""
    text = event.get("body") or ""
    try:
        body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError:  # no base64, or half of a surrogate pair
        raise Problem(HTTPStatus.BAD_REQUEST, "malformed-body", "expected a body in valid encoding") from None
    return Request(
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        path=event.get("pathParameters") or {},
        query=event.get("queryStringParameters") or {},
        body=body,
        route=event.get("routeKey") or "",
        authorizer=(event.get("requestContext") or {}).get("authorizer") or {},
    )


def _refuse_what_went_around_the_edge(request: Request) -> None:
    """Raise ``Problem`` (403) where a customer's request is not from the edge. Operators have an API without one."""
    if request.authorizer.get("jwt") is not None and not edge.was_passed(request.headers):
        raise Problem(HTTPStatus.FORBIDDEN, "not-by-the-edge", "expected a request by way of the edge")


def answer(status: HTTPStatus, document: object, *, content_type: str = "application/json") -> dict[str, Any]:
    """Return an answer for the HTTP API with ``document`` as its JSON body."""
    return {
        "statusCode": int(status),
        "headers": {
            "content-type": content_type,
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        },
        "body": json.dumps(document, separators=(",", ":")),
    }


def api_handler(work: Callable[[Request], dict[str, Any]]) -> Handler:
    """Return the handler of an API function; whatever ``work`` raises becomes problem details.

    Where customers have an edge in front of them, ``work`` sees no request that went around it.

    A ``RetryLaterError`` is answered with 503 and Retry-After. Anything unexpected is answered with 500 and tells
    nothing of the inside; it is logged, and counted in the metric ``Failures``.
    """

    @functools.wraps(work)
    def handle(event: Any, _context: Any) -> dict[str, Any]:
        try:
            request = parse(event)
            _refuse_what_went_around_the_edge(request)
            response = work(request)
        except Problem as problem:
            logger.info("problem", problem=problem.kind, status=int(problem.status))
            return problem.answer()
        except RetryLaterError as error:
            logger.warning("try_again", extra=describe(error))
            response = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "try-again", "try again in a moment").answer()
            response["headers"]["retry-after"] = "1"
        except Exception as error:  # noqa: BLE001 - the edge: the caller gets an answer, the operator log and alarm
            logger.error("failed", extra=describe(error))
            metrics.add_metric(name="Failures", unit=MetricUnit.Count, value=1)
            response = Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", "the request could not be handled"
            ).answer()
        return response

    return function_handler(handle)
