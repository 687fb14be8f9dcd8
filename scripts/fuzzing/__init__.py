"""The way in to the fuzzer, which lives with the tests."""
