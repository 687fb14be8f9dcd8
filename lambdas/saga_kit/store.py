"""The rows of steps in a service's table: one row a saga and step, every change a conditional write."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from saga_kit import aws, outbox
from saga_kit.envelope import Event
from saga_kit.errors import SagaError, TransactionConflictError
from saga_kit.rules import State, States

Item = dict[str, Any]
"""A DynamoDB item or a part of one, in the attribute-value notation of the low-level API."""

_CONFLICT_ATTEMPTS = 6
_CONFLICT_DELAY_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Row:
    """A step's row as it was found: its state and all its attributes."""

    state: State
    item: Item

    @property
    def event(self) -> Event | None:
        """The event that the row reports, none for an intent; read anew each time, since few ask for it.

        Raises ``InvalidEventError`` when what the row holds is not one.
        """
        text = self.item.get(outbox.ATTRIBUTE, {}).get("S")
        return outbox.load(text) if text else None

    @property
    def reason(self) -> Any:
        """The reason that the row's event gives, ``None`` where it gives none. Raises as ``event`` does."""
        event = self.event
        return event.data.get("reason") if event else None


@dataclass(frozen=True, slots=True)
class Transition:
    """What became of a change: applied or not, and the row as it stood before (``None``: absent or not asked for)."""

    applied: bool
    row: Row | None = None

    @property
    def found(self) -> State | None:
        """The state in which the row was found."""
        return self.row.state if self.row else None


class TransactionRefusedError(SagaError):
    """Items that had to change together with the step's row did not meet their conditions; nothing was written.

    ``reasons`` has an entry for each of these items, in their order: ``None`` where the condition held, else the item
    as it is (an empty mapping where there is none).
    """

    def __init__(self, reasons: Sequence[Item | None]) -> None:
        super().__init__("the conditions of a transaction were not met")
        self.reasons = tuple(reasons)


def key(saga_id: str) -> Item:
    """Return the primary key of a saga's step row."""
    return {"pk": {"S": f"step#{saga_id}"}}


class StepStore:
    """Reads and changes the step rows of one table.

    ``client`` is a low-level DynamoDB client, ``table`` the name of the service's own table.
    """

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def find(self, saga_id: str) -> Row | None:
        """Return the saga's row by a consistent read, or ``None`` when there is none."""
        answer = self._client.get_item(TableName=self._table, Key=key(saga_id), ConsistentRead=True)
        return to_row(answer.get("Item"))

    def change(
        self,
        saga_id: str,
        to: State,
        *,
        allowed: States,
        event: Event | None = None,
        attributes: Mapping[str, Item] | None = None,
        require: Mapping[str, Item] | None = None,
        together: Sequence[Item] = (),
    ) -> Transition:
        """Move the saga's row to the state ``to`` if it is in one of the ``allowed`` states (``None``: absent).

        ``event`` goes into the outbox by the same write, ``attributes`` are set beside it, and ``require`` names
        attributes that must have the given values as well. ``together`` are further entries of a TransactWriteItems
        request that take effect with the row or not at all; they should ask for
        ``ReturnValuesOnConditionCheckFailure=ALL_OLD``. Without them one UpdateItem is sent, and an applied change
        returns the row as it was before.

        Raises ``TransactionRefusedError`` when the row could have changed but one of ``together`` could not, and
        ``TransactionConflictError`` when other transactions held the items for too long.
        """
        update = self._update(saga_id, to, allowed, event, attributes or {}, require or {})
        if together:
            return self._transact(update, together)
        try:
            answer = self._client.update_item(**update, ReturnValues="ALL_OLD")
        except ClientError as error:
            answer = aws.response(error)
            if answer["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return Transition(False, to_row(answer.get("Item")))
        return Transition(True, to_row(answer.get("Attributes")))

    def _update(
        self,
        saga_id: str,
        to: State,
        allowed: States,
        event: Event | None,
        attributes: Mapping[str, Item],
        require: Mapping[str, Item],
    ) -> Item:
        names = {"#state": "state"}
        values: Item = {":to": {"S": to.value}}
        assignments = ["#state = :to"]
        for index, (name, value) in enumerate(_with_outbox(attributes, event).items()):
            names[f"#a{index}"], values[f":a{index}"] = name, value
            assignments.append(f"#a{index} = :a{index}")
        condition = _state_condition(allowed, values)
        for index, (name, value) in enumerate(require.items()):
            names[f"#r{index}"], values[f":r{index}"] = name, value
            condition = f"({condition}) AND #r{index} = :r{index}"
        return {
            "TableName": self._table,
            "Key": key(saga_id),
            "UpdateExpression": "SET " + ", ".join(assignments),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _transact(self, update: Item, together: Sequence[Item]) -> Transition:
        own, *others = transact(self._client, [{"Update": update}, *together])
        if own is not None:
            return Transition(False, to_row(own))
        if any(found is not None for found in others):
            raise TransactionRefusedError(others)
        return Transition(True)


def transact(client: Any, entries: Sequence[Item]) -> list[Item | None]:
    """Send a TransactWriteItems request, again for as long as others hold its items and there is patience.

    Returns for each entry ``None`` where its condition held, else the item as it is (an empty mapping where there is
    none): nothing was written then. Raises ``TransactionConflictError`` when others held the items for too long.
    """
    for attempt in range(_CONFLICT_ATTEMPTS):
        try:
            client.transact_write_items(TransactItems=entries)
        except ClientError as error:
            answer = aws.response(error)
            if answer["Error"]["Code"] != "TransactionCanceledException":
                raise
            reasons = answer["CancellationReasons"]
            if any(reason["Code"] == "ConditionalCheckFailed" for reason in reasons):
                return [_found(reason) for reason in reasons]
            if not any(reason["Code"] == "TransactionConflict" for reason in reasons):
                raise
        else:
            return [None] * len(entries)
        time.sleep(random.uniform(0, _CONFLICT_DELAY_SECONDS * 2**attempt))  # noqa: S311 - jitter, no secret
    raise TransactionConflictError(f"gave up after {_CONFLICT_ATTEMPTS} attempts")


def _with_outbox(attributes: Mapping[str, Item], event: Event | None) -> dict[str, Item]:
    return {**attributes, **({outbox.ATTRIBUTE: {"S": outbox.dump(event)}} if event else {})}


def _state_condition(allowed: States, values: Item) -> str:
    alternatives = ["attribute_not_exists(pk)"] if None in allowed else []
    for index, state in enumerate(_sorted_states(allowed)):
        values[f":s{index}"] = {"S": state.value}
        alternatives.append(f"#state = :s{index}")
    return " OR ".join(alternatives)


def _sorted_states(allowed: Iterable[State | None]) -> list[State]:
    return sorted(state for state in allowed if state is not None)


def _found(reason: Item) -> Item | None:
    return reason.get("Item", {}) if reason["Code"] == "ConditionalCheckFailed" else None


def to_row(item: Item | None) -> Row | None:
    """Return the row that a DynamoDB item holds, or ``None`` for no item."""
    if not item:
        return None
    return Row(State(item["state"]["S"]), item)
