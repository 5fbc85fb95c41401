"""Deploying to the tests' Azure subscription, and looking at what is there."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from clouds.azure_small_app import APP, ENVIRONMENT

from skyloom.deployers.azure.deployer import AzureDeployer
from skyloom.deployers.base import CloudRun
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.events import Event, Finished
from skyloom.flows.app import Environment


def deployer(app: str = APP, environment: str = ENVIRONMENT, **settings: Any) -> AzureDeployer:
    """A deployer that knows nothing yet, as a new process has it."""
    return AzureDeployer(app, environment, Environment(**settings))


def deploy(bundle: Bundle) -> tuple[list[Event], Finished]:
    """Does what `skyloom deploy` does: what happened, and how it ended."""
    made = deployer(bundle.app, bundle.environment)
    events = list(made.repair())
    events += made.apply(made.plan(bundle))
    ended = events[-1]
    assert isinstance(ended, Finished)
    return events, ended


def destroy(*, delete_data: bool = False) -> list[Event]:
    """Does what `skyloom destroy` does."""
    made = deployer()
    return list(made.apply(made.removal(delete_data=delete_data)))


def ask(flow: str = "quote") -> Any:
    """The result of a run of the small app's flow."""
    run = ended(deployer().start(flow, {"item": "lamp"}))
    assert run.status == "done", run.error
    return run.result


def ended(run: CloudRun, seconds: float = 60) -> CloudRun:
    """The run, when it has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = deployer().run(run.id)
        if found.status != "running":
            return found
        time.sleep(0.05)
    raise AssertionError(f"{run.id} has not ended")


def as_text(events: Iterable[Event]) -> str:
    """Events for people who read a failed test."""
    return "\n".join(map(str, events))
