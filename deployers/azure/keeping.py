"""What of a template outlives its deployment: resources with the tag that says so, and what is inside them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from skyloom.deployers.azure.kinds import KEEP_TAG
from skyloom.flows.outcome import Json


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
    """The template with the kept resources alone, and without outputs: those speak of what goes.

    They are all there already, so none has to wait for another one, and none may wait for one that goes.
    """
    resources = [template["resources"][number] for number in kept]
    return {
        **{name: part for name, part in template.items() if name != "outputs"},
        "resources": [{name: part for name, part in one.items() if name != "dependsOn"} for one in resources],
    }
