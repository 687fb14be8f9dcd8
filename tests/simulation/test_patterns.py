"""Event patterns, as EventBridge documents them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.simulation.harness.patterns import UnsupportedPatternError, compile_pattern

EVENT = {"source": "shop.order", "detail-type": "OrderPlaced", "detail": {"n": 5, "names": ["a", "b"], "none": None}}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"source": ["shop.order"]}, True),
        ({"source": ["shop.other"]}, False),
        ({"source": ["shop.order"], "detail-type": ["Other"]}, False),
        ({"source": [{"prefix": "shop."}]}, True),
        ({"source": [{"suffix": ".order"}]}, True),
        ({"source": [{"anything-but": ["shop.order"]}]}, False),
        ({"source": [{"anything-but": {"prefix": "shop."}}]}, False),
        ({"source": [{"equals-ignore-case": "SHOP.order"}]}, True),
        ({"detail": {"n": [5]}}, True),
        ({"detail": {"n": ["5"]}}, False),
        ({"detail": {"n": [{"numeric": [">", 4, "<=", 5]}]}}, True),
        ({"detail": {"n": [{"numeric": [">", 5]}]}}, False),
        ({"detail": {"names": ["b"]}}, True),
        ({"detail": {"none": [None]}}, True),
        ({"detail": {"n": [{"exists": True}]}}, True),
        ({"detail": {"missing": [{"exists": False}]}}, True),
        ({"detail": {"missing": {"deeper": [{"exists": False}]}}}, True),
        ({"detail": {"missing": ["a"]}}, False),
    ],
)
def test_a_pattern(pattern: dict[str, Any], matches: bool) -> None:
    assert compile_pattern(json.dumps(pattern))(EVENT) is matches


@pytest.mark.parametrize(
    "pattern", [{}, {"source": []}, {"source": "shop"}, {"source": [{"wildcard": "*"}]}, {"$or": [{"a": [1]}]}]
)
def test_what_is_not_modelled_is_refused(pattern: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedPatternError):
        compile_pattern(json.dumps(pattern))
