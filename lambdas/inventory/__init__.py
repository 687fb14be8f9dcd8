"""The inventory service: owns the items, their stock and their list prices, and reserves stock for orders."""
