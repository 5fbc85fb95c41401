"""An app with everything that an app can have is deployed, and deployed again."""

from __future__ import annotations

import sys

from clouds.apps import app_of
from clouds.azure_deploys import deploy, deployer
from clouds.deploys import as_text
from engines.azure_account.account import AzureSubscription

from skyloom.deployers.azure.compiling import compile_app
from skyloom.deployers.azure.functions import FunctionSettings

SETTINGS = FunctionSettings(python=f"{sys.version_info.major}.{sys.version_info.minor}", pinned=False)


def test_everything_is_made_once_and_found_again(azure: AzureSubscription) -> None:
    bundle = compile_app(app_of("everything", "azure"), "dev", SETTINGS).bundle
    events, finished = deploy(bundle)
    assert finished.text == "succeeded", as_text(events)
    assert {"topic", "url", "vault"} <= finished.outputs.keys()
    assert deployer("everything", "dev").plan(bundle).is_empty
    # The four function apps run the code that was published to them.
    made = azure.inventory()["resources"]
    assert len([one for one in made if one.startswith("Microsoft.Web/sites: ")]) == 4
    assert deployer("everything", "dev").status().ok
