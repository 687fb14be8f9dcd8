"""What a plan is about to change, held against the list of the emulator's gaps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GAPS = Path(__file__).parents[1] / "emulator_gaps.toml"

_NOTHING = (["no-op"], ["read"])


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute of a resource that a plan changes, or the resource itself: create, delete or replace."""

    address: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A change that only the emulator makes necessary; `address` is a regular expression for whole addresses."""

    address: str
    attribute: str
    reason: str

    def explains(self, change: Change) -> bool:
        """Whether it is this gap that a change comes from."""
        return change.attribute == self.attribute and re.fullmatch(self.address, change.address) is not None


def gaps(path: Path = GAPS) -> list[Gap]:
    """The listed gaps. Raises `TypeError` for an entry with other fields than these, `ValueError` for no reason."""
    found = [Gap(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("gap", [])]
    for gap in found:
        if not gap.reason.strip():
            raise ValueError(f"{path.name}: {gap.address}: expected a reason")
    return found


def changes(plan: Mapping[str, Any]) -> list[Change]:
    """Everything that a plan, in Terraform's JSON representation, changes; outputs are `output.<name>`."""
    found = []
    for resource in plan.get("resource_changes", []):
        found += [Change(resource["address"], name) for name in _attributes(resource["change"])]
    for name, change in plan.get("output_changes", {}).items():
        if change["actions"] not in _NOTHING:
            found.append(Change(f"output.{name}", change["actions"][0]))
    return found


def _attributes(change: Mapping[str, Any]) -> Iterator[str]:
    actions = change["actions"]
    if actions in _NOTHING:
        return
    if actions != ["update"]:
        yield actions[0] if len(actions) == 1 else "replace"
        return
    before, after, unknown = change["before"] or {}, change["after"] or {}, change["after_unknown"] or {}
    names = [name for name in {**before, **after, **unknown} if _differs(name, before, after, unknown)]
    # Terraform shows nothing of what differs only in what is sensitive or written and never read.
    yield from names or ["update"]


def _differs(name: str, before: Mapping[str, Any], after: Mapping[str, Any], unknown: Mapping[str, Any]) -> bool:
    return _has_unknown(unknown.get(name)) or before.get(name) != after.get(name)


def _has_unknown(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(_has_unknown, value))
    return bool(value)


def compare(found: Sequence[Change], listed: Sequence[Gap]) -> tuple[list[Change], list[Gap]]:
    """The changes that no gap explains, and the gaps that explain no change."""
    unlisted = [change for change in found if not any(gap.explains(change) for gap in listed)]
    gone = [gap for gap in listed if not any(gap.explains(change) for change in found)]
    return unlisted, gone
