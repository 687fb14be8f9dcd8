"""The platform under test: orders through its API, and all that a test looks at or tampers with behind it."""

from __future__ import annotations

import contextlib
import copy
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from tests.e2e.support.waiting import eventually
from tests.support.canaries import revealed

from emulator.server import DEFAULT_ACCOUNT_ID
from local_platform.client import Client
from local_platform.deployment import Deployment

TECHNICAL_FAILURE = "Lambda Function Invocation Result - Failure"
TABLES = ("order", "inventory", "payment", "shipping", "notification", "saga_log", "sandbox")

Row = dict[str, Any]
Tables = dict[str, dict[str, Row]]
Event = dict[str, Any]
"""An event as a rule delivers it: id, source, detail-type, detail and more."""

_END = re.compile(r"END RequestId: (\S+)")


@dataclass(frozen=True, slots=True)
class Item:
    """An item in stock; the price is in minor units."""

    sku: str
    unit_price: int
    currency: str
    delivered: int

    def line(self, quantity: int = 1, unit_price: int | None = None) -> dict[str, Any]:
        """A line of an order for it."""
        return {"sku": self.sku, "quantity": quantity, "unit_price": unit_price or self.unit_price}


def an_order(
    *lines: Mapping[str, Any], card: str = "tok_approve", postal_code: str = "1010", **changes: Any
) -> dict[str, Any]:
    """A body of POST /orders by a customer whom nobody has seen before."""
    customer = f"customer-{uuid.uuid4().hex[:12]}"
    return {
        "customer_id": customer,
        "email": f"{customer}@example.com",
        "currency": "EUR",
        "lines": [dict(line) for line in lines],
        "payment": {"token": card, "last4": "4242"},
        "ship_to": {
            "name": "Ada Example",
            "line1": "1 Main Street",
            "city": "Vienna",
            "postal_code": postal_code,
            "country": "AT",
        },
        **changes,
    }


