"""What checkov says of ARM templates."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gates.arm.names import plain_name
from gates.scanners import CHECKOV, Finding

from skyloom.deployers.azure.resources.exceptions import accepted

Json = Any


@dataclass(frozen=True, slots=True)
class Scanned:
    """What checkov says.

    Attributes:
        found: by template, without what is accepted in it.
        excused: the rules whose findings are accepted somewhere.
    """

    found: Mapping[str, set[Finding]]
    excused: frozenset[str]


def checkov(templates: Mapping[str, Json], folder: Path) -> Scanned:
    """What checkov says of each template. It has seen every resource."""
    if not CHECKOV.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no checkov: run `make .make/checkov`")
    read = {name: _named(template) for name, template in templates.items()}
    for name, template in read.items():
        (folder / f"{name}.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
    command = [str(CHECKOV), "--framework", "arm", "--compact", "-o", "json", "-d", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(ran.stdout)
    summary = report["summary"]
    expected = sum(len(template["resources"]) for template in read.values())
    assert (summary["parsing_errors"], summary["resource_count"]) == (0, expected), "checkov reads everything"
    found: dict[str, set[Finding]] = {name: set() for name in templates}
    excused: set[str] = set()
    for check in report["results"]["failed_checks"]:
        name = Path(check["file_path"]).stem
        resource = at(read[name])[check["resource"]]
        if check["check_id"] in accepted(resource):
            excused.add(check["check_id"])
        else:
            found[name].add(Finding(check["check_id"], check["resource"]))
    return Scanned(found, frozenset(excused))


def at(template: Json) -> dict[str, Json]:
    """The resources of a template by type and name: `Microsoft.Web/sites.shop-dev-0123456789abc`."""
    return {address(template, made): made for made in template["resources"]}


def address(template: Json, made: Json) -> str:
    """The type and the name of a resource."""
    return f"{made['type']}.{plain_name(template, made['name'])}"


def _named(template: Json) -> Json:
    """The template with plain names: checkov does not evaluate all that they are made with."""
    resources = [{**made, "name": plain_name(template, made["name"])} for made in template["resources"]]
    return {**template, "variables": {}, "resources": resources}
