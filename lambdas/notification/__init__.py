"""The notification service: tells the customer, once, how an order ended."""
