"""Publishes code to function apps.

It goes to a Flex Consumption app as Azure CLI brings it: a zip to `/api/publish` of the site that takes code, which
builds it; then the state of that deployment is asked for until it has ended.
https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies#one-deploy
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.refusals import status
from skyloom.deployers.azure.sites import Site
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed, Event, Said
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action

_SUCCEEDED, _FAILED = 4, 3
_CANCELLED = (-1, 5, 6)
"""States of a deployment, as Kudu counts them. https://github.com/projectkudu/kudu/wiki/REST-API"""

_NO_ROLE_YET = ("InaccessibleStorageException", "AuthorizationPermissionMismatch")
"""What the site says while the app's identity may not write its storage: a new role counts only after a while."""
ROLES_WITHIN = 900.0
"""Seconds. https://learn.microsoft.com/azure/role-based-access-control/troubleshooting"""


def publish(
    azure: Azure, to: Site, zipped: bytes, action: Action, *, first: bool = False, undoing: bool = False
) -> Iterator[Event]:
    """Brings code to a function app, and waits until it is built; `first`: the app's roles may be new.

    Raises:
        DeployFailed: it cannot be built, or somebody else's is.
    """
    yield Changed(action=action, kind="code", name=to.key, state="started", undoing=undoing)
    end, waiting = time.monotonic() + (ROLES_WITHIN if first else 0.0), False
    for _ in pauses():
        found = yield from _published(azure, to, zipped)
        if found.get("status") == _SUCCEEDED:
            yield Changed(action=action, kind="code", name=to.key, state="done", undoing=undoing)
            return
        why = _why(azure, to, found)
        if time.monotonic() > end or not any(sign in why for sign in _NO_ROLE_YET):
            yield Changed(action=action, kind="code", name=to.key, state="failed", reason=why, undoing=undoing)
            raise DeployFailed(f"code {to.key}: {why}")
        if not waiting:
            waiting = True
            yield Said(f"the roles of function app {to.key} do not count yet; trying again")


def _published(azure: Azure, to: Site, zipped: bytes) -> Generator[Event, None, Mapping[str, Any]]:
    """Sends the code, and gives its deployment when that has ended."""
    id_ = yield from _sent(azure, to, zipped)
    for _ in pauses():
        found = _deployment(azure, to, id_)
        if found.get("status") in (_SUCCEEDED, _FAILED, *_CANCELLED):
            return found
    raise AssertionError("pauses never ends")


def _sent(azure: Azure, to: Site, zipped: bytes) -> Generator[Event, None, str]:
    """Sends the code, and gives the id of its deployment. Another one that is under way is waited for."""
    waiting = False
    for _ in pauses():
        try:
            return str(
                azure.scm("POST", f"{to.scm}/api/publish?RemoteBuild=true&Deployer=skyloom", zipped) or ""
            ).strip()
        except azure.refused as error:
            if status(error) != 409:
                raise
        if not waiting:
            waiting = True
            yield Said(f"other code is being published to function app {to.key}; waiting for its end")
    raise AssertionError("pauses never ends")


def _deployment(azure: Azure, to: Site, id_: str) -> Mapping[str, Any]:
    """How a deployment stands; nothing while it is not known. Azure CLI asks for the newest one, whose id tells."""
    for name in filter(None, (id_, "latest")):
        try:
            found = azure.scm("GET", f"{to.scm}/api/deployments/{name}")
        except azure.refused as error:
            if status(error) != 404:
                raise
            continue
        if isinstance(found, dict) and id_ in ("", str(found.get("id", id_))):
            return found
    return {}


def _why(azure: Azure, to: Site, found: Mapping[str, Any]) -> str:
    """Why a deployment failed: the last lines of its log, where it has one."""
    said = str(found.get("status_text") or found.get("message") or "")
    try:
        log = azure.scm("GET", f"{to.scm}/api/deployments/{found.get('id', 'latest')}/log")
    except azure.refused:
        log = None
    lines = [str(line.get("message", "")).strip() for line in log or [] if isinstance(line, dict)]
    return "; ".join(filter(None, [said, *lines[-3:]])) or "it cannot be built"
