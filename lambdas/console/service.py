"""What the console tells of the platform, section by section: one that is down leaves the others as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from console import testorders
from console.asking import Function, UnavailableError
from saga_kit import clock
from saga_kit.http import Problem

OK, MISSING, UNAVAILABLE = "ok", "missing", "unavailable"
LIMIT = 100
"""How many open sagas, and how many that have ended, are told at most."""
FEW = 20
"""With fewer ended ones than this today, those of yesterday are told too: a day has just begun, or is quiet."""


@dataclass(frozen=True, slots=True)
class Sagas:
    """Lists sagas, by the saga log."""

    function: Function

    def tell(self) -> dict[str, Any]:
        """Return a section: the open ones by their deadlines, and those that ended lately, the last one first."""
        today = clock.now()
        try:
            opened, ended = self._page("open"), self._page("ended", _day(today))
            found, more = [*ended["sagas"]], "cursor" in ended
            if len(found) < FEW:
                before = self._page("ended", _day(today - timedelta(days=1)))
                more = "cursor" in before or len(found) + len(before["sagas"]) > LIMIT
                found = [*found, *before["sagas"]][:LIMIT]
        except UnavailableError as error:
            return _unavailable(error)
        return {
            "status": OK,
            "open": opened["sagas"],
            "more_open": "cursor" in opened,
            "ended": found,
            "more_ended": more,
        }

    def _page(self, state: str, day: str | None = None) -> Any:
        return self.function.ask({"state": state, "limit": LIMIT, **({"day": day} if day else {})})


@dataclass(frozen=True, slots=True)
class Story:
    """Tells one saga, by the saga log."""

    function: Function

    def tell(self, order_id: str) -> dict[str, Any]:
        """Return a section: the story of the order's saga."""
        return _section(lambda: self.function.ask({"order_id": order_id}), "story")


_SHOWN: Mapping[str, tuple[str, ...]] = {
    "order": ("state", "customer_id", "total", "currency", "lines", "cancellation_requested", "reason"),
    "stock": ("state", "lines", "reason"),
    "payment": ("state", "payment", "reason"),
    "shipment": ("state", "shipment", "reason"),
    "notices": ("notices",),
}
"""What of each section of the composer is passed on: no name, and no address of mail or of a house."""


@dataclass(frozen=True, slots=True)
class Details:
    """Tells what the services know of an order, by the composer."""

    function: Function

    def tell(self, order_id: str) -> dict[str, dict[str, Any]]:
        """Return a section for each service; where the composer does not answer, each of them says so."""
        try:
            answer = self.function.ask(_request("GET /orders/{id}/details", path={"id": order_id}))
        except UnavailableError as error:
            return {name: _unavailable(error) for name in _SHOWN}
        status = int(answer["statusCode"])
        if status == HTTPStatus.NOT_FOUND:
            return {name: {"status": MISSING} for name in _SHOWN}
        if status != HTTPStatus.OK:
            return {name: _unavailable(UnavailableError(self.function.name)) for name in _SHOWN}
        told = json.loads(answer["body"])
        return {name: _passed_on(told[name], shown) for name, shown in _SHOWN.items()}


def _passed_on(told: Mapping[str, Any], shown: tuple[str, ...]) -> dict[str, Any]:
    """Return a section of the composer as one of the console, with the time that it is of."""
    if told["status"] != "available":
        return {"status": told["status"], "as_of": told["as_of"]}
    data = {name: told["data"][name] for name in shown if name in told["data"]}
    return {"status": OK, "as_of": told["as_of"], "data": data}


@dataclass(frozen=True, slots=True)
class Shop:
    """Takes orders and deliveries, by the functions of the API that do."""

    place_order: Function
    receive_stock: Function

    def place(self, chosen: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Place the order that was ``chosen`` (PlaceTestOrderRequest.v1), once for each ``key``.

        Returns its id and state; a refused one has both too, and the reason. Raises ``Problem``: 422 for a choice that
        is none, 503 when a function does not answer, and what the functions answer with otherwise.
        """
        order = testorders.order(chosen)
        if chosen["stock"]:
            for sku, delivery in testorders.deliveries(chosen, key):
                self._request(self.receive_stock, "PUT /stock/{sku}", delivery, path={"sku": sku})
        status, answer = self._request(
            self.place_order, "POST /orders", order, headers={"idempotency-key": f"console-{key}"}
        )
        placed = {"order_id": answer["order_id"], "state": answer.get("state", "REJECTED")}
        return placed if status < HTTPStatus.BAD_REQUEST else {**placed, "reason": answer["detail"]}

    def _request(
        self,
        function: Function,
        route: str,
        body: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        path: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Ask a function as the HTTP API would; return status and document, of a refused order too."""
        try:
            answer = function.ask(_request(route, body, headers=headers, path=path))
        except UnavailableError as error:
            raise _down(function) from error
        status, document = int(answer["statusCode"]), json.loads(answer["body"])
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _down(function)
        if status >= HTTPStatus.BAD_REQUEST and "order_id" not in document:
            kind = str(document.get("type", "")).rpartition(":")[2] or "refused"
            raise Problem(HTTPStatus(status), kind, str(document.get("detail", "refused")))
        return status, document


def _down(function: Function) -> Problem:
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", f"{function.name} does not answer; try again")


def _request(
    route: str,
    body: Mapping[str, Any] | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    path: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a request to a function as the HTTP API would send it, for an operator."""
    return {
        "version": "2.0",
        "routeKey": route,
        "headers": {"content-type": "application/json", **(headers or {})},
        # What the API says of an operator: the function that decides who is one has let this one in.
        "requestContext": {"http": {"method": route.partition(" ")[0]}, "authorizer": {"iam": {"userId": "console"}}},
        "pathParameters": dict(path or {}),
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _section(ask: Callable[[], Any], name: str) -> dict[str, Any]:
    try:
        document = ask()
    except UnavailableError as error:
        return _unavailable(error)
    return {"status": MISSING} if document is None else {"status": OK, name: document}


def _unavailable(error: UnavailableError) -> dict[str, Any]:
    return {"status": UNAVAILABLE, "function": error.function}


def _day(moment: datetime) -> str:
    return clock.rfc3339(moment)[:10]
