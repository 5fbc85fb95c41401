"""Function apps: their addresses and keys, publishing their code, and whether what was published answers.

Code goes to a Flex Consumption app as Azure CLI brings it: a zip to `/api/publish` of the site that takes code, which
builds it; then the state of that deployment is asked for until it has ended.
https://learn.microsoft.com/azure/azure-functions/functions-deployment-technologies#one-deploy
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.refusals import reason, status
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed, Event, Said
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action

VERSION = "2024-04-01"
"""Of the API of Microsoft.Web."""

_SUCCEEDED, _FAILED = 4, 3
_CANCELLED = (-1, 5, 6)
"""States of a deployment, as Kudu counts them. https://github.com/projectkudu/kudu/wiki/REST-API"""

ANSWERS_WITHIN = 300.0
"""Seconds in which what was published has to answer. A first start may take minutes: roles count only after a while,
and until then a host says that it cannot reach its storage. So no single answer of it is final."""
_KEYS_WITHIN = 60.0
"""Seconds in which a function app that runs gives its keys: its host keeps them."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a function app's host. They are asked for at each command, and written nowhere."""

    master: str = field(repr=False)
    functions: str = field(repr=False)
    durable: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Site:
    """A function app. `host` and `scm` are addresses: of the app, and of what takes its code."""

    id: str
    key: str
    host: str
    scm: str


def site(azure: Azure, group: str, name: str, key: str) -> Site:
    """A function app by its name in Azure; `key` is the app's own word for it."""
    id_ = f"/subscriptions/{azure.subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{name}"
    properties = azure.arm("GET", id_, VERSION)["properties"]
    hosts = properties.get("hostNameSslStates") or []
    scm = next((one["name"] for one in hosts if one.get("hostType") == "Repository"), None)
    if scm is None:
        raise DeployFailed(f"function app {name} has no address to publish code to")
    return Site(id_, key, f"https://{properties['defaultHostName']}", f"https://{scm}")


def keys(azure: Azure, of: Site, seconds: float = _KEYS_WITHIN) -> Keys:
    """The keys of its host. One that is only starting has none yet."""
    end = time.monotonic() + seconds
    for _ in pauses():
        try:
            found = azure.arm("POST", f"{of.id}/host/default/listkeys", VERSION)
        except azure.refused as error:
            if status(error) not in (400, 404, 409, 500, 502, 503) or time.monotonic() > end:
                raise
            continue
        system = found.get("systemKeys") or {}
        return Keys(
            master=found.get("masterKey") or "",
            functions=(found.get("functionKeys") or {}).get("default") or "",
            durable=system.get("durabletask_extension") or "",
        )
    raise AssertionError("pauses never ends")


# --- publishing -----------------------------------------------------------------------------------------------------


def publish(azure: Azure, to: Site, zipped: bytes, action: Action, *, undoing: bool = False) -> Iterator[Event]:
    """Brings code to a function app, and waits until it is built.

    Raises:
        DeployFailed: it cannot be built, or somebody else's is.
    """
    yield Changed(action=action, kind="code", name=to.key, state="started", undoing=undoing)
    id_ = yield from _sent(azure, to, zipped)
    for _ in pauses():
        found = _deployment(azure, to, id_)
        state = found.get("status")
        if state == _SUCCEEDED:
            yield Changed(action=action, kind="code", name=to.key, state="done", undoing=undoing)
            return
        if state == _FAILED or state in _CANCELLED:
            why = _why(azure, to, found)
            yield Changed(action=action, kind="code", name=to.key, state="failed", reason=why, undoing=undoing)
            raise DeployFailed(f"code {to.key}: {why}")


def _sent(azure: Azure, to: Site, zipped: bytes) -> Any:
    """Sends the code, and gives the id of its deployment. Another one that is under way is waited for."""
    waiting = False
    for _ in pauses():
        try:
            return azure.scm("POST", f"{to.scm}/api/publish?RemoteBuild=true&Deployer=skyloom", zipped)
        except azure.refused as error:
            if status(error) != 409:
                raise
        if not waiting:
            waiting = True
            yield Said(f"other code is being published to function app {to.key}; waiting for its end")
    raise AssertionError("pauses never ends")


def _deployment(azure: Azure, to: Site, id_: Any) -> Mapping[str, Any]:
    try:
        found = azure.scm("GET", f"{to.scm}/api/deployments/{str(id_).strip() if id_ else 'latest'}")
    except azure.refused as error:
        # It is known only a moment after it was sent.
        if status(error) != 404:
            raise
        return {}
    return found if isinstance(found, dict) else {}


def _why(azure: Azure, to: Site, found: Mapping[str, Any]) -> str:
    """Why a deployment failed: the last lines of its log, where it has one."""
    said = str(found.get("status_text") or found.get("message") or "")
    try:
        log = azure.scm("GET", f"{to.scm}/api/deployments/{found.get('id', 'latest')}/log")
    except azure.refused:
        log = None
    lines = [str(line.get("message", "")).strip() for line in log or [] if isinstance(line, dict)]
    return "; ".join(filter(None, [said, *lines[-3:]])) or "it cannot be built"


# --- whether it answers ---------------------------------------------------------------------------------------------


def wait_until_it_answers(azure: Azure, of: Site, functions: Collection[str]) -> None:
    """Waits until the function app runs and knows its functions.

    Raises:
        DeployFailed: it does not in time; with what its host says.
    """
    end, said = time.monotonic() + ANSWERS_WITHIN, "it does not answer"
    for _ in pauses():
        try:
            problem = _problem(azure, of, functions, max(end - time.monotonic(), 0.0))
        except azure.refused as error:
            problem = f"it answers {status(error)}: {reason(error)}"
            if status(error) in (401, 403):
                problem = "its host does not take its own key"
        if problem is None:
            return
        said = problem
        if time.monotonic() > end:
            raise DeployFailed(f"function app {of.key} does not work: {said}")


def _problem(azure: Azure, of: Site, functions: Collection[str], seconds: float) -> str | None:
    """What is wrong with a function app; None where all is well."""
    key = keys(azure, of, seconds).master
    state, _ = azure.app("GET", f"{of.host}/admin/host/status", key)
    if errors := state.get("errors"):
        return "; ".join(map(str, errors))
    if state.get("state") != "Running":
        return f"its host is {str(state.get('state', 'nowhere')).lower()}"
    found, _ = azure.app("GET", f"{of.host}/admin/functions", key)
    missing = sorted(set(functions) - {one["name"] for one in found})
    return f"its host does not know {', '.join(missing)}" if missing else None
