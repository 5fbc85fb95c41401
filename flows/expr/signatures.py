"""Fitting a call to a signature: which parameter takes what, what the type variables stand for, what comes out."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from skyloom.flows.expr.patterns import (
    BOUNDS,
    Callback,
    DictOf,
    Either,
    Elements,
    Exact,
    ListOf,
    Parameter,
    Pattern,
    Signature,
    TupleOf,
    Variable,
    describe,
    variables_of,
)
from skyloom.flows.expr.properties import assignable, iteration_type
from skyloom.flows.expr.types import NEVER, DictType, ListType, NeverType, TupleType, Type, members, show, union

Bindings = dict[str, Type]


class NoSignature(Exception):
    """The arguments fit no signature. `message` says why, `hint` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def result_type(
    name: str, signatures: Sequence[Signature], arguments: Sequence[Type], keywords: Mapping[str, Type]
) -> Type:
    """The type of a call by the first signature that fits.

    Raises:
        NoSignature: none fits; the message speaks about the one that came furthest.
    """
    failures: list[tuple[int, str]] = []
    call = _Call(name, arguments, keywords)
    for signature in signatures:
        outcome = call.fit(signature)
        if not isinstance(outcome, tuple):
            return outcome
        failures.append(outcome)
    raise NoSignature(max(failures, key=lambda failure: failure[0])[1])


@dataclass(frozen=True, slots=True)
class _Call:
    """A call to be fitted. Of a method the first argument is the object, which messages do not count."""

    name: str
    arguments: Sequence[Type]
    keywords: Mapping[str, Type]

    @property
    def _is_method(self) -> bool:
        return self.name.startswith(("str.", "list.", "dict.", "datetime.", "error."))

    @property
    def _shown(self) -> str:
        return f"{self.name.partition('.')[2] if self._is_method else self.name}()"

    def fit(self, signature: Signature) -> Type | tuple[int, str]:
        """The result's type, or how many arguments fitted and why the next did not."""
        given = self._distribute(signature)
        if isinstance(given, str):
            return (-1, given)
        bindings: Bindings = {}
        for done, (label, parameter, of) in enumerate(given):
            if not _unify(parameter.pattern, of, bindings):
                return (done, f"{label} of {self._shown} must be {describe(parameter.pattern)}, not {show(of)}")
            for variable in variables_of(parameter.pattern):
                found = bindings.get(variable, NEVER)
                if not BOUNDS[variable].holds(found):
                    return (done, f"{self._shown} needs {BOUNDS[variable].meaning}, not {show(found)}")
        return _instantiate(signature.returns, bindings)

    def _distribute(self, signature: Signature) -> list[tuple[str, Parameter, Type]] | str:
        """Which parameter takes what, or why that cannot be said."""
        given: list[tuple[str, Parameter, Type]] = []
        for position, of in enumerate(self.arguments):
            parameter = signature.at(position)
            hidden = int(self._is_method)
            if parameter is None:
                takes = _count(position - hidden, "argument")
                return f"{self._shown} takes {takes}, not {len(self.arguments) - hidden}"
            number = position + 1 - hidden
            given.append((f"argument {number}" if number else "the object", parameter, of))
        by_name = {p.name: p for p in signature.parameters if p.passing in ("either", "keyword")}
        for keyword, of in self.keywords.items():
            if keyword not in by_name:
                close = difflib.get_close_matches(keyword, by_name, 1)
                suggestion = f"; did you mean {close[0]!r}?" if close else ""
                return f"{self._shown} has no option {keyword!r}{suggestion}"
            if any(parameter.name == keyword for _, parameter, _ in given):
                return f"{self._shown} got {keyword!r} twice"
            given.append((f"{keyword!r}", by_name[keyword], of))
        names = {parameter.name for _, parameter, _ in given}
        missing = [p.name for p in signature.parameters if p.required and p.name not in names]
        return f"{self._shown} is missing {', '.join(missing)}" if missing else given


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _unify(pattern: Pattern, of: Type, bindings: Bindings) -> bool:
    """Whether `of` fits; adds what it binds (of a failed attempt too, so give a copy where another may follow)."""
    match pattern:
        case Exact(type=wanted):
            return assignable(of, wanted)
        case Variable(name=name):
            bindings[name] = union(bindings.get(name, NEVER), of)
            return True
        case Callback(result=result):
            return _unify(result, of, bindings)
        case _:
            return all(_unify_member(pattern, member, bindings) for member in members(of))


def _unify_member(pattern: ListOf | DictOf | TupleOf | Elements | Either, of: Type, bindings: Bindings) -> bool:
    if isinstance(of, NeverType):
        return True
    match pattern:
        case ListOf(item=inner):
            return isinstance(of, ListType) and _unify(inner, of.item, bindings)
        case DictOf(value=inner):
            return isinstance(of, DictType) and _unify(inner, of.value, bindings)
        case TupleOf(items=inner_items, rest=rest):
            if not isinstance(of, TupleType) or not (rest or len(of.items) == len(inner_items)):
                return False
            patterns = inner_items * len(of.items) if rest else inner_items
            return all(_unify(p, t, bindings) for p, t in zip(patterns, of.items, strict=True))
        case Elements(item=inner):
            element = iteration_type(of)
            return element is not None and _unify(inner, element, bindings)
        case Either(options=options):
            for option in options:
                attempt = dict(bindings)
                if _unify(option, of, attempt):
                    bindings.update(attempt)
                    return True
            return False
        case _:
            assert_never(pattern)


def _instantiate(pattern: Pattern, bindings: Bindings) -> Type:
    match pattern:
        case Exact(type=exact):
            return exact
        case Variable(name=name):
            return BOUNDS[name].result(bindings.get(name, NEVER))
        case ListOf(item=inner) | Elements(item=inner):
            return ListType(_instantiate(inner, bindings))
        case DictOf(value=inner):
            return DictType(_instantiate(inner, bindings))
        case TupleOf(items=parts):
            return TupleType(tuple(_instantiate(part, bindings) for part in parts))
        case Either(options=options):
            return union(*(_instantiate(option, bindings) for option in options))
        case Callback(result=inner):
            return _instantiate(inner, bindings)
        case _:
            assert_never(pattern)
