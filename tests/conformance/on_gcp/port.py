"""The tests' Workflows as a deployer of somebody else would bring them: behind the port of an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from conformance.on_gcp.app import Deployed, deploy
from conformance.on_gcp.engine import observed_of_flow
from conformance.on_gcp.gaps import GAPS
from conformance.on_gcp.surroundings import google

from skyloom.conformance.audience import Audience
from skyloom.conformance.capabilities import EVERYTHING
from skyloom.conformance.observed import Observed
from skyloom.flows.ir.program import Program
from skyloom.flows.outcome import Json


class Workflows:
    """The engine."""

    capabilities = EVERYTHING
    exact = False
    gaps = GAPS

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def deployed(self, file: Path, programs: Mapping[str, Program]) -> Iterator[DeployedWorkflows]:
        """Compiles them, and starts their functions."""
        with google(self._folder) as variables:
            deployed = deploy(file, programs, self._folder, variables)
            try:
                yield DeployedWorkflows(deployed)
            finally:
                deployed.close()


class DeployedWorkflows:
    """Flows of a file."""

    def __init__(self, deployed: Deployed) -> None:
        self._deployed = deployed

    def run(self, flow: str, arguments: Mapping[str, Json], audience: Audience) -> Observed:
        """Runs a workflow to its end."""
        return observed_of_flow(flow, arguments, audience, self._deployed)
