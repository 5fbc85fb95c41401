"""Expressions of ARM templates, evaluated: what stands between `[` and `]`.

https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions
`uniqueString` gives other texts than Azure's, of the same form: its algorithm is not published.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Json = Any
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[()\[\],.]))")
_GUIDS = uuid.UUID("11fb06fb-712d-4ddd-98c7-e71bbd588830")
"""What ARM's `guid` is made in."""


class TemplateError(Exception):
    """A template that ARM refuses. `code` is ARM's name of what is wrong."""

    def __init__(self, message: str, code: str = "InvalidTemplate") -> None:
        super().__init__(message)
        self.message, self.code = message, code


class Around(Protocol):
    """What expressions find around them."""

    subscription: str
    group: str
    location: str
    tenant: str

    def parameter(self, name: str) -> Json: ...
    def variable(self, name: str) -> Json: ...
    def reference(self, id_: str, *, full: bool) -> Json: ...
    def listed(self, function: str, id_: str) -> Json: ...


@dataclass(frozen=True, slots=True)
class Later:
    """A value that is known only when something has been deployed."""

    of: str


def evaluate(value: Json, around: Around) -> Json:
    """A value of a template with its expressions evaluated, however deep they stand."""
    if isinstance(value, dict):
        return {evaluate(name, around): evaluate(part, around) for name, part in value.items()}
    if isinstance(value, list):
        return [evaluate(part, around) for part in value]
    if not isinstance(value, str) or not value.startswith("["):
        return value
    if value.startswith("[["):
        return value[1:]
    if not value.endswith("]"):
        return value
    return _Reader(value[1:-1], around).read()


class _Reader:
    """Reads and evaluates one expression."""

    def __init__(self, text: str, around: Around) -> None:
        self._text, self._around = text, around
        self._tokens = self._split(text)
        self._at = 0

    def _split(self, text: str) -> list[tuple[str, str]]:
        found, at = [], 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None:
                raise TemplateError(f"the expression '{text}' is not valid at position {at}")
            kind = str(match.lastgroup)
            found.append((kind, match[kind]))
            at = match.end()
        return found

    def read(self) -> Json:
        value = self._value()
        if self._at != len(self._tokens):
            raise TemplateError(f"the expression '{self._text}' goes on where it should end")
        return value

    def _next(self, expected: str | None = None) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise TemplateError(f"the expression '{self._text}' ends too early")
        token = self._tokens[self._at]
        if expected is not None and token[1] != expected:
            raise TemplateError(f"the expression '{self._text}' has {token[1]} where {expected} is expected")
        self._at += 1
        return token

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _value(self) -> Json:
        kind, text = self._next()
        match kind:
            case "text":
                value: Json = text[1:-1].replace("''", "'")
            case "number":
                value = int(text)
            case "name":
                value = self._call(text)
            case _:
                raise TemplateError(f"the expression '{self._text}' has {text} where a value is expected")
        return self._inside(value)

    def _inside(self, value: Json) -> Json:
        while self._peek() in (".", "["):
            mark = self._next()[1]
            if mark == ".":
                name: Json = self._next()[1]
            else:
                name = self._value()
                self._next("]")
            value = self._part(value, name)
        return value

    def _part(self, value: Json, name: Json) -> Json:
        if isinstance(value, Later):
            return value
        try:
            return value[name]
        except (KeyError, IndexError, TypeError):
            raise TemplateError(f"the property '{name}' does not exist in '{self._text}'") from None

    def _call(self, name: str) -> Json:
        if name == "if":
            return self._if()
        arguments = []
        self._next("(")
        while self._peek() != ")":
            arguments.append(self._value())
            if self._peek() != ")":
                self._next(",")
        self._next(")")
        return call(name, arguments, self._around)

    def _if(self) -> Json:
        # Only the branch that counts is evaluated in Azure; both are read here, and neither has an effect.
        self._next("(")
        condition = self._value()
        self._next(",")
        first = self._value()
        self._next(",")
        second = self._value()
        self._next(")")
        return first if condition else second


def call(name: str, arguments: list[Json], around: Around) -> Json:
    """The value of a function."""
    if name in ("true", "false", "null") and not arguments:
        return {"true": True, "false": False, "null": None}[name]
    if name.startswith("list"):
        return around.listed(name, str(arguments[0]))
    own = _AROUND.get(name)
    if own is not None:
        return own(around, *arguments)
    function = _FUNCTIONS.get(name)
    if function is None:
        raise TemplateError(f"the template function '{name}' is not valid")
    later = next((one for one in arguments if isinstance(one, Later)), None)
    return later if later is not None else function(*arguments)


