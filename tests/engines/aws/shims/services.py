"""What tasks of state machines call: MiniStack's services, where needed with what AWS does and MiniStack does not."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import boto3
import botocore.exceptions
from botocore.config import Config
from botocore.model import ListShape, MapShape, Shape, StructureShape
from engines.aws.machine.failure import StateFailure
from engines.aws.machine.scope import Call
from ministack.services import eventbridge, lambda_svc, stepfunctions

Json = Any


class MiniStackServices:
    """Carries out the resource of a task."""

    def __init__(self, ended: Callable[[str], threading.Event]) -> None:
        self._ended = ended

    def call(self, call: Call) -> Json:
        """See `Services`."""
        match call.resource:
            case "arn:aws:states:::lambda:invoke":
                return _invoke(call.arguments)
            case "arn:aws:states:::states:startExecution.sync" | "arn:aws:states:::states:startExecution.sync:2":
                return self._run_child(call)
            case "arn:aws:states:::events:putEvents":
                return _put_events(call.arguments)
            case "arn:aws:states:::aws-sdk:bedrockruntime:converse":
                return _converse(call.arguments)
        try:
            return stepfunctions._invoke_resource(call.resource, call.arguments)
        except stepfunctions._ExecutionError as failure:
            raise StateFailure(failure.error, failure.cause) from None

    def _run_child(self, call: Call) -> Json:
        """AWS fails the task with States.TaskFailed and the child's description as cause, and aborts the child when
        nobody waits for it any longer; MiniStack fails with the child's own error and lets it run."""
        status, _, body = stepfunctions._start_execution(_child_request(call.arguments))
        started = json.loads(body)
        if status >= 400:
            error = str(started.get("__type", "")).removesuffix("Exception")
            raise StateFailure(f"StepFunctions.{error}Exception", started.get("message"))
        arn = started["executionArn"]
        call.submitted({"ExecutionArn": arn, "StartDate": _milliseconds(stepfunctions._executions[arn]["startDate"])})
        ended = self._ended(arn)
        with call.abandoned.watching(ended):
            ended.wait()
        if call.abandoned.set_:
            message = (
                f"The Task state in AWS Step Functions execution [{call.execution.arn}] "
                "which was managing this resource was aborted"
            )
            stepfunctions._stop_execution({"executionArn": arn, "cause": message})
            return None
        child = stepfunctions._executions[arn]
        description = _description(child)
        if child["status"] != "SUCCEEDED":
            raise StateFailure("States.TaskFailed", json.dumps(description, separators=(",", ":")))
        parsed = call.resource.endswith(":2")
        return {**description, "Output": json.loads(child["output"]) if parsed else child["output"]}


def _child_request(arguments: Json) -> dict[str, Json]:
    given = arguments.get("Input", {})
    request = {
        "stateMachineArn": arguments["StateMachineArn"],
        "input": given if isinstance(given, str) else json.dumps(given),
    }
    return {**request, "name": arguments["Name"]} if "Name" in arguments else request


def _description(child: dict[str, Json]) -> dict[str, Json]:
    """What DescribeExecution says, as the integration gives it: names in capitals, moments in milliseconds."""
    told = {
        "Cause": child.get("cause"),
        "Error": child.get("error"),
        "ExecutionArn": child["executionArn"],
        "Input": child["input"],
        "InputDetails": {"Included": True},
        "Name": child["name"],
        "RedriveCount": 0,
        "RedriveStatus": "NOT_REDRIVABLE" if child["status"] == "SUCCEEDED" else "REDRIVABLE",
        "StartDate": _milliseconds(child["startDate"]),
        "StateMachineArn": child["stateMachineArn"],
        "Status": child["status"],
        "StopDate": _milliseconds(child["stopDate"]),
    }
    return {name: value for name, value in told.items() if value is not None}


def _milliseconds(moment: str | None) -> int | None:
    return None if moment is None else int(datetime.fromisoformat(moment).timestamp() * 1000)


