"""The code of the service functions on Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers import services_package
from skyloom.deployers.naming import digest
from skyloom.deployers.services_package import starts_of
from skyloom.flows.app import App
from skyloom.flows.frontend.triggers import object_parameter
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Json
from skyloom.flows.triggers import ObjectCreated

ENTRY = "main.py"
_ENTRY = b'''"""The entry of every service function."""

from skyloom.deployers.gcp.services.entry import handler

__all__ = ["handler"]
'''


def service_files(app: App, programs: Mapping[str, Program]) -> Mapping[str, bytes]:
    """The files of the package `services`, by path."""
    starts = {**starts_of(app, programs), **_object_starts(app, programs)}
    beside = ["adapters/google_apis.py", "adapters/web_apis.py", "deployers/gcp/errors.py"]
    files = services_package.service_files("deployers/gcp/services", beside, starts)
    return dict(sorted({**files, ENTRY: _ENTRY}.items()))


def _object_starts(app: App, programs: Mapping[str, Program]) -> dict[str, Json]:
    """What new objects start: notifications of a bucket go to a function, and not to the workflow itself."""
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
    """The key of the function that starts runs for new objects, and the trigger's name in its package."""
    told = (trigger.bucket.name, trigger.prefix, trigger.suffix, trigger.parameter or "")
    return f"start-{trigger.flow.name}-{digest(type(trigger).__name__, *told)}"
