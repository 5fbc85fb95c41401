"""Function apps: their addresses and keys, and whether one answers."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.refusals import reason, status
from skyloom.deployers.azure.services.surroundings import OPERATE_ROUTE
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.pausing import pauses

VERSION = "2024-04-01"
"""Of the API of Microsoft.Web."""

ANSWERS_WITHIN = 300.0
"""Seconds in which what was published has to answer. A first start may take minutes: roles count only after a while,
and until then a host says that it cannot reach its storage. So no single answer of it is final."""
FIRST_ANSWERS_WITHIN = 900.0
"""The same, of a function app whose roles are new.
https://learn.microsoft.com/azure/role-based-access-control/troubleshooting"""
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


# --- whether it answers ---------------------------------------------------------------------------------------------


def wait_until_it_answers(azure: Azure, of: Site, functions: Collection[str], digest: str = "", *, first: bool) -> None:
    """Waits until the function app runs and knows its functions; `first`: its roles may be new.

    Args:
        digest: of the code that has to answer, not that of before; empty where code cannot tell it.

    Raises:
        DeployFailed: it does not in time; with what its host says.
    """
    end, said = time.monotonic() + (FIRST_ANSWERS_WITHIN if first else ANSWERS_WITHIN), "it does not answer"
    for _ in pauses():
        try:
            problem = _problem(azure, of, functions, digest, max(end - time.monotonic(), 0.0))
        except azure.refused as error:
            problem = f"it answers {status(error)}: {reason(error)}"
            if status(error) in (401, 403):
                problem = "its host does not take its own key"
        if problem is None:
            return
        said = problem
        if time.monotonic() > end:
            raise DeployFailed(f"function app {of.key} does not work: {said}")


def _problem(azure: Azure, of: Site, functions: Collection[str], digest: str, seconds: float) -> str | None:
    """What is wrong with a function app; None where all is well."""
    found_keys = keys(azure, of, seconds)
    key = found_keys.master
    state, _ = azure.app("GET", f"{of.host}/admin/host/status", key)
    if errors := state.get("errors"):
        return "; ".join(map(str, errors))
    if state.get("state") != "Running":
        return f"its host is {str(state.get('state', 'nowhere')).lower()}"
    found, _ = azure.app("GET", f"{of.host}/admin/functions", key)
    missing = sorted(set(functions) - {one["name"] for one in found})
    if missing:
        return f"its host does not know {', '.join(missing)}"
    return _other_code(azure, of, digest, found_keys.functions) if digest else None


def _other_code(azure: Azure, of: Site, digest: str, key: str) -> str | None:
    """What to say while a host answers that has other code; None where it has this one."""
    try:
        told, _ = azure.app("POST", f"{of.host}/{OPERATE_ROUTE}", key, {"action": "code"})
    except azure.refused as error:
        if status(error) != 400:
            raise
        # Code that cannot tell what it is: it was there before.
        told = {}
    return None if told.get("code") == digest else "the code of before still answers"
