"""Deploying to a cloud of the tests as the commands do it: the same for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from skyloom.deployers.base import CloudRun
from skyloom.deployers.bundle import Bundle
from skyloom.deployers.cloud_deployer import CloudDeployer
from skyloom.deployers.events import Event, Finished
from skyloom.errors import UserError
from skyloom.flows.app import Environment

APP, ENVIRONMENT = "shop", "dev"
"""Of the small apps."""
Made = TypeVar("Made", bound="CloudDeployer[Any, Any]")


class Deploys(Generic[Made]):
    """What is done with deployers of one class."""

    def __init__(self, make: Callable[[str, str, Environment], Made]) -> None:
        self._make = make

    def deployer(self, app: str = APP, environment: str = ENVIRONMENT, **settings: Any) -> Made:
        """A deployer that knows nothing yet, as a new process has it."""
        return self._make(app, environment, Environment(**settings))

    def deploy(self, bundle: Bundle) -> tuple[list[Event], Finished]:
        """Does what `skyloom deploy` does: what happened, and how it ended."""
        made = self.deployer(bundle.app, bundle.environment)
        events = list(made.repair())
        events += made.apply(made.plan(bundle))
        ended = events[-1]
        assert isinstance(ended, Finished)
        return events, ended

    def destroy(self, *, delete_data: bool = False) -> list[Event]:
        """Does what `skyloom destroy` does."""
        made = self.deployer()
        return list(made.apply(made.removal(delete_data=delete_data)))

    def ask(self, flow: str = "quote") -> Any:
        """The result of a run of the small app's flow."""
        run = self.ended(self.deployer().start(flow, {"item": "lamp"}))
        assert run.status == "done", run.error
        return run.result

    def ended(self, run: CloudRun, seconds: float = 60) -> CloudRun:
        """The run, when it has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.deployer().run(run.id)
            if found.status != "running":
                return found
            time.sleep(0.05)
        raise AssertionError(f"{run.id} has not ended")


def as_text(events: Iterable[Event]) -> str:
    """Events for people who read a failed test."""
    return "\n".join(map(str, events))


def code_of(error: UserError) -> str:
    """The code of what a user is told."""
    return error.diagnostics[0].code
