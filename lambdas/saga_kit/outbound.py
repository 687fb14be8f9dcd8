"""Calls to providers: a small client for JSON over HTTP, and the secret that it shows.

A call ends in an answer that the caller understands, or in ``ProviderUnavailableError``: whether the provider did
anything is then unknown, and the same call with the same key has to be made again. Nothing is repeated here, since
whoever keeps the row knows better when to come back. No body, secret or header is logged or put into an error.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from saga_kit import aws, clock, settings
from saga_kit.errors import ConfigurationError, ProviderUnavailableError
from saga_kit.observe import logger

CONNECT_TIMEOUT_SECONDS = 1.0
READ_TIMEOUT_SECONDS = 3.0
SECRET_MAX_AGE_SECONDS = 300.0
"""How long a secret is used before it is read again."""
MAX_ANSWER_BYTES = 64 * 1024
"""Largest answer that is read; far above what a provider has to say."""

_IDLE_SECONDS = 30.0
"""A connection that rested longer, frozen with its function perhaps, is not trusted to be open any more."""
_SECRET = re.compile(r"[\x21-\x7e]{1,1024}")
_REFUSED_CREDENTIALS = frozenset({401, 403})


class Secret:
    """A SecureString parameter of SSM, kept in the process for a while. It never shows in ``repr``."""

    def __init__(self, parameter: str) -> None:
        self._parameter = parameter
        self._value = ""
        self._read_at = 0.0

    def get(self, max_age_seconds: float = SECRET_MAX_AGE_SECONDS) -> str:
        """Return the secret as it was at most ``max_age_seconds`` ago; 0 reads it now.

        Raises ``ConfigurationError`` when it could not stand in a header, and botocore's ``ClientError`` when SSM
        does not hand it out.
        """
        now = clock.now().timestamp()
        if not self._value or now - self._read_at >= max_age_seconds:
            answer = aws.client("ssm").get_parameter(Name=self._parameter, WithDecryption=True)
            value: str = answer["Parameter"]["Value"].strip()
            if not _SECRET.fullmatch(value):
                raise ConfigurationError(
                    f"SSM parameter {self._parameter}: expected 1 to 1024 visible ASCII characters without spaces"
                )
            self._value, self._read_at = value, now
        return self._value


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered: its status below 500 and its JSON object."""

    status: int
    document: Mapping[str, Any]

    def text(self, name: str, pattern: str) -> str:
        """Return the text ``name`` of the document. Raises ``ProviderUnavailableError`` when it is not as expected."""
        value = self.document.get(name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise self.unexpected(name)
        return value

    def unexpected(self, field: str = "status") -> ProviderUnavailableError:
        """Return the error to raise for an answer that breaks the provider's contract in ``field``."""
        logger.warning("provider_answer_unexpected", status=self.status, field=field)
        return ProviderUnavailableError(f"the provider answered {self.status}: unexpected {field}")


class Client:
    """Sends JSON to one provider, below ``base_url``, and shows ``secret`` as a bearer token.

    Waits ``connect_timeout`` seconds for a connection and ``read_timeout`` seconds for each part of an answer.
    Certificates are verified; plain HTTP is for a provider on this machine alone. Raises ``ConfigurationError`` for
    any other address.
    """

    def __init__(
        self,
        base_url: str,
        secret: Secret,
        *,
        connect_timeout: float | None = None,
        read_timeout: float | None = None,
    ) -> None:
        _check(base_url)
        self._base_url = base_url.rstrip("/")
        self._secret = secret
        self._timeout = urllib3.Timeout(
            connect=CONNECT_TIMEOUT_SECONDS if connect_timeout is None else connect_timeout,
            read=READ_TIMEOUT_SECONDS if read_timeout is None else read_timeout,
        )
        self._pool = urllib3.PoolManager(cert_reqs="CERT_REQUIRED")
        self._used_at = 0.0

    def post(self, path: str, document: Mapping[str, Any] | None = None, *, idempotency_key: str) -> Answer:
        """Send ``document`` (nothing for ``None``) to ``path`` and return the answer.

        ``idempotency_key`` lets the provider tell a repeated call from a second one. A refused secret is read again
        and shown once more. Raises ``ProviderUnavailableError`` for a time-out, a broken connection, 408, 429, 5xx, a
        redirect, an answer that is no JSON object, or a secret that stays refused.
        """
        headers = {"accept": "application/json", "idempotency-key": idempotency_key}
        body = None
        if document is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(document, separators=(",", ":")).encode()
        status, content = self._send(path, body, headers, self._secret.get())
        if status in _REFUSED_CREDENTIALS:
            status, content = self._send(path, body, headers, self._secret.get(max_age_seconds=0))
        if status in _REFUSED_CREDENTIALS or status in {408, 429} or not (200 <= status < 300 or 400 <= status < 500):
            logger.warning("provider_unavailable", status=status)
            raise ProviderUnavailableError(f"the provider answered {status}")
        return Answer(status, _object(status, content))

    def _send(self, path: str, body: bytes | None, headers: Mapping[str, str], secret: str) -> tuple[int, bytes]:
        now = clock.now().timestamp()
        if now - self._used_at > _IDLE_SECONDS:
            self._pool.clear()
        self._used_at = now
        try:
            response = self._pool.request(
                "POST",
                self._base_url + path,
                body=body,
                headers={**headers, "authorization": f"Bearer {secret}"},
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            # What breaks off is no JSON object, so it need not be noticed here.
            content = response.read(MAX_ANSWER_BYTES + 1, decode_content=True)
            if len(content) > MAX_ANSWER_BYTES:
                response.close()
                raise ProviderUnavailableError(f"the provider answered more than {MAX_ANSWER_BYTES} bytes")
            response.release_conn()
        except HTTPError as error:
            logger.warning("provider_unavailable", error=type(error).__name__)
            raise ProviderUnavailableError(f"no answer from the provider: {type(error).__name__}") from None
        return response.status, content


def _object(status: int, content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise Answer(status, {}).unexpected("body")
    return document


def _check(base_url: str) -> None:
    try:
        address = urlsplit(base_url)
        host = address.hostname or ""
        _ = address.port
    except ValueError:
        raise ConfigurationError("the provider's URL: expected https://host[:port][/path]") from None
    plain = not (address.username or address.password or address.query or address.fragment)
    if not host or not plain or address.scheme not in {"https", "http"}:
        raise ConfigurationError("the provider's URL: expected https://host[:port][/path]")
    if address.scheme == "http" and not _is_loopback(host):
        raise ConfigurationError(f"the provider's URL: expected https, plain http is for this machine alone: {host}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@functools.cache
def _client(base_url: str, parameter: str) -> Client:
    return Client(base_url, Secret(parameter))


def client() -> Client:
    """Return the client of the provider that Terraform names in PROVIDER_URL and PROVIDER_SECRET_PARAMETER.

    Raises ``ConfigurationError`` when either is missing or the URL is not allowed.
    """
    return _client(settings.text("PROVIDER_URL"), settings.text("PROVIDER_SECRET_PARAMETER"))
