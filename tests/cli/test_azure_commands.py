"""The commands about a cloud on Azure: an app from its file and back, and what users get wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clouds.azure_small_app import BROKEN, small_bundle
from engines.azure_account.account import AzureSubscription

Invoke = Callable[..., Any]

APP = """
from pydantic import BaseModel
from skyloom.flows import App, approval, flow, hours, task, wait_for

class NoPrice(Exception):
    pass

class Change(BaseModel):
    amount: int

@task
def price(item: str) -> int:
    if item == "moon":
        raise NoPrice("none for the moon")
    return {price}

@flow
def quote(item: str, count: int = 1) -> str:
    each = price(item)
    return f"{{count}} x {{item}}: {{each * count}}"

@flow
def pay(customer: str) -> str:
    decision = approval(f"Pay {{customer}}?", show={{"customer": customer}}, to="leads", timeout=hours(1), form=Change)
    if not decision.approved:
        return f"no: {{decision.comment}}"
    return f"yes, by {{decision.by}}"

@flow
def ship(order: str) -> str:
    paid = wait_for("paid", key=order, payload=Change, timeout=hours(1))
    return f"{{order}} for {{paid.amount}}, at {{price(order)}}"

app = App("shop", flows=[quote, pay, ship])
"""
CLOUD = ("--target", "azure", "--app", "shop")


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


def test_from_the_file_to_azure_and_back(
    azure: AzureSubscription, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    planned = document("plan", "azure", "shop_app.py", "--json")
    assert planned["first"] and {change["action"] for change in planned["changes"]} == {"create"}
    assert azure.inventory() == {}
    deployed = document("deploy", "azure", "shop_app.py", "--yes", "--json", "--quiet")
    assert (deployed["status"], deployed["version"]) == ("deployed", planned["version"])
    assert document("deploy", "azure", "shop_app.py", "--json", "--quiet")["status"] == "unchanged"
    arguments = '{"item": "lamp", "count": 2}'
    done = invoke("invoke", "azure", "shop_app.py:quote", "--input", arguments)
    assert (done.exit_code, json.loads(done.stdout)) == (0, "2 x lamp: 6"), done.output
    assert "price: done" in done.stderr
    # Durable Functions tells in whole seconds when a run began.
    time.sleep(1)
    failed = document("invoke", "azure", "shop:quote", "--input", '{"item": "moon"}', "--json", "-q", code=1)
    assert failed["error"] == {"type": "NoPrice", "bases": ["Exception"], "message": "none for the moon"}
    runs = document("runs", "list", *CLOUD, "--json")
    assert [run["status"] for run in runs] == ["failed", "done"] and runs[0]["run"] == failed["run"]
    shown = document("runs", "show", runs[1]["run"][:8], *CLOUD, "--json")
    assert shown["input"] == {"item": "lamp", "count": 2} and shown["result"] == "2 x lamp: 6"
    assert ("price", 1) in [(step["step"], step["attempts"]) for step in shown["steps"]]
    told = invoke("runs", "show", failed["run"], *CLOUD)
    assert "NoPrice: none for the moon" in told.stdout and "runs resume" not in told.stderr
    lines = invoke("logs", "azure", "shop_app.py", runs[1]["run"], "--json")
    assert any('"task": "price"' in json.loads(line)["text"] for line in lines.stdout.splitlines()), lines.output
    assert "moon" not in lines.stdout

    write(file, 5)
    planned = document("plan", "azure", "shop_app.py", "--json")
    assert [(c["action"], c["kind"], c["details"]) for c in planned["changes"]] == [("update", "code", [])]
    assert invoke("deploy", "azure", "shop_app.py", "-y").exit_code == 0
    assert json.loads(invoke("invoke", "azure", "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 10"
    assert invoke("rollback", "azure", "shop", "-y", "-q").exit_code == 0
    assert json.loads(invoke("invoke", "azure", "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 6"
    status = document("status", "azure", "shop", "--json")
    assert status["ok"] and status["version"] == deployed["version"]
    assert [version["current"] for version in status["versions"]] == [True, False, True]

    destroyed = document("destroy", "azure", "shop", "--yes", "--json", "--quiet", "--delete-data")
    assert {change["action"] for change in destroyed["changes"]} == {"delete"}
    assert azure.inventory() == {}
    again = invoke("destroy", "azure", "shop", "--yes")
    assert again.exit_code == 0 and "nothing of shop is deployed in dev" in again.stderr


def test_approvals(azure: AzureSubscription, file: Path, invoke: Invoke, document: Callable[..., Any]) -> None:
    assert invoke("deploy", "azure", "shop_app.py", "-y", "-q").exit_code == 0
    assert "no open approvals" in invoke("approvals", "list", *CLOUD).stderr
    runs = []
    for customer in ("ada", "bob"):
        given = json.dumps({"customer": customer})
        runs.append(invoke("invoke", "azure", "shop_app.py:pay", "-i", given, "--no-wait", "-q").stdout.strip())
    found = waited_for(lambda: document("approvals", "list", *CLOUD, "--json"), 2)
    by_run = {approval["run"]: approval for approval in found}
    ada, bob = (by_run[run] for run in runs)
    assert (ada["message"], ada["show"], ada["to"]) == ("Pay ada?", {"customer": "ada"}, "leads")
    assert "Pay bob?" in invoke("approvals", "show", bob["id"], *CLOUD).stdout
    mistake(invoke, "approvals", "approve", ada["id"], "--form", '{"amount": "much"}', *CLOUD, code="SKY611")
    approved = invoke("approvals", "approve", ada["id"], "--form", '{"amount": 3}', "--by", "maria", *CLOUD)
    assert approved.exit_code == 0, approved.output
    assert invoke("approvals", "reject", bob["id"], "--comment", "too much", *CLOUD).exit_code == 0
    for run, result in zip(runs, ("yes, by maria", "no: too much"), strict=True):

        def shown(run: str = run) -> list[Any]:
            one = document("runs", "show", run, *CLOUD, "--json")
            return [one] if one["ended"] else []

        assert waited_for(shown, 1)[0]["result"] == result
    mistake(invoke, "approvals", "approve", ada["id"], *CLOUD, code="SKY611")


def test_events_and_runs_that_are_under_way_while_their_flow_changes(
    azure: AzureSubscription, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    assert invoke("deploy", "azure", "shop_app.py", "-y", "-q").exit_code == 0
    run = invoke("invoke", "azure", "shop:ship", "-i", '{"order": "o1"}', "--no-wait", "-q").stdout.strip()
    waited_for(lambda: [row for row in document("runs", "list", *CLOUD, "--json") if row["status"] == "running"], 1)
    changed = file.read_text().replace('return f"{order} for', 'price("again")\n    return f"now {order} for')
    file.write_text(changed)
    assert invoke("deploy", "azure", "shop_app.py", "-y", "-q").exit_code == 0
    sent = invoke("events", "send", "paid", '{"amount": 3}', "--key", "o1", *CLOUD)
    assert sent.exit_code == 0, sent.output

    def shown() -> list[Any]:
        one = document("runs", "show", run, *CLOUD, "--json")
        return [one] if one["ended"] else []

    # It began with the flow as it was, and ends with it.
    assert waited_for(shown, 1)[0]["result"] == "o1 for 3, at 3"
    mistake(invoke, "events", "send", "paid", "{", *CLOUD, code="SKY620")


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


def test_no_credentials(azure: AzureSubscription, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    for command in (("plan", "azure", "shop_app.py"), ("status", "azure", "shop")):
        said = mistake(invoke, *command, code="SKY641")
        assert "az login" in said and len(said.splitlines()) == 2, said


def test_no_region(azure: AzureSubscription, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_LOCATION")
    assert "AZURE_LOCATION" in mistake(invoke, "status", "azure", "shop", code="SKY642")


def test_nothing_is_deployed(azure: AzureSubscription, file: Path, invoke: Invoke) -> None:
    for command in (("status", "azure", "shop"), ("logs", "azure", "shop"), ("rollback", "azure", "shop", "-y")):
        mistake(invoke, *command, code="SKY643")
    mistake(invoke, "runs", "list", *CLOUD, code="SKY643")


def test_a_failed_deploy_is_said_once_and_exits_with_one(
    azure: AzureSubscription, tmp_path: Path, invoke: Invoke
) -> None:
    small_bundle(more=BROKEN).write(tmp_path / "azure")
    result = invoke("deploy", "azure", str(tmp_path / "azure"), "-y")
    assert result.exit_code == 1
    assert "error: the deploy failed and nothing of it is left: queue broken" in result.stderr


def test_a_name_for_a_run_is_taken_once(azure: AzureSubscription, tmp_path: Path, invoke: Invoke) -> None:
    small_bundle().write(tmp_path / "azure")
    assert invoke("deploy", "azure", str(tmp_path / "azure"), "-y", "-q").exit_code == 0
    named = ("invoke", "azure", "shop:quote", "--run", "mine", "-i", '{"item": "lamp"}')
    assert json.loads(invoke(*named, "-q").stdout) == "1 of 5"
    mistake(invoke, *named, code="SKY646")
    mistake(invoke, "invoke", "azure", "shop:refund", code="SKY651")


def test_without_microsofts_packages_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['azure.identity'] = None\n"
        "sys.argv = ['skyloom', 'status', 'azure', 'shop']\n"
        "from skyloom.cli import main\nmain()"
    )
    environment = {"AZURE_LOCATION": "westeurope", "AZURE_SUBSCRIPTION_ID": "s", "PATH": "", "HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 2, done.stderr
    assert "SKY603" in done.stderr and 'pip install "skyloom[azure]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_import_load_none_of_microsofts_packages() -> None:
    code = (
        "import sys\nimport skyloom.flows, skyloom.deployers.azure.deployer\n"
        "print([name for name in sys.modules if name.startswith(('azure', 'msal'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
