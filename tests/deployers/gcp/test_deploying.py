"""Deploying a small bundle to Google Cloud: plans, updates, what fails, and what an earlier deploy left behind."""

from __future__ import annotations

import threading

import pytest
from clouds.deploys import as_text, code_of
from clouds.gcp_deploys import ask, deploy, deployer
from clouds.gcp_small_app import BROKEN, DEPLOYMENT, WAITING, small_bundle
from engines.gcp_account.account import GoogleProject

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.events import Changed, Event, Said, Uploaded
from skyloom.errors import ConfigError, UserError

PLACE = "projects/tests-project/locations/europe-west3"

# --- where ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "hint"), [("europe-west33", "did you mean `europe-west3`?"), ("asia-south2", "regions are called like")]
)
def test_a_region_without_infrastructure_manager(
    gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch, region: str, hint: str
) -> None:
    """It is told before anything is looked for, or made, there."""
    monkeypatch.setenv("GOOGLE_CLOUD_REGION", region)
    with pytest.raises(ConfigError, match=f"SKY728 Infrastructure Manager is not in {region}") as raised:
        deployer().plan(small_bundle())
    assert str(raised.value.diagnostics[0].hint).startswith(hint)
    assert gcp.inventory() == {}


# --- deploying ------------------------------------------------------------------------------------------------------


def test_the_first_plan_creates_everything_and_changes_nothing(gcp: GoogleProject) -> None:
    plan = deployer().plan(small_bundle())
    assert plan.first
    assert {change.action for change in plan.changes} == {"create"}
    assert {(change.kind, change.name) for change in plan.changes} == {
        ("bucket", "artifacts"), ("bucket", "uploads"), ("flow", "quote"), ("function", "price"), ("function", "stock"),
        ("permission", "flow calls price"), ("permission", "flow calls stock"), ("service account", "flow"),
        ("service account", "functions"),
    }  # fmt: skip
    assert gcp.inventory() == {}


def test_what_is_deployed_answers_and_a_second_deploy_changes_nothing(gcp: GoogleProject) -> None:
    events, finished = deploy(small_bundle())
    assert finished.outputs == {"bucket": "tests-project-shop-dev-uploads"}
    assert Changed(action="create", kind="function", name="price", state="done") in events
    assert ask() == "1"
    before = gcp.inventory()
    plan = deployer().plan(small_bundle())
    assert plan.is_empty and plan.changes == () and plan.summary == "no changes"
    events, finished = deploy(small_bundle())
    assert finished.text == "no changes"
    assert not any(isinstance(event, (Changed, Uploaded, Said)) for event in events), as_text(events)
    assert gcp.inventory() == before


