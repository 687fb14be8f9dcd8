"""Asks the platform's functions: each by an invocation that IAM allows, none through its table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from saga_kit import aws
from saga_kit.observe import describe, logger


class UnavailableError(Exception):
    """A function did not answer, or not with what was asked for; ``function`` is its logical name."""

    def __init__(self, function: str) -> None:
        super().__init__(f"{function} does not answer")
        self.function = function


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the platform: ``name`` for people (``saga_log/get_saga``), ``arn`` to invoke it by.

    ``seconds`` is how long it has for its answer.
    """

    name: str
    arn: str
    seconds: float = 3.0

    def ask(self, question: Mapping[str, Any]) -> Any:
        """Invoke the function and return its answer. Raises ``UnavailableError``, and logs why by type."""
        client = aws.client("lambda", attempts=1, timeout=self.seconds)
        try:
            answer = client.invoke(FunctionName=self.arn, Payload=json.dumps(question).encode())
            document = json.loads(answer["Payload"].read())
        except (BotoCoreError, ClientError, ValueError) as error:
            logger.warning("unavailable", function=self.name, extra=describe(error))
            raise UnavailableError(self.name) from error
        if "FunctionError" in answer:
            # The message may quote what a customer sent.
            kind = document.get("errorType") if isinstance(document, dict) else None
            logger.warning("unavailable", function=self.name, error=str(kind))
            raise UnavailableError(self.name)
        return document
