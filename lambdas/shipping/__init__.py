"""The shipping service: books the transport of an order, which makes the order final."""
