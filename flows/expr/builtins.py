"""The builtin catalog, looked up: what a call gives, what an argument may be, and the table for the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from skyloom.flows.expr.catalog import CATALOG, Builtin, Gives
from skyloom.flows.expr.patterns import Elements, parse
from skyloom.flows.expr.signatures import NoSignature, result_type
from skyloom.flows.expr.types import Type

__all__ = ["BUILTINS", "Builtin", "Gives", "NoSignature", "accepts", "call_type", "markdown", "takes_next"]

BUILTINS: dict[str, Builtin] = {builtin.name: builtin for builtin in CATALOG}
"""Every builtin by its catalog name: `len`, `str.upper`, `dict.get`, `math.floor`, `json.dumps`, `error.type`."""


def call_type(name: str, arguments: Sequence[Type], keywords: Mapping[str, Type] | None = None) -> Type:
    """The type that the builtin `name` gives for these argument types; a method's object is the first argument.

    Constants should come as `LiteralType`: `format` needs to see its spec. The type of a `key=` function is the type
    of its result.

    Raises:
        NoSignature: the arguments fit no signature; carries a message and a hint.
        KeyError: there is no such builtin.
    """
    builtin = BUILTINS[name]
    try:
        result = result_type(name, [parse(text) for text in builtin.signatures], arguments, keywords or {})
    except NoSignature as problem:
        raise NoSignature(problem.message, builtin.hint or f"{name}: {builtin.meaning}") from None
    wrong = builtin.check([*arguments, *(keywords or {}).values()]) if builtin.check is not None else None
    if wrong is not None:
        raise NoSignature(wrong, builtin.hint or f"{name}: {builtin.meaning}")
    return result


def takes_next(name: str, position: int, keyword: str) -> bool:
    """Whether `keyword` only names the argument that must stand at `position`: `minutes(count=2)` is `minutes(2)`."""
    parameters = [parse(text).at(position) for text in BUILTINS[name].signatures]
    return any(p is not None and p.required and p.passing == "either" and p.name == keyword for p in parameters)


_TAKES: dict[str, frozenset[Gives]] = {
    "Iterable": frozenset({"value", "view", "iterator"}),
    "Sized": frozenset({"value", "view"}),
    "Reversible": frozenset({"value", "view"}),
}


def accepts(name: str, position: int, gives: Gives) -> bool:
    """Whether the argument of builtin `name` at `position` may be something that `gives` a view (`range(3)`) or an
    iterator (`zip(a, b)`, a generator expression). In Python these are no lists: `len(zip(a, b))` is a TypeError."""
    parameters = [parse(text).at(position) for text in BUILTINS[name].signatures]
    return gives == "value" or any(
        parameter is not None
        and isinstance(parameter.pattern, Elements)
        and gives in _TAKES[parameter.pattern.protocol]
        for parameter in parameters
    )


def markdown() -> str:
    """The catalog as a Markdown table, in the order of the names."""
    rows = ["| builtin | signature | meaning | raises |", "|---|---|---|---|"]
    for name in sorted(BUILTINS, key=lambda n: ("." in n, n)):
        builtin = BUILTINS[name]
        signatures = "<br>".join(f"`{text}`".replace("|", "\\|") for text in builtin.signatures)
        raises = ", ".join(builtin.raises)
        rows.append(f"| `{name}` | {signatures} | {builtin.meaning} | {raises} |")
    return "\n".join(rows) + "\n"
