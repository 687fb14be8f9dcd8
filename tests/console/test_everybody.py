"""A console for everybody: by the keyboard, in light and dark, on a phone, without motion, for screen readers."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect
from tests.console.conftest import Open
from tests.console.support.window import PHONE, Window
from tests.e2e.support.shop import Shop

from local_platform.scenarios import SCENARIOS


@pytest.fixture(scope="module")
def reversed_order(shop: Shop) -> str:
    order_id = shop.client.place(SCENARIOS["not_served"].order, str(uuid.uuid4()))
    shop.client.finished_story(order_id, timeout=240)
    return order_id


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_nothing_is_inaccessible(size: str, scheme: str, open_window: Open, reversed_order: str) -> None:
    window = open_window(color_scheme=scheme, **({"viewport": PHONE} if size == "phone" else {}))
    expect(window.row(reversed_order)).to_be_visible()
    assert window.accessibility() == []
    assert window.overflow() <= 0
    window.page.goto(f"{window.url}#/orders/{reversed_order}")
    expect(window.page.locator(".picture .node.told")).to_be_visible()
    assert window.accessibility() == []
    assert window.overflow() <= 0
    window.page.get_by_role("button", name="Place an order").click()
    expect(window.page.get_by_role("dialog")).to_be_visible()
    assert window.accessibility() == []
    assert window.overflow() <= 0


def test_light_and_dark_differ(open_window: Open) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        body = open_window(color_scheme=scheme).page.locator("body")
        grounds[scheme] = body.evaluate(
            "body => getComputedStyle(body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"
        )
    assert grounds["light"] > 600
    assert grounds["dark"] < 120


def test_a_phone_shows_the_list_or_the_order(open_window: Open, reversed_order: str) -> None:
    window = open_window(viewport=PHONE, has_touch=True)
    row = window.row(reversed_order)
    expect(row).to_be_visible()
    row.tap()
    expect(window.page.locator(".picture .node.told")).to_be_visible()
    expect(window.page.locator("#sagas")).to_be_hidden()
    # Every event has its name, not only a dot.
    assert "Shipment rejected" in window.labels()
    window.page.get_by_role("link", name="All orders").tap()
    expect(row).to_be_visible()
    expect(window.page.locator("#order")).to_be_hidden()


def test_by_the_keyboard_alone(window: Window, reversed_order: str) -> None:
    page = window.page
    expect(window.row(reversed_order)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the orders")).to_be_focused()
    order = []
    for _ in range(4):
        page.keyboard.press("Tab")
        order.append(page.evaluate("() => document.activeElement.id"))
        assert page.evaluate("() => document.activeElement.matches(':focus-visible')")
    assert order == ["pause", "open-place", "filter-all", "sagas"]
    # A focus that is seen: on the list itself, and on the label of a filter.
    assert page.locator("#sagas").evaluate("list => getComputedStyle(list).outlineStyle") == "solid"

    first, second = (page.get_by_role("option").nth(place) for place in (0, 1))
    page.keyboard.press("Home")
    expect(first).to_have_attribute("aria-selected", "true")
    if page.get_by_role("option").count() > 1:
        page.keyboard.press("ArrowDown")
        expect(second).to_have_attribute("aria-selected", "true")
        page.keyboard.press("ArrowUp")
        expect(first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#sagas")).to_have_attribute("aria-activedescendant", first.get_attribute("id") or "")
    page.keyboard.press("Enter")
    expect(page.locator("#order-title")).to_be_focused()

    page.locator("#open-place").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Basket", exact=True)).to_be_focused()
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Place order")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#order-body .order-state .chip")).to_have_text("completed")


def test_the_skip_link_leads_to_the_orders(window: Window) -> None:
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Enter")
    expect(window.page.locator("#sagas")).to_be_focused()


def test_without_motion_nothing_moves(open_window: Open) -> None:
    moving, still = (open_window(reduced_motion=wish).page.locator(".live-dot") for wish in ("no-preference", "reduce"))
    name = "dot => getComputedStyle(dot).animationName"
    assert (moving.evaluate(name), still.evaluate(name)) == ("breathe", "none")


def test_nothing_jumps_while_the_page_comes_up(open_window: Open, reversed_order: str) -> None:
    window = open_window(goto=False)
    window.page.add_init_script(
        """
        window.jumps = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.jumps += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        """
    )
    window.page.goto(window.url)
    expect(window.row(reversed_order)).to_be_visible()
    expect(window.page.locator("#live-text")).to_have_text("Live")
    # What counts as good for a page: https://web.dev/articles/cls
    assert window.page.evaluate("() => window.jumps") < 0.1
