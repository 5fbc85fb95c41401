"""Where the functions' code lies: objects of a bucket, as the configuration refers to them."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers.gcp.resources.words import Json, block_name

SOURCES, OVERRIDE = "sources.tf.json", "sources_override.tf.json"
"""The files that only the user's own Terraform reads (`sources.py`)."""


def local_name(key: str) -> str:
    """The name of the local value that holds the object's name."""
    return block_name("source", key)


def source(key: str) -> str:
    """The name of the object that holds a function's code, as the configuration refers to it."""
    return f"${{local.{local_name(key)}}}"


def zip_file(key: str) -> str:
    """Where a function's code lies in the bundle, as Google takes it."""
    return f"functions/{key}.zip"


def local_values(code: Mapping[str, str]) -> dict[str, Json]:
    """The bucket and the objects by themselves, which are there. `code`: the objects' names by key."""
    objects = {local_name(key): name for key, name in sorted(code.items())}
    return {"artifacts": "${var.artifacts}", **objects}


def is_for_own_terraform(path: str) -> bool:
    """Whether Infrastructure Manager has no use for the file of a bundle: its code is uploaded already."""
    return path.startswith("functions/") or path in (SOURCES, OVERRIDE)
