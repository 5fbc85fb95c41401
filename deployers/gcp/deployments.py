"""Deployments of Infrastructure Manager: what state one is in, what happens in it, and how a change of it ends.

A change that fails leaves everything as far as it came: nothing is taken back by itself.
https://cloud.google.com/infrastructure-manager/docs/troubleshoot-deployments
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skyloom.deployers.events import Changed, Event
from skyloom.deployers.gcp.client import Google, code
from skyloom.deployers.gcp.naming import named
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from google.cloud.config_v1 import Deployment

_BUSY = ("CREATING", "UPDATING", "DELETING")
_ACTIONS: Mapping[str, Action] = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "RECREATE": "replace"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """A deployment at a moment.

    Attributes:
        status: the state's name in Infrastructure Manager.
        digest: the bundle that was applied last and without an error; empty where there is none.
        applied: the revision that applied it; `latest` the newest revision, whatever became of it.
        changed: seconds since the epoch.
    """

    name: str
    status: str
    reason: str = ""
    changed: float
    digest: str = ""
    applied: str = ""
    latest: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    locked: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether a change is under way."""
        return self.status in _BUSY

    @property
    def is_well(self) -> bool:
        """Whether the last change that was asked for is in place."""
        return self.status == "ACTIVE" and self.latest == self.applied

    @property
    def words(self) -> str:
        """The state for people."""
        return self.status.lower() + (", locked" if self.locked else "")


def find(google: Google, deployment: str) -> DeploymentState | None:
    """The deployment of that id; None where there is none."""
    try:
        found = google.config.get_deployment(name=f"{google.location}/deployments/{deployment}")
    except google.refused as error:
        if code(error) == 404:
            return None
        raise
    return _state(google, found)


def _state(google: Google, found: Deployment) -> DeploymentState:
    revisions = sorted(google.config.list_revisions(parent=found.name), key=lambda one: _number(one.name), reverse=True)
    applied = next((one for one in revisions if one.state.name == "APPLIED" and one.action.name != "DELETE"), None)
    failures = _errors(found.tf_errors) or _errors(revisions[0].tf_errors if revisions else ())
    return DeploymentState(
        name=found.name,
        status=found.state.name,
        reason="; ".join(text for _, text in failures) or found.state_detail,
        changed=(found.update_time or found.create_time).timestamp(),
        digest="" if applied is None else digest_of(applied.terraform_blueprint.gcs_source),
        applied="" if applied is None else applied.name,
        latest=found.latest_revision,
        outputs={} if applied is None else _outputs(applied.apply_results.outputs),
        locked=found.lock_state.name not in ("UNLOCKED", "LOCK_STATE_UNSPECIFIED"),
    )


def _number(revision: str) -> int:
    """The number in `.../revisions/r-3`."""
    digits = revision.rpartition("-")[2]
    return int(digits) if digits.isdigit() else -1


def _outputs(outputs: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(output.value) for name, output in outputs.items() if not output.sensitive}


def _errors(errors: Iterable[Any]) -> list[tuple[str, str]]:
    """What Terraform failed at: addresses and descriptions."""
    return [(one.resource_address, one.error_description.strip().removeprefix("Error: ")) for one in errors]


# --- blueprints -----------------------------------------------------------------------------------------------------


def blueprint(google: Google, bucket: str, folder: str) -> dict[str, Any]:
    """The configuration in a folder of the bucket, with the values of its variables."""
    values = {"project": google.project, "region": google.region, "artifacts": bucket}
    return {
        "gcs_source": f"gs://{bucket}/{folder.rstrip('/')}",
        "input_values": {name: {"input_value": value} for name, value in values.items()},
    }


def digest_of(source: str) -> str:
    """The bundle whose configuration lies in that folder; empty where it is none of Skyloom's."""
    path, _, digest = source.partition("#")[0].rstrip("/").rpartition("/")
    return digest if path.endswith("/blueprints") else ""


