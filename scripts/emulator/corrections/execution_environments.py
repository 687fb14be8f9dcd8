"""A function's execution environments, each on its own.

Stock MiniStack 1.5.33 ends every environment of a function when one of them cannot start, also those that are at work,
which then fail as well; so one process that is killed as it starts can use up all attempts of several events.

AWS runs concurrent invocations in environments that know nothing of each other
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
"""

import time
from typing import Any

from emulator.patching import module, replace

lambda_runtime = module("core.lambda_runtime")
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    _stock["invoke"] = replace(lambda_runtime.Worker, "invoke", invoke)


def invoke(
    self: Any,
    event: Any,
    request_id: str,
    *,
    trace_id: str | None = None,
    depth: Any = None,
    durable: dict[str, Any] | None = None,
    invoked_function_arn: str | None = None,
) -> dict[str, Any]:
    """Run one invocation; an environment that cannot start is an error of this one alone."""
    try:
        result: dict[str, Any] = _stock["invoke"](
            self,
            event,
            request_id,
            trace_id=trace_id,
            depth=depth,
            durable=durable,
            invoked_function_arn=invoked_function_arn,
        )
    except Exception as error:  # noqa: BLE001 - what goes wrong in a start is the invocation's answer
        with self._lock:
            process, self._proc = self._proc, None
        lambda_runtime._signal(process)
        lambda_runtime._collect(process, time.monotonic() + lambda_runtime._REAP_GRACE)
        return {
            "status": "error",
            "error": str(error),
            "trace": f"{type(error).__name__}: {error}",
            "cold_start": True,
            "log": "",
        }
    return result
