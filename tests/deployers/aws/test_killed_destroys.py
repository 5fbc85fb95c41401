"""A destroy that is killed at any moment is finished by the same command."""

from __future__ import annotations

import pytest
from clouds.aws_deploys import deploy, destroy, inventory
from clouds.aws_killed_deploy import Moment, killed
from clouds.aws_small_app import small_bundle
from engines.aws.account import AwsAccount


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
def test_a_destroy_that_was_killed_leaves_nothing_in_the_end(aws: AwsAccount, moment: Moment) -> None:
    _, finished = deploy(small_bundle())
    aws.client("s3").put_object(Bucket=finished.outputs["Bucket"], Key="order", Body=b"1")
    killed("destroy", moment)
    destroy()
    assert inventory(aws) == {}
