"""The event bus during a recovery: which rules are on, and what the archive gives again, and to whom."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from environments.target import Target
from local_platform.client import PlatformError

Message = Mapping[str, Any]
"""An event as a rule delivers it."""

_POLL_SECONDS = 1.0
_EMPTY_ANSWERS = 3
"""How often in a row the queue has to answer that it is empty: SQS asks only some of its servers at a time."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the bus."""

    name: str
    arn: str


@dataclass(frozen=True, slots=True)
class Bus:
    """The bus `name` of a deployment and the archive that keeps all of its events.

    `events` and `sqs` are clients of EventBridge and SQS.
    """

    events: Any
    sqs: Any
    name: str
    arn: str
    archive_arn: str

    @classmethod
    def of(cls, target: Target) -> Bus:
        """The bus of a deployment."""
        told, aws = target.client.outputs["event_bus"], target.client.aws
        return cls(aws("events"), aws("sqs"), told["name"], told["arn"], told["archive_arn"])

    def rules_of(self, functions: Collection[str]) -> list[Rule]:
        """The rules that deliver to any of these functions, given by their ARNs."""
        found = []
        for page in self.events.get_paginator("list_rules").paginate(EventBusName=self.name):
            for rule in page["Rules"]:
                targets = self.events.list_targets_by_rule(Rule=rule["Name"], EventBusName=self.name)["Targets"]
                if any(target["Arn"] in functions for target in targets):
                    found.append(Rule(rule["Name"], rule["Arn"]))
        return found

    def switch(self, rules: Sequence[Rule], *, on: bool) -> None:
        """Have rules deliver, or not."""
        change = self.events.enable_rule if on else self.events.disable_rule
        for rule in rules:
            change(Name=rule.name, EventBusName=self.name)

    def replay(self, rules: Sequence[Rule], start: datetime, end: datetime, name: str | None = None) -> None:
        """Have the archive's events between two moments delivered by these rules alone, and wait until they are.

        Raises `PlatformError` when the replay comes to no good end.
        """
        name = name or _name()
        self.events.start_replay(
            ReplayName=name,
            EventSourceArn=self.archive_arn,
            EventStartTime=start,
            EventEndTime=end,
            Destination={"Arn": self.arn, "FilterArns": [rule.arn for rule in rules]},
        )
        while (told := self.events.describe_replay(ReplayName=name))["State"] != "COMPLETED":
            if told["State"] in {"FAILED", "CANCELLED", "CANCELLING"}:
                raise PlatformError(f"replay {name}: {told['State']}: {told.get('StateReason', 'no reason given')}")
            time.sleep(_POLL_SECONDS)

    def published_by(self, source: str, start: datetime, end: datetime) -> list[Message]:
        """What a service has published between two moments, each event once. It goes through a queue of its own."""
        replay = _name()
        with self._queue_for(source, replay) as (url, rule):
            self.replay([rule], start, end, replay)
            found: dict[str, Message] = {}
            empty = 0
            while empty < _EMPTY_ANSWERS:
                messages = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
                    "Messages", []
                )
                empty = 0 if messages else empty + 1
                for message in messages:
                    event = json.loads(message["Body"])
                    found[json.dumps(event.get("detail"), sort_keys=True)] = event
                    self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return list(found.values())

    @contextlib.contextmanager
    def _queue_for(self, source: str, replay: str) -> Iterator[tuple[str, Rule]]:
        """A queue that gets what a replay has of a service, as long as it is looked at."""
        url = self.sqs.create_queue(QueueName=replay, Attributes={"SqsManagedSseEnabled": "true"})["QueueUrl"]
        try:
            told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            queue_arn = told["Attributes"]["QueueArn"]
            pattern = json.dumps({"source": [source], "replay-name": [replay]})
            rule_arn = self.events.put_rule(Name=replay, EventBusName=self.name, EventPattern=pattern)["RuleArn"]
            try:
                self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(queue_arn, rule_arn)})
                self.events.put_targets(
                    Rule=replay, EventBusName=self.name, Targets=[{"Id": "queue", "Arn": queue_arn}]
                )
                yield url, Rule(replay, rule_arn)
            finally:
                self.events.remove_targets(Rule=replay, EventBusName=self.name, Ids=["queue"])
                self.events.delete_rule(Name=replay, EventBusName=self.name)
        finally:
            self.sqs.delete_queue(QueueUrl=url)


def _name() -> str:
    return f"recovery-{uuid.uuid4().hex[:12]}"


def _policy(queue_arn: str, rule_arn: str) -> str:
    """Lets the rule send to the queue, over TLS as every AWS service does, and nobody else."""
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [allow]})
