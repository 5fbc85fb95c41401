"""The commands about a cloud: an app from its file to AWS and back, and what users get wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clouds.aws_deploys import inventory
from clouds.aws_small_app import small_bundle
from engines.aws.account import AwsAccount

Invoke = Callable[..., Any]

APP = """
from skyloom.flows import App, Environment, flow, task

class NoPrice(Exception):
    pass

@task
def price(item: str) -> int:
    if item == "moon":
        raise NoPrice("none for the moon")
    return {price}

@flow
def quote(item: str, count: int = 1) -> str:
    each = price(item)
    return f"{{count}} x {{item}}: {{each * count}}"

app = App("shop", flows=[quote], environments={{"dev": Environment(architecture="x86_64")}})
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file with an app, in the working folder. Its module is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shop_app.py"
    write(path, 3)
    yield path
    sys.modules.pop("shop_app", None)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(tmp_path)])


def write(path: Path, price: int) -> None:
    path.write_text(APP.format(price=price))


def test_from_the_file_to_aws_and_back(
    aws: AwsAccount, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    planned = document("plan", "aws", "shop_app.py", "--json")
    assert planned["first"] and {change["action"] for change in planned["changes"]} == {"create"}
    assert inventory(aws) == {}
    deployed = document("deploy", "aws", "shop_app.py", "--yes", "--json", "--quiet")
    assert (deployed["status"], deployed["version"]) == ("deployed", planned["version"])
    assert document("deploy", "aws", "shop_app.py", "--json", "--quiet")["status"] == "unchanged"
    arguments = '{"item": "lamp", "count": 2}'
    done = invoke("invoke", "aws", "shop_app.py:quote", "--input", arguments, "--run", "quote-1")
    assert (done.exit_code, json.loads(done.stdout)) == (0, "2 x lamp: 6"), done.output
    assert "price: done" in done.stderr
    # The id of this run begins with that of the other one.
    moon = ("--input", '{"item": "moon"}', "--run", "quote-1-moon")
    failed = document("invoke", "aws", "shop:quote", *moon, "--json", "-q", code=1)
    assert failed["error"] == {"type": "NoPrice", "bases": ["Exception"], "message": "none for the moon"}
    cloud = ("--target", "aws", "--app", "shop")
    runs = document("runs", "list", *cloud, "--json")
    assert [(run["run"], run["status"]) for run in runs] == [(failed["run"], "failed"), ("quote-1", "done")]
    shown = document("runs", "show", "quote-1", *cloud, "--json")
    assert shown["input"] == {"item": "lamp", "count": 2} and shown["result"] == "2 x lamp: 6"
    assert [(step["step"], step["attempts"]) for step in shown["steps"]] == [("quote/price", 1)]
    table = invoke("runs", "show", failed["run"], *cloud)
    assert "NoPrice: none for the moon" in table.stdout and "runs resume" in table.stderr
    # Without the file, the input is checked with what was deployed.
    wrong = mistake(invoke, "invoke", "aws", "shop:quote", "-i", '{"item": 3, "size": 1}', code="SKY610")
    assert "input item must be text" in wrong and "input size is not expected" in wrong
    lines = invoke("logs", "aws", "shop_app.py", "quote-1", "--json")
    assert any('"task": "price"' in json.loads(line)["text"] for line in lines.stdout.splitlines()), lines.output
    assert "moon" not in lines.stdout
    readable = invoke("logs", "aws", "shop_app.py", "quote-1").stdout
    assert "price done in " in readable and "{" not in readable, readable
    assert "no open approvals" in invoke("approvals", "list", *cloud).stderr

    write(file, 5)
    planned = document("plan", "aws", "shop_app.py", "--json")
    assert [(c["action"], c["kind"], c["details"]) for c in planned["changes"]] == [("update", "function", ["code"])]
    assert invoke("deploy", "aws", "shop_app.py", "-y").exit_code == 0
    assert json.loads(invoke("invoke", "aws", "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 10"
    assert invoke("rollback", "aws", "shop", "-y", "-q").exit_code == 0
    assert json.loads(invoke("invoke", "aws", "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 6"
    status = document("status", "aws", "shop", "--json")
    assert status["ok"] and status["version"] == deployed["version"]
    assert [version["current"] for version in status["versions"]] == [True, False, True]
    assert "2 x" not in invoke("status", "aws", "shop_app.py").stdout

    destroyed = document("destroy", "aws", "shop", "--yes", "--json", "--quiet", "--delete-data")
    assert {change["action"] for change in destroyed["changes"]} == {"delete"}
    assert inventory(aws) == {}
    again = invoke("destroy", "aws", "shop", "--yes")
    assert again.exit_code == 0 and "nothing of shop is deployed in dev" in again.stderr


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
    rows = document("explain", "shop_app.py", "--to", "aws", "--json")
    first = rows[0]
    assert (first["name"], first["what"], first["place"]) == ("price", "function price", "shop_app.py:15")
    assert "BECOMES" in invoke("explain", "shop_app.py", "--to", "aws").stdout
    assert invoke("explain", "shop_app.py", "--to", "aws", "--flow", "other").exit_code == 2


ASKING = """
from pydantic import BaseModel
from skyloom.flows import App, Environment, approval, flow, hours

class Change(BaseModel):
    amount: int

@flow
def pay(customer: str) -> str:
    decision = approval(f"Pay {customer}?", show={"customer": customer}, to="leads", timeout=hours(1), form=Change)
    if not decision.approved:
        return f"no: {decision.comment}"
    return f"yes, by {decision.by}"

app = App("payer", flows=[pay], environments={"dev": Environment(architecture="x86_64")})
"""


def test_approvals_in_the_cloud(aws: AwsAccount, file: Path, invoke: Invoke, document: Callable[..., Any]) -> None:
    file.write_text(ASKING)
    cloud = ("--target", "aws", "--app", "payer")
    assert invoke("deploy", "aws", "shop_app.py", "-y", "-q").exit_code == 0
    runs = []
    for customer in ("ada", "bob"):
        given = json.dumps({"customer": customer})
        runs.append(invoke("invoke", "aws", "shop_app.py:pay", "-i", given, "--no-wait", "-q").stdout.strip())
    found = waited_for(lambda: document("approvals", "list", *cloud, "--json"), 2)
    by_run = {approval["run"]: approval for approval in found}
    ada, bob = (by_run[run] for run in runs)
    assert (ada["message"], ada["show"], ada["to"]) == ("Pay ada?", {"customer": "ada"}, "leads")
    assert "Pay bob?" in invoke("approvals", "show", bob["id"], *cloud).stdout
    assert "approvals approve" in invoke("runs", "show", runs[0], *cloud).stdout
    mistake(invoke, "approvals", "approve", ada["id"], "--form", '{"amount": "much"}', *cloud, code="SKY611")
    approved = invoke("approvals", "approve", ada["id"], "--form", '{"amount": 3}', "--by", "maria", *cloud)
    assert approved.exit_code == 0, approved.output
    assert invoke("approvals", "reject", bob["id"], "--comment", "too much", *cloud).exit_code == 0
    for run, result in zip(runs, ("yes, by maria", "no: too much"), strict=True):

        def shown(run: str = run) -> list[Any]:
            found = document("runs", "show", run, *cloud, "--json")
            return [found] if found["ended"] else []

        assert waited_for(shown, 1)[0]["result"] == result
    mistake(invoke, "approvals", "approve", ada["id"], *cloud, code="SKY611")
    assert invoke("destroy", "aws", "payer", "-y", "-q", "--delete-data").exit_code == 0
    assert inventory(aws) == {}


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
    from clouds.aws_deploys import deploy

    deploy(small_bundle())
    mistake(invoke, "events", "send", "payment", "1", "--target", "aws", "--app", "shop", code="SKY624")
    mistake(invoke, "events", "send", "payment", "1", "--target", "aws", code="SKY652")


def waited_for(look: Callable[[], list[Any]], count: int) -> list[Any]:
    """What there is, as soon as there is that much of it."""
    end = time.monotonic() + 60
    while len(found := look()) < count:
        assert time.monotonic() < end, found
        time.sleep(0.2)
    return found


# --- mistakes -------------------------------------------------------------------------------------------------------


def mistake(invoke: Invoke, *arguments: str, code: str) -> str:
    """What a command says of the user's mistake."""
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert code in result.stderr, result.output
    assert "hint: " in result.stderr
    assert "Traceback" not in result.output
    return str(result.stderr)


def test_no_credentials(aws: AwsAccount, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    for command in (("plan", "aws", "shop_app.py"), ("status", "aws", "shop"), ("deploy", "aws", "shop_app.py", "-y")):
        assert "aws sso login" in mistake(invoke, *command, code="SKY641")


def test_a_profile_that_is_not_there(
    aws: AwsAccount, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    mistake(invoke, "status", "aws", "shop", code="SKY641")


def test_no_region(aws: AwsAccount, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "AWS_REGION" in mistake(invoke, "plan", "aws", "shop_app.py", code="SKY642")


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


def test_nothing_is_deployed(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    for command in (("status", "aws", "shop"), ("logs", "aws", "shop"), ("rollback", "aws", "shop", "-y")):
        mistake(invoke, *command, code="SKY643")
    mistake(invoke, "invoke", "aws", "shop_app.py:quote", "-i", '{"item": "a"}', code="SKY643")
    mistake(invoke, "runs", "list", "--target", "aws", "--app", "shop", code="SKY643")


def test_a_wrong_target(file: Path, invoke: Invoke) -> None:
    assert "did you mean `aws`?" in mistake(invoke, "plan", "awz", "shop_app.py", code="SKY640")
    mistake(invoke, "runs", "list", "--target", "moon", "--app", "shop", code="SKY640")


def test_a_wrong_file_or_app(file: Path, invoke: Invoke) -> None:
    mistake(invoke, "compile", "shop_app.py:cafe", "--to", "aws", code="SKY520")
    assert invoke("compile", "missing.py", "--to", "aws").exit_code == 2
    assert "needs its file" in mistake(invoke, "deploy", "aws", "shop", "-y", code="SKY652")


def test_runs_in_a_cloud_need_an_app(invoke: Invoke) -> None:
    for command in (
        ("runs", "list"), ("runs", "show", "x"), ("runs", "cancel", "x"), ("runs", "resume", "x"),
        ("approvals", "list"), ("approvals", "show", "x"), ("approvals", "approve", "x"), ("approvals", "reject", "x"),
    ):  # fmt: skip
        assert "--app" in mistake(invoke, *command, "--target", "aws", code="SKY652")


def test_a_wrong_input_starts_nothing(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    mistake(invoke, "invoke", "aws", "shop_app.py:quote", "-i", '{"item": 3}', code="SKY610")
    mistake(invoke, "invoke", "aws", "shop_app.py:quote", "-i", "[]", code="SKY622")


def test_nobody_is_there_to_say_yes(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    assert "--yes" in mistake(invoke, "deploy", "aws", "shop_app.py", code="SKY650")
    assert inventory(aws) == {}


def test_a_flow_that_is_not_deployed(aws: AwsAccount, file: Path, invoke: Invoke) -> None:
    from clouds.aws_deploys import deploy

    deploy(small_bundle())
    mistake(invoke, "invoke", "aws", "shop:refund", code="SKY651")
    mistake(invoke, "runs", "show", "nothing", "--target", "aws", "--app", "shop", code="SKY646")
    mistake(invoke, "rollback", "aws", "shop", "-y", code="SKY648")


def test_a_failed_deploy_is_said_once_and_exits_with_one(
    aws: AwsAccount, tmp_path: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    from clouds.aws_small_app import BROKEN

    small_bundle(more=BROKEN).write(tmp_path / "aws")
    result = invoke("deploy", "aws", str(tmp_path / "aws"), "-y")
    assert result.exit_code == 1
    assert "error: the deploy failed and nothing of it is left: flow broken" in result.stderr
    told = document("deploy", "aws", str(tmp_path / "aws"), "-y", "--json", "-q", code=1)
    assert told["status"] == "failed" and "flow broken" in told["error"]


def test_a_folder_that_is_no_bundle(tmp_path: Path, invoke: Invoke) -> None:
    mistake(invoke, "deploy", "aws", str(tmp_path), "-y", code="SKY649")


def test_without_boto3_the_extra_is_named(file: Path) -> None:
    code = (
        "import sys; sys.modules['boto3'] = sys.modules['botocore'] = None\n"
        "sys.argv = ['skyloom', 'plan', 'aws', 'shop_app.py']\n"
        "from skyloom.cli import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2, done.stderr
    assert "SKY603" in done.stderr and 'pip install "skyloom[aws]"' in done.stderr
    assert "Traceback" not in done.stderr


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
