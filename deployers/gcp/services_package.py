"""The code of the service functions on Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers import services_package
from skyloom.deployers.services_package import object_starts, starts_of
from skyloom.flows.app import App
from skyloom.flows.ir.program import Program

ENTRY = "main.py"
_ENTRY = b'''"""The entry of every service function."""

from skyloom.deployers.gcp.services.entry import handler

__all__ = ["handler"]
'''


def service_files(app: App, programs: Mapping[str, Program]) -> Mapping[str, bytes]:
    """The files of the package `services`, by path."""
    starts = {**starts_of(app, programs), **object_starts(app, programs)}
    beside = ["adapters/google_apis.py", "adapters/web_apis.py", "deployers/gcp/errors.py"]
    files = services_package.service_files("deployers/gcp/services", beside, starts)
    return dict(sorted({**files, ENTRY: _ENTRY}.items()))
