"""A configuration in Terraform's JSON syntax: its resources in the order of their dependencies, variables and outputs.

Known: `terraform`, `provider`, `variable`, `locals`, `data`, `resource`, `output`. Refused: `module`, `count`,
`for_each`, `provisioner`, and every block that stands nowhere here.
https://developer.hashicorp.com/terraform/language/syntax/json
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from engines.gcp_account.terraform.evaluation import Scope, evaluated, references
from engines.gcp_account.terraform.syntax import Malformed

_BLOCKS = frozenset({"//", "terraform", "provider", "variable", "locals", "data", "resource", "output"})
_META = frozenset({"//", "depends_on", "lifecycle", "provider"})
_REFUSED = frozenset({"count", "for_each", "provisioner", "connection"})
_ROOTS = frozenset({"var", "local", "path", "data"})


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as it is written."""

    type: str
    name: str
    arguments: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    lifecycle: Mapping[str, Any] = field(default_factory=dict)
    is_data: bool = False

    @property
    def address(self) -> str:
        return f"{'data.' if self.is_data else ''}{self.type}.{self.name}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is wanted."""

    files: Mapping[str, str]
    variables: Mapping[str, Any]
    locals: Mapping[str, Any]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Any]
    order: tuple[str, ...]
    needs: Mapping[str, frozenset[str]]

    def scope(self, attributes: Mapping[str, Mapping[str, Any]]) -> Scope:
        """What names stand for, given the attributes of resources by address."""
        names: dict[str, Any] = {"var": dict(self.variables), "path": {"module": ".", "root": ".", "cwd": "."}}
        data: dict[str, Any] = {}
        for address, found in attributes.items():
            resource = self.resources.get(address)
            if resource is not None:
                (data if resource.is_data else names).setdefault(resource.type, {})[resource.name] = found
        names["data"] = data
        scope = Scope(names, self.read)
        names["local"] = {}
        for name, value in self.locals.items():
            names["local"][name] = evaluated(value, scope) if self._ready(value, attributes) else None
        return scope

    def _ready(self, value: Any, attributes: Mapping[str, Any]) -> bool:
        return all(address in attributes for address in _addresses(value, self.locals))

    def read(self, path: str) -> str:
        """A file of the configuration."""
        found = self.files.get(path.removeprefix("./"))
        if found is None:
            raise Malformed(f'Invalid function argument: no file exists at "{path}"')
        return found


def configuration(files: Mapping[str, str], given: Mapping[str, Any]) -> Configuration:
    """Reads what lies in a folder.

    Args:
        files: text by path; those that end in `.tf.json` at the top are the configuration.
        given: values of variables.

    Raises:
        Malformed: Terraform would refuse it.
    """
    document = _merged(files)
    variables = _variables(document.get("variable", {}), given)
    local = dict(document.get("locals", {}))
    resources = {resource.address: resource for resource in _resources(document)}
    outputs = {name: block["value"] for name, block in document.get("output", {}).items()}
    needs = {address: frozenset(_needs(resource, resources, local)) for address, resource in resources.items()}
    for value in outputs.values():
        _known(_addresses(value, local), resources)
    try:
        order = tuple(TopologicalSorter({address: sorted(needs[address]) for address in sorted(needs)}).static_order())
    except CycleError as error:
        raise Malformed(f"Cycle: {', '.join(error.args[1])}") from None
    return Configuration(files, variables, local, resources, outputs, order, needs)


def _merged(files: Mapping[str, str]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for path in sorted(path for path in files if path.endswith(".tf.json") and "/" not in path):
        try:
            document = json.loads(files[path])
        except ValueError as error:
            raise Malformed(f"{path}: Invalid JSON: {error}") from None
        unknown = document.keys() - _BLOCKS
        if unknown:
            raise Malformed(f"{path}: Extraneous JSON object property {sorted(unknown)}")
        for block, content in document.items():
            if block != "//" and isinstance(content, dict):
                target = merged.setdefault(block, {})
                for key, value in content.items():
                    target[key] = {**target.get(key, {}), **value} if isinstance(value, dict) else value
    if not merged:
        raise Malformed("there is no configuration file")
    return merged


def _variables(declared: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = given.keys() - declared.keys()
    if unknown:
        raise Malformed(f"Value for undeclared variable: {', '.join(sorted(unknown))}")
    values = {name: given.get(name, block.get("default")) for name, block in declared.items()}
    missing = [name for name, block in declared.items() if name not in given and "default" not in block]
    if missing:
        raise Malformed(f"No value for required variable: {', '.join(missing)}")
    return values


def _resources(document: Mapping[str, Any]) -> Iterator[Resource]:
    for block in ("resource", "data"):
        for type_, named in document.get(block, {}).items():
            for name, body in named.items():
                wrong = _REFUSED & body.keys()
                if wrong:
                    raise Malformed(f"{type_}.{name}: {', '.join(sorted(wrong))} is not known to the tests' Terraform")
                arguments = {key: value for key, value in body.items() if key not in _META}
                waits = tuple(body.get("depends_on", ()))
                yield Resource(type_, name, arguments, waits, body.get("lifecycle", {}), block == "data")


def _needs(resource: Resource, resources: Mapping[str, Resource], local: Mapping[str, Any]) -> set[str]:
    found = set(_addresses(dict(resource.arguments), local)) | set(resource.depends_on)
    _known(found, resources, resource.address)
    return found


def _known(found: set[str], resources: Mapping[str, Resource], where: str = "output") -> None:
    missing = sorted(found - resources.keys())
    if missing:
        raise Malformed(f"Reference to undeclared resource: {', '.join(missing)} (in {where})")


def _addresses(value: Any, local: Mapping[str, Any]) -> set[str]:
    """The resources that a value refers to, through locals too."""
    found: set[str] = set()
    for path in references(value):
        match path:
            case ("data", type_, name, *_):
                found.add(f"data.{type_}.{name}")
            case ("local", name, *_):
                if name not in local:
                    raise Malformed(f'Reference to undeclared local value: "{name}"')
                found |= _addresses(local[name], local)
            case (root, *_) if root in _ROOTS:
                continue
            case (type_, name, *_):
                found.add(f"{type_}.{name}")
            case _:
                raise Malformed(f"Invalid reference: {'.'.join(path)}")
    return found
