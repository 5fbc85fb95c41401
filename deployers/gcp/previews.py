"""Previews: Infrastructure Manager's own `terraform plan`, as a plan of Skyloom's."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.gcp.client import Google, code
from skyloom.deployers.gcp.naming import named
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action, Change
from skyloom.flows.outcome import Json

_ACTIONS: Mapping[str, Action] = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "RECREATE": "replace"}

_WORDS = {
    "available_memory": "memory",
    "contents": "routes",
    "environment_variables": "environment variables",
    "max_instance_count": "concurrency",
    "object": "code",
    "retention_days": "days kept",
    "source_contents": "definition",
    "timeout_seconds": "timeout",
    "user_env_vars": "what it calls",
}
"""What people call a property, by the last name in its path."""
_NUMBERS = ("memory", "timeout", "concurrency", "days kept")
"""Of these, the properties whose values people want to see."""


class Locked(Exception):
    """Another change of the deployment is under way."""


def changes(
    google: Google, deployment: str, blueprint: Any, account: str, old: Mapping[str, Json], new: Mapping[str, Json]
) -> list[Change]:
    """What applying the blueprint would change, named as people know it.

    Args:
        deployment: its id.
        account: the service account that Terraform runs as.
        old: the configuration in place.
        new: the configuration that is wanted.

    Raises:
        Locked: the deployment is being changed.
        DeployFailed: Terraform refuses the configuration.
    """
    name = f"{google.location}/deployments/{deployment}"
    preview = {"terraform_blueprint": blueprint, "deployment": name, "service_account": account}
    id_ = f"{deployment[:50]}-{secrets.token_hex(6)}"
    made = f"{google.location}/previews/{id_}"
    google.config.create_preview(request={"parent": google.location, "preview_id": id_, "preview": preview})
    try:
        _wait(google, made)
        return [*_listed(google, made, old, new)]
    finally:
        _delete(google, made)


def _wait(google: Google, preview: str) -> None:
    for _ in pauses():
        found = google.config.get_preview(name=preview)
        match found.state.name:
            case "SUCCEEDED":
                return
            case "FAILED" if found.error_code.name == "DEPLOYMENT_LOCK_ACQUIRE_FAILED":
                raise Locked
            case "FAILED":
                told = [one.error_description.strip().removeprefix("Error: ") for one in found.tf_errors]
                why = "; ".join(told) or found.error_status.message or found.error_code.name.lower().replace("_", " ")
                raise DeployFailed(f"Infrastructure Manager refuses the configuration: {why}")
            case _:
                continue


def delete_stale(google: Google, deployment: str) -> int:
    """Removes the previews of the deployment that a command which was killed has left behind: how many."""
    name = f"{google.location}/deployments/{deployment}"
    own = [found.name for found in google.config.list_previews(parent=google.location) if found.deployment == name]
    for preview in own:
        _delete(google, preview)
    return len(own)


def _delete(google: Google, preview: str) -> None:
    try:
        google.config.delete_preview(name=preview)
    except google.refused as error:
        if code(error) != 404:
            raise


# --- changes --------------------------------------------------------------------------------------------------------


def _listed(google: Google, preview: str, old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Change]:
    for change in google.config.list_resource_changes(parent=preview):
        action = _ACTIONS.get(change.intent.name)
        if action is None:
            continue
        info = change.terraform_info
        it = named(info.address, info.type_, old if action == "delete" else new)
        details = () if action in ("create", "delete") else tuple(dict.fromkeys(_details(change.property_changes)))
        yield Change(action=action, kind=it.kind, name=it.name, details=details, holds_data=it.holds_data)


def _details(properties: Any) -> Iterator[str]:
    for change in properties:
        message = type(change).to_dict(change)
        before, after = message.get("before"), message.get("after")
        known = after is not None
        for path, was, is_ in _leaves(change.path, before, after if known else before):
            yield _detail(path, was, is_)
        if not known:
            yield f"{_words(change.path)} (known when it is applied)"


def _leaves(path: str, before: Json, after: Json) -> Iterator[tuple[str, Json, Json]]:
    """The innermost places where two values differ."""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        before, after = ({str(place): value for place, value in enumerate(one)} for one in (before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                yield from _leaves(f"{path}.{key}", before.get(key), after.get(key))
    elif before != after:
        yield path, before, after


def _detail(path: str, before: Json, after: Json) -> str:
    words = _words(path)
    tells = words not in _WORDS.values() or words in _NUMBERS
    if tells and _is_short(before) and _is_short(after):
        return f"{words} {_shown(before)} -> {_shown(after)}"
    return words


def _words(path: str) -> str:
    names = [part for part in re.split(r"[.\[\]]+", path) if part and not part.isdigit()]
    known = next((_WORDS[name] for name in reversed(names) if name in _WORDS), None)
    return known or (names[-1] if names else path).replace("_", " ")


def _is_short(value: Json) -> bool:
    return value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= 40)


def _shown(value: Json) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
