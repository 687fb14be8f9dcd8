"""The console: a page where operators look at orders and their sagas, and what it asks the platform for."""