def _invoke(arguments: Json) -> Json:
    """AWS names a throttled invocation Lambda.TooManyRequestsException; MiniStack gives it no name."""
    reference = stepfunctions._resolve_lambda_function_ref(arguments.get("FunctionName", ""), optimized=True)
    function, config, name = lambda_svc._get_func_record_for_ref(reference)
    if not function or not config:
        raise StateFailure("Lambda.ResourceNotFoundException", f"Function not found: {name}")
    record = lambda_svc._execution_record_for_config(function, config)
    result = lambda_svc._execute_function_with_config_scope(record, arguments.get("Payload", {}))
    body = result.get("body")
    if result.get("throttle"):
        raise StateFailure("Lambda.TooManyRequestsException", body["message"])
    if result.get("error"):
        error = body.get("errorType") if isinstance(body, dict) else None
        raise StateFailure(error or "Exception", json.dumps(body))
    return {
        "ExecutedVersion": config.get("Version", "$LATEST"),
        "Payload": body,
        "SdkHttpMetadata": {"HttpHeaders": {}, "HttpStatusCode": 200},
        "SdkResponseMetadata": {"RequestId": "local"},
        "StatusCode": 200,
    }


def _put_events(arguments: Json) -> Json:
    """AWS takes `Detail` as an object too, and fails with EventBridge.FailedEntry when the bus refused an entry."""
    entries = [
        {**entry, "Detail": detail if isinstance(detail := entry.get("Detail", {}), str) else json.dumps(detail)}
        for entry in arguments["Entries"]
    ]
    status, _, body = eventbridge._put_events({**arguments, "Entries": entries})
    result = json.loads(body)
    if status >= 400:
        raise StateFailure(f"EventBridge.{result.get('__type', 'EventBridgeException')}", result.get("message"))
    if result.get("FailedEntryCount"):
        raise StateFailure("EventBridge.FailedEntry", json.dumps(result))
    return result


def _converse(arguments: Json) -> Json:
    """AWS offers every action of its SDK to state machines, with names in capitals; MiniStack not this one."""
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=os.environ["AWS_ENDPOINT_URL_BEDROCK_RUNTIME"],
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}, read_timeout=900),
    )
    shapes = client.meta.service_model.operation_model("Converse")
    request = _renamed(arguments, shapes.input_shape, lower=True)
    try:
        response = client.converse(**request)
    except botocore.exceptions.ParamValidationError as problem:
        raise StateFailure("States.Runtime", str(problem)) from None
    except botocore.exceptions.ClientError as problem:
        code = problem.response["Error"]["Code"].removesuffix("Exception")
        status = problem.response["ResponseMetadata"]["HTTPStatusCode"]
        message = f"{problem.response['Error']['Message']} (Service: BedrockRuntime, Status Code: {status})"
        raise StateFailure(f"BedrockRuntime.{code}Exception", message) from None
    except botocore.exceptions.BotoCoreError as problem:
        raise StateFailure("BedrockRuntime.SdkClientException", str(problem)) from None
    answered = {name: value for name, value in response.items() if name != "ResponseMetadata"}
    return _renamed(answered, shapes.output_shape, lower=False)


def _renamed(value: Json, shape: Shape | None, *, lower: bool) -> Json:
    """The names of a shape's members, between those of the API (`stopReason`) and of state machines (`StopReason`)."""
    if isinstance(shape, StructureShape) and not getattr(shape, "is_document_type", False) and isinstance(value, dict):
        members = {_capital(name): name for name in shape.members}
        named = members if lower else {name: capital for capital, name in members.items()}
        unknown = [name for name in value if name not in named]
        if unknown:
            raise StateFailure("States.Runtime", f"The field {unknown[0]} is not supported by Step Functions.")
        inner = {name: shape.members[name if not lower else members[name]] for name in value}
        return {named[name]: _renamed(value[name], inner[name], lower=lower) for name in value}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_renamed(item, shape.member, lower=lower) for item in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {name: _renamed(item, shape.value, lower=lower) for name, item in value.items()}
    return value


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]
