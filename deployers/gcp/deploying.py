"""Plans and applies what is to be deployed, through deployments of Infrastructure Manager.

Infrastructure Manager takes nothing back. A deploy that fails is taken back here: the version before is applied again,
or what a first deploy has made is deleted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import SHOWN_DIGITS, Bundle
from skyloom.deployers.events import Event, Finished, Said
from skyloom.deployers.gcp import deployments, previews
from skyloom.deployers.gcp.artifacts import Artifacts, Upload, configuration, uploads
from skyloom.deployers.gcp.client import PLACE, Google, code
from skyloom.deployers.gcp.deployed import shown
from skyloom.deployers.gcp.deployments import DeploymentState, Ended
from skyloom.deployers.gcp.naming import APP_LABEL, ENVIRONMENT_LABEL, addresses, deployment_id, named, parsed
from skyloom.deployers.plan import Change, Plan
from skyloom.deployers.planning import Planning
from skyloom.deployers.releases import Release, Releases, chosen
from skyloom.flows.outcome import Json

TARGET = "gcp"
_MAIN = "main.tf.json"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be deployed. `objects` must be in the bucket; `uploads` are those of them that this machine has.

    Attributes:
        files: the Terraform configuration, by path.
        since: the deployment's newest revision when the plan was made; empty where there was none.
        unchanged: whether nothing is to be done.
    """

    digest: str
    files: Mapping[str, bytes]
    objects: tuple[str, ...]
    uploads: Mapping[str, Upload]
    since: str = ""
    unchanged: bool = False

    @classmethod
    def of(cls, bundle: Bundle) -> Wanted:
        """What a bundle wants."""
        found = uploads(bundle)
        return cls(bundle.digest, configuration(bundle), tuple(found), found)

    def planned(self, since: str, *, unchanged: bool) -> Wanted:
        """The same with what the plan found."""
        return Wanted(self.digest, self.files, self.objects, self.uploads, since, unchanged)

    @property
    def main(self) -> dict[str, Json]:
        """The configuration's main file."""
        return parsed(self.files[_MAIN])


def service_account(google: Google) -> str:
    """Whose permissions Infrastructure Manager uses: an account that people make once in a project."""
    email = (
        os.environ.get("SKYLOOM_GCP_SERVICE_ACCOUNT") or f"skyloom-deployer@{google.project}.iam.gserviceaccount.com"
    )
    return f"projects/{google.project}/serviceAccounts/{email}"


