"""Destroying a small app on AWS: nothing is left but data that is kept."""

from __future__ import annotations

from clouds.aws_deploys import ask, deploy, deployer, destroy, inventory
from clouds.aws_small_app import WAITING, small_bundle
from engines.aws.account import AwsAccount

from skyloom.deployers.events import Changed, Said


def test_destroying_leaves_nothing(aws: AwsAccount) -> None:
    _, finished = deploy(small_bundle())
    s3 = aws.client("s3")
    for version in range(3):
        s3.put_object(Bucket=finished.outputs["Bucket"], Key="order", Body=str(version).encode())
    s3.delete_object(Bucket=finished.outputs["Bucket"], Key="order")
    assert ask() == "1"
    plan = deployer().removal(delete_data=False)
    assert {change.action for change in plan.changes} == {"delete"}
    assert {change.name for change in plan.changes if change.loses_data} == {"uploads", "waits"}
    events = destroy()
    assert Said("emptied bucket uploads: 4 objects") in events
    assert Changed(action="delete", kind="function", name="price", state="done") in events
    assert inventory(aws) == {}
    assert destroy()[-1:] == events[-1:]


def test_runs_under_way_are_stopped(aws: AwsAccount) -> None:
    deploy(small_bundle(definition=WAITING))
    made = deployer()
    made.start("quote", {})
    made.start("quote", {})
    assert deployer().removal(delete_data=False).notes == ("2 runs are under way and will be stopped",)
    assert any(isinstance(event, Said) and "stopped 2 runs" in event.text for event in destroy())
    assert inventory(aws) == {}


def test_data_that_is_kept_is_named_and_goes_when_asked_for(aws: AwsAccount) -> None:
    _, finished = deploy(small_bundle(data="Retain"))
    bucket = finished.outputs["Bucket"]
    aws.client("s3").put_object(Bucket=bucket, Key="order", Body=b"1")
    kept = {change.name for change in deployer().removal(delete_data=False).changes if change.action == "keep"}
    assert kept == {"uploads", "waits"}
    events = destroy()
    assert bucket in events[-1].text  # type: ignore[union-attr]
    left = inventory(aws)
    assert left["s3 Buckets"] == [bucket] and len(left["dynamodb TableNames"]) == 1 and len(left) == 2
    # What stayed is found again, also now that its stack is gone.
    plan = deployer().removal(delete_data=False)
    assert plan.is_empty and {change.name for change in plan.changes} == kept
    plan = deployer().removal(delete_data=True)
    assert {change.name for change in plan.changes if change.loses_data} == kept
    destroy(delete_data=True)
    assert inventory(aws) == {}


def test_data_goes_at_once_when_asked_for(aws: AwsAccount) -> None:
    _, finished = deploy(small_bundle(data="Retain"))
    aws.client("s3").put_object(Bucket=finished.outputs["Bucket"], Key="order", Body=b"1")
    destroy(delete_data=True)
    assert inventory(aws) == {}


def test_the_bucket_to_deploy_from_stays_as_long_as_another_app_needs_it(aws: AwsAccount) -> None:
    deploy(small_bundle())
    other = small_bundle()
    text = other.files["template.json"].replace(b"shop", b"cafe")
    deploy(type(other)("aws", "cafe", "dev", {**other.files, "template.json": text}))
    destroy()
    left = inventory(aws)
    assert any(stack.startswith("skyloom-artifacts ") for stack in left["stacks"])
    cafe = deployer("cafe")
    list(cafe.apply(cafe.removal(delete_data=False)))
    assert inventory(aws) == {}
