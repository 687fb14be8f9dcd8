"""What Terraform plans, what the code does, and what the schemas say are one and the same."""

from __future__ import annotations

from tests.support import canaries
from tests.support.canaries import plain, revealed
from tests.support.platform import Platform
from tests.wiring.support import checks
from tests.wiring.support.checks import Wiring

from read_model import progress
from saga_kit.step import Definition


def test_every_event_has_a_consumer(wiring: Wiring) -> None:
    assert list(checks.consumers(wiring)) == []


def test_every_pattern_has_an_emitter(wiring: Wiring) -> None:
    assert list(checks.emitters(wiring)) == []


def test_every_service_publishes_in_its_own_name(wiring: Wiring) -> None:
    assert list(checks.publishers(wiring)) == []


def test_every_handler_takes_what_its_rules_deliver(wiring: Wiring) -> None:
    assert list(checks.handlers(wiring)) == []


def test_the_read_model_knows_the_steps_and_their_order(wiring: Wiring) -> None:
    delivered = checks.deliveries(wiring)
    ordered: list[Definition] = []
    remaining = dict(wiring.code.definitions)
    while remaining:
        succeeded = ordered[-1].succeeded if ordered else None
        # The next is started by the success of the one before; the first by no event.
        service = next(
            service
            for service, definition in remaining.items()
            if set(delivered.get(f"{service}/{definition.do}", ())) == ({succeeded} if succeeded else set())
        )
        ordered.append(remaining.pop(service))
    assert [(step.step, step.succeeded, step.failed, step.reversed) for step in progress.STEPS] == [
        (one.name, one.succeeded, one.failed, one.reversed) for one in ordered
    ]


def test_every_event_has_its_schema(wiring: Wiring) -> None:
    assert list(checks.schemas(wiring)) == []


def test_every_package_carries_the_schemas_it_needs(wiring: Wiring) -> None:
    assert list(checks.consumed(wiring)) == []


def test_every_event_agrees_with_its_schema_everywhere(wiring: Wiring, seen: Platform) -> None:
    assert list(checks.messages(wiring, seen)) == []


def test_every_setting_is_set_and_read(wiring: Wiring, seen: Platform) -> None:
    assert list(checks.settings(wiring, seen)) == []


def test_no_log_line_shows_what_a_customer_typed(seen: Platform) -> None:
    lines = seen.logs.getvalue().splitlines()
    assert any('"handled"' in line for line in lines)
    assert [line for line in lines if revealed(line)] == []


def test_payment_data_is_a_token_and_four_digits_everywhere(seen: Platform) -> None:
    stored = [
        found
        for table in seen.db.tables.values()
        for change in table.changes
        for found in canaries.payments(change.new and plain(change.new))
    ]
    found = [*stored, *canaries.payments(seen.published)]
    assert found
    assert {name for payment in found for name in payment} == canaries.PAYMENT_DATA


def test_every_role_permits_what_its_function_calls(wiring: Wiring, seen: Platform) -> None:
    assert list(checks.permissions(wiring, seen)) == []
