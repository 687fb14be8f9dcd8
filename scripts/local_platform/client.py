"""A client of the platform: its HTTP API, signed with IAM, and what an operator may look at beside it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_platform.deployment import Deployment

STEPS = {"order": "get_order", "inventory": "get_stock", "payment": "get_payment", "shipping": "get_shipment"}
"""The services of the saga's steps, in its order, with their read functions."""
NOTICES = ("notification", "get_notices")


class PlatformError(RuntimeError):
    """The platform answered something that the caller cannot go on with."""


@dataclass(frozen=True)
class Client:
    """Talks to one deployment.

    Attributes:
        endpoint: URL that the paths of the API follow.
        outputs: the root module's outputs; of a deployment on this machine, `customers` too.
        environment: AWS settings, as `Emulator.environment` gives them.
    """

    endpoint: str
    outputs: Mapping[str, Any]
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, deployment: Deployment) -> Client:
        """The client of a deployment on this machine."""
        outputs = deployment.outputs
        return cls(outputs["api"]["endpoint"], outputs, deployment.emulator.environment())

    @cached_property
    def _credentials(self) -> Credentials:
        return Credentials(self.environment["AWS_ACCESS_KEY_ID"], self.environment["AWS_SECRET_ACCESS_KEY"])

    def aws(self, service: str) -> Any:
        """A client of an AWS service where the platform runs."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=self._credentials.access_key,
            aws_secret_access_key=self._credentials.secret_key,
        )

    @cached_property
    def _http(self) -> httpx.Client:
        return httpx.Client(timeout=30, trust_env=False)

    def request(
        self, method: str, path: str, document: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send a signed request; `document` becomes a JSON body, bytes are sent as they are."""
        body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        url = self.endpoint + path
        request = AWSRequest(method, url, data=body, headers=dict(headers or {}))
        request.headers["content-type"] = "application/json"
        SigV4Auth(self._credentials, "execute-api", self.environment["AWS_REGION"]).add_auth(request)
        return self._http.request(method, url, content=body, headers=dict(request.headers.items()))

    def expect(self, method: str, path: str, document: object = None, **options: Any) -> dict[str, Any]:
        """Send a signed request and return its document. Raises `PlatformError` for a status of 400 or more."""
        response = self.request(method, path, document, **options)
        if response.status_code >= 400:
            raise PlatformError(f"{method} {path} answered {response.status_code}: {response.text[:500]}")
        answered: dict[str, Any] = response.json()
        return answered

    def stock(
        self, delivery_id: str, sku: str, quantity: int, unit_price: int, currency: str = "EUR", **more: int
    ) -> None:
        """Take a delivery into stock; `unit_price` is in minor units, `more` may say into how many `shards`."""
        body = {"delivery_id": delivery_id, "quantity": quantity, "unit_price": unit_price, "currency": currency}
        self.expect("PUT", f"/stock/{sku}", {**body, **more})

    def place(self, order: Mapping[str, Any], key: str) -> str:
        """Place an order (PlaceOrderRequest.v1) under an idempotency key and return its id.

        An order that the shop refuses has an id and a saga too. Raises `PlatformError` for one that was not recorded.
        """
        response = self.request("POST", "/orders", order, headers={"idempotency-key": key})
        order_id = response.json().get("order_id")
        if order_id is None:
            raise PlatformError(f"POST /orders answered {response.status_code}: {response.text[:500]}")
        return str(order_id)

    def cancel(self, order_id: str) -> None:
        """Ask for an order to be taken back."""
        self.expect("POST", f"/orders/{order_id}/cancellation")

    def story(self, order_id: str) -> dict[str, Any] | None:
        """One order's saga as it is on record, or None when nothing is yet."""
        response = self.request("GET", f"/orders/{order_id}/saga")
        if response.status_code == 404:
            return None
        if response.status_code != 200:
            raise PlatformError(f"the saga of {order_id} answered {response.status_code}: {response.text[:500]}")
        told: dict[str, Any] = response.json()
        return told

    def await_event(self, order_id: str, detail_type: str, timeout: float = 60) -> dict[str, Any]:
        """Wait until an event of the order's saga is on record and return the story so far.

        Raises `PlatformError` when that takes longer than `timeout` seconds.
        """
        return self._await(order_id, lambda told: detail_type in _detail_types(told), timeout)

    def finished_story(self, order_id: str, timeout: float = 60) -> dict[str, Any]:
        """Wait until the customer was told of the order's outcome and return the saga's story.

        Raises `PlatformError` when that takes longer than `timeout` seconds.
        """
        return self._await(
            order_id, lambda told: told["state"] != "open" and "CustomerNotified" in _detail_types(told), timeout
        )

    def _await(self, order_id: str, condition: Callable[[dict[str, Any]], bool], timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while True:
            told = self.story(order_id)
            if told and condition(told):
                return told
            if time.monotonic() > deadline:
                seen = _detail_types(told) if told else []
                raise PlatformError(f"order {order_id} is not there after {timeout:.0f} s; on record: {seen}")
            time.sleep(0.2)

    def ask(self, service: str, function: str, **payload: Any) -> Any:
        """Invoke a read function and return its answer. Raises `PlatformError` when it fails."""
        name = self.outputs["functions"][f"{service}/{function}"]["name"]
        answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps(payload).encode())
        document = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise PlatformError(f"{name} failed: {document}")
        return document

    @cached_property
    def _lambda(self) -> Any:
        return self.aws("lambda")

    def rows(self, order_id: str) -> dict[str, str]:
        """Where the rows of the saga's steps stand, by service; `absent` for one that there is not."""
        rows = {}
        for service, function in STEPS.items():
            found = self.ask(service, function, order_id=order_id)
            rows[service] = found["state"] if found else "absent"
        return rows

    def mails(self) -> list[dict[str, Any]]:
        """The mails that the emulator was asked to send, oldest first."""
        response = self._http.get(f"{self.environment['AWS_ENDPOINT_URL']}/_ministack/ses/messages")
        response.raise_for_status()
        sent: dict[str, list[dict[str, Any]]] = response.json()["messages"]
        return sent.get(self.environment["AWS_ACCESS_KEY_ID"], [])


def _detail_types(told: Mapping[str, Any]) -> list[str]:
    return [event["detail_type"] for event in told["events"]]
