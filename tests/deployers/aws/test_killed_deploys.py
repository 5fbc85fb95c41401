"""A deploy or a destroy that is killed at any moment is finished by the same command."""

from __future__ import annotations

import signal

import pytest
from clouds.aws_deploys import ask, deploy, deployer, destroy, inventory, stack_status
from clouds.killed_deploy import exit_code
from clouds.small_app import STACK, small_bundle
from engines.aws.account import AwsAccount

MOMENTS = [
    ("cloudformation", "CreateChangeSet", "after", 1),
    ("cloudformation", "ExecuteChangeSet", "after", 1),
    ("s3", "PutObject", "before", 1),
    ("s3", "PutObject", "after", 2),
    ("cloudformation", "CreateChangeSet", "after", 2),
    ("cloudformation", "ExecuteChangeSet", "before", 2),
    ("cloudformation", "ExecuteChangeSet", "after", 2),
    ("cloudformation", "DescribeStackEvents", "after", 4),
    ("s3", "ListObjectsV2", "before", 1),
]
"""Of a first deploy: the first change set is that of the bucket, the second that of the app; objects are listed when
the release is recorded, after all else."""


def killed(do: str, moment: tuple[str, str, str, int], **script: str) -> None:
    """Runs the command in a process of its own that is killed at the moment."""
    service, operation, when, count = moment
    told = {"do": do, "service": service, "operation": operation, "when": when, "count": count, **script}
    assert exit_code(told) == -signal.SIGKILL


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: "-".join(map(str, moment[1:])))
def test_a_first_deploy_that_was_killed_converges(aws: AwsAccount, moment: tuple[str, str, str, int]) -> None:
    killed("deploy", moment)
    deploy(small_bundle())
    assert ask() == "1"
    assert stack_status(aws, STACK) == "CREATE_COMPLETE"
    assert [version.version for version in deployer().status().versions] == [small_bundle().version]
    assert deployer().plan(small_bundle()).is_empty
    destroy()
    assert inventory(aws) == {}


@pytest.mark.parametrize(
    "moment",
    [
        ("s3", "PutObject", "after", 1),
        ("cloudformation", "CreateChangeSet", "after", 1),
        ("cloudformation", "ExecuteChangeSet", "before", 1),
        ("cloudformation", "ExecuteChangeSet", "after", 1),
        ("cloudformation", "DescribeStackEvents", "after", 2),
        ("s3", "ListObjectsV2", "before", 1),
    ],
    ids=lambda moment: "-".join(map(str, moment[1:])),
)
def test_an_update_that_was_killed_converges(aws: AwsAccount, moment: tuple[str, str, str, int]) -> None:
    deploy(small_bundle())
    killed("deploy", moment, price="2")
    deploy(small_bundle(price="2"))
    assert ask() == "2"
    assert deployer().plan(small_bundle(price="2")).is_empty
    versions = [version.version for version in deployer().status().versions]
    assert versions == [small_bundle(price="2").version, small_bundle().version]


@pytest.mark.parametrize(
    "moment",
    [
        ("s3", "DeleteObjects", "after", 1),
        ("cloudformation", "DeleteStack", "before", 1),
        ("cloudformation", "DeleteStack", "after", 1),
        ("s3", "DeleteObjects", "after", 2),
        ("cloudformation", "DeleteStack", "after", 2),
    ],
    ids=lambda moment: "-".join(map(str, moment[1:])),
)
def test_a_destroy_that_was_killed_leaves_nothing_in_the_end(
    aws: AwsAccount, moment: tuple[str, str, str, int]
) -> None:
    _, finished = deploy(small_bundle())
    aws.client("s3").put_object(Bucket=finished.outputs["Bucket"], Key="order", Body=b"1")
    killed("destroy", moment)
    destroy()
    assert inventory(aws) == {}


def test_a_deploy_after_a_destroy_that_was_killed(aws: AwsAccount) -> None:
    deploy(small_bundle())
    killed("destroy", ("cloudformation", "DeleteStack", "after", 1))
    deploy(small_bundle(price="2"))
    assert ask() == "2"
