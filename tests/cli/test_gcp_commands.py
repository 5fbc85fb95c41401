"""The commands about a cloud on Google Cloud: an app from its file and back, and what users get wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clouds.gcp_small_app import BROKEN, small_bundle
from engines.gcp_account.account import GoogleProject

Invoke = Callable[..., Any]

APP = """
from pydantic import BaseModel
from skyloom.flows import App, approval, flow, hours, task

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

app = App("shop", flows=[quote, pay])
"""
CLOUD = ("--target", "gcp", "--app", "shop")
EVERLASTING = {"google_kms_key_ring"}
"""What Google Cloud never deletes."""


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


def test_from_the_file_to_google_cloud_and_back(
    gcp: GoogleProject, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    planned = document("plan", "gcp", "shop_app.py", "--json")
    assert planned["first"] and {change["action"] for change in planned["changes"]} == {"create"}
    assert gcp.inventory() == {}
    deployed = document("deploy", "gcp", "shop_app.py", "--yes", "--json", "--quiet")
    assert (deployed["status"], deployed["version"]) == ("deployed", planned["version"])
    assert document("deploy", "gcp", "shop_app.py", "--json", "--quiet")["status"] == "unchanged"
    arguments = '{"item": "lamp", "count": 2}'
    done = invoke("invoke", "gcp", "shop_app.py:quote", "--input", arguments)
    assert (done.exit_code, json.loads(done.stdout)) == (0, "2 x lamp: 6"), done.output
    assert "price: done" in done.stderr
    failed = document("invoke", "gcp", "shop:quote", "--input", '{"item": "moon"}', "--json", "-q", code=1)
    assert failed["error"] == {"type": "NoPrice", "bases": ["Exception"], "message": "none for the moon"}
    runs = document("runs", "list", *CLOUD, "--json")
    assert [run["status"] for run in runs] == ["failed", "done"] and runs[0]["run"] == failed["run"]
    shown = document("runs", "show", runs[1]["run"][:8], *CLOUD, "--json")
    assert shown["input"] == {"item": "lamp", "count": 2} and shown["result"] == "2 x lamp: 6"
    assert ("price", 1) in [(step["step"], step["attempts"]) for step in shown["steps"]]
    told = invoke("runs", "show", failed["run"], *CLOUD)
    assert "NoPrice: none for the moon" in told.stdout and "runs resume" not in told.stderr
    lines = invoke("logs", "gcp", "shop_app.py", runs[1]["run"], "--json")
    assert any('"task": "price"' in json.loads(line)["text"] for line in lines.stdout.splitlines()), lines.output
    assert "moon" not in lines.stdout

    write(file, 5)
    planned = document("plan", "gcp", "shop_app.py", "--json")
    assert [(c["action"], c["kind"], c["details"]) for c in planned["changes"]] == [("update", "function", ["code"])]
    assert invoke("deploy", "gcp", "shop_app.py", "-y").exit_code == 0
    assert json.loads(invoke("invoke", "gcp", "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 10"
    assert invoke("rollback", "gcp", "shop", "-y", "-q").exit_code == 0
    assert json.loads(invoke("invoke", "gcp", "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 6"
    status = document("status", "gcp", "shop", "--json")
    assert status["ok"] and status["version"] == deployed["version"]
    assert [version["current"] for version in status["versions"]] == [True, False, True]

    destroyed = document("destroy", "gcp", "shop", "--yes", "--json", "--quiet", "--delete-data")
    assert {change["action"] for change in destroyed["changes"]} == {"delete"}
    assert gcp.inventory().keys() <= EVERLASTING
    again = invoke("destroy", "gcp", "shop", "--yes")
    assert again.exit_code == 0 and "nothing of shop is deployed in dev" in again.stderr


def test_approvals(gcp: GoogleProject, file: Path, invoke: Invoke, document: Callable[..., Any]) -> None:
    assert invoke("deploy", "gcp", "shop_app.py", "-y", "-q").exit_code == 0
    assert "no open approvals" in invoke("approvals", "list", *CLOUD).stderr
    runs = []
    for customer in ("ada", "bob"):
        given = json.dumps({"customer": customer})
        runs.append(invoke("invoke", "gcp", "shop_app.py:pay", "-i", given, "--no-wait", "-q").stdout.strip())
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


def test_no_credentials(gcp: GoogleProject, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "missing.json")
    for command in (("plan", "gcp", "shop_app.py"), ("status", "gcp", "shop"), ("deploy", "gcp", "shop_app.py", "-y")):
        assert "gcloud auth application-default login" in mistake(invoke, *command, code="SKY641")


def test_no_region(gcp: GoogleProject, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_CLOUD_REGION")
    assert "GOOGLE_CLOUD_REGION" in mistake(invoke, "status", "gcp", "shop", code="SKY642")


def test_nothing_is_deployed(gcp: GoogleProject, file: Path, invoke: Invoke) -> None:
    for command in (("status", "gcp", "shop"), ("logs", "gcp", "shop"), ("rollback", "gcp", "shop", "-y")):
        mistake(invoke, *command, code="SKY643")
    mistake(invoke, "runs", "list", *CLOUD, code="SKY643")


def test_a_failed_deploy_is_said_once_and_exits_with_one(gcp: GoogleProject, tmp_path: Path, invoke: Invoke) -> None:
    small_bundle(more=BROKEN).write(tmp_path / "gcp")
    result = invoke("deploy", "gcp", str(tmp_path / "gcp"), "-y")
    assert result.exit_code == 1
    assert "error: the deploy failed and nothing of it is left: flow broken" in result.stderr


def test_a_name_for_a_run_is_refused(gcp: GoogleProject, tmp_path: Path, invoke: Invoke) -> None:
    small_bundle().write(tmp_path / "gcp")
    assert invoke("deploy", "gcp", str(tmp_path / "gcp"), "-y", "-q").exit_code == 0
    mistake(invoke, "invoke", "gcp", "shop:quote", "--run", "mine", code="SKY646")
    mistake(invoke, "invoke", "gcp", "shop:refund", code="SKY651")


def test_an_unknown_flow_is_told_before_credentials_are_asked_for(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    app = tmp_path / "app.py"
    app.write_text(
        "from skyloom.flows import App, flow\n\n\n@flow\ndef quote(n: int) -> int:\n    return n\n\n\n"
        'app = App("shop", flows=[quote])\n'
    )
    for target in ("gcp", "aws"):
        said = mistake(invoke, "invoke", target, f"{app}:quotes", code="SKY005")
        assert "did you mean `quote`?; what only the deployed version has is started as shop:quotes" in said


def test_without_googles_packages_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['google.auth'] = sys.modules['google.cloud.config_v1'] = None\n"
        "sys.argv = ['skyloom', 'status', 'gcp', 'shop']\n"
        "from skyloom.cli import main\nmain()"
    )
    environment = {"GOOGLE_CLOUD_REGION": "europe-west3", "PATH": "", "HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 2, done.stderr
    assert "SKY603" in done.stderr and 'pip install "skyloom[gcp]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_import_load_none_of_googles_packages() -> None:
    code = (
        "import sys\nimport skyloom.flows, skyloom.deployers.gcp.deployer\n"
        "print([name for name in sys.modules if name.startswith(('google.cloud.', 'google.auth', 'grpc'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
