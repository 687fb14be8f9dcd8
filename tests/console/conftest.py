"""The console in a real browser, against the platform on the emulator with IAM enforced.

The deployment is the one that the tests end to end keep. One emulator serves the whole layer, and one browser; a test
has a window of its own, and no test minds what orders others have placed.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_platform.cache_server import CacheServer
from local_platform.deployment import PLATFORMS, Deployment, Platform, clear_environment
from toolchain import browser

pytest.register_assert_rewrite("tests.console.support", "tests.e2e.support")

from tests.console.support.window import Window  # noqa: E402 - after the line that has its assertions explained
from tests.e2e.support.shop import Shop, open_shop  # noqa: E402 - the same

PLATFORM = Platform("e2e", {})

Open = Callable[..., Window]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a run waits for Terraform, and every test for a machine with other work to do."""
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def deployment() -> Iterator[Deployment]:
    browser.ensure()  # where there is none, it says what to install before anything is deployed
    PLATFORMS.mkdir(parents=True, exist_ok=True)
    with (PLATFORMS / f"{PLATFORM.name}.lock").open("w") as lock:
        # Another run works on the platform's folder: it is waited for.
        fcntl.flock(lock, fcntl.LOCK_EX)
        clear_environment()
        started = PLATFORM.start(lambda line: print(line, flush=True), auth=True)
        with started.emulator:
            yield started


@pytest.fixture(scope="session")
def chromium(deployment: Deployment) -> Iterator[Any]:
    """A browser. It starts when there is something to look at: the deployment has the machine to itself."""
    with browser.launched() as running:
        yield running


@pytest.fixture(scope="session")
def shop(deployment: Deployment) -> Iterator[Shop]:
    with open_shop(deployment) as shop:
        for sku, price in {"TEAPOT-1": 4_200, "MUG-2": 950}.items():
            shop.client.stock(f"console-tests-{sku}", sku, 10_000, price)
        yield shop


@pytest.fixture
def no_cache(deployment: Deployment) -> Iterator[None]:
    """Takes the composer's cache away, so that whatever is shown has just been asked for."""
    cache: CacheServer | None = deployment.cache
    assert cache
    cache.stop()
    yield
    cache.resume()


@pytest.fixture
def open_window(shop: Shop, chromium: Any) -> Iterator[Open]:
    """Opens the console in a window. Whatever its pages ask for, or complain of, has to be as it should at the end."""
    windows: list[Window] = []

    def open_one(**options: Any) -> Window:
        window = Window.open(chromium, shop.outputs["console"]["url"], **options)
        windows.append(window)
        return window

    yield open_one
    for window in windows:
        try:
            window.check()
        finally:
            window.close()


@pytest.fixture
def window(open_window: Open) -> Window:
    return open_window()
