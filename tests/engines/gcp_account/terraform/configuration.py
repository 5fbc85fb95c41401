"""A configuration in Terraform's JSON syntax: its resources in the order of their dependencies, variables and outputs.

Known: `terraform`, `provider`, `variable`, `locals`, `data`, `resource`, `output`. Refused: `module`, `count`,
`for_each`, `provisioner`, and every block that stands nowhere here. Override files change local values and arguments
of resources; other blocks in them are refused.
https://developer.hashicorp.com/terraform/language/syntax/json
https://developer.hashicorp.com/terraform/language/files/override
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
    written = sorted(path for path in files if path.endswith(".tf.json") and "/" not in path)
    for path in (path for path in written if not _is_override(path)):
        for block, content in _document(path, files[path]).items():
            if block != "//" and isinstance(content, dict):
                _join(merged.setdefault(block, {}), block, content)
    if not merged:
        raise Malformed("there is no configuration file")
    for path in filter(_is_override, written):
        _override(merged, _document(path, files[path]))
    return merged


def _is_override(path: str) -> bool:
    return path == "override.tf.json" or path.endswith("_override.tf.json")


def _document(path: str, text: str) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise Malformed(f"{path}: Invalid JSON: {error}") from None
    unknown = document.keys() - _BLOCKS
    if unknown:
        raise Malformed(f"{path}: Extraneous JSON object property {sorted(unknown)}")
    return document


def _join(target: dict[str, Any], block: str, content: Mapping[str, Any]) -> None:
    """Adds a block of another file: what is named in both is refused."""
    for key, value in content.items():
        nested = isinstance(value, dict) and block in ("resource", "data")
        twice = [f"{key}.{name}" for name in value.keys() & target.get(key, {}).keys()] if nested else [key]
        if key in target and twice:
            raise Malformed(f"Duplicate {block}: {', '.join(sorted(twice))}")
        target[key] = {**target.get(key, {}), **value} if nested else value


def _override(merged: dict[str, Any], document: Mapping[str, Any]) -> None:
    """What an override file says counts; it adds nothing that is not there."""
    wrong = document.keys() - {"//", "locals", "resource"}
    if wrong:
        raise Malformed(f"overriding {', '.join(sorted(wrong))} is not known to the tests' Terraform")
    for name, value in document.get("locals", {}).items():
        if name not in merged.get("locals", {}):
            raise Malformed(f'Missing base local value definition to override: "{name}"')
        merged["locals"][name] = value
    for type_, named in document.get("resource", {}).items():
        for name, body in named.items():
            base = merged.get("resource", {}).get(type_, {})
            if name not in base:
                raise Malformed(f'Missing resource to override: there is no {type_} resource named "{name}"')
            if "depends_on" in body:
                raise Malformed("Unsupported override: the depends_on argument may not be overridden")
            merged["resource"][type_] = {**base, name: {**base[name], **body}}


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
