"""What a deploy that failed does not take away: what was there before it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from clouds.azure_deploys import ask, deploy, deployer, destroy
from clouds.azure_small_app import BROKEN, small_bundle
from engines.azure_account.account import AzureSubscription

from skyloom.deployers.azure import deployments
from skyloom.deployers.base import DeployFailed


def accounts(azure: AzureSubscription) -> set[str]:
    return {name for name in azure.inventory().get("resources", ()) if "storageAccounts" in name}


def test_a_first_deploy_that_fails_leaves_what_an_earlier_app_has_kept(azure: AzureSubscription) -> None:
    deploy(small_bundle(keep=True))
    destroy()
    kept = accounts(azure)
    assert kept
    # Once as a first deploy, which takes over what was kept, and once more, now that the stack has it.
    for _ in range(2):
        with pytest.raises(DeployFailed, match="what it has made stays: shop-dev keeps data: queue broken"):
            deploy(small_bundle(keep=True, more=BROKEN))
        assert kept <= accounts(azure)
    deploy(small_bundle(keep=True))
    assert ask() == "1 of 5"
    destroy()
    assert kept <= accounts(azure)


def test_a_failed_update_is_taken_back_where_a_failed_stack_has_no_outputs(
    azure: AzureSubscription, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deployment of the Resource Manager that failed has no outputs; no page says that a stack has."""
    deploy(small_bundle())
    read = deployments._state

    def state(found: object) -> deployments.StackState:
        known = read(found)  # type: ignore[arg-type]
        return known if known.is_well else replace(known, outputs={})

    monkeypatch.setattr(deployments, "_state", state)
    with pytest.raises(DeployFailed, match="in place again: queue broken"):
        deploy(small_bundle(price="2", more=BROKEN))
    assert ask() == "1 of 5"
    assert deployer().plan(small_bundle()).is_empty
