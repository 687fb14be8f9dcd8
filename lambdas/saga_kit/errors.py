"""What can go wrong in a participant, by what the caller should do about it."""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z]{1,64}(\.[A-Za-z]{1,64})*(\.v[1-9][0-9]{0,3})?")


def named(value: object) -> str:
    """Return ``value`` as a message may quote it: the name of an event, a schema or a source, and nothing else.

    Lambda logs the message of an error that leaves a handler, and any other text could be what a customer typed.
    """
    return value if isinstance(value, str) and _NAME.fullmatch(value) else "something else"


class SagaError(Exception):
    """Root of the errors that the kit raises on purpose."""


class InvalidEventError(SagaError):
    """A message that breaks its contract; retrying it cannot help, so it ends in a dead-letter queue.

    ``field`` is the path of the offending value, ``expected`` says what should have stood there.
    """

    def __init__(self, field: str, expected: str) -> None:
        super().__init__(f"{field}: expected {expected}")
        self.field = field
        self.expected = expected


class UnknownSchemaError(InvalidEventError):
    """A schema name or version that this package was not built to understand."""

    def __init__(self, schema: str) -> None:
        super().__init__("meta.schema", f"a schema known to this function, got {named(schema)}")
        self.schema = schema


class RetryLaterError(SagaError):
    """The message is right but its time has not come; the invocation must fail so that it is delivered again."""


class IntentInProgressError(RetryLaterError):
    """Another invocation holds an unexpired lease on the same effect."""


class TransactionConflictError(RetryLaterError):
    """Other transactions kept touching the same items for as long as the store was willing to try."""


class ProviderUnavailableError(RetryLaterError):
    """A call to an outside system ended without an answer that decides it: time-out, 5xx or broken connection."""


class ConfigurationError(SagaError):
    """The function was deployed without something it needs; the message names it."""
