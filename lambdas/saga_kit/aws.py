"""Clients of AWS, made for a short cold start.

botocore is used without boto3, whose resource layer costs as much import time as the rest of a function. A package
that carries ``botocore_data`` gets its service models from there: the operations in use, without documentation.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

_MODELS = Path(__file__).resolve().parent.parent / "botocore_data"


@functools.cache
def client(service: str, *, attempts: int = 3, timeout: float = 3.0, connections: int = 4) -> Any:
    """Return the one client of ``service`` ("dynamodb") that this process uses in this way.

    Calls wait at most 1 s to connect and ``timeout`` seconds for an answer, on at most ``connections`` at a time, and
    are tried ``attempts`` times: 1 for an operation that has its effect again when it is repeated.
    """
    session = botocore.session.Session()
    if _MODELS.is_dir():
        # Only there: looking through the hundreds of folders of botocore's own models takes longer than reading ours.
        loader = botocore.loaders.Loader(extra_search_paths=[str(_MODELS)], include_default_search_paths=False)
        session.register_component("data_loader", loader)
    config = Config(
        connect_timeout=1,
        read_timeout=timeout,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return session.create_client(service, config=config)


def response(error: ClientError) -> dict[str, Any]:
    """Return the whole answer behind ``error``: its ``Error`` and what the service says beside it."""
    return {**error.response}
