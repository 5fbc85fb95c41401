"""The commands about a cloud: an app from its file to each cloud and back, and what users get wrong there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cli.cloud_app import mistake, result_of, waited_for, write
from clouds.cloud import Cloud

Invoke = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What commands tell otherwise on a cloud.

    Attributes:
        price: the step that calls the task `price`.
        resumes: `runs show` of a run that failed says how it is resumed.
        pause: seconds from one run to another that count as later.
        code: kind and details of a change of code.
        kept: kinds of what the cloud never deletes.
        signed_out: variables of a user without credentials, and what the hint says.
        region: the variables that say where.
        sdk: modules that the commands need; `extra_with`, variables with which a command gets as far as that.
        loaded: what the names of the SDK's modules begin with.
    """

    price: str = "price"
    resumes: bool = False
    pause: float = 0.0
    code: tuple[str, list[str]] = ("function", ["code"])
    kept: frozenset[str] = frozenset()
    signed_out: Mapping[str, str | None]
    sign_in: str
    region: tuple[str, ...]
    sdk: tuple[str, ...]
    extra_with: Mapping[str, str]
    loaded: tuple[str, ...]


TOLD = {
    "aws": Told(
        price="quote/price",
        resumes=True,
        signed_out={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
        sign_in="aws sso login",
        region=("AWS_REGION", "AWS_DEFAULT_REGION"),
        sdk=("boto3", "botocore"),
        extra_with={"AWS_REGION": "eu-west-1"},
        loaded=("boto3", "botocore"),
    ),
    "azure": Told(
        # Durable Functions tells in whole seconds when a run began.
        pause=1.0,
        code=("code", []),
        signed_out={"AZURE_CLIENT_SECRET": "wrong"},
        sign_in="az login",
        region=("AZURE_LOCATION",),
        sdk=("azure.identity",),
        extra_with={"AZURE_LOCATION": "westeurope", "AZURE_SUBSCRIPTION_ID": "s"},
        loaded=("azure", "msal"),
    ),
    "gcp": Told(
        kept=frozenset({"google_kms_key_ring"}),
        signed_out={"GOOGLE_APPLICATION_CREDENTIALS": "missing.json"},
        sign_in="gcloud auth application-default login",
        region=("GOOGLE_CLOUD_REGION",),
        sdk=("google.auth", "google.cloud.config_v1"),
        extra_with={"GOOGLE_CLOUD_REGION": "europe-west3"},
        loaded=("google.cloud.", "google.auth", "grpc"),
    ),
}


def test_from_the_file_to_the_cloud_and_back(
    cloud: Cloud, file: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    name, told = cloud.name, TOLD[cloud.name]
    planned = document("plan", name, "shop_app.py", "--json")
    assert planned["first"] and {change["action"] for change in planned["changes"]} == {"create"}
    assert cloud.inventory() == {}
    deployed = document("deploy", name, "shop_app.py", "--yes", "--json", "--quiet")
    assert (deployed["status"], deployed["version"]) == ("deployed", planned["version"])
    assert document("deploy", name, "shop_app.py", "--json", "--quiet")["status"] == "unchanged"
    runs_of(told, name, invoke, document)

    write(file, 5)
    arguments = '{"item": "lamp", "count": 2}'
    planned = document("plan", name, "shop_app.py", "--json")
    changes = [(change["action"], change["kind"], change["details"]) for change in planned["changes"]]
    assert changes == [("update", *told.code)]
    assert invoke("deploy", name, "shop_app.py", "-y").exit_code == 0
    assert json.loads(invoke("invoke", name, "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 10"
    assert invoke("rollback", name, "shop", "-y", "-q").exit_code == 0
    assert json.loads(invoke("invoke", name, "shop:quote", "-i", arguments, "-q").stdout) == "2 x lamp: 6"
    status = document("status", name, "shop", "--json")
    assert status["ok"] and status["version"] == deployed["version"]
    assert [version["current"] for version in status["versions"]] == [True, False, True]
    assert "2 x" not in invoke("status", name, "shop_app.py").stdout

    destroyed = document("destroy", name, "shop", "--yes", "--json", "--quiet", "--delete-data")
    assert {change["action"] for change in destroyed["changes"]} == {"delete"}
    assert cloud.inventory().keys() <= told.kept
    again = invoke("destroy", name, "shop", "--yes")
    assert again.exit_code == 0 and "nothing of shop is deployed in dev" in again.stderr


def runs_of(told: Told, name: str, invoke: Invoke, document: Callable[..., Any]) -> None:
    """A run that is done and one that fails: what they give, and how they are listed, shown and logged."""
    here = ("--target", name, "--app", "shop")
    done = invoke("invoke", name, "shop_app.py:quote", "--input", '{"item": "lamp", "count": 2}')
    assert (done.exit_code, json.loads(done.stdout)) == (0, "2 x lamp: 6"), done.output
    assert "price: done" in done.stderr
    time.sleep(told.pause)
    failed = document("invoke", name, "shop:quote", "--input", '{"item": "moon"}', "--json", "-q", code=1)
    assert failed["error"] == {"type": "NoPrice", "bases": ["Exception"], "message": "none for the moon"}
    runs = document("runs", "list", *here, "--json")
    assert [run["status"] for run in runs] == ["failed", "done"] and runs[0]["run"] == failed["run"]
    shown = document("runs", "show", runs[1]["run"][:8], *here, "--json")
    assert shown["input"] == {"item": "lamp", "count": 2} and shown["result"] == "2 x lamp: 6"
    assert (told.price, 1) in [(step["step"], step["attempts"]) for step in shown["steps"]]
    table = invoke("runs", "show", failed["run"], *here)
    assert "NoPrice: none for the moon" in table.stdout and ("runs resume" in table.stderr) == told.resumes
    lines = invoke("logs", name, "shop_app.py", runs[1]["run"], "--json")
    assert any('"task": "price"' in json.loads(line)["text"] for line in lines.stdout.splitlines()), lines.output
    assert "moon" not in lines.stdout


def test_approvals(cloud: Cloud, file: Path, invoke: Invoke, document: Callable[..., Any]) -> None:
    name, here = cloud.name, ("--target", cloud.name, "--app", "shop")
    assert invoke("deploy", name, "shop_app.py", "-y", "-q").exit_code == 0
    assert "no open approvals" in invoke("approvals", "list", *here).stderr
    runs = []
    for customer in ("ada", "bob"):
        given = json.dumps({"customer": customer})
        runs.append(invoke("invoke", name, "shop_app.py:pay", "-i", given, "--no-wait", "-q").stdout.strip())
    found = waited_for(lambda: document("approvals", "list", *here, "--json"), 2)
    by_run = {approval["run"]: approval for approval in found}
    ada, bob = (by_run[run] for run in runs)
    assert (ada["message"], ada["show"], ada["to"]) == ("Pay ada?", {"customer": "ada"}, "leads")
    assert "Pay bob?" in invoke("approvals", "show", bob["id"], *here).stdout
    assert "approvals approve" in invoke("runs", "show", runs[0], *here).stdout
    mistake(invoke, "approvals", "approve", ada["id"], "--form", '{"amount": "much"}', *here, code="SKY611")
    mistake(invoke, "approvals", "approve", ada["id"], *here, code="SKY611")
    approved = invoke("approvals", "approve", ada["id"], "--form", '{"amount": 3}', "--by", "maria", *here)
    assert approved.exit_code == 0, approved.output
    assert invoke("approvals", "reject", bob["id"], "--comment", "too much", *here).exit_code == 0
    assert [result_of(document, run, here) for run in runs] == ["yes, by maria", "no: too much"]
    mistake(invoke, "approvals", "approve", ada["id"], *here, code="SKY611")
    assert invoke("destroy", name, "shop", "-y", "-q", "--delete-data").exit_code == 0
    assert cloud.inventory().keys() <= TOLD[name].kept


# --- mistakes ------------------------------------------------------------------------------------------------------


def test_no_credentials(cloud: Cloud, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    name, told = cloud.name, TOLD[cloud.name]
    for variable, value in told.signed_out.items():
        if value is None:
            monkeypatch.delenv(variable)
        else:
            monkeypatch.setenv(variable, value)
    for command in (("plan", name, "shop_app.py"), ("status", name, "shop"), ("deploy", name, "shop_app.py", "-y")):
        said = mistake(invoke, *command, code="SKY641")
        # Nothing of what the SDK logs, or says in many lines.
        assert told.sign_in in said and len(said.splitlines()) == 2, said


def test_no_region(cloud: Cloud, file: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    told = TOLD[cloud.name]
    for variable in told.region:
        monkeypatch.delenv(variable)
    for command in (("plan", cloud.name, "shop_app.py"), ("status", cloud.name, "shop")):
        assert told.region[0] in mistake(invoke, *command, code="SKY642")


def test_nothing_is_deployed(cloud: Cloud, file: Path, invoke: Invoke) -> None:
    name = cloud.name
    for command in (("status", name, "shop"), ("logs", name, "shop"), ("rollback", name, "shop", "-y")):
        mistake(invoke, *command, code="SKY643")
    mistake(invoke, "invoke", name, "shop_app.py:quote", "-i", '{"item": "a"}', code="SKY643")
    mistake(invoke, "runs", "list", "--target", name, "--app", "shop", code="SKY643")


def test_a_failed_deploy_is_said_once_and_exits_with_one(
    cloud: Cloud, tmp_path: Path, invoke: Invoke, document: Callable[..., Any]
) -> None:
    folder = str(tmp_path / cloud.name)
    cloud.small_bundle(more=cloud.broken).write(Path(folder))
    result = invoke("deploy", cloud.name, folder, "-y")
    assert result.exit_code == 1
    assert f"error: the deploy failed and nothing of it is left: {cloud.cause}" in result.stderr
    told = document("deploy", cloud.name, folder, "-y", "--json", "-q", code=1)
    assert told["status"] == "failed" and cloud.cause in told["error"]


@pytest.mark.parametrize("name", TOLD)
def test_without_the_sdk_the_extra_is_named(name: str, file: Path) -> None:
    missing = "".join(f"sys.modules[{module!r}] = None\n" for module in TOLD[name].sdk)
    environment = {**TOLD[name].extra_with, "PATH": "", "HOME": "/nonexistent"}
    for command in (["status", name, "shop"], ["plan", name, file.name]):
        code = f"import sys\n{missing}sys.argv = {['skyloom', *command]}\nfrom skyloom.cli import main\nmain()"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
        assert done.returncode == 2, done.stderr
        assert "SKY603" in done.stderr and f'pip install "skyloom[{name}]"' in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", TOLD)
def test_help_and_import_load_no_sdk(name: str) -> None:
    code = (
        f"import sys\nimport skyloom.flows, skyloom.deployers.{name}.deployer\n"
        f"print([name for name in sys.modules if name.startswith({TOLD[name].loaded!r})])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


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


def test_a_folder_that_is_no_bundle(tmp_path: Path, invoke: Invoke) -> None:
    mistake(invoke, "deploy", "aws", str(tmp_path), "-y", code="SKY649")


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
