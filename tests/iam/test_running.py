"""On the running platform, with IAM enforced: a function has the credentials of its own role and nothing more."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.iam.support.estate import Estate, Role
from tests.iam.support.probe import Call, Probe, call

from local_platform.client import Client
from local_platform.deployment import Deployment

REFUSED = ("AccessDeniedException", "AccessDenied")


@pytest.fixture(scope="module")
def client(deployment: Deployment) -> Client:
    return Client.of(deployment)


@pytest.fixture(scope="module")
def ciphertexts(client: Client, estate: Estate) -> dict[str, str]:
    """Something encrypted with each service's key, by the service, as base64. What signs cursors encrypts nothing."""
    kms = client.aws("kms")
    return {
        key.service: base64.b64encode(kms.encrypt(KeyId=key.arn, Plaintext=b"a row")["CiphertextBlob"]).decode()
        for key in estate.keys
        if kms.describe_key(KeyId=key.arn)["KeyMetadata"]["KeyUsage"] == "ENCRYPT_DECRYPT"
    }


@pytest.fixture(scope="module")
def answers(client: Client, estate: Estate, ciphertexts: Mapping[str, str]) -> dict[str, tuple[list[Call], Any]]:
    """What each function was asked to do with what is not its own, and what came of it."""

    def ask(role: Role) -> tuple[list[Call], Any]:
        calls = list(_calls(estate, role, ciphertexts))
        return calls, Probe(client, role.function).ask(calls)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(estate.roles, pool.map(ask, estate.roles.values()), strict=True))


def test_every_function_runs_in_its_own_role(estate: Estate, answers: Mapping[str, tuple[list[Call], Any]]) -> None:
    found = {function: answer["caller"] for function, (_, answer) in answers.items()}
    expected = {function: role.arn.rpartition("/")[2] for function, role in estate.roles.items()}
    assert {function: arn.split("/")[1] for function, arn in found.items()} == expected
    assert all(":assumed-role/" in arn for arn in found.values())


def test_every_function_is_refused_what_belongs_to_others(answers: Mapping[str, tuple[list[Call], Any]]) -> None:
    let_through = [
        f"{function}: {one['service']} {one['operation']} {one['parameters']}: {outcome}"
        for function, (calls, answer) in answers.items()
        for one, outcome in zip(calls, answer["outcomes"], strict=True)
        if outcome not in REFUSED
    ]
    number = sum(len(calls) for calls, _ in answers.values())
    print(f"\n{len(answers)} functions, {number} calls of the running platform, {number - len(let_through)} refused")
    assert let_through == []


def test_a_function_may_do_what_its_role_says(client: Client, estate: Estate) -> None:
    """The probes are refused because of what they ask for, not because they ask."""
    table = next(owned.arn.split("/")[1] for owned in estate.tables if owned.service == "order")
    key = {"pk": {"S": "none"}}
    outcomes = Probe(client, "order/get_order").ask(
        [
            call("dynamodb", "get_item", TableName=table, Key=key),
            call("dynamodb", "put_item", TableName=table, Item=key),
        ]
    )["outcomes"]
    assert outcomes == ["done", "AccessDeniedException"]
    bus, source = estate.bus.arn.split("/", 1)[1], estate.sources["order"]
    outcomes = Probe(client, "order/relay").ask([_publish(bus, source), _publish(bus, estate.sources["payment"])])
    assert outcomes["outcomes"] == ["done", "AccessDeniedException"]


def _calls(estate: Estate, role: Role, ciphertexts: Mapping[str, str]) -> Iterator[Call]:
    key: dict[str, Any] = {"pk": {"S": "any"}}
    for owned in estate.tables:
        if owned.service != role.service:
            table = owned.arn.split("/")[1]
            yield call("dynamodb", "get_item", TableName=table, Key=key)
            yield call("dynamodb", "put_item", TableName=table, Item=key)
            write = {"Put": {"TableName": table, "Item": key}}
            yield call("dynamodb", "transact_write_items", TransactItems=[write])
            for index in owned.indexes:
                yield call(
                    "dynamodb",
                    "query",
                    TableName=table,
                    IndexName=index,
                    KeyConditionExpression="listed = :one",
                    ExpressionAttributeValues={":one": {"S": "open"}},
                )
    for service, source in estate.sources.items():
        if service != role.service:
            yield _publish(estate.bus.arn.split("/", 1)[1], source)
    for service, ciphertext in ciphertexts.items():
        if service != role.service:
            yield call("kms", "decrypt", CiphertextBlob=ciphertext)
    for owned in estate.keys:
        if owned.service != role.service:
            yield call("kms", "generate_data_key", KeyId=owned.arn, KeySpec="AES_256")
            yield call("kms", "disable_key", KeyId=owned.arn)


def _publish(bus: str, source: str) -> Call:
    return call(
        "events",
        "put_events",
        Entries=[{"EventBusName": bus, "Source": source, "DetailType": "OrderPlaced", "Detail": "{}"}],
    )
