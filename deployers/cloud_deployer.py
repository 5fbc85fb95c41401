"""What the deployers of all clouds do alike: each command is passed on to the module of the cloud that carries it out,
and what the cloud's libraries raise becomes, once and here, an error that tells people what to do.

A cloud names its parts: what changes a deployment, what destroys it, its runs and its approvals.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, TypeVar

from skyloom.deployers.base import CloudApproval, CloudRun, CloudStep, Compiled, FlowStatus, LogLine, Status, Version
from skyloom.deployers.bundle import SHOWN_DIGITS, Bundle
from skyloom.deployers.events import Event
from skyloom.deployers.plan import Plan
from skyloom.deployers.releases import Release
from skyloom.flows.app import App, Environment
from skyloom.flows.outcome import Json

COUNTED = 100
"""How many of a flow's newest runs `status` counts."""

Wanted = TypeVar("Wanted")
"""What is to be deployed, as a cloud's plans carry it."""
Removal = TypeVar("Removal")
"""What is to be deleted, as a cloud's plans carry it."""
_Gone = TypeVar("_Gone", contravariant=True)


# --- the parts of a cloud -------------------------------------------------------------------------------------------


class Changing(Protocol[Wanted]):
    """Plans and applies what is to be deployed."""

    def plan(self, wanted: Wanted) -> Plan: ...
    def apply(self, plan: Plan, wanted: Wanted) -> Iterator[Event]: ...
    def earlier(self, version: str | None) -> Wanted: ...


class Removing(Protocol[_Gone]):
    """Plans and carries out that everything goes."""

    def plan(self, *, delete_data: bool) -> Plan: ...
    def apply(self, removal: _Gone) -> Iterator[Event]: ...


class Runs(Protocol):
    """The runs of what is deployed; as in `Deployer`."""

    def start(self, flow: str, arguments: Mapping[str, Json], run: str | None = None) -> CloudRun: ...
    def run(self, run_id: str) -> CloudRun: ...
    def runs(self, limit: int) -> Sequence[CloudRun]: ...
    def steps(self, run: CloudRun) -> Sequence[CloudStep]: ...
    def follow(self, run: CloudRun) -> Iterator[CloudStep | CloudRun]: ...
    def cancel(self, run: CloudRun) -> None: ...
    def resume(self, run: CloudRun) -> CloudRun: ...


