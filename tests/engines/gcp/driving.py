"""Runs workflows for tests of the engine."""

from __future__ import annotations

import time
from collections.abc import Callable

from engines.gcp.engine import Engine
from engines.gcp.execution import Execution
from engines.gcp.requests import Answer

OK = Answer(200, {"Content-Type": "application/json"}, b"{}")


def run(engine: Engine, source: str, argument: object = None) -> Execution:
    """Runs a workflow to its end."""
    engine.deploy("flow", source)
    return engine.start("flow", argument).wait(20)


def until(holds: Callable[[], object]) -> None:
    """Waits until something holds."""
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)
