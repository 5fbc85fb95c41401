"""Reads the models of a management SDK: its classes, as they are written, become schemas.

SDKs come in two forms: older ones list their attributes in `_attribute_map`, newer ones have a `rest_field` for each.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = Any

_PLAIN = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "long": "integer",
    "object": "any",
    "JSON": "any",
    "Any": "any",
    "iso-8601": "string",
    "duration": "string",
    "date": "string",
    "time": "string",
    "bytes": "string",
    "bytearray": "string",
    "rfc-1123": "string",
    "datetime.datetime": "string",
    "datetime.timedelta": "string",
    "datetime.date": "string",
    "unix-time": "integer",
}


@dataclass(frozen=True, slots=True)
class Models:
    """The classes of a package of models: `classes` by name, with the values of enumerations in `enums`."""

    classes: dict[str, ast.ClassDef]
    enums: dict[str, dict[str, str]]

    @classmethod
    def of(cls, models: str, enums: str) -> Models:
        found = {node.name: node for node in ast.parse(models).body if isinstance(node, ast.ClassDef)}
        values = {node.name: _values(node) for node in ast.parse(enums).body if isinstance(node, ast.ClassDef)}
        return cls(found, values)

    def schema(self, name: str) -> Json:
        """The schema of a class: `{"properties": {name: {...}}, "by": discriminator, "kinds": {value: class}}`."""
        properties: dict[str, Json] = {}
        for node in reversed(list(self._line(name))):
            _merge(properties, self._older(node) if _assigned(node, "_attribute_map") else self._newer(node))
        found: Json = {"properties": dict(sorted(properties.items()))}
        kinds = dict(self._kinds(name))
        if kinds:
            found["kinds"] = dict(sorted(kinds.items()))
            found["by"] = self._discriminator(name)
        return found

    def _line(self, name: str) -> Iterator[ast.ClassDef]:
        """The class and those that it comes from, the nearest first."""
        node = self.classes.get(name)
        if node is None:
            return
        yield node
        for base in node.bases:
            text = ast.unparse(base).strip("'\"").removeprefix("_models.")
            yield from self._line(text)

    def _below(self, name: str) -> Iterator[ast.ClassDef]:
        for node in self.classes.values():
            if any(ast.unparse(base).strip("'\"").removeprefix("_models.") == name for base in node.bases):
                yield node
                yield from self._below(node.name)

    # --- kinds of one thing -----------------------------------------------------------------------------------------

    def _kinds(self, name: str) -> Iterator[tuple[str, str]]:
        node = self.classes[name]
        subtypes = _assigned(node, "_subtype_map")
        if subtypes is not None:
            for values in ast.literal_eval(subtypes).values():
                yield from values.items()
        if _assigned(node, "__mapping__", annotated=True) is not None:
            for below in self._below(name):
                for keyword in below.keywords:
                    if keyword.arg == "discriminator" and isinstance(keyword.value, ast.Constant):
                        yield str(keyword.value.value), below.name

    def _discriminator(self, name: str) -> str:
        node = self.classes[name]
        subtypes = _assigned(node, "_subtype_map")
        if subtypes is not None:
            (attribute,) = ast.literal_eval(subtypes)
            keys = {key: given for one in self._line(name) for key, given in _map(one).items()}
            return _steps(keys[attribute]["key"])[-1]
        for item in node.body:
            if isinstance(item, ast.AnnAssign) and "rest_discriminator" in ast.unparse(item):
                return _newer_name(item)
        raise AssertionError(f"{name} has kinds, and nothing to tell them apart")

    # --- older SDKs -------------------------------------------------------------------------------------------------

    def _older(self, node: ast.ClassDef) -> dict[str, Json]:
        validation = _assigned(node, "_validation")
        rules = {} if validation is None else ast.literal_eval(validation)
        found: dict[str, Json] = {}
        for attribute, given in _map(node).items():
            rule = rules.get(attribute, {})
            made = self._older_type(given["type"]) | self._enum_of(node, attribute)
            made |= {"required": True} if rule.get("required") else {}
            made |= {name: rule[name] for name in ("pattern", "max_length", "min_length") if name in rule}
            made = _only_read(made) if rule.get("readonly") else made
            place = found
            *outer, last = _steps(given["key"])
            for step in outer:
                place = place.setdefault(step, {"type": "object", "properties": {}})["properties"]
            place[last] = made
        return found

    def _older_type(self, text: str) -> Json:
        if text.startswith("["):
            return {"type": "array", "items": self._older_type(text[1:-1])}
        if text.startswith("{"):
            return {"type": "map", "items": self._older_type(text[1:-1])}
        return {"type": _PLAIN[text]} if text in _PLAIN else {"type": "model", "model": text}

    def _enum_of(self, node: ast.ClassDef, attribute: str) -> Json:
        """Older SDKs name the enumeration of an attribute in its documentation only."""
        text = ast.get_docstring(node) or ""
        marker = f":vartype {attribute}: str or ~"
        if marker not in text:
            return {}
        name = text.split(marker)[1].split("\n:")[0].replace("\n", "").replace(" ", "").rpartition(".")[2]
        return {"enum": sorted(self.enums[name].values())} if name in self.enums else {}

    # --- newer SDKs -------------------------------------------------------------------------------------------------

    def _newer(self, node: ast.ClassDef) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for item in node.body:
            if not (isinstance(item, ast.AnnAssign) and isinstance(item.value, ast.Call)):
                continue
            optional, made = self._newer_type(item.annotation)
            options = {keyword.arg: keyword.value for keyword in item.value.keywords}
            visible = ast.literal_eval(options["visibility"]) if "visibility" in options else ["create"]
            if visible == ["read"]:
                made = _only_read(made)
            elif not optional:
                made |= {"required": True}
            found[_newer_name(item)] = made
        return found

    def _newer_type(self, node: ast.expr) -> tuple[bool, Json]:
        """Whether None is a value too, and the type."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._newer_type(ast.parse(node.value, mode="eval").body)
        if isinstance(node, ast.Subscript):
            outer, inner = ast.unparse(node.value), node.slice
            if outer == "Optional":
                return True, self._newer_type(inner)[1]
            if outer == "Literal":
                values = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return False, {"type": "string", "enum": [self._literal(one) for one in values]}
            if outer == "Union" and isinstance(inner, ast.Tuple):
                return False, self._union([self._newer_type(one)[1] for one in inner.elts])
            if outer in ("list", "List"):
                return False, {"type": "array", "items": self._newer_type(inner)[1]}
            if outer in ("dict", "Dict") and isinstance(inner, ast.Tuple):
                return False, {"type": "map", "items": self._newer_type(inner.elts[1])[1]}
        name = ast.unparse(node)
        if name in _PLAIN:
            return False, {"type": _PLAIN[name]}
        plain = name.removeprefix("_models.")
        if plain in self.enums:
            return False, {"type": "string", "enum": sorted(self.enums[plain].values())}
        return False, {"type": "model", "model": plain}

    def _literal(self, node: ast.expr) -> Json:
        if isinstance(node, ast.Constant):
            return node.value
        owner, _, member = ast.unparse(node).rpartition(".")
        return self.enums[owner.rpartition(".")[2]][member]

    @staticmethod
    def _union(types: list[Json]) -> Json:
        known = [one for one in types if "enum" in one]
        return known[0] if known else types[0]


