"""ARM templates: their resources with ids and properties, in the order in which they can be deployed, and outputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engines.azure_account.expressions import Json, Later, TemplateError, evaluate

_SECTIONS = {
    "$schema", "contentVersion", "apiProfile", "parameters", "variables", "functions", "resources", "outputs",
    "metadata", "languageVersion", "definitions",
}  # fmt: skip
_KEYS = {
    "type", "apiVersion", "name", "location", "tags", "dependsOn", "properties", "identity", "sku", "kind", "scope",
    "plan", "zones", "condition", "comments", "copy", "metadata", "asserts", "managedBy", "extendedLocation", "etag",
}  # fmt: skip
"""What a resource may have beside its properties. https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax"""


@dataclass
class Context:
    """What the expressions of a template find around them."""

    subscription: str
    group: str
    location: str
    tenant: str
    parameters: Mapping[str, Json]
    variables: Mapping[str, Json]
    look: Callable[[str, bool], Json]
    """What `reference` gives of a resource by its id: its properties, or with True all of it. None: not there yet."""
    lists: Callable[[str, str], Json] = lambda function, id_: Later(id_)

    def parameter(self, name: str) -> Json:
        if name not in self.parameters:
            raise TemplateError(f"the template parameter '{name}' is not found")
        return self.parameters[name]

    def variable(self, name: str) -> Json:
        if name not in self.variables:
            raise TemplateError(f"the template variable '{name}' is not found")
        return evaluate(self.variables[name], self)

    def reference(self, id_: str, *, full: bool) -> Json:
        if isinstance(id_, Later):
            return id_
        found = self.look(id_, full)
        return Later(id_) if found is None else found

    def listed(self, function: str, id_: str) -> Json:
        return self.lists(function, id_)


@dataclass
class Declared:
    """A resource of a template. `raw` as the template writes it."""

    id: str
    type: str
    name: str
    version: str
    raw: Mapping[str, Json]
    needs: set[str] = field(default_factory=set)
    """Ids in lower case that have to be there before."""


class Template:
    """A template with values for its parameters, for a resource group."""

    def __init__(self, document: Mapping[str, Json], context: Context) -> None:
        self.document, self.context = document, context
        self.resources = self._declared()

    def _declared(self) -> list[Declared]:
        unknown = self.document.keys() - _SECTIONS
        if unknown or "resources" not in self.document or "$schema" not in self.document:
            raise TemplateError(f"the template has sections that are not valid: {sorted(unknown)}")
        if not isinstance(self.document["resources"], list):
            raise TemplateError("resources with symbolic names are not known here")
        found = [self._resource(raw) for raw in self.document["resources"]]
        ids = [one.id.lower() for one in found]
        twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
        if twice:
            raise TemplateError(f"the resource '{twice[0]}' is defined multiple times in a template")
        for one in found:
            one.needs = self._needs(one, ids)
        return found

    def _resource(self, raw: Mapping[str, Json]) -> Declared:
        for key in ("type", "apiVersion", "name"):
            if not isinstance(raw.get(key), str):
                raise TemplateError(f"a resource of the template has no '{key}'")
        unknown = raw.keys() - _KEYS
        if unknown:
            raise TemplateError(f"the resource '{raw['name']}' has properties that are not valid: {sorted(unknown)}")
        name, type_ = evaluate(raw["name"], self.context), raw["type"]
        if isinstance(name, Later):
            raise TemplateError("the template function 'reference' is not expected at this location")
        names, kinds = name.split("/"), type_.split("/")
        if len(names) != len(kinds) - 1:
            raise TemplateError(
                f"the template resource '{name}' for type '{type_}' has incorrect segment lengths. A nested resource "
                "type must have identical number of segments as its resource name"
            )
        scope = evaluate(raw["scope"], self.context) if "scope" in raw else ""
        if scope and not str(scope).startswith("/"):
            root = f"/subscriptions/{self.context.subscription}/resourceGroups/{self.context.group}"
            scope = f"{root}/providers/{scope}"
        base = scope or f"/subscriptions/{self.context.subscription}/resourceGroups/{self.context.group}"
        path = "".join(f"/{kind}/{part}" for kind, part in zip(kinds[1:], names, strict=True))
        return Declared(f"{base}/providers/{kinds[0]}{path}", type_, name, raw["apiVersion"], raw)

    def _needs(self, one: Declared, ids: Iterable[str]) -> set[str]:
        """What a resource waits for: what it says, and what it refers to. A parent or a scope has to be said."""
        known = set(ids)
        needs: set[str] = set()
        for text in one.raw.get("dependsOn", []):
            id_ = str(evaluate(text, self.context))
            matching = {id_.lower()} & known or {other for other in known if other.endswith(f"/{id_.lower()}")}
            if not matching and not id_.startswith("/subscriptions/"):
                raise TemplateError(f"the resource '{id_}' is not defined in the template")
            if not matching:
                raise TemplateError(f"the resource '{id_}' is not defined in the template")
            needs |= matching
        for expression in _references(one.raw):
            id_ = str(evaluate(f"[{expression}]", self.context)).lower()
            needs |= {id_} & known
        return needs - {one.id.lower()}

    def in_order(self) -> list[Declared]:
        """The resources, each behind those that it needs."""
        left, done, order = list(self.resources), set[str](), list[Declared]()
        while left:
            ready = [one for one in left if one.needs <= done]
            if not ready:
                raise TemplateError(f"circular dependency detected: {left[0].id}")
            order += ready
            done |= {one.id.lower() for one in ready}
            left = [one for one in left if one not in ready]
        return order

    def body(self, one: Declared) -> dict[str, Json]:
        """A resource's body, with its expressions evaluated. What is not known yet is `Later`."""
        parts = {name: part for name, part in one.raw.items() if name not in ("dependsOn", "scope", "comments", "name")}
        return {"name": one.name, **evaluate(parts, self.context)}

    def outputs(self) -> dict[str, Json]:
        """The outputs, when everything is there."""
        found = {}
        for name, output in (self.document.get("outputs") or {}).items():
            value = evaluate(output["value"], self.context)
            if _has_later(value):
                raise TemplateError(f"the output '{name}' refers to something that is not there", "DeploymentOutput")
            found[name] = {"type": output["type"].capitalize() if output["type"] != "bool" else "Bool", "value": value}
        return found


