"""Deployment stacks: what state one is in, what happens in it, and how a change of it ends.

A stack knows which resources it manages, and deletes those that its next template lacks. A change that fails leaves
everything as far as it came: nothing is taken back by itself.
https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.kinds import Named, name_of, named, type_of
from skyloom.deployers.azure.refusals import status, told
from skyloom.deployers.events import Changed, Event
from skyloom.deployers.pausing import pauses
from skyloom.deployers.plan import Action
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from azure.mgmt.resource.deploymentstacks.models import DeploymentStack

STACK = "skyloom"
"""The name of every stack: there is one in a resource group."""
_SAYS = "Deployed by Skyloom: bundle "
"""How a stack's description begins; the bundle's digest follows."""
_OVER = ("succeeded", "failed", "canceled")
Unmanaged = Literal["delete", "detach"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """A stack at a moment.

    Attributes:
        status: its provisioning state, in lower case.
        digest: the bundle that was asked for last, whatever became of it.
        changed: seconds since the epoch.
        deployment: the id of the deployment that carries out the last change; empty before there is one.
        managed: the ids of the resources in it.
    """

    status: str
    reason: str = ""
    changed: float | None = None
    digest: str = ""
    deployment: str = ""
    outputs: Mapping[str, Json] = field(default_factory=dict)
    parameters: Mapping[str, Json] = field(default_factory=dict)
    managed: tuple[str, ...] = ()

    @property
    def is_busy(self) -> bool:
        """Whether a change is under way."""
        return self.status not in _OVER

    @property
    def is_well(self) -> bool:
        """Whether the last change that was asked for is in place."""
        return self.status == "succeeded"


def find(azure: Azure, group: str) -> StackState | None:
    """The stack in the resource group; None where there is none."""
    try:
        return _state(azure.stacks.deployment_stacks.get_at_resource_group(group, STACK))
    except azure.refused as error:
        if status(error) == 404:
            return None
        raise


def _state(found: DeploymentStack) -> StackState:
    properties, changed = found.properties, found.system_data and found.system_data.last_modified_at
    assert properties is not None
    failed = [told(one.error) for one in properties.failed_resources or [] if one.error]
    description = properties.description or ""
    return StackState(
        status=str(getattr(properties.provisioning_state, "value", properties.provisioning_state) or "").lower(),
        reason="; ".join(dict.fromkeys(failed)) or (told(properties.error) if properties.error else ""),
        changed=changed.timestamp() if changed else None,
        digest=description.removeprefix(_SAYS) if description.startswith(_SAYS) else "",
        deployment=properties.deployment_id or "",
        outputs={name: output.get("value") for name, output in (properties.outputs or {}).items()},
        parameters={name: one.value for name, one in (properties.parameters or {}).items()},
        managed=tuple(str(one.id) for one in properties.resources or []),
    )


def template_of(azure: Azure, group: str) -> dict[str, Json]:
    """The template that the stack was last changed with; empty where it has none yet."""
    try:
        found = azure.stacks.deployment_stacks.export_template_at_resource_group(group, STACK)
    except azure.refused as error:
        if status(error) in (400, 404, 409):
            return {}
        raise
    return dict(found.template or {})


# --- changing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a stack is to become.

    Attributes:
        unmanaged: what becomes of resources that the template lacks.
        tags: of the stack itself.
    """

    digest: str
    template: Mapping[str, Json]
    parameters: Mapping[str, Json]
    tags: Mapping[str, str]
    unmanaged: Unmanaged = "delete"

    def body(self) -> Any:
        """The stack as the API takes it."""
        return {
            "tags": dict(self.tags),
            "properties": {
                "description": f"{_SAYS}{self.digest}",
                "template": dict(self.template),
                "parameters": {name: {"value": value} for name, value in self.parameters.items()},
                "actionOnUnmanage": {
                    "resources": self.unmanaged,
                    "resourceGroups": "detach",
                    # Such as the settings of blobs in an account, or a vault's key: they go with what they lie in.
                    "resourcesWithoutDeleteSupport": "detach",
                },
                "denySettings": {"mode": "none"},
            },
        }


def validate(azure: Azure, group: str, change: Change) -> str:
    """Lets Azure look at a change: what is wrong with it; empty where nothing is. Azure answers so, and refuses too."""
    stacks = azure.stacks.deployment_stacks
    answer = stacks.begin_validate_stack_at_resource_group(group, STACK, change.body()).result()
    return told(answer.error) if answer.error is not None else ""


