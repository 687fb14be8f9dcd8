"""Resource policies of event buses.

Stock MiniStack 1.5.33 makes a statement of its own out of a policy, and enforces none.

AWS keeps the policy as it is put, and a bus's policy has its say in who may put events, beside the caller's own
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html).
"""

import json
from typing import Any

from emulator.patching import module, replace

eventbridge = module("services.eventbridge")
evaluator = module("core.iam_evaluator")
responses = module("core.responses")
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    _stock["put"] = replace(eventbridge, "_put_permission", _put_permission)
    eventbridge.bus_policy_for_arn = bus_policy_for_arn
    evaluator._RESOURCE_POLICY_LOOKUPS["events"] = ("eventbridge", "bus_policy_for_arn")


def bus_policy_for_arn(arn: str) -> tuple[Any, str] | None:
    """The bus's policy and owner, in the way that MiniStack looks up policies of other services."""
    policy = eventbridge._event_bus_policies.get(arn.partition(":event-bus/")[2])
    return (policy, responses.get_account_id()) if policy else None


def _put_permission(data: dict[str, Any]) -> Any:
    if not data.get("Policy"):
        return _stock["put"](data)
    name = data.get("EventBusName", "default").rpartition("/")[2]
    if name not in eventbridge._event_buses:
        return responses.error_response_json("ResourceNotFoundException", f"Event bus {name} does not exist.", 400)
    eventbridge._event_bus_policies[name] = json.loads(data["Policy"])
    return responses.json_response({})
