"""Replays of an archive that are meant for some rules only.

Stock MiniStack 1.5.33 ignores the rules that a replay names and gives its events to every rule that matches them.

AWS replays events to the rules in the destination's `FilterArns` alone, where there are any
(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ReplayDestination.html). It promises no order among
the events of a minute; the emulator replays them in the order of the archive.
"""

from typing import Any

from emulator.patching import module, replace

eventbridge = module("services.eventbridge")
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place, over that of a rule's targets."""
    _stock["_invoke_target"] = replace(eventbridge, "_invoke_target", _invoke_target)


def _invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
    replay = eventbridge._replays.get(event.get("ReplayName"))
    chosen = ((replay or {}).get("Destination") or {}).get("FilterArns")
    if not chosen or rule["Arn"] in chosen:
        _stock["_invoke_target"](target, event, rule, view)
