"""Orders as they move: placed, shipped, taken back, on the list and as a picture."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect
from tests.console.conftest import Open
from tests.console.support.window import Window
from tests.e2e.support.shop import Shop

from local_platform.scenarios import SCENARIOS


def test_an_order_is_placed_and_ships(window: Window, shop: Shop) -> None:
    order_id = window.place(basket="One mug", card="Approved", address="Served")
    expect(window.page.locator("#order-body .order-state .chip")).to_have_text("completed")
    expect(window.page.locator(".picture .node.told")).to_be_visible()
    assert window.labels() == ["Placed", "Reserved", "Authorized", "Booked", "Notified"]
    assert window.page.locator(".picture .undone").count() == 0
    picture = window.page.get_by_role("img", name=re.compile("^Saga completed after"))
    expect(picture).to_be_visible()
    expect(window.row(order_id)).to_contain_text("completed")
    expect(window.row(order_id)).to_have_attribute("aria-selected", "true")
    said = {"Order": "placed", "Stock": "succeeded", "Payment": "succeeded", "Shipment": "succeeded", "Notices": "sent"}
    for title, state in said.items():
        expect(window.said(title)).to_have_text(state)
    expect(window.card("Payment")).to_contain_text("ending in 4242")
    log = window.page.get_by_role("table").get_by_role("rowheader").all_inner_texts()
    assert [re.sub("^\\W+", "", name) for name in log] == [
        *("OrderPlaced", "StockReserved", "PaymentAuthorized", "ShipmentBooked", "CustomerNotified"),
    ]
    assert shop.client.ask("order", "get_order", order_id=order_id)["state"] == "PLACED"


def test_one_is_taken_back(window: Window) -> None:
    order_id = window.place(basket="A teapot and four mugs", card="Approved", address="Not served by the carrier")
    expect(window.page.locator("#order-body .order-state .chip")).to_have_text("reversed")
    expect(window.page.locator(".picture .node.told")).to_be_visible()
    assert window.labels() == [
        *("Placed", "Reserved", "Authorized", "Rejected", "Reversed", "Reversed", "Released", "Cancelled", "Notified"),
    ]
    # Compensations have a colour of their own, and a form of their own for those who do not see it.
    colours = {
        kind: window.page.locator(f".picture .node.{kind} .badge circle").first.evaluate(
            "c => getComputedStyle(c).fill"
        )
        for kind in ("done", "refused", "undone", "told")
    }
    assert len(set(colours.values())) == 4
    assert window.page.locator(".picture .node.undone .badge text").all_text_contents() == ["↩"] * 4
    dashes = window.page.locator(".picture .arrow.undoing path:first-child").first
    assert dashes.evaluate("path => getComputedStyle(path).strokeDasharray") != "none"
    summary = window.page.locator(".picture").get_attribute("aria-label") or ""
    assert "It turned back at shipping: shipment rejected, address not served." in summary
    expect(window.row(order_id)).to_contain_text("reversed")
    for title, state in {"Order": "cancelled", "Stock": "reversed", "Payment": "reversed"}.items():
        expect(window.said(title)).to_have_text(state)
    expect(window.card("Shipment")).to_contain_text("address not served")


def test_a_function_that_gives_up_is_shown(window: Window, shop: Shop) -> None:
    order_id = shop.client.place(SCENARIOS["payment_fails"].order, str(uuid.uuid4()))
    window.page.goto(f"{window.url}#/orders/{order_id}")
    gave_up = window.page.locator(".picture .node.failed")
    expect(gave_up).to_contain_text("3 attempts")
    expect(window.page.locator("tr.failed")).to_contain_text("Technical failure")
    expect(window.page.locator("#order-body .order-state .chip")).to_have_text("reversed")


def test_orders_of_others_come_up_by_themselves(window: Window, shop: Shop) -> None:
    order_id = shop.client.place(SCENARIOS["ships"].order, str(uuid.uuid4()))
    expect(window.row(order_id)).to_be_visible()
    expect(window.row(order_id)).to_contain_text("completed")
    expect(window.page.get_by_role("status")).not_to_be_empty()


def test_the_list_is_filtered_by_state(window: Window, shop: Shop) -> None:
    shipped, declined = (shop.client.place(SCENARIOS[name].order, str(uuid.uuid4())) for name in ("ships", "declined"))
    expect(window.row(shipped)).to_contain_text("completed")
    expect(window.row(declined)).to_contain_text("reversed")
    for name, here, gone in (("Completed", shipped, declined), ("Reversed", declined, shipped)):
        window.filter(name)
        expect(window.row(here)).to_be_visible()
        expect(window.row(gone)).to_have_count(0)
        count = int(window.page.locator(f"#count-{name.lower()}").inner_text())
        assert window.page.get_by_role("option").count() == count
    window.filter("Stuck")
    expect(window.page.locator("#list-empty")).to_have_text("No order is in this state.")


def test_percentiles_are_of_what_the_page_shows(window: Window, shop: Shop) -> None:
    order_id = shop.client.place(SCENARIOS["ships"].order, str(uuid.uuid4()))
    expect(window.row(order_id)).to_contain_text("completed")
    ended = int(window.page.locator("#count-completed").inner_text()) + int(
        window.page.locator("#count-reversed").inner_text()
    )
    expect(window.page.locator("#latencies-of")).to_have_text(f"Order to end, of the {ended} ended here")
    for name in ("p50", "p95", "p99"):
        expect(window.page.locator(f"#{name}")).to_have_text(re.compile(r"^\d+ ms|\d+\.\d+ s$"))


def test_an_address_shows_its_order_and_going_back_leads_back(window: Window, shop: Shop) -> None:
    first, second = (shop.client.place(SCENARIOS["ships"].order, str(uuid.uuid4())) for _ in range(2))
    window.page.goto(f"{window.url}#/orders/{first}")
    expect(window.page.locator("#order-title .mono")).to_have_text(first)
    expect(window.page.locator(".picture .node.told")).to_be_visible()
    # A page that has just come up knows the order before it knows the steps.
    window.page.reload()
    expect(window.page.locator(".picture .node.told")).to_be_visible()
    assert window.page.locator(".picture .node.done").count() == 4
    window.page.goto(f"{window.url}#/orders/{second}")
    expect(window.page.locator("#order-title .mono")).to_have_text(second)
    window.page.go_back()
    expect(window.page.locator("#order-title .mono")).to_have_text(first)


def test_an_order_that_is_not_on_record(window: Window) -> None:
    window.page.goto(f"{window.url}#/orders/{uuid.uuid4()}")
    expect(window.page.locator(".canvas")).to_have_text("Nothing is on record of this order yet.")
    expect(window.said("Payment")).to_have_text("none")


@pytest.mark.parametrize("how", ["paused", "hidden"])
def test_nothing_is_asked_while_nobody_looks(how: str, window: Window) -> None:
    window.place(basket="One mug", card="Approved", address="Served")
    if how == "paused":
        window.page.get_by_role("button", name="Pause").click()
        expect(window.page.locator("#live-text")).to_have_text("Paused")
    else:
        window.page.evaluate(
            """() => {
                Object.defineProperty(document, "hidden", { get: () => window.nobodyLooks, configurable: true });
                window.nobodyLooks = true;
                document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
    window.page.wait_for_load_state("networkidle")
    before = len(window.requests)
    # Longer than any interval: the timers of the page would have gone off.
    window.page.evaluate("() => new Promise((done) => setTimeout(done, 3_500))")
    assert len(window.requests) == before
    with window.page.expect_request("**/console/orders"):
        if how == "paused":
            window.page.get_by_role("button", name="Resume").click()
        else:
            window.page.evaluate(
                "() => { window.nobodyLooks = false; document.dispatchEvent(new Event('visibilitychange')); }"
            )
    expect(window.page.locator("#live-text")).to_have_text("Live")


def test_a_wrong_customer_is_told_in_the_dialog(window: Window) -> None:
    window.page.get_by_role("button", name="Place an order").click()
    window.page.get_by_label("Customer").fill("not a customer")
    window.page.get_by_role("button", name="Place order").click()
    expect(window.page.get_by_role("alert")).to_contain_text("Customer: expected letters")
    expect(window.page.get_by_label("Customer")).to_be_focused()
    window.page.keyboard.press("Escape")
    expect(window.page.get_by_role("dialog")).to_be_hidden()


def test_every_choice_is_offered(open_window: Open) -> None:
    window = open_window()
    window.page.get_by_role("button", name="Place an order").click()
    for name, count in {"Basket": 6, "Card": 6, "Address": 6}.items():
        expect(window.page.get_by_label(name, exact=True).locator("option")).to_have_count(count)
