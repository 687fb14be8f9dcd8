"""The order service: takes orders, once for each idempotency key, and knows whether they still stand."""
