"""An execution environment that cannot start is no concern of those that are at work."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.server import Emulator

HANDLER = """
import os, time
import boto3

if os.path.exists({mark!r}):
    raise RuntimeError("no start")

def handler(event, context):
    queue = boto3.client("sqs")
    queue.send_message(QueueUrl=event["queue"], MessageBody="started")
    while not os.path.exists({go!r}):
        time.sleep(0.05)
    queue.send_message(QueueUrl=event["queue"], MessageBody="done")
"""


@pytest.mark.parametrize("corrected", [True, False], ids=["corrected", "stock"])
def test_a_start_that_fails_ends_nobody_elses_work(corrected: bool, tmp_path: Path) -> None:
    mark, go = tmp_path / "mark", tmp_path / "go"
    with Emulator.start(name="environments", corrected=corrected) as emulator:
        session: Any = boto3.session.Session(
            region_name="eu-west-1", aws_access_key_id="3" * 12, aws_secret_access_key="test"
        )
        functions, queues = (session.client(name, endpoint_url=emulator.endpoint) for name in ("lambda", "sqs"))
        queue = queues.create_queue(QueueName="told")["QueueUrl"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("main.py", HANDLER.format(mark=str(mark), go=str(go)))
        functions.create_function(
            FunctionName="work",
            Runtime="python3.11",
            Handler="main.handler",
            Timeout=300,
            Role="arn:aws:iam::333333333333:role/service",
            Code={"ZipFile": archive.getvalue()},
        )
        event = json.dumps({"queue": queue}).encode()
        functions.invoke(FunctionName="work", InvocationType="Event", Payload=event)
        found = received(queues, queue)
        assert next(found) == "started"
        mark.touch()
        answer = functions.invoke(FunctionName="work", Payload=event)
        assert "no start" in json.load(answer["Payload"])["errorMessage"]
        mark.unlink()
        if not corrected:
            assert next(found) == "started"  # the work that was ended with it, again
        go.touch()
        assert next(found) == "done"


def received(queues: Any, queue: str) -> Any:
    """The messages of a queue, one after another, as they come."""
    while True:
        for message in queues.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", []):
            queues.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield message["Body"]
