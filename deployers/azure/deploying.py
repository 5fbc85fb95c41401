"""Plans and applies what is to be deployed: a deployment stack, and code published to the function apps in it.

Azure takes nothing back. A deploy that fails is taken back here: the version before is applied and published again, or
what a first deploy has made is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace

from skyloom.deployers.azure import access, deployments, releasing
from skyloom.deployers.azure.client import PLACE, Azure
from skyloom.deployers.azure.deployed import Deployed
from skyloom.deployers.azure.deployments import Change as StackChange
from skyloom.deployers.azure.deployments import Ended, StackState, Told
from skyloom.deployers.azure.groups import Group
from skyloom.deployers.azure.keeping import keeps
from skyloom.deployers.azure.kinds import declared
from skyloom.deployers.azure.parameters import parameters
from skyloom.deployers.azure.previews import Preview, preview
from skyloom.deployers.azure.wanted import Wanted
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import SHOWN_DIGITS
from skyloom.deployers.events import Event, Finished, Said
from skyloom.deployers.plan import Action, Change, Plan
from skyloom.deployers.planning import Planning
from skyloom.deployers.releases import Releases, chosen

TARGET = "azure"


class Deployment:
    """The resource group and the stack of an app in an environment, and what they are made from."""

    def __init__(self, azure: Azure, app: str, environment: str) -> None:
        self._azure = azure
        self.group = Group(azure, app, environment)
        self.planning = Planning(TARGET, app, environment, azure.place, PLACE)

    def find(self) -> StackState | None:
        """The stack; None where there is none."""
        return deployments.find(self._azure, self.group.name)

    def deployed(self, state: StackState) -> Deployed:
        """What is in the stack."""
        return Deployed(self._azure, self.group.name, state)

    def releases(self, state: StackState) -> Releases | None:
        """What can be gone back to; None where nothing was ever deployed."""
        artifacts = self.deployed(state).artifacts
        return None if artifacts is None else Releases(artifacts)

    # --- planning ---

    def plan(self, wanted: Wanted) -> Plan:
        """What bringing the app to what is wanted would change. Raises as `Deployer.plan`."""
        state = self.find()
        if state is not None and state.is_busy:
            raise self.planning.busy(self.group.name, state.status)
        if state is None:
            return self._first(wanted)
        return self._update(wanted, state)

    def _first(self, wanted: Wanted) -> Plan:
        found = Preview()
        if self.group.exists():
            found = preview(self._azure, self.group.name, self._change(wanted, None), None, {})
            changes = [*found.changes, *found.taken_over]
        else:
            names = declared(json.loads(wanted.template))
            changes = [Change(action="create", kind=it.kind, name=it.name, holds_data=it.holds_data) for it in names]
            changes.append(Change(action="create", kind="resource group", name=self.group.name))
        changes += [Change(action="create", kind="code", name=key) for key in wanted.apps]
        return self.planning.made(wanted.digest, changes, replace(wanted, preview=found), first=True)

    def _update(self, wanted: Wanted, state: StackState) -> Plan:
        before = deployments.template_of(self._azure, self.group.name)
        found = preview(self._azure, self.group.name, self._change(wanted, state), state, before)
        artifacts = self.deployed(state).artifacts
        readable = artifacts is None or access.is_given(self._azure, artifacts)
        published = artifacts.published() if artifacts is not None and readable else {}
        changes = [*found.changes, *_of_code(wanted.apps, published, certain=readable)]
        notes = [] if state.is_well else [f"an earlier change failed, and this one puts it right ({state.status})"]
        if not readable:
            notes.append("you may not read the app's releases so far, so whether code changes is not known")
        unchanged = not changes and state.is_well
        handle = replace(wanted, since=state.deployment, unchanged=unchanged, preview=found)
        return self.planning.made(wanted.digest, changes, handle, notes=tuple(notes))

    def _change(self, wanted: Wanted, state: StackState | None) -> StackChange:
        template = json.loads(wanted.template)
        values = parameters(self._azure, template, state, self.group)
        return StackChange(digest=wanted.digest, template=template, parameters=values, tags=self.group.tags)

    # --- applying ---

    def apply(self, plan: Plan, wanted: Wanted) -> Iterator[Event]:
        """Applies the template, publishes the code and follows both. Raises as `Deployer.apply`."""
        state = self.find()
        if wanted.unchanged:
            assert state is not None
            deployed = self.deployed(state)
            releasing.record(deployed, wanted)
            yield Finished(text="no changes", version=plan.version, outputs=deployed.shown)
            return
        if ("" if state is None else state.deployment) != wanted.since or (plan.first and state is not None):
            raise DeployFailed("the plan is out of date: somebody deployed in the meantime; repeat it")
        yield from self.group.ensure()
        if state is not None:
            deployed = self.deployed(state)
            yield from releasing.upload(self._azure, deployed, wanted)
            releasing.forget(deployed, wanted)
        try:
            ended = yield from self._applied(wanted, state)
            if ended.state is None or not ended.state.is_well:
                raise DeployFailed("; ".join(ended.reasons))
            deployed = self.deployed(ended.state)
            action: Action = "update" if wanted.since else "create"
            yield from releasing.upload(self._azure, deployed, wanted)
            yield from releasing.publish(self._azure, self.group.name, deployed, wanted, action)
        except DeployFailed as failed:
            yield from self._taken_back(wanted, str(failed))
            raise
        releasing.record(deployed, wanted)
        yield Finished(text=ended.state.status, version=plan.version, outputs=deployed.shown)

    def _applied(
        self, wanted: Wanted, state: StackState | None, *, undoing: bool = False
    ) -> Generator[Event, None, Ended]:
        found, change = wanted.preview, self._change(wanted, state)
        if (state is None and not found.names) or undoing:
            before = deployments.template_of(self._azure, self.group.name) if state is not None else {}
            found = preview(self._azure, self.group.name, change, state, before)
        told = Told(found.names, found.actions, undoing)
        deployments.begin(self._azure, self.group.name, change)
        return (
            yield from deployments.follow(self._azure, self.group.name, told, "" if state is None else state.deployment)
        )

    # --- going back ---

    def _taken_back(self, wanted: Wanted, why: str) -> Generator[Event, None, None]:
        """Brings back what was deployed before, and raises DeployFailed, whatever comes of it."""
        state = self.find()
        before = self._before(state) if wanted.since else None
        if before is None and state is not None and (keeps(json.loads(wanted.template)) or wanted.preview.taken_over):
            # Nothing tells here what of it was there before: nobody's data goes by itself.
            raise DeployFailed(f"the deploy failed, and what it has made stays: {self.group.name} keeps data: {why}")
        if before is None:
            yield Said("the deploy failed; deleting what it has made")
            gone = yield from self.delete(undoing=True)
            if gone.state is not None:
                told = "; ".join(gone.reasons)
                raise DeployFailed(f"the deploy failed: {why}. What it has made cannot be deleted: {told}")
            raise DeployFailed(f"the deploy failed and nothing of it is left: {why}")
        yield Said(f"the deploy failed; bringing back version {before.digest[:SHOWN_DIGITS]}")
        try:
            back = yield from self._applied(before, state, undoing=True)
            if back.state is None or not back.state.is_well:
                raise DeployFailed("; ".join(back.reasons))
            deployed = self.deployed(back.state)
            yield from releasing.publish(self._azure, self.group.name, deployed, before, "update", undoing=True)
        except DeployFailed as failed:
            raise DeployFailed(
                f"the deploy failed and could not be taken back, repeat it to go on: {why}; on the way back: {failed}"
            ) from failed
        raise DeployFailed(f"the deploy failed, and what was deployed before is in place again: {why}")

    def _before(self, state: StackState | None) -> Wanted | None:
        """What was deployed last and answered; None where there is none."""
        artifacts = None if state is None else self.deployed(state).artifacts
        release = None if artifacts is None else Releases(artifacts).newest()
        if artifacts is None or release is None:
            return None
        return Wanted.again(release, artifacts.get(release.template))

    def delete(self, *, undoing: bool = False) -> Generator[Event, None, Ended]:
        """Deletes the stack with everything in it, and the resource group where nothing else is in it. `state` of what
        it gives is None where it is gone."""
        ended = yield from self.group.delete_stack(undoing=undoing)
        if ended.state is None:
            yield from self.group.delete_if_empty()
        return ended

    def earlier(self, version: str | None) -> Wanted:
        """What a version had deployed; by default the newest one that is not the current one.

        Raises:
            UserError: SKY643, nothing is deployed; SKY648, there is no such version.
        """
        state = self.find()
        if state is None:
            raise self.planning.absent()
        artifacts = self.deployed(state).artifacts
        known = [] if artifacts is None else Releases(artifacts).all()
        found = chosen(known, version, known[0].digest if known else "")
        if found is None or artifacts is None:
            raise self.planning.no_version(version, known)
        return Wanted.again(found, artifacts.get(found.template))


def _of_code(wanted: Mapping[str, str], published: Mapping[str, str], *, certain: bool) -> list[Change]:
    """The function apps whose code is another one, or is not known to be the one."""
    return [
        Change(action="update", kind="code", name=key, certain=certain)
        for key, place in wanted.items()
        if published.get(key) != place
    ]
