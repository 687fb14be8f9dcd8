"""The page and its files, which are in the package, and the headers by which a browser holds them to it."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from saga_kit.http import Problem, Request

_FOLDER = Path(__file__).resolve().parent / "static"
PAGE = "index.html"
_MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# What is of this origin, and nothing inline, is all that the page is made of.
_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
HEADERS: Mapping[str, str] = {
    "content-security-policy": "; ".join(f"{directive} {allowed}" for directive, allowed in _POLICY.items()),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer of the console, so that also an error or a file by itself is harmless in a browser."""


@functools.cache
def _files() -> Mapping[str, tuple[str, str, str]]:
    """Return each file by its name: media type, text and entity tag."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        content = path.read_bytes()
        found[path.name] = (_MEDIA_TYPES[path.suffix], content.decode(), tag(content))
    return found


def tag(content: bytes) -> str:
    """Return the entity tag of what is sent: the same for the same bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def answer(request: Request, name: str) -> dict[str, Any]:
    """Return the file ``name``, or 304 when the browser has it. Raises ``Problem`` (404) when there is none."""
    if name not in _files():
        raise Problem(HTTPStatus.NOT_FOUND, "not-found", "file: expected a file of the console", field="file")
    media_type, text, etag = _files()[name]
    # The browser may keep it, and asks every time whether it is still the same.
    headers = {"content-type": media_type, "cache-control": "no-cache", "etag": etag}
    if request.headers.get("if-none-match") == etag:
        return {"statusCode": int(HTTPStatus.NOT_MODIFIED), "headers": headers, "body": ""}
    return {"statusCode": int(HTTPStatus.OK), "headers": headers, "body": text}
