"""Infrastructure in a state folder works again after a restart, from a copy as often as one likes."""

import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.server import Emulator, EmulatorError, copy_state

HANDLER = """
import boto3
def handler(event, context):
    items = [r["dynamodb"]["NewImage"]["pk"]["S"] for r in event.get("Records", [])] or [event["detail"]["order"]]
    for item in items:
        boto3.client("sqs").send_message(QueueUrl=boto3.client("sqs").get_queue_url(QueueName="seen")["QueueUrl"],
                                         MessageBody=item)
"""


class Clients:
    def __init__(self, emulator: Emulator) -> None:
        session = boto3.session.Session(
            region_name="eu-west-1", aws_access_key_id="111122223333", aws_secret_access_key="test"
        )
        self.functions = session.client("lambda", endpoint_url=emulator.endpoint)
        self.tables = session.client("dynamodb", endpoint_url=emulator.endpoint)
        self.queues = session.client("sqs", endpoint_url=emulator.endpoint)
        self.events = session.client("events", endpoint_url=emulator.endpoint)
        self.buckets = session.client("s3", endpoint_url=emulator.endpoint)

    def build(self) -> None:
        self.queues.create_queue(QueueName="seen")
        self.buckets.create_bucket(Bucket="parcels", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        self.buckets.put_object(Bucket="parcels", Key="a", Body=b"content")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("main.py", HANDLER)
        arn = self.functions.create_function(
            FunctionName="note",
            Runtime="python3.11",
            Role="arn:aws:iam::111122223333:role/service",
            Handler="main.handler",
            Timeout=20,
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]
        rule = self.events.put_rule(Name="placed", EventPattern='{"source": ["shop"]}')["RuleArn"]
        self.events.put_targets(Rule="placed", Targets=[{"Id": "1", "Arn": arn}])
        self.functions.add_permission(
            FunctionName="note",
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rule,
        )
        stream = self.tables.create_table(
            TableName="steps",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]["LatestStreamArn"]
        self.functions.create_event_source_mapping(
            EventSourceArn=stream, FunctionName="note", StartingPosition="LATEST", BatchSize=10
        )

    def use(self, name: str, patience: float = 120) -> None:
        """Write a row and put an event, and see both arrive at the function, within `patience` seconds."""
        self.put(name)
        self.await_arrival(name, patience)

    def put(self, name: str) -> None:
        self.tables.put_item(TableName="steps", Item={"pk": {"S": f"row {name}"}})
        detail = json.dumps({"order": f"event {name}"})
        self.events.put_events(Entries=[{"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}])

    def await_arrival(self, name: str, patience: float) -> None:
        # An event whose function ended unnoticed by the emulator comes again after a restart, as it may on AWS.
        seen: set[Any] = set()
        deadline = time.monotonic() + patience
        url = self.queues.get_queue_url(QueueName="seen")["QueueUrl"]
        while not seen >= {f"row {name}", f"event {name}"}:
            assert time.monotonic() < deadline, f"only {seen} arrived"
            for message in self.queues.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", []):
                seen.add(message["Body"])
                self.queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    def rows(self) -> int:
        return int(self.tables.scan(TableName="steps", Select="COUNT")["Count"])


def test_state_is_restored_from_a_snapshot_again_and_again(tmp_path: Path) -> None:
    state, snapshot = tmp_path / "state", tmp_path / "snapshot"
    with Emulator.start(name="tests-state", state_dir=state) as emulator:
        Clients(emulator).build()
        Clients(emulator).use("before")  # leaves the mapping behind the end of a stream that isn't kept
        emulator.snapshot(snapshot)
    for number in range(2):
        copy_state(snapshot, state)
        with Emulator.start(name="tests-state", state_dir=state) as emulator:
            clients = Clients(emulator)
            assert clients.rows() == 1
            assert clients.buckets.get_object(Bucket="parcels", Key="a")["Body"].read() == b"content"
            clients.use(str(number))


def test_what_is_under_way_goes_on_after_a_restart(tmp_path: Path) -> None:
    """An event that waits to be tried again, and a row that no function has read yet."""
    with Emulator.start(name="tests-state", state_dir=tmp_path / "state", retry_base_seconds=20) as emulator:
        clients = Clients(emulator)
        clients.build()
        clients.queues.delete_queue(QueueUrl=clients.queues.get_queue_url(QueueName="seen")["QueueUrl"])
        [mapping] = clients.functions.list_event_source_mappings(FunctionName="note")["EventSourceMappings"]
        clients.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        clients.put("before")
        eventually_logged(emulator, "QueueDoesNotExist")  # the event's first attempt
        emulator.restart()
        clients.queues.create_queue(QueueName="seen")
        clients.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        clients.await_arrival("before", patience=120)
        clients.use("after")


def eventually_logged(emulator: Emulator, text: str, patience: float = 120) -> None:
    deadline = time.monotonic() + patience
    while text not in emulator.log_file.read_text(errors="replace"):
        assert time.monotonic() < deadline, f"{text} is not in the log"
        time.sleep(0.1)


def test_stock_emulator_loses_rows_written_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with Emulator.start(name="tests-state", state_dir=state) as emulator:
        clients = Clients(emulator)
        clients.build()
        # The second row arrives only when the mapping has moved past the first, which is what is restored.
        clients.use("before")
        clients.use("still before")
    with (
        Emulator.start(name="tests-state", state_dir=state, corrected=False) as emulator,
        pytest.raises(AssertionError, match=r"only \{'event after'\} arrived"),
    ):
        Clients(emulator).use("after", patience=15)


def test_without_a_state_folder_there_is_no_snapshot(tmp_path: Path) -> None:
    with Emulator.start(name="tests-state") as emulator:
        with pytest.raises(EmulatorError, match="keeps no state: start it with a state_dir"):
            emulator.snapshot(tmp_path / "snapshot")
        assert emulator.is_running()
