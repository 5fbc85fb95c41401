"""A destroy that is killed at any moment is finished by the same command."""

from __future__ import annotations

import pytest
from clouds.azure_deploys import deploy, destroy
from clouds.azure_small_app import small_bundle
from clouds.http_killed_deploy import Moment, killed
from engines.azure_account.account import AzureSubscription


@pytest.mark.parametrize(
    "moment",
    [
        ("DELETE", "/releases/published.json", "after", 1),
        ("PUT", "/deploymentStacks/", "before", 1),
        ("PUT", "/deploymentStacks/", "after", 1),
        ("DELETE", "/deploymentStacks/", "before", 1),
        ("DELETE", "/deploymentStacks/", "after", 1),
    ],
    ids=lambda moment: "-".join(map(str, moment)).replace("/", "_"),
)
def test_a_destroy_that_was_killed_leaves_what_is_kept_and_nothing_else(
    azure: AzureSubscription, moment: Moment
) -> None:
    deploy(small_bundle(keep=True))
    killed("azure", "destroy", moment)
    destroy()
    left = azure.inventory()
    assert left.keys() == {"groups", "resources"}
    kinds = {name.partition(":")[0].split("/")[1] for name in left["resources"]}
    # Azure itself has made the action group.
    assert kinds == {"storageAccounts", "roleAssignments", "actionGroups"}
    destroy(delete_data=True)
    assert azure.inventory() == {}
