"""A destroy that is killed at any moment is finished by the same command."""

from __future__ import annotations

import pytest
from clouds.gcp_deploys import deploy, destroy
from clouds.gcp_small_app import small_bundle
from clouds.http_killed_deploy import Moment, killed
from engines.gcp_account.account import GoogleProject


@pytest.mark.parametrize(
    "moment",
    [
        ("POST", ":lock", "before", 1),
        ("POST", ":lock", "after", 1),
        ("PUT", "/signed/", "after", 1),
        ("POST", ":unlock", "after", 1),
        ("DELETE", "/deployments/", "before", 1),
        ("DELETE", "/deployments/", "after", 1),
        ("DELETE", "/storage/v1/b/skyloom", "after", 2),
    ],
    ids=lambda moment: "-".join(map(str, moment)).replace("/", "_"),
)
def test_a_destroy_that_was_killed_leaves_what_is_kept_and_nothing_else(gcp: GoogleProject, moment: Moment) -> None:
    _, finished = deploy(small_bundle(keep=True))
    bucket = finished.outputs["bucket"]
    gcp.http.post(f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=order", content=b"1").raise_for_status()
    killed("gcp", "destroy", moment)
    destroy()
    assert gcp.inventory() == {"buckets": [bucket]}
