"""The comparison of plans with the list of gaps: it finds what is not listed, and what is listed in vain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.e2e.support.plans import Change, Gap, changes, compare, gaps


def a_plan(*resources: tuple[str, dict[str, Any]], **outputs: list[str]) -> dict[str, Any]:
    return {
        "resource_changes": [{"address": address, "change": change} for address, change in resources],
        "output_changes": {name: {"actions": actions} for name, actions in outputs.items()},
    }


def an_update(before: dict[str, Any], after: dict[str, Any], unknown: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"actions": ["update"], "before": before, "after": after, "after_unknown": unknown or {}}


NO_OP = {"actions": ["no-op"], "before": {"name": "a"}, "after": {"name": "a"}, "after_unknown": {}}


def test_empty_plan_changes_nothing() -> None:
    assert changes(a_plan(("aws_sqs_queue.this", NO_OP), ("data.aws_region.this", {"actions": ["read"]}))) == []
    assert changes(a_plan(platform=["no-op"])) == []


@pytest.mark.parametrize(
    ("change", "attributes"),
    [
        (an_update({"name": "a", "size": 1}, {"name": "a", "size": 2}), {"size"}),
        (an_update({"policy": None}, {"policy": "{}"}), {"policy"}),
        (an_update({"tags": {"a": 1}}, {"tags": {}}), {"tags"}),
        (an_update({"arn": "x"}, {}, {"arn": True}), {"arn"}),
        (an_update({"block": [{"a": 1}]}, {"block": [{}]}, {"block": [{"a": True}]}), {"block"}),
        (an_update({"a": 1}, {"a": 1}, {"block": [{"a": False}], "tags": {}}), {"update"}),
        ({"actions": ["create"], "before": None, "after": {}, "after_unknown": {"id": True}}, {"create"}),
        ({"actions": ["delete"], "before": {}, "after": None, "after_unknown": {}}, {"delete"}),
        ({"actions": ["delete", "create"], "before": {}, "after": {}, "after_unknown": {}}, {"replace"}),
        ({"actions": ["create", "delete"], "before": {}, "after": {}, "after_unknown": {}}, {"replace"}),
        ({"actions": ["forget"], "before": {}, "after": None, "after_unknown": {}}, {"forget"}),
    ],
)
def test_change_is_found(change: dict[str, Any], attributes: set[str]) -> None:
    found = changes(a_plan(("aws_sqs_queue.this", NO_OP), ("aws_lambda_function.this", change)))
    assert found == [Change("aws_lambda_function.this", attribute) for attribute in attributes]


def test_changed_output_is_found() -> None:
    assert changes(a_plan(platform=["update"])) == [Change("output.platform", "update")]


def test_unlisted_change_and_vain_gap_are_told() -> None:
    listed = [Gap(r'module\.service\["[a-z]+"\]\.aws_x\.this', "size", "because"), Gap("aws_y.this", "size", "because")]
    known, other_attribute = Change('module.service["order"].aws_x.this', "size"), Change("aws_y.this", "name")
    longer = Change('module.service["order"].aws_x.this[0]', "size")
    assert compare([known, other_attribute, longer], listed) == ([other_attribute, longer], [listed[1]])
    assert compare([known, Change("aws_y.this", "size")], listed) == ([], [])


def test_gap_needs_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "gaps.toml"
    entry = '[[gap]]\naddress = "a"\nattribute = "b"\n'
    path.write_text(entry + 'reason = " "\n')
    with pytest.raises(ValueError, match="expected a reason"):
        gaps(path)
    path.write_text(entry)
    with pytest.raises(TypeError, match="reason"):
        gaps(path)
    path.write_text(entry + 'reason = "The emulator forgets b."\n')
    assert gaps(path) == [Gap("a", "b", "The emulator forgets b.")]
