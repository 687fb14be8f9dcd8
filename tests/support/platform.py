"""The platform in this process: its handlers, the tables and rules that Terraform plans, and nothing between them.

DynamoDB is the simulator's. A function that changed its table has its relay run on what changed; an event on the bus
reaches the targets of every rule whose pattern matches it, one after another, in the order of publication. Every
invocation starts cold, and time passes only when it is told to. What the handlers called is kept, each call with the
function that made it.
"""

from __future__ import annotations

import copy
import hmac
import io
import json
import os
import re
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest import mock

import botocore.client
import urllib3
from botocore.exceptions import ClientError
from tests.simulation.harness.deployment import Deployment, Function, Rule
from tests.simulation.harness.dynamodb import DynamoDB, DynamoError, stream_record

from composer import handlers as composer
from composer import parts
from local_platform import cache_server
from local_platform.cache_server import CacheServer
from saga_kit import clock, observe, outbound
from sandbox import handlers as sandbox

SECRET = "canary-secret"
ATTEMPTS = 3
"""How often Lambda runs an asynchronous invocation before it gives it up."""

Message = dict[str, Any]
Item = dict[str, Any]
P = TypeVar("P", bound="Platform")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of AWS: by which function (``<service>/<function>``), in which of its invocations, of what."""

    function: str
    invocation: int
    service: str
    operation: str
    parameters: Mapping[str, Any]

    @property
    def needs(self) -> frozenset[tuple[str, str]]:
        """The permissions that the call needs: IAM action and what of DynamoDB it is on, "" for other services."""
        if self.service == "lambda":
            return frozenset({("lambda:InvokeFunction", self.parameters["FunctionName"])})
        if self.service != "dynamodb":
            return frozenset({({"sesv2": "ses"}.get(self.service, self.service) + f":{self.operation}", "")})
        if self.operation == "TransactWriteItems":
            parts = [
                (kind, part["TableName"]) for entry in self.parameters["TransactItems"] for kind, part in entry.items()
            ]
            return frozenset((f"dynamodb:{_ACTIONS[kind]}", f"table/{table}") for kind, table in parts)
        if self.operation == "BatchGetItem":
            return frozenset(("dynamodb:BatchGetItem", f"table/{table}") for table in self.parameters["RequestItems"])
        index = self.parameters.get("IndexName")
        table = self.parameters["TableName"]
        return frozenset({(f"dynamodb:{self.operation}", f"table/{table}" + (f"/index/{index}" if index else ""))})


_ACTIONS = {"Update": "UpdateItem", "Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


@dataclass(slots=True)
class Invocation:
    """One run of a handler: its function, what it was given, the rule that delivered it, and how it ended."""

    number: int
    function: str
    event: Any
    rule: str | None
    answer: Any = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to the function of a rule that it matched."""

    rule: Rule
    function: str
    message: Message


