"""A function that tells who it is and calls what it is asked to: it stands in for a deployed one, under its role."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from local_platform.client import Client

CODE = """
import base64

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(retries={"total_max_attempts": 1})


def handler(event, context):
    outcomes = []
    for call in event["calls"]:
        client = boto3.client(call["service"], config=CONFIG)
        parameters = dict(call["parameters"])
        if "CiphertextBlob" in parameters:  # JSON has no bytes
            parameters["CiphertextBlob"] = base64.b64decode(parameters["CiphertextBlob"])
        try:
            getattr(client, call["operation"])(**parameters)
            outcomes.append("done")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])
    return {"caller": boto3.client("sts", config=CONFIG).get_caller_identity()["Arn"], "outcomes": outcomes}
"""

Call = Mapping[str, Any]
"""``service`` and ``operation`` as boto3 has them, and ``parameters``."""


def call(service: str, operation: str, **parameters: Any) -> Call:
    """A call for a probe."""
    return {"service": service, "operation": operation, "parameters": parameters}


class Probe:
    """A deployed function that runs the probe's code from now on, in its own role."""

    def __init__(self, client: Client, function: str) -> None:
        self._functions = client.aws("lambda")
        self._name = client.outputs["functions"][function]["name"]
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as package:
            package.writestr("probe.py", CODE)
        self._functions.update_function_code(FunctionName=self._name, ZipFile=archive.getvalue())
        self._functions.update_function_configuration(FunctionName=self._name, Handler="probe.handler", Timeout=60)

    def ask(self, calls: Sequence[Call] = ()) -> dict[str, Any]:
        """Who the function is (``caller``), and what came of the calls: "done", or the code of the error."""
        answer = self._functions.invoke(FunctionName=self._name, Payload=json.dumps({"calls": list(calls)}).encode())
        document = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, document
        assert isinstance(document, dict)
        return document
