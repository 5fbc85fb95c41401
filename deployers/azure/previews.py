"""What a template would change: Azure's what-if, and what the stack would delete.

What-if names more than changes: properties that Azure itself fills in look as if they were taken away. So what goes
away is told only where the template before had set it.
https://learn.microsoft.com/azure/azure-resource-manager/templates/deploy-what-if
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skyloom.deployers.azure import deployments
from skyloom.deployers.azure.client import Azure
from skyloom.deployers.azure.deployments import StackState
from skyloom.deployers.azure.kinds import Named, name_of, named, type_of
from skyloom.deployers.azure.refusals import reason, status, told
from skyloom.deployers.base import DeployFailed
from skyloom.deployers.plan import Action, Change
from skyloom.flows.outcome import Json

_NAME = "skyloom-plan"
_ACTIONS: Mapping[str, Action] = {"Create": "create", "Modify": "update", "Deploy": "update", "Delete": "delete"}
_WORDS: Mapping[str, str] = {
    "instanceMemoryMB": "memory",
    "appSettings": "settings",
    "maximumInstanceCount": "instances",
}
_SHORT = 40
_NO_VERSION = "2021-04-01"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change.

    Attributes:
        names: what resources are called, by id in lower case.
        actions: what happens to them.
        taken_over: those that are there already, though no stack manages them.
    """

    changes: tuple[Change, ...] = ()
    names: Mapping[str, Named] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    taken_over: tuple[Change, ...] = ()


def preview(
    azure: Azure, group: str, wanted: deployments.Change, state: StackState | None, before: Mapping[str, Json]
) -> Preview:
    """What bringing the stack to what is wanted would change.

    Args:
        before: the template that is in place; empty where there is none.

    Raises:
        DeployFailed: Azure refuses the template.
    """
    try:
        problem = deployments.validate(azure, group, wanted)
        if problem:
            raise DeployFailed(f"Azure refuses the template: {problem}")
        found = _what_if(azure, group, wanted)
    except azure.refused as error:
        if status(error) not in (0, 200, 400, 409, 422):
            raise
        raise DeployFailed(f"Azure refuses the template: {reason(error)}") from error
    return _folded(azure, found, state, before)


def _what_if(azure: Azure, group: str, wanted: deployments.Change) -> Sequence[Any]:
    body: Any = {
        "properties": {
            "mode": "Incremental",
            "template": dict(wanted.template),
            "parameters": {name: {"value": value} for name, value in wanted.parameters.items()},
            "whatIfSettings": {"resultFormat": "FullResourcePayloads"},
        }
    }
    answer = azure.deployments.deployments.begin_what_if(group, _NAME, body).result()
    if answer.error is not None:
        raise DeployFailed(f"Azure refuses the template: {told(answer.error)}")
    return answer.properties.changes or [] if answer.properties else []


def _folded(
    azure: Azure,
    found: Iterable[Any],
    state: StackState | None,
    before: Mapping[str, Json],
) -> Preview:
    known = _declared(before)
    changes: list[Change] = []
    names: dict[str, Named] = {}
    actions: dict[str, Action] = {}
    wanted: set[str] = set()
    taken_over: list[Change] = []
    for one in found:
        id_ = str(one.resource_id)
        kind = str(getattr(one.change_type, "value", one.change_type))
        if kind == "Ignore":
            continue
        wanted.add(id_.lower())
        it = names[id_.lower()] = named(type_of(id_), name_of(id_), one.after or one.before)
        if state is None and kind != "Create":
            taken_over.append(_change("import", it, ()))
            continue
        action = _ACTIONS.get(kind)
        if action is None:
            continue
        details = tuple(_details(one.delta or [], known.get(type_of(id_).lower(), set())))
        if kind == "Modify" and not details:
            continue
        actions[id_.lower()] = action
        changes.append(_change(action, it, details, certain=kind != "Deploy"))
    for id_ in state.managed if state is not None else ():
        if id_.lower() not in wanted:
            it = names[id_.lower()] = named(type_of(id_), name_of(id_), read(azure, id_, before))
            actions[id_.lower()] = "delete"
            changes.append(_change("delete", it, ()))
    return Preview(tuple(changes), names, actions, tuple(taken_over))


def _change(action: Action, it: Named, details: tuple[str, ...], *, certain: bool = True) -> Change:
    return Change(action=action, kind=it.kind, name=it.name, details=details, certain=certain, holds_data=it.holds_data)


def read(azure: Azure, id_: str, template: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """A resource as it is; None where it is not there. Its API's version is the one that the template names."""
    type_ = type_of(id_).lower()
    versions = (one["apiVersion"] for one in template.get("resources", []) if one["type"].lower() == type_)
    try:
        found: Mapping[str, Json] | None = azure.arm("GET", id_, next(versions, _NO_VERSION))
    except azure.refused as error:
        if status(error) in (400, 404):
            return None
        raise
    return found


def _declared(template: Mapping[str, Json]) -> dict[str, set[str]]:
    """The names of properties that a template sets, by type in lower case."""
    found: dict[str, set[str]] = {}
    for resource in template.get("resources", []):
        found.setdefault(resource["type"].lower(), set()).update(_names(resource))
    return found


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for part in value.values():
            yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)


# --- details --------------------------------------------------------------------------------------------------------


def _details(delta: Iterable[Any], declared: set[str]) -> list[str]:
    """What changes of a resource, in words; `declared` is what was set of it before."""
    found: dict[str, None] = {}
    for path, before, after, kind in _leaves("", delta):
        if kind == "NoEffect" or (kind == "Delete" and path.split(".")[-1] not in declared):
            continue
        found[_detail(path, before, after)] = None
    return list(found)


def _leaves(above: str, delta: Iterable[Any]) -> Iterator[tuple[str, Json, Json, str]]:
    for one in delta:
        path = f"{above}.{one.path}" if above else one.path
        kind = str(getattr(one.property_change_type, "value", one.property_change_type))
        if one.children:
            yield from _leaves(path, one.children)
        else:
            yield path, one.before, one.after, kind


def _detail(path: str, before: Json, after: Json) -> str:
    names = [part for part in path.split(".") if part and not part.isdigit()]
    word = next((_WORDS[name] for name in reversed(names) if name in _WORDS), names[-1] if names else path)
    if word == "settings" or not (_is_short(before) and _is_short(after)):
        return word
    return f"{word} {_shown(before)} -> {_shown(after)}"


def _is_short(value: Json) -> bool:
    return value is None or isinstance(value, (bool, int, float)) or (isinstance(value, str) and len(value) <= _SHORT)


def _shown(value: Json) -> str:
    return "none" if value is None else str(value)
