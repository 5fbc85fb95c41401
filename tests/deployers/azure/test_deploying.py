"""Deploying a small app to Azure: plans, updates, what fails, and what an earlier deploy left behind."""

from __future__ import annotations

import threading

import pytest
from clouds.azure_deploys import ask, deploy, deployer
from clouds.azure_small_app import ALARMS, BROKEN, GROUP, small_bundle
from clouds.deploys import as_text, code_of
from engines.azure_account.account import AzureSubscription

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.events import Changed, Event, Said, Uploaded
from skyloom.errors import UserError

NO_FUNCTIONS = b"raise RuntimeError('no functions today')\n"


def changes_of(bundle: Bundle) -> set[tuple[str, str, str, tuple[str, ...]]]:
    plan = deployer().plan(bundle)
    return {(change.action, change.kind, change.name, change.details) for change in plan.changes}


# --- deploying ------------------------------------------------------------------------------------------------------


def test_the_first_plan_creates_everything_and_changes_nothing(azure: AzureSubscription) -> None:
    plan = deployer().plan(small_bundle())
    assert plan.first
    assert {change.action for change in plan.changes} == {"create"}
    found = {(change.kind, change.name) for change in plan.changes}
    assert found >= {
        ("resource group", GROUP), ("function app", "main"), ("code", "main"), ("storage account", "data"),
        ("container", "releases"), ("task hub", "main"), ("permission", "app-main: what runs wait for"),
    }  # fmt: skip
    assert azure.inventory() == {}


def test_what_is_deployed_answers_and_a_second_deploy_changes_nothing(azure: AzureSubscription) -> None:
    events, finished = deploy(small_bundle())
    assert finished.outputs["url"].startswith("https://")
    assert not {"storage", "endpoint", "workspace", "flows", "apps"} & finished.outputs.keys()
    for kind, name in (("resource group", GROUP), ("function app", "main"), ("code", "main")):
        assert Changed(action="create", kind=kind, name=name, state="done") in events, as_text(events)
    assert sum(isinstance(event, Said) and "giving you the role" in event.text for event in events) == 1
    assert ask() == "1 of 5"
    before = azure.inventory()
    plan = deployer().plan(small_bundle())
    assert plan.is_empty and plan.changes == () and plan.summary == "no changes"
    events, finished = deploy(small_bundle())
    assert finished.text == "no changes"
    assert not any(isinstance(event, (Changed, Uploaded, Said)) for event in events), as_text(events)
    assert azure.inventory() == before