# --- changing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ended:
    """How a change ended, and why resources failed: their names for people with the reasons."""

    state: DeploymentState | None
    reasons: tuple[str, ...]


def follow(
    google: Google, deployment: str, mains: Iterable[Mapping[str, Json]], *, since: str = "", undoing: bool = False
) -> Generator[Event, None, Ended]:
    """Tells what happens in the deployment until its change has ended.

    Args:
        mains: the configurations that name its resources; the first that has one counts.
        since: the newest revision before the change; what happened in it is not told.
    """
    name, known = f"{google.location}/deployments/{deployment}", _Known([*mains], undoing)
    for _ in pauses():
        try:
            found = google.config.get_deployment(name=name)
        except google.refused as error:
            if code(error) != 404:
                raise
            yield from known.gone()
            return Ended(None, ())
        busy = found.state.name in _BUSY
        if found.latest_revision != since:
            yield from known.seen(_resources(google, found.latest_revision))
        if not busy:
            break
    state = _state(google, found)
    failures = _failures(google, found)
    yield from known.failed(failures)
    return Ended(state, tuple(_told(address, text, known.mains) for address, text in failures))


def _failures(google: Google, found: Deployment) -> list[tuple[str, str]]:
    if found.state.name != "FAILED":
        return []
    failures = _errors(found.tf_errors)
    if not failures and found.latest_revision:
        revision = google.config.get_revision(name=found.latest_revision)
        failures = _errors(revision.tf_errors) or [("", revision.state_detail)]
    return failures or [("", found.state_detail)]


def _told(address: str, text: str, mains: Iterable[Mapping[str, Json]]) -> str:
    if not address:
        return text
    it = _named(address, mains)
    return f"{it.kind} {it.name}: {text}"


def _named(address: str, mains: Iterable[Mapping[str, Json]]) -> Any:
    type_, _, name = address.rpartition(".")
    having = [main for main in mains if name in main.get("resource", {}).get(type_, {})]
    return named(address, type_, having[0] if having else {})


def _resources(google: Google, revision: str) -> list[Any]:
    if not revision:
        return []
    try:
        return [*google.config.list_resources(parent=revision)]
    except google.refused as error:
        if code(error) == 404:
            return []
        raise


class _Known:
    """What was told of each resource."""

    def __init__(self, mains: list[Mapping[str, Json]], undoing: bool) -> None:
        self.mains, self._undoing = mains, undoing
        self._told: dict[str, tuple[Action, str]] = {}

    def seen(self, resources: Iterable[Any]) -> Iterator[Event]:
        """Tells what is new in the states of resources."""
        for resource in resources:
            action = _ACTIONS.get(resource.intent.name)
            if action is None:
                continue
            state, address = resource.state.name, resource.terraform_info.address
            self._told.setdefault(address, (action, ""))
            if state in ("IN_PROGRESS", "RECONCILED", "FAILED"):
                yield from self._tell(address, action, "started")
            if state == "RECONCILED":
                yield from self._tell(address, action, "done")

    def _tell(self, address: str, action: Action, state: Any, reason: str = "") -> Iterator[Event]:
        before = self._told.get(address, (action, ""))[1]
        if before == state or before in ("done", "failed"):
            return
        self._told[address] = (action, state)
        it = _named(address, self.mains)
        yield Changed(action=action, kind=it.kind, name=it.name, state=state, reason=reason, undoing=self._undoing)

    def failed(self, failures: Iterable[tuple[str, str]]) -> Iterator[Event]:
        """Tells what failed."""
        for address, text in failures:
            if address:
                action = self._told.get(address, ("update", ""))[0]
                yield from self._tell(address, action, "failed", text)

    def gone(self) -> Iterator[Event]:
        """The deployment is gone, and with it everything that was to be deleted."""
        for address, (action, _) in [*self._told.items()]:
            yield from self._tell(address, action, "done")
