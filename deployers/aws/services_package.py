"""The code of the service functions, as a tree of files: the modules that they are made of, and what triggers start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from skyloom.deployers.aws.machine.output import Workflow
from skyloom.deployers.aws.resources.triggers import start_key
from skyloom.deployers.bundle import json_bytes
from skyloom.flows.app import App
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Json
from skyloom.flows.triggers import Http, OnEvent, QueueMessage

_PACKAGE = Path(__file__).parents[2]
"""The folder of the package `skyloom`."""
_BESIDE = ("adapters/hosts/claims.py", "deployers/aws/errors.py", "errors.py", "flows/outcome.py")
"""Modules outside `services/` that the services import."""


def service_files(app: App, programs: Mapping[str, Program], workflows: tuple[Workflow, ...]) -> Mapping[str, bytes]:
    """The files of the package `services`, by path."""
    services = sorted((_PACKAGE / "deployers/aws/services").glob("*.py"))
    sources = [_PACKAGE / path for path in _BESIDE] + services
    files = {f"skyloom/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes() for path in sources}
    # The packages themselves are empty: what theirs import and say is not needed here.
    folders = {parent.as_posix() for path in files for parent in Path(path).parents if parent.parts}
    empty = {f"{folder}/__init__.py": b"" for folder in folders}
    starts = json_bytes(starts_of(app, programs, workflows))
    return dict(sorted({**files, **empty, "skyloom/deployers/aws/services/starts.json": starts}.items()))


def starts_of(app: App, programs: Mapping[str, Program], workflows: tuple[Workflow, ...]) -> dict[str, Json]:
    """What `starts.json` says: see `skyloom.deployers.aws.services.starting`."""
    express = {workflow.flow for workflow in workflows if workflow.kind == "EXPRESS"}
    found: dict[str, Json] = {}
    for trigger in app.triggers:
        match trigger:
            case Http(path=path):
                name = f"POST {path}"
            case QueueMessage() | OnEvent():
                name = start_key(trigger)
            case _:
                continue
        flow = trigger.flow.name
        found[name] = {
            "flow": flow,
            "schema": programs[flow].flow.input_schema,
            "parameter": trigger.parameter,
            "express": flow in express,
        }
    return found
