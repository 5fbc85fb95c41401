"""Destroys an app: stops its runs, empties its buckets, deletes its stack and what it was deployed from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from skyloom.deployers.aws import buckets, stacks
from skyloom.deployers.aws.artifacts import Artifacts
from skyloom.deployers.aws.client import PLACE, Aws, code, reason
from skyloom.deployers.aws.deploying import TARGET
from skyloom.deployers.aws.naming import named, stack_name
from skyloom.deployers.aws.settling import delete, settle
from skyloom.deployers.aws.under_way import MACHINE, running
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.events import Changed, Event, Finished, Said
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action, Change, Plan
from skyloom.deployers.planning import Planning
from skyloom.flows.outcome import Json


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that outlives its stack, and holds data."""

    kind: str
    name: str
    type: str
    physical_id: str


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be deleted: the stack where there is one, and what earlier stacks or this one leave behind."""

    stack: str | None
    kept: tuple[Kept, ...]
    delete_data: bool


class Remover:
    """Deletes all of an app in an environment."""

    def __init__(self, aws: Aws, app: str, environment: str) -> None:
        self._aws, self._app, self._environment = aws, app, environment
        self._stack = stack_name(app, environment)
        self._artifacts = Artifacts(aws, app, environment)

    # --- planning ---

    def plan(self, *, delete_data: bool) -> Plan:
        """What would go, and what would stay."""
        state = stacks.find(self._aws, self._stack)
        here = state is not None and not state.is_absent
        template = stacks.template_of(self._aws, self._stack) if here else {}
        rows = stacks.resources(self._aws, self._stack) if here else []
        present = [row for row in rows if row[3] != "DELETE_COMPLETE"]
        here_ids = {row[2] for row in present}
        kept = (*_kept(present, template), *(one for one in self._left_behind() if one.physical_id not in here_ids))
        named_kept = {one.physical_id for one in kept}
        changes = [
            _removed(logical_id, type_, template) for logical_id, type_, id_, _ in present if id_ not in named_kept
        ]
        changes += [self._fate(one, delete_data=delete_data) for one in kept]
        notes = () if not here else self._notes(present)
        planning = Planning(TARGET, self._app, self._environment, self._aws.place, PLACE)
        handle = Removal(state.id if state is not None else None, kept, delete_data)
        return planning.made("", changes, handle, notes=notes)

    def _fate(self, one: Kept, *, delete_data: bool) -> Change:
        action: Action = "delete" if delete_data and one.type in _DELETERS else "keep"
        return Change(action=action, kind=one.kind, name=one.name, details=(one.physical_id,), holds_data=True)

    def _left_behind(self) -> list[Kept]:
        """What earlier stacks of the same name kept when they were deleted, as far as it is still there."""
        pages = self._aws.cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
        ids = [s["StackId"] for page in pages for s in page["StackSummaries"] if s["StackName"] == self._stack]
        found: dict[str, Kept] = {}
        for stack in ids:
            template = stacks.template_of(self._aws, stack)
            for logical_id, type_, physical_id in stacks.skipped(self._aws, stack):
                if type_ in _DELETERS and _DELETERS[type_].exists(self._aws, physical_id):
                    it = named(logical_id, type_, template)
                    found[physical_id] = Kept(it.kind, it.name, type_, physical_id)
        return [*found.values()]

    def _notes(self, rows: list[tuple[str, str, str, str]]) -> tuple[str, ...]:
        count = sum(1 for row in rows if row[1] == MACHINE for _ in running(self._aws, row[2]))
        return (f"{count} runs are under way and will be stopped",) if count else ()

    # --- applying ---

    def apply(self, removal: Removal) -> Iterator[Event]:
        """Deletes what the plan says.

        Raises:
            DeployFailed: something cannot be deleted; repeat it when the reason is gone.
        """
        state = yield from settle(self._aws, self._stack)
        if state is not None:
            for logical_id, type_, physical_id, _ in stacks.resources(self._aws, self._stack):
                if type_ == MACHINE and physical_id:
                    yield from self._stop(logical_id, physical_id)
            yield from delete(self._aws, state)
        if removal.delete_data:
            for one in removal.kept:
                yield from self._delete(one)
        yield from self._artifacts.remove()
        kept = () if removal.delete_data else removal.kept
        told = (
            f"kept: {', '.join(f'{one.kind} {one.physical_id}' for one in kept)}" if kept else "everything is deleted"
        )
        yield Finished(text=told)

    def _stop(self, logical_id: str, machine: str) -> Iterator[Event]:
        """Stops the machine's executions: it would not go before they have ended, which may take a year."""
        count = 0
        for execution in [*running(self._aws, machine)]:
            try:
                self._aws.states.stop_execution(executionArn=execution, cause="the app was destroyed")
                count += 1
            except self._aws.states.exceptions.ClientError as error:
                if code(error) not in ("ExecutionDoesNotExist", "ValidationException"):
                    raise
        if count:
            yield Said(f"stopped {count} runs of {logical_id}")

    def _delete(self, one: Kept) -> Iterator[Event]:
        deleter = _DELETERS.get(one.type)
        if deleter is None or not deleter.exists(self._aws, one.physical_id):
            return
        began = Changed(action="delete", kind=one.kind, name=one.physical_id, state="started")
        yield began
        try:
            deleter.delete(self._aws, one.physical_id)
        except self._aws.s3.exceptions.ClientError as error:
            yield replace(began, state="failed", reason=reason(error))
            raise DeployFailed(f"{one.kind} {one.physical_id} cannot be deleted: {reason(error)}") from error
        yield replace(began, state="done")


