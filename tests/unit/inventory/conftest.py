"""Every test is a process of its own, as far as what a process remembers of the shards is concerned."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inventory import shards


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    shards.forget()
    yield
    shards.forget()
