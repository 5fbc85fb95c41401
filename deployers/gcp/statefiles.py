"""Terraform's state of a deployment: what is there, and taking out of it what is to stay when the deployment goes.

Infrastructure Manager runs Terraform up to 1.5.7, which has no `removed` blocks: what is to outlive its deployment is
taken out of the state file, while the deployment is locked.
https://cloud.google.com/infrastructure-manager/docs/state-file
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.gcp.client import Google
from skyloom.deployers.pausing import pauses
from skyloom.flows.outcome import Json


@dataclass(frozen=True, slots=True)
class Present:
    """A resource that is there. `id` is what the cloud calls it."""

    address: str
    type: str
    id: str
    name: str = ""


def present(google: Google, deployment: str) -> list[Present]:
    """Everything that the deployment has made, data sources left out."""
    document = _export(google, f"{google.location}/deployments/{deployment}")
    return [
        Present(
            address=f"{found['type']}.{found['name']}",
            type=found["type"],
            id=str(instance["attributes"].get("id", "")),
            name=str(instance["attributes"].get("name", "")),
        )
        for found in document.get("resources", [])
        if found["mode"] == "managed"
        for instance in found["instances"]
    ]


def forget(google: Google, deployment: str, addresses: Collection[str]) -> None:
    """Takes resources out of the state: they stay when the deployment is deleted."""
    name = f"{google.location}/deployments/{deployment}"
    google.config.lock_deployment(name=name)
    _wait_for_lock(google, name, locked=True)
    lock = google.config.export_lock_info(name=name).lock_id
    document = _export(google, name)
    document["resources"] = [
        found for found in document["resources"] if f"{found['type']}.{found['name']}" not in addresses
    ]
    document["serial"] += 1
    target = google.config.import_statefile(parent=name, lock_id=lock).signed_uri
    google.put(target, json.dumps(document).encode())
    unlock(google, deployment)


def unlock(google: Google, deployment: str) -> None:
    """Releases the deployment's lock."""
    name = f"{google.location}/deployments/{deployment}"
    lock = google.config.export_lock_info(name=name).lock_id
    google.config.unlock_deployment(name=name, lock_id=lock)
    _wait_for_lock(google, name, locked=False)


def _export(google: Google, name: str) -> dict[str, Any]:
    signed = google.config.export_deployment_statefile(request={"parent": name}).signed_uri
    document: dict[str, Json] = json.loads(google.fetch(signed) or b"{}")
    return document


def _wait_for_lock(google: Google, name: str, *, locked: bool) -> None:
    wanted = "LOCKED" if locked else "UNLOCKED"
    for _ in pauses():
        state = google.config.get_deployment(name=name).lock_state.name
        if state == wanted:
            return
        if state in ("LOCK_FAILED", "UNLOCK_FAILED"):
            raise DeployFailed(f"the deployment's lock cannot be {'taken' if locked else 'released'}")