class Deployment:
    """The deployment of an app in an environment, and what it is made from."""

    def __init__(self, google: Google, app: str, environment: str) -> None:
        self._google, self._app, self._environment = google, app, environment
        self.id = deployment_id(app, environment)
        self.artifacts = Artifacts(google, app, environment)
        self.planning = Planning(TARGET, app, environment, google.place, PLACE)
        self.releases = Releases(self.artifacts, self.artifacts.folder)

    # --- planning ---

    def plan(self, wanted: Wanted) -> Plan:
        """What bringing the deployment to what is wanted would change. Raises as `Deployer.plan`."""
        self._google.check_region()
        state = deployments.find(self._google, self.id)
        if state is not None and state.is_busy:
            raise self.planning.busy(self.id, state.words)
        if state is not None and state.locked:
            hint = "`skyloom deploy` releases a lock of its own; `gcloud infra-manager deployments unlock` another one"
            raise self.planning.refused("SKY645", f"the deployment {self.id} is locked", hint)
        if state is None:
            return self._first(wanted)
        return self._update(wanted, state)

    def _first(self, wanted: Wanted) -> Plan:
        main = wanted.main
        found = [named(address, type_, main) for address, type_ in addresses(main).items()]
        changes = [Change(action="create", kind=it.kind, name=it.name, holds_data=it.holds_data) for it in found]
        if not self.artifacts.exists():
            changes.append(
                Change(action="create", kind="bucket", name="artifacts", details=("shared by all apps here",))
            )
        return self.planning.made(wanted.digest, changes, wanted.planned("", unchanged=False), first=True)

    def _update(self, wanted: Wanted, state: DeploymentState) -> Plan:
        _drained(self.artifacts.ensure())
        self.artifacts.upload_configuration(wanted.digest, wanted.files)
        try:
            changes = previews.changes(
                self._google, self.id, self._blueprint(wanted.digest), service_account(self._google),
                self._in_place(state), wanted.main,
            )  # fmt: skip
        except previews.Locked:
            raise self.planning.busy(self.id, "locked by another change") from None
        notes = () if state.is_well else (f"an earlier change failed, and this one puts it right ({state.words})",)
        unchanged = not changes and state.is_well
        handle = wanted.planned(state.latest, unchanged=unchanged)
        return self.planning.made(wanted.digest, changes, handle, notes=notes)

    def _in_place(self, state: DeploymentState) -> Mapping[str, Json]:
        """The configuration that was applied last; empty where it is not known."""
        main = self.artifacts.main_file(state.digest) if state.digest else None
        return {} if main is None else parsed(main)

    def _blueprint(self, digest: str) -> dict[str, Any]:
        return deployments.blueprint(self._google, self.artifacts.name, self.artifacts.folder(digest))

    # --- applying ---

    def apply(self, plan: Plan, wanted: Wanted) -> Iterator[Event]:
        """Uploads what is missing, applies the configuration and follows it. Raises as `Deployer.apply`."""
        state = deployments.find(self._google, self.id)
        if wanted.unchanged:
            assert state is not None
            self._record(wanted)
            yield Finished(text="no changes", version=plan.version, outputs=shown(state.outputs))
            return
        if ("" if state is None else state.latest) != wanted.since or (plan.first and state is not None):
            raise DeployFailed("the plan is out of date: somebody deployed in the meantime; repeat it")
        yield from self.artifacts.ensure()
        yield from self.artifacts.upload(wanted.uploads)
        missing = self.artifacts.missing(key for key in wanted.objects if key not in wanted.uploads)
        if missing:
            raise DeployFailed(f"{len(missing)} of the files of version {plan.version} are no longer in the bucket")
        self.artifacts.upload_configuration(wanted.digest, wanted.files)
        ended = yield from self._applied(wanted.digest, wanted.main, state)
        if ended.state is None or not ended.state.is_well:
            yield from self._taken_back(ended, wanted)
        assert ended.state is not None
        self._record(wanted)
        yield Finished(text=ended.state.words, version=plan.version, outputs=shown(ended.state.outputs))

    def _applied(
        self, digest: str, main: Mapping[str, Json], state: DeploymentState | None, *, undoing: bool = False
    ) -> Generator[Event, None, Ended]:
        request: dict[str, Any] = {
            "terraform_blueprint": self._blueprint(digest),
            "service_account": service_account(self._google),
            "labels": {APP_LABEL: self._app, ENVIRONMENT_LABEL: self._environment},
        }
        config, mains = self._google.config, [main]
        try:
            if state is None:
                config.create_deployment(
                    request={"parent": self._google.location, "deployment_id": self.id, "deployment": request}
                )
            else:
                mains.append(self._in_place(state))
                config.update_deployment(request={"deployment": {**request, "name": state.name}})
        except self._google.refused as error:
            if code(error) != 409:
                raise
            raise DeployFailed("somebody else is deploying this app; repeat it when that has ended") from error
        since = "" if state is None else state.latest
        return (yield from deployments.follow(self._google, self.id, mains, since=since, undoing=undoing))

    def _taken_back(self, ended: Ended, wanted: Wanted) -> Generator[Event, None, None]:
        """Brings back what was deployed before, and raises DeployFailed, whatever comes of it."""
        why = "; ".join(ended.reasons) or "no reason is known"
        before = ended.state.digest if ended.state is not None else ""
        if ended.state is None or not before:
            yield Said("the deploy failed; deleting what it has made")
            gone = yield from self.delete([wanted.main], undoing=True)
            if gone.state is not None:
                told = "; ".join(gone.reasons)
                raise DeployFailed(f"the deploy failed: {why}. What it has made cannot be deleted: {told}")
            raise DeployFailed(f"the deploy failed and nothing of it is left: {why}")
        files = self.artifacts.configuration(before)
        if not files:
            raise DeployFailed(f"the deploy failed, and the version before is no longer in the bucket: {why}")
        yield Said(f"the deploy failed; bringing back version {before[:SHOWN_DIGITS]}")
        back = yield from self._applied(before, parsed(files[_MAIN]), ended.state, undoing=True)
        if back.state is None or not back.state.is_well:
            told = "; ".join(back.reasons)
            raise DeployFailed(
                f"the deploy failed and could not be taken back, repeat it to go on: {why}; on the way back: {told}"
            )
        raise DeployFailed(f"the deploy failed, and what was deployed before is in place again: {why}")

    def delete(self, mains: list[Mapping[str, Json]], *, undoing: bool = False) -> Generator[Event, None, Ended]:
        """Deletes the deployment with everything in it. `state` of what it gives is None where it is gone."""
        state = deployments.find(self._google, self.id)
        if state is None:
            return Ended(None, ())
        self._google.config.delete_deployment(request={"name": state.name, "force": True})
        return (yield from deployments.follow(self._google, self.id, mains, since=state.latest, undoing=undoing))

    def _record(self, wanted: Wanted) -> None:
        self.releases.record(Release(digest=wanted.digest, deployed=time.time(), objects=wanted.objects))

    # --- going back ---

    def earlier(self, version: str | None) -> Wanted:
        """What a version had deployed; by default the newest one that is not the current one.

        Raises:
            UserError: SKY643, nothing is deployed; SKY648, there is no such version.
        """
        state = deployments.find(self._google, self.id)
        if state is None:
            raise self.planning.absent()
        known = self.releases.all()
        found = chosen(known, version, state.digest)
        if found is None:
            raise self.planning.no_version(version, known)
        return Wanted(found.digest, self.artifacts.configuration(found.digest), found.objects, {})


def _drained(steps: Iterator[Event]) -> None:
    """Carries out steps whose events nobody wants."""
    for _ in steps:
        continue
