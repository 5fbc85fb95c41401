"""The values of Terraform's expressions, with `UNKNOWN` for what is known only when something has been made."""

from __future__ import annotations

import base64
import hashlib
import json
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, assert_never

from engines.gcp_account.terraform.syntax import (
    Binary,
    Call,
    Choice,
    Item,
    ListOf,
    Literal,
    Malformed,
    MapOf,
    Name,
    Node,
    Not,
    Template,
    template,
)

Value = Any


class _Unknown:
    def __repr__(self) -> str:
        return "(known after apply)"

    def __deepcopy__(self, memo: object) -> _Unknown:
        return self


UNKNOWN = _Unknown()
Path = tuple[str, ...]


class Scope:
    """What names stand for.

    Args:
        names: the values of `var`, `local`, `path`, of resource types and `data`, by first name.
        read: reads a file of the configuration.
    """

    def __init__(self, names: Mapping[str, Value], read: Callable[[str], str]) -> None:
        self.names, self.read = names, read


def evaluated(value: Value, scope: Scope) -> Value:
    """The value of a part of a configuration: every string in it is a template."""
    match value:
        case str():
            return evaluate(template(value), scope)
        case list():
            return [evaluated(item, scope) for item in value]
        case dict():
            return {key: evaluated(item, scope) for key, item in value.items() if key != "//"}
        case _:
            return value


def references(value: Value) -> Iterator[Path]:
    """The traversals in a part of a configuration: `("google_pubsub_topic", "events", "id")`."""
    match value:
        case str():
            yield from _paths(template(value))
        case list():
            for item in value:
                yield from references(item)
        case dict():
            for key, item in value.items():
                if key != "//":
                    yield from references(item)
        case _:
            return


def _paths(node: Node) -> Iterator[Path]:
    match node:
        case Literal():
            return
        case Name():
            yield (node.name,)
        case Item():
            yield from _item_paths(node)
        case Template():
            for part in node.parts:
                if not isinstance(part, str):
                    yield from _paths(part)
        case Call():
            for argument in node.arguments:
                yield from _paths(argument)
        case Binary():
            yield from _paths(node.left)
            yield from _paths(node.right)
        case Not():
            yield from _paths(node.of)
        case Choice():
            for inner in (node.condition, node.then, node.otherwise):
                yield from _paths(inner)
        case ListOf():
            for inner in node.items:
                yield from _paths(inner)
        case MapOf():
            for key, inner in node.items:
                yield from _paths(key)
                yield from _paths(inner)
        case _:
            assert_never(node)


def _item_paths(node: Item) -> Iterator[Path]:
    keys: list[str] = []
    inner: Node = node
    while isinstance(inner, Item):
        if isinstance(inner.key, Literal):
            keys.append(str(inner.key.value))
        else:
            yield from _paths(inner.key)
            keys.clear()
        inner = inner.of
    if isinstance(inner, Name):
        yield (inner.name, *reversed(keys))
    else:
        yield from _paths(inner)


def evaluate(node: Node, scope: Scope) -> Value:
    """The value of an expression. Raises Malformed where there is none."""
    match node:
        case Literal():
            return node.value
        case Name():
            if node.name not in scope.names:
                raise Malformed(f'Reference to undeclared resource: "{node.name}"')
            return scope.names[node.name]
        case Item():
            return _item(evaluate(node.of, scope), evaluate(node.key, scope))
        case Template():
            return _joined([part if isinstance(part, str) else evaluate(part, scope) for part in node.parts])
        case Call():
            return _called(node, scope)
        case Binary():
            return _binary(node.operator, evaluate(node.left, scope), evaluate(node.right, scope))
        case Not():
            inner = evaluate(node.of, scope)
            return inner if inner is UNKNOWN else not inner
        case Choice():
            condition = evaluate(node.condition, scope)
            return UNKNOWN if condition is UNKNOWN else evaluate(node.then if condition else node.otherwise, scope)
        case ListOf():
            return [evaluate(item, scope) for item in node.items]
        case MapOf():
            return {str(evaluate(key, scope)): evaluate(item, scope) for key, item in node.items}
        case _:
            assert_never(node)