def test_a_changed_task_changes_the_code_only(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    assert changes_of(small_bundle(price="2")) == {("update", "code", "main", ())}
    events, _ = deploy(small_bundle(price="2"))
    assert [event.name for event in events if isinstance(event, Uploaded) and event.new] == ["function app main"]
    changed = {(event.action, event.kind, event.name) for event in events if isinstance(event, Changed)}
    assert changed == {("update", "code", "main")}
    assert ask() == "2 of 5"
    assert deployer().plan(small_bundle(price="2")).is_empty


def test_details_say_what_changes(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    # Azure's what-if also names what Azure itself has filled in, which is no change.
    assert changes_of(small_bundle(memory=4096)) == {("update", "function app", "main", ("memory 2048 -> 4096",))}
    events, _ = deploy(small_bundle(memory=4096))
    changed = {(event.action, event.kind, event.name) for event in events if isinstance(event, Changed)}
    assert changed == {("update", "function app", "main")}
    assert ask() == "1 of 5"


def test_a_resource_that_is_no_longer_wanted_goes(azure: AzureSubscription) -> None:
    deploy(small_bundle(more=[ALARMS]))
    assert "Microsoft.EventGrid/topics: shop-dev-alarms" in azure.inventory()["resources"]
    assert changes_of(small_bundle()) == {("delete", "topic", "alarms", ())}
    events, _ = deploy(small_bundle())
    assert Changed(action="delete", kind="topic", name="alarms", state="done") in events
    assert "Microsoft.EventGrid/topics: shop-dev-alarms" not in azure.inventory()["resources"]


# --- failing --------------------------------------------------------------------------------------------------------


def test_a_broken_update_is_taken_back_and_the_old_version_answers(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    made, events = deployer(), list[Event]()
    with pytest.raises(DeployFailed, match=r"in place again: queue broken: .*LockDuration"):
        events.extend(made.apply(made.plan(small_bundle(price="2", more=BROKEN))))
    assert Said(f"the deploy failed; bringing back version {small_bundle().version}") in events
    undone = {event.name for event in events if isinstance(event, Changed) and event.undoing}
    assert undone == {"more"}
    assert ask() == "1 of 5"
    status = deployer().status()
    assert status.ok and status.version == small_bundle().version
    assert not [name for name in azure.inventory()["resources"] if "more" in name]
    deploy(small_bundle(price="3"))
    assert ask() == "3 of 5"


def test_code_that_does_not_start_is_taken_back(azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(small_bundle())
    monkeypatch.setattr("skyloom.deployers.azure.sites.ANSWERS_WITHIN", 4.0)
    broken = small_bundle(memory=4096, code={"app/function_app.py": NO_FUNCTIONS})
    made, events = deployer(), list[Event]()
    with pytest.raises(DeployFailed, match=r"(?s)in place again: function app main .*no functions today"):
        events.extend(made.apply(made.plan(broken)))
    undone = {(event.kind, event.name) for event in events if isinstance(event, Changed) and event.undoing}
    assert undone == {("function app", "main"), ("code", "main")}
    assert ask() == "1 of 5"
    assert deployer().plan(small_bundle()).is_empty


def test_a_deploy_waits_until_the_new_code_answers(azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host of before has the same functions."""
    deploy(small_bundle())
    azure.trouble("replace", hold=True)
    later = threading.Timer(4.0, azure.release)
    later.start()
    deploy(small_bundle(price="2"))
    assert not later.is_alive()
    assert ask() == "2 of 5"
    azure.trouble("replace", hold=True)
    monkeypatch.setattr("skyloom.deployers.azure.sites.ANSWERS_WITHIN", 2.0)
    made = deployer()
    with pytest.raises(DeployFailed, match="function app main does not work: the code of before still answers"):
        list(made.apply(made.plan(small_bundle(price="3"))))
    azure.release()


def test_code_that_cannot_tell_what_it_is_is_not_waited_for(azure: AzureSubscription) -> None:
    """What was compiled before code could tell it can still be deployed: a rollback brings it."""
    old = small_bundle(price="2")
    told = "app/skyloom/deployers/azure/services/code.py"
    files = {path: data for path, data in old.files.items() if path != told and "/services/__pycache__/" not in path}
    operate = "app/skyloom/deployers/azure/services/operate.py"
    files[operate] = files[operate].replace(b"from skyloom.deployers.azure.services.code import CODE\n", b"")
    files[operate] = files[operate].replace(b'case "code":', b'case "never":')
    bundle = Bundle(old.target, old.app, old.environment, files)
    deploy(bundle)
    assert ask() == "2 of 5"
    deploy(small_bundle(price="3"))
    assert ask() == "3 of 5"
    deploy(bundle)
    assert ask() == "2 of 5"


def test_functions_that_the_host_does_not_know_are_named(
    azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skyloom.deployers.azure.sites.FIRST_ANSWERS_WITHIN", 1.0)
    source = small_bundle().files["app/function_app.py"]
    source = source.replace(b'@app.function_name("skyloom_operate")', b'@app.function_name("operate")')
    with pytest.raises(DeployFailed, match="its host does not know skyloom_operate"):
        deploy(small_bundle(code={"app/function_app.py": source}))
    assert azure.inventory() == {}


def test_a_first_deploy_waits_until_roles_count(azure: AzureSubscription) -> None:
    azure.trouble("publish shop", "InaccessibleStorageException: Failed to upload blob, 403", 403, times=2)
    events, _ = deploy(small_bundle())
    assert Said("the roles of function app main do not count yet; trying again") in events
    assert ask() == "1 of 5"


def test_code_that_cannot_be_built_says_why(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    azure.trouble("publish shop", "no matching distribution for nothing==1", 400)
    with pytest.raises(DeployFailed, match="in place again: code main: no matching distribution for nothing==1"):
        deploy(small_bundle(price="2"))
    assert ask() == "1 of 5"
    assert deployer().status().ok


def test_an_update_that_cannot_be_taken_back_is_gone_on_with(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    made = deployer()
    with pytest.raises(DeployFailed, match=r"(?s)not be taken back.*queue broken.*way back: plan main: .*is down"):
        for event in made.apply(made.plan(small_bundle(price="2", more=BROKEN))):
            if isinstance(event, Said) and "bringing back" in event.text:
                azure.trouble("serverfarms", "the region is down", 503)
    plan = deployer().plan(small_bundle(price="3"))
    assert plan.notes == ("an earlier change failed, and this one puts it right (failed)",)
    assert not deployer().status().ok
    deploy(small_bundle(price="3"))
    assert ask() == "3 of 5"
    assert deployer().status().ok


def test_a_broken_first_deploy_leaves_nothing_and_can_be_repeated(azure: AzureSubscription) -> None:
    with pytest.raises(DeployFailed, match=r"nothing of it is left: queue broken: .*LockDuration"):
        deploy(small_bundle(more=BROKEN))
    assert azure.inventory() == {}
    assert deployer().plan(small_bundle()).first
    deploy(small_bundle())
    assert ask() == "1 of 5"


def test_a_template_that_azure_refuses_is_said_in_the_plan(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    wrong = {**ALARMS, "name": "[nothing('wrong')]"}
    with pytest.raises(DeployFailed, match=r"Azure refuses the template: .*'nothing' is not valid"):
        deployer().plan(small_bundle(more=[wrong]))
    assert deployer().plan(small_bundle()).is_empty


def test_a_resource_group_of_somebody_else_is_left_alone(azure: AzureSubscription) -> None:
    from skyloom.deployers.azure.client import Azure

    azure_ = Azure()
    azure_.arm("PUT", f"/subscriptions/{azure_.subscription}/resourcegroups/{GROUP}", "2024-03-01", {"location": "x"})
    with pytest.raises(DeployFailed, match="there is a resource group shop-dev, and Skyloom did not make it"):
        deployer().plan(small_bundle())


# --- what was left behind -------------------------------------------------------------------------------------------


def test_while_a_change_is_under_way_plans_are_refused_and_deploys_wait(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    azure.trouble("sites/", hold=True)
    made = deployer()
    # It begins an update, and does not wait for its end.
    for event in made.apply(made.plan(small_bundle(memory=4096))):
        if isinstance(event, Changed):
            break
    with pytest.raises(UserError) as raised:
        deployer().plan(small_bundle(memory=512))
    assert code_of(raised.value) == "SKY644"
    repairing = deployer().repair()
    first = next(repairing)
    assert isinstance(first, Said) and "waiting for its end" in first.text
    threading.Timer(0.3, azure.release).start()
    list(repairing)
    assert not deployer().status().ok
    deploy(small_bundle(memory=512, price="3"))
    assert ask() == "3 of 5"
