"""What commands do on AWS alone: runs that have names, that are resumed, and what its users get wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli.cloud_app import mistake, waited_for, write
from clouds.aws_deploys import deploy, inventory
from clouds.aws_small_app import small_bundle
from engines.aws.account import AwsAccount

Invoke = Callable[..., Any]


def test_runs_have_the_names_that_they_are_given(
    aws: AwsAccount, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    cloud = ("--target", "aws", "--app", "shop")
    assert invoke("deploy", "aws", "shop_app.py", "-y", "-q").exit_code == 0
    given = '{"item": "lamp", "count": 2}'
    assert invoke("invoke", "aws", "shop_app.py:quote", "--input", given, "--run", "quote-1").exit_code == 0
    # The id of this run begins with that of the other one.
    moon = ("--input", '{"item": "moon"}', "--run", "quote-1-moon")
    failed = document("invoke", "aws", "shop:quote", *moon, "--json", "-q", code=1)
    runs = document("runs", "list", *cloud, "--json")
    assert [(run["run"], run["status"]) for run in runs] == [(failed["run"], "failed"), ("quote-1", "done")]
    shown = document("runs", "show", "quote-1", *cloud, "--json")
    assert shown["input"] == {"item": "lamp", "count": 2} and shown["result"] == "2 x lamp: 6"
    assert [(step["step"], step["attempts"]) for step in shown["steps"]] == [("quote/price", 1)]
    # Without the file, the input is checked with what was deployed.
    wrong = mistake(invoke, "invoke", "aws", "shop:quote", "-i", '{"item": 3, "size": 1}', code="SKY610")
    assert "input item must be text" in wrong and "input size is not expected" in wrong
    lines = invoke("logs", "aws", "shop_app.py", "quote-1", "--json")
    assert any('"task": "price"' in json.loads(line)["text"] for line in lines.stdout.splitlines()), lines.output
    assert "moon" not in lines.stdout
    readable = invoke("logs", "aws", "shop_app.py", "quote-1").stdout
    assert "price done in " in readable and "{" not in readable, readable


def test_a_bundle_is_compiled_once_and_deployed_as_it_is(
    aws: AwsAccount, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    made = document("compile", "shop_app.py:app", "--to", "aws", "--json")
    assert Path(made["out"], "template.json").is_file()
    write(file, 7)
    assert document("plan", "aws", "build/aws", "--json")["version"] == made["version"]
    wrong = invoke("plan", "aws", "build/aws", "--env", "prod")
    assert wrong.exit_code == 2 and "SKY649" in wrong.stderr


def test_explain(file: Path, invoke: Invoke, document: Callable[..., Any]) -> None:
    first = document("explain", "shop_app.py", "--to", "aws", "--json")["steps"][0]
    assert (first["name"], first["what"], first["place"]) == ("price", "function price", "shop_app.py:19")
    assert "BECOMES" in invoke("explain", "shop_app.py", "--to", "aws").stdout
    assert invoke("explain", "shop_app.py", "--to", "aws", "--flow", "other").exit_code == 2


PAYING = """
from pathlib import Path
from pydantic import BaseModel
from skyloom.flows import App, Environment, OnEvent, Retry, each, flow, hours, task, wait_for

class Payment(BaseModel):
    amount: float
    currency: str = "EUR"

class NotYet(Exception):
    pass

@task(retry=Retry(attempts=1))
def book(order: str, mark: str) -> str:
    if not Path(mark).exists():
        raise NotYet(f"{order} is not ready")
    return f"booked {order}"

@task
def note(line: str) -> str:
    print(f"noted {line}")
    return line

@flow
def settle(order: str, mark: str) -> str:
    payment = wait_for("payment", Payment, key=order, timeout=hours(1))
    lines = [note(line) for line in [order, "rest"]]
    place = book(order, mark)
    return f"{place}: {payment.amount} {payment.currency} {len(lines)}"

@flow
def greet(name: str) -> str:
    return f"hello {name}"

app = App("payer", flows=[settle, greet], triggers=[OnEvent(greet, "arrived")],
          environments={"dev": Environment(architecture="x86_64")})
