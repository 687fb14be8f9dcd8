"""An effect at a provider that cannot tell a second request from the first, such as a mail service.

The row is claimed before the call with a lease. Who finds an unexpired lease comes back later, so two invocations at
once never both send: not two deliveries, nor one that Lambda runs twice under the same request id. An effect that
fails gives its claim back, so a retry goes on at once; a claim whose holder died is free when its lease has run out,
which is before Lambda tries again (a minute after the failure). Only a crash between the call and its record, or a
failure that leaves open what the call did, can repeat the effect, and the row counts the attempts, so that a possible
repeat is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from saga_kit import aws, clock, outbox
from saga_kit.envelope import Event
from saga_kit.errors import IntentInProgressError, SagaError
from saga_kit.store import Item


class Claim(StrEnum):
    """State of the row of such an effect."""

    CLAIMED = "CLAIMED"
    DONE = "DONE"


class DifferentEffectError(SagaError):
    """A row is asked for an effect other than the one that it was claimed for: an invariant is broken.

    ``field`` names the attribute that differs.
    """

    def __init__(self, field: str) -> None:
        super().__init__(f"{field}: expected the value that the row was claimed with")
        self.field = field


@dataclass(frozen=True, slots=True)
class Once:
    """Runs an effect once a key, in the table ``table`` through the low-level DynamoDB client ``client``.

    ``lease_seconds`` must be longer than the invocation can still last.
    """

    client: Any
    table: str
    lease_seconds: float

    def run(self, key: Item, attributes: Item, effect: Callable[[int], Event]) -> bool:
        """Claim ``key``, call ``effect`` with the number of this attempt (1 for the first), and record its event.

        ``attributes`` are written with the first claim and belong to the row for good. Returns whether the effect was
        run now; ``False`` means that it had been before. Raises ``IntentInProgressError`` while another invocation
        holds the claim, and ``DifferentEffectError`` when the row was claimed with other attributes.
        """
        attempt = self._claim(key, attributes)
        if attempt is None:
            return False
        try:
            event = effect(attempt)
        except Exception:
            self._release(key, attempt)
            raise
        self._record(key, attempt, event)
        return True

    def _claim(self, key: Item, attributes: Item) -> int | None:
        names = {f"#a{index}": name for index, name in enumerate(attributes)}
        values = {f":a{index}": value for index, value in enumerate(attributes.values())}
        assignments = "".join(f", #a{index} = :a{index}" for index in range(len(attributes)))
        same = "".join(f" AND #a{index} = :a{index}" for index in range(len(attributes)))
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=key,
                UpdateExpression="SET #state = :claimed, lease_until = :until" + assignments + " ADD attempts :one",
                ConditionExpression="attribute_not_exists(pk) OR "
                f"(#state = :claimed AND (attribute_not_exists(lease_until) OR lease_until < :now){same})",
                ExpressionAttributeNames={"#state": "state", **names},
                ExpressionAttributeValues={
                    ":claimed": {"S": Claim.CLAIMED.value},
                    ":until": {"S": clock.rfc3339(clock.after(self.lease_seconds))},
                    ":now": {"S": clock.rfc3339(clock.now())},
                    ":one": {"N": "1"},
                    **values,
                },
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            refusal = aws.response(error)
            if refusal["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            for name, value in attributes.items():
                if refusal["Item"].get(name) != value:
                    raise DifferentEffectError(name) from None
            if refusal["Item"]["state"]["S"] == Claim.DONE:
                return None
            raise IntentInProgressError("another invocation is at it; its lease has not run out") from None
        return int(answer["Attributes"]["attempts"]["N"])

    def _release(self, key: Item, attempt: int) -> None:
        """Give the claim of ``attempt`` back: this invocation is done with it, and the next one need not wait."""
        self._settle(key, attempt, "REMOVE lease_until", {})

    def _record(self, key: Item, attempt: int, event: Event) -> None:
        done = {":done": {"S": Claim.DONE.value}, ":event": {"S": outbox.dump(event)}}
        self._settle(key, attempt, f"SET #state = :done, {outbox.ATTRIBUTE} = :event REMOVE lease_until", done)

    def _settle(self, key: Item, attempt: int, update: str, values: Item) -> None:
        """Change the row that is claimed for ``attempt``; a later one is not this invocation's any more."""
        self.client.update_item(
            TableName=self.table,
            Key=key,
            UpdateExpression=update,
            ConditionExpression="#state = :claimed AND attempts = :attempt",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={
                ":claimed": {"S": Claim.CLAIMED.value},
                ":attempt": {"N": str(attempt)},
                **values,
            },
        )
