"""A deploy or a destroy that is killed at any moment is finished by the same command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clouds.azure_deploys import ask, deploy, deployer, destroy
from clouds.azure_small_app import GROUP, small_bundle
from engines.azure_account.account import AzureSubscription

TESTS = Path(__file__).parents[2]

Moment = tuple[str, str, str, int]
"""Method and part of the address of a request, before or after it, and which of them."""


def killed(do: str, moment: Moment, **script: str | bool | int) -> None:
    """Runs the command in a process of its own that is killed at the moment."""
    method, path, when, count = moment
    told = {"do": do, "method": method, "path": path, "when": when, "count": count, **script}
    done = subprocess.run(
        [sys.executable, "-m", "clouds.azure_killed_deploy", json.dumps(told)],
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
        ("PUT", f"/resourcegroups/{GROUP}", "after", 1),
        ("PUT", "/deploymentStacks/", "after", 1),
        ("GET", "/operations", "after", 1),
        ("PUT", "/roleAssignments/", "before", 1),
        ("PUT", "/releases/apps/", "after", 1),
        ("POST", "/api/publish", "before", 1),
        ("POST", "/api/publish", "after", 1),
        ("GET", "/admin/host/status", "after", 1),
        ("PUT", "/releases/releases/", "before", 1),
    ],
    ids=named,
)
def test_a_first_deploy_that_was_killed_converges(azure: AzureSubscription, moment: Moment) -> None:
    killed("deploy", moment)
    deploy(small_bundle())
    assert ask() == "1 of 5"
    assert [version.version for version in deployer().status().versions] == [small_bundle().version]
    assert deployer().plan(small_bundle()).is_empty
    destroy()
    assert azure.inventory() == {}


@pytest.mark.parametrize(
    "moment",
    [
        ("POST", "/whatIf", "after", 1),
        ("PUT", "/releases/templates/", "after", 1),
        ("PUT", "/deploymentStacks/", "before", 1),
        ("PUT", "/deploymentStacks/", "after", 1),
        ("PUT", "/releases/published.json", "after", 1),
        ("POST", "/api/publish", "after", 1),
        ("PUT", "/releases/published.json", "after", 2),
    ],
    ids=named,
)
def test_an_update_that_was_killed_converges(azure: AzureSubscription, moment: Moment) -> None:
    deploy(small_bundle())
    killed("deploy", moment, price="2", memory=4096)
    wanted = small_bundle(price="2", memory=4096)
    deploy(wanted)
    assert ask() == "2 of 5"
    assert deployer().plan(wanted).is_empty
    status = deployer().status()
    assert status.ok and [version.version for version in status.versions] == [wanted.version, small_bundle().version]


@pytest.mark.parametrize(
    "moment",
    [
        ("DELETE", "/releases/published.json", "after", 1),
        ("PUT", "/deploymentStacks/", "before", 1),
        ("PUT", "/deploymentStacks/", "after", 1),
        ("DELETE", "/deploymentStacks/", "before", 1),
        ("DELETE", "/deploymentStacks/", "after", 1),
    ],
    ids=named,
)
def test_a_destroy_that_was_killed_leaves_what_is_kept_and_nothing_else(
    azure: AzureSubscription, moment: Moment
) -> None:
    deploy(small_bundle(keep=True))
    killed("destroy", moment)
    destroy()
    left = azure.inventory()
    assert left.keys() == {"groups", "resources"}
    kinds = {name.partition(":")[0].split("/")[1] for name in left["resources"]}
    # Azure itself has made the action group.
    assert kinds == {"storageAccounts", "roleAssignments", "actionGroups"}
    destroy(delete_data=True)
    assert azure.inventory() == {}


def test_a_deploy_after_a_destroy_that_was_killed(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    azure.trouble("delete stack", hold=True)
    killed("destroy", ("DELETE", "/deploymentStacks/", "after", 1))
    azure.release()
    deploy(small_bundle(price="2"))
    assert ask() == "2 of 5"
