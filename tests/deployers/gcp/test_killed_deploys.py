"""A deploy or a destroy that is killed at any moment is finished by the same command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clouds.gcp_deploys import ask, deploy, deployer, destroy
from clouds.gcp_small_app import small_bundle
from engines.gcp_account.account import GoogleProject

TESTS = Path(__file__).parents[2]

Moment = tuple[str, str, str, int]
"""Method and part of the address of a request, before or after it, and which of them."""


def killed(do: str, moment: Moment, **script: str | bool) -> None:
    """Runs the command in a process of its own that is killed at the moment."""
    method, path, when, count = moment
    told = {"do": do, "method": method, "path": path, "when": when, "count": count, **script}
    done = subprocess.run(
        [sys.executable, "-m", "clouds.gcp_killed_deploy", json.dumps(told)],
        env=os.environ | {"PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr


def named(moment: Moment) -> str:
    return "-".join(map(str, moment)).replace("/", "_")


@pytest.mark.parametrize(
    "moment",
    [
        ("POST", "/storage/v1/b?", "after", 1),
        ("POST", "/upload/", "after", 2),
        ("POST", "/deployments?", "before", 1),
        ("POST", "/deployments?", "after", 1),
        ("GET", "/resources", "after", 1),
        ("POST", "/upload/", "before", 5),
    ],
    ids=named,
)
def test_a_first_deploy_that_was_killed_converges(gcp: GoogleProject, moment: Moment) -> None:
    killed("deploy", moment)
    deploy(small_bundle())
    assert ask() == "1"
    assert [version.version for version in deployer().status().versions] == [small_bundle().version]
    assert deployer().plan(small_bundle()).is_empty
    destroy()
    assert gcp.inventory() == {}


@pytest.mark.parametrize(
    "moment",
    [
        ("POST", "/upload/", "after", 1),
        ("POST", "/previews?", "after", 1),
        ("DELETE", "/previews/", "before", 1),
        ("PATCH", "/deployments/", "before", 1),
        ("PATCH", "/deployments/", "after", 1),
        ("POST", "/upload/", "before", 4),
    ],
    ids=named,
)
def test_an_update_that_was_killed_converges(gcp: GoogleProject, moment: Moment) -> None:
    deploy(small_bundle())
    killed("deploy", moment, price="2")
    deploy(small_bundle(price="2"))
    assert ask() == "2"
    assert deployer().plan(small_bundle(price="2")).is_empty
    versions = [version.version for version in deployer().status().versions]
    assert versions == [small_bundle(price="2").version, small_bundle().version]
    assert "previews" not in gcp.inventory()


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
    ids=named,
)
def test_a_destroy_that_was_killed_leaves_what_is_kept_and_nothing_else(gcp: GoogleProject, moment: Moment) -> None:
    _, finished = deploy(small_bundle(keep=True))
    bucket = finished.outputs["bucket"]
    gcp.http.post(f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=order", content=b"1").raise_for_status()
    killed("destroy", moment)
    destroy()
    assert gcp.inventory() == {"buckets": [bucket]}


def test_a_deploy_after_a_destroy_that_was_killed(gcp: GoogleProject) -> None:
    deploy(small_bundle())
    killed("destroy", ("DELETE", "/deployments/", "after", 1))
    deploy(small_bundle(price="2"))
    assert ask() == "2"
