"""An effect at a provider that cannot tell a second request from the first, such as a mail service.

The row is claimed before the call with a lease. Who finds an unexpired lease of somebody else comes back later, so
two deliveries at once never both send. Only a crash between the call and its record can repeat the effect, and the
row counts the attempts, so that a possible repeat is seen.
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

    ``holder`` names the delivery that is being handled: Lambda gives every retry of one asynchronous invocation the
    same request id, so a retry takes over its own claim at once. ``lease_seconds`` must be longer than an invocation
    can last.
    """

    client: Any
    table: str
    holder: str
    lease_seconds: float

    def run(self, key: Item, attributes: Item, effect: Callable[[int], Event]) -> bool:
        """Claim ``key``, call ``effect`` with the number of this attempt (1 for the first), and record its event.

        ``attributes`` are written with the first claim and belong to the row for good. Returns whether the effect was
        run now; ``False`` means that it had been before. Raises ``IntentInProgressError`` while another delivery
        holds the claim, and ``DifferentEffectError`` when the row was claimed with other attributes.
        """
        attempt = self._claim(key, attributes)
        if attempt is None:
            return False
        self._record(key, effect(attempt))
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
                UpdateExpression="SET #state = :claimed, holder = :holder, lease_until = :until"
                + assignments
                + " ADD attempts :one",
                ConditionExpression="attribute_not_exists(pk) OR "
                f"(#state = :claimed AND (holder = :holder OR lease_until < :now){same})",
                ExpressionAttributeNames={"#state": "state", **names},
                ExpressionAttributeValues={
                    ":claimed": {"S": Claim.CLAIMED.value},
                    ":holder": {"S": self.holder},
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
            raise IntentInProgressError("another delivery is at it; its lease has not run out") from None
        return int(answer["Attributes"]["attempts"]["N"])

    def _record(self, key: Item, event: Event) -> None:
        self.client.update_item(
            TableName=self.table,
            Key=key,
            UpdateExpression=f"SET #state = :done, {outbox.ATTRIBUTE} = :event REMOVE lease_until",
            ConditionExpression="#state = :claimed AND holder = :holder",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={
                ":done": {"S": Claim.DONE.value},
                ":claimed": {"S": Claim.CLAIMED.value},
                ":holder": {"S": self.holder},
                ":event": {"S": outbox.dump(event)},
            },
        )