class Shop:
    """One deployment. Every event of its bus is on record here, as `published`."""

    def __init__(self, deployment: Deployment) -> None:
        self.client = Client.of(deployment)
        self.outputs = deployment.outputs
        self.published: list[Event] = []
        self._tap = self._put_tap()
        self._not_delivered: Counter[str] = Counter()

    # Customers

    def stocked(self, quantity: int = 10, unit_price: int = 1_500, currency: str = "EUR", **more: int) -> Item:
        """A new item with this much of it in stock, in so many `shards` if that is said."""
        sku = f"ITEM-{uuid.uuid4().hex[:10].upper()}"
        self.client.stock(f"delivery-{sku}", sku, quantity, unit_price, currency, **more)
        return Item(sku, unit_price, currency, quantity)

    def place(self, order: Mapping[str, Any], key: str | None = None) -> str:
        """Place an order and return its id, also of one that the shop refuses. A busy shop is asked again."""
        headers = {"idempotency-key": key or str(uuid.uuid4())}

        def check() -> str:
            response = self.client.request("POST", "/orders", order, headers=headers)
            if response.status_code not in {429, 503} and "order_id" not in response.json():
                pytest.fail(f"POST /orders answered {response.status_code}: {response.text}")
            assert "order_id" in response.json(), response.text
            return str(response.json()["order_id"])

        return eventually(check)

    def story(self, order_id: str) -> dict[str, Any]:
        """The order's saga as the API tells it. Fails while there is nothing on record."""
        response = self.client.request("GET", f"/orders/{order_id}/saga")
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def await_story(self, order_id: str, detail_types: list[str]) -> dict[str, Any]:
        """Wait until exactly these events of the order are on record, in any order, and return its story."""

        def check() -> dict[str, Any]:
            told = self.story(order_id)
            assert sorted(event["detail_type"] for event in told["events"]) == sorted(detail_types)
            return told

        return eventually(check)

    def await_event(self, order_id: str, detail_type: str) -> Event:
        """Wait until the order's event has been on the bus and return it."""

        def check() -> Event:
            found = [event for event in self.events_of(order_id) if event["detail-type"] == detail_type]
            assert found, [event["detail-type"] for event in self.events_of(order_id)]
            return found[0]

        return eventually(check)

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """The mails that were sent to an address."""
        return [mail for mail in self.client.mails() if mail["To"] == [address]]

    # Tables

    def table(self, service: str) -> dict[str, Row]:
        """Every row of a service's table, by its key."""
        name = f"{self._table_prefix}{service}"
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        rows = [_plain(item) for page in pages for item in page["Items"]]
        return {"|".join(str(row[key]) for key in ("pk", "sk") if key in row): row for row in rows}

    def tables(self) -> Tables:
        """Every row of every table, by service and key."""
        return {service: self.table(service) for service in TABLES}

    def stored(self) -> Iterator[Row]:
        """Every row of every table that there is, those of the read model's generations among them."""
        for name in self._dynamodb.list_tables()["TableNames"]:
            for page in self._dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
                yield from map(_plain, page["Items"])

    def stock_of(self, item: Item) -> tuple[int, int]:
        """What is available and what is reserved of an item."""
        row = self.table("inventory")[f"stock#{item.sku}"]
        return row["available"], row["reserved"]

    @cached_property
    def _table_prefix(self) -> str:
        name: str = self.outputs["tables"]["order"]["name"]
        return name.removesuffix("order")

    @cached_property
    def _dynamodb(self) -> Any:
        return self.client.aws("dynamodb")

    # Bus

    def _put_tap(self) -> str:
        """Have every event of the bus delivered to a queue of the tests' own; returns its URL."""
        sqs, events, bus = self.client.aws("sqs"), self.client.aws("events"), self.outputs["event_bus"]["name"]
        region = self.client.environment["AWS_REGION"]
        arn = f"arn:aws:sqs:{region}:{DEFAULT_ACCOUNT_ID}:tap"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
        }
        attributes = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
        url: str = sqs.create_queue(QueueName="tap", Attributes=attributes)["QueueUrl"]
        events.put_rule(Name="tap", EventBusName=bus, EventPattern=json.dumps({"source": [{"prefix": ""}]}))
        events.put_targets(Rule="tap", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        return url

    def listen(self) -> list[Event]:
        """Take in what has been published since the last time; returns everything published so far."""
        while messages := self._sqs.receive_message(QueueUrl=self._tap, MaxNumberOfMessages=10).get("Messages"):
            self.published += [json.loads(message["Body"]) for message in messages]
            entries = [{"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._tap, Entries=entries)
        return self.published

    def events_of(self, order_id: str) -> list[Event]:
        """What has been published of an order, technical failures among it."""
        return [event for event in self.listen() if saga_of(event) == order_id]

    def publish(self, event: Mapping[str, Any]) -> None:
        """Put an event on the bus: source, detail-type and detail as they are in `event`."""
        entry = {
            "EventBusName": self.outputs["event_bus"]["name"],
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": event["detail"] if isinstance(event["detail"], str) else json.dumps(event["detail"]),
        }
        answer = self._events.put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0, answer

    def replay(self) -> None:
        """Replay the bus's archive, everything that there is in it, and wait until that is on the bus."""
        known, name = len(self.listen()), f"replay-{uuid.uuid4().hex[:8]}"
        bus = self.outputs["event_bus"]
        self._events.start_replay(
            ReplayName=name,
            EventSourceArn=bus["archive_arn"],
            EventStartTime=0,
            EventEndTime=4_000_000_000,
            Destination={"Arn": bus["arn"]},
        )

        def check() -> None:
            assert self._events.describe_replay(ReplayName=name)["State"] == "COMPLETED"
            assert len(self.listen()) >= 2 * known

        eventually(check)

    @cached_property
    def _sqs(self) -> Any:
        return self.client.aws("sqs")

    @cached_property
    def _events(self) -> Any:
        return self.client.aws("events")

    @cached_property
    def rules(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every rule of the bus that invokes a function: function by `<service>/<function>`, name and pattern."""
        bus = self.outputs["event_bus"]["name"]
        functions = {function["arn"]: key for key, function in self.outputs["functions"].items()}
        found = []
        for page in self._events.get_paginator("list_rules").paginate(EventBusName=bus):
            for rule in page["Rules"]:
                targets = self._events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
                pattern = json.loads(rule["EventPattern"])
                found += [(functions[t["Arn"]], rule["Name"], pattern) for t in targets if t["Arn"] in functions]
        return found

    def consumers(self, event: Event) -> list[str]:
        """The functions that an event is delivered to."""
        return [function for function, _, pattern in self.rules if matches(pattern, event)]

    # Functions

    def settle(self) -> None:
        """Wait until all that was written has been published, and all that was published has been handled.

        An invocation that fails is tried again after less than a second, so nothing may change in the last two.
        """

        def check() -> None:
            ended = self._settled()
            time.sleep(2)
            assert self._settled() == ended, "something is still being tried again"

        eventually(check)

    def _settled(self) -> dict[str, Counter[str]]:
        published = {
            event["detail"]["meta"]["event_id"]
            for event in self.listen()
            if isinstance(event["detail"].get("meta"), dict)
        }
        for service in (*TABLES, "composer"):
            for key, row in self.table(service).items():
                if "outbox" in row:
                    outbox = json.loads(row["outbox"])
                    assert outbox["detail"]["meta"]["event_id"] in published, (
                        f"{key}: {outbox['detail_type']} is not out"
                    )
        expected = Counter(function for event in self.published for function in self.consumers(event))
        expected.subtract(self._not_delivered)
        ended = {function: self.attempts(function) for function in expected}
        waiting = {function: (len(ended[function]), count) for function, count in expected.items()}
        waiting = {function: counts for function, counts in waiting.items() if counts[0] < counts[1]}
        assert not waiting, f"invocations that have ended, of those that there have to be: {waiting}"
        return ended

    def attempts(self, function: str) -> Counter[str]:
        """How many attempts at each invocation of a function have ended, by request id."""
        return Counter(found[1] for text in self._logged(function) if (found := _END.match(text)))

    def logs_of(self, function: str) -> list[dict[str, Any]]:
        """What a function has logged as JSON, its metrics among it."""
        lines = (line for text in self._logged(function) for line in text.splitlines())
        return [json.loads(line) for line in lines if line.startswith("{")]

    def _logged(self, function: str) -> Iterator[str]:
        group = self.outputs["functions"][function]["log_group_name"]
        for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            yield from (record["message"] for record in page["events"])

    def log_lines(self) -> Iterator[tuple[str, str]]:
        """Every line of every log group: the group's name and the line."""
        for groups in self._logs.get_paginator("describe_log_groups").paginate():
            for group in groups["logGroups"]:
                name = group["logGroupName"]
                for page in self._logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                    yield from ((name, record["message"]) for record in page["events"])

    def revealing_lines(self) -> list[str]:
        """The log lines that show what a customer typed, each with what it shows."""
        return [f"{group}: {found}: {line}" for group, line in self.log_lines() if (found := revealed(line))]

    @cached_property
    def _logs(self) -> Any:
        return self.client.aws("logs")

    @cached_property
    def _lambda(self) -> Any:
        return self.client.aws("lambda")

    def name_of(self, function: str) -> str:
        """A function's name in AWS, by `<service>/<function>`."""
        name: str = self.outputs["functions"][function]["name"]
        return name

    @contextlib.contextmanager
    def changed(self, function: str, *, timeout: int | None = None, **environment: str) -> Iterator[None]:
        """Give a function another timeout and other environment variables for a while."""
        name = self.name_of(function)
        before = self._lambda.get_function_configuration(FunctionName=name)
        variables = before["Environment"]["Variables"]
        self._lambda.update_function_configuration(
            FunctionName=name,
            Timeout=timeout or before["Timeout"],
            Environment={"Variables": {**variables, **environment}},
        )
        try:
            yield
        finally:
            self._lambda.update_function_configuration(
                FunctionName=name, Timeout=before["Timeout"], Environment={"Variables": variables}
            )

    def raising(self, function: str) -> contextlib.AbstractContextManager[None]:
        """Have a function raise: it is told of another service's table, which its role does not let it touch."""
        other = "order" if function.startswith("payment/") else "payment"
        return self.changed(function, SAGA_TABLE=self.outputs["tables"][other]["name"])

    @contextlib.contextmanager
    def with_concurrency(self, function: str, most: int) -> Iterator[None]:
        """Let only so many invocations of a function run at a time for a while; with 0 Lambda refuses every event."""
        name = self.name_of(function)
        self._lambda.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=most)
        try:
            yield
        finally:
            self._lambda.delete_function_concurrency(FunctionName=name)

    @contextlib.contextmanager
    def stopped_relay(self, service: str) -> Iterator[None]:
        """Have a service's relay not read its stream for a while."""
        (mapping,) = self._lambda.list_event_source_mappings(FunctionName=self.name_of(f"{service}/relay"))[
            "EventSourceMappings"
        ]
        self._lambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        try:
            yield
        finally:
            self._lambda.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    @contextlib.contextmanager
    def not_permitted(self, function: str, rule: str) -> Iterator[None]:
        """Have EventBridge not allowed to invoke a function for one of its rules for a while."""
        name, statement = self.name_of(function), f"rule-{rule}"
        policy = json.loads(self._lambda.get_policy(FunctionName=name)["Policy"])
        (removed,) = [one for one in policy["Statement"] if one["Sid"] == statement]
        self._lambda.remove_permission(FunctionName=name, StatementId=statement)
        try:
            yield
        finally:
            self._lambda.add_permission(
                FunctionName=name,
                StatementId=statement,
                Action="lambda:InvokeFunction",
                Principal="events.amazonaws.com",
                SourceArn=removed["Condition"]["ArnLike"]["AWS:SourceArn"],
            )

    @contextlib.contextmanager
    def without_rule(self, function: str, rule: str) -> Iterator[None]:
        """Have events of one of a function's rules not delivered for a while; they are lost, as if still on their way.

        Whoever uses it waits for such an event before the end.
        """
        bus = self.outputs["event_bus"]["name"]
        names = [name for key, name, _ in self.rules if key == function and name.endswith(rule)]
        assert len(names) == 1, names
        pattern = next(pattern for _, name, pattern in self.rules if name == names[0])
        before = len(self.listen())
        self._events.disable_rule(Name=names[0], EventBusName=bus)
        try:
            yield
        finally:
            self._events.enable_rule(Name=names[0], EventBusName=bus)
            lost = sum(matches(pattern, event) for event in self.listen()[before:])
            self._not_delivered[function] += lost

    def not_delivered(self, function: str, count: int = 1) -> None:
        """Tell `settle` of events that never reach the function."""
        self._not_delivered[function] += count

    def deliver(self, function: str, event: Mapping[str, Any]) -> None:
        """Invoke a function with an event, as a redrive does."""
        self._lambda.invoke(
            FunctionName=self.name_of(function), InvocationType="Event", Payload=json.dumps(event).encode()
        )

    # Callers

    def as_user(self, name: str, service: str, *statements: Mapping[str, Any]) -> Any:
        """A client of an AWS service with the key of a new user, whose policy has these statements."""
        users = self.client.aws("iam")
        users.create_user(UserName=name)
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        users.put_user_policy(UserName=name, PolicyName="tests", PolicyDocument=policy)
        key = users.create_access_key(UserName=name)["AccessKey"]
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.client.environment["AWS_ENDPOINT_URL"],
            region_name=self.client.environment["AWS_REGION"],
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
        )

    # Dead letters

    def dead_letters(self) -> dict[str, int]:
        """How many messages there are in each queue that is not empty."""
        found = {}
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        for key, queue in self.outputs["queues"].items():
            answer = self._sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=names)
            if count := sum(int(answer["Attributes"][name]) for name in names):
                found[key] = count
        return found

    def take_dead_letter(self, queue: str, saga_id: str | None = None) -> dict[str, Any]:
        """Wait for a message in one of the platform's queues and take it out.

        Messages of other sagas than `saga_id` are taken out too, if that is given.
        """
        url = self.outputs["queues"][queue]["url"]

        def check() -> dict[str, Any]:
            answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, MessageAttributeNames=["All"])
            messages = answer.get("Messages")
            assert messages, f"nothing in {queue}; dead letters: {self.dead_letters()}"
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
            message: dict[str, Any] = {**messages[0], "Body": json.loads(messages[0]["Body"])}
            assert saga_id is None or saga_id in messages[0]["Body"], f"another one in {queue}"
            return message

        return eventually(check)