@dataclass(frozen=True, slots=True)
class Context:
    """As much of Lambda's context as the handlers look at."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


class _Environment(dict[str, str]):
    """A process environment that notes which of its variables are asked for."""

    def __init__(self, values: Mapping[str, str], asked: set[str]) -> None:
        super().__init__(values)
        self._asked = asked

    def get(self, key: str, default: Any = None) -> Any:
        self._asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self._asked.add(key)
        return super().__getitem__(key)


@dataclass
class Platform:
    """The platform while it runs, and what has been seen of it."""

    deployment: Deployment
    cache: CacheServer | None = None
    """The data cache that stands in for the one that is deployed."""
    calls: list[Call] = field(default_factory=list)
    invocations: list[Invocation] = field(default_factory=list)
    published: list[Message] = field(default_factory=list)
    """Every event and every technical failure that the bus took."""
    by_lambda: list[Call] = field(default_factory=list)
    """What Lambda called with the role of a function, which ``calls`` does not have."""
    asked: dict[str, set[str]] = field(default_factory=dict)
    """The environment variables that each function asked for."""
    dead_letters: list[Invocation] = field(default_factory=list)
    queue: deque[Delivery] = field(default_factory=deque)
    waiting: dict[str, list[str]] = field(default_factory=dict)
    """What waits in the queue of each function that has one: events as JSON."""
    broken: set[str] = field(default_factory=set)
    """Functions whose calls of DynamoDB all fail, for as long as they are in here."""
    without_key: set[str] = field(default_factory=set)
    """Services whose key is disabled: DynamoDB refuses every call on their tables."""
    duplicates: bool = False
    """Whether every event is delivered twice."""
    mails: list[Mapping[str, Any]] = field(default_factory=list)
    logs: io.StringIO = field(default_factory=io.StringIO)
    """Every log line."""
    now: float = 1_767_225_600.0
    """Seconds since the epoch."""
    _seen: dict[str, int] = field(default_factory=dict)
    _running: list[Invocation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.db = DynamoDB(lambda: self.now)
        for table in self.deployment.tables.values():
            self.db.add(table.make())
        self.functions = {key_of(function): function for function in self.deployment.functions.values()}
        self._handlers = {key: function.load() for key, function in self.functions.items()}

    # What happens from outside

    def request(
        self,
        function: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        customer: str | None = None,
        route: str = "",
        **path: str,
    ) -> Any:
        """Answer a request to the HTTP API; the body of the answer as what its JSON says, and under ``status``.

        It comes from an operator, or with the token of a ``customer``. ``route`` tells a function with several which.
        """
        claim = self.functions[function].environment.get("SAGA_CUSTOMER_CLAIM", "")
        authorizer = {"jwt": {"claims": {claim: customer}}} if customer else {"iam": {"userId": "operator"}}
        event = {
            "version": "2.0",
            "routeKey": route,
            "requestContext": {"http": {"method": "POST"}, "authorizer": authorizer},
            "queryStringParameters": dict(query or {}),
            "headers": {"content-type": "application/json", **(headers or {})},
            "pathParameters": path,
            "body": json.dumps(body),
            "isBase64Encoded": False,
        }
        invocation = self.invoke(function, event)
        assert invocation.error is None, f"{function}: {invocation.error!r}"
        return {"status": invocation.answer["statusCode"], **json.loads(invocation.answer["body"])}

    def publish(self, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
        """Put an event on the bus; ``run`` has it delivered."""
        message = {
            "version": "0",
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(len(self.published)))),
            "source": source,
            "detail-type": detail_type,
            "detail": json.loads(json.dumps(detail)),
        }
        self.published.append(message)
        for rule in self.deployment.rules:
            if rule.matches(message):
                copies = 2 if self.duplicates else 1
                for target in rule.targets:
                    function = key_of(self.deployment.functions[target.function])
                    self.queue.extend(Delivery(rule, function, copy.deepcopy(message)) for _ in range(copies))
                for name in rule.queued_for:
                    waiting = self.waiting.setdefault(key_of(self.deployment.functions[name]), [])
                    waiting.extend(json.dumps(message) for _ in range(copies))

    def run(self, limit: int | None = None) -> None:
        """Deliver what is on the bus, and what that leads to; at most ``limit`` deliveries."""
        while self.queue and limit != 0:
            self.deliver(self.queue.popleft())
            limit = None if limit is None else limit - 1
        if limit is None:
            self.empty_queues()

    def empty_queues(self) -> None:
        """Have the functions that have queues handle what waits in them, all of it in one batch each."""
        waiting, self.waiting = self.waiting, {}
        for function, bodies in waiting.items():
            records = [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
            invocation = self.invoke(function, {"Records": records})
            if invocation.error is not None or invocation.answer != {"batchItemFailures": []}:
                self.dead_letters.append(invocation)

    def deliver(self, delivery: Delivery) -> None:
        """Invoke the function of a rule asynchronously, up to the place where its failures go."""
        invocation = self.invoke(delivery.function, delivery.message, rule=delivery.rule.name)
        for _ in range(ATTEMPTS - 1):
            if invocation.error is None:
                break
            invocation = self.invoke(delivery.function, delivery.message, rule=delivery.rule.name)
        if invocation.error is None:
            return
        function = self.functions[delivery.function]
        if function.on_failure is None or ":sqs:" in function.on_failure:
            self.dead_letters.append(invocation)
            if function.on_failure is not None:
                self._by_lambda(invocation, "sqs", "SendMessage", {"QueueArn": function.on_failure})
            return
        report = "Lambda Function Invocation Result - Failure"
        entry = {"EventBusName": self.deployment.bus, "Source": "lambda", "DetailType": report}
        self._by_lambda(invocation, "events", "PutEvents", {"Entries": [entry]})
        self.publish("lambda", report, failure_of(function, delivery.message))

    def tick(self) -> None:
        """Run everything once that runs by the clock."""
        for schedule in self.deployment.schedules:
            for target in schedule.targets:
                function = key_of(self.deployment.functions[target.function])
                invocation = self.invoke(function, json.loads(target.input or "{}"), rule=schedule.name)
                assert invocation.error is None, f"{function}: {invocation.error!r}"

    def invoke(self, function: str, event: Any, *, rule: str | None = None) -> Invocation:
        """Run a handler, then the relay of its table on what it changed."""
        invocation = Invocation(len(self.invocations), function, event, rule)
        self.invocations.append(invocation)
        self._running.append(invocation)
        # What a process remembers: a test must not see less of one function because another one ran before.
        outbound._client.cache_clear()
        composer._made.cache_clear()
        sandbox._secret.cache_clear()
        with self._environment_of(function):
            try:
                invocation.answer = self._handlers[function](
                    event, Context(f"{invocation.number:08x}-0000-4000-8000-000000000000")
                )
            except Exception as raised:  # noqa: BLE001 - that is how an invocation fails
                invocation.error = raised
            finally:
                self._running.pop()
        self._relay()
        return invocation

    # What is there

    def rows(self, service: str) -> dict[str, Item]:
        """The items of a service's table by their primary key."""
        table = self.db.tables[self.deployment.table_of(service)]
        return {"/".join(map(str, key)): item for key, item in table.items.items()}

    # Inside

    @contextmanager
    def _environment_of(self, function: str) -> Iterator[None]:
        asked = self.asked.setdefault(function, set())
        values = {**_BASE_ENVIRONMENT, **self.functions[function].environment}
        if self.cache and "COMPOSER_CACHE" in values:
            values["COMPOSER_CACHE"] = json.dumps(
                {**json.loads(values["COMPOSER_CACHE"]), **self._place_of(self.cache)}
            )
        with mock.patch.object(os, "environ", _Environment(values, asked)):
            yield

    def _place_of(self, cache: CacheServer) -> dict[str, Any]:
        """What the functions are told of the cache instead of what the plan has."""
        place = {"host": cache_server.HOST, "port": cache.port, "user": cache_server.USER}
        return {**place, "tls": False, "seconds": 30}

    def _relay(self) -> None:
        for mapping in self.deployment.mappings:
            table = self.db.tables[mapping.table]
            changes = table.changes[self._seen.get(mapping.table, 0) :]
            self._seen[mapping.table] = len(table.changes)
            records = [stream_record(table, change, "eu-west-1", "arn") for change in changes]
            wanted = [
                record for record in records if not mapping.filters or any(test(record) for test in mapping.filters)
            ]
            if wanted:
                reader = Invocation(
                    len(self.invocations), key_of(self.deployment.functions[mapping.function]), None, None
                )
                for operation in ("DescribeStream", "GetShardIterator", "GetRecords"):
                    self._by_lambda(reader, "dynamodbstreams", operation, {"TableName": mapping.table})
                relayed = self.invoke(key_of(self.deployment.functions[mapping.function]), {"Records": wanted})
                assert relayed.answer == {"batchItemFailures": []}, f"{relayed.function}: {relayed.error!r}"

    def give_up(self, relay: str, records: list[Any]) -> None:
        """Have a relay fail with records of its stream for as often as its mapping tries, up to where they end."""
        mapping = next(
            one for one in self.deployment.mappings if key_of(self.deployment.functions[one.function]) == relay
        )
        invocation = self.invoke(relay, {"Records": records})
        assert invocation.error is not None, f"{relay}: takes {records}"
        self.dead_letters.append(invocation)
        self._by_lambda(invocation, "sqs", "SendMessage", {"QueueArn": mapping.queue})

    def _by_lambda(self, invocation: Invocation, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        self.by_lambda.append(Call(invocation.function, invocation.number, service, operation, parameters))

    def call(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Take note of a call of AWS, and answer it."""
        running = self._running[-1]
        self.calls.append(Call(running.function, running.number, service, operation, copy.deepcopy(dict(parameters))))
        if service == "dynamodb":
            return self._on_a_table(running, operation, parameters)
        if operation == "PutEvents":
            for entry in parameters["Entries"]:
                assert entry["EventBusName"] == self.deployment.bus
                self.publish(entry["Source"], entry["DetailType"], json.loads(entry["Detail"]))
            return {"FailedEntryCount": 0, "Entries": [{} for _ in parameters["Entries"]]}
        if operation == "GetParameter":
            return {"Parameter": {"Name": parameters["Name"], "Value": SECRET}}
        if operation == "GenerateMac":
            return {"Mac": hmac.digest(SECRET.encode(), parameters["Message"], "sha256")}
        if operation == "Invoke":
            return self._invoked(parameters)
        if operation == "SendEmail":
            self.mails.append(parameters)
            return {"MessageId": f"mail-{len(self.mails)}"}
        raise NotImplementedError(f"{service} {operation}")

    def _on_a_table(self, running: Invocation, operation: str, parameters: Mapping[str, Any]) -> Any:
        if running.function in self.broken:
            raise _error(operation, DynamoError("InternalServerError", "Internal server error"))
        if self.without_key and self._tables_of(operation, parameters) & self.without_key:
            message = "The KMS key of the table is disabled"
            raise _error(operation, DynamoError("AccessDeniedException", message))
        try:
            return self.db.call(operation, parameters)
        except DynamoError as error:
            raise _error(operation, error) from None

    def _invoked(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an invocation of one function by another, as Lambda does when it waits for the function."""
        function = next(key for key, function in self.functions.items() if function.arn == parameters["FunctionName"])
        invocation = self.invoke(function, json.loads(parameters["Payload"]))
        failed = invocation.error
        answer = {"errorType": type(failed).__name__, "errorMessage": ""} if failed else invocation.answer
        told: dict[str, Any] = {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}
        return {**told, "FunctionError": "Unhandled"} if failed else told

    def _tables_of(self, operation: str, parameters: Mapping[str, Any]) -> set[str]:
        """The services of the tables that a call is on."""
        if operation == "TransactWriteItems":
            names = [part["TableName"] for entry in parameters["TransactItems"] for part in entry.values()]
        else:
            names = [
                *parameters.get("RequestItems", ()),
                *([parameters["TableName"]] if "TableName" in parameters else ()),
            ]
        return {self.deployment.tables[name].service for name in names}

    def provider(self, method: str, url: str, **options: Any) -> Any:
        """Answer a call of a provider: the sandbox stands for both."""
        # The sandbox's, as the plan has it, or as the emulator serves it.
        path = re.sub(r"^https?://[^/]+(/_aws/execute-api/[^/]+/[^/]+)?", "", url)
        headers = dict(options["headers"])
        answer = self.invoke("sandbox/authorize", {"version": "2.0", "headers": headers}).answer
        assert answer == {"isAuthorized": True}
        for route in sandbox.ROUTES:
            wanted, _, template = route.partition(" ")
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
            if match and method == wanted:
                event = {
                    "version": "2.0",
                    "routeKey": route,
                    "headers": headers,
                    "pathParameters": match.groupdict(),
                    "body": (options.get("body") or b"").decode(),
                    "isBase64Encoded": False,
                }
                answer = self.invoke("sandbox/provider", event).answer
                return _Response(answer["statusCode"], answer["body"].encode())
        raise AssertionError(f"no route for {method} {path}")


class _Inline:
    """An executor that does what it is given at once: an environment is the whole process's."""

    def __init__(self, max_workers: int) -> None:
        """Take note of nothing."""

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work())
        except Exception as raised:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(raised)
        return future

    def shutdown(self, wait: bool, cancel_futures: bool) -> None:
        """There is nothing to end."""


@dataclass(frozen=True, slots=True)
class _Response:
    """What the kit needs of urllib3's response."""

    status: int
    content: bytes

    def read(self, amount: int, decode_content: bool = True) -> bytes:
        return self.content[:amount]

    def release_conn(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is no connection."""


_BASE_ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


def key_of(function: Function) -> str:
    """How a function is called here: ``<service>/<function>``."""
    return f"{function.service}/{function.environment['SAGA_FUNCTION']}"


def failure_of(function: Function, payload: Any) -> dict[str, Any]:
    """The detail of what Lambda reports of an invocation that it gave up."""
    return {
        "version": "1.0",
        "timestamp": "2026-01-31T09:31:00.000Z",
        "requestContext": {
            "requestId": "aaaaaaaa-0000-4000-8000-000000000000",
            "functionArn": f"{function.arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": ATTEMPTS,
        },
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "", "errorType": "Error"},
    }


@contextmanager
def running(deployment: Deployment) -> Iterator[Platform]:
    """The platform as ``deployment`` has it, with empty tables and an empty cache, if it has one."""
    with running_as(Platform, deployment) as platform:
        yield platform


@contextmanager
def running_as(kind: type[P], deployment: Deployment) -> Iterator[P]:
    """The same as ``running``, by a class that knows more."""
    has_cache = any("COMPOSER_CACHE" in function.environment for function in deployment.functions.values())
    with ExitStack() as stack:
        cache = CacheServer.start(cache_server.free_port(), SECRET) if has_cache else None
        if cache:
            stack.callback(cache.stop)
        yield stack.enter_context(attached(kind(deployment, cache)))


@contextmanager
def attached(platform: P) -> Iterator[P]:
    """A platform with the handlers' calls led to it."""

    def called(self: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        return platform.call(self.meta.service_model.service_name, operation, parameters)

    def requested(_: Any, method: str, url: str, **options: Any) -> Any:
        return platform.provider(method, url, **options)

    time = SimpleNamespace(time=lambda: platform.now, sleep=lambda _: None)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, _BASE_ENVIRONMENT))
        for target, name, replacement in [
            (botocore.client.BaseClient, "_make_api_call", called),
            (urllib3.PoolManager, "request", requested),
            (clock, "time", time),
            (parts, "ThreadPoolExecutor", _Inline),
            (observe.metrics, "flush_metrics", lambda **_: observe.metrics.clear_metrics()),
            # The logger holds on to the standard output of its import, which a test may have closed since.
            *((handler, "stream", platform.logs) for handler in observe.logger.handlers),
        ]:
            stack.enter_context(mock.patch.object(target, name, replacement))
        yield platform


def _error(operation: str, error: DynamoError) -> ClientError:
    answer: Any = {"Error": {"Code": error.code, "Message": error.message}, **error.members}
    return ClientError(answer, operation)
