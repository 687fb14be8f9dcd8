"""The read model of the running platform: its lists and its events agree with the services, also when it is made anew.

The tests build on each other, in their order: the first ones place the orders that the later ones rebuild from.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import PLATFORM
from tests.e2e.support.plans import changes, compare, gaps
from tests.e2e.support.shop import Shop, an_order
from tests.e2e.support.waiting import eventually

from local_platform.deployment import CONFIGURATION, PARALLELISM, Deployment
from read_model.progress import STEPS
from saga_kit.envelope import Event, Meta
from saga_kit.fold import fold
from toolchain import build, terraform
from toolchain.venv import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]

CUSTOMER = "customer-of-many"
ORDERS: Mapping[str, tuple[dict[str, Any], str]] = {
    "ships": ({}, "SHIPPED"),
    "is too large": ({"too_large": True}, "CANCELLED"),
    "has an unknown item": ({"sku": "NO-SUCH-ITEM"}, "CANCELLED"),
    "is declined": ({"card": "tok_decline"}, "CANCELLED"),
    "is not served": ({"postal_code": "00000"}, "CANCELLED"),
    "has a payment that fails": ({"card": "tok_fail"}, "CANCELLED"),
    "has a carrier that fails": ({"postal_code": "99999"}, "CANCELLED"),
    "ships at the second try": ({"card": "tok_fail_once"}, "SHIPPED"),
}
"""What is special about each, and the state that it ends in."""


def body(shop: Shop, too_large: bool = False, sku: str | None = None, **changes: Any) -> dict[str, Any]:
    item = shop.stocked(5)
    line = item.line(1000, unit_price=1_001) if too_large else item.line()
    return an_order({**line, "sku": sku or line["sku"]}, customer_id=CUSTOMER, email="canary@example.com", **changes)


@pytest.fixture(scope="module")
def placed(shop: Shop) -> dict[str, str]:
    """An order of every outcome, ended; ids by name."""
    ids = {name: shop.place(body(shop, **special)) for name, (special, _) in ORDERS.items()}
    for order_id in ids.values():
        shop.client.finished_story(order_id, timeout=150)
    return ids


@pytest.fixture(scope="module")
def run(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a command as an operator does, by the names of the deployment."""
    environment = deployment.emulator.process_environment() | {"PYTHONPATH": str(ROOT / "scripts")}

    def start(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", "-m", command, *arguments, "--environment", "local"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    return start


def listed(shop: Shop) -> dict[str, dict[str, Any]]:
    """All of the customer's orders in the read model, by their ids, page by page."""
    found: dict[str, dict[str, Any]] = {}
    after = None
    while True:
        page = shop.client.ask("read_model", "get_customer_orders", customer_id=CUSTOMER, limit=3, after=after)
        assert len(page["orders"]) <= 3
        found |= {order["order_id"]: order for order in page["orders"]}
        after = page["after"]
        if after is None:
            return found


def await_listed(shop: Shop, states: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Wait until the read model has these orders in these states, and their customers told."""

    def check() -> dict[str, dict[str, Any]]:
        found = listed(shop)
        assert {order_id: order["state"] for order_id, order in found.items()} == states
        assert all("notified_at" in order for order in found.values())
        return found

    return eventually(check)


def test_a_customers_orders_are_listed_in_their_states(shop: Shop, placed: dict[str, str]) -> None:
    found = await_listed(shop, {placed[name]: state for name, (_, state) in ORDERS.items()})
    moments = [order["placed_at"] for order in found.values()]
    assert moments == sorted(moments, reverse=True)
    for order in found.values():
        service = shop.client.ask("order", "get_order", order_id=order["order_id"])
        for name in ("placed_at", "deadline_at", "total", "currency", "customer_id"):
            assert order[name] == service[name], name
        assert order.get("reason_code") == service.get("reason", {}).get("code")
        assert order["lines"] == len(service["lines"])
    assert "canary" not in json.dumps(shop.table("read_model-g1"))


def test_operators_find_orders_by_state_and_day_and_late_ones(shop: Shop, placed: dict[str, str]) -> None:
    found = await_listed(shop, {placed[name]: state for name, (_, state) in ORDERS.items()})
    for order in found.values():
        day = order["updated_at"][:10]
        answer = shop.client.expect("GET", f"/orders?state={order['state']}&day={day}&limit=100")
        assert order["order_id"] in {one["order_id"] for one in answer["orders"]}
    with (
        shop.changed("order/place_order", SAGA_DEADLINE_SECONDS="1"),
        shop.without_rule("inventory/chk_inventory", "previous_succeeded"),
        shop.without_rule("shipping/reverse_ship", "deadline"),
    ):
        order_id = shop.place(an_order(shop.stocked(1).line()))
        shop.await_event(order_id, "OrderPlaced")

        def check() -> None:
            late = shop.client.expect("GET", "/orders?overdue=true")["orders"]
            assert [(one["order_id"], one["state"]) for one in late] == [(order_id, "PLACED")]

        eventually(check)
        event = shop.await_event(order_id, "SagaDeadlineExceeded")
    shop.publish(event)
    shop.client.finished_story(order_id, timeout=150)
    eventually(lambda: _none_late(shop))
    refused = shop.client.request("GET", "/orders?state=LOST")
    assert (refused.status_code, refused.json()["field"]) == (400, "state")


def _none_late(shop: Shop) -> None:
    assert shop.client.expect("GET", "/orders?overdue=true")["orders"] == []


def test_the_fold_of_an_orders_events_equals_the_rows_of_the_services(shop: Shop, placed: dict[str, str]) -> None:
    await_listed(shop, {placed[name]: state for name, (_, state) in ORDERS.items()})
    tables = {step.step: shop.table(step.step) for step in STEPS}
    for name, order_id in placed.items():
        told = eventually(lambda order_id=order_id: _whole(shop, order_id))  # type: ignore[misc]  # bound at once
        events = [
            Event(one["detail-type"], Meta(**one["detail"]["meta"]), one["detail"]["data"]) for one in told["events"]
        ]
        for step, folded in fold(reversed(events), STEPS).items():
            row = tables[step].get(f"step#{order_id}")
            assert (folded is None) == (row is None), (name, step)
            if folded is not None and row is not None:
                assert row["state"] == folded.state.value == told["steps"][step], (name, step)
                kept = json.loads(row["outbox"])
                assert (kept["detail_type"], kept["detail"]) == (folded.event.detail_type, folded.event.detail())


def of_the_saga(shop: Shop, order_id: str) -> list[dict[str, Any]]:
    """What its saga consists of: not the failures that Lambda tells of, nor what the composer tells of its cache."""
    return [
        event
        for event in shop.events_of(order_id)
        if event["source"] != "lambda" and not event["source"].endswith(".composer")
    ]


def _whole(shop: Shop, order_id: str) -> dict[str, Any]:
    """The order's events in the read model, once all that were published are there."""
    published = {event["detail"]["meta"]["event_id"] for event in of_the_saga(shop, order_id)}
    told: dict[str, Any] = shop.client.ask("read_model", "get_events", order_id=order_id)
    assert {event["detail"]["meta"]["event_id"] for event in told["events"]} == published
    return told


def test_what_cannot_be_projected_ends_in_its_queue_and_goes_back_from_there(
    shop: Shop, run: Run, placed: dict[str, str]
) -> None:
    functions, sqs = shop.outputs["functions"], shop.client.aws("sqs")
    queue = functions["read_model/project_g1"]["event_queue"]
    # A message is hidden for minutes after a failure; the test has no minutes.
    before = sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue["url"], Attributes={"VisibilityTimeout": "1"})
    other = shop.outputs["tables"]["payment"]["name"]
    with shop.changed("read_model/project_g1", SAGA_FURTHER_TABLES=json.dumps({"g1": other})):
        order_id = shop.place(body(shop))
        shop.client.finished_story(order_id, timeout=150)
        count = len(of_the_saga(shop, order_id))

        def parked() -> None:
            assert shop.dead_letters().get("read_model/project_g1/failed") == count

        eventually(parked)
    letters = json.loads(run("dead_letters", "--json").stdout)
    assert {(one["kind"], tuple(one["orders"])) for one in letters} == {("not handled", (order_id,))}
    told = run("saga_cli", "list", "--dead-lettered", "--json")
    assert told.returncode == 1
    (saga,) = json.loads(told.stdout)["sagas"]
    assert (saga["saga_id"], saga["state"], len(saga["dead_letters"])) == (order_id, "completed", count)
    assert {letter["queue"] for letter in saga["dead_letters"]} == {"read_model/project_g1/failed"}
    sqs.set_queue_attributes(QueueUrl=queue["url"], Attributes=before)
    assert order_id not in listed(shop)
    assert run("dead_letters", "--all").returncode == 0
    eventually(lambda: _is_listed(shop, order_id))
    assert shop.dead_letters() == {}
    assert run("saga_cli", "list", "--dead-lettered").returncode == 0


def _is_listed(shop: Shop, order_id: str) -> None:
    assert listed(shop).get(order_id, {}).get("state") == "SHIPPED"


# Made anew


@dataclass(frozen=True)
class Applied:
    """Terraform with a copy of the state that the apply left."""

    options: list[str]
    environment: Mapping[str, str]

    def apply(self, *generations: str) -> dict[str, Any]:
        """Have these generations; returns the outputs."""
        tool = terraform.find()
        # Nobody but Terraform has changed anything since, and reading it all back is most of the time.
        command = ["apply", "-auto-approve", "-input=false", "-no-color", "-refresh=false"]
        tool.run([*command, *self.with_generations(*generations)], CONFIGURATION, env=self.environment)
        outputs: dict[str, Any] = tool.outputs(CONFIGURATION, env=self.environment)["platform"]
        return outputs

    def with_generations(self, *generations: str) -> list[str]:
        return [*self.options, f"-var=read_model={json.dumps({'generations': generations})}"]


@pytest.fixture(scope="module")
def applied(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Applied:
    folder: Path = tmp_path_factory.mktemp("terraform")
    state = folder / "terraform.tfstate"
    shutil.copyfile(PLATFORM.folder / "terraform.tfstate", state)
    emulator = deployment.emulator
    environment = {**PLATFORM.environment(emulator), "TF_DATA_DIR": str(folder / "data")}
    terraform.find().init(CONFIGURATION, f"-backend-config=path={state}", "-reconfigure", env=environment)
    options = [*PLATFORM.variables(emulator, build.build()), f"-parallelism={PARALLELISM}"]
    return Applied(options, environment)


@contextlib.contextmanager
def orders_coming_in(shop: Shop) -> Iterator[list[str]]:
    """Orders go on coming in, one after another, each when the one before has ended."""
    over = threading.Event()
    ids: list[str] = []
    item = shop.stocked(1_000)

    def go_on() -> None:
        while not over.is_set():
            card = "tok_decline" if len(ids) % 2 else "tok_approve"
            ids.append(shop.place(an_order(item.line(), card=card, customer_id=CUSTOMER)))
            shop.client.finished_story(ids[-1], timeout=150)

    with ThreadPoolExecutor(1) as pool:
        customers = pool.submit(go_on)
        try:
            yield ids
        finally:
            over.set()
            customers.result()


def _more_than(count: int, ids: list[str]) -> None:
    assert len(ids) > count


def test_it_is_made_anew_from_the_archive_while_orders_come_in(
    shop: Shop, run: Run, applied: Applied, placed: dict[str, str]
) -> None:
    alone = run("read_model_cli")
    assert alone.returncode == 1
    assert "expected two generations of the projection, found g1" in alone.stderr

    outputs = applied.apply("g1", "g2")
    assert sorted(outputs["read_model"]) == ["g1", "g2"]
    before = listed(shop)
    with orders_coming_in(shop) as coming_in:
        eventually(lambda: _more_than(1, coming_in))
        result = run("read_model_cli", "--archive-lag", "0", "--no-switch")
        assert result.returncode == 0, result.stdout + result.stderr
        assert "g2 equals g1" in result.stdout
        result = run("read_model_cli", "--archive-lag", "0")
        assert result.returncode == 0, result.stdout + result.stderr
        assert "g2 is read from now on" in result.stdout
        ended = len(coming_in)
        eventually(lambda: _more_than(ended, coming_in))
    assert before.keys() <= listed(shop).keys()
    assert shop.table("read_model")["generation|live"]["generation"] == "g2"


def test_the_new_one_equals_the_old_one_and_stands_alone_after_the_next_apply(
    shop: Shop, run: Run, applied: Applied, placed: dict[str, str]
) -> None:
    def check() -> dict[str, Any]:
        old, new = shop.table("read_model-g1"), shop.table("read_model-g2")
        assert old == new
        assert all("notified_at" in row for row in new.values())
        return new

    rows = eventually(check)
    assert {f"order#{order_id}" for order_id in placed.values()} <= rows.keys()

    outputs = applied.apply("g2")
    assert sorted(outputs["read_model"]) == ["g2"]
    assert {order_id: listed(shop)[order_id]["state"] for order_id in placed.values()} == {
        placed[name]: state for name, (_, state) in ORDERS.items()
    }
    tool = terraform.find()
    plan = tool.plan_json(CONFIGURATION, *applied.with_generations("g2"), env=applied.environment)
    unlisted, _ = compare(changes(plan), gaps())
    assert unlisted == []
    tables = shop.client.aws("dynamodb").list_tables()["TableNames"]
    assert not any(name.endswith("-g1") for name in tables)
