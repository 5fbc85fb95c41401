"""Keeps Prefect from handling SIGTERM while a run of Skyloom's is carried, which does so itself.

Prefect's handler raises `TerminationSignal` wherever the main thread happens to be. Within the event loop's own code
nothing catches it: the loop ends in the middle of everything, and the process with a traceback. It is in place from
before a flow run is set to Running until after its end, so putting the own handler back in the flow's body leaves
moments open; it must never be installed. Flow runs that are not Skyloom's keep it.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from prefect import flow_engine

from skyloom.flows.runner.stopping import is_handled

_NAME = "capture_sigterm"
"""What Prefect's engine calls around every flow run. There since Prefect 3.0."""


def leave_sigterm_alone() -> None:
    """From now on, Prefect handles SIGTERM outside of Skyloom's runs only."""
    theirs = getattr(flow_engine, _NAME)
    if getattr(theirs, "leaves_runs_alone", False):
        return

    @contextmanager
    def capture() -> Generator[None, Any, None]:
        if is_handled():
            yield
        else:
            with theirs():
                yield

    capture.leaves_runs_alone = True  # type: ignore[attr-defined]
    setattr(flow_engine, _NAME, capture)
