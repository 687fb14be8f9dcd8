"""What keeps other sites out of an operator's browser.

An operator's browser is let in by its address, so whatever page it shows could send requests in the operator's name.
Only the console's own page may: it is told by Fetch Metadata (https://www.w3.org/TR/fetch-metadata/), and for whatever
changes something also by the origin and by a header that no form can send.
"""

from __future__ import annotations

from http import HTTPStatus

from saga_kit.http import Problem, Request

MARK = "x-console"
"""The header that only a script of the same origin can send without being asked for by CORS."""


def check_read(request: Request) -> None:
    """Raise ``Problem`` (403) for a request that another site's page has made. Tools say nothing and may read."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise _refusal("sec-fetch-site", "same-origin: the console answers its own page alone")


def check_change(request: Request) -> None:
    """Raise ``Problem`` (403 or 415) unless the console's own page has made a request that changes something."""
    check_read(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "content-type: expected application/json",
            field="content-type",
        )
    if not request.headers.get(MARK):
        raise _refusal(MARK, "the header that the console's page sends")
    host = request.headers.get("host")
    # As browsers serialize an origin: https://www.rfc-editor.org/rfc/rfc6454#section-6.1. Nothing of it is parsed.
    if not host or request.headers.get("origin") not in {f"https://{host}", f"http://{host}"}:
        raise _refusal("origin", "the console's own origin")


def _refusal(field: str, expected: str) -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN, "cross-origin", f"{field}: expected {expected}", field=field, expected=expected
    )