def _references(raw: Json) -> list[str]:
    """The ids, as expressions, that `reference` and `list...` are called with inside a resource."""
    found: list[str] = []
    if isinstance(raw, dict):
        for key, part in raw.items():
            if key != "dependsOn":
                found += _references(part)
    elif isinstance(raw, list):
        for part in raw:
            found += _references(part)
    elif isinstance(raw, str) and raw.startswith("[") and not raw.startswith("[["):
        for match in re.finditer(r"\b(?:reference|list[A-Z]\w*)\(", raw):
            found.append(_first_argument(raw, match.end()))
    return found


def _first_argument(text: str, start: int) -> str:
    depth, inside = 0, False
    for at in range(start, len(text)):
        mark = text[at]
        if mark == "'":
            inside = not inside
        elif not inside and mark == "(":
            depth += 1
        elif not inside and mark in ",)" and depth == 0:
            return text[start:at]
        elif not inside and mark == ")":
            depth -= 1
    raise TemplateError(f"the expression '{text}' ends too early")


def _has_later(value: Json) -> bool:
    if isinstance(value, dict):
        return any(map(_has_later, value.values()))
    if isinstance(value, list):
        return any(map(_has_later, value))
    return isinstance(value, Later)


def values(document: Mapping[str, Json], given: Mapping[str, Json], context: Context) -> dict[str, Json]:
    """The values of a template's parameters: those that are given, else their defaults."""
    declared: Mapping[str, Any] = document.get("parameters") or {}
    unknown = given.keys() - declared.keys()
    if unknown:
        raise TemplateError(f"the template parameters '{', '.join(sorted(unknown))}' are not valid")
    found: dict[str, Json] = {}
    for name, parameter in declared.items():
        if name in given:
            found[name] = given[name]
        elif "defaultValue" in parameter:
            found[name] = evaluate(parameter["defaultValue"], context)
        else:
            raise TemplateError(f"the value for the template parameter '{name}' is not provided")
        if "allowedValues" in parameter and found[name] not in parameter["allowedValues"]:
            raise TemplateError(f"the value of the template parameter '{name}' is not one of those that are allowed")
    return found
