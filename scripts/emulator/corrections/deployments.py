"""What the requests of a deployment are about, when the emulator enforces IAM.

Stock MiniStack 1.5.33 takes the resource of many of them for "*" or for a rule of the default bus: whatever names its
resource as an ARN, an alias, an archive, a bus that is to be made, a dashboard, several alarms. It leaves the path
out of a role's ARN. What is done to a stream's mapping it takes for a list of all of them, or for nothing. It fills
neither iam:PermissionsBoundary, nor aws:ResourceTag of the key that an alias is for, nor lambda:FunctionArn of a
stream's mapping. So a policy that names any of these refuses every request.

AWS has the resources and condition keys of every action in the service authorization reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html):
the boundary is the one that a role is to get, or has while its policies change; the function is the mapping's.
"""

import json
from contextvars import ContextVar
from typing import Any

from emulator.patching import module, replace

iam_actions = module("core.iam_actions")
iam = module("services.iam")
kms = module("services.kms")
functions = module("services.lambda_svc")
_stock: dict[str, Any] = {}
_resource: ContextVar[str] = ContextVar("resource", default="*")

_OF_MAPPINGS = {"DELETE": "DeleteEventSourceMapping", "GET": "GetEventSourceMapping", "PUT": "UpdateEventSourceMapping"}
_GIVES_BOUNDARY = {"iam:CreateRole", "iam:PutRolePermissionsBoundary"}
_CHANGES_BOUNDED_ROLE = {
    "iam:AttachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePolicy",
}


def apply() -> None:
    """Put the correction in place."""
    _stock["tags"] = replace(iam_actions, "request_tag_context", request_tag_context)
    _stock["arn"] = replace(iam_actions, "extract_resource_arn", extract_resource_arn)
    _stock["action"] = replace(iam_actions, "extract_iam_action", extract_iam_action)


def extract_iam_action(
    service: str, method: str, path: str, headers: dict[str, Any], body: bytes, query_params: dict[str, Any]
) -> str | None:
    """The action that a request asks for."""
    before, _, mapping = path.strip("/").partition("/event-source-mappings/")
    if service == "lambda" and mapping and "functions" not in before and method in _OF_MAPPINGS:
        return f"lambda:{_OF_MAPPINGS[method]}"
    action: str | None = _stock["action"](service, method, path, headers, body, query_params)
    return action


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
    """The ARN that the request is about, which its condition keys are then taken from."""
    arn: str = _stock["arn"](service, method, path, headers, body, query_params, region, account_id)
    prefix = f"arn:aws:{service}:{region}:{account_id}:"
    if service == "lambda" and method == "POST" and path.rstrip("/").endswith("/functions"):
        return f"{prefix}function:{_document(body).get('FunctionName', '')}"
    if service == "iam" and (role := iam._roles.get(iam_actions._query_param(query_params, "RoleName"))):
        arn = str(role["Arn"])
    if service == "monitoring":
        arn = _watched(body, query_params, region, account_id) or arn
    operation = str(headers.get("x-amz-target", "")).rpartition(".")[2]
    arn = _named(service, operation, prefix, _document(body)) or arn
    if arn == "*":
        arn = _given(body, query_params) or arn
    _resource.set(arn)
    return arn


def _watched(body: bytes, query_params: dict[str, Any], region: str, account_id: str) -> str | None:
    """The ARN of the dashboard or alarm that a request gives the name of, of the first of several."""
    for kind, beginning in (
        ("Dashboard", f"arn:aws:cloudwatch::{account_id}:dashboard/"),
        ("Alarm", f"arn:aws:cloudwatch:{region}:{account_id}:alarm:"),
    ):
        several = _document(body).get(f"{kind}Names") or [""]
        name = iam_actions._param(body, query_params, f"{kind}Name", f"{kind}Names.member.1") or several[0]
        if name:
            return f"{beginning}{name}"
    return None


def _named(service: str, operation: str, prefix: str, document: dict[str, Any]) -> str | None:
    """The ARN of what a request gives the name of."""
    name = str(document.get("Name") or document.get("Rule") or "")
    if service == "kms" and "AliasName" in document:
        return prefix + str(document["AliasName"])
    if service != "events":
        return None
    if "ArchiveName" in document:
        return f"{prefix}archive/{document['ArchiveName']}"
    if name and operation.endswith("EventBus"):
        return name if name.startswith("arn:") else f"{prefix}event-bus/{name}"
    if name:
        # A rule of a bus that may be given by its ARN, or of the default bus.
        bus = str(document.get("EventBusName") or "default").rpartition("/")[2]
        return f"{prefix}rule/{name}" if bus == "default" else f"{prefix}rule/{bus}/{name}"
    return None


def _given(body: bytes, query_params: dict[str, Any]) -> str | None:
    """The ARN that a request gives of its resource."""
    value = iam_actions._param(body, query_params, "ResourceArn", "ResourceARN", "resourceArn")
    return value if isinstance(value, str) and value.startswith("arn:") else None


def request_tag_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
    """The condition keys of the request."""
    context: dict[str, Any] = _stock["tags"](service, iam_action, body, params)
    if service == "iam" and (boundary := _boundary(iam_action, params)):
        context["iam:PermissionsBoundary"] = boundary
    if service == "kms":
        context |= _tags_of_key(_document(body))
    if service == "lambda" and iam_action.endswith("EventSourceMapping"):
        context["lambda:FunctionArn"] = _function_of_mapping(_document(body))
    return context


def _document(body: bytes) -> dict[str, Any]:
    document = json.loads(body) if body[:1] == b"{" else {}
    return document if isinstance(document, dict) else {}


def _boundary(action: str, params: Any) -> str | None:
    if action in _GIVES_BOUNDARY:
        return iam_actions._query_param(params, "PermissionsBoundary") or None
    if action in _CHANGES_BOUNDED_ROLE:
        role = iam._roles.get(iam_actions._query_param(params, "RoleName")) or {}
        boundary: str | None = role.get("PermissionsBoundary")
        return boundary
    return None


def _tags_of_key(document: dict[str, Any]) -> dict[str, str]:
    key = kms._resolve_key(document.get("TargetKeyId") or document.get("KeyId"))
    return {f"aws:ResourceTag/{tag['TagKey']}": tag["TagValue"] for tag in (key or {}).get("Tags", [])}


def _function_of_mapping(document: dict[str, Any]) -> str | None:
    mapping = functions._esms.get(_resource.get().rpartition(":")[2]) or {}
    name = str(mapping.get("FunctionArn") or document.get("FunctionName") or "")
    function = functions._functions.get(functions._resolve_name(name)) or {}
    arn: str | None = (function.get("config") or {}).get("FunctionArn")
    return arn
