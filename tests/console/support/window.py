"""A browser's window with the console in it, as a person or a program for the blind finds it, and what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, expect

PATIENCE = 120_000
"""Milliseconds to wait for what has to come, on a machine with other work to do."""
expect.set_options(timeout=PATIENCE)

DESK = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@dataclass
class Window:
    """One window. ``expected`` are statuses of answers that are no fault in this test."""

    url: str
    context: BrowserContext
    page: Page
    expected: set[int] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, url: str, *, goto: bool = True, **options: Any) -> Window:
        """Open the console; ``options`` are those of a context, such as ``color_scheme``."""
        context = browser.new_context(**{"viewport": DESK, "locale": "en-GB", **options})
        context.set_default_timeout(PATIENCE)
        window = cls(url, context, context.new_page())
        window.page.on("request", window._asked)
        window.page.on("response", window._answered)
        window.page.on("console", window._complained)
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        if goto:
            answer = window.page.goto(url)
            assert answer
            assert answer.status == 200
            expect(window.page.locator("#live-text")).to_have_text("Live")
        return window

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.refused.append(f"{response.status} {response.url}")

    def _complained(self, message: ConsoleMessage) -> None:
        # Of an answer that is a fault the list above tells more.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def check(self) -> None:
        """The page has asked its own origin alone, and nothing went wrong in it."""
        origin = urlsplit(self.url).netloc
        assert {urlsplit(asked).netloc for asked in self.requests} <= {origin}
        assert self.complaints == []
        assert self.refused == []

    def close(self) -> None:
        """Close the window."""
        self.context.close()

    # What a person does and sees

    def place(self, **choices: str) -> str:
        """Place an order by the dialog, each choice by the label it has there; return its id."""
        self.page.get_by_role("button", name="Place an order").click()
        dialog = self.page.get_by_role("dialog", name="Place a test order")
        for name, label in choices.items():
            dialog.get_by_label(name.capitalize(), exact=True).select_option(label=label)
        dialog.get_by_role("button", name="Place order").click()
        expect(dialog).to_be_hidden()
        return self.chosen()

    def chosen(self) -> str:
        """The id of the order that is shown."""
        expect(self.page.locator("#order-title .mono")).to_be_visible()
        return self.page.locator("#order-title .mono").inner_text()

    def filter(self, name: str) -> None:
        """Show the orders in one state."""
        self.page.locator("label", has_text=name).click()
        expect(self.page.get_by_role("radio", name=name)).to_be_checked()

    def row(self, order_id: str) -> Any:
        """The order's line on the list."""
        return self.page.locator(f"#saga-{order_id}")

    def card(self, title: str) -> Any:
        """What the page says of a section of the order that is shown ("Payment")."""
        return self.page.locator(".cards").get_by_role("region", name=title, exact=True)

    def said(self, title: str) -> Any:
        """In a word, how it is with that section."""
        return self.card(title).locator(".chip")

    def labels(self) -> list[str]:
        """What the picture's events are called, from top to bottom."""
        found: list[str] = self.page.locator(".picture .node").evaluate_all(
            "nodes => nodes.map(node => [...node.querySelectorAll('.label')].map(label => label.textContent).join(' '))"
        )
        return found

    def accessibility(self) -> list[str]:
        """What axe finds fault with, in the rules of WCAG 2.2 AA and the best practices."""
        found = Axe().run(self.page, options={"resultTypes": ["violations"]})
        return [
            f"{fault['id']}: {node['html'][:120]}" for fault in found.response["violations"] for node in fault["nodes"]
        ]

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        wider: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider
