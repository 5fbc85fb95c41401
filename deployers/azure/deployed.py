"""What is deployed of an app: its stack, and the flows, function apps and addresses in it by the names people know."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from skyloom.deployers.azure import sites
from skyloom.deployers.azure.artifacts import CONTAINER, MAIN, Artifacts
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployments import StackState
from skyloom.deployers.azure.sites import Keys, Site
from skyloom.deployers.base import DeployFailed
from skyloom.flows.outcome import Json

APPS, FLOWS, FUNCTIONS = "apps", "flows", "functions"
STORAGE, ENDPOINT, WORKSPACE = "storage", "endpoint", "workspace"
_OWN = (STORAGE, ENDPOINT, WORKSPACE, "app")
"""Outputs that are meant for Skyloom. So are all that are no texts."""
_RELEASES = f"/blobservices/default/containers/{CONTAINER}"
_VERSION = "2023-05-01"
"""Of the API of storage accounts."""


class Deployed:
    """A stack that is there."""

    def __init__(self, azure: Azure, group: str, state: StackState) -> None:
        self._azure, self._group = azure, group
        self.state = state

    @property
    def shown(self) -> dict[str, str]:
        """The outputs that are meant for people."""
        found = self.state.outputs.items()
        return {name: value for name, value in found if value and isinstance(value, str) and name not in _OWN}

    @property
    def apps(self) -> Mapping[str, str]:
        """The names of the function apps in Azure, by the app's own words for them."""
        return self._object(APPS)

    @property
    def flows(self) -> dict[str, str]:
        """The orchestrators by the names of their flows."""
        return dict(sorted(self._object(FLOWS).items()))

    @property
    def functions(self) -> Mapping[str, list[str]]:
        """The functions that each function app has to have."""
        return self._object(FUNCTIONS)

    @property
    def workspace(self) -> str:
        """The id of the Log Analytics workspace."""
        return str(self.state.outputs.get(WORKSPACE) or "")

    @cached_property
    def artifacts(self) -> Artifacts | None:
        """What it was deployed from; None where no deploy came so far, or a destroy has gone further."""
        account = self.storage_account
        if not account or account.lower() not in map(str.lower, self.state.managed):
            return None
        endpoint = self.state.outputs.get(ENDPOINT) or self._endpoint(account)
        return Artifacts(self._azure, str(endpoint))

    @cached_property
    def storage_account(self) -> str:
        """The id of the app's storage account; empty where there is none. A stack whose last change failed may have no
        outputs, but knows the container of releases."""
        name = self.state.outputs.get(STORAGE)
        if name:
            path = f"/subscriptions/{self._azure.subscription}/resourceGroups/{self._group}/providers"
            return f"{path}/Microsoft.Storage/storageAccounts/{name}"
        found = (id_[: -len(_RELEASES)] for id_ in self.state.managed if id_.lower().endswith(_RELEASES))
        return next(found, "")

    def _endpoint(self, account: str) -> str:
        return str(self._azure.arm("GET", account, _VERSION)["properties"]["primaryEndpoints"]["blob"])

    @cached_property
    def main(self) -> Site:
        """The function app that has the flows. Raises DeployFailed where no deploy came so far."""
        name = self.apps.get(MAIN)
        if name is None:
            raise DeployFailed("the last deploy did not come to an end; repeat it")
        return sites.site(self._azure, self._group, name, MAIN)

    @cached_property
    def keys(self) -> Keys:
        """Its keys."""
        return sites.keys(self._azure, self.main)

    def _object(self, output: str) -> dict[str, Json]:
        found = self.state.outputs.get(output)
        return found if isinstance(found, dict) else {}
