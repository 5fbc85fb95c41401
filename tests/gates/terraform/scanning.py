"""What checkov says of Terraform configurations."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from gates.scanners import CHECKOV, Finding
from gates.terraform.hcl import hcl

from skyloom.deployers.gcp.resources.exceptions import accepted

Json = Any


def checkov(configurations: Mapping[str, Json], folder: Path) -> dict[str, set[Finding]]:
    """What checkov says of each configuration, without what is accepted in it. It has seen every resource."""
    if not CHECKOV.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no checkov: run `make .make/checkov`")
    for name, main in configurations.items():
        place = folder / name
        place.mkdir()
        (place / "main.tf").write_text(hcl(main), encoding="utf-8")
    command = [str(CHECKOV), "--framework", "terraform", "--compact", "-o", "json", "-d", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(ran.stdout)
    summary = report["summary"]
    expected = sum(len(blocks) for main in configurations.values() for blocks in main["resource"].values())
    assert (summary["parsing_errors"], summary["resource_count"]) == (0, expected), "checkov reads everything"
    found: dict[str, set[Finding]] = {name: set() for name in configurations}
    for check in report["results"]["failed_checks"]:
        name = Path(check["file_path"]).parent.name
        finding = Finding(check["check_id"], check["resource"])
        type_, _, block = finding.resource.partition(".")
        body = configurations[name]["resource"][type_][block]
        if "//" not in body or finding.rule not in accepted(body):
            found[name].add(finding)
    return found
