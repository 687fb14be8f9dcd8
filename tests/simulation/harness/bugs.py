"""Bugs to seed: each a small patch of a handler, the kit, the relay or what Terraform deploys. All must be found.

A patch is a replacement of text in a module's source as it is imported, in a process of its own; or of a rule's
pattern; or of a part of the deployment. Text that is not there (any more) is an error: a patch that changes nothing
proves nothing.
"""

# ruff: noqa: E501 - the patches are lines of code and stand as they are

from __future__ import annotations

import dataclasses
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CodeType, ModuleType

from .deployment import Deployment
from .runtime import LAMBDAS


class StaleBugError(ValueError):
    """A seeded bug that does not fit the code any more; the message names it and the text that is not there."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces ``old``, which stands once in the module's source, by ``new``."""

    module: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """One bug: its name, what is wrong with it, and the patch."""

    name: str
    wrong: str
    edits: Sequence[Edit] = ()
    pattern: tuple[str, str, str] | None = None
    """Part of a rule's name, and the text of its pattern to replace by another."""
    deployed: Callable[[Deployment], Deployment] | None = None

    def change_pattern(self, rule: str, pattern: str) -> str:
        """Return the pattern of ``rule`` as the bug has it."""
        if self.pattern is None or not rule.endswith(self.pattern[0]):
            return pattern
        _, old, new = self.pattern
        if old not in pattern:
            raise StaleBugError(f"{self.name}: {old!r} is not in the pattern of {rule}")
        return pattern.replace(old, new)


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from its source, edited."""

    def __init__(self, name: str, path: str, bug: Bug, edits: Sequence[Edit]) -> None:
        super().__init__(name, path)
        self._bug = bug
        self._edits = edits

    def get_code(self, fullname: str) -> CodeType:
        """Compile the edited source; bytecode that was cached for the real one is not used."""
        text = self.get_data(self.path).decode()
        for edit in self._edits:
            if text.count(edit.old) != 1:
                raise StaleBugError(f"{self._bug.name}: {edit.module} holds {text.count(edit.old)} times: {edit.old}")
            text = text.replace(edit.old, edit.new)
        del fullname
        return compile(text, self.path, "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, bug: Bug) -> None:
        self._bug = bug
        self.edits: dict[str, list[Edit]] = {}
        for edit in bug.edits:
            self.edits.setdefault(edit.module, []).append(edit)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        edits = self.edits.get(fullname)
        if edits is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise StaleBugError(f"{self._bug.name}: there is no module {fullname}")
        return importlib.machinery.ModuleSpec(
            fullname, _Loader(fullname, spec.origin, self._bug, edits), origin=spec.origin
        )


def seed(bug: Bug) -> None:
    """Have the modules under ``lambdas`` imported anew with the bug in them. For a process that ends afterwards."""
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(LAMBDAS)):
            del sys.modules[name]
    sys.meta_path.insert(0, _Finder(bug))


def check(bug: Bug, source: Callable[[str], str]) -> None:
    """Raise ``StaleBugError`` when an edit does not fit ``source(module)``."""
    for edit in bug.edits:
        if source(edit.module).count(edit.old) != 1:
            raise StaleBugError(f"{bug.name}: {edit.module} does not hold exactly once: {edit.old}")


def _functions(**changes: object) -> Callable[[Deployment], Deployment]:
    """Change every function that reports its failures to the bus."""

    def change(deployment: Deployment) -> Deployment:
        functions = {
            name: dataclasses.replace(function, **changes)  # type: ignore[arg-type]  # fields by their names
            if function.on_failure and ":event-bus/" in function.on_failure
            else function
            for name, function in deployment.functions.items()
        }
        return dataclasses.replace(deployment, functions=functions)

    return change


def _mappings(**changes: object) -> Callable[[Deployment], Deployment]:
    def change(deployment: Deployment) -> Deployment:
        mappings = [dataclasses.replace(mapping, **changes) for mapping in deployment.mappings]  # type: ignore[arg-type]  # the same
        return dataclasses.replace(deployment, mappings=mappings)

    return change


def _without_rule(suffix: str) -> Callable[[Deployment], Deployment]:
    def change(deployment: Deployment) -> Deployment:
        kept = [rule for rule in deployment.rules if not rule.name.endswith(suffix)]
        if len(kept) == len(deployment.rules):
            raise StaleBugError(f"no rule ends in {suffix}")
        return dataclasses.replace(deployment, rules=kept)

    return change


def _environment(function: str, **changes: str) -> Callable[[Deployment], Deployment]:
    def change(deployment: Deployment) -> Deployment:
        functions = {
            name: dataclasses.replace(spec, environment={**spec.environment, **changes})
            if spec.environment.get("SAGA_FUNCTION") == function
            else spec
            for name, spec in deployment.functions.items()
        }
        return dataclasses.replace(deployment, functions=functions)

    return change


_RULES, _STEP, _STORE, _RELAY = "saga_kit.rules", "saga_kit.step", "saga_kit.store", "saga_kit.relay"
_ONLY_NEXT = "return states | {State.SUCCEEDED} if kind is TriggerKind.NEXT_REVERSED else states"
_BEGIN = "        intent = self.store.change(trigger.saga_id, State.PENDING, allowed=states_open_to_do())\n"

BUGS: tuple[Bug, ...] = (
    # The rules of a step
    Bug(
        "technical-failure-reverses-success",
        "a technical failure reverses a step that the saga has built on",
        [
            Edit(
                _RULES,
                _ONLY_NEXT,
                _ONLY_NEXT.replace(
                    "is TriggerKind.NEXT_REVERSED", "in {TriggerKind.NEXT_REVERSED, TriggerKind.TECHNICAL_FAILURE}"
                ),
            )
        ],
    ),
    Bug(
        "deadline-reverses-success",
        "a deadline takes back a shipment that was booked",
        [
            Edit(
                _RULES,
                _ONLY_NEXT,
                _ONLY_NEXT.replace(
                    "is TriggerKind.NEXT_REVERSED", "in {TriggerKind.NEXT_REVERSED, TriggerKind.DEADLINE}"
                ),
            )
        ],
    ),
    Bug(
        "cancellation-reverses-success",
        "a cancellation takes back a shipment that was booked",
        [
            Edit(
                _RULES,
                _ONLY_NEXT,
                _ONLY_NEXT.replace(
                    "is TriggerKind.NEXT_REVERSED", "in {TriggerKind.NEXT_REVERSED, TriggerKind.CANCELLATION}"
                ),
            )
        ],
    ),
    Bug(
        "next-reversed-keeps-success",
        "the reversal of the next step does not reverse a success",
        [Edit(_RULES, _ONLY_NEXT, "return states")],
    ),
    Bug(
        "no-tombstone",
        "an undo before its do leaves nothing, so the late do runs",
        [
            Edit(
                _RULES,
                "_UNDECIDED: States = frozenset({None, State.FAILED})",
                "_UNDECIDED: States = frozenset({State.FAILED})",
            )
        ],
    ),
    Bug(
        "failed-is-final",
        "a step that was refused is never passed back",
        [
            Edit(
                _RULES, "_UNDECIDED: States = frozenset({None, State.FAILED})", "_UNDECIDED: States = frozenset({None})"
            )
        ],
    ),
    Bug(
        "undo-ignores-pending",
        "an undo does nothing about a call that may be on its way",
        [
            Edit(
                _RULES,
                "_INTENTS: States = frozenset({State.PENDING, State.REVERSING})",
                "_INTENTS: States = frozenset({State.REVERSING})",
            )
        ],
    ),
    Bug(
        "undo-not-resumed",
        "an undo that died half-way is not taken up again",
        [
            Edit(
                _RULES,
                "_INTENTS: States = frozenset({State.PENDING, State.REVERSING})",
                "_INTENTS: States = frozenset({State.PENDING})",
            )
        ],
    ),
    Bug(
        "pending-needs-no-compensation",
        "a charge that may have been made is not voided",
        [
            Edit(
                _RULES,
                "return state in {State.PENDING, State.SUCCEEDED, State.REVERSING}",
                "return state in {State.SUCCEEDED, State.REVERSING}",
            )
        ],
    ),
    Bug(
        "reversing-needs-no-compensation",
        "an undo that is repeated believes that the first one has compensated",
        [
            Edit(
                _RULES,
                "return state in {State.PENDING, State.SUCCEEDED, State.REVERSING}",
                "return state in {State.PENDING, State.SUCCEEDED}",
            )
        ],
    ),
    Bug(
        "success-needs-no-compensation",
        "a charge that was recorded is not voided",
        [
            Edit(
                _RULES,
                "return state in {State.PENDING, State.SUCCEEDED, State.REVERSING}",
                "return state in {State.PENDING, State.REVERSING}",
            )
        ],
    ),
    Bug(
        "do-wins-over-undo",
        "a do records its success although the undo has begun",
        [
            Edit(
                _RULES,
                "return frozenset({State.PENDING}) if with_intent",
                "return frozenset({State.PENDING, State.REVERSING}) if with_intent",
            )
        ],
    ),
    Bug(
        "do-over-tombstone",
        "a late do runs over the tombstone of its undo",
        [Edit(_RULES, "with_intent else frozenset({None})", "with_intent else frozenset({None, State.REVERSED})")],
    ),
    Bug(
        "do-over-failure",
        "a duplicate of a do that was refused tries again",
        [Edit(_RULES, "with_intent else frozenset({None})", "with_intent else frozenset({None, State.FAILED})")],
    ),
    # The step
    Bug(
        "call-before-intent",
        "the provider is called before the intent is on the row",
        [
            Edit(_STEP, _BEGIN, "        early = provider.perform(trigger.event)\n" + _BEGIN),
            Edit(
                _STEP,
                "self._decide(trigger, provider.perform(trigger.event), with_intent=True)",
                "self._decide(trigger, early, with_intent=True)",
            ),
        ],
    ),
    Bug(
        "call-in-spite-of-row",
        "the provider is called although the row has decided",
        [Edit(_STEP, "if not intent.applied and intent.found is not State.PENDING:", "if False:")],
    ),
    Bug(
        "do-not-resumed",
        "a do that died after its intent is not taken up again",
        [Edit(_STEP, "if not intent.applied and intent.found is not State.PENDING:", "if not intent.applied:")],
    ),
    Bug(
        "provider-not-revoked",
        "an undo does not tell the provider",
        [Edit(_STEP, "            provider.revoke(trigger.saga_id)\n", "            pass\n")],
    ),
    Bug(
        "revoke-after-record",
        "the provider is told only after the reversal is recorded",
        [
            Edit(_STEP, "            provider.revoke(trigger.saga_id)\n", "            pass\n"),
            Edit(
                _STEP,
                "        change = self.store.change(trigger.saga_id, State.REVERSED, allowed=frozenset({State.REVERSING}), event=event)\n",
                "        change = self.store.change(trigger.saga_id, State.REVERSED, allowed=frozenset({State.REVERSING}), event=event)\n"
                "        if compensates:\n            provider.revoke(trigger.saga_id)\n",
            ),
        ],
    ),
    Bug(
        "failure-without-event",
        "a refusal is recorded and never published",
        [
            Edit(
                _STEP,
                "            event=self.event(trigger, names.succeeded if succeeded else names.failed, outcome.data, names.do),",
                "            event=self.event(trigger, names.succeeded, outcome.data, names.do) if succeeded else None,",
            )
        ],
    ),
    Bug(
        "publish-before-commit",
        "a step publishes its event itself, before it writes its row",
        [
            Edit(
                _STEP,
                "        succeeded = outcome.state is State.SUCCEEDED\n",
                "        succeeded = outcome.state is State.SUCCEEDED\n"
                "        import json\n        from saga_kit import aws, settings\n"
                "        early = self.event(trigger, names.succeeded if succeeded else names.failed, outcome.data, names.do)\n"
                "        aws.client('events').put_events(Entries=[{'EventBusName': 'shop-sim-events', 'Source': settings.text('SAGA_SOURCE'), "
                "'DetailType': early.detail_type, 'Detail': json.dumps(early.detail())}])\n",
            )
        ],
    ),
    # The row
    Bug(
        "read-then-write",
        "the state is read, then written without a condition",
        [
            Edit(
                _STORE,
                "        update = self._update(saga_id, to, allowed, event, attributes or {}, require or {})\n",
                "        row = self.find(saga_id)\n"
                "        if (row.state if row else None) not in allowed:\n            return Transition(False, row)\n"
                "        update = self._update(saga_id, to, allowed, event, attributes or {}, require or {})\n"
                "        update['ConditionExpression'] = f\"({update['ConditionExpression']}) OR attribute_exists(pk) OR attribute_not_exists(pk)\"\n",
            )
        ],
    ),
    Bug(
        "conflict-taken-for-success",
        "a transaction that was cancelled by a conflict counts as done",
        [
            Edit(
                _STORE,
                'if not any(reason["Code"] == "TransactionConflict" for reason in reasons):\n                raise\n',
                'if not any(reason["Code"] == "TransactionConflict" for reason in reasons):\n                raise\n'
                "            return [None] * len(entries)\n",
            )
        ],
    ),
    Bug(
        "swallowed-error-of-the-table",
        "every error of a write counts as a row that has decided",
        [
            Edit(
                _STORE,
                "                raise\n            return Transition(False, to_row(",
                "                return Transition(False, None)\n            return Transition(False, to_row(",
            )
        ],
    ),
    # The relay
    Bug(
        "failed-entry-count-ignored",
        "entries that EventBridge refused are forgotten",
        [Edit(_RELAY, '    if not answer["FailedEntryCount"]:\n        return None\n', "    return None\n")],
    ),
    Bug(
        "last-failure-reported",
        "the last refused entry is reported instead of the first",
        [
            Edit(
                _RELAY,
                '    for item, result in zip(batch, answer["Entries"], strict=True):\n',
                '    for item, result in reversed(list(zip(batch, answer["Entries"], strict=True))):\n',
            )
        ],
    ),
    Bug(
        "relay-swallows-errors",
        "a relay that cannot reach the bus says that all is well",
        [
            Edit(
                _RELAY,
                "        failed = _publish(batch)\n",
                "        try:\n            failed = _publish(batch)\n        except Exception:\n            continue\n",
            )
        ],
    ),
    Bug(
        "relay-skips-poison",
        "a record that cannot be read is dropped",
        [
            Edit(
                _RELAY,
                "    event, detail = outbox.load_with_detail(new)\n",
                "    try:\n        event, detail = outbox.load_with_detail(new)\n    except InvalidEventError:\n        return None\n",
            )
        ],
    ),
    Bug(
        "relay-repeats-events",
        "every change of a row publishes its event again",
        [Edit(_RELAY, "    if new is None or new == old:\n", "    if new is None:\n")],
    ),
    Bug(
        "relay-only-new-rows",
        "only the first event of a row is published",
        [Edit(_RELAY, "    if new is None or new == old:\n", "    if new is None or old is not None:\n")],
    ),
    Bug(
        "wrong-detail-type-published",
        "the event's name is written another way",
        [
            Edit(
                _RELAY,
                '        "DetailType": event.detail_type,\n',
                '        "DetailType": event.detail_type.replace("Reversed", "reversed"),\n',
            )
        ],
    ),
    # Messages
    Bug(
        "participant-swallows-retry",
        "a function that should come back later says that it is done",
        [
            Edit(
                "saga_kit.participant",
                "            effect = work(trigger, context)\n",
                "            from saga_kit.errors import RetryLaterError\n            try:\n                effect = work(trigger, context)\n"
                "            except RetryLaterError:\n                effect = Effect.NOTHING\n",
            )
        ],
    ),
    Bug(
        "participant-swallows-poison",
        "a message that breaks its contract is dropped",
        [
            Edit(
                "saga_kit.participant",
                "            trigger = triggers.parse(event, kinds)\n",
                "            from saga_kit.errors import InvalidEventError\n            try:\n                trigger = triggers.parse(event, kinds)\n"
                "            except InvalidEventError:\n                return {}\n",
            )
        ],
    ),
    Bug(
        "log-tells-the-address",
        "a log line holds what the customer typed",
        [
            Edit(
                "saga_kit.participant",
                'logger.info("handled", effect=effect.value)',
                'logger.info("handled", effect=effect.value, order=trigger.event.data.get("order"))',
            )
        ],
    ),
    # An effect that cannot be repeated
    Bug(
        "lease-not-checked",
        "a mail is sent although another delivery is sending it",
        [Edit("saga_kit.once", "lease_until < :now)", "lease_until <> :now)")],
    ),
    Bug(
        "mail-before-claim",
        "a mail is sent before anything is recorded",
        [
            Edit(
                "saga_kit.once",
                "        attempt = self._claim(key, attributes)\n",
                "        event = effect(1)\n        attempt = self._claim(key, attributes)\n",
            ),
            Edit("saga_kit.once", "            event = effect(attempt)\n", "            pass\n"),
        ],
    ),
    Bug(
        "lease-never-ends",
        "a claim whose holder is dead is never taken over",
        [Edit("saga_kit.once", "lease_until < :now)", "lease_until = :now)")],
    ),
    Bug(
        "mail-repeated-by-the-sdk",
        "the SDK sends a mail again when the answer was lost",
        [Edit("notification.handlers", 'aws.client("sesv2", attempts=1)', 'aws.client("sesv2")')],
    ),
    Bug(
        "mail-errors-swallowed",
        "a mail that was refused counts as sent",
        [
            Edit(
                "notification.service",
                "        send(message)\n",
                "        try:\n            send(message)\n        except Exception:\n            pass\n",
            )
        ],
    ),
    Bug(
        "mail-of-the-other-outcome",
        "the customer is told the opposite",
        [
            Edit(
                "notification.service",
                "outcome = Outcome.SHIPPED if trigger.kind is TriggerKind.PREVIOUS_SUCCEEDED else Outcome.CANCELLED",
                "outcome = Outcome.SHIPPED",
            )
        ],
    ),
    # The providers
    Bug(
        "charge-key-changes",
        "every attempt to charge has a key of its own",
        [
            Edit(
                "payment.provider",
                "            },\n            idempotency_key=saga_id,\n",
                "            },\n            idempotency_key=f\"{saga_id}-{event.meta.event_id[:4]}-{__import__('saga_kit.clock').clock.now().timestamp()}\",\n",
            )
        ],
    ),
    Bug(
        "no-idempotency-key",
        "requests carry no idempotency key",
        [Edit("saga_kit.outbound", '"idempotency-key": idempotency_key}', '"x-key": idempotency_key}')],
    ),
    Bug(
        "timeout-taken-for-refusal",
        "no answer counts as a declined card",
        [
            Edit(
                "saga_kit.outbound",
                '            raise ProviderUnavailableError(f"no answer from the provider: {type(error).__name__}") from None\n',
                '            return 402, b\'{"code":"card_declined"}\'\n',
            )
        ],
    ),
    Bug(
        "revoke-errors-swallowed",
        "a void that got no answer counts as done",
        [
            Edit(
                "payment.provider",
                '        answer = self.client.post(f"/authorizations/{saga_id}/void", idempotency_key=f"{saga_id}-void")\n',
                "        from saga_kit.errors import ProviderUnavailableError\n        try:\n"
                '            answer = self.client.post(f"/authorizations/{saga_id}/void", idempotency_key=f"{saga_id}-void")\n'
                "        except ProviderUnavailableError:\n            return\n",
            )
        ],
    ),
    Bug(
        "wrong-order-voided",
        "the void names another authorization",
        [
            Edit(
                "payment.provider",
                'self.client.post(f"/authorizations/{saga_id}/void"',
                'self.client.post(f"/authorizations/{saga_id[::-1]}/void"',
            )
        ],
    ),
    Bug(
        "first-line-charged",
        "the customer is charged for the first line alone",
        [
            Edit(
                "payment.provider",
                '                "amount": order["total"],\n',
                '                "amount": order["lines"][0]["unit_price"],\n',
            )
        ],
    ),
    # The services
    Bug(
        "wrong-event-name-in-code",
        "a service publishes an event by a name that nobody knows",
        [Edit("payment.service", '    succeeded="PaymentAuthorized",\n', '    succeeded="PaymentAuthorised",\n')],
    ),
    Bug(
        "deadline-not-understood",
        "the last undo refuses a deadline",
        [Edit("shipping.handlers", '        "SagaDeadlineExceeded": TriggerKind.DEADLINE,\n', "")],
    ),
    Bug(
        "stock-below-zero",
        "stock is reserved without asking whether it is there",
        [
            Edit(
                "inventory.stock",
                '"ConditionExpression": "available >= :quantity AND unit_price',
                '"ConditionExpression": "reserved >= :quantity OR unit_price',
            )
        ],
    ),
    Bug(
        "stock-outside-the-transaction",
        "stock is taken first, and the row written after it",
        [
            Edit(
                "inventory.service",
                "            return step.record(trigger, reserved, together=inventory.reservations(taken))\n",
                "            inventory.client.transact_write_items(TransactItems=inventory.reservations(taken))\n"
                "            return step.record(trigger, reserved)\n",
            )
        ],
    ),
    Bug(
        "release-forgets-reserved",
        "stock is given back and still counts as reserved",
        [
            Edit(
                "inventory.stock",
                '"SET available = available + :quantity, reserved = reserved - :quantity "',
                '"SET available = available + :quantity "',
            )
        ],
    ),
    Bug(
        "stock-not-released",
        "the reversal of the inventory gives nothing back",
        [
            Edit(
                "inventory.service",
                "        return Compensation(inventory.releases(kept)",
                "        return None if True else Compensation(inventory.releases(kept)",
            )
        ],
    ),
    Bug(
        "price-not-checked",
        "the quoted price need not be the price",
        [
            Edit(
                "inventory.stock",
                "AND unit_price = :price AND currency",
                "AND (unit_price = :price OR unit_price <> :price) AND currency",
            )
        ],
    ),
    # Stock in shards
    Bug(
        "shards-not-asked-for",
        "an order takes from an item without looking whether it is in shards",
        [Edit("inventory.stock", '        f"AND {layout}",\n', "        ,\n")],
    ),
    Bug(
        "refused-by-one-shard",
        "an order is refused when its own shard has too little",
        [
            Edit(
                "inventory.service",
                "    if reason is not None or stock.shards_of(item) > 1 or piece.shards > 1:\n",
                "    if reason is not None:\n",
            )
        ],
    ),
    Bug(
        "refused-by-one-look",
        "an order is refused when the shards, read one after the other, each had too little when it was read",
        [Edit("inventory.store", "if len(found) == 1 or versions == before or", "if found or versions == before or")],
    ),
    Bug(
        "never-made-up",
        "an order is refused when no shard has all of it",
        [Edit("inventory.shards", "    return [] if left else pieces\n", "    return []\n")],
    ),
    Bug(
        "made-up-too-small",
        "an order gets what there is instead of what it is for",
        [Edit("inventory.shards", "    return [] if left else pieces\n", "    return pieces\n")],
    ),
    Bug(
        "released-to-the-first-shard",
        "stock is given back to another shard than it was taken from",
        [
            Edit(
                "inventory.store",
                "stock.release(self.table, item, quantity)",
                "stock.release(self.table, item.partition('~')[0], quantity)",
            )
        ],
    ),
    Bug(
        "pieces-not-recorded",
        "the row keeps the first piece of an order alone",
        [Edit("inventory.service", '{"S": stock.dump(taken)}', '{"S": stock.dump(taken[:1])}')],
    ),
    Bug(
        "delivered-to-every-shard",
        "every shard gets the whole delivery",
        [
            Edit(
                "inventory.shards",
                "    given = [0] * len(available)\n    left = quantity\n",
                "    return [quantity] * len(available)\n",
            )
        ],
    ),
    Bug(
        "priced-in-the-first-shard",
        "a new price reaches the first shard alone",
        [
            Edit(
                "inventory.stock",
                '            ":price": {"N": str(line.unit_price)},\n            ":currency": {"S": line.currency},\n            ":one": {"N": "1"},\n        }\n        update',
                '            ":price": {"N": str(line.unit_price + shard)},\n            ":currency": {"S": line.currency},\n            ":one": {"N": "1"},\n        }\n        update',
            )
        ],
    ),
    Bug(
        "order-placed-twice",
        "a repeated request writes the order again",
        [
            Edit(
                "order.store",
                "_NOTHING_YET = frozenset({None})",
                "_NOTHING_YET = frozenset({None, State.SUCCEEDED, State.REVERSED})",
            )
        ],
    ),
    Bug(
        "cancellation-revives",
        "a cancellation brings an order back that was taken back",
        [
            Edit(
                "order.store",
                "_STANDING = frozenset({State.SUCCEEDED})",
                "_STANDING = frozenset({State.SUCCEEDED, State.REVERSED})",
            )
        ],
    ),
    Bug(
        "cancellation-decides-itself",
        "a request to cancel cancels, whatever the saga has done",
        [
            Edit(
                "order.store",
                "            State.SUCCEEDED,\n            allowed=_STANDING",
                "            State.REVERSED,\n            allowed=_STANDING",
            )
        ],
    ),
    Bug(
        "log-refuses-duplicates",
        "the log fails on an event that it has",
        [
            Edit(
                "saga_log.store",
                '            if aws.response(error)["Error"]["Code"] != "ConditionalCheckFailedException":\n                raise\n            return False\n',
                "            raise\n",
            )
        ],
    ),
    Bug(
        "watchdog-tells-nothing",
        "a deadline that has passed is not told",
        [
            Edit(
                "saga_log.watchdog",
                "        if head.exceeded_at is None:\n",
                "        if head.exceeded_at is not None:\n",
            )
        ],
    ),
    Bug(
        "watchdog-tells-again",
        "a deadline is told in every round",
        [
            Edit("saga_log.watchdog", "        if head.exceeded_at is None:\n", "        if True:\n"),
            Edit("saga_log.heads", ' or "exceeded_at" in item:', " or False:"),
            Edit("saga_log.heads", '"#state = :open AND attribute_not_exists(exceeded_at)"', '"#state = :open"'),
            Edit(
                "saga_log.heads",
                '        item["order"] = {"S": json.dumps(order, ensure_ascii=False, separators=(",", ":"))}\n',
                '        item["order"] = item["kept"] = {"S": json.dumps(order)}\n',
            ),
            Edit("saga_log.heads", '        if "order" not in item:\n', '        if "kept" not in item:\n'),
            Edit("saga_log.heads", 'json.loads(item["order"]["S"])', 'json.loads(item["kept"]["S"])'),
        ],
    ),
    Bug(
        "ended-saga-opened-again",
        "a late first event opens a saga that has ended",
        [
            Edit(
                "saga_log.heads",
                '"(#state = :open AND attribute_not_exists(#order)',
                '"(#state <> :open AND attribute_not_exists(#order)',
            )
        ],
    ),
    Bug(
        "no-watchdog-rule",
        "a deadline that has passed reaches nobody",
        deployed=_without_rule("reverse_ship-deadline"),
    ),
    # What Terraform deploys
    Bug(
        "wrong-detail-type-in-a-pattern",
        "a rule waits for an event by another name",
        pattern=("reverse_pymt-next_reversed", "ShipmentReversed", "ShipmentReverted"),
    ),
    Bug(
        "wrong-source-in-a-pattern",
        "a rule waits for an event from another service",
        pattern=("chk_inventory-previous_succeeded", "shop.order", "shop.orders"),
    ),
    Bug(
        "unqualified-arn-in-a-pattern",
        "a rule for technical failures does not know the ARN that Lambda reports",
        pattern=("reverse_pymt-technical_failure", ":$LATEST", ":$OTHER"),
    ),
    Bug(
        "no-notice-of-cancellation",
        "nobody is told that an order was cancelled",
        deployed=_without_rule("notify_customer-reversed"),
    ),
    Bug(
        "no-rule-for-cancellation", "requests to cancel reach nobody", deployed=_without_rule("reverse_ship-cancelled")
    ),
    Bug("no-rule-for-failure", "a refused payment is not passed back", deployed=_without_rule("reverse_pymt-failed")),
    Bug(
        "failures-reported-to-nobody", "functions have no on-failure destination", deployed=_functions(on_failure=None)
    ),
    Bug(
        "partial-responses-ignored",
        "the mapping does not read what the relay reports",
        deployed=_mappings(partial_responses=False),
    ),
    Bug(
        "no-bisect",
        "a poison record takes its batch with it into the dead-letter queue",
        deployed=_mappings(bisect=False),
    ),
    Bug(
        "wrong-table",
        "an undo looks into another service's table",
        deployed=_environment("reverse_pymt", SAGA_TABLE="shop-sim-shipping"),
    ),
)
