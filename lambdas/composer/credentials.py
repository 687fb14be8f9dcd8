"""How a function proves to the data cache who it is: by IAM, or by a password that is kept in SSM."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from redis.credentials import CredentialProvider

from saga_kit import aws

TOKEN_SECONDS = 900
"""For which a token opens connections; what is open stays so for up to twelve hours."""


class Password(CredentialProvider):
    """A user whose password stands in an SSM parameter; it is read again for a new connection after a refusal."""

    def __init__(self, user: str, parameter: str) -> None:
        self._user = user
        self._parameter = parameter

    def get_credentials(self) -> tuple[str, str]:
        """Return the user's name and password."""
        found = aws.client("ssm").get_parameter(Name=self._parameter, WithDecryption=True)
        return self._user, found["Parameter"]["Value"]


class Token(CredentialProvider):
    """A user of ElastiCache or MemoryDB who signs a request to connect with the function's own role.

    The token is that request, presigned, without its scheme: see "Authenticating with IAM" in both services' guides.
    ``service`` is ``elasticache`` or ``memorydb``; ``cache`` is the cache's name; a serverless one says so.
    """

    def __init__(
        self,
        user: str,
        *,
        service: str,
        cache: str,
        serverless: bool,
        session: Any = None,
    ) -> None:
        self._user = user
        self._service = service
        self._cache = cache
        self._serverless = serverless
        self._session = session or botocore.session.Session()

    def get_credentials(self) -> tuple[str, str]:
        """Return the user's name and a token of now."""
        query: Mapping[str, str] = {
            "Action": "connect",
            "User": self._user,
            **({"ResourceType": "ServerlessCache"} if self._serverless else {}),
        }
        request = AWSRequest("GET", f"http://{self._cache}/", params=dict(query))
        region = self._session.get_config_variable("region")
        signer: Any = SigV4QueryAuth
        signer(self._session.get_credentials(), self._service, region, expires=TOKEN_SECONDS).add_auth(request)
        return self._user, str(request.url).removeprefix("http://")
