"""CloudFormation stacks: what state one is in, what happens in it, and how it goes."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skyloom.deployers.aws.client import Aws, reason
from skyloom.deployers.aws.naming import named
from skyloom.deployers.events import Changed, Event
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef, StackTypeDef

_ABSENT = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")
"""States in which nothing is deployed: a change set of a first deploy that was not executed leaves the second one."""
_WRECKS = ("CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
"""States that only deleting leads out of."""
_STUCK = ("UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED")

_ACTIONS: dict[str, Action] = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "IMPORT": "import"}
_FOLLOWED = ("cancelled", "The following resource(s) failed", "Resource update cancelled")
"""What stands in the reasons of resources that failed only because another one did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """A stack at a moment. `changed` in seconds since the epoch."""

    id: str
    name: str
    status: str
    reason: str = ""
    changed: float
    outputs: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    @property
    def is_absent(self) -> bool:
        """Whether nothing is deployed."""
        return self.status in _ABSENT

    @property
    def is_busy(self) -> bool:
        """Whether a change is under way."""
        return self.status.endswith("_IN_PROGRESS") and self.status not in _ABSENT

    @property
    def is_wreck(self) -> bool:
        """Whether it can only be deleted."""
        return self.status in _WRECKS

    @property
    def is_stuck(self) -> bool:
        """Whether an update failed and could not be taken back."""
        return self.status in _STUCK

    @property
    def is_well(self) -> bool:
        """Whether the last change that was asked for is in place."""
        return self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")

    @property
    def words(self) -> str:
        """The state for people."""
        return self.status.lower().replace("_", " ")


def find(aws: Aws, name: str) -> StackState | None:
    """The stack of that name, or id; None where there is none. A deleted one is found by its id only."""
    try:
        answer = aws.cloudformation.describe_stacks(StackName=name)
    except aws.cloudformation.exceptions.ClientError as error:
        if "does not exist" in reason(error):
            return None
        raise
    return _state(answer["Stacks"][0])


def every(aws: Aws) -> Iterator[StackState]:
    """All stacks of the account and region that are there."""
    for page in aws.cloudformation.get_paginator("describe_stacks").paginate():
        yield from map(_state, page["Stacks"])


def template_of(aws: Aws, name: str) -> dict[str, Json]:
    """The template that the stack was last made or updated with."""
    body = aws.cloudformation.get_template(StackName=name)["TemplateBody"]
    template: dict[str, Json] = json.loads(body) if isinstance(body, str) else body
    return template


def resources(aws: Aws, name: str) -> list[tuple[str, str, str, str]]:
    """Logical id, type, physical id and status of everything that is in the stack."""
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    return [
        (
            found["LogicalResourceId"],
            found["ResourceType"],
            found.get("PhysicalResourceId", ""),
            found["ResourceStatus"],
        )
        for page in pages
        for found in page["StackResourceSummaries"]
    ]


def skipped(aws: Aws, stack: str) -> Iterator[tuple[str, str, str]]:
    """Logical id, type and physical id of what a stack that is deleted left behind on purpose."""
    for page in aws.cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        for event in page["StackEvents"]:
            physical_id = event.get("PhysicalResourceId", "")
            if physical_id == stack and event["ResourceStatus"] == "DELETE_IN_PROGRESS":
                # With this its deletion began.
                return
            if event["ResourceStatus"] == "DELETE_SKIPPED":
                yield event["LogicalResourceId"], event.get("ResourceType", ""), physical_id


def _state(stack: StackTypeDef) -> StackState:
    changed = stack.get("DeletionTime") or stack.get("LastUpdatedTime") or stack["CreationTime"]
    return StackState(
        id=stack["StackId"],
        name=stack["StackName"],
        status=stack["StackStatus"],
        reason=stack.get("StackStatusReason", ""),
        changed=changed.timestamp(),
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        tags={tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])},
        description=stack.get("Description", ""),
    )


# --- following ------------------------------------------------------------------------------------------------------


class History:
    """The events of a stack that are new since it was last looked at."""

    def __init__(self, aws: Aws, stack_id: str, *, from_now: bool) -> None:
        self._aws, self._stack_id = aws, stack_id
        self._seen: set[str] = set()
        if from_now:
            self._seen = {event["EventId"] for event in self._unseen()}

    def new(self) -> list[StackEventTypeDef]:
        """What has happened since, oldest first."""
        found = list(self._unseen())[::-1]
        self._seen.update(event["EventId"] for event in found)
        return found

    def _unseen(self) -> Iterator[StackEventTypeDef]:
        pages = self._aws.cloudformation.get_paginator("describe_stack_events").paginate(StackName=self._stack_id)
        for page in pages:
            for event in page["StackEvents"]:
                if event["EventId"] in self._seen:
                    return
                yield event


@dataclass(frozen=True, slots=True)
class Ended:
    """How a change of a stack ended, and why its resources failed, the first cause first."""

    state: StackState
    reasons: tuple[str, ...]


def follow(
    aws: Aws, stack_id: str, history: History, templates: Iterable[Mapping[str, Json]]
) -> Generator[Event, None, Ended]:
    """Tells what happens in the stack until its change has ended.

    Args:
        templates: those that name its resources; the first that has one counts.
    """
    known: set[tuple[str, str, bool]] = set()
    reasons: list[str] = []
    undoing = False
    for _ in pauses():
        state = find(aws, stack_id)
        assert state is not None, stack_id
        for event in history.new():
            status = event["ResourceStatus"]
            if event.get("PhysicalResourceId") == event["StackId"]:
                undoing = undoing or "ROLLBACK" in status
                continue
            changed = _changed(event, templates, undoing)
            if changed.state == "failed" and not any(text in changed.reason for text in _FOLLOWED):
                reasons.append(f"{changed.kind} {changed.name}: {changed.reason}")
            what = (event["LogicalResourceId"], status, undoing)
            if what not in known:
                known.add(what)
                yield changed
        if not state.is_busy:
            return Ended(state, tuple(dict.fromkeys(reasons)))
    raise AssertionError("pauses never ends")


def _changed(event: StackEventTypeDef, templates: Iterable[Mapping[str, Json]], undoing: bool) -> Changed:
    status, logical_id = event["ResourceStatus"], event["LogicalResourceId"]
    naming = next((t for t in templates if logical_id in t.get("Resources", {})), {})
    it = named(logical_id, event.get("ResourceType", ""), naming)
    return Changed(
        action="keep" if status == "DELETE_SKIPPED" else _ACTIONS.get(status.partition("_")[0], "update"),
        kind=it.kind,
        name=it.name,
        state="failed" if status.endswith("FAILED") else "started" if status.endswith("IN_PROGRESS") else "done",
        reason=event.get("ResourceStatusReason", ""),
        undoing=undoing,
    )
