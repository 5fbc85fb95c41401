"""Whether who deploys may read and write the container of releases.

Who may make everything in Azure may not for that reason read data. So the first deploy gives who deploys a role on the
app's storage account, where that is missing.
https://learn.microsoft.com/azure/storage/blobs/assign-azure-role-data-access
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

from skyloom.deployers.azure.artifacts import Artifacts
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.refusals import status
from skyloom.deployers.azure.resources.words import BLOB_CONTRIBUTOR
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Event, Said
from skyloom.deployers.pausing import pauses

_VERSION = "2022-04-01"
_WITHIN = 900.0
"""Seconds in which a role counts everywhere: Azure says up to ten minutes.
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting"""


def gain(azure: Azure, artifacts: Artifacts, account: str) -> Iterator[Event]:
    """Makes sure that the caller may use the container; `account` is the storage account's id.

    Raises:
        DeployFailed: he still may not, after the role was given.
    """
    if is_given(azure, artifacts):
        return
    principal = azure.principal()
    role = (
        f"/subscriptions/{azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/{BLOB_CONTRIBUTOR.id}"
    )
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{account}/{principal}/{BLOB_CONTRIBUTOR.id}")
    yield Said(f"giving you the role {BLOB_CONTRIBUTOR.name} where releases lie, and waiting until it counts")
    try:
        body = {"properties": {"roleDefinitionId": role, "principalId": principal}}
        azure.arm("PUT", f"{account}/providers/Microsoft.Authorization/roleAssignments/{name}", _VERSION, body)
    except azure.refused as error:
        if status(error) != 409:
            raise
    end = time.monotonic() + _WITHIN
    for _ in pauses():
        if is_given(azure, artifacts):
            return
        if time.monotonic() > end:
            raise DeployFailed(f"the role {BLOB_CONTRIBUTOR.name} on {account} does not count yet; repeat the deploy")


def is_given(azure: Azure, artifacts: Artifacts) -> bool:
    """Whether the caller may use the container."""
    try:
        artifacts.listed("releases/")
    except azure.refused as error:
        if status(error) != 403:
            raise
        return False
    return True
