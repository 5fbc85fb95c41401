"""Destroying a small app on Azure: nothing is left but data that is kept."""

from __future__ import annotations

import pytest
from clouds.azure_deploys import ask, deploy, deployer, destroy
from clouds.azure_small_app import GROUP, small_bundle
from clouds.deploys import as_text
from engines.azure_account.account import AzureSubscription

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed


def test_destroying_leaves_nothing(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    plan = deployer().removal(delete_data=False)
    assert {change.action for change in plan.changes} == {"delete"}
    assert "data" in {change.name for change in plan.changes if change.loses_data}
    events = destroy()
    assert Changed(action="delete", kind="function app", name="main", state="done") in events, as_text(events)
    assert azure.inventory() == {}
    assert destroy()[-1:] == events[-1:]


def test_runs_under_way_are_stopped(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    made = deployer()
    made.start("linger", {"item": "lamp"})
    made.start("linger", {"item": "lamp"})
    assert deployer().removal(delete_data=False).notes == ("2 runs are under way and will be stopped",)
    destroy()
    assert azure.inventory() == {}


def test_data_that_is_kept_is_named_taken_over_and_goes_when_asked_for(azure: AzureSubscription) -> None:
    deploy(small_bundle(keep=True))
    plan = deployer().removal(delete_data=False)
    assert [(c.kind, c.name) for c in plan.changes if c.action == "keep"] == [("storage account", "data")]
    events = destroy()
    left = azure.inventory()
    assert left.keys() == {"groups", "resources"} and left["groups"] == [GROUP]
    kinds = {name.partition(":")[0].split("/")[1] for name in left["resources"]}
    # Azure itself has made the action group.
    assert kinds == {"storageAccounts", "roleAssignments", "actionGroups"}
    assert "kept: storage account" in events[-1].text  # type: ignore[union-attr]
    # What stayed is found again, also now that its stack is gone, and belongs to the app again with the next deploy.
    plan = deployer().removal(delete_data=False)
    assert plan.is_empty and [change.name for change in plan.changes] == ["data"]
    again = deployer().plan(small_bundle(keep=True))
    assert ("import", "storage account", "data") in {(c.action, c.kind, c.name) for c in again.changes}
    deploy(small_bundle(keep=True))
    assert ask() == "1 of 5"
    destroy()
    plan = deployer().removal(delete_data=True)
    assert [change.name for change in plan.changes if change.loses_data] == ["data"]
    destroy(delete_data=True)
    assert azure.inventory() == {}


def test_data_goes_at_once_when_asked_for(azure: AzureSubscription) -> None:
    deploy(small_bundle(keep=True))
    destroy(delete_data=True)
    assert azure.inventory() == {}


def test_what_cannot_be_deleted_is_said_and_goes_when_it_can(azure: AzureSubscription) -> None:
    deploy(small_bundle())
    azure.trouble("delete /subscriptions", "the plan is held", 409)
    with pytest.raises(DeployFailed, match=r"shop-dev cannot be deleted: .*the plan is held"):
        destroy()
    assert azure.inventory()["stacks"]
    destroy()
    assert azure.inventory() == {}
