"""The way in to the simulator, which lives with the tests."""
