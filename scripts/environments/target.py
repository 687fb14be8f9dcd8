"""Finds a deployment of the platform: on this machine, by its Terraform outputs, by its names in AWS, or by its URL."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.credentials import Credentials

from local_platform.client import Client, PlatformError
from local_platform.deployment import PLATFORMS, Platform, clear_environment

API_NAME_LIMIT = 128
ARCHIVE_NAME_LIMIT = 48
QUEUE_NAME_LIMIT = 80
TABLE_NAME_LIMIT = 255
"""Lengths at which `modules/names` cuts these names."""
_EXECUTE_API = re.compile(r"https://[a-z0-9]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")


@dataclass(frozen=True)
class Target:
    """A deployment, as commands see it.

    Attributes:
        title: tells people which one it is.
        client: talks to it; `client.outputs` has what is known of it, in the form of the root module's outputs.
    """

    title: str
    client: Client

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine's emulator."""
        return not isinstance(self.client, RemoteClient)

    @property
    def functions(self) -> Mapping[str, Mapping[str, Any]]:
        """Its functions by `<service>/<function>`, as far as they are known."""
        found: Mapping[str, Mapping[str, Any]] = self.client.outputs.get("functions", {})
        return found

    @property
    def function_names(self) -> dict[str, str]:
        """The logical name of each function by its name in AWS."""
        return {function["name"]: key.partition("/")[2] for key, function in self.functions.items()}


@dataclass(frozen=True)
class RemoteClient(Client):
    """A client with the user's own AWS credentials."""

    session: Any = field(default=None, repr=False)

    @cached_property
    def _credentials(self) -> Credentials:
        found: Credentials | None = self.session.get_credentials()
        if found is None:
            raise PlatformError("no AWS credentials: set AWS_PROFILE, log in, or give --profile")
        return found

    def aws(self, service: str) -> Any:
        """A client of an AWS service where the platform runs."""
        return self.session.client(service)


