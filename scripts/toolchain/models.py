"""botocore's descriptions of AWS services, reduced to what the functions use.

botocore reads a service's whole model, with documentation, and a megabyte of endpoints to make its first client. A
package carries the operations in use instead, in the same format, for a loader that looks nowhere else.
"""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

OPERATIONS = {
    "dynamodb": (
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "events": ("PutEvents",),
    "kms": ("GenerateMac",),
    "lambda": ("Invoke",),
    "secretsmanager": ("GetSecretValue",),
    "sesv2": ("SendEmail",),
    "sqs": ("SendMessage",),
    "ssm": ("GetParameter", "GetParameters"),
}
"""The services that a package may name in `aws_models`, and the operations that it can then call."""

# Everything that a client reads beside its own model.
_COMMON = ("_retry", "partitions", "sdk-default-configuration")


def trimmed(services: Iterable[str], data: Path) -> dict[str, bytes]:
    """The data folder of a botocore that knows `services` only.

    Args:
        services: keys of `OPERATIONS`.
        data: botocore's own data folder.

    Returns:
        Path in the data folder to content.
    """
    names = sorted(set(services))
    documents: dict[str, Any] = {f"{name}.json": _load(data / name) for name in _COMMON}
    prefixes = set()
    for service in names:
        version = max(entry.name for entry in (data / service).iterdir() if entry.is_dir())
        model = _trimmed_model(_load(data / service / version / "service-2"), OPERATIONS[service])
        prefixes.add(model["metadata"]["endpointPrefix"])
        documents[f"{service}/{version}/service-2.json"] = model
        documents[f"{service}/{version}/endpoint-rule-set-1.json"] = _undocumented(
            _load(data / service / version / "endpoint-rule-set-1")
        )
    documents["endpoints.json"] = _trimmed_endpoints(_load(data / "endpoints"), prefixes)
    return {name: json.dumps(document, separators=(",", ":")).encode() for name, document in documents.items()}


def _load(path: Path) -> Any:
    """The JSON document at `path`, which botocore may keep compressed."""
    plain = path.with_name(f"{path.name}.json")
    if plain.is_file():
        return json.loads(plain.read_bytes())
    return json.loads(gzip.decompress(path.with_name(f"{path.name}.json.gz").read_bytes()))


def _trimmed_model(model: dict[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    kept = {name: model["operations"][name] for name in operations}
    shapes: dict[str, Any] = {}
    waiting = sorted(_references(kept))
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            waiting.extend(sorted(_references(shapes[name])))
    trimmed_model: dict[str, Any] = _undocumented(
        {**model, "operations": kept, "shapes": {name: shapes[name] for name in sorted(shapes)}}
    )
    return trimmed_model


def _references(value: object) -> set[str]:
    """Names of the shapes that a part of a model refers to."""
    if isinstance(value, dict):
        own = {value["shape"]} if isinstance(value.get("shape"), str) else set()
        return own.union(*map(_references, value.values()))
    if isinstance(value, list):
        return set().union(*map(_references, value))
    return set()


def _undocumented(value: Any) -> Any:
    """`value` without texts for people. A member that happens to be called "documentation" is no text."""
    if isinstance(value, dict):
        return {
            key: _undocumented(item)
            for key, item in value.items()
            if not (key == "documentation" and isinstance(item, str))
        }
    if isinstance(value, list):
        return [_undocumented(item) for item in value]
    return value


def _trimmed_endpoints(endpoints: dict[str, Any], prefixes: set[str]) -> dict[str, Any]:
    """All partitions and regions, for the services in question."""
    partitions = [
        {**partition, "services": {name: item for name, item in partition["services"].items() if name in prefixes}}
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}
