"""Deploying a small bundle to Google Cloud: plans, updates, what fails, going back, and that nothing is left."""

from __future__ import annotations

import threading

import pytest
from clouds.deploys import as_text
from clouds.gcp_deploys import ask, deploy, deployer, destroy, ended
from clouds.gcp_small_app import BROKEN, DEPLOYMENT, WAITING, small_bundle
from engines.gcp_account.account import GoogleProject

from skyloom.deployers.base import CloudStep, DeployFailed
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.events import Changed, Event, Said, Uploaded
from skyloom.deployers.packaging import zipped
from skyloom.errors import ConfigError, EngineError, UserError

PLACE = "projects/tests-project/locations/europe-west3"


def code_of(error: UserError) -> str:
    return error.diagnostics[0].code


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


def test_a_plan_that_somebody_else_made_outdated_is_refused(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    first = deployer()
    plan = first.plan(small_bundle(price="2"))
    deploy(small_bundle(price="3"))
    with pytest.raises(DeployFailed, match="out of date"):
        list(first.apply(plan))
    assert ask() == "3"


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


# --- going back -----------------------------------------------------------------------------------------------------


def test_a_rollback_brings_the_version_before_and_back_again(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    deploy(small_bundle(price="2"))
    made = deployer()
    plan = made.plan_rollback(None)
    assert plan.version == small_bundle().version
    assert [(change.kind, change.name) for change in plan.changes] == [("function", "price")]
    list(made.apply(plan))
    assert ask() == "1"
    versions = deployer().status().versions
    assert [version.current for version in versions] == [True, False, True]
    made = deployer()
    list(made.apply(made.plan_rollback(None)))
    assert ask() == "2"


def test_a_rollback_to_a_named_version(gcp: GoogleProject) -> None:
    for price in "123":
        deploy(small_bundle(price=price))
    made = deployer()
    list(made.apply(made.plan_rollback(small_bundle().version)))
    assert ask() == "1"
    with pytest.raises(UserError) as raised:
        deployer().plan_rollback("abc")
    assert code_of(raised.value) == "SKY648"
    assert small_bundle(price="2").version in str(raised.value)


def test_only_the_last_versions_are_kept(gcp: GoogleProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skyloom.deployers.releases.KEPT", 2)
    for price in "1234":
        deploy(small_bundle(price=price))
    assert [v.version for v in deployer().status().versions] == [small_bundle(price=p).version for p in "43"]
    with pytest.raises(UserError):
        deployer().plan_rollback(small_bundle(price="1").version)


def test_without_an_earlier_version_there_is_nothing_to_go_back_to(gcp: GoogleProject) -> None:
    with pytest.raises(UserError) as raised:
        deployer().plan_rollback(None)
    assert code_of(raised.value) == "SKY643"
    deploy(small_bundle())
    with pytest.raises(UserError) as raised:
        deployer().plan_rollback(None)
    assert code_of(raised.value) == "SKY648"


# --- destroying -----------------------------------------------------------------------------------------------------


def put(gcp: GoogleProject, bucket: str, name: str = "order") -> None:
    query = {"uploadType": "media", "name": name}
    gcp.http.post(f"/upload/storage/v1/b/{bucket}/o", params=query, content=b"1").raise_for_status()


def test_destroying_leaves_nothing(gcp: GoogleProject) -> None:
    _, finished = deploy(small_bundle())
    put(gcp, finished.outputs["bucket"])
    plan = deployer().removal(delete_data=False)
    assert {change.action for change in plan.changes} == {"delete"}
    assert {change.name for change in plan.changes if change.loses_data} == {"uploads"}
    events = destroy()
    assert Changed(action="delete", kind="function", name="price", state="done") in events
    assert gcp.inventory() == {}
    assert destroy()[-1:] == events[-1:]


def test_runs_under_way_are_stopped(gcp: GoogleProject) -> None:
    deploy(small_bundle(definition=WAITING))
    made = deployer()
    made.start("quote", {})
    made.start("quote", {})
    assert deployer().removal(delete_data=False).notes == ("2 runs are under way and will be stopped",)
    destroy()
    assert gcp.inventory() == {}


def test_data_that_is_kept_is_named_and_goes_when_asked_for(gcp: GoogleProject) -> None:
    _, finished = deploy(small_bundle(keep=True))
    bucket = finished.outputs["bucket"]
    put(gcp, bucket)
    assert [c.name for c in deployer().removal(delete_data=False).changes if c.action == "keep"] == ["uploads"]
    events = destroy()
    assert bucket in events[-1].text  # type: ignore[union-attr]
    assert gcp.inventory() == {"buckets": [bucket]}
    # What stayed is found again, also now that its deployment is gone.
    plan = deployer().removal(delete_data=False)
    assert plan.is_empty and [change.name for change in plan.changes] == [bucket]
    plan = deployer().removal(delete_data=True)
    assert [change.name for change in plan.changes if change.loses_data] == [bucket]
    destroy(delete_data=True)
    assert gcp.inventory() == {}


LABELS = {"skyloom-app": "shop", "skyloom-environment": "dev"}
HOLDING = {
    "google_pubsub_topic": {
        "orders": {"//": {"kind": "queue", "name": "orders", "keep": True}, "name": "orders-1", "labels": LABELS}
    },
    "google_pubsub_subscription": {
        "orders": {
            "//": {"keep": True},
            "name": "orders-1",
            "topic": "${google_pubsub_topic.orders.id}",
            "labels": LABELS,
        }
    },
    "google_secret_manager_secret": {"key": {"//": {"keep": True}, "secret_id": "key-1", "labels": LABELS}},
}
"""What else holds data."""


def test_queues_and_secrets_are_kept_found_and_deleted_like_buckets(gcp: GoogleProject) -> None:
    deploy(small_bundle(more=HOLDING))
    plan = deployer().removal(delete_data=False)
    assert {(c.kind, c.name) for c in plan.changes if c.action == "keep"} == {
        ("queue", "orders"), ("subscription", "orders"), ("secret", "key"),
    }  # fmt: skip
    destroy()
    left = {kind: [name.rpartition("/")[2] for name in names] for kind, names in gcp.inventory().items()}
    assert left == {"secrets": ["key-1"], "subscriptions": ["orders-1"], "topics": ["orders-1"]}
    assert {(c.action, c.name) for c in deployer().removal(delete_data=True).changes} == {
        ("delete", "key-1"), ("delete", "orders-1"),
    }  # fmt: skip
    destroy(delete_data=True)
    assert gcp.inventory() == {}


def test_data_goes_at_once_when_asked_for(gcp: GoogleProject) -> None:
    _, finished = deploy(small_bundle(keep=True))
    put(gcp, finished.outputs["bucket"])
    destroy(delete_data=True)
    assert gcp.inventory() == {}


def test_what_cannot_be_deleted_is_said_and_goes_when_it_can(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    gcp.trouble("google_storage_bucket.uploads", "the bucket is held", 403)
    with pytest.raises(DeployFailed, match="cannot be deleted: bucket uploads: the bucket is held"):
        destroy()
    assert gcp.inventory()["buckets"]
    destroy()
    assert gcp.inventory() == {}


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
