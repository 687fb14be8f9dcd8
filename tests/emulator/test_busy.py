"""An event that finds all executions of the account taken waits for one, and does not grow old by shrunk time."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from emulator.server import Emulator

HANDLER = """
import os, time
import boto3

def handler(event, context):
    time.sleep(event.get("seconds", 0))
    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=event["name"])
"""


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with Emulator.start(name="busy", account_concurrency=1) as emulator:
        yield (
            boto3.session.Session(region_name="eu-west-1", aws_access_key_id="2" * 12, aws_secret_access_key="test"),
            emulator.endpoint,
        )


def test_an_event_waits_for_an_execution(session: Any) -> None:
    made, endpoint = session
    functions, queues = (made.client(service, endpoint_url=endpoint) for service in ("lambda", "sqs"))
    done, failed = (queues.create_queue(QueueName=name)["QueueUrl"] for name in ("done", "failed"))
    failed_arn = queues.get_queue_attributes(QueueUrl=failed, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("main.py", HANDLER)
    for name in ("slow", "late"):
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="main.handler",
            Timeout=60,
            Role="arn:aws:iam::222222222222:role/service",
            Code={"ZipFile": archive.getvalue()},
        )
    functions.put_function_event_invoke_config(
        FunctionName="late",
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": failed_arn}},
    )
    for name, seconds in (("slow", 3), ("late", 0)):
        event = {"name": name, "seconds": seconds, "queue": done}
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(event).encode())
    names: list[str] = []
    while len(names) < 2:
        for message in queues.receive_message(QueueUrl=done, WaitTimeSeconds=1).get("Messages", []):
            names.append(message["Body"])
            queues.delete_message(QueueUrl=done, ReceiptHandle=message["ReceiptHandle"])
        assert "Messages" not in queues.receive_message(QueueUrl=failed)
    assert sorted(names) == ["late", "slow"]
