"""An AWS account of the tests' own, and runs in it that wait."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from engines.aws.account import AwsAccount
from servers.http_api import HttpApi

from skyloom.deployers.aws.services.clients import client
from skyloom.deployers.aws.services.gateway import event_of, request_of
from skyloom.deployers.aws.services.keys import Keys
from skyloom.deployers.aws.services.records import Records
from skyloom.deployers.aws.services.tokens import TaskTokens
from skyloom.deployers.services import links
from skyloom.deployers.services.deciding import Deciding
from skyloom.deployers.services.decision_page import DecisionPage
from skyloom.deployers.services.delivery import Delivery
from skyloom.deployers.services.opening import Opening
from skyloom.deployers.services.telling import Notice, Teller
from skyloom.deployers.services.waiting import Wait

WAITING = {
    "QueryLanguage": "JSONata",
    "StartAt": "Wait",
    "States": {
        "Wait": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Arguments": {
                "QueueUrl": "{% $states.input.queue %}",
                "MessageBody": {"token": "{% $states.context.Task.Token %}"},
            },
            "Output": "{% $states.result %}",
            "End": True,
        }
    },
}
TABLE = {
    "AttributeDefinitions": [
        {"AttributeName": "subject", "AttributeType": "S"},
        {"AttributeName": "id", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "subject", "KeyType": "HASH"},
        {"AttributeName": "id", "KeyType": "RANGE"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


class Account:
    """The services that the Lambda code talks to."""

    def __init__(self, aws: AwsAccount) -> None:
        self.aws = aws
        self.states: Any = aws.client("stepfunctions")
        self.dynamodb: Any = aws.client("dynamodb")
        self.secrets = aws.client("secretsmanager")
        self.sns = aws.client("sns")
        self.sqs = aws.client("sqs")

    def table(self) -> str:
        """A new table of waits."""
        name = f"waits-{uuid.uuid4().hex[:8]}"
        self.dynamodb.create_table(TableName=name, **TABLE)
        return name

    def machine(self, definition: dict[str, Any] | None = None) -> str:
        """The ARN of a new state machine; without a definition, of one that waits for somebody's answer."""
        made = self.states.create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition or WAITING),
            roleArn="arn:aws:iam::000000000000:role/any",
        )
        return str(made["stateMachineArn"])

    def waiting_run(self) -> WaitingRun:
        return WaitingRun(self)

    until = staticmethod(lambda look, seconds=30: until(look, seconds))

    def secret(self, value: str) -> str:
        return str(self.secrets.create_secret(Name=f"s-{uuid.uuid4().hex[:8]}", SecretString=value)["ARN"])

    def topic(self) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
        """A topic, and what has been published there."""
        queue = self.sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = self.sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

        def published() -> list[dict[str, Any]]:
            found = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
            return [json.loads(message["Body"]) for message in found]

        return str(topic), published


class WaitingRun:
    """An execution that waits for a task token's answer."""

    def __init__(self, account: Account) -> None:
        self._account = account
        queue = account.sqs.create_queue(QueueName=f"w-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        self.machine = account.machine()
        started = account.states.start_execution(stateMachineArn=self.machine, input=json.dumps({"queue": queue}))
        self.arn: str = started["executionArn"]
        self.name = self.arn.rpartition(":")[2]
        [message] = until(lambda: account.sqs.receive_message(QueueUrl=queue).get("Messages"))
        self.token: str = json.loads(message["Body"])["token"]

    def ended(self) -> dict[str, Any]:
        """How the execution ended, when it has."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self._account.states.describe_execution(executionArn=self.arn)
            return None if found["status"] == "RUNNING" else found

        found: dict[str, Any] = until(look)
        return found

    def output(self) -> Any:
        return json.loads(self.ended()["output"])

    def stop(self) -> None:
        self._account.states.stop_execution(executionArn=self.arn)
        self.ended()


def until(look: Callable[[], Any], seconds: float = 30) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture(scope="session")
def account(aws_account: AwsAccount) -> Account:
    """The services of an account that all tests of services share: making clients takes longer than the tests."""
    return Account(aws_account.empty())


@pytest.fixture
def deployed_in(account: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a function of the account, to put its own variables into."""
    for name, value in account.aws.variables.items():
        monkeypatch.setenv(name, value)
    client.cache_clear()
    yield monkeypatch
    client.cache_clear()


NOTICE = Notice(api="https://api.example", app="shop", environment="dev")


class Approvals:
    """The page behind a local HTTP API, and runs that ask there."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.waits = Records(account.dynamodb, account.table())
        self.key = b"the key"
        self.keys = Keys(account.secrets, account.secret(self.key.decode()))
        self.deciding = Deciding(self.waits, Delivery(self.waits, TaskTokens(account.states)))
        self.page = DecisionPage(self.deciding, self.keys, "shop")
        route = lambda event: event_of(self.page.respond(request_of(event), time.time()))  # noqa: E731
        self.api = HttpApi({"GET /approvals/{id}": route, "POST /approvals/{id}": route})
        self.http = httpx.Client(timeout=30)

    def close(self) -> None:
        self.http.close()
        self.api.close()

    def ask(self, run: Any, timeout: float | None = 600, **request: Any) -> str:
        """The link to a new approval."""
        asked = {"kind": "approval", "token": run.token, "run": run.name, "execution": "arn", "flow": "answer"}
        asked |= {"step": "answer/approval", "message": "Send it?", "timeout": timeout}
        opened = Opening(self.waits, Teller(self.keys, NOTICE, None)).open(asked | request)
        wait = self.record(opened["id"])
        return links.link(self.api.url, self.key, wait.id, wait.expires)

    def record(self, wait: str) -> Wait:
        found = self.waits.get("approval", wait)
        assert found is not None
        return found

    def send(self, link: str, **inputs: str) -> httpx.Response:
        """What the page answers to a filled-in form; names of the form's own fields begin with `answer_`."""
        named = {name.replace("answer_", "answer."): value for name, value in inputs.items()}
        return self.http.post(link, data={"decision": "approve", "by": "Ada"} | named)


@pytest.fixture
def approvals(account: Account) -> Iterator[Approvals]:
    made = Approvals(account)
    yield made
    made.close()