def _kept(rows: list[tuple[str, str, str, str]], template: Mapping[str, Json]) -> Iterator[Kept]:
    for logical_id, type_, physical_id, _ in rows:
        it = named(logical_id, type_, template)
        if buckets.is_kept(template, logical_id) and physical_id:
            yield Kept(it.kind, it.name, type_, physical_id)


def _removed(logical_id: str, type_: str, template: Mapping[str, Json]) -> Change:
    it = named(logical_id, type_, template)
    return Change(action="delete", kind=it.kind, name=it.name, holds_data=it.holds_data)


# --- deleting what CloudFormation leaves ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deleter:
    """How a type of resource is looked for and deleted, with all it holds."""

    exists: Callable[[Aws, str], bool]
    delete: Callable[[Aws, str], None]


def _delete_bucket(aws: Aws, bucket: str) -> None:
    for _, _pause in zip(range(4), pauses(), strict=False):
        buckets.empty(aws, bucket)
        try:
            aws.s3.delete_bucket(Bucket=bucket, ExpectedBucketOwner=aws.account)
        except aws.s3.exceptions.ClientError as error:
            # Something was written to it in the meantime.
            if code(error) != "BucketNotEmpty":
                raise
        else:
            return
    raise DeployFailed(f"bucket {bucket} is written to while it is being deleted")


def _table_exists(aws: Aws, table: str) -> bool:
    try:
        aws.tables.describe_table(TableName=table)
    except aws.tables.exceptions.ResourceNotFoundException:
        return False
    return True


def _delete_table(aws: Aws, table: str) -> None:
    if aws.tables.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
        aws.tables.update_table(TableName=table, DeletionProtectionEnabled=False)
    aws.tables.delete_table(TableName=table)


def _log_exists(aws: Aws, group: str) -> bool:
    answer = aws.logs.describe_log_groups(logGroupNamePrefix=group)
    return any(found.get("logGroupName") == group for found in answer["logGroups"])


_DELETERS: Mapping[str, Deleter] = {
    "AWS::S3::Bucket": Deleter(buckets.exists, _delete_bucket),
    "AWS::DynamoDB::Table": Deleter(_table_exists, _delete_table),
    "AWS::Logs::LogGroup": Deleter(
        _log_exists, lambda aws, group: aws.logs.delete_log_group(logGroupName=group) and None
    ),
}
"""By type. What is kept and is not here, people delete themselves."""
