"""What is deployed of an app: its deployment, and the workflows and logs in it by the names that people know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from skyloom.deployers.gcp.client import Google
from skyloom.deployers.gcp.deployments import DeploymentState

FLOWS, LOGS = "flows", "logs"
"""Outputs that are meant for Skyloom: names of workflows by flow, and of what writes logs."""
BUCKET, TOPIC = "bucket", "topic"


def shown(outputs: Mapping[str, str]) -> dict[str, str]:
    """The outputs that are meant for people."""
    return {name: value for name, value in outputs.items() if value and name not in (FLOWS, LOGS)}


@dataclass(frozen=True, slots=True)
class Workflow:
    """A deployed flow. `path` is the workflow's full name."""

    flow: str
    path: str

    def execution(self, run: str) -> str:
        """The full name of an execution of it."""
        return f"{self.path}/executions/{run}"


class Deployed:
    """A deployment that is there."""

    def __init__(self, google: Google, state: DeploymentState) -> None:
        self._google = google
        self.state = state

    @cached_property
    def workflows(self) -> dict[str, Workflow]:
        """The workflows by the names of their flows."""
        found = self._named(FLOWS)
        place = self._google.location
        return {
            flow: Workflow(flow, f"{place}/workflows/{name.rpartition('/')[2]}") for flow, name in sorted(found.items())
        }

    @cached_property
    def logs(self) -> dict[str, str]:
        """What writes a log, by the name of the Cloud Run service or workflow."""
        return self._named(LOGS)

    @property
    def shown(self) -> Mapping[str, str]:
        """The outputs that are meant for people."""
        return shown(self.state.outputs)

    @property
    def bucket(self) -> str | None:
        """The app's own bucket, in which waits are written down."""
        return self.state.outputs.get(BUCKET) or None

    @property
    def topic(self) -> str | None:
        """The full name of the topic of the app's events; None where none of its flows takes or emits any."""
        return self.state.outputs.get(TOPIC) or None

    def _named(self, output: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.state.outputs.get(output) or "{}")
        return found
