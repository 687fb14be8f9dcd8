"""A journal of what the emulator was asked for while it enforced IAM: what a permission has to be there for.

One JSON object a line, each once: `principal` (ARN), `action`, `resource` and `context`, the condition keys that the
request filled, with `aws:ResourceTag/...` of a resource that has tags.
"""

import json
from pathlib import Path
from typing import Any

from emulator.patching import module, replace

iam_evaluator = module("core.iam_evaluator")
responses = module("core.responses")
tagging = module("services.tagging")
_stock: dict[str, Any] = {}
_seen: set[str] = set()


def keep(path: Path) -> None:
    """Write what is asked for from now on to the end of a file."""
    _stock["enforce"] = replace(iam_evaluator, "enforce", enforce)
    _stock["file"] = path.open("a", encoding="utf-8", buffering=1)


def enforce(
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    """Note the request, and decide on it."""
    principal = iam_evaluator.resolve_principal(access_key_id or "", responses.get_account_id())
    tags = tagging.resource_tags(resource_arn) or {}
    context = {f"aws:ResourceTag/{name}": value for name, value in tags.items()} | (service_context or {})
    request = {
        "principal": getattr(principal, "arn", None),
        "action": iam_action,
        "resource": resource_arn,
        "context": {name: value for name, value in context.items() if value is not None},
    }
    line = json.dumps(request, sort_keys=True)
    if line not in _seen:
        _seen.add(line)
        _stock["file"].write(line + "\n")
    return _stock["enforce"](access_key_id, iam_action, service, region, resource_arn, service_context)
