"""The port of a deployer: from an app to what runs in a cloud, and what operators see of it.

    app -> compile -> Bundle -> plan -> Plan -> apply -> Events
                                removal -> Plan -> apply -> Events

A deployer keeps no state of its own: the cloud's own engine (CloudFormation, ARM, Infrastructure Manager) knows what is
deployed. A deploy that was killed is repaired by the same command again: `repair`, then `plan`, then `apply`.

A cloud registers its deployer in the group `skyloom.deployers` under the name of its target; `registry.py` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from skyloom.deployers.bundle import Bundle
from skyloom.deployers.charging import Charges, no_charges
from skyloom.deployers.events import Event
from skyloom.deployers.listing import Listing
from skyloom.deployers.measures import Measure
from skyloom.deployers.plan import Plan
from skyloom.deployers.saving import Saving
from skyloom.errors import Diagnostic, EngineError
from skyloom.flows.app import App, Environment
from skyloom.flows.outcome import ErrorValue, Json
from skyloom.flows.runner.recorded import RecordedRun

RunStatus = Literal["running", "done", "failed", "cancelled"]


class DeployFailed(EngineError):
    """The cloud refused or failed a change. What was deployed before is in place again, unless the text says other."""


# --- what was compiled ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Something of a compiled flow that its author may want to know: a step, or work that went elsewhere.

    Attributes:
        flow: the flow.
        place: `order.py:31`, or empty where it stands for no line.
        what: what the compiler made, in the target's words: `Lambda task`, `Choice`, `helper function`.
        name: its name there.
        why: the reason, where it is not obvious.
        cost: what it costs each time, in the target's own units.
        is_helped: whether it is an expression that the app's helper function evaluates, because the workflow cannot.
        expression: of such an expression its source.
        only_errors: whether it is evaluated there only for values for which it fails: runs that go well call nothing.
    """

    flow: str
    place: str
    what: str
    name: str
    why: str = ""
    cost: str = ""
    is_helped: bool = False
    expression: str = ""
    only_errors: bool = False


