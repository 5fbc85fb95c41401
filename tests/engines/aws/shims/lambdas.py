"""Lambda functions run in Lambda's own runtime.

AWS documents that a failed invocation names the exception's class as `errorType`, a late one `Sandbox.Timedout`, and
that a function sees its package, its layers and the runtime
(https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html). MiniStack gives `Runtime.HandlerError` for every
exception, and runs functions with all packages of its own environment.
"""

from __future__ import annotations

import atexit
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from engines.aws.functions import Functions
from ministack.services import lambda_svc


def install() -> None:
    """Puts the shim in place."""
    folder = tempfile.TemporaryDirectory(prefix="skyloom-lambda-")
    model = os.environ.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    variables = {} if model is None else {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": model}
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    functions = Functions(Path(folder.name), endpoint, variables)
    atexit.register(folder.cleanup)
    atexit.register(functions.close)

    def execute(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        invocation = functions.invoke(function["config"], function["code_zip"], event)
        body = json.loads(invocation.payload) if invocation.payload else None
        result = {"body": body, "log": invocation.log}
        return {**result, "error": True} if invocation.failed else result

    lambda_svc._execute_function_warm = execute
