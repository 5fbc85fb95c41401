"""A deploy that is killed at any moment is finished by the same command, in every cloud."""

from __future__ import annotations

import pytest
from clouds.aws_deploys import stack_status
from clouds.aws_small_app import STACK
from clouds.cloud import Cloud, Moment

FIRST: dict[str, list[Moment]] = {
    # The first change set is that of the bucket, the second that of the app; objects are listed when the release is
    # recorded, after all else.
    "aws": [
        ("cloudformation", "CreateChangeSet", "after", 1),
        ("cloudformation", "ExecuteChangeSet", "after", 1),
        ("s3", "PutObject", "before", 1),
        ("s3", "PutObject", "after", 2),
        ("cloudformation", "CreateChangeSet", "after", 2),
        ("cloudformation", "ExecuteChangeSet", "before", 2),
        ("cloudformation", "ExecuteChangeSet", "after", 2),
        ("cloudformation", "DescribeStackEvents", "after", 4),
        ("s3", "ListObjectsV2", "before", 1),
    ],
    "azure": [
        ("PUT", "/resourcegroups/shop-dev", "after", 1),
        ("PUT", "/deploymentStacks/", "after", 1),
        ("GET", "/operations", "after", 1),
        ("PUT", "/roleAssignments/", "before", 1),
        ("PUT", "/releases/apps/", "after", 1),
        ("POST", "/api/publish", "before", 1),
        ("POST", "/api/publish", "after", 1),
        ("GET", "/admin/host/status", "after", 1),
        ("PUT", "/releases/releases/", "before", 1),
    ],
    "gcp": [
        ("POST", "/storage/v1/b?", "after", 1),
        ("POST", "/upload/", "after", 2),
        ("POST", "/deployments?", "before", 1),
        ("POST", "/deployments?", "after", 1),
        ("GET", "/resources", "after", 1),
        ("POST", "/upload/", "before", 5),
    ],
}
"""Of a first deploy."""
UPDATE: dict[str, list[Moment]] = {
    "aws": [
        ("s3", "PutObject", "after", 1),
        ("cloudformation", "CreateChangeSet", "after", 1),
        ("cloudformation", "ExecuteChangeSet", "before", 1),
        ("cloudformation", "ExecuteChangeSet", "after", 1),
        ("cloudformation", "DescribeStackEvents", "after", 2),
        ("s3", "ListObjectsV2", "before", 1),
    ],
    "azure": [
        ("POST", "/whatIf", "after", 1),
        ("PUT", "/releases/templates/", "after", 1),
        ("PUT", "/deploymentStacks/", "before", 1),
        ("PUT", "/deploymentStacks/", "after", 1),
        ("PUT", "/releases/published.json", "after", 1),
        ("POST", "/api/publish", "after", 1),
        ("PUT", "/releases/published.json", "after", 2),
    ],
    "gcp": [
        ("POST", "/upload/", "after", 1),
        ("POST", "/previews?", "after", 1),
        ("DELETE", "/previews/", "before", 1),
        ("PATCH", "/deployments/", "before", 1),
        ("PATCH", "/deployments/", "after", 1),
        ("POST", "/upload/", "before", 4),
    ],
}
DESTROY: dict[str, list[Moment]] = {
    "aws": [("cloudformation", "DeleteStack", "after", 1)],
    "azure": [("DELETE", "/deploymentStacks/", "after", 1)],
    "gcp": [("DELETE", "/deployments/", "after", 1)],
}


def at(moments: dict[str, list[Moment]]) -> pytest.MarkDecorator:
    """Every moment of every cloud."""
    found = [
        pytest.param(cloud, moment, id=f"{cloud}-" + "-".join(map(str, moment)).replace("/", "_"))
        for cloud, of_cloud in moments.items()
        for moment in of_cloud
    ]
    return pytest.mark.parametrize(("cloud", "moment"), found, indirect=["cloud"])


@at(FIRST)
def test_a_first_deploy_that_was_killed_converges(cloud: Cloud, moment: Moment) -> None:
    cloud.killed("deploy", moment)
    cloud.deploy()
    assert cloud.price() == "1"
    if cloud.name == "aws":
        # What was begun is finished, and not updated afterwards.
        assert stack_status(cloud.account, STACK) == "CREATE_COMPLETE"
    status = cloud.deployer().status()
    assert status.ok and [version.version for version in status.versions] == [cloud.small_bundle().version]
    assert cloud.deployer().plan(cloud.small_bundle()).is_empty
    cloud.deploys.destroy()
    assert cloud.inventory() == {}


@at(UPDATE)
def test_an_update_that_was_killed_converges(cloud: Cloud, moment: Moment) -> None:
    cloud.deploy()
    cloud.killed("deploy", moment, **cloud.updated)
    cloud.deploy(**cloud.updated)
    assert cloud.price() == "2"
    wanted = cloud.small_bundle(**cloud.updated)
    assert cloud.deployer().plan(wanted).is_empty
    status = cloud.deployer().status()
    assert status.ok
    assert [version.version for version in status.versions] == [wanted.version, cloud.small_bundle().version]
    # Google Cloud's: a preview that was begun is taken away.
    assert "previews" not in cloud.inventory()


@at(DESTROY)
def test_a_deploy_after_a_destroy_that_was_killed(cloud: Cloud, moment: Moment) -> None:
    cloud.deploy()
    if cloud.name == "azure":
        cloud.account.trouble("delete stack", hold=True)
    cloud.killed("destroy", moment)
    if cloud.name == "azure":
        cloud.account.release()
    cloud.deploy(price="2")
    assert cloud.price() == "2"
