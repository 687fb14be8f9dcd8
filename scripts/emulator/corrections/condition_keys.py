"""Condition keys of requests, when the emulator enforces IAM.

Stock MiniStack 1.5.33 leaves events:source and events:detail-type out of a PutEvents request, so that a policy which
names them refuses every event, or lets every one pass. It leaves kms:MacAlgorithm out of requests for a MAC, and takes
the alias that such a request names its key by for what the request is about. It takes its loopback address, which has
no TLS, for what it is, so that a policy which refuses requests without TLS refuses all of them.

AWS fills the first two from the entries
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html), the third from the request
(https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-mac-algorithm), which is about
the key whatever it is named by (https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html). AWS's
endpoints, which the loopback address stands for, have TLS
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-securetransport).
"""

import json
from typing import Any

from emulator.patching import module, replace

iam_actions = module("core.iam_actions")
app = module("app")
kms = module("services.kms")
_MACS = {"kms:GenerateMac", "kms:VerifyMac"}
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    _stock["tags"] = replace(iam_actions, "request_tag_context", request_tag_context)
    _stock["arn"] = replace(iam_actions, "extract_resource_arn", extract_resource_arn)
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
    if iam_action in _MACS:
        context["kms:MacAlgorithm"] = json.loads(body or b"{}").get("MacAlgorithm", "")
    return context


def extract_resource_arn(
    service: str,
    method: str,
    path: str,
    headers: dict[str, Any],
    body: bytes,
    query_params: dict[str, Any],
    region: str,
    account_id: str,
) -> str:
    """The ARN that the request is about."""
    arn: str = _stock["arn"](service, method, path, headers, body, query_params, region, account_id)
    operation = str(headers.get("x-amz-target", "")).rpartition(".")[2]
    if service == "kms" and f"kms:{operation}" in _MACS:
        key = kms._resolve_key(json.loads(body or b"{}").get("KeyId"))
        return str(key["Arn"]) if key else arn
    return arn


def pin_request_origin(source_ip: str, secure_transport: bool) -> None:  # noqa: ARG001, the stock function's parameters
    """Remember where the request came from, as one over TLS."""
    _stock["origin"](source_ip, True)
