"""Condition keys of requests, when the emulator enforces IAM.

Stock MiniStack 1.5.33 leaves events:source and events:detail-type out of a PutEvents request, so that a policy which
names them refuses every event, or lets every one pass. It takes its loopback address, which has no TLS, for what it is,
so that a policy which refuses requests without TLS refuses all of them.

AWS fills the first two from the entries
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html), and its endpoints, which the loopback
address stands for, have TLS
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport).
"""

import json
from typing import Any

from emulator.patching import module, replace

iam_actions = module("core.iam_actions")
app = module("app")
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    _stock["tags"] = replace(iam_actions, "request_tag_context", request_tag_context)
    _stock["origin"] = replace(app, "pin_request_origin", pin_request_origin)


def request_tag_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
    """The condition keys that the request's body fills."""
    context: dict[str, Any] = _stock["tags"](service, iam_action, body, params)
    if iam_action == "events:PutEvents":
        entries = json.loads(body or b"{}").get("Entries", [])
        context |= {
            "events:source": sorted({entry.get("Source", "") for entry in entries}),
            "events:detail-type": sorted({entry.get("DetailType", "") for entry in entries}),
        }
    return context


def pin_request_origin(source_ip: str, secure_transport: bool) -> None:  # noqa: ARG001, the stock function's parameters
    """Remember where the request came from, as one over TLS."""
    _stock["origin"](source_ip, True)
