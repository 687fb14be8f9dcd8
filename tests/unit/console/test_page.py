from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.conftest import FakeContext
from tests.unit.console.conftest import Platform, secured

import console
from console import handlers, pages

STATIC = Path(console.__file__).parent / "static"


def page(**path: str) -> dict[str, Any]:
    request = {"version": "2.0", "headers": {}, "requestContext": {}, "pathParameters": path}
    return secured(handlers.get_page(request, FakeContext()))


class TestHeaders:
    def test_the_policy_admits_this_origin_alone(self) -> None:
        policy = dict(part.split(" ", 1) for part in pages.HEADERS["content-security-policy"].split("; "))
        assert policy.pop("default-src") == "'none'"
        assert policy.pop("require-trusted-types-for") == "'script'"
        for directive in ("script-src", "style-src", "img-src", "connect-src"):
            assert policy.pop(directive) == "'self'"
        assert policy == dict.fromkeys(("base-uri", "form-action", "frame-ancestors", "trusted-types"), "'none'")

    def test_the_usual_ones(self) -> None:
        assert pages.HEADERS["x-content-type-options"] == "nosniff"
        assert pages.HEADERS["x-frame-options"] == "DENY"
        assert pages.HEADERS["referrer-policy"] == "no-referrer"
        assert pages.HEADERS["cross-origin-opener-policy"] == "same-origin"
        assert pages.HEADERS["cross-origin-resource-policy"] == "same-origin"
        assert int(pages.HEADERS["strict-transport-security"].removeprefix("max-age=")) >= 31_536_000


@pytest.mark.usefixtures("platform")
class TestFiles:
    def test_the_page(self) -> None:
        answer = page()
        assert answer["statusCode"] == 200
        assert answer["headers"]["content-type"] == "text/html; charset=utf-8"
        assert answer["headers"]["cache-control"] == "no-cache"
        assert answer["body"] == (STATIC / "index.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
    def test_every_file(self, path: Path) -> None:
        answer = page(file=path.name)
        assert answer["body"] == path.read_text(encoding="utf-8")
        kind = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
        assert answer["headers"]["content-type"].startswith(kind[path.suffix])

    def test_a_file_that_the_browser_has(self) -> None:
        tag = page(file="app.js")["headers"]["etag"]
        request = {"headers": {"If-None-Match": tag}, "requestContext": {}, "pathParameters": {"file": "app.js"}}
        answer = secured(handlers.get_page(request, FakeContext()))
        assert (answer["statusCode"], answer["body"]) == (304, "")
        assert page(file="dom.js")["headers"]["etag"] != tag

    @pytest.mark.parametrize("name", ["nothing.js", "../handlers.py", "..", "", "/etc/passwd", "%2e%2e/handlers.py"])
    def test_a_file_that_there_is_not(self, name: str) -> None:
        answer = page(file=name)
        assert answer["statusCode"] == 404
        assert json.loads(answer["body"])["field"] == "file"


class TestSources:
    """What the policy forbids is not in the files either, so that nothing of the page silently does not work."""

    def test_nothing_is_inline(self) -> None:
        text = (STATIC / "index.html").read_text(encoding="utf-8")
        assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
        assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []

    @pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
    def test_nothing_comes_from_elsewhere(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8").replace('"http://www.w3.org/2000/svg"', "")
        assert re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text) == []
        assert re.findall(r"@import|url\(|innerHTML|outerHTML|insertAdjacentHTML|\beval\(|document\.write", text) == []

    def test_every_file_that_is_named_is_there(self) -> None:
        names = {path.name for path in STATIC.iterdir()}
        page_text = (STATIC / "index.html").read_text(encoding="utf-8")
        named = set(re.findall(r'"console/files/([^"]+)"', page_text))
        for script in STATIC.glob("*.js"):
            named |= set(re.findall(r'from "\./([^"]+)"', script.read_text(encoding="utf-8")))
        assert named == names - {"index.html"}


def test_the_page_needs_nothing_but_itself(platform: Platform) -> None:
    page()
    assert platform.asked == []
