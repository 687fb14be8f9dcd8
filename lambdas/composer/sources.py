"""The services' read functions, each asked by an invocation that is signed with IAM."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from saga_kit import aws, settings
from saga_kit.errors import SagaError

CONNECTIONS = 10
"""To Lambda, from one process: as many as are asked at once, with as many that are still waited for."""


class UnavailableError(SagaError):
    """A service that did not answer in time, or failed; ``source`` names it."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{source} is not available")
        self.source = source


def ask(source: str, question: Mapping[str, Any], attempts: int = 1) -> Any:
    """Return what the read function of ``source`` answers. Raises ``UnavailableError`` when it does not in time.

    It is called ``attempts`` times as long as it is throttled or does not answer: once where somebody waits.
    """
    client = aws.client("lambda", attempts=attempts, timeout=call_seconds(), connections=CONNECTIONS)
    try:
        answer = client.invoke(FunctionName=_functions()[source], Payload=json.dumps(question).encode())
        content = answer["Payload"].read()
    except (BotoCoreError, ClientError) as error:
        raise UnavailableError(source) from error
    if "FunctionError" in answer:
        raise UnavailableError(source)
    return json.loads(content)


def call_seconds() -> float:
    """Return the seconds that one service has for its answer."""
    return settings.number("COMPOSER_CALL_SECONDS")


@functools.cache
def _parsed(text: str) -> dict[str, str]:
    functions: dict[str, str] = json.loads(text)
    return functions


def _functions() -> dict[str, str]:
    return _parsed(os.environ["COMPOSER_SOURCES"])
