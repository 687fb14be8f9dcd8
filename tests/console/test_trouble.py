"""A console that is honest: it says what is not there and since when, and keeps what it knew with its time."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect
from tests.console.support.window import Window
from tests.e2e.support.shop import Shop

from local_platform.scenarios import SCENARIOS

OTHERS = {"Order": "placed", "Stock": "succeeded", "Payment": "succeeded", "Notices": "sent"}
"""What the services but shipping say of an order that ships."""
TIME = r"\d{2}:\d{2}:\d{2}"


def test_a_list_that_is_down(window: Window, shop: Shop) -> None:
    order_id = shop.client.place(SCENARIOS["ships"].order, str(uuid.uuid4()))
    expect(window.row(order_id)).to_contain_text("completed")
    with shop.raising("saga_log/get_sagas"):
        expect(window.page.locator("#notice")).to_have_text(
            re.compile(rf"^The saga log \(saga_log/get_sagas\) is unavailable since {TIME}\. The list is of {TIME}\.$")
        )
        expect(window.page.locator("#live-text")).to_have_text("Not live")
        # What was known stays.
        expect(window.row(order_id)).to_contain_text("completed")
        expect(window.page.get_by_role("status")).to_contain_text("unavailable")
    expect(window.page.locator("#notice")).to_be_hidden()
    expect(window.page.locator("#live-text")).to_have_text("Live")


def test_a_saga_that_is_down(window: Window, shop: Shop) -> None:
    window.place(basket="One mug", card="Approved", address="Served")
    expect(window.page.locator(".picture .node.told")).to_be_visible()
    with shop.raising("saga_log/get_saga"):
        expect(window.page.locator(".trouble")).to_have_text(
            re.compile(
                rf"^The saga log \(saga_log/get_saga\) is unavailable since {TIME}\. What you see is of {TIME}\.$"
            )
        )
        expect(window.page.locator(".picture .node.told")).to_be_visible()
        expect(window.page.locator("#notice")).to_be_hidden()
    expect(window.page.locator(".trouble")).to_be_hidden()


def test_a_service_that_was_cut_off_before_anybody_looked(window: Window, shop: Shop) -> None:
    order_id = shop.client.place(SCENARIOS["ships"].order, str(uuid.uuid4()))
    shop.client.finished_story(order_id, timeout=240)
    with shop.with_concurrency("shipping/get_shipment", 0):
        window.page.goto(f"{window.url}#/orders/{order_id}")
        expect(window.said("Shipment")).to_have_text("unavailable")
        expect(window.card("Shipment").locator(".as-of")).to_have_text(re.compile(rf"^Unavailable since {TIME}\.$"))
        expect(window.card("Shipment").get_by_role("term")).to_have_count(0)
        for title, said in OTHERS.items():
            expect(window.said(title)).to_have_text(said)
        assert window.accessibility() == []
        # Nothing else is down.
        expect(window.page.locator(".picture .node.told")).to_be_visible()
        expect(window.page.locator(".trouble")).to_be_hidden()
        expect(window.page.locator("#notice")).to_be_hidden()
    expect(window.said("Shipment")).to_have_text("succeeded")
    expect(window.card("Shipment")).to_contain_text("Tracking")


@pytest.mark.usefixtures("no_cache")
def test_a_service_that_is_cut_off_while_somebody_looks(window: Window, shop: Shop) -> None:
    window.place(basket="One mug", card="Approved", address="Served")
    expect(window.said("Shipment")).to_have_text("succeeded")
    with shop.raising("shipping/get_shipment"):
        expect(window.said("Shipment")).to_have_text("unavailable")
        # What was known stays, with its time.
        expect(window.card("Shipment").locator(".as-of")).to_have_text(
            re.compile(rf"^Unavailable since {TIME}\. This is of {TIME}\.$")
        )
        expect(window.card("Shipment")).to_contain_text("Tracking")
        for title, said in OTHERS.items():
            expect(window.said(title)).to_have_text(said)
    expect(window.said("Shipment")).to_have_text("succeeded")
    expect(window.card("Shipment").locator(".as-of")).to_have_text(re.compile(rf"^as of {TIME}$"))


def test_a_composer_that_is_down(window: Window, shop: Shop) -> None:
    order_id = shop.client.place(SCENARIOS["ships"].order, str(uuid.uuid4()))
    with shop.with_concurrency("composer/get_details", 0):
        window.page.goto(f"{window.url}#/orders/{order_id}")
        for title in ("Shipment", *OTHERS):
            expect(window.said(title)).to_have_text("unavailable")
        expect(window.page.locator(".picture .node.told")).to_be_visible()
    for title, said in OTHERS.items():
        expect(window.said(title)).to_have_text(said)


def test_a_console_that_is_down(window: Window, shop: Shop) -> None:
    order_id = shop.client.place(SCENARIOS["ships"].order, str(uuid.uuid4()))
    expect(window.row(order_id)).to_be_visible()
    window.context.set_offline(True)
    expect(window.page.locator("#notice")).to_have_text(
        re.compile(rf"^The console does not answer since {TIME}\. The list is of {TIME}\.$")
    )
    expect(window.row(order_id)).to_be_visible()
    window.context.set_offline(False)
    expect(window.page.locator("#notice")).to_be_hidden()


def test_an_order_that_cannot_be_placed_now(window: Window, shop: Shop) -> None:
    window.expected.add(503)
    with shop.raising("order/place_order"):
        window.page.get_by_role("button", name="Place an order").click()
        window.page.get_by_label("Take a delivery").uncheck()
        window.page.get_by_role("button", name="Place order").click()
        # The order service answers for itself that it cannot; the console says so.
        expect(window.page.get_by_role("alert")).not_to_be_empty()
    window.page.get_by_role("button", name="Place order").click()
    expect(window.page.get_by_role("dialog")).to_be_hidden()
    expect(window.page.locator("#order-body .order-state .chip")).to_have_text("completed")
