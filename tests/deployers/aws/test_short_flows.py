"""Flows that an app calls short are Express workflows, where they can be."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from skyloom.deployers.aws.compiling import compile_app
from skyloom.deployers.base import Compiled
from skyloom.deployers.functions import load_app
from skyloom.errors import CheckFailed

APP = """
from skyloom.flows import App, Http, flow, task, wait_for

@task
def price(item: str) -> float:
    return 2.0 * len(item)

@flow(timeout={timeout})
def quote(item: str) -> float:
    return {body}

@flow
def order(item: str) -> float:
    return {caller}

app = App("shop", flows=[quote, order], short=[quote], triggers=[{triggers}])
"""
TRIGGER = 'Http(quote, "/quotes"), Http(order, "/orders")'


def compiled(
    folder: Path, timeout: str = "20", body: str = "price(item)", caller: str = "price(item)", triggers: str = TRIGGER
) -> Compiled:
    path = folder / "shop.py"
    source = APP.format(timeout=timeout, body=body, caller=caller, triggers=triggers)
    path.write_text(textwrap.dedent(source))
    return compile_app(load_app(path), "dev")


def test_a_short_flow_is_an_express_workflow(tmp_path: Path) -> None:
    files = compiled(tmp_path).bundle.files
    resources: dict[str, Any] = json.loads(files["template.json"])["Resources"]
    machines = [
        found["Properties"] for found in resources.values() if found["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    kinds = {machine["StateMachineName"].rpartition("-dev-")[2]: machine["StateMachineType"] for machine in machines}
    assert kinds == {"quote-express": "EXPRESS", "order": "STANDARD"}
    starts = json.loads(next(text for path, text in files.items() if path.endswith("/starts.json")))
    assert {name: start["at_once"] for name, start in starts.items()} == {"POST /quotes": True, "POST /orders": False}


def test_who_starts_them_may_run_short_flows_to_their_end_and_start_the_others(tmp_path: Path) -> None:
    resources = json.loads(compiled(tmp_path).bundle.files["template.json"])["Resources"]
    statements = [
        statement
        for found in resources.values()
        if found["Type"] == "AWS::IAM::Role"
        for policy in found["Properties"].get("Policies", ())
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    allowed = {
        action: json.dumps(statement["Resource"])
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action in ("states:StartSyncExecution", "states:StartExecution")
    }
    assert ["quote" in allowed["states:StartSyncExecution"], "order" in allowed["states:StartSyncExecution"]] == [
        True,
        False,
    ]
    assert ["quote" in allowed["states:StartExecution"], "order" in allowed["states:StartExecution"]] == [False, True]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"timeout": "None"}, "quote says nothing of how long it takes; an Express workflow has 300 seconds"),
        ({"timeout": "301", "triggers": ""}, "quote may take 301 s; an Express workflow has 300 seconds"),
        ({"timeout": "26"}, "quote may take 26 s, and who starts it by HTTP is answered within 30 seconds"),
        (
            {"body": 'wait_for("paid", float)'},
            "quote waits for people, events or other executions, which an Express workflow cannot",
        ),
        (
            {"caller": "quote(item)"},
            "order runs quote as an execution of its own, which no Express workflow can be",
        ),
    ],
    ids=["no-timeout", "too-long", "too-long-for-http", "waits", "is-a-sub-flow"],
)
def test_what_cannot_be_short_is_refused(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(CheckFailed) as refused:
        compiled(tmp_path, **changes)
    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("SKY707", message)
    assert "short" in (diagnostic.hint or "")


def test_a_short_flow_without_http_may_take_all_its_time(tmp_path: Path) -> None:
    assert compiled(tmp_path, timeout="300", triggers="").bundle.files
