"""What of a template outlives its deployment: resources with the tag that says so, and what is inside them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from skyloom.deployers.azure.kinds import KEEP_TAG
from skyloom.flows.outcome import Json

KEEPS = "keepData"
"""The output that says whether what holds data outlives the app. Its value stands in the template itself, and is read
from there: a stack that fails, or is half deleted, may have no outputs."""


def keeps(template: Mapping[str, Json]) -> bool:
    """Whether what holds data outlives the app."""
    return (template.get("outputs") or {}).get(KEEPS, {}).get("value") is True


def kept_of(template: Mapping[str, Json]) -> list[int]:
    """The numbers of the resources that are kept, in the order of the template."""
    resources = template.get("resources", [])
    roots = [one for one in resources if str((one.get("tags") or {}).get(KEEP_TAG, "")).lower() == "true"]
    return [
        number for number, one in enumerate(resources) if one in roots or any(_is_inside(one, root) for root in roots)
    ]


def _is_inside(one: Mapping[str, Json], root: Mapping[str, Json]) -> bool:
    """Whether a resource is part of another one: its type and its name begin with those of the other."""
    if not one["type"].lower().startswith(f"{root['type'].lower()}/"):
        return False
    name, start = one["name"], root["name"]
    if not start.startswith("["):
        return bool(name.startswith(f"{start}/") or re.search(rf"'{re.escape(start)}(/|')", name))
    return start[1:-1] in name


def reduced(template: Mapping[str, Json], kept: list[int]) -> dict[str, Json]:
    """The template with the kept resources alone, and without the outputs that speak of what goes.

    They are all there already, so none has to wait for another one, and none may wait for one that goes.
    """
    resources = [template["resources"][number] for number in kept]
    return {
        **template,
        "outputs": {name: output for name, output in (template.get("outputs") or {}).items() if name == KEEPS},
        "resources": [{name: part for name, part in one.items() if name != "dependsOn"} for one in resources],
    }
