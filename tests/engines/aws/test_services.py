"""What state machines call, and what the API of Step Functions refuses: on the tests' account as on AWS, and otherwise
on MiniStack as it is (strictly, so that a shim that is no longer needed is found)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engines.aws.account import AwsAccount, started
from engines.aws.driving import Ended, ended, make_machine, run_machine
from engines.aws.facts import PASS, branch, catch
from servers.bedrock_server import BedrockServer, answer, failure

Json = Any

CAUGHT = {**PASS, "Output": "{% [$states.input.Error, $parse($states.input.Cause)] %}"}
SYNC = "arn:aws:states:::states:startExecution.sync:2"
CONVERSE = "arn:aws:states:::aws-sdk:bedrockruntime:converse"


@pytest.fixture(scope="module")
def bare_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsAccount]:
    with started(tmp_path_factory.mktemp("bare"), bare=True) as account:
        yield account


@pytest.fixture(
    params=["account", pytest.param("bare", marks=pytest.mark.xfail(strict=True, reason="MiniStack does otherwise"))]
)
def anywhere(request: pytest.FixtureRequest) -> AwsAccount:
    """The tests' account; and MiniStack without shims, where the test must fail."""
    account: AwsAccount = request.getfixturevalue("aws_account" if request.param == "account" else "bare_account")
    return account.empty() if request.param == "account" else account


def parent(child: str, **fields: Json) -> Json:
    task = {"Type": "Task", "Resource": SYNC, "Arguments": {"StateMachineArn": child, "Input": {"n": 1}}, **fields}
    return branch(A={**task, "Catch": catch("States.ALL"), "End": True}, Caught=CAUGHT)


def test_child_succeeds(aws: AwsAccount) -> None:
    child = make_machine(aws, branch(A={**PASS, "Output": "{% {'n': $states.input.n + 1} %}"}))
    done = run_machine(aws, make_machine(aws, parent(child, Output="{% $states.result.[Status, Output] %}")))
    assert done.output == ["SUCCEEDED", {"n": 2}]


def test_child_fails(anywhere: AwsAccount) -> None:
    child = make_machine(anywhere, branch(A={"Type": "Fail", "Error": "Refused", "Cause": "no"}))
    error, cause = run_machine(anywhere, make_machine(anywhere, parent(child))).output
    assert error == "States.TaskFailed"
    assert (cause["Status"], cause["Error"], cause["Cause"], cause["Input"]) == ("FAILED", "Refused", "no", '{"n": 1}')


def test_child_times_out(anywhere: AwsAccount) -> None:
    waiting = branch(A={"Type": "Wait", "Seconds": 2, "End": True})
    child = make_machine(anywhere, {**waiting, "TimeoutSeconds": 1})
    error, cause = run_machine(anywhere, make_machine(anywhere, parent(child))).output
    assert (error, cause["Status"]) == ("States.TaskFailed", "TIMED_OUT")
    assert not {"Error", "Cause"} & set(cause)


def test_child_does_not_outlive_its_parent(anywhere: AwsAccount) -> None:
    child = make_machine(anywhere, branch(A={"Type": "Wait", "Seconds": 5, "End": True}))
    task = {"Type": "Task", "Resource": SYNC, "Arguments": {"StateMachineArn": child}, "TimeoutSeconds": 1, "End": True}
    assert run_machine(anywhere, make_machine(anywhere, branch(A=task))).error == "States.Timeout"
    client = anywhere.client("stepfunctions")
    time.sleep(0.5)
    (execution,) = client.list_executions(stateMachineArn=child)["executions"]
    assert execution["status"] == "ABORTED"


def test_stopped_execution_stops(aws: AwsAccount) -> None:
    machine = make_machine(aws, branch(A={"Type": "Wait", "Seconds": 60, "End": True}))
    client = aws.client("stepfunctions")
    arn = client.start_execution(stateMachineArn=machine)["executionArn"]
    client.stop_execution(executionArn=arn, error="Cancelled", cause="enough")
    assert ended(aws, arn) == Ended(arn, "ABORTED", None, "Cancelled", "enough")


