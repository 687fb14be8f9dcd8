"""The type of the exception that a Python function raised.

Stock MiniStack 1.5.33 answers every exception with the errorType "Runtime.HandlerError".

AWS answers with the name of the exception's class, and with the request id
(https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html).
"""

import re
from typing import Any

from emulator.patching import module, replace

lambda_svc = module("services.lambda_svc")
_stock: dict[str, Any] = {}


def apply() -> None:
    """Put the correction in place."""
    _stock["execute"] = replace(lambda_svc, "_execute_function_warm", _execute_function_warm)


def _execute_function_warm(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    result: dict[str, Any] = _stock["execute"](func, event, request_id)
    body = result.get("body")
    if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
        # The log ends with the traceback, whose last line is "package.Class: message".
        message = re.escape(str(body.get("errorMessage", "")))
        found = re.search(rf"^(?:[\w.<>]+\.)?(\w+)(?:: {message})?\s*\Z", result.get("log", ""), re.MULTILINE)
        if found:
            body |= {"errorType": found[1], "requestId": request_id}
    return result
