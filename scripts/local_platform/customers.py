"""Customers of a platform on this machine: users of its pool, with tokens that the pool signed."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx

from local_platform.client import Client


@dataclass(frozen=True)
class Customer:
    """A customer with the API of the customers.

    Attributes:
        customer_id: who it is, as the token says.
        token: shows that.
        endpoint: URL that the paths of the API follow.
    """

    customer_id: str
    token: str = field(repr=False)
    endpoint: str

    @cached_property
    def _http(self) -> httpx.Client:
        return httpx.Client(timeout=30, trust_env=False)

    def request(
        self, method: str, path: str, document: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a request with the customer's token; `document` becomes a JSON body."""
        sent = {"authorization": f"Bearer {self.token}", "content-type": "application/json", **(headers or {})}
        body = None if document is None else json.dumps(document)
        return self._http.request(method, self.endpoint + path, content=body, headers=sent)


def sign_up(client: Client) -> Customer:
    """Make a new customer, who signs in."""
    pool = client.outputs["customers"]
    cognito = client.aws("cognito-idp")
    name, password = f"customer-{secrets.token_hex(6)}", f"{secrets.token_urlsafe(16)}-Aa1"
    cognito.admin_create_user(UserPoolId=pool["user_pool_id"], Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool["user_pool_id"], Username=name, Password=password, Permanent=True)
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=pool["user_pool_id"],
        ClientId=pool["client_id"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    token = signed_in["AuthenticationResult"]["IdToken"]
    return Customer(_claims(token)["sub"], token, client.outputs["customer_api"]["endpoint"])


def _claims(token: str) -> dict[str, Any]:
    """What a token says; the API checks whether that is true."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
