"""What Terraform plans, what the code does, and what the schemas say are one and the same."""

from __future__ import annotations

from tests.support.platform import Platform
from tests.wiring.support import checks
from tests.wiring.support.checks import Wiring


def test_every_event_has_a_consumer(wiring: Wiring) -> None:
    assert list(checks.consumers(wiring)) == []


def test_every_pattern_has_an_emitter(wiring: Wiring) -> None:
    assert list(checks.emitters(wiring)) == []


def test_every_service_publishes_in_its_own_name(wiring: Wiring) -> None:
    assert list(checks.publishers(wiring)) == []


def test_every_handler_takes_what_its_rules_deliver(wiring: Wiring) -> None:
    assert list(checks.handlers(wiring)) == []


def test_every_event_has_its_schema(wiring: Wiring) -> None:
    assert list(checks.schemas(wiring)) == []


def test_every_package_carries_the_schemas_it_needs(wiring: Wiring) -> None:
    assert list(checks.consumed(wiring)) == []


def test_every_event_agrees_with_its_schema_everywhere(wiring: Wiring, seen: Platform) -> None:
    assert list(checks.messages(wiring, seen)) == []


def test_every_setting_is_set_and_read(wiring: Wiring, seen: Platform) -> None:
    assert list(checks.settings(wiring, seen)) == []


def test_every_role_permits_what_its_function_calls(wiring: Wiring, seen: Platform) -> None:
    assert list(checks.permissions(wiring, seen)) == []
