"""Deploying a small bundle to AWS: plans, updates, what fails, and what an earlier deploy left behind."""

from __future__ import annotations

import json
import time

import pytest
from clouds.aws_deploys import ask, deploy, deployer, inventory, stack_status
from clouds.aws_small_app import BROKEN, STACK, WAITING, small_bundle
from clouds.deploys import as_text, code_of
from engines.aws.account import AwsAccount

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed, Said, Uploaded
from skyloom.errors import UserError

# --- deploying ------------------------------------------------------------------------------------------------------


def test_the_first_plan_creates_everything_and_changes_nothing(aws: AwsAccount) -> None:
    plan = deployer().plan(small_bundle())
    assert plan.first
    assert {change.action for change in plan.changes} == {"create"}
    assert {(change.kind, change.name) for change in plan.changes} == {
        ("bucket", "artifacts"), ("bucket", "uploads"), ("flow", "quote"), ("function", "price"), ("function", "stock"),
        ("log", "price"), ("log", "stock"), ("role", "Role"), ("table", "waits"),
    }  # fmt: skip
    assert inventory(aws) == {}


def test_what_is_deployed_answers_and_a_second_deploy_changes_nothing(aws: AwsAccount) -> None:
    events, finished = deploy(small_bundle())
    assert finished.outputs["Bucket"]
    assert Changed(action="create", kind="function", name="price", state="done") in events
    assert ask() == "1"
    before = inventory(aws)
    plan = deployer().plan(small_bundle())
    assert plan.is_empty and plan.changes == () and plan.summary == "no changes"
    events, finished = deploy(small_bundle())
    assert finished.text == "no changes"
    assert not any(isinstance(event, (Changed, Uploaded, Said)) for event in events), as_text(events)
    assert inventory(aws) == before


def test_a_changed_task_changes_its_function_only(aws: AwsAccount) -> None:
    deploy(small_bundle())
    plan = deployer().plan(small_bundle(price="2"))
    assert [(c.action, c.kind, c.name, c.details) for c in plan.changes] == [("update", "function", "price", ("code",))]
    deployer().discard(plan)
    events, _ = deploy(small_bundle(price="2"))
    assert [event.name for event in events if isinstance(event, Uploaded) and event.new] == ["function price"]
    assert ask() == "2"


def test_details_say_what_changes(aws: AwsAccount) -> None:
    deploy(small_bundle())
    plan = deployer().plan(small_bundle(memory=512))
    assert {change.details for change in plan.changes} == {("memory 256 -> 512",)}
    more = small_bundle(memory=512).files["template.json"].replace(b"skyloom-shop-dev-price", b"skyloom-shop-dev-cost")
    renamed = small_bundle(memory=512)
    renamed = type(renamed)("aws", "shop", "dev", {**renamed.files, "template.json": more})
    plan = deployer().plan(renamed)
    changes = {(c.kind, c.name): c for c in plan.changes}
    assert changes["function", "price"].action == "replace"
    assert changes["log", "price"].action == "replace"
    # The flow refers to the function that is made anew.
    assert changes["flow", "quote"].action == "update"


def test_runs_under_way_that_lose_a_function_are_told_of(aws: AwsAccount) -> None:
    """They keep the definition that they began with, and that names the function of then."""
    deploy(small_bundle(definition=WAITING))
    wanted = small_bundle(definition=WAITING)
    template = wanted.files["template.json"].replace(b"skyloom-shop-dev-price", b"skyloom-shop-dev-cost")
    wanted = type(wanted)("aws", "shop", "dev", {**wanted.files, "template.json": template})
    assert deployer().plan(wanted).notes == ()
    deployer().start("quote", {})
    assert deployer().plan(wanted).notes == ("1 run is under way, and will fail at a step that still calls price",)
    assert deployer().plan(small_bundle(definition=WAITING, price="2")).notes == ()


def test_a_resource_that_is_no_longer_wanted_goes(aws: AwsAccount) -> None:
    extra = {"Topic": {"Type": "AWS::SNS::Topic", "Metadata": {"Skyloom": {"kind": "topic", "name": "alarms"}}}}
    deploy(small_bundle(more=extra))
    plan = deployer().plan(small_bundle())
    assert [(change.action, change.kind, change.name) for change in plan.changes] == [("delete", "topic", "alarms")]
    deploy(small_bundle())
    assert "sns Topics" not in inventory(aws)


# --- failing --------------------------------------------------------------------------------------------------------


def test_a_broken_update_is_taken_back_and_the_old_version_answers(aws: AwsAccount) -> None:
    deploy(small_bundle())
    with pytest.raises(DeployFailed, match=r"in place again: flow broken: .*no JSON"):
        deploy(small_bundle(price="2", more=BROKEN))
    assert stack_status(aws, STACK) == "UPDATE_ROLLBACK_COMPLETE"
    assert ask() == "1"
    status = deployer().status()
    assert not status.ok
    assert status.version == small_bundle().version
    deploy(small_bundle(price="3"))
    assert ask() == "3"
    assert deployer().status().ok


