"""The code of service functions, as a tree of files: the modules that they are made of, and what triggers start."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from skyloom.deployers.bundle import json_bytes
from skyloom.deployers.modules import imports_of
from skyloom.deployers.naming import digest
from skyloom.flows.app import App
from skyloom.flows.frontend.source import SourceFile
from skyloom.flows.frontend.triggers import object_parameter
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Json
from skyloom.flows.triggers import Http, ObjectCreated, OnEvent, QueueMessage

_PACKAGE = Path(__file__).parents[1]
"""The folder of the package `skyloom`."""
_SHARED = "deployers/services"
_SHARED_NAME = "skyloom.deployers.services"
_BESIDE = (
    "adapters/hosts/claims.py",
    "deployers/errors.py",
    "errors.py",
    "flows/moments.py",
    "flows/outcome.py",
    "flows/whole_numbers.py",
)
"""Modules outside `services/` that the services import."""


def service_files(cloud: str, beside: Collection[str], starts: Mapping[str, Json]) -> Mapping[str, bytes]:
    """The files of the package `services`, by path.

    Args:
        cloud: the folder of the cloud's own services, such as `deployers/aws/services`. Of the shared ones come along
            those that they import.
        beside: modules outside it that those import, besides the shared ones.
        starts: what triggers start (`starts_of`).
    """
    own = sorted((_PACKAGE / cloud).glob("*.py"))
    services = [*_needed(own), *own]
    sources = [_PACKAGE / path for path in (*_BESIDE, *beside)] + services
    files = {f"skyloom/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes() for path in sources}
    # The packages themselves are empty: what theirs import and say is not needed here.
    packages = {parent.as_posix() for path in files for parent in Path(path).parents if parent.parts}
    empty = {f"{folder}/__init__.py": b"" for folder in packages}
    return dict(sorted({**files, **empty, f"skyloom/{_SHARED}/starts.json": json_bytes(dict(starts))}.items()))


def _needed(own: Collection[Path]) -> list[Path]:
    """The shared modules to which a cloud's own services come, by path."""
    shared = {f"{_SHARED_NAME}.{path.stem}": path for path in (_PACKAGE / _SHARED).glob("*.py")}
    needed: set[Path] = set()
    ahead = list(own)
    while ahead:
        for imported in imports_of(SourceFile.read(ahead.pop()).tree, "", is_package=False):
            path = shared.get(imported.parent) or shared.get(imported.name)
            if path is not None and path not in needed:
                needed.add(path)
                ahead.append(path)
    return sorted(needed)


def starts_of(app: App, programs: Mapping[str, Program], at_once: Collection[str] = ()) -> dict[str, Json]:
    """What `starts.json` says (`skyloom.deployers.services.starting`).

    Args:
        at_once: the flows whose runs are over so soon that who starts one by HTTP waits for its end.
    """
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
            "at_once": flow in at_once,
        }
    return found


def start_key(trigger: QueueMessage | OnEvent) -> str:
    """The key of the function that starts runs for a trigger, and the trigger's name in its package."""
    source = trigger.queue.name if isinstance(trigger, QueueMessage) else trigger.event
    return f"start-{trigger.flow.name}-{digest(type(trigger).__name__, source, trigger.parameter or '')}"


def object_starts(app: App, programs: Mapping[str, Program]) -> dict[str, Json]:
    """What new objects start where a function of Skyloom is told of them, and not the workflow itself."""
    found: dict[str, Json] = {}
    for trigger in app.triggers:
        if isinstance(trigger, ObjectCreated):
            flow = programs[trigger.flow.name].flow
            found[object_start_key(trigger)] = {
                "flow": trigger.flow.name,
                "schema": flow.input_schema,
                "parameter": object_parameter(trigger, flow),
                "at_once": False,
            }
    return found


def object_start_key(trigger: ObjectCreated) -> str:
    """The key of what starts runs for new objects, and the trigger's name in its package."""
    told = (trigger.bucket.name, trigger.prefix, trigger.suffix, trigger.parameter or "")
    return f"start-{trigger.flow.name}-{digest(type(trigger).__name__, *told)}"
