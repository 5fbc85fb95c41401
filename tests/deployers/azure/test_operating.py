"""Operating an app on Azure: runs, steps, logs, and what users get wrong."""

from __future__ import annotations

import pytest
from clouds.azure_deploys import deploy, deployer, ended
from clouds.azure_small_app import small_bundle
from clouds.deploys import code_of
from engines.azure_account.account import AzureSubscription

from skyloom.deployers.base import CloudStep
from skyloom.errors import ConfigError, EngineError, InvalidInput, UserError


def test_runs_are_listed_followed_and_cancelled(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    made = deployer()
    run = made.start("quote", {"item": "lamp"})
    *_, last = made.follow(run)
    assert last.status == "done" and last.result == "1 of 5" and last.input == {"item": "lamp"}  # type: ignore[union-attr]
    steps = deployer().steps(run)
    assert [(step.name, step.attempts, step.error) for step in steps] == [("price", 1, ""), ("stock", 1, "")]
    assert [found.id for found in deployer().runs(10)] == [run.id]
    assert deployer().run(run.id[:8]).id == run.id
    waiting = deployer().start("linger", {"item": "lamp"}, "my-run")
    assert waiting.id == "my-run"
    assert {(found.id, found.status) for found in deployer().runs(10)} == {(run.id, "done"), ("my-run", "running")}
    with pytest.raises(UserError, match="there is a run my-run already"):
        deployer().start("linger", {"item": "lamp"}, "my-run")
    deployer().cancel(waiting)
    assert ended(waiting).status == "cancelled"
    with pytest.raises(UserError, match="is not running"):
        deployer().cancel(deployer().run("my-run"))
    flows = {one.flow: dict(one.runs) for one in deployer().status().flows}
    assert flows == {"quote": {"done": 1}, "linger": {"cancelled": 1}}


def test_a_run_that_fails_tells_the_error_of_its_task(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    run = ended(deployer().start("quote", {"item": "moon"}))
    assert run.status == "failed" and run.error is not None
    assert (run.error.type, run.error.bases, run.error.message) == ("NoPrice", ("Exception",), "none for the moon")
    (step,) = deployer().steps(run)
    assert isinstance(step, CloudStep) and step.error == "NoPrice: none for the moon"


def test_input_that_does_not_fit_starts_nothing(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    with pytest.raises(InvalidInput) as raised:
        deployer().start("quote", {"items": 1})
    assert code_of(raised.value) == "SKY610"
    assert list(deployer().runs(10)) == []


def test_what_durable_functions_cannot_do_is_refused_with_a_way_out(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    run = deployer().start("linger", {"item": "lamp"})
    deployer().cancel(run)
    with pytest.raises(UserError, match="cannot be resumed") as raised:
        deployer().resume(ended(run))
    assert "skyloom invoke azure" in (raised.value.diagnostics[0].hint or "")
    with pytest.raises(UserError) as raised:
        deployer().run("nothing")
    assert code_of(raised.value) == "SKY646"
    with pytest.raises(UserError) as raised:
        deployer().start("refund", {})
    assert code_of(raised.value) == "SKY651"
    with pytest.raises(UserError) as raised:
        deployer().send("paid", None, key=None, run=None)
    assert code_of(raised.value) == "SKY624"
    assert deployer().approvals() == []


def test_logs_of_a_run(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    first, second = (ended(deployer().start("quote", {"item": "lamp"})) for _ in range(2))
    lines = deployer().logs(first, 0)
    assert lines and all(first.id in line.text for line in lines)
    every = deployer().logs(None, 0)
    assert any(second.id in line.text for line in every)
    assert {line.source for line in every} == {"main"}
    assert deployer().logs(None, every[-1].time + 3600) == []


# --- mistakes -------------------------------------------------------------------------------------------------------


def test_nothing_is_deployed(azure: AzureSubscription) -> None:
    for ask_ in (lambda: deployer().status(), lambda: deployer().runs(1), lambda: deployer().approvals()):
        with pytest.raises(UserError) as raised:
            ask_()
        assert code_of(raised.value) == "SKY643"


def test_no_region_no_subscription_and_another_one(azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as raised:
        deployer(account="another-one").status()
    assert code_of(raised.value) == "SKY647"
    monkeypatch.delenv("AZURE_LOCATION")
    with pytest.raises(ConfigError) as raised:
        deployer().status()
    assert code_of(raised.value) == "SKY642"
    monkeypatch.delenv("AZURE_SUBSCRIPTION_ID")
    monkeypatch.setenv("AZURE_CONFIG_DIR", "/nonexistent")
    with pytest.raises(ConfigError, match="no Azure subscription is set") as raised:
        deployer(region="westeurope").status()
    assert code_of(raised.value) == "SKY641"


def test_azure_does_not_answer(azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> None:
    from skyloom.deployers.azure.endpoints import Endpoints

    made = deployer()
    login = Endpoints(resource_manager="https://127.0.0.1:9", login=azure.address, own=True)
    monkeypatch.setattr("skyloom.deployers.azure.client.endpoints", lambda: login)
    with pytest.raises(EngineError, match=r"Azure does not answer: .*refused"):
        made.status()
