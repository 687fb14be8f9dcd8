"""What is under way when the emulator is stopped, for one that keeps its state.

Stock MiniStack 1.5.33 keeps neither a stream's records nor the events that wait for a function, so that after a restart
nobody hears of what happened last. What a function does as the emulator stops fails for want of an emulator, and counts
as an attempt.

AWS keeps both: stream records for 24 hours
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html), the events of asynchronous invocations
in a queue (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html); each is delivered at least once. What
has not ended when a stop begins is begun again after the restart, under the same request id and as the same attempt.
"""

import copy
import os
import socket
import threading
import time
from typing import Any

from emulator.patching import module, replace

dynamodb = module("services.dynamodb")

stopping = threading.Event()
"""Set when the emulator has been asked to stop: what ends from then on is not taken for done, and nothing is begun."""

_POLL_SECONDS = 0.05
_stock: dict[str, Any] = {}
_answering = threading.Event()


def apply() -> None:
    """Put the correction in place."""
    _stock["get"] = replace(dynamodb, "get_state", get_state)
    _stock["load"] = replace(dynamodb, "load_persisted_state", load_persisted_state)


def get_state() -> dict[str, Any]:
    """Return what there is of DynamoDB, with the records of its streams."""
    state: dict[str, Any] = _stock["get"]()
    return {
        **state,
        "stream_records": copy.deepcopy(dynamodb._stream_records),
        "stream_trimmed": copy.deepcopy(dynamodb._stream_trimmed),
        "stream_sequence": dynamodb._stream_seq_counter,
    }


def load_persisted_state(data: Any) -> None:
    """Restore DynamoDB, with the records of its streams."""
    _stock["load"](data)
    if data:
        dynamodb._stream_records.update(data.get("stream_records", {}))
        dynamodb._stream_trimmed.update(data.get("stream_trimmed", {}))
        dynamodb._stream_seq_counter = max(dynamodb._stream_seq_counter, data.get("stream_sequence", 0))


def await_answers() -> None:
    """Wait until the emulator answers requests; a function that runs before that could do nothing."""
    while not _answering.is_set():
        with socket.socket() as probe:
            if probe.connect_ex((os.environ["BIND_HOST"], int(os.environ["GATEWAY_PORT"]))) == 0:
                _answering.set()
                return
        time.sleep(_POLL_SECONDS)
