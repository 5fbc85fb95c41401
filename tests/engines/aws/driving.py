"""Functions and state machines made and run by hand, for tests."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engines.aws.account import AwsAccount

Json = Any


@dataclass(frozen=True, slots=True)
class Ended:
    """How an execution ended, as DescribeExecution tells it."""

    arn: str
    status: str
    output: Json = None
    error: str | None = None
    cause: str | None = None


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A zip archive of these files, quickly made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return buffer.getvalue()


def make_function(
    account: AwsAccount,
    name: str,
    package: bytes,
    *,
    handler: str = "handler.handler",
    timeout: int = 30,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Makes a Python function and gives its ARN."""
    made = account.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=account.role,
        Handler=handler,
        Code={"ZipFile": package},
        Timeout=timeout,
        Environment={"Variables": dict(variables or {})},
    )
    return made["FunctionArn"]


def make_machine(account: AwsAccount, definition: Json, *, name: str | None = None) -> str:
    """Makes a state machine of JSONata states and gives its ARN."""
    complete = {"QueryLanguage": "JSONata", **definition}
    made = account.client("stepfunctions").create_state_machine(
        name=name or f"m-{uuid.uuid4().hex[:12]}", definition=json.dumps(complete), roleArn=account.role
    )
    return made["stateMachineArn"]


def run_machine(account: AwsAccount, machine: str, given: Json = None, *, seconds: float = 60.0) -> Ended:
    """Starts an execution and waits for its end."""
    client = account.client("stepfunctions")
    arn = client.start_execution(stateMachineArn=machine, input=json.dumps({} if given is None else given))[
        "executionArn"
    ]
    return ended(account, arn, seconds=seconds)


def ended(account: AwsAccount, arn: str, *, seconds: float = 60.0) -> Ended:
    """Waits for the end of an execution."""
    client, until, pause = account.client("stepfunctions"), time.monotonic() + seconds, 0.02
    while (told := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        if time.monotonic() > until:
            raise TimeoutError(f"{arn} still runs after {seconds} s")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.3)
    output = told.get("output")
    return Ended(
        arn,
        told["status"],
        None if output is None or told["status"] != "SUCCEEDED" else json.loads(output),
        told.get("error"),
        told.get("cause"),
    )
