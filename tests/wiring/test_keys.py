"""A service whose key is disabled stops alone, and its orders wait: once the key is back, each ends as it has to.

A caller that cannot use a table's key is refused by DynamoDB with AccessDeniedException
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html). Whoever gets that fails
like any function that fails, so that its messages end in dead-letter queues, or in Lambda's retries for six hours.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support import platform as in_process
from tests.support.orders import a_body, place, stock
from tests.support.platform import Message, Platform
from tests.wiring.support.checks import Wiring

STEPS = ("inventory", "payment", "shipping")


@pytest.fixture
def platform(wiring: Wiring) -> Iterator[Platform]:
    with in_process.running(wiring.deployment) as running:
        stock(running)
        yield running


def published(platform: Platform, order_id: str) -> list[str]:
    def saga(message: Message) -> str:
        payload = message["detail"].get("requestPayload", message)
        return str(payload["detail"]["meta"]["correlation_id"])

    return [message["detail-type"] for message in platform.published if saga(message) == order_id]


def put_back(platform: Platform) -> None:
    """Deliver again what ended in dead-letter queues, as a redrive does."""
    letters, platform.dead_letters = platform.dead_letters, []
    for letter in letters:
        assert platform.invoke(letter.function, letter.event).error is None
        platform.run()


def touched(platform: Platform) -> set[str]:
    """The services of the functions that have failed."""
    return {one.function.partition("/")[0] for one in platform.invocations if one.error is not None}


@pytest.mark.parametrize("service", STEPS)
def test_orders_wait_for_the_key_of_a_step_and_are_then_taken_back(platform: Platform, service: str) -> None:
    platform.without_key = {service}
    order_id = place(platform, a_body())["order_id"]
    platform.run()
    assert touched(platform) == {service}
    assert platform.dead_letters
    assert "OrderCancelled" not in published(platform, order_id)
    # Everybody else goes on.
    readers = [key for key in platform.functions if "/get_" in key and key.startswith(("order/", "notification/"))]
    assert all(platform.invoke(reader, {"order_id": order_id}).error is None for reader in readers)
    platform.without_key = set()
    put_back(platform)
    assert not platform.dead_letters
    told = published(platform, order_id)
    assert {"OrderCancelled", "CustomerNotified"} <= set(told)
    assert "ShipmentBooked" not in told
    available = {
        key: int(row["available"]["N"]) for key, row in platform.rows("inventory").items() if "available" in row
    }
    assert sum(available.values()) == 200, available


def test_no_order_is_taken_without_the_key_of_orders_and_none_is_lost(platform: Platform) -> None:
    before = place(platform, a_body(), "before")["order_id"]
    platform.without_key = {"order"}
    with pytest.raises(KeyError, match="order_id"):
        place(platform, a_body(), "during")["order_id"]
    platform.run()
    assert "ShipmentBooked" in published(platform, before)
    platform.without_key = set()
    after = place(platform, a_body(), "during")["order_id"]
    platform.run()
    assert "ShipmentBooked" in published(platform, after)


@pytest.mark.parametrize("service", ["notification", "saga_log"])
def test_orders_ship_without_the_key_of_a_service_that_only_tells(platform: Platform, service: str) -> None:
    platform.without_key = {service}
    order_id = place(platform, a_body())["order_id"]
    platform.run()
    assert touched(platform) == {service}
    assert "ShipmentBooked" in published(platform, order_id)
    platform.without_key = set()
    put_back(platform)
    assert not platform.dead_letters
    assert "CustomerNotified" in published(platform, order_id)
    assert platform.invoke("saga_log/get_saga", {"order_id": order_id}).answer["state"] == "completed"
