"""A payment service provider and a carrier to test against; see README.md for what they answer to what."""
