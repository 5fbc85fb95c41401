"""Annotations in the form that pydantic reads as Skyloom means them, and typed dictionaries made at run time."""

from __future__ import annotations

import collections.abc
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

PURE_FACTORIES: tuple[Any, ...] = (list, dict, str, int, float, bool)
"""Default factories that only make an empty value."""


def readable(annotation: Any) -> Any:
    """`annotation` with what pydantic cannot take replaced: an Iterable is a list (pydantic would read it lazily), and
    the TypedDict of Python 3.11's `typing` is made anew."""
    if sys.version_info < (3, 12) and typing.is_typeddict(annotation) and type(annotation).__module__ == "typing":
        return _rebuilt(annotation)
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if not args or origin is typing.Literal:
        return annotation
    if origin is typing.Annotated:
        return typing.Annotated[(readable(args[0]), *args[1:])]
    inner = tuple(readable(argument) for argument in args)
    if origin is collections.abc.Iterable:
        return list[inner[0]]  # type: ignore[valid-type]
    if inner == args:
        return annotation
    if origin in (typing.Union, types.UnionType):
        return typing.Union[inner]  # noqa: UP007
    return annotation.copy_with(inner) if hasattr(annotation, "copy_with") else origin[inner]


def typed_dict(name: str, fields: Mapping[str, Any], required: frozenset[str]) -> Any:
    """A TypedDict class with `fields` (annotations by key), of which those in `required` must be there."""
    # pydantic takes this one on every Python; the one of `typing` only from 3.12 on.
    import typing_extensions

    hints = {key: hint if key in required else typing_extensions.NotRequired[hint] for key, hint in fields.items()}
    return typing_extensions.TypedDict(name, hints)  # type: ignore[operator]


def keys(cls: Any) -> dict[str, tuple[Any, bool]]:
    """The keys of the TypedDict `cls`: the annotation of each, and whether it must be there."""
    found: dict[str, tuple[Any, bool]] = {}
    for key, hint in typing.get_type_hints(cls, include_extras=True).items():
        required = key in cls.__required_keys__
        # `__required_keys__` does not know marks that were written as strings.
        while (mark := _mark(hint)) in ("Required", "NotRequired", "ReadOnly"):
            required = required if mark == "ReadOnly" else mark == "Required"
            hint = typing.get_args(hint)[0]
        found[key] = (hint, required)
    return found


def _mark(hint: Any) -> str:
    origin = typing.get_origin(hint)
    return str(getattr(origin, "__name__", getattr(origin, "_name", "")))


def _rebuilt(cls: Any) -> Any:
    found = keys(cls)
    required = frozenset(key for key, (_, needed) in found.items() if needed)
    made = typed_dict(cls.__name__, {key: readable(hint) for key, (hint, _) in found.items()}, required)
    made.__module__, made.__qualname__, made.__doc__ = cls.__module__, cls.__qualname__, cls.__doc__
    return made
