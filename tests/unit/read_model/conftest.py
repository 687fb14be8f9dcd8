"""The read model's tables as Terraform deploys them: the events', and one generation of the projection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from tests.unit.conftest import TABLE

from read_model.projection import BY_CUSTOMER, BY_DEADLINE, BY_STATE
from saga_kit import aws

PROJECTION = f"{TABLE}-g1"
INDEXES = {
    BY_CUSTOMER: ("customer_id", "placed"),
    BY_STATE: ("listed", "listed_at"),
    BY_DEADLINE: ("open", "due"),
}
"""The indexes with their keys; held against Terraform by a test."""


def make_projection(client: Any, name: str) -> None:
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": attribute, "AttributeType": "S"}
            for attribute in ("pk", *(key for keys in INDEXES.values() for key in keys))
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": keys[0], "KeyType": "HASH"},
                    {"AttributeName": keys[1], "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
            for index, keys in INDEXES.items()
        ],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def tables(service_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Both tables, and the environment of the functions; gives the low-level client."""
    monkeypatch.setenv("SAGA_FURTHER_TABLES", json.dumps({"g1": PROJECTION}))
    monkeypatch.delenv("READ_MODEL_KEEP_DAYS", raising=False)
    with mock_aws():
        client = aws.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        make_projection(client, PROJECTION)
        yield client
