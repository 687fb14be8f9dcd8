"""What the page may do, who may see it, and who may not make it do anything."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from playwright.sync_api import Error, expect
from tests.console.support.window import Window
from tests.e2e.support.shop import Shop
from tests.e2e.support.waiting import eventually

from console import pages

CHOSEN = {"customer_id": "ada", "basket": "one_mug", "card": "tok_approve", "address": "1010", "stock": False}


@pytest.fixture
def url(shop: Shop) -> str:
    found: str = shop.outputs["console"]["url"]
    return found


def ask(method: str, url: str, **options: Any) -> httpx.Response:
    return httpx.request(method, url, timeout=60, trust_env=False, **options)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/files/app.js", "/files/nothing", "/orders", f"/orders/{uuid.uuid4()}", "/orders/x"),
        *(f"/orders/{uuid.uuid4()}/details", "/orders/x/details"),
    ],
)
def test_every_answer_has_the_headers(path: str, url: str) -> None:
    answer = ask("GET", url + path)
    assert answer.status_code in {200, 404}
    assert pages.HEADERS.items() <= dict(answer.headers).items()


def test_the_policy_stops_what_is_not_the_page_s_own(window: Window) -> None:
    window.page.evaluate(
        """() => {
            window.violations = new Set();
            addEventListener("securitypolicyviolation", (event) => violations.add(event.effectiveDirective));
            fetch("http://127.0.0.2:9/elsewhere").catch(() => {});
            new Image().src = "http://127.0.0.2:9/picture.png";
            document.body.setAttribute("style", "color: red");
        }"""
    )
    for parsed in (
        "document.body.innerHTML = '<b>replaced</b>'",
        "document.body.setAttribute('onclick', 'broken = 1')",
    ):
        with pytest.raises(Error, match=r"TrustedHTML|TrustedScript"):
            window.page.evaluate(f"() => {{ {parsed}; }}")
    window.page.wait_for_function("() => violations.size >= 4")
    violations = window.page.evaluate("() => [...violations].sort()")
    assert violations == ["connect-src", "img-src", "require-trusted-types-for", "style-src-attr"]
    # The browser complains, which is what was asked for. What it reports as asked never left.
    assert window.complaints
    window.complaints.clear()
    window.requests = [asked for asked in window.requests if "127.0.0.2" not in asked]


def test_a_frame_of_another_page_stays_empty(window: Window, url: str) -> None:
    answer = ask("GET", url)
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_an_address_that_is_in_no_network_is_refused(shop: Shop, url: str) -> None:
    for path in ("", "/orders"):
        assert ask("GET", url + path).status_code == 200
    with shop.changed("console/authorize", CONSOLE_NETWORKS="192.0.2.0/24"):
        for method, path in (("GET", ""), ("GET", "/orders"), ("GET", "/files/app.js"), ("POST", "/orders")):
            assert ask(method, url + path).status_code == 403
    # Signing with IAM opens the operators' routes, and not this door: nor does the door open them.
    assert ask("GET", url.removesuffix("/console") + "/sagas").status_code == 403
    eventually(lambda: _admitted(url))


def _admitted(url: str) -> None:
    assert ask("GET", url).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"x-console": ""},
        {"content-type": "text/plain"},
    ],
)
def test_other_sites_cannot_place_orders(change: dict[str, str], shop: Shop, url: str) -> None:
    before = shop.table("order")
    origin = url.partition("/_aws")[0]
    own = {"origin": origin, "sec-fetch-site": "same-origin", "x-console": "1", "content-type": "application/json"}
    headers = {**own, "idempotency-key": str(uuid.uuid4()), **change}
    assert ask("POST", f"{url}/orders", json=CHOSEN, headers=headers).status_code in {403, 415}
    assert shop.table("order") == before


def test_other_sites_cannot_read(url: str) -> None:
    answer = ask("GET", f"{url}/orders", headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_no_personal_data_is_logged(window: Window, shop: Shop) -> None:
    window.page.get_by_role("button", name="Place an order").click()
    window.page.get_by_label("Customer").fill("canary-customer")
    window.page.get_by_role("button", name="Place order").click()
    expect(window.page.locator("#order-body .order-state .chip")).to_have_text("completed")
    logs = shop.client.aws("logs")
    for key, function in shop.outputs["functions"].items():
        if key.startswith("console/"):
            records = logs.filter_log_events(logGroupName=function["log_group_name"])["events"]
            text = "\n".join(record["message"] for record in records)
            assert "canary" not in text
            assert "tok_" not in text
