"""Every trigger starts its flow on a deployed stack, and the run gives what it gives on one's own machine.

What the account of the tests does as AWS documents: it sends S3's notifications and the app's events through rules,
polls queues, returns messages and moves them to the dead-letter queue, ticks schedules, and checks tokens. It lets
requests through that are not signed, so of routes with `Iam` only the template is looked at.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from engines.aws.account import AwsAccount, started

from skyloom.deployers.aws.compiling import compile_app
from skyloom.deployers.aws.deployer import AwsDeployer
from skyloom.deployers.aws.functions import FunctionSettings
from skyloom.deployers.base import CloudRun
from skyloom.flows.app import Environment
from skyloom.flows.frontend import load_file
from skyloom.flows.runner import launch
from skyloom.flows.values import to_json

APP = load_file(Path(__file__).with_name("triggered.py"))
HERE = FunctionSettings(python=f"3.{sys.version_info.minor}", architecture="x86_64")

ORDER = {"id": "o-1", "due": "2026-01-31 14:30+02:00", "lines": [{"sku": "ab", "count": 3}, {"sku": "cd", "price": 2}]}
"""With fields left out, a date that is written in another way, an integer for a float."""


class Triggered:
    """The deployed app, as the world outside sees it."""

    def __init__(self, account: AwsAccount, deployer: AwsDeployer, template: dict[str, Any]) -> None:
        self.account = account
        self.deployer = deployer
        self.template = template
        self.outputs = dict(deployer.status().outputs)
        host = urlsplit(self.outputs["ApiUrl"]).hostname or ""
        port = urlsplit(account.endpoint).port
        named = {"Host": f"{host.partition('.')[0]}.execute-api.localhost:{port}"}
        self.http = httpx.Client(base_url=account.endpoint, headers=named, timeout=60)

    def physical(self, kind: str, name: str) -> str:
        """The physical id of a resource of the stack."""
        [logical] = [
            key
            for key, found in self.template["Resources"].items()
            if found["Type"] == kind and found.get("Metadata", {}).get("Skyloom", {}).get("name") == name
        ]
        stack = f"skyloom-{APP.app.name}-dev"
        found = self.account.client("cloudformation").describe_stack_resource(
            StackName=stack, LogicalResourceId=logical
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def fresh(self, wanted: Callable[[CloudRun], bool], seconds: float = 60, *, once: bool = True) -> CloudRun:
        """The run that fits, when it has ended; `once`: there is no other one."""
        found: list[CloudRun] = until(lambda: [run for run in self._ended() if wanted(run)], seconds)
        assert len(found) == 1 or not once, found
        return found[0]

    def _ended(self) -> list[CloudRun]:
        return [self.deployer.run(run.id) for run in self.deployer.runs(50) if run.status != "running"]


def until(look: Callable[[], Any], seconds: float = 60) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError("it did not happen in time")


def taken(order: dict[str, Any], note: str = "none") -> Any:
    """What the flow gives in a plain call, with the input as `skyloom run` reads it."""
    arguments = launch.prepare(APP.take, {"order": order, "note": note}).arguments
    return to_json(APP.take(APP.Order.model_validate_json(json.dumps(arguments["order"])), note), APP.Taken)


def of_order(name: str) -> Callable[[CloudRun], bool]:
    return lambda run: run.flow == "take" and run.input["order"]["id"] == name


@pytest.fixture(scope="module")
def triggered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Triggered]:
    # Addresses of APIs lead to the first account of a server only.
    folder = tmp_path_factory.mktemp("triggered")
    with pytest.MonkeyPatch.context() as patch, started(folder, SFN_RETRY_SCALE="0.1") as account:
        for name, value in account.variables.items():
            patch.setenv(name, value)
        bundle = compile_app(APP.app, "dev", HERE).bundle
        deployer = AwsDeployer(APP.app.name, "dev", Environment())
        for _ in deployer.apply(deployer.plan(bundle)):
            pass
        yield Triggered(
            account, AwsDeployer(APP.app.name, "dev", Environment()), json.loads(bundle.files["template.json"])
        )


# --- by HTTP --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body", "note"),
    [
        ("/orders", ORDER, "none"),
        ("/inputs", {"order": ORDER}, "none"),
        ("/inputs", {"order": ORDER, "note": "!"}, "!"),
    ],
)
def test_a_request_gives_what_the_run_on_ones_own_machine_gives(
    triggered: Triggered, path: str, body: dict[str, Any], note: str
) -> None:
    begun = triggered.http.post(path, json=body)
    assert begun.status_code == 202, begun.text
    state = until(lambda: _done(triggered, begun.headers["location"]))
    assert (state["status"], state["result"]) == ("done", taken(ORDER, note)), state
    assert state["result"]["order"]["due"] == "2026-01-31T12:30:00.000000Z"


def _done(triggered: Triggered, url: str) -> dict[str, Any] | None:
    state: dict[str, Any] = triggered.http.get(url).json()
    return None if state["status"] == "running" else state


def test_a_run_that_is_started_by_the_deployed_name_alone(triggered: Triggered) -> None:
    """As `skyloom invoke aws triggered:take` does."""
    run = triggered.deployer.start("take", {"order": ORDER | {"id": "by-name"}})
    ended = triggered.fresh(of_order("by-name"))
    assert (ended.id, ended.status, ended.result) == (run.id, "done", taken(ORDER | {"id": "by-name"}))


def test_a_request_that_does_not_fit_starts_nothing(triggered: Triggered) -> None:
    refused = triggered.http.post("/orders", json={"id": "bad", "due": "soon", "lines": [{"sku": "a"}]})
    assert refused.status_code == 422
    assert refused.json()["problems"] == [
        {"path": "order.due", "message": "must be a date and time such as 2026-01-31T14:30:00Z"},
        {"path": "order.lines[0].sku", "message": "must have at least 2 characters"},
    ]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer made.up.token"}])
def test_without_a_good_token_nothing_starts(triggered: Triggered, headers: dict[str, str]) -> None:
    assert triggered.http.post("/tokens", json=ORDER | {"id": "thief"}, headers=headers).status_code == 401
    assert not any(of_order("thief")(triggered.deployer.run(run.id)) for run in triggered.deployer.runs(50))


def test_every_route_of_a_flow_says_who_may_call(triggered: Triggered) -> None:
    routes = {
        found["Properties"]["RouteKey"]: found["Properties"]
        for found in triggered.template["Resources"].values()
        if found["Type"] == "AWS::ApiGatewayV2::Route"
    }
    kinds = {key: (route["AuthorizationType"], "AuthorizerId" in route) for key, route in routes.items()}
    for path, kind in (("signed", ("AWS_IAM", False)), ("tokens", ("JWT", True)), ("orders", ("NONE", False))):
        assert kinds[f"POST /{path}"] == kinds[f"GET /{path}/{{run}}"] == kind


# --- by messages, events, objects, the clock ------------------------------------------------------------------------


def test_a_message_starts_a_run(triggered: Triggered) -> None:
    queue = triggered.physical("AWS::SQS::Queue", "orders")
    order = ORDER | {"id": "by-queue"}
    triggered.account.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(order))
    run = triggered.fresh(of_order("by-queue"))
    assert (run.status, run.result) == ("done", taken(order))


def test_a_message_that_fits_no_order_ends_in_the_dead_letter_queue(triggered: Triggered) -> None:
    sqs, queue = triggered.account.client("sqs"), triggered.physical("AWS::SQS::Queue", "orders")
    redrive = json.loads(
        sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["RedrivePolicy"]
    )
    dead = sqs.get_queue_url(QueueName=redrive["deadLetterTargetArn"].rpartition(":")[2])["QueueUrl"]
    # A message comes back when its visibility times out: minutes, which a test does not have.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    for body in ('{"id": 3}', "no JSON"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    bodies: set[str] = set()

    def both_dead() -> bool:
        for message in sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", []):
            bodies.add(message["Body"])
        return len(bodies) == 2

    until(both_dead, 90)
    assert bodies == {'{"id": 3}', "no JSON"}
    assert not any(run.input["order"]["id"] == 3 for run in map(triggered.deployer.run, _takes(triggered)))


def _takes(triggered: Triggered) -> list[str]:
    return [run.id for run in triggered.deployer.runs(50) if run.flow == "take"]


def test_an_event_starts_a_run(triggered: Triggered) -> None:
    order = ORDER | {"id": "by-event"}
    bus = triggered.physical("AWS::Events::EventBus", "triggered")
    detail = json.dumps({"payload": order})
    entry: Any = {"Source": "skyloom.triggered", "DetailType": "ordered", "Detail": detail, "EventBusName": bus}
    triggered.account.client("events").put_events(Entries=[entry])
    run = triggered.fresh(of_order("by-event"))
    assert (run.status, run.result) == ("done", taken(order))


def test_a_new_object_starts_a_run_where_its_name_fits(triggered: Triggered) -> None:
    s3, bucket = triggered.account.client("s3"), triggered.physical("AWS::S3::Bucket", "inbox")
    for key in ("in/a b.pdf", "in/other.txt", "out/c.pdf"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"12345")
    run = triggered.fresh(lambda run: run.flow == "file")
    assert (run.status, run.result) == ("done", "in/a b.pdf (5 bytes), 2 times")


def test_the_clock_starts_a_run(triggered: Triggered) -> None:
    # The account looks every ten seconds whether a minute has begun.
    run = triggered.fresh(of_order("clock"), 90, once=False)
    order = {"id": "clock", "due": "2026-01-31T14:30:00+02:00"}
    assert (run.status, run.result) == ("done", taken(order))
