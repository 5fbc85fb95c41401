"""Rotation of secrets in stacks: MiniStack does not know the resource, and nothing of it runs in a test's time."""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import provisioners

_ROTATION = "AWS::SecretsManager::RotationSchedule"


def install() -> None:
    """A schedule is there as soon as it is made, and does nothing. Its physical id is the secret's."""
    provisioners._RESOURCE_HANDLERS.setdefault(_ROTATION, {"create": _create, "update": _update, "delete": _delete})


def _create(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    return properties["SecretId"], {}


def _update(physical_id: str, old: dict[str, Any], new: dict[str, Any], stack: str) -> tuple[str, dict[str, Any]]:
    return new["SecretId"], {}


def _delete(physical_id: str, properties: dict[str, Any]) -> None:
    return
