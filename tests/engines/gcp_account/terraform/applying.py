"""Applies a plan: what fails stays as it is, what depends on it is not tried, all else is done; nothing is undone."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.gcp_account.terraform.configuration import Configuration
from engines.gcp_account.terraform.evaluation import evaluated
from engines.gcp_account.terraform.kinds import Kind, Refused
from engines.gcp_account.terraform.planning import Instance, Intent, State, Step, plan, removal_order
from engines.gcp_account.terraform.syntax import Malformed

VERSION = "1.5.7"
"""The newest Terraform that Infrastructure Manager runs.
https://cloud.google.com/infrastructure-manager/docs/terraform"""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a resource could not be changed."""

    address: str
    code: int
    message: str


@dataclass
class Applied:
    """How far an apply came."""

    outputs: dict[str, Any] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)


Told = Callable[[Step, str], None]
"""Is told of each step when its state changes: PLANNED, IN_PROGRESS, RECONCILED, FAILED."""


class Terraform:
    """Applies configurations to a cloud. `guard` is asked before each change; it raises Refused, or waits."""

    def __init__(self, kinds: Mapping[str, Kind], guard: Callable[[str, str, Intent], None]) -> None:
        self.kinds, self._guard = kinds, guard

    def plan(self, wanted: Configuration, state: State) -> list[Step]:
        return plan(wanted, state, self.kinds)

    def apply(self, wanted: Configuration, state: State, told: Told) -> Applied:
        """Brings the cloud to what is wanted; `state` follows each change."""
        steps = self.plan(wanted, state)
        for step in steps:
            told(step, "PLANNED")
        done = Applied()
        attributes: dict[str, Mapping[str, Any]] = {}
        blocked: set[str] = set()
        deposed: list[tuple[Step, Instance]] = []
        by_address = {step.address: step for step in steps}
        for step in steps:
            if step.intent == "DELETE":
                self._attempt(step, told, done, lambda step=step: self._delete(step.address, state))  # type: ignore[misc]
        for address in wanted.order:
            resource = wanted.resources[address]
            if blocked & wanted.needs[address]:
                blocked.add(address)
                continue
            try:
                given = evaluated(dict(resource.arguments), wanted.scope(attributes))
            except Malformed as problem:
                done.failures.append(Failure(address, 0, str(problem)))
                blocked.add(address)
                continue
            if resource.is_data:
                attributes[address] = self.kinds[f"data.{resource.type}"].create(given)
                continue
            made = Instance(resource.type, resource.name, given, {}, tuple(sorted(wanted.needs[address])))
            after = deposed if resource.lifecycle.get("create_before_destroy") else None
            change = lambda step=by_address[address], made=made, after=after: self._change(  # noqa: E731
                step, made, state, after
            )
            if not self._attempt(by_address[address], told, done, change):
                blocked.add(address)
                continue
            attributes[address] = state[address].attributes
        for step, instance in deposed:
            self._attempt(step, told, done, lambda one=instance: self.kinds[one.type].delete(one.attributes))  # type: ignore[misc]
        if not done.failures:
            done.outputs = {name: evaluated(value, wanted.scope(attributes)) for name, value in wanted.outputs.items()}
        return done

    def destroy(self, state: State, told: Told) -> Applied:
        """Deletes everything that is there."""
        done = Applied()
        order = [Step(address, state[address].type, state[address].name, "DELETE") for address in removal_order(state)]
        for step in order:
            told(step, "PLANNED")
        for step in order:
            needed = {need for instance in state.values() for need in instance.needs}
            if step.address not in needed:
                self._attempt(step, told, done, lambda step=step: self._delete(step.address, state))  # type: ignore[misc]
        return done

    def _attempt(self, step: Step, told: Told, done: Applied, change: Callable[[], None]) -> bool:
        if step.intent == "UNCHANGED":
            change()
            return True
        told(step, "IN_PROGRESS")
        try:
            self._guard(step.address, step.type, step.intent)
            change()
        except Refused as refused:
            done.failures.append(Failure(step.address, refused.code, refused.message))
            told(step, "FAILED")
            return False
        told(step, "RECONCILED")
        return True

    def _change(self, step: Step, made: Instance, state: State, deposed: list[tuple[Step, Instance]] | None) -> None:
        """Makes one change. `deposed`: where a resource goes that is replaced, until nothing needs it any more."""
        kind, before = self.kinds[step.type], state.get(step.address)
        match step.intent:
            case "UNCHANGED":
                assert before is not None
                before.needs = made.needs
                return
            case "RECREATE":
                assert before is not None
                if deposed is None:
                    self._delete(step.address, state)
                else:
                    deposed.append((step, before))
                made.attributes = kind.create(made.given)
            case "UPDATE":
                assert before is not None
                same = made.given == before.given
                made.attributes = before.attributes if same else kind.update(made.given, before.attributes)
            case _:
                made.attributes = kind.create(made.given)
        state[step.address] = made

    def _delete(self, address: str, state: State) -> None:
        found = state[address]
        self.kinds[found.type].delete(found.attributes)
        del state[address]


# --- the state as a file --------------------------------------------------------------------------------------------


def state_file(state: State, outputs: Mapping[str, Any], serial: int, lineage: str) -> bytes:
    """The state in the form of version 4."""
    document = {
        "version": 4,
        "terraform_version": VERSION,
        "serial": serial,
        "lineage": lineage,
        "outputs": {name: {"value": value, "type": "string"} for name, value in outputs.items()},
        "resources": [
            {
                "mode": "managed",
                "type": instance.type,
                "name": instance.name,
                "provider": 'provider["registry.terraform.io/hashicorp/google"]',
                "instances": [
                    {
                        "schema_version": 0,
                        "attributes": instance.attributes,
                        "private": base64.b64encode(json.dumps(instance.given).encode()).decode(),
                        "dependencies": list(instance.needs),
                    }
                ],
            }
            for instance in state.values()
        ],
    }
    return json.dumps(document, indent=2).encode()


def read_state(data: bytes) -> State:
    """What a file of `state_file` says."""
    document = json.loads(data)
    if document.get("version") != 4:
        raise Malformed("unsupported state file format")
    return {f"{found['type']}.{found['name']}": _instance(found) for found in _managed(document["resources"])}


def _managed(resources: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return (found for found in resources if found["mode"] == "managed")


def _instance(found: dict[str, Any]) -> Instance:
    [instance] = found["instances"]
    given = json.loads(base64.b64decode(instance["private"]))
    return Instance(found["type"], found["name"], given, instance["attributes"], tuple(instance["dependencies"]))