class Approvals(Protocol):
    """The open approvals of what is deployed; as in `Deployer`."""

    def open(self) -> Sequence[CloudApproval]: ...
    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is deployed, at a moment; the fields as in `Status`. `digest` is that of the bundle that answers."""

    words: str
    is_well: bool
    is_busy: bool
    digest: str
    reason: str = ""
    changed: float | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlowRuns:
    """A deployed flow, what the cloud calls it, and its newest runs."""

    flow: str
    id: str
    runs: Iterable[CloudRun]


# --- the deployer ---------------------------------------------------------------------------------------------------


class CloudDeployer(ABC, Generic[Wanted, Removal]):
    """One app in one environment of one cloud; a `Deployer` when a cloud has named its parts."""

    target: ClassVar[str]
    resumes: ClassVar[bool]
    _wanted_type: type[Wanted]
    _removal_type: type[Removal]

    def __init__(self, app: str, environment: str, settings: Environment) -> None:
        self._app, self._environment, self._settings = app, environment, settings

    @abstractmethod
    def compile(self, app: App) -> Compiled:
        """As `Deployer.compile`."""

    # --- changing what is deployed ---

    def repair(self) -> Iterator[Event]:
        with self._translated():
            yield from self._settle()

    def plan(self, bundle: Bundle) -> Plan:
        with self._translated():
            return self._deployment.plan(self._wanted(bundle))

    def plan_rollback(self, version: str | None) -> Plan:
        with self._translated():
            return self._deployment.plan(self._deployment.earlier(version))

    def removal(self, *, delete_data: bool) -> Plan:
        with self._translated():
            return self._remover.plan(delete_data=delete_data)

    def apply(self, plan: Plan) -> Iterator[Event]:
        with self._translated():
            if isinstance(plan.handle, self._wanted_type):
                yield from self._deployment.apply(plan, plan.handle)
            else:
                assert isinstance(plan.handle, self._removal_type), "the plan is another deployer's"
                yield from self._remover.apply(plan.handle)

    @abstractmethod
    def discard(self, plan: Plan) -> None:
        """As `Deployer.discard`."""

    # --- operating it ---

    def status(self) -> Status:
        with self._translated():
            standing, releases = self._standing(), self._releases()
            return Status(
                app=self._app,
                environment=self._environment,
                target=self.target,
                place=self._place,
                state=standing.words,
                ok=standing.is_well,
                version=standing.digest[:SHOWN_DIGITS],
                changed=standing.changed,
                flows=tuple(
                    FlowStatus(flow=one.flow, id=one.id, runs=Counter(run.status for run in one.runs))
                    for one in self._flows()
                ),
                outputs=standing.outputs,
                versions=tuple(
                    Version(version=one.version, deployed=one.deployed, current=one.digest == standing.digest)
                    for one in releases
                ),
                problem="" if standing.is_well or standing.is_busy else standing.reason,
            )

    def start(self, flow: str, arguments: Mapping[str, Json], run: str | None = None) -> CloudRun:
        with self._translated():
            return self._executions.start(flow, arguments, run)

    def run(self, run_id: str) -> CloudRun:
        with self._translated():
            return self._executions.run(run_id)

    def runs(self, limit: int) -> Sequence[CloudRun]:
        with self._translated():
            return self._executions.runs(limit)

    def steps(self, run: CloudRun) -> Sequence[CloudStep]:
        with self._translated():
            return self._executions.steps(run)

    def follow(self, run: CloudRun) -> Iterator[CloudStep | CloudRun]:
        with self._translated():
            yield from self._executions.follow(run)

    def cancel(self, run: CloudRun) -> None:
        with self._translated():
            self._executions.cancel(run)

    def resume(self, run: CloudRun) -> CloudRun:
        with self._translated():
            return self._executions.resume(run)

    def logs(self, run: CloudRun | None, since: float) -> Sequence[LogLine]:
        with self._translated():
            return self._lines(None if run is None else run.id, since)

    def send(self, event: str, payload: Json, *, key: str | None, run: str | None) -> str:
        with self._translated():
            return self._sent(event, {"payload": payload, "key": key, "run": run})

    def approvals(self) -> Sequence[CloudApproval]:
        with self._translated():
            return self._decisions.open()

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        with self._translated():
            return self._decisions.decide(approval_id, approved=approved, comment=comment, by=by, form=form)

    # --- what a cloud names ---

    @abstractmethod
    def _translated(self) -> AbstractContextManager[None]:
        """Turns what the cloud's libraries raise inside into errors for people."""

    @abstractmethod
    def _wanted(self, bundle: Bundle) -> Wanted: ...

    @abstractmethod
    def _settle(self) -> Iterator[Event]:
        """As `Deployer.repair`."""

    @abstractmethod
    def _standing(self) -> Standing: ...

    @abstractmethod
    def _releases(self) -> Sequence[Release]:
        """What can be gone back to, newest first."""

    @abstractmethod
    def _flows(self) -> Iterator[FlowRuns]: ...

    @abstractmethod
    def _lines(self, run: str | None, since: float) -> Sequence[LogLine]: ...

    @abstractmethod
    def _sent(self, event: str, detail: Mapping[str, Json]) -> str: ...

    @property
    @abstractmethod
    def _place(self) -> str:
        """Where this is, for people."""

    @property
    @abstractmethod
    def _deployment(self) -> Changing[Wanted]: ...

    @property
    @abstractmethod
    def _remover(self) -> Removing[Removal]: ...

    @property
    @abstractmethod
    def _executions(self) -> Runs: ...

    @property
    @abstractmethod
    def _decisions(self) -> Approvals: ...
