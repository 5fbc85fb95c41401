"""Storage: an account for the app's data, with a container for each purpose, and one for the host of each function app.
Nobody has a key to any of them: roles decide, at single containers.
"""

from __future__ import annotations

from collections.abc import Iterator

from skyloom.deployers.azure.resources.arm import Address, Json, Resources
from skyloom.deployers.azure.resources.identities import MAIN_APP, app_identity, grant
from skyloom.deployers.azure.resources.layout import Layout
from skyloom.deployers.azure.resources.words import (
    BLOB_CONTRIBUTOR,
    BLOB_OWNER,
    CLAIMS,
    DEAD_LETTERS,
    DEPLOYMENTS,
    RELEASES,
    STARTS,
    WAITS,
    bucket_container,
    calls_container,
)
from skyloom.deployers.declared import merged

_LONGEST_RUN_DAYS = 400
"""Days behind its last change after which what belongs to a run is forgotten: runs live for a year at most."""
_CALL_DAYS = 7
_OLD_VERSIONS_DAYS = 90
_DELETED_DAYS = 14
"""Days in which what was deleted can be had back."""


def storage(layout: Layout) -> Resources:
    """Every storage account with what is in it, and what the function apps may do there."""
    return merged(
        _account(layout, layout.storage, "data", keep=True),
        _blobs(layout, layout.storage, "data", versions=True),
        *(_container(layout, layout.container(name), name) for name in _containers(layout)),
        _lifecycle(layout),
        *(_host(layout, key) for key in layout.app_keys),
        *_own(layout),
    )


def _containers(layout: Layout) -> list[str]:
    own = [bucket_container(bucket.name) for bucket in layout.own_buckets]
    calls = [calls_container(key) for key in layout.parts.workers]
    return [CLAIMS, WAITS, STARTS, RELEASES, DEAD_LETTERS, *sorted(own), *sorted(calls)]


def _account(layout: Layout, at: Address, name: str, *, keep: bool = False) -> Resources:
    properties = {
        "accessTier": "Hot",
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "allowSharedKeyAccess": False,
        "defaultToOAuthAuthentication": True,
        "minimumTlsVersion": "TLS1_2",
        "supportsHttpsTrafficOnly": True,
        "publicNetworkAccess": "Enabled",
        "networkAcls": {"defaultAction": "Allow", "bypass": "AzureServices"},
    }
    return layout.made(at, name, properties, keep=keep, kind="StorageV2", sku={"name": "Standard_LRS"})


def _blobs(layout: Layout, account: Address, name: str, *, versions: bool) -> Resources:
    kept: Json = {"enabled": True, "days": _DELETED_DAYS}
    properties: Json = {"deleteRetentionPolicy": kept, "containerDeleteRetentionPolicy": kept}
    if versions:
        properties["isVersioningEnabled"] = True
    return layout.made(account.below("blobServices", "default"), name, properties)


def _container(layout: Layout, at: Address, name: str) -> Resources:
    return layout.made(at, name, {"publicAccess": "None"})


def _lifecycle(layout: Layout) -> Resources:
    """What belongs to runs goes some time after them; of the users' data old versions do."""
    old = {"version": {"delete": {"daysAfterCreationGreaterThan": _OLD_VERSIONS_DAYS}}}
    spent: Json = {
        "baseBlob": {"delete": {"daysAfterModificationGreaterThan": _LONGEST_RUN_DAYS}},
        # An answer is written over the question; what was there before is of use to nobody.
        "version": {"delete": {"daysAfterCreationGreaterThan": 1}},
    }
    rules = [_rule("runs", spent, [f"{name}/" for name in (CLAIMS, WAITS, STARTS)])]
    if layout.parts.workers:
        calls = [f"{calls_container(key)}/" for key in sorted(layout.parts.workers)]
        answered = {**spent, "baseBlob": {"delete": {"daysAfterModificationGreaterThan": _CALL_DAYS}}}
        rules.append(_rule("calls", answered, calls))
    own = [f"{bucket_container(bucket.name)}/" for bucket in layout.own_buckets]
    rules.append(_rule("old-versions", old, sorted([*own, f"{DEAD_LETTERS}/", f"{RELEASES}/"])))
    at, blobs = layout.storage.below("managementPolicies", "default"), layout.storage.below("blobServices", "default")
    return layout.made(at, "lifecycle", {"policy": {"rules": rules}}, after=[blobs.id])


def _rule(name: str, actions: Json, prefixes: list[str]) -> Json:
    filters = {"blobTypes": ["blockBlob"], "prefixMatch": prefixes}
    return {"name": name, "enabled": True, "type": "Lifecycle", "definition": {"actions": actions, "filters": filters}}


def _host(layout: Layout, key: str) -> Resources:
    """A host keeps locks, keys and the code that it runs. No other app has a part in it.

    https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
    """
    account = layout.host_storage(key)
    at = account.below("blobServices", "default").below("containers", DEPLOYMENTS)
    return merged(
        _account(layout, account, f"host {key}"),
        _blobs(layout, account, key, versions=False),
        _container(layout, at, DEPLOYMENTS),
        grant(layout, app_identity(key), BLOB_OWNER, account, "the host keeps its locks, keys and code"),
    )


def _own(layout: Layout) -> Iterator[Resources]:
    """What the function apps may do with the data of runs."""
    for key in layout.app_keys:
        claims = layout.container(CLAIMS)
        yield grant(layout, app_identity(key), BLOB_CONTRIBUTOR, claims, "values too large to travel with a run")
    yield grant(layout, MAIN_APP, BLOB_CONTRIBUTOR, layout.container(WAITS), "what runs wait for")
    yield grant(
        layout,
        MAIN_APP,
        BLOB_CONTRIBUTOR,
        layout.container(STARTS),
        "what was started, and must not be again",
    )
    for key in sorted(layout.parts.workers):
        calls = layout.container(calls_container(key))
        yield grant(layout, MAIN_APP, BLOB_CONTRIBUTOR, calls, f"asks {key} to run its tasks")
        yield grant(layout, app_identity(key), BLOB_CONTRIBUTOR, calls, "takes what it is asked, and answers")
