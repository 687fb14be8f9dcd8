"""Takes dead letters out of their queues, holds them, and puts them back to where they were on their way to."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dead_letters.letters import Kind, Letter, Queue, read
from dead_letters.streams import Record, RecordsGoneError, Streams, orders_in
from environments.target import Target
from local_platform.client import PlatformError

HOLD_SECONDS = 900
"""How long nobody else gets a message that is held. Who takes longer may put it back twice, which does no harm."""
_WAIT_SECONDS = 1
_AT_ONCE = 8
_MAX_BATCH = 10
_RECORDS_AT_ONCE = 100


class NotPutBackError(RuntimeError):
    """A letter could not be put back; the message says why. It stays in its queue."""


@dataclass
class Office:
    """The dead letters of a deployment.

    Attributes:
        target: the deployment.
        scan_tables: whether to look into the tables for what a stream has lost.
    """

    target: Target
    scan_tables: bool = False
    _held: dict[str, Letter] = field(default_factory=dict)

    def queues(self, wanted: str | None = None) -> list[Queue]:
        """Its queues, or the one with this key or name. Raises `PlatformError` when there is no such queue."""
        found = [
            Queue(key, queue["name"], queue["url"])
            for key, queue in sorted(self.target.client.outputs["queues"].items())
        ]
        if wanted is None:
            return found
        chosen = [queue for queue in found if wanted in {queue.key, queue.name}]
        if not chosen:
            raise PlatformError(f"--queue {wanted}: expected one of {', '.join(queue.key for queue in found)}")
        return chosen

    # Holding

    def take(self, queues: Sequence[Queue]) -> list[Letter]:
        """Take every letter out of these queues, the oldest first; held until it is put back or released."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            letters = [
                letter for found in pool.map(lambda queue: list(self._receive(queue)), queues) for letter in found
            ]
        return sorted(map(self._with_orders, letters), key=lambda letter: letter.sent_at)

    def _receive(self, queue: Queue) -> Iterator[Letter]:
        seen: set[str] = set()
        while True:
            messages = self._sqs.receive_message(
                QueueUrl=queue.url,
                MaxNumberOfMessages=_MAX_BATCH,
                VisibilityTimeout=HOLD_SECONDS,
                WaitTimeSeconds=_WAIT_SECONDS,
                AttributeNames=["SentTimestamp", "DeadLetterQueueSourceArn"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            letters = [read(queue, message) for message in messages]
            self._held.update({letter.message_id: letter for letter in letters})
            new = [letter for letter in letters if letter.message_id not in seen]
            if not new:
                return
            seen |= {letter.message_id for letter in new}
            yield from new

    def _with_orders(self, letter: Letter) -> Letter:
        """A report of stream records tells no orders; the records do."""
        if letter.batch is None:
            return letter
        try:
            return dataclasses.replace(letter, orders=orders_in(self._streams.records(letter.batch)))
        except RecordsGoneError:
            return dataclasses.replace(letter, reason=f"{letter.reason}; no longer in the stream")

    def release(self) -> None:
        """Give back to their queues all letters that are held: they are there for everybody again."""
        held, self._held = list(self._held.values()), {}
        by_url: dict[str, list[Letter]] = {}
        for letter in held:
            by_url.setdefault(letter.queue.url, []).append(letter)
        for url, letters in by_url.items():
            for start in range(0, len(letters), _MAX_BATCH):
                entries = [
                    {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                    for number, letter in enumerate(letters[start : start + _MAX_BATCH])
                ]
                self._sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)

    # Putting back

    def put_back(self, letter: Letter) -> None:
        """Put a letter back to where it was on its way to, and then take it off its queue.

        Raises `NotPutBackError`; the letter is then still held.
        """
        try:
            self._deliver(letter)
            self._sqs.delete_message(QueueUrl=letter.queue.url, ReceiptHandle=letter.receipt)
        except (BotoCoreError, ClientError) as error:
            raise NotPutBackError(str(error)) from error
        self._held.pop(letter.message_id, None)

    def _deliver(self, letter: Letter) -> None:
        if letter.kind is Kind.STREAM:
            self._relay(letter)
        elif letter.kind is Kind.BUS:
            self._publish(letter.payload)
        elif letter.kind is Kind.UNKNOWN:
            raise NotPutBackError("it is not known what this is; read it in the queue, and delete it there")
        elif letter.event_queue is not None:
            name = letter.event_queue.rpartition(":")[2]
            url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
            self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(letter.payload))
        else:
            function = letter.function or self._function_of(letter.queue)
            answer = self._lambda.invoke(
                FunctionName=function, InvocationType="Event", Payload=json.dumps(letter.payload).encode()
            )
            if answer["StatusCode"] != 202:
                raise NotPutBackError(f"Lambda answered {answer['StatusCode']}")

    def _relay(self, letter: Letter) -> None:
        assert letter.batch is not None
        try:
            records = self._streams.records(letter.batch)
        except RecordsGoneError as error:
            if not self.scan_tables:
                raise NotPutBackError(f"{error}; --scan-tables looks for the rows") from None
            records = self._streams.rows(letter.batch)
            if not records:
                raise NotPutBackError(
                    f"{error}, and no row of {letter.batch.table} has an event of that time"
                ) from None
        for start in range(0, len(records), _RECORDS_AT_ONCE):
            self._relay_records(letter, records[start : start + _RECORDS_AT_ONCE])

    def _relay_records(self, letter: Letter, records: Sequence[Record]) -> None:
        """Have the relay publish records; it is asked to wait for the answer, for nobody tries again after this."""
        answer = self._lambda.invoke(FunctionName=letter.function, Payload=json.dumps({"Records": records}).encode())
        told = json.load(answer["Payload"])
        if "FunctionError" in answer:
            error = told.get("errorType", "an error") if isinstance(told, Mapping) else "an error"
            raise NotPutBackError(f"the relay failed again: {error}")
        if isinstance(told, Mapping) and told.get("batchItemFailures"):
            raise NotPutBackError("the bus refused an event again")

    def _publish(self, event: Mapping[str, Any]) -> None:
        entry: dict[str, Any] = {
            "EventBusName": self.target.client.outputs["event_bus"]["name"],
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event.get("detail", {})),
            "Resources": event.get("resources", []),
        }
        if isinstance(event.get("time"), str):
            entry["Time"] = datetime.fromisoformat(event["time"])
        answer = self._events.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise NotPutBackError(f"the bus refused it: {answer['Entries'][0].get('ErrorCode')}")

    def _function_of(self, queue: Queue) -> str:
        """The function whose queue it is, for a message that does not tell."""
        key = queue.key.rpartition("/")[0]
        if key not in self.target.functions:
            raise NotPutBackError(f"the function of {queue.key} is not known: name the deployment by --outputs")
        return str(self.target.functions[key]["name"])

    @cached_property
    def _sqs(self) -> Any:
        return self.target.client.aws("sqs")

    @cached_property
    def _lambda(self) -> Any:
        return self.target.client.aws("lambda")

    @cached_property
    def _events(self) -> Any:
        return self.target.client.aws("events")

    @cached_property
    def _streams(self) -> Streams:
        return Streams(self.target.client.aws("dynamodbstreams"), self.target.client.aws("dynamodb"))


def about(letters: Iterable[Letter], order: str | None) -> list[Letter]:
    """The letters about an order, or all."""
    return [letter for letter in letters if order is None or order in letter.orders]