def _item(value: Value, key: Value) -> Value:
    if value is UNKNOWN or key is UNKNOWN:
        return UNKNOWN
    try:
        return value[key] if isinstance(value, list) else value[str(key)]
    except (KeyError, IndexError, TypeError):
        raise Malformed(f"Unsupported attribute: {key!r}") from None


def _joined(parts: list[Value]) -> Value:
    return UNKNOWN if any(holds_unknown(part) for part in parts) else "".join(map(text, parts))


def text(value: Value) -> str:
    """A value as it stands in a string."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case str() | int() | float():
            return str(value)
        case _:
            raise Malformed(f"Invalid template interpolation value: {value!r}")


def holds_unknown(value: Value) -> bool:
    """Whether something in the value is not known yet."""
    match value:
        case dict():
            return any(map(holds_unknown, value.values()))
        case list():
            return any(map(holds_unknown, value))
        case _:
            return value is UNKNOWN


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "&&": lambda left, right: left and right,
    "||": lambda left, right: left or right,
}


def _binary(sign: str, left: Value, right: Value) -> Value:
    return UNKNOWN if holds_unknown(left) or holds_unknown(right) else _OPERATORS[sign](left, right)


# --- functions ------------------------------------------------------------------------------------------------------


def _called(node: Call, scope: Scope) -> Value:
    if node.function == "try":
        for argument in node.arguments:
            try:
                return evaluate(argument, scope)
            except Malformed:
                continue
        raise Malformed("Call to function try failed: no expression succeeded")
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if any(map(holds_unknown, arguments)):
        return UNKNOWN
    match node.function, arguments:
        case "file", [path]:
            return scope.read(path)
        case "filebase64", [path]:
            return base64.b64encode(scope.read(path).encode()).decode()
        case "filesha256", [path]:
            return hashlib.sha256(scope.read(path).encode()).hexdigest()
        case "templatefile", [path, names]:
            return evaluate(template(scope.read(path)), Scope(names, scope.read))
        case name, _ if name in FUNCTIONS:
            return FUNCTIONS[name](*arguments)
        case name, _:
            raise Malformed(f'Call to unknown function: "{name}" (or one that the tests do not know)')


def _json(value: Value) -> str:
    plain = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "base64encode": lambda value: base64.b64encode(value.encode()).decode(),
    "base64decode": lambda value: base64.b64decode(value).decode(),
    "base64sha256": lambda value: base64.b64encode(hashlib.sha256(value.encode()).digest()).decode(),
    "concat": lambda *lists: [item for one in lists for item in one],
    "element": lambda items, index: items[index % len(items)],
    "format": lambda pattern, *values: pattern % values,
    "join": lambda between, items: between.join(map(text, items)),
    "jsondecode": json.loads,
    "jsonencode": _json,
    "keys": sorted,
    "length": len,
    "lookup": lambda one, key, default: one.get(key, default),
    "lower": str.lower,
    "merge": lambda *maps: {key: value for one in maps for key, value in one.items()},
    "replace": lambda whole, old, new: whole.replace(old, new),
    "sha256": lambda value: hashlib.sha256(value.encode()).hexdigest(),
    "split": lambda between, whole: whole.split(between),
    "substr": lambda whole, start, length: whole[start:] if length < 0 else whole[start : start + length],
    "tolist": list,
    "toset": lambda items: sorted(set(items)),
    "tostring": text,
    "trimprefix": lambda whole, start: whole.removeprefix(start),
    "trimsuffix": lambda whole, end: whole.removesuffix(end),
    "trimspace": str.strip,
    "upper": str.upper,
    "values": lambda one: [one[key] for key in sorted(one)],
}
"""Of Terraform's functions, those that the tests know."""