def local(name: str) -> Target:
    """The platform that runs on this machine, kept under a name. Raises `PlatformError` when none does."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise PlatformError(f"--local {name}: expected the name of a folder in {PLATFORMS}")
    clear_environment()
    deployment = Platform(name, {}).running()
    if deployment is None:
        raise PlatformError(
            "no platform is running on this machine: start one with ./scripts/demo --keep, "
            "or name one in AWS with --environment"
        )
    return Target(f"{name} on this machine ({deployment.emulator.endpoint})", Client.of(deployment))


def by_outputs(path: str, session: Any) -> Target:
    """The deployment that `terraform output -json` tells of, read from a file or from standard input (`-`).

    Raises `PlatformError` when it is not that.
    """
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise PlatformError(f"--outputs {path}: {error.strerror}") from None
    except ValueError:
        raise PlatformError(f"--outputs {path}: expected JSON, as terraform output -json prints it") from None
    outputs = document.get("platform", document) if isinstance(document, dict) else None
    outputs = outputs.get("value", outputs) if isinstance(outputs, dict) else None
    if not isinstance(outputs, dict) or not {"api", "functions", "queues"} <= outputs.keys():
        raise PlatformError(f"--outputs {path}: expected the platform's outputs, api, functions and queues among them")
    client = RemoteClient(outputs["api"]["endpoint"], outputs, _settings(session), session=session)
    return Target(f"the platform at {outputs['api']['endpoint']}", client)


def by_url(url: str, session: Any) -> Target:
    """The deployment behind the URL of its API; nothing else of it is known. Raises `PlatformError`."""
    if not re.fullmatch(r"https?://[^\s?#]+", url):
        raise PlatformError(f"--api {url}: expected the URL that the paths of the API follow")
    settings = _settings(session)
    if match := _EXECUTE_API.match(url):
        settings["AWS_REGION"] = match[1]
    return Target(url, RemoteClient(url.rstrip("/"), {}, settings, session=session))


def by_name(namespace: str, environment: str, session: Any, *, with_api: bool) -> Target:
    """The deployment whose names in AWS start with namespace and environment; what is needed is looked up.

    Its API is looked up only `with_api`. Raises `PlatformError` when there is none.
    """
    settings = _settings(session)
    outputs = _LookedUp(namespace, environment, session)
    endpoint = outputs["api"]["endpoint"] if with_api else ""
    title = f"{namespace}-{environment} in {settings['AWS_REGION']}"
    return Target(title, RemoteClient(endpoint, outputs, settings, session=session))


class _LookedUp(dict[str, Any]):
    """Outputs of a deployment that are looked up when somebody asks for them."""

    def __init__(self, namespace: str, environment: str, session: Any) -> None:
        super().__init__()
        self.prefix = f"{namespace}-{environment}"
        self._session = session
        self._look_up: Mapping[str, Callable[[], Any]] = {
            "api": self._api,
            "functions": self._functions,
            "queues": self._queues,
            "event_bus": self._event_bus,
            "tables": self._tables,
            "read_model": self._read_model,
        }

    def __missing__(self, key: str) -> Any:
        self[key] = self._look_up[key]()
        return self[key]

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self._look_up else default

    def _api(self) -> dict[str, str]:
        name = cut(f"{self.prefix}-api", API_NAME_LIMIT)
        found = [
            api
            for page in self._session.client("apigatewayv2").get_paginator("get_apis").paginate()
            for api in page["Items"]
            if api["Name"] == name
        ]
        if len(found) != 1:
            raise PlatformError(f"expected one HTTP API with the name {name}, found {len(found)}")
        return {"endpoint": found[0]["ApiEndpoint"]}

    def _functions(self) -> dict[str, dict[str, str]]:
        pages = self._session.client("lambda").get_paginator("list_functions").paginate()
        found = {
            key: {"name": function["FunctionName"], "arn": function["FunctionArn"]}
            for page in pages
            for function in page["Functions"]
            for key in self._keys(function["FunctionName"], parts=2)
        }
        if not found:
            raise PlatformError(f"there are no functions whose names start with {self.prefix}-")
        return found

    def _queues(self) -> dict[str, dict[str, str]]:
        """The dead-letter queues, without those that events wait in for a function."""
        return {
            key: queue
            for key, queue in self._all_queues.items()
            if not (key.endswith("/events") or (key == queue["name"] and self._leads_on(queue["url"])))
        }

    def _leads_on(self, url: str) -> bool:
        """Whether a queue has a dead-letter queue itself, and so is none: for one whose name was cut."""
        attributes = self._session.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
        return "RedrivePolicy" in attributes.get("Attributes", {})

    @cached_property
    def _all_queues(self) -> dict[str, dict[str, str]]:
        sqs = self._session.client("sqs")
        pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=f"{self.prefix}-")
        urls = [url for page in pages for url in page.get("QueueUrls", [])]
        if not urls:
            raise PlatformError(f"there are no queues whose names start with {self.prefix}-")
        names = {url.rpartition("/")[2]: url for url in urls}
        of_the_bus = cut(f"{self.prefix}-events-undecryptable", QUEUE_NAME_LIMIT)
        return {
            "event_bus" if name == of_the_bus else next(self._keys(name, parts=3), name): {"name": name, "url": url}
            for name, url in sorted(names.items())
        }

    def _event_bus(self) -> dict[str, str]:
        name = f"{self.prefix}-events"
        _, partition, _, region, account, *_ = next(iter(self["functions"].values()))["arn"].split(":")
        prefix = f"arn:{partition}:events:{region}:{account}"
        archive_arn = f"{prefix}:archive/{cut(name, ARCHIVE_NAME_LIMIT)}"
        return {"name": name, "arn": f"{prefix}:event-bus/{name}", "archive_arn": archive_arn}

    def _tables(self) -> dict[str, dict[str, str]]:
        pages = self._session.client("dynamodb").get_paginator("list_tables").paginate()
        found = {
            key: {"name": name} for page in pages for name in page["TableNames"] for key in self._keys(name, parts=1)
        }
        if not found:
            raise PlatformError(f"there are no tables whose names start with {self.prefix}-")
        return found

    def _read_model(self) -> dict[str, dict[str, Any]]:
        """The generations of the read model's projection: those that there is a function of."""
        events, start = self._session.client("events"), "read_model/project_"
        found = {}
        for key in sorted(key for key in self["functions"] if key.startswith(start)):
            generation = key.removeprefix(start)
            rules = events.list_rules(
                EventBusName=self["event_bus"]["name"], NamePrefix=f"{self.prefix}-read_model-project_{generation}-"
            )["Rules"]
            found[generation] = {
                "table": {"name": cut(f"{self.prefix}-read_model-{generation}", TABLE_NAME_LIMIT)},
                "function": f"project_{generation}",
                "queue": self._all_queues[f"{key}/events"],
                "rule_arns": sorted(rule["Arn"] for rule in rules),
            }
        return found

    def _keys(self, name: str, *, parts: int) -> Iterator[str]:
        """`<service>/<function>…` of a name, unless it was too long and is cut."""
        rest = name.removeprefix(f"{self.prefix}-").split("-")
        if name.startswith(f"{self.prefix}-") and len(rest) == parts and all(rest):
            yield "/".join(rest)


def cut(name: str, limit: int) -> str:
    """A name as `modules/names` makes it: one that is too long keeps its start and ends with a hash of the whole."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def session(profile: str | None, region: str | None) -> Any:
    """A session with the user's credentials. Raises `PlatformError` when no region is set."""
    made = boto3.Session(profile_name=profile, region_name=region)
    if made.region_name is None:
        raise PlatformError("no AWS region: set AWS_REGION, or give --region")
    return made


def _settings(made: Any) -> dict[str, str]:
    return {"AWS_REGION": made.region_name}
