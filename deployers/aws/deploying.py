"""Plans and applies what is to be deployed, through change sets of CloudFormation."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass

from skyloom.deployers.aws import changesets, stacks, under_way
from skyloom.deployers.aws.artifacts import Artifacts, Upload, uploads
from skyloom.deployers.aws.client import PLACE, Aws, code, reason
from skyloom.deployers.aws.naming import APP_TAG, ENVIRONMENT_TAG, named, stack_name, types
from skyloom.deployers.aws.releases import releases
from skyloom.deployers.aws.stacks import Ended, History, StackState
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.bundle import Bundle, json_bytes
from skyloom.deployers.events import Event, Finished, Said
from skyloom.deployers.plan import Change, Plan
from skyloom.deployers.planning import Planning
from skyloom.deployers.releases import Release, chosen
from skyloom.flows.outcome import Json

TARGET = "aws"
_BUCKET_PARAMETER = "ArtifactsBucket"
_OUTDATED = ("ChangeSetNotFound", "ChangeSetNotFoundException", "InvalidChangeSetStatus")
_INLINE_BYTES = 51_200
"""The longest template that a call of CloudFormation takes without a bucket."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be deployed, and the change set that would bring it; None for the first deploy, which needs none to
    be planned. `objects` must be in the bucket; `uploads` are those of them that this machine has."""

    digest: str
    template: bytes
    objects: tuple[str, ...]
    uploads: Mapping[str, Upload]
    change_set: str | None = None

    @classmethod
    def of(cls, bundle: Bundle) -> Wanted:
        """What a bundle wants."""
        found = uploads(bundle)
        return cls(bundle.digest, _marked(bundle), tuple(found), found)


def _marked(bundle: Bundle) -> bytes:
    """The bundle's template, which then says what bundle it came from. That alone is no change to CloudFormation."""
    template = json.loads(bundle.files["template.json"])
    metadata = {**template.get("Metadata", {}), "Skyloom": {"bundle": bundle.digest}}
    return json_bytes({**template, "Metadata": metadata})


def digest_of(template: Mapping[str, Json]) -> str:
    """The digest of the bundle that a deployed template came from; empty where it does not tell."""
    return str(template.get("Metadata", {}).get("Skyloom", {}).get("bundle", ""))


