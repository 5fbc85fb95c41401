"""Regions: what their names look like, and what is said of one that there is not."""

from __future__ import annotations

import re

REGION_HINT = "regions are called like `europe-west3`; `gcloud infra-manager locations list` lists those to deploy in"
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")


def is_region(name: str) -> bool:
    """Whether a region could be called so: no zone (`europe-west3-a`), no continent (`eu`)."""
    return _REGION.fullmatch(name) is not None


def no_region(name: str) -> str:
    """The message that there is none of that name."""
    return f"{name} is no region of Google Cloud"