def begin(azure: Azure, group: str, change: Change) -> None:
    """Begins a change of the stack."""
    azure.stacks.deployment_stacks.begin_create_or_update_at_resource_group(
        group, STACK, change.body(), polling=False
    ).result()


def begin_deleting(azure: Azure, group: str, unmanaged: Unmanaged) -> None:
    """Begins to delete the stack; its resources go with it, or stay."""
    azure.stacks.deployment_stacks.begin_delete_at_resource_group(
        group,
        STACK,
        unmanage_action_resources=unmanaged,
        unmanage_action_resource_groups="detach",
        unmanage_action_resources_without_delete_support="detach",
        bypass_stack_out_of_sync_error=True,
        polling=False,
    ).result()


# --- following ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ended:
    """How a change ended, and why resources failed: their names for people with the reasons. Without a state the stack
    is gone."""

    state: StackState | None
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Told:
    """What is told of the resources of a change.

    Attributes:
        names: what resources are called, by their ids in lower case.
        actions: what happens to them; a resource that is not here is none that changes.
    """

    names: Mapping[str, Named] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    undoing: bool = False
    everything: bool = False
    """Whether resources are told of that no plan names."""
    _said: dict[str, str] = field(default_factory=dict)

    def name(self, id_: str) -> Named:
        """What a resource is called."""
        return self.names.get(id_.lower()) or named(type_of(id_), name_of(id_), None)

    def tell(
        self, id_: str, state: Literal["started", "done", "failed"], reason: str = "", action: Action | None = None
    ) -> Iterator[Event]:
        """Tells of a resource, unless that is known."""
        known = self.actions.get(id_.lower()) or action or ("create" if self.everything else None)
        if known is None and state == "failed":
            known = "update"
        before = self._said.get(id_.lower())
        if known is None or before == state or before in ("done", "failed"):
            return
        self._said[id_.lower()] = state
        it = self.name(id_)
        yield Changed(action=known, kind=it.kind, name=it.name, state=state, reason=reason, undoing=self.undoing)


def follow(azure: Azure, group: str, known: Told, since: str = "") -> Generator[Event, None, Ended]:
    """Tells what happens in the stack until its change has ended.

    Args:
        since: the id of the deployment before the change; what happened in it is not told.
    """
    reasons: list[str] = []
    state: StackState | None = None
    for _ in pauses():
        state = find(azure, group)
        if state is None:
            return Ended(None)
        if state.deployment and state.deployment != since:
            yield from _operations(azure, group, state.deployment, known, reasons)
        if not state.is_busy:
            break
    found = azure.stacks.deployment_stacks.get_at_resource_group(group, STACK).properties
    assert found is not None and state is not None
    for gone in found.deleted_resources or []:
        yield from known.tell(str(gone.id), "started", action="delete")
        yield from known.tell(str(gone.id), "done", action="delete")
    for failed in found.failed_resources or []:
        yield from known.tell(str(failed.id), "failed", told(failed.error))
        reasons.append(_reason(known, str(failed.id), told(failed.error)))
    if not reasons and not state.is_well:
        reasons.append(state.reason or state.status)
    return Ended(state, tuple(dict.fromkeys(reasons)))


def _operations(
    azure: Azure, group: str, deployment: str, known: Told, reasons: list[str]
) -> Generator[Event, None, None]:
    """Tells what is new in the operations of a deployment."""
    try:
        found = list(azure.deployments.deployment_operations.list(group, name_of(deployment)))
    except azure.refused as error:
        # The stack names it before it is there.
        if status(error) == 404:
            return
        raise
    for operation in sorted(found, key=_moment):
        properties = operation.properties
        target = properties.target_resource if properties else None
        if properties is None or target is None or not target.id:
            continue
        state = str(properties.provisioning_state or "").lower()
        yield from known.tell(target.id, "started")
        if state == "succeeded":
            yield from known.tell(target.id, "done")
        elif state == "failed":
            why = told(properties.status_message.error) if properties.status_message else ""
            yield from known.tell(target.id, "failed", why)
            text = _reason(known, target.id, why)
            if text not in reasons:
                reasons.append(text)


def _moment(operation: Any) -> str:
    """When an operation was last heard of: they come in no order."""
    return str(operation.properties.timestamp if operation.properties else "")


def _reason(known: Told, id_: str, why: str) -> str:
    it = known.name(id_)
    return f"{it.kind} {it.name}: {why}" if why else f"{it.kind} {it.name} failed"