class Deployment:
    """The stack of an app in an environment, and what it is deployed from."""

    def __init__(self, aws: Aws, app: str, environment: str) -> None:
        self._aws, self._app, self._environment = aws, app, environment
        self.stack = stack_name(app, environment)
        self.artifacts = Artifacts(aws, app, environment)
        self.planning = Planning(TARGET, app, environment, aws.place, PLACE)

    # --- planning ---

    def plan(self, wanted: Wanted) -> Plan:
        """What bringing the stack to what is wanted would change. Raises as `Deployer.plan`."""
        state = stacks.find(self._aws, self.stack)
        if state is not None and state.is_busy:
            raise self.planning.busy(self.stack, state.words)
        if state is not None and state.is_stuck:
            hint = "`skyloom deploy` tries again to take it back"
            raise self.planning.refused("SKY645", f"an earlier update of {self.stack} is stuck ({state.words})", hint)
        if state is None or state.is_absent or state.is_wreck:
            return self._first(wanted, state)
        return self._update(wanted, state)

    def _first(self, wanted: Wanted, state: StackState | None) -> Plan:
        template = json.loads(wanted.template)
        self._validate(wanted.template)
        found = ((named(logical_id, type_, template)) for logical_id, type_ in types(template).items())
        changes = [Change(action="create", kind=it.kind, name=it.name, holds_data=it.holds_data) for it in found]
        if self.artifacts.bucket() is None:
            changes.append(
                Change(action="create", kind="bucket", name="artifacts", details=("shared by all apps here",))
            )
        notes = () if state is None or not state.is_wreck else (f"what is left of an earlier one goes ({state.words})",)
        return self.planning.made(wanted.digest, changes, wanted, first=True, notes=notes)

    def _update(self, wanted: Wanted, state: StackState) -> Plan:
        bucket = _drained(self.artifacts.ensure())
        old = stacks.template_of(self._aws, self.stack)
        change_set = self._change_set(bucket, wanted, first=False)
        if change_set is None:
            return self.planning.made(wanted.digest, (), wanted)
        changes = [*changesets.changes(self._aws, change_set, old, json.loads(wanted.template))]
        kept = Wanted(wanted.digest, wanted.template, wanted.objects, wanted.uploads, change_set)
        # A change set may hold nothing but outputs: those are names for people, and worth no question.
        losses = under_way.losses(self._aws, self.stack, changes)
        return self.planning.made(wanted.digest, changes, kept, notes=losses)

    def _change_set(self, bucket: str, wanted: Wanted, *, first: bool) -> str | None:
        key = self.artifacts.upload_template(bucket, wanted.template)
        source = {"TemplateURL": self.artifacts.url(bucket, key)}
        parameters = {_BUCKET_PARAMETER: bucket}
        if _BUCKET_PARAMETER not in json.loads(wanted.template).get("Parameters", {}):
            parameters = {}
        tags = {APP_TAG: self._app, ENVIRONMENT_TAG: self._environment}
        return changesets.create(self._aws, self.stack, source, parameters, tags, first=first)

    def _validate(self, template: bytes) -> None:
        if len(template) > _INLINE_BYTES:
            return
        try:
            self._aws.cloudformation.validate_template(TemplateBody=template.decode())
        except self._aws.cloudformation.exceptions.ClientError as error:
            if code(error) != "ValidationError":
                raise
            raise DeployFailed(f"CloudFormation refuses the template: {reason(error)}") from error

    # --- applying ---

    def apply(self, plan: Plan, wanted: Wanted) -> Iterator[Event]:
        """Uploads what is missing, executes the change set and follows it. Raises as `Deployer.apply`."""
        bucket = yield from self.artifacts.ensure()
        state = stacks.find(self._aws, self.stack)
        if not plan.first and wanted.change_set is None:
            assert state is not None
            self._record(bucket, wanted)
            yield Finished(text="no changes", version=plan.version, outputs=state.outputs)
            return
        yield from self.artifacts.upload(bucket, wanted.uploads)
        missing = self.artifacts.missing(bucket, (key for key in wanted.objects if key not in wanted.uploads))
        if missing:
            raise DeployFailed(f"{len(missing)} of the files of version {plan.version} are no longer in {bucket}")
        change_set = wanted.change_set or self._change_set(bucket, wanted, first=True)
        assert change_set is not None, "a first deploy has changes"
        ended = yield from self._execute(change_set, wanted)
        if not ended.state.is_well:
            raise DeployFailed(self._told(ended, first=plan.first))
        self._record(bucket, wanted)
        yield Finished(text=ended.state.words, version=plan.version, outputs=ended.state.outputs)

    def _execute(self, change_set: str, wanted: Wanted) -> Generator[Event, None, Ended]:
        new = json.loads(wanted.template)
        state = stacks.find(self._aws, self.stack)
        assert state is not None
        old = {} if state.is_absent else stacks.template_of(self._aws, self.stack)
        history = History(self._aws, state.id, from_now=True)
        try:
            taken_over = [c for c in changesets.changes(self._aws, change_set, old, new) if c.action == "import"]
            for change in taken_over:
                yield Said(f"taking over {change.kind} {change.name}, which is there already")
            self._aws.cloudformation.execute_change_set(
                ChangeSetName=change_set,
                # What a failed deploy has made goes with it, even what is kept otherwise; what it took over stays.
                RetainExceptOnCreate=not taken_over,
            )
        except self._aws.cloudformation.exceptions.ClientError as error:
            if code(error) in _OUTDATED:
                raise DeployFailed("the plan is out of date: somebody deployed in the meantime; repeat it") from error
            raise
        return (yield from stacks.follow(self._aws, state.id, history, (new, old)))

    def _told(self, ended: Ended, *, first: bool) -> str:
        why = "; ".join(ended.reasons) or ended.state.reason or ended.state.words
        if first:
            return f"the deploy failed and nothing of it is left: {why}"
        if ended.state.is_stuck:
            return f"the deploy failed and is stuck on its way back, repeat it to go on: {why}"
        return f"the deploy failed, and what was deployed before is in place again: {why}"

    def _record(self, bucket: str, wanted: Wanted) -> None:
        template = self.artifacts.upload_template(bucket, wanted.template)
        release = Release(digest=wanted.digest, deployed=time.time(), template=template, objects=wanted.objects)
        releases(self._aws, self.artifacts, bucket).record(release)

    def discard(self, wanted: Wanted) -> None:
        """Deletes the change set of a plan that is not wanted."""
        if wanted.change_set is not None:
            changesets.delete(self._aws, wanted.change_set)

    # --- going back ---

    def earlier(self, version: str | None) -> Wanted:
        """What a version had deployed; by default the newest one that is not the current one.

        Raises:
            UserError: SKY643, nothing is deployed; SKY648, there is no such version.
        """
        state = stacks.find(self._aws, self.stack)
        bucket = self.artifacts.bucket()
        if state is None or state.is_absent or bucket is None:
            raise self.planning.absent()
        current = digest_of(stacks.template_of(self._aws, self.stack))
        known = releases(self._aws, self.artifacts, bucket).all()
        found = chosen(known, version, current)
        if found is None:
            raise self.planning.no_version(version, known)
        return Wanted(found.digest, self.artifacts.get(bucket, found.template), found.objects, {})


def _drained(steps: Generator[Event, None, str]) -> str:
    """The result of steps whose events nobody wants."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return str(end.value)
