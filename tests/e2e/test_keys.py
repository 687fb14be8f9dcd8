"""A service whose key is disabled stops alone, and its orders wait: once the key is back, each is taken back.

The emulator's KMS refuses a key that is disabled, but its DynamoDB does not ask KMS for a table's key. So each role of
the service is denied its table as well: DynamoDB answers a caller that cannot use a table's key in the same way, with
AccessDeniedException (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from tests.e2e.support.outcome import SHIPPED, check_end, check_stock
from tests.e2e.support.shop import Shop, an_order
from tests.e2e.support.waiting import eventually

SERVICE = "payment"


@contextlib.contextmanager
def disabled_key(shop: Shop, service: str) -> Iterator[None]:
    """Have a service's key disabled for a while."""
    kms, iam = shop.client.aws("kms"), shop.client.aws("iam")
    key, table = shop.outputs["keys"][service], shop.outputs["tables"][service]["arn"]
    roles = [one["role_name"] for one in shop.outputs["functions"].values() if one["service"] == service]
    deny = {"Effect": "Deny", "Action": "dynamodb:*", "Resource": [table, f"{table}/*"]}
    kms.disable_key(KeyId=key)
    for role in roles:
        document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
        iam.put_role_policy(RoleName=role, PolicyName="disabled-key", PolicyDocument=document)
    try:
        yield
    finally:
        kms.enable_key(KeyId=key)
        for role in roles:
            iam.delete_role_policy(RoleName=role, PolicyName="disabled-key")


def test_a_disabled_key_stops_its_service_alone_and_loses_no_order(shop: Shop) -> None:
    item = shop.stocked(10)
    kms = shop.client.aws("kms")
    with disabled_key(shop, SERVICE):
        order = an_order(item.line(2))
        order_id = shop.place(order)
        shop.await_event(order_id, "StockReserved")
        _check_keys(shop)
        # The step cannot be done, and cannot be undone: its order waits, and nothing else does.
        report = shop.take_dead_letter(f"{SERVICE}/reverse_pymt/failed", order_id)
        assert shop.client.request("GET", f"/orders/{order_id}").status_code == 200
        assert [event["detail-type"] for event in shop.events_of(order_id)].count("OrderCancelled") == 0
        assert shop.stock_of(item) == (8, 2)
        rejected = an_order(item.line(1, unit_price=1))
        rejected_id = shop.place(rejected)
        shop.await_event(rejected_id, "StockRejected")
        shop.await_event(rejected_id, "OrderCancelled")
    kms.encrypt(KeyId=shop.outputs["keys"][SERVICE], Plaintext=b"a row")

    shop.deliver(f"{SERVICE}/reverse_pymt", report["Body"]["requestPayload"])
    shop.await_event(order_id, "OrderCancelled")
    eventually(lambda: check_stock(shop.tables(), {item.sku: 10}, {}))

    order = an_order(item.line(3))
    check_end(shop, shop.place(order), order, SHIPPED)


def _check_keys(shop: Shop) -> None:
    kms = shop.client.aws("kms")
    for service, key in shop.outputs["keys"].items():
        if service == SERVICE:
            with pytest.raises(ClientError) as refused:
                kms.encrypt(KeyId=key, Plaintext=b"a row")
            assert refused.value.response["Error"]["Code"] == "DisabledException"
        else:
            kms.encrypt(KeyId=key, Plaintext=b"a row")
