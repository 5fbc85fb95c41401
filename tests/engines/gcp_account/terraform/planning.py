"""What applying a configuration would change: Terraform's plan, resource by resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engines.gcp_account.terraform.configuration import Configuration
from engines.gcp_account.terraform.evaluation import UNKNOWN, evaluated, holds_unknown
from engines.gcp_account.terraform.kinds import Attributes, Kind
from engines.gcp_account.terraform.syntax import Malformed

Intent = Literal["CREATE", "UPDATE", "DELETE", "RECREATE", "UNCHANGED"]


@dataclass
class Instance:
    """A resource that was made: what was given for it, what it then was, and what it needs."""

    type: str
    name: str
    given: Attributes
    attributes: Attributes
    needs: tuple[str, ...] = ()


State = dict[str, Instance]


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to one resource. `changed`: the arguments that do, with the values before and after."""

    address: str
    type: str
    name: str
    intent: Intent
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


class AfterApply(dict[str, Any]):
    """The attributes of a resource before it is made or updated: those that are not known yet are UNKNOWN."""

    def __missing__(self, key: str) -> Any:
        return UNKNOWN


def plan(wanted: Configuration, state: State, kinds: Mapping[str, Kind]) -> list[Step]:
    """The steps, in an order in which they can be done.

    Raises:
        Malformed: the configuration cannot be evaluated, or names a type that there is not.
    """
    for resource in wanted.resources.values():
        if (f"data.{resource.type}" if resource.is_data else resource.type) not in kinds:
            raise Malformed(f'Invalid resource type: "{resource.type}" (or one that the tests do not know)')
    steps: list[Step] = []
    later: dict[str, Mapping[str, Any]] = {}
    for address in wanted.order:
        resource = wanted.resources[address]
        given = evaluated(dict(resource.arguments), wanted.scope(later))
        if resource.is_data:
            later[address] = kinds[f"data.{resource.type}"].known(given, {})
            continue
        step, later[address] = _step(address, resource.type, resource.name, given, state, kinds[resource.type])
        steps.append(step)
    gone = [address for address in state if address not in wanted.resources]
    deletions = [Step(address, state[address].type, state[address].name, "DELETE") for address in removal_order(state)]
    return [step for step in deletions if step.address in gone] + steps


def _step(
    address: str, type_: str, name: str, given: Attributes, state: State, kind: Kind
) -> tuple[Step, Mapping[str, Any]]:
    before = state.get(address)
    if before is None or not kind.exists(before.attributes):
        changes = {key: (None, value) for key, value in given.items()}
        return Step(address, type_, name, "CREATE", changes), AfterApply({**given, **kind.known(given, {})})
    changed = {
        key: (before.given.get(key), given.get(key))
        for key in sorted(before.given.keys() | given.keys())
        if holds_unknown(given.get(key)) or before.given.get(key) != given.get(key)
    }
    if not changed:
        return Step(address, type_, name, "UNCHANGED"), before.attributes
    if kind.fixed & changed.keys():
        return Step(address, type_, name, "RECREATE", changed), AfterApply({**given, **kind.known(given, {})})
    after = {key: value for key, value in before.attributes.items() if key not in kind.volatile}
    return Step(address, type_, name, "UPDATE", changed), AfterApply({**after, **given, **kind.known(given, after)})


def removal_order(state: State) -> list[str]:
    """The addresses of everything that is there, those first that nothing else needs."""
    left = dict(state)
    order: list[str] = []
    while left:
        needed = {need for instance in left.values() for need in instance.needs}
        free = [address for address in left if address not in needed] or list(left)
        for address in free:
            order.append(address)
            del left[address]
    return order