# --- functions ------------------------------------------------------------------------------------------------------


def _format(pattern: str, *values: Json) -> str:
    return str(pattern).format(*values)


def _guid(*values: str) -> str:
    return str(uuid.uuid5(_GUIDS, "-".join(map(str, values))))


def _unique(*values: str) -> str:
    digest = hashlib.sha256("-".join(map(str, values)).encode()).digest()
    return "".join("abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in digest[:13])


def _contains(of: Json, one: Json) -> bool:
    return one in of


def _concat(*values: Json) -> Json:
    if values and isinstance(values[0], list):
        return [part for value in values for part in value]
    return "".join(map(str, values))


def _ids(type_: str, names: tuple[str, ...]) -> str:
    namespace, *kinds = type_.split("/")
    if len(kinds) != len(names):
        raise TemplateError(f"resourceId: the type '{type_}' and the names {list(names)} have different lengths")
    return f"/providers/{namespace}" + "".join(f"/{kind}/{name}" for kind, name in zip(kinds, names, strict=True))


def _resource_id(around: Around, *parts: str) -> Json:
    later = next((one for one in parts if isinstance(one, Later)), None)
    if later is not None:
        return later
    at = next(number for number, part in enumerate(parts) if "/" in part)
    group = parts[at - 1] if at else around.group
    scope = f"/subscriptions/{around.subscription}/resourceGroups/{group}"
    return scope + _ids(parts[at], parts[at + 1 :])


def _reference(around: Around, of: str, version: str = "", full: str = "") -> Json:
    return around.reference(of, full=full == "Full")


_FUNCTIONS: Mapping[str, Callable[..., Json]] = {
    "and": lambda *values: all(values),
    "array": lambda value: value if isinstance(value, list) else [value],
    "base64": lambda text: __import__("base64").b64encode(text.encode()).decode(),
    "bool": lambda value: str(value).lower() in ("true", "1"),
    "coalesce": lambda *values: next((value for value in values if value is not None), None),
    "concat": _concat,
    "contains": _contains,
    "createArray": lambda *values: list(values),
    "createObject": lambda *values: dict(zip(values[::2], values[1::2], strict=True)),
    "empty": lambda value: not value,
    "equals": lambda one, other: one == other,
    "format": _format,
    "guid": _guid,
    "int": int,
    "json": lambda text: __import__("json").loads(text),
    "length": len,
    "not": lambda value: not value,
    "or": lambda *values: any(values),
    "replace": lambda text, old, new: text.replace(old, new),
    "split": lambda text, at: text.split(at),
    "string": lambda value: value if isinstance(value, str) else __import__("json").dumps(value),
    "substring": lambda text, start, length=None: text[start:] if length is None else text[start : start + length],
    "take": lambda text, count: text[:count],
    "toLower": lambda text: text.lower(),
    "toUpper": lambda text: text.upper(),
    "uniqueString": _unique,
    "uri": lambda base, relative: base.rstrip("/") + "/" + relative.lstrip("/"),
}

_AROUND: Mapping[str, Callable[..., Json]] = {
    "parameters": lambda around, name: around.parameter(name),
    "variables": lambda around, name: around.variable(name),
    "resourceId": _resource_id,
    "subscriptionResourceId": lambda around, of, *names: f"/subscriptions/{around.subscription}{_ids(of, names)}",
    "tenantResourceId": lambda around, type_, *names: _ids(type_, names),
    "extensionResourceId": lambda around, of, type_, *names: f"{of}{_ids(type_, names)}",
    "reference": _reference,
    "resourceGroup": lambda around: {
        "id": f"/subscriptions/{around.subscription}/resourceGroups/{around.group}",
        "name": around.group,
        "location": around.location,
    },
    "subscription": lambda around: {
        "id": f"/subscriptions/{around.subscription}",
        "subscriptionId": around.subscription,
        "tenantId": around.tenant,
    },
    "tenant": lambda around: {"tenantId": around.tenant},
    "deployment": lambda around: {"name": "deployment"},
    "environment": lambda around: {"suffixes": {"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net"}},
}
