"""What policy scanners say of CloudFormation templates. Each takes several at once: they start slowly."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cfnlint import lint  # type: ignore[import-untyped]
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]
from engines.node import PACKAGES, node

ROOT = Path(__file__).parents[2]
CHECKOV = ROOT / ".make/checkov-venv/bin/checkov"

Json = Any


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A rule that a resource breaks. `resource` is its logical id; of cfn-lint it may be empty."""

    rule: str
    resource: str


def cfn_lint(template: Json) -> set[Finding]:
    """What cfn-lint says, errors, warnings and advice."""
    given = ManualArgs(include_checks=["W", "E", "I"], ignore_checks=["I3042", "W3005"])
    matches = lint(json.dumps(template), config=given)
    return {Finding(match.rule.id, _resource(match.path)) for match in matches}


def _resource(path: Sequence[str | int]) -> str:
    return str(path[1]) if len(path) > 1 and path[0] == "Resources" else ""


def checkov(files: Sequence[Path]) -> dict[Path, set[Finding]]:
    """What checkov says of each file; what is skipped in a template counts as said."""
    if not CHECKOV.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no checkov: run `make .make/checkov`")
    command = [str(CHECKOV), "--framework", "cloudformation", "--quiet", "--compact", "-o", "json"]
    given = [argument for file in files for argument in ("-f", str(file))]
    ran = subprocess.run([*command, *given], capture_output=True, text=True, check=False)
    reports = json.loads(ran.stdout)
    found: dict[Path, set[Finding]] = {file: set() for file in files}
    for report in reports if isinstance(reports, list) else [reports]:
        for check in report.get("results", {}).get("failed_checks", []):
            file = next(file for file in files if file.name == Path(check["file_path"]).name)
            found[file].add(Finding(check["check_id"], check["resource"].partition(".")[2]))
    return found


def cdk_nag(files: Sequence[Path], scratch: Path) -> dict[Path, set[Finding]]:
    """What cdk-nag says of each file, without what its template gives a reason for."""
    environment = os.environ | {"NODE_PATH": str(PACKAGES), "NAG_OUT": str(scratch)}
    command = [node(), str(Path(__file__).with_name("nag.js")), *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    found = {}
    for file, line in zip(files, ran.stdout.splitlines(), strict=True):
        excused = _excused(json.loads(file.read_text())["Resources"])
        found[file] = {
            Finding(rule, resource) for rule, resource in json.loads(line) if (rule, resource) not in excused
        }
    return found


def _excused(resources: Mapping[str, Json]) -> set[tuple[str, str]]:
    return {
        (reason["id"], id_)
        for id_, found in resources.items()
        for reason in found.get("Metadata", {}).get("cdk_nag", {}).get("rules_to_suppress", [])
    }
