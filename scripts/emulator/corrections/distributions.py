"""What requests to CloudFront are about, when the emulator enforces IAM.

Stock MiniStack 1.5.33 takes whatever is not the path of a distribution for a request about "*": a policy for response
headers, the tags of a distribution. To make a distribution with tags it takes for an action of its own, which IAM does
not have. It reads neither tags out of XML nor those that a distribution has. So a policy that names any of these
refuses every request.

AWS has the resources and condition keys of every action in the service authorization reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html).
"""

from contextvars import ContextVar
from typing import Any

from emulator.patching import module, replace

iam_actions = module("core.iam_actions")
cloudfront = module("services.cloudfront")
_stock: dict[str, Any] = {}
_resource: ContextVar[str] = ContextVar("resource", default="*")


def apply() -> None:
    """Put the correction in place."""
    _stock["tags"] = replace(iam_actions, "request_tag_context", request_tag_context)
    _stock["arn"] = replace(iam_actions, "extract_resource_arn", extract_resource_arn)
    _stock["action"] = replace(iam_actions, "extract_iam_action", extract_iam_action)


def extract_iam_action(
    service: str, method: str, path: str, headers: dict[str, Any], body: bytes, query_params: dict[str, Any]
) -> str | None:
    """The action that a request asks for."""
    action: str | None = _stock["action"](service, method, path, headers, body, query_params)
    return "cloudfront:CreateDistribution" if action == "cloudfront:CreateDistributionWithTags" else action


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
    if service == "cloudfront" and arn == "*":
        _, _, policy = path.partition("/response-headers-policy/")
        if policy:
            arn = f"arn:aws:cloudfront::{account_id}:response-headers-policy/{policy.partition('/')[0]}"
        else:
            arn = iam_actions._query_param(query_params, "Resource") or arn
    _resource.set(arn)
    return arn


def request_tag_context(service: str, iam_action: str, body: bytes, params: Any) -> dict[str, Any]:
    """The condition keys of the request."""
    context: dict[str, Any] = _stock["tags"](service, iam_action, body, params)
    if service == "cloudfront":
        tags = _tags(body)
        context |= {f"aws:RequestTag/{key}": value for key, value in tags.items()}
        context |= {f"aws:ResourceTag/{tag['Key']}": tag["Value"] for tag in cloudfront._tags.get(_resource.get(), ())}
        if tags:
            context["aws:TagKeys"] = list(tags)
    return context


def _tags(body: bytes) -> dict[str, str]:
    """The tags in a request's XML."""
    if not body.lstrip().startswith(b"<"):
        return {}
    tags = [element for element in cloudfront.fromstring(body).iter() if cloudfront._local_tag_name(element) == "Tag"]
    return {cloudfront._text(tag, "Key"): cloudfront._text(tag, "Value") for tag in tags}