def _only_read(made: Json) -> Json:
    """What can only be read: of its schema as much as paths to it need."""
    return {"readOnly": True, **{key: made[key] for key in ("model",) if key in made}}


def _map(node: ast.ClassDef) -> dict[str, Json]:
    found = _assigned(node, "_attribute_map")
    return {} if found is None else ast.literal_eval(found)


def _assigned(node: ast.ClassDef, name: str, *, annotated: bool = False) -> ast.expr | None:
    for item in node.body:
        if isinstance(item, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in item.targets):
            return item.value
        if annotated and isinstance(item, ast.AnnAssign) and ast.unparse(item.target) == name:
            return item.value or item.annotation
    return None


def _values(node: ast.ClassDef) -> dict[str, str]:
    """The members of an enumeration, and what they are."""
    return {
        item.targets[0].id: item.value.value
        for item in node.body
        if isinstance(item, ast.Assign)
        and isinstance(item.targets[0], ast.Name)
        and isinstance(item.value, ast.Constant)
        and isinstance(item.value.value, str)
    }


def _newer_name(item: ast.AnnAssign) -> str:
    assert isinstance(item.value, ast.Call)
    names = [keyword.value for keyword in item.value.keywords if keyword.arg == "name"]
    return str(ast.literal_eval(names[0])) if names else ast.unparse(item.target)


def _steps(key: str) -> list[str]:
    """The names of a path, in which a point of a name itself has a backslash."""
    return [step.replace("\0", ".") for step in key.replace("\\.", "\0").split(".")]


def _merge(into: dict[str, Json], more: dict[str, Json]) -> None:
    for name, given in more.items():
        if name in into and "properties" in into[name] and "properties" in given:
            _merge(into[name]["properties"], given["properties"])
        else:
            into[name] = given
