"""The payment service: sets the amount of an order aside on the customer's card, and lets go of it again."""
