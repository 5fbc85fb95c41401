"""Brings a deployment to where a change can begin, whatever a killed deploy or destroy left behind."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Event, Said
from skyloom.deployers.gcp import deployments, previews, statefiles
from skyloom.deployers.gcp.artifacts import Artifacts
from skyloom.deployers.gcp.client import Google
from skyloom.deployers.gcp.deployments import DeploymentState
from skyloom.deployers.gcp.naming import parsed

LOCK_NOTE = "lock"
"""The object that says that a lock of the deployment is Skyloom's own: a lock itself does not tell who took it."""


@dataclass(frozen=True, slots=True)
class Settling:
    """What is settled."""

    google: Google
    deployment: str
    artifacts: Artifacts

    def settle(self) -> Generator[Event, None, DeploymentState | None]:
        """Waits for a change that is under way, releases a lock that a killed destroy has left, removes plans that
        nobody applied. Gives the deployment as it then is; None where there is none.

        Raises:
            DeployFailed: somebody else has locked the deployment.
        """
        state = deployments.find(self.google, self.deployment)
        while state is not None and state.is_busy:
            yield Said(f"a change of {self.deployment} is under way ({state.words}); waiting for its end")
            main = self.artifacts.main_file(state.digest) if state.digest else None
            mains = [] if main is None else [parsed(main)]
            yield from deployments.follow(self.google, self.deployment, mains)
            state = deployments.find(self.google, self.deployment)
        if state is not None and state.locked:
            self._unlock()
            yield Said("released the lock that an interrupted destroy has left")
            state = deployments.find(self.google, self.deployment)
        if previews.delete_stale(self.google, self.deployment):
            yield Said("removed a plan that nobody applied")
        return state

    def _unlock(self) -> None:
        if self.artifacts.missing([self._note]):
            raise DeployFailed(
                f"somebody has locked {self.deployment}; `gcloud infra-manager deployments unlock` releases it"
            )
        statefiles.unlock(self.google, self.deployment)
        self.artifacts.delete(self._note)

    def forget(self, addresses: list[str]) -> None:
        """Takes resources out of Terraform's state, under a lock that is known as Skyloom's own."""
        self.artifacts.put(self._note, b"")
        statefiles.forget(self.google, self.deployment, addresses)
        self.artifacts.delete(self._note)

    @property
    def _note(self) -> str:
        return f"{self.artifacts.prefix}{LOCK_NOTE}"
