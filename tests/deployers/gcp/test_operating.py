"""Operating an app on Google Cloud: runs, logs, and what users get wrong."""

from __future__ import annotations

import pytest
from clouds.deploys import code_of
from clouds.gcp_deploys import deploy, deployer, ended
from clouds.gcp_small_app import WAITING, small_bundle
from engines.gcp_account.account import GoogleProject

from skyloom.deployers.base import CloudStep
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.packaging import zipped
from skyloom.errors import ConfigError, EngineError, UserError

# --- operating ------------------------------------------------------------------------------------------------------


def test_runs_are_listed_followed_and_cancelled(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    made = deployer()
    run = made.start("quote", {"item": "lamp"})
    *steps, last = made.follow(run)
    assert last.status == "done" and last.result == "1" and last.input == {"item": "lamp"}  # type: ignore[union-attr]
    assert {step.name for step in steps if isinstance(step, CloudStep)} == {"price"}
    assert [(step.name, step.attempts, step.error) for step in deployer().steps(run)] == [("price", 1, "")]
    assert [found.id for found in deployer().runs(10)] == [run.id]
    assert deployer().run(run.id[:8]).id == run.id
    deploy(small_bundle(definition=WAITING))
    waiting = deployer().start("quote", {})
    assert {(found.id, found.status) for found in deployer().runs(10)} == {(run.id, "done"), (waiting.id, "running")}
    deployer().cancel(waiting)
    assert ended(waiting).status == "cancelled"
    with pytest.raises(UserError, match="is not running"):
        deployer().cancel(deployer().run(waiting.id))


def test_what_workflows_cannot_do_is_refused_with_a_way_out(gcp: GoogleProject) -> None:
    deploy(small_bundle(definition=WAITING))
    with pytest.raises(UserError, match="gives runs their ids") as raised:
        deployer().start("quote", {}, "my-run")
    assert code_of(raised.value) == "SKY646"
    run = deployer().start("quote", {"item": "lamp"})
    deployer().cancel(run)
    with pytest.raises(UserError, match="cannot be resumed") as raised:
        deployer().resume(ended(run))
    assert "skyloom invoke gcp" in (raised.value.diagnostics[0].hint or "")
    for wrong in ("nothing", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(UserError, match="no run"):
            deployer().run(wrong)
    with pytest.raises(UserError) as raised:
        deployer().start("refund", {})
    assert code_of(raised.value) == "SKY651"


def test_logs_of_a_run(gcp: GoogleProject) -> None:
    tells = (
        b"import json\n\n\ndef handler(request):\n    run = (request.get_json(silent=True) or {}).get('item')\n"
        b"    print(json.dumps({'run': run, 'severity': 'INFO'}))\n    return json.dumps('1'), 200\n"
    )
    bundle = small_bundle()
    code = zipped({"main.py": tells}, compressed=False)
    files = {**bundle.files, "functions/price/main.py": tells, "functions/price.zip": code}
    from skyloom.deployers.gcp.artifacts import function_object

    old, new = (
        function_object("shop", "dev", {"main.py": one}) for one in (bundle.files["functions/price/main.py"], tells)
    )
    files["main.tf.json"] = files["main.tf.json"].replace(old.encode(), new.encode())
    deploy(Bundle("gcp", "shop", "dev", files))
    ended(deployer().start("quote", {"item": "lamp-1"}))
    ended(deployer().start("quote", {"item": "lamp-2"}))
    lines = deployer().logs(None, 0)
    assert [(line.source, line.text) for line in lines] == [
        ("price", '{"run": "lamp-1"}'), ("price", '{"run": "lamp-2"}'),
    ]  # fmt: skip
    assert deployer().logs(None, lines[-1].time + 3600) == []


# --- mistakes -------------------------------------------------------------------------------------------------------


def test_nothing_is_deployed(gcp: GoogleProject) -> None:
    for ask_ in (lambda: deployer().status(), lambda: deployer().runs(1), lambda: deployer().approvals()):
        with pytest.raises(UserError) as raised:
            ask_()
        assert code_of(raised.value) == "SKY643"


def test_no_region_and_another_project(gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as raised:
        deployer(account="other-project").status()
    assert code_of(raised.value) == "SKY647"
    monkeypatch.delenv("GOOGLE_CLOUD_REGION")
    with pytest.raises(ConfigError) as raised:
        deployer().status()
    assert code_of(raised.value) == "SKY642"


def test_no_credentials(gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", f"{tmp_path}/missing.json")
    with pytest.raises(ConfigError, match="credentials") as raised:
        deployer().status()
    assert code_of(raised.value) == "SKY641"


def test_google_does_not_answer(gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_CONFIG", "http://127.0.0.1:9/")
    with pytest.raises(EngineError, match="does not answer"):
        deployer().status()
