"""An account of its own on an emulator, and what the checks build in it."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from emulator.server import DEFAULT_REGION, Emulator

T = TypeVar("T")
ROLE = "role/service"
# Every function notes its invocations in a file, which the checks read.
_PREAMBLE = """
import json, os, time
class PaymentFailed(Exception): pass
def note(event, context):
    line = {"event": event, "request_id": context.aws_request_id, "arn": context.invoked_function_arn}
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps(line) + "\\n")
"""
SUCCEED = "return None"
FAIL = "raise PaymentFailed('no such card')"
_sessions = threading.Lock()  # boto3 sessions load their data through one that is shared


@dataclass(frozen=True)
class Queue:
    url: str
    arn: str


class World:
    """Resources in one account. Waits for at most `patience` seconds for what should happen."""

    def __init__(self, emulator: Emulator, account_id: str, folder: Path, patience: float) -> None:
        self.emulator = emulator
        self.account_id = account_id
        self.folder = folder
        self.patience = patience
        self.client: Callable[[str], Any] = cache(self._client)

    def _client(self, service: str) -> Any:
        return self.client_of(service, self.account_id, "test")

    def client_of(self, service: str, access_key: str, secret_key: str) -> Any:
        with _sessions:
            return boto3.session.Session().client(
                service,  # type: ignore[call-overload]  # a name from a variable
                region_name=DEFAULT_REGION,
                endpoint_url=self.emulator.endpoint,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                config=Config(retries={"total_max_attempts": 1}),
            )

    def arn(self, service: str, resource: str) -> str:
        region = "" if service == "iam" else DEFAULT_REGION
        return f"arn:aws:{service}:{region}:{self.account_id}:{resource}"

    # Functions

    def function(self, name: str, body: str = SUCCEED, **settings: Any) -> str:
        """A function whose handler notes the invocation and then does what `body` says. Returns its ARN."""
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr(
                "main.py", f"{_PREAMBLE}\ndef handler(event, context):\n    note(event, context)\n{lines}\n"
            )
        created = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self.arn("iam", ROLE),
            Handler="main.handler",
            Timeout=20,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"NOTES": str(self.notes(name))}},
            **settings,
        )
        return str(created["FunctionArn"])

    def permit(self, name: str, rule: str, **settings: Any) -> None:
        self.client("lambda").add_permission(
            FunctionName=name,
            StatementId=rule,
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=self.arn("events", f"rule/{rule}"),
            **settings,
        )

    def invocations(self, name: str) -> list[dict[str, Any]]:
        """What the function noted so far."""
        notes = self.notes(name)
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    def invoked(self, name: str, times: int) -> list[dict[str, Any]]:
        """The function's invocations, of which there are exactly so many."""
        self.until(lambda: len(self.invocations(name)) >= times, f"{times} invocations of {name}")
        time.sleep(0.3)
        found = self.invocations(name)
        assert len(found) == times, f"{len(found)} invocations of {name} instead of {times}"
        return found

    def notes(self, name: str) -> Path:
        """The file in which the function notes its invocations."""
        return self.folder / f"{self.account_id}-{name}.jsonl"

    # Queues and rules

    def queue(self, name: str, *, rules_may_send: bool = True, **attributes: str) -> Queue:
        """A queue, by default with a policy that lets the account's rules send to it and refuses plain HTTP."""
        arn = self.arn("sqs", name)
        if rules_may_send:
            allow = {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnLike": {"aws:SourceArn": self.arn("events", "rule/*")}},
            }
            attributes["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": [allow, refuse_plain_http(arn)]})
        url = self.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return Queue(url, arn)

    def messages(self, queue: Queue, count: int = 1) -> list[dict[str, Any]]:
        """So many messages of the queue, with their attributes; they are taken off it."""
        found: list[dict[str, Any]] = []

        def receive() -> bool:
            received = self.client("sqs").receive_message(
                QueueUrl=queue.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
            )
            for message in received.get("Messages", []):
                self.client("sqs").delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
                found.append(message)
            return len(found) >= count

        self.until(receive, f"{count} messages in {queue.arn}")
        assert len(found) == count, found
        return found

    def is_empty(self, queue: Queue) -> bool:
        attributes = self.client("sqs").get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])["Attributes"]
        return bool(attributes["ApproximateNumberOfMessages"] == "0")

    def rule(self, name: str, target_arn: str, dead_letter_queue: Queue | None = None, **pattern: Any) -> None:
        """A rule on the default bus that matches its own name as source, unless a pattern is given."""
        events = self.client("events")
        events.put_rule(Name=name, EventPattern=json.dumps(pattern or {"source": [name]}))
        target: dict[str, Any] = {"Id": "1", "Arn": target_arn}
        if dead_letter_queue:
            target["DeadLetterConfig"] = {"Arn": dead_letter_queue.arn}
        events.put_targets(Rule=name, Targets=[target])

    def put(self, rule: str, detail: dict[str, Any] | None = None) -> None:
        """Put an event that the rule of this name matches."""
        entry = {"Source": rule, "DetailType": "OrderPlaced", "Detail": json.dumps(detail or {"order": 1})}
        answer = self.client("events").put_events(Entries=[entry])
        assert answer["FailedEntryCount"] == 0, answer

    # Streams

    def table(self, name: str) -> str:
        """A table with a stream; returns the stream's ARN."""
        description = self.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]
        return str(description["LatestStreamArn"])

    def mapping(self, stream_arn: str, function: str, **settings: Any) -> str:
        answer = self.client("lambda").create_event_source_mapping(
            EventSourceArn=stream_arn, FunctionName=function, StartingPosition="TRIM_HORIZON", **settings
        )
        return str(answer["UUID"])

    def write(self, table: str, *keys: str) -> None:
        for key in keys:
            self.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": key}})

    def batches(self, function: str) -> list[str]:
        """The keys of every batch that the function got: "ab" is one of two records."""
        return [
            "".join(record["dynamodb"]["Keys"]["pk"]["S"] for record in invocation["event"]["Records"])
            for invocation in self.invocations(function)
        ]

    # Waiting

    def until(self, condition: Callable[[], T], what: str) -> T:
        deadline = time.monotonic() + self.patience
        while not (found := condition()):
            assert time.monotonic() < deadline, f"waited {self.patience} s for {what}"
            time.sleep(0.05)
        return found


def refuse_plain_http(arn: str) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
