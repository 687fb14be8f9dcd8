"""Other DynamoDBs to hold the in-memory one against."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from .differential import BotoReference

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1"}


@contextlib.contextmanager
def reference(name: str) -> Iterator[BotoReference]:
    """Give a reference by its name: ``moto``, in this process, or ``emulator``, which is started for it."""
    import boto3

    for key, value in _CREDENTIALS.items():
        os.environ.setdefault(key, value)
    if name == "moto":
        from moto import mock_aws

        with mock_aws():
            yield BotoReference(boto3.client("dynamodb"))
    elif name == "emulator":
        from emulator.server import Emulator

        with Emulator.start(name="comparison") as emulator:
            yield BotoReference(boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{emulator.port}"))
    else:
        raise ValueError(f"expected moto or emulator, got {name!r}")