def no_sizes(runs: Iterable[RecordedRun]) -> Iterable[Measure]:
    """Nothing is known of values."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """A bundle, and what its making has to say.

    Attributes:
        listings: the definitions of its flows, with the places that their lines come from.
        charges: what runs of its flows are charged for.
        measures: how near it comes to the limits of the cloud.
        sizes: how near its values come to what the cloud carries, by what is declared and by recorded runs; asked for
            only where somebody wants to know.
        savings: what each pass saves; asked for only where somebody wants to know, since it compiles many times.
        flows: how many flows it holds; None: one for each file below `workflows`.
        functions: how many functions; None: one for each folder below `functions`.
    """

    bundle: Bundle
    explanations: tuple[Explanation, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    listings: tuple[Listing, ...] = ()
    charges: Charges = no_charges
    measures: tuple[Measure, ...] = ()
    sizes: Callable[[Iterable[RecordedRun]], Iterable[Measure]] = no_sizes
    savings: Callable[[], Iterable[Saving]] = tuple
    flows: int | None = None
    functions: int | None = None


# --- what is deployed -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A bundle that was deployed. `deployed` in seconds since the epoch; `current`: it is the one that answers."""

    version: str
    deployed: float
    current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStatus:
    """A deployed flow: how many of its newest runs are in which state."""

    flow: str
    id: str
    runs: Mapping[RunStatus, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is deployed of an app in an environment.

    Attributes:
        state: what the cloud's engine says, in words; `ok` tells whether it is as it should be.
        changed: when it last changed, in seconds since the epoch.
        outputs: what the app can be reached by.
        problem: why the last change failed, where it did.
    """

    app: str
    environment: str
    target: str
    place: str
    state: str
    ok: bool
    version: str = ""
    changed: float | None = None
    flows: tuple[FlowStatus, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[Version, ...] = ()
    problem: str = ""


# --- runs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudRun:
    """A run in a cloud. `handle` is the cloud's own id; `url` its page in the cloud's console. `input`, `result` and
    `error` are there when one run is asked for, not in lists."""

    id: str
    flow: str
    app: str
    status: RunStatus
    started: float
    ended: float | None = None
    input: Json = None
    result: Json = None
    error: ErrorValue | None = None
    handle: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudStep:
    """A step of a run as the cloud recorded it: entered, and left or failed.

    Attributes:
        name: what the cloud calls it.
        path: the step's own path, as everywhere (`answer/search[2]`), where the cloud recorded it; empty of what only
            the cloud's workflow has, such as a decision.
    """

    name: str
    kind: str
    started: float
    ended: float | None = None
    error: str = ""
    attempts: int = 1
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line of a log; `source` is the function or flow that wrote it."""

    time: float
    source: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudApproval:
    """A decision that a run waits for."""

    id: str
    run: str
    flow: str
    step: str
    message: str
    show: Json = None
    to: str | None = None
    form: Json = None
    opened: float | None = None
    deadline: float | None = None


class Deployer(Protocol):
    """One app in one environment of one cloud. Making one calls nothing; each method says what it raises."""

    target: str
    resumes: bool
    """Whether the cloud goes on with a run that has failed or was stopped."""

    def __init__(self, app: str, environment: str, settings: Environment) -> None: ...

    def compile(self, app: App) -> Compiled:
        """Everything that a deploy needs. Calls no cloud. Raises CheckFailed and ConfigError."""

    # --- changing what is deployed ---

    def repair(self) -> Iterator[Event]:
        """Brings what a killed or failed deploy left behind to where a plan can be made: waits for a change that is
        under way, takes back one that is stuck. Says nothing where all is well."""

    def plan(self, bundle: Bundle) -> Plan:
        """What `apply` would change. Changes nothing itself.

        Raises:
            UserError: SKY644, a change is under way; SKY645, an earlier one is stuck (`repair`).
            DeployFailed: the cloud refuses the bundle.
        """

    def plan_rollback(self, version: str | None) -> Plan:
        """What going back to a version would change; by default to the one before the current one. Raises as `plan`,
        and UserError (SKY648) where there is no such version."""

    def removal(self, *, delete_data: bool) -> Plan:
        """What destroying the app would delete."""

    def apply(self, plan: Plan) -> Iterator[Event]:
        """Does what the plan says. Raises DeployFailed; what was deployed before then answers as before."""

    def discard(self, plan: Plan) -> None:
        """Forgets a plan that is not wanted."""

    # --- operating it ---

    def status(self) -> Status:
        """What is deployed. Raises UserError (SKY643) where nothing is; so do all methods below."""

    def start(self, flow: str, arguments: Mapping[str, Json], run: str | None = None) -> CloudRun:
        """Starts a run of a deployed flow, under the given id where it is free."""

    def run(self, run_id: str) -> CloudRun:
        """A run by its id or the beginning of it. Raises UserError (SKY646)."""

    def runs(self, limit: int) -> Sequence[CloudRun]:
        """The newest runs, newest first."""

    def steps(self, run: CloudRun) -> Sequence[CloudStep]:
        """What the run did, in order."""

    def follow(self, run: CloudRun) -> Iterator[CloudStep | CloudRun]:
        """Steps as they begin and end; the run itself when it has ended."""

    def cancel(self, run: CloudRun) -> None:
        """Stops a run where it stands."""

    def resume(self, run: CloudRun) -> CloudRun:
        """Goes on with a run that failed, at the step that failed."""

    def logs(self, run: CloudRun | None, since: float) -> Sequence[LogLine]:
        """Lines of a run, or of the whole app, since a time in seconds since the epoch; oldest first."""

    def send(self, event: str, payload: Json, *, key: str | None, run: str | None) -> str:
        """Sends an event to the runs that wait for it, and to the flows that it starts, and says where it went; with
        `run`, to that run's waits only. Raises UserError (SKY624) where nothing of the app takes events."""

    def approvals(self) -> Sequence[CloudApproval]:
        """The open approvals, oldest first."""

    def decide(self, approval_id: str, *, approved: bool, comment: str, by: str, form: Json) -> str:
        """Decides an approval, and says what came of it. Raises InvalidInput where the form does not fit."""
