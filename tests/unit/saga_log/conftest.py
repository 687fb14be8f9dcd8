"""The saga log's table as Terraform deploys it, with its index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws
from tests.unit.conftest import TABLE

from saga_kit import aws
from saga_log.heads import INDEX

INCLUDED = ["deadline_at", "ended_at", "exceeded_at", "started_at", "state"]
"""What the index holds beside its keys; held against Terraform by a test."""


@pytest.fixture
def log_table(service_environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The table, and the environment of the functions; gives the low-level client."""
    monkeypatch.setenv("SAGA_COMPLETED", "ShipmentBooked")
    monkeypatch.setenv("SAGA_REVERSED", "OrderCancelled")
    monkeypatch.setenv("SAGA_STUCK_AFTER_SECONDS", "600")
    monkeypatch.delenv("SAGA_LOG_KEEP_DAYS", raising=False)
    with mock_aws():
        client = aws.client("dynamodb")
        client.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "listed", "listed_at")
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": INDEX,
                    "KeySchema": [
                        {"AttributeName": "listed", "KeyType": "HASH"},
                        {"AttributeName": "listed_at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": INCLUDED},
                }
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client