def test_a_broken_first_deploy_leaves_nothing_and_can_be_repeated(aws: AwsAccount) -> None:
    with pytest.raises(DeployFailed, match=r"nothing of it is left: flow broken: .*no JSON"):
        deploy(small_bundle(more=BROKEN))
    assert stack_status(aws, STACK) == "ROLLBACK_COMPLETE"
    left = inventory(aws)
    assert set(left) == {"s3 Buckets", "stacks"} and len(left["s3 Buckets"]) == 1
    plan = deployer().plan(small_bundle())
    assert plan.first and plan.notes == ("what is left of an earlier one goes (rollback complete)",)
    events, _ = deploy(small_bundle())
    assert any(isinstance(event, Said) and "removing what is left" in event.text for event in events)
    assert ask() == "1"


def test_a_template_that_cloudformation_refuses_is_said_in_the_plan(aws: AwsAccount) -> None:
    wrong = {"Wrong": {"Type": "AWS::SNS::Nothing"}}
    with pytest.raises(DeployFailed, match="CloudFormation refuses the template: "):
        deployer().plan(small_bundle(more=wrong))
    deploy(small_bundle())
    with pytest.raises(DeployFailed, match="CloudFormation refuses the template: "):
        deployer().plan(small_bundle(more=wrong))
    assert deployer().plan(small_bundle()).is_empty


# --- what was left behind -------------------------------------------------------------------------------------------


SIGNAL = {
    "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
    "Signalled": {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "60", "Count": 1},
    },
}


def signal(aws: AwsAccount) -> None:
    """Lets a stack with the resources of SIGNAL go on."""
    import urllib.request

    found = aws.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId="Handle")
    body = json.dumps({"Status": "SUCCESS", "UniqueId": "1", "Data": "", "Reason": ""}).encode()
    url = found["StackResourceDetail"]["PhysicalResourceId"]
    urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": ""}, method="PUT")).close()


def begin(bundle_price: str) -> None:
    """Begins an update that ends only when it is signalled, and does not wait for it."""
    made = deployer()
    for event in made.apply(made.plan(small_bundle(price=bundle_price, more=SIGNAL))):
        if isinstance(event, Changed):
            return


def test_while_a_change_is_under_way_plans_are_refused_and_deploys_wait(aws: AwsAccount) -> None:
    deploy(small_bundle())
    begin("2")
    with pytest.raises(UserError) as raised:
        deployer().plan(small_bundle(price="3"))
    assert code_of(raised.value) == "SKY644"
    repairing = deployer().repair()
    first = next(repairing)
    assert isinstance(first, Said) and "waiting for its end" in first.text
    end = time.monotonic() + 30
    while aws.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"] and (
        time.monotonic() < end
    ):
        try:
            signal(aws)
            break
        except Exception:
            time.sleep(0.1)
    list(repairing)
    assert stack_status(aws, STACK) == "UPDATE_COMPLETE"
    deploy(small_bundle(price="3"))
    assert ask() == "3"


def test_plans_that_nobody_applied_are_removed(aws: AwsAccount) -> None:
    deploy(small_bundle())
    deployer().plan(small_bundle(price="2"))
    deployer().plan(small_bundle(price="3"))
    sets = aws.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert sum(found["ExecutionStatus"] == "AVAILABLE" for found in sets) == 2
    _, finished = deploy(small_bundle())
    assert finished.text == "no changes"
    sets = aws.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    assert not any(found["ExecutionStatus"] == "AVAILABLE" for found in sets)


def test_an_update_that_could_not_be_taken_back_is_gone_on_with(aws: AwsAccount) -> None:
    deploy(small_bundle())
    bucket, s3 = artifacts_of(aws), aws.client("s3")
    [key] = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"] if "/workflows/" in o["Key"]]
    definition = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    # Going back needs the old definition.
    s3.delete_object(Bucket=bucket, Key=key)
    broken = {"Broken": {**BROKEN["Broken"], "DependsOn": ["MachineQuote"]}}
    with pytest.raises(DeployFailed, match="stuck on its way back"):
        deploy(small_bundle(price="2", definition=WAITING, more=broken))
    with pytest.raises(UserError) as raised:
        deployer().plan(small_bundle())
    assert code_of(raised.value) == "SKY645"
    with pytest.raises(DeployFailed, match=r"is stuck: flow quote: .*not found"):
        deploy(small_bundle())
    s3.put_object(Bucket=bucket, Key=key, Body=definition)
    deploy(small_bundle(price="3"))
    assert ask() == "3"


def artifacts_of(aws: AwsAccount) -> str:
    """The bucket that apps are deployed from."""
    [stack] = aws.client("cloudformation").describe_stacks(StackName="skyloom-artifacts")["Stacks"]
    return stack["Outputs"][0]["OutputValue"]


def test_a_deletion_that_failed_is_finished_before_a_deploy(aws: AwsAccount) -> None:
    _, finished = deploy(small_bundle())
    aws.client("s3").put_object(Bucket=finished.outputs["Bucket"], Key="order", Body=b"1")
    aws.client("cloudformation").delete_stack(StackName=STACK)
    end = time.monotonic() + 30
    while stack_status(aws, STACK) != "DELETE_FAILED" and time.monotonic() < end:
        time.sleep(0.05)
    deploy(small_bundle(price="2"))
    assert ask() == "2"