def test_start_is_idempotent(anywhere: AwsAccount) -> None:
    machine = make_machine(anywhere, branch(A={"Type": "Wait", "Seconds": 2, "End": True}))
    client = anywhere.client("stepfunctions")
    first, second = (client.start_execution(stateMachineArn=machine, name="one", input="{}") for _ in range(2))
    assert first["executionArn"] == second["executionArn"]
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=machine, name="one", input="[]")


def test_input_too_large(anywhere: AwsAccount) -> None:
    machine = make_machine(anywhere, branch(A=PASS))
    client = anywhere.client("stepfunctions")
    with pytest.raises(client.exceptions.InvalidExecutionInput):
        client.start_execution(stateMachineArn=machine, input=json.dumps("x" * 262_144))


def test_history_tells_of_branches_and_arguments(aws: AwsAccount) -> None:
    bus = aws.client("events").create_event_bus(Name="bus")["EventBusArn"]
    entry = {"EventBusName": bus, "Source": "test", "DetailType": "done", "Detail": {"n": 1}}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Arguments": {"Entries": [entry]},
        "End": True,
    }
    done = run_machine(
        aws, make_machine(aws, branch(A={"Type": "Parallel", "Branches": [branch(B=task)], "End": True}))
    )
    events = aws.client("stepfunctions").get_execution_history(executionArn=done.arn)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "ParallelStateEntered",
        "ParallelStateStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ParallelStateSucceeded",
        "ParallelStateExited",
        "ExecutionSucceeded",
    ]
    assert json.loads(events[4]["taskScheduledEventDetails"]["parameters"]) == {"Entries": [entry]}


@pytest.fixture
def models(bedrock_models: BedrockServer) -> Iterator[BedrockServer]:
    """The models of all tests, with nothing of the script left for others."""
    yield bedrock_models
    bedrock_models.script.clear()


def converse(prompt: str, **more: Json) -> Json:
    asked = {"ModelId": "model", "Messages": [{"Role": "user", "Content": [{"Text": prompt}]}], **more}
    output = "{% $states.result.[Output.Message.Content[0].Text, StopReason, Usage.InputTokens] %}"
    task = {"Type": "Task", "Resource": CONVERSE, "Arguments": asked, "Output": output, "End": True}
    caught = {**PASS, "Output": "{% $states.input.Error %}"}
    return branch(A={**task, "Catch": catch("States.ALL")}, Caught=caught)


def test_converse(anywhere: AwsAccount, models: BedrockServer) -> None:
    asked = converse("Say yes.", InferenceConfig={"MaxTokens": 5}, System=[{"Text": "Be short."}])
    models.script[:] = [answer("yes", stop="max_tokens")]
    assert run_machine(anywhere, make_machine(anywhere, asked)).output == ["yes", "max_tokens", 11]
    request = models.requests[-1]
    assert (request.model, request.system, request.texts) == ("model", "Be short.", ["Say yes."])
    assert request.body["inferenceConfig"] == {"maxTokens": 5}


def test_converse_throttled(anywhere: AwsAccount, models: BedrockServer) -> None:
    models.script[:] = [failure(429, "ThrottlingException", "too many requests")]
    done = run_machine(anywhere, make_machine(anywhere, converse("Say yes.")))
    assert done.output == "BedrockRuntime.ThrottlingException"


@pytest.mark.parametrize(
    "definition",
    [
        branch(A={"Type": "Pass", "Next": "B"}),
        branch(A=PASS, B=PASS),
        branch(A={"Type": "Succeed", "Assign": {"x": 1}}),
        branch(A={**PASS, "Assign": {"states": 1}}),
        branch(**{"A" * 81: PASS}),
        branch(A={"Type": "Parallel", "Branches": [branch(A=PASS)], "End": True}),
        branch(
            A={"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
            B={"Type": "Parallel", "Branches": [branch(C={**PASS, "Assign": {"x": 2}})], "End": True},
        ),
    ],
    ids=["unknown-next", "unreachable", "assign-on-succeed", "reserved", "long-name", "same-name", "outer-variable"],
)
def test_definition_is_refused(anywhere: AwsAccount, definition: Json) -> None:
    with pytest.raises(ClientError, match="InvalidDefinition"):
        make_machine(anywhere, definition)


def test_broken_expression_is_refused(aws: AwsAccount) -> None:
    with pytest.raises(ClientError, match="InvalidDefinition"):
        make_machine(aws, branch(A={**PASS, "Output": "{% 1 + %}"}))
