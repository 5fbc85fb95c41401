"""What a deploy that failed does not take away: what was there before it."""

from __future__ import annotations

import pytest
from clouds.azure_deploys import ask, deploy, destroy
from clouds.azure_small_app import BROKEN, small_bundle
from engines.azure_account.account import AzureSubscription

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
