"""Orders and the messages about them, as they come from EventBridge."""

from __future__ import annotations

import copy
import json
from typing import Any

from saga_kit import envelope
from saga_kit.envelope import Event, Meta

ORDER_ID = "0f3e7b0a-3a52-5c1e-9d59-4c55c2f2b6a1"
REASON = {"code": "address_not_served", "message": "The carrier does not deliver to this address.", "field": "ship_to"}
ORDER: dict[str, Any] = {
    "customer_id": "customer-1",
    "email": "canary-mail@example.com",
    "currency": "EUR",
    "total": 4250,
    "lines": [
        {"sku": "KETTLE-1", "quantity": 1, "unit_price": 3250},
        {"sku": "MUG-2", "quantity": 2, "unit_price": 500},
    ],
    "payment": {"token": "tok_approve", "last4": "4242"},
    "ship_to": {
        "name": "Canary Name",
        "line1": "1 Canary Street",
        "city": "Canaryville",
        "postal_code": "1010",
        "country": "AT",
    },
}


def an_order(card: str = "tok_approve", postal_code: str = "1010", **changes: Any) -> dict[str, Any]:
    order = copy.deepcopy(ORDER)
    order["payment"]["token"] = card
    order["ship_to"]["postal_code"] = postal_code
    return {**order, **changes}


def an_event(detail_type: str, data: dict[str, Any], order_id: str = ORDER_ID) -> Event:
    meta = Meta(
        event_id=envelope.event_id(order_id, "test", detail_type),
        schema=f"{detail_type}.v1",
        correlation_id=order_id,
        causation_id=None,
        occurred_at="2026-01-31T09:30:00.000Z",
        producer="test",
        deadline_at="2026-01-31T09:40:00.000Z",
        traceparent=f"00-{order_id.replace('-', '')}-00f067aa0ba902b7-01",
    )
    return Event(detail_type, meta, data)


def a_message(event: Event) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "7f3f8d3e-0000-4000-8000-000000000000",
        "source": "shop.test",
        "detail-type": event.detail_type,
        "detail": json.loads(json.dumps(event.detail())),
    }


def a_technical_failure(original: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "9f3f8d3e-0000-4000-8000-000000000000",
        "source": "lambda",
        "detail-type": "Lambda Function Invocation Result - Failure",
        "detail": {
            "version": "1.0",
            "timestamp": "2026-01-31T09:31:00.000Z",
            "requestContext": {
                "requestId": "aaaaaaaa-0000-4000-8000-000000000000",
                "functionArn": "arn:aws:lambda:eu-west-1:123456789012:function:shop-test:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": original,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "canary-error", "errorType": "ValueError"},
        },
    }