"""


def test_events_logs_and_resuming_in_the_cloud(
    aws: AwsAccount, file: Path, invoke: Invoke, document: Callable[..., Any], tmp_path: Path
) -> None:
    file.write_text(PAYING)
    cloud, mark = ("--target", "aws", "--app", "payer"), tmp_path / "mark"
    assert invoke("deploy", "aws", "shop_app.py", "-y", "-q").exit_code == 0
    given = json.dumps({"order": "o-1", "mark": str(mark)})
    run = invoke("invoke", "aws", "shop_app.py:settle", "-i", given, "--no-wait", "-q").stdout.strip()

    def shown() -> Any:
        return document("runs", "show", run, *cloud, "--json")

    waited_for(lambda: [step for step in shown()["steps"] if step["step"] == "settle/wait_payment"], 1)
    sent = invoke("events", "send", "payment", '{"amount": 2}', "--key", "o-1", "--run", run[:-2], *cloud)
    assert sent.exit_code == 0 and "sent payment to bus payer-dev" in sent.stderr, sent.output
    followed = invoke("logs", "aws", "payer", run, "--follow")
    assert followed.exit_code == 0
    assert [line for line in followed.stdout.splitlines() if "noted o-1" in line]
    assert "book failed after" in followed.stdout and "NotYet at shop_app.py:" in followed.stdout
    failed = shown()
    assert (failed["status"], failed["error"]["message"]) == ("failed", "o-1 is not ready")
    assert [(step["step"], step["attempts"]) for step in failed["steps"] if "/" in step["step"]] == [
        ("settle/wait_payment", 1), ("settle/note_map[0]/note", 1), ("settle/note_map[1]/note", 1), ("settle/book", 1),
    ]  # fmt: skip
    table = invoke("runs", "show", run, *cloud).stdout
    assert "note_map[*]/note" in table and "2 done" in table, table
    mark.touch()
    resumed = invoke("runs", "resume", run, *cloud)
    assert resumed.exit_code == 0, resumed.output
    assert (resumed.exit_code, json.loads(resumed.stdout)) == (0, "booked o-1: 2.0 EUR 2"), resumed.output
    done = shown()["steps"]
    assert [(step["attempts"], step["error"]) for step in done if step["step"] == "settle/book"] == [(2, None)]
    assert sum(step["step"].endswith("/note") for step in done) == 2
    again = mistake(invoke, "runs", "resume", run, *cloud, code="SKY646")
    assert "only a run that has stopped" in again

    assert invoke("events", "send", "arrived", '{"name": "Ada"}', *cloud).exit_code == 0
    [greeted] = waited_for(
        lambda: [r for r in document("runs", "list", *cloud, "--json") if r["flow"] == "greet" and r["ended"]], 1
    )
    assert document("runs", "show", greeted["run"], *cloud, "--json")["result"] == "hello Ada"
    assert invoke("events", "send", "payment", "1", "--id", "x", *cloud).exit_code == 2
    assert invoke("destroy", "aws", "payer", "-y", "-q", "--delete-data").exit_code == 0


def test_an_app_that_takes_no_events(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    deploy(small_bundle())
    mistake(invoke, "events", "send", "payment", "1", "--target", "aws", "--app", "shop", code="SKY624")
    mistake(invoke, "events", "send", "payment", "1", "--target", "aws", code="SKY652")
    assert "no open approvals" in invoke("approvals", "list", "--target", "aws", "--app", "shop").stderr


# --- mistakes --------------------------------------------------------------------------------------------------------


def test_a_profile_that_is_not_there(
    aws: AwsAccount, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    mistake(invoke, "status", "aws", "shop", code="SKY641")


def test_an_address_that_is_none(aws: AwsAccount, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    result = invoke("status", "aws", "shop")
    assert result.exit_code == 1
    assert "AWS cannot be called: Invalid endpoint: nowhere" in result.stderr


def test_the_region_of_the_environment(
    aws: AwsAccount, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the hint above says is enough: boto3 does not read it."""
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    mistake(invoke, "status", "aws", "shop", code="SKY643")


def test_a_wrong_input_starts_nothing(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    mistake(invoke, "invoke", "aws", "shop_app.py:quote", "-i", '{"item": 3}', code="SKY610")
    mistake(invoke, "invoke", "aws", "shop_app.py:quote", "-i", "[]", code="SKY622")


def test_nobody_is_there_to_say_yes(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    assert "--yes" in mistake(invoke, "deploy", "aws", "shop_app.py", code="SKY650")
    assert inventory(aws) == {}


def test_a_flow_that_is_not_deployed(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    deploy(small_bundle())
    mistake(invoke, "invoke", "aws", "shop:refund", code="SKY651")
    mistake(invoke, "runs", "show", "nothing", "--target", "aws", "--app", "shop", code="SKY646")
    mistake(invoke, "rollback", "aws", "shop", "-y", code="SKY648")


def test_aws_does_not_answer(aws: AwsAccount, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("skyloom.deployers.aws.client._ATTEMPTS", 1)
    result = invoke("status", "aws", "shop")
    assert result.exit_code == 1
    assert "AWS does not answer" in result.stderr


@pytest.mark.parametrize("text", ["yesterday", "5", "-3m", "2w"])
def test_a_stretch_of_time(text: str, aws: AwsAccount, invoke: Invoke) -> None:
    result = invoke("logs", "aws", "shop", f"--since={text}")
    assert result.exit_code == 2