@contextlib.contextmanager
def open_shop(deployment: Deployment) -> Iterator[Shop]:
    """The shop of a deployment. Whatever is done to it, in the end it has logged nothing that a customer typed."""
    shop = Shop(deployment)
    yield shop
    assert shop.revealing_lines() == []


def matches(pattern: Any, value: Any) -> bool:
    """Whether an event matches a pattern of exact values, which is all that the platform's rules have."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(matches(part, value.get(name)) for name, part in pattern.items())
    assert all(isinstance(choice, str) for choice in pattern), f"the tests know exact values only: {pattern}"
    return value in pattern


def saga_of(event: Event) -> str | None:
    """The saga that an event or the report of a technical failure belongs to."""
    detail = event["detail"]
    if event["detail-type"] == TECHNICAL_FAILURE:
        detail = detail["requestPayload"].get("detail", {})
    meta = detail.get("meta")
    return meta.get("correlation_id") if isinstance(meta, dict) else None


def altered(event: Event, **meta: Any) -> Event:
    """A copy of an event with other values in its envelope."""
    changed = copy.deepcopy(event)
    changed["detail"]["meta"].update(meta)
    return changed


def _plain(item: Mapping[str, Any]) -> Row:
    return {name: _number(_DESERIALIZER.deserialize(value)) for name, value in item.items()}


def _number(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _number(part) for name, part in value.items()}
    return int(value) if hasattr(value, "as_integer_ratio") and not isinstance(value, (bool, float)) else value


_DESERIALIZER = TypeDeserializer()