def test_a_changed_task_changes_its_function_only(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    plan = deployer().plan(small_bundle(price="2"))
    assert [(c.action, c.kind, c.name, c.details) for c in plan.changes] == [("update", "function", "price", ("code",))]
    deployer().discard(plan)
    assert "previews" not in gcp.inventory()
    events, _ = deploy(small_bundle(price="2"))
    assert [event.name for event in events if isinstance(event, Uploaded) and event.new] == ["function price"]
    changed = {(event.action, event.kind, event.name) for event in events if isinstance(event, Changed)}
    assert changed == {("update", "function", "price")}
    assert ask() == "2"


def test_details_say_what_changes(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    plan = deployer().plan(small_bundle(memory=512, definition=WAITING))
    changes = {(change.kind, change.name): change.details for change in plan.changes}
    assert changes == {
        ("function", "price"): ("memory 256Mi -> 512Mi",),
        ("function", "stock"): ("memory 256Mi -> 512Mi",),
        ("flow", "quote"): ("definition",),
    }
    renamed = small_bundle()
    main = renamed.files["main.tf.json"].replace(b'"shop-dev-price"', b'"shop-dev-cost"')
    plan = deployer().plan(Bundle("gcp", "shop", "dev", {**renamed.files, "main.tf.json": main}))
    actions = {(change.kind, change.name): change.action for change in plan.changes}
    assert actions["function", "price"] == "replace"
    # The permission and the flow refer to the function that is made anew.
    assert actions["permission", "flow calls price"] == "replace"
    assert actions["flow", "quote"] == "update"


def test_a_resource_that_is_no_longer_wanted_goes(gcp: GoogleProject) -> None:
    extra = {"google_pubsub_topic": {"alarms": {"//": {"kind": "topic", "name": "alarms"}, "name": "alarms"}}}
    deploy(small_bundle(more=extra))
    assert gcp.inventory()["topics"] == ["projects/tests-project/topics/alarms"]
    plan = deployer().plan(small_bundle())
    assert [(change.action, change.kind, change.name) for change in plan.changes] == [("delete", "topic", "alarms")]
    deploy(small_bundle())
    assert "topics" not in gcp.inventory()


# --- failing --------------------------------------------------------------------------------------------------------


def test_a_broken_update_is_taken_back_and_the_old_version_answers(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    made, events = deployer(), list[Event]()
    with pytest.raises(DeployFailed, match=r"in place again: flow broken: .*main\.yaml"):
        events.extend(made.apply(made.plan(small_bundle(price="2", more=BROKEN))))
    assert Said(f"the deploy failed; bringing back version {small_bundle().version}") in events
    undone = [event for event in events if isinstance(event, Changed) and event.undoing]
    assert {(event.kind, event.name) for event in undone} == {("function", "price")}
    assert ask() == "1"
    status = deployer().status()
    assert status.ok and status.version == small_bundle().version
    deploy(small_bundle(price="3"))
    assert ask() == "3"


def test_an_update_that_cannot_be_taken_back_is_gone_on_with(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    made = deployer()
    with pytest.raises(
        DeployFailed, match=r"(?s)not be taken back.*flow broken.*on the way back: function price: .*is down"
    ):
        for event in made.apply(made.plan(small_bundle(price="2", more=BROKEN))):
            if isinstance(event, Said) and "bringing back" in event.text:
                gcp.trouble("google_cloudfunctions2_function.price", "the build service is down", 503)
    plan = deployer().plan(small_bundle(price="3"))
    assert plan.notes == ("an earlier change failed, and this one puts it right (failed)",)
    deploy(small_bundle(price="3"))
    assert ask() == "3"
    assert deployer().status().ok


def test_a_broken_first_deploy_leaves_nothing_and_can_be_repeated(gcp: GoogleProject) -> None:
    with pytest.raises(DeployFailed, match=r"nothing of it is left: flow broken: .*main\.yaml"):
        deploy(small_bundle(more=BROKEN))
    assert gcp.inventory() == {"buckets": ["skyloom-tests-project-europe-west3"]}
    assert deployer().plan(small_bundle()).first
    deploy(small_bundle())
    assert ask() == "1"


def test_a_configuration_that_terraform_refuses_is_said_in_the_plan(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    wrong = {"google_nothing": {"wrong": {"name": "wrong"}}}
    with pytest.raises(DeployFailed, match="Infrastructure Manager refuses the configuration: Invalid resource type"):
        deployer().plan(small_bundle(more=wrong))
    assert deployer().plan(small_bundle()).is_empty
    assert "previews" not in gcp.inventory()


def test_a_bucket_name_that_is_taken_by_somebody_else(gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    deploy(small_bundle())
    monkeypatch.setattr("skyloom.deployers.gcp.artifacts.Artifacts.exists", lambda artifacts: False)
    with pytest.raises(DeployFailed, match="is taken in another project"):
        deployer().plan(small_bundle(price="2"))


# --- what was left behind -------------------------------------------------------------------------------------------


def test_while_a_change_is_under_way_plans_are_refused_and_deploys_wait(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    gcp.trouble("google_cloudfunctions2_function.price", hold=True)
    made = deployer()
    # It begins an update, and does not wait for its end.
    for event in made.apply(made.plan(small_bundle(price="2"))):
        if isinstance(event, Changed):
            break
    with pytest.raises(UserError) as raised:
        deployer().plan(small_bundle(price="3"))
    assert code_of(raised.value) == "SKY644"
    repairing = deployer().repair()
    first = next(repairing)
    assert isinstance(first, Said) and "waiting for its end" in first.text
    threading.Timer(0.3, gcp.release).start()
    list(repairing)
    assert ask() == "2"
    deploy(small_bundle(price="3"))
    assert ask() == "3"


def test_a_lock_of_somebody_else_is_left_alone(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    deployment = f"/v1/{PLACE}/deployments/{DEPLOYMENT}"
    gcp.http.post(f"{deployment}:lock", json={}).raise_for_status()
    with pytest.raises(UserError) as raised:
        deployer().plan(small_bundle(price="2"))
    assert code_of(raised.value) == "SKY645"
    with pytest.raises(DeployFailed, match="somebody has locked"):
        deploy(small_bundle(price="2"))
    lock = gcp.http.get(f"{deployment}:exportLock").json()["lockId"]
    gcp.http.post(f"{deployment}:unlock", json={"lockId": lock}).raise_for_status()
    deploy(small_bundle(price="2"))
    assert ask() == "2"
