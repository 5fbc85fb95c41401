"""Executions of JSONata machines are carried out by `engines.aws.machine`, not by MiniStack's interpreter.

What that one does otherwise than AWS documents, each fact with a test in `test_step_functions.py`:

- Parallel ignores `Arguments`, `Output` and `Assign`, and its branches share one scope of variables;
- Parallel and Map wait for all branches before the first failure counts, and report the first by position;
- Succeed ignores `Output`; Choice ignores the `Output` that goes with `Default` and takes any value for a Condition;
- `TimeoutSeconds` of the machine and `HeartbeatSeconds` are ignored, `TimeoutSeconds` may be no expression;
- States.ALL catches States.DataLimitExceeded, which is never raised: payloads may be of any size;
- `MaxDelaySeconds` and `JitterStrategy` are ignored;
- a failing function behind `.waitForTaskToken` goes unnoticed, all attempts share a token, an answered token may be
  answered again;
- a nested execution fails with the child's own error in the place of States.TaskFailed, and outlives its parent;
- an expression may nest as deeply as it likes;
- the history knows nothing of what happens in branches, nor of a task's arguments;
- the same execution cannot be started twice, as the SDK does when an answer is lost.

MiniStack keeps the stores, the API and the services.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

from engines.aws.machine.failure import StateFailure
from engines.aws.machine.history import History, now
from engines.aws.machine.run import Ending, Place, run
from engines.aws.machine.scope import PAYLOAD_BYTES, Execution
from engines.aws.machine.tokens import Tokens
from engines.aws.shims import redriving
from engines.aws.shims.services import MiniStackServices
from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

Json = Any

LONGEST_CAUSE = 32_768
LONGEST_ERROR = 256


class _Executions:
    """Those that run, by ARN, and their open task tokens."""

    def __init__(self) -> None:
        self.tokens = Tokens()
        self._lock = threading.Lock()
        self._running: dict[str, Execution] = {}
        self._ended: dict[str, threading.Event] = {}

    def ended(self, arn: str) -> threading.Event:
        """Set when the execution ends."""
        with self._lock:
            event = self._ended.setdefault(arn, threading.Event())
            if stepfunctions._executions[arn]["status"] != "RUNNING":
                event.set()
            return event

    def run(self, record: dict[str, Json], definition: dict[str, Json], on: Place | None = None) -> None:
        """Carries out an execution that MiniStack has recorded: from its beginning, or on from a place."""
        machine = stepfunctions._state_machines[record["stateMachineArn"]]
        execution = Execution(
            arn=record["executionArn"],
            name=record["name"],
            machine_arn=record["stateMachineArn"],
            machine_name=machine["name"],
            role_arn=machine["roleArn"],
            started=record["startDate"],
            input=json.loads(record["input"]),
            history=History(record["events"]),
            services=MiniStackServices(self.ended),
            tokens=self.tokens,
            region=record["executionArn"].split(":")[3],
            pace=float(os.environ.get("SFN_WAIT_SCALE", "1")),
            retry_pace=float(os.environ.get("SFN_RETRY_SCALE", "1")),
        )
        with self._lock:
            self._running[execution.arn] = execution
            stopped = record["status"] != "RUNNING"
        if stopped:
            execution.stop.end()
        ending = run(execution, definition, on)
        with self._lock:
            del self._running[execution.arn]
            if record["status"] == "RUNNING":
                _write(record, ending)
            event = self._ended.pop(execution.arn, None)
        stepfunctions._emit_execution_status_event(record)
        if event is not None:
            event.set()

    def stop(self, arn: str) -> None:
        """Ends an execution."""
        with self._lock:
            execution = self._running.get(arn)
        if execution is not None:
            execution.stop.end()


def _write(record: dict[str, Json], ending: Ending) -> None:
    record["stopDate"] = now()
    if ending.status == "SUCCEEDED":
        record["output"] = json.dumps(ending.output)
    if ending.error is not None:
        record["error"] = ending.error
    if ending.cause is not None:
        record["cause"] = ending.cause
    # The last thing that is written: who sees it may read the rest.
    record["status"] = ending.status


def install() -> None:
    """Puts the shim in place."""
    executions = _Executions()
    run_bare, start_bare, stop_bare = (
        stepfunctions._run_execution,
        stepfunctions._start_execution,
        stepfunctions._stop_execution,
    )

    def run_execution(arn: str) -> None:
        record = stepfunctions._executions.get(arn)
        machine = stepfunctions._state_machines.get(record["stateMachineArn"])
        definition = json.loads(machine["definition"]) if machine else {}
        if definition.get("QueryLanguage") == "JSONata":
            executions.run(record, definition)
        else:
            run_bare(arn)

    def start_execution(data: dict[str, Json]) -> Json:
        text = data.get("input", "{}")
        if len(text.encode()) > PAYLOAD_BYTES:
            message = "Invalid State Machine Execution Input: 'input' exceeds the maximum number of bytes allowed"
            return error_response_json("InvalidExecutionInput", message, 400)
        try:
            json.loads(text)
        except ValueError as problem:
            return error_response_json(
                "InvalidExecutionInput", f"Invalid State Machine Execution Input: {problem}", 400
            )
        running = _same(data, text)
        if running is not None:
            return json_response({"executionArn": running["executionArn"], "startDate": running["startDate"]})
        return start_bare(data)

    def stop_execution(data: dict[str, Json]) -> Json:
        answer = stop_bare(data)
        executions.stop(data.get("executionArn", ""))
        return answer

    stepfunctions._run_execution = run_execution
    stepfunctions._start_execution = start_execution
    stepfunctions._stop_execution = stop_execution
    _install_tokens(executions.tokens)
    redriving.install(executions.run)


def _same(data: dict[str, Json], text: str) -> dict[str, Json] | None:
    """The running execution of the same machine, name and input."""
    machine, name = data.get("stateMachineArn", ""), data.get("name")
    if name is None:
        return None
    found = stepfunctions._executions.get(f"{machine.replace(':stateMachine:', ':execution:')}:{name}")
    same = found is not None and found["status"] == "RUNNING" and found["input"] == text
    return found if same else None


def _install_tokens(tokens: Tokens) -> None:
    """AWS: a token can be answered once, and no longer when its task has ended: TaskTimedOut. Unknown: InvalidToken.
    MiniStack takes a second answer, and knows TaskDoesNotExist only."""
    bare = {
        "_send_task_success": stepfunctions._send_task_success,
        "_send_task_failure": stepfunctions._send_task_failure,
        "_send_task_heartbeat": stepfunctions._send_task_heartbeat,
    }
    gone = error_response_json("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400)

    def success(data: dict[str, Json]) -> Json:
        outcome = tokens.find(data.get("taskToken", ""))
        if outcome is None:
            return refused("_send_task_success", data)
        text = data.get("output", "")
        try:
            output = json.loads(text)
        except ValueError:
            return error_response_json("InvalidOutput", "Invalid Output: 'output' is no JSON", 400)
        if len(text.encode()) > PAYLOAD_BYTES:
            return error_response_json("ValidationException", "'output' is longer than 262144 bytes", 400)
        return json_response({}) if outcome.succeed(output) else gone

    def failure(data: dict[str, Json]) -> Json:
        outcome = tokens.find(data.get("taskToken", ""))
        if outcome is None:
            return refused("_send_task_failure", data)
        error, cause = data.get("error"), data.get("cause")
        if len(error or "") > LONGEST_ERROR or len(cause or "") > LONGEST_CAUSE:
            return error_response_json("ValidationException", "'error' or 'cause' is too long", 400)
        return json_response({}) if outcome.fail(StateFailure(error or "States.TaskFailed", cause)) else gone

    def heartbeat(data: dict[str, Json]) -> Json:
        outcome = tokens.find(data.get("taskToken", ""))
        if outcome is None:
            return refused("_send_task_heartbeat", data)
        outcome.beat()
        return json_response({})

    def refused(action: str, data: dict[str, Json]) -> Json:
        token = data.get("taskToken", "")
        if tokens.was(token):
            return gone
        if token in stepfunctions._task_tokens:
            return bare[action](data)
        return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)

    stepfunctions._send_task_success = success
    stepfunctions._send_task_failure = failure
    stepfunctions._send_task_heartbeat = heartbeat
