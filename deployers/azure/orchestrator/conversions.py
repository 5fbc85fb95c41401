"""What brings numbers to their types where values cross from one flow to another: nothing, for most types.

(docs/decisions/0009)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from skyloom.deployers.azure.orchestrator.lowering import Lowering
from skyloom.deployers.azure.orchestrator.writing import quoted
from skyloom.flows.expr import types as t


def conversion(lowering: Lowering, of: t.Type) -> str | None:
    """The source of a conversion, None where every value of the type stays as it is."""
    return _Conversions(lowering).of(of)


class _Conversions:
    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self._name: Callable[[str], str] = lowering.runtime

    def of(self, of: t.Type) -> str | None:
        match of:
            case t.FloatType():
                return self._name("as_float")
            case t.AnyType():
                return self._name("whole")
            case t.ListType(item=item):
                return self._around("each", self.of(item))
            case t.DictType(value=item):
                return self._around("entries", self.of(item))
            case t.TupleType(items=items):
                inner = [self.of(item) for item in items]
                return f"{self._name('items')}({', '.join(map(str, inner))})" if any(inner) else None
            case t.ModelType(name=name):
                return self._model(name)
            case t.UnionType():
                return self._union(of)
            case t.NullType() | t.BoolType() | t.IntType() | t.StrType() | t.BytesType() | t.DateTimeType():
                return None
            case t.LiteralType() | t.EnumType() | t.ErrorType() | t.NeverType():
                return None
            case _:
                assert_never(of)

    def _around(self, what: str, inner: str | None) -> str | None:
        return None if inner is None else f"{self._name(what)}({inner})"

    def _model(self, name: str) -> str | None:
        """A model's conversion stands on its own in the module: models may hold themselves."""
        if not self._has_numbers(t.ModelType(name), set()):
            return None
        known = self._lowering.models.get(name)
        if known is not None:
            # The constant may stand further below, or be this one itself.
            return known if name in self._lowering.model_sources else f"lambda value: {known}(value)"
        constant = self._lowering.models[name] = self._lowering.names.fresh(f"as_{_snake(name)}")
        inner = {field.name: self.of(field.type) for field in self._lowering.program.models[name].fields}
        own = {key: text for key, text in inner.items() if text is not None}
        if all(key.isidentifier() for key in own):
            text = f"{self._name('fields')}({', '.join(f'{key}={source}' for key, source in own.items())})"
        else:
            text = (
                f"{self._name('exactly')}({{{', '.join(f'{quoted(key)}: {source}' for key, source in own.items())}}})"
            )
        self._lowering.model_sources[name] = f"{constant} = {text}"
        return constant

    def _has_numbers(self, of: t.Type, seen: set[str]) -> bool:
        """Whether a value of the type may hold what has to be brought to its type."""
        match of:
            case t.FloatType() | t.AnyType():
                return True
            case t.ListType(item=inner) | t.DictType(value=inner):
                return self._has_numbers(inner, seen)
            case t.TupleType(items=inners) | t.UnionType(members=inners):
                return any(self._has_numbers(inner, seen) for inner in inners)
            case t.ModelType(name=name) if name not in seen:
                seen.add(name)
                return any(self._has_numbers(f.type, seen) for f in self._lowering.program.models[name].fields)
            case _:
                return False

    def _union(self, of: t.UnionType) -> str | None:
        if not self._has_numbers(of, set()):
            return None
        kinds: dict[str, list[str | None]] = {"list": [], "dict": []}
        scalars: set[type] = set()
        for member in of.members:
            match member:
                case t.AnyType():
                    return self._name("whole")
                case t.ListType() | t.TupleType():
                    kinds["list"].append(self.of(member))
                case t.DictType() | t.ModelType() | t.ErrorType():
                    kinds["dict"].append(self.of(member))
                case _:
                    scalars.add(type(member))
        number = None
        if t.FloatType in scalars:
            number = self._name("whole" if t.IntType in scalars else "as_float")
        if any(len(set(found)) > 1 for found in kinds.values()):
            return self._by_value(of)
        own = [f"({kind}, {found[0]})" for kind, found in kinds.items() if found and found[0] is not None]
        if not own:
            return number
        last = [f"(float, {number})", f"(int, {number})"] if number else []
        return f"{self._name('one_of')}({', '.join([*own, *last])})"

    def _by_value(self, of: t.UnionType) -> str:
        models = {name: model for name, model in self._lowering.program.models.items() if name in _named(of, self)}
        text = ", ".join(f"{quoted(name)}: {model!r}" for name, model in models.items())
        source = f"{self._name('fitting')}({of!r}, {{{text}}})"
        known = (name for name, other in self._lowering.constants.items() if other == source)
        constant = next(known, None) or self._lowering.names.fresh("as_one_of")
        self._lowering.constants[constant] = source
        return constant

    def named(self, of: t.Type, seen: set[str]) -> set[str]:
        """The models that a type holds."""
        match of:
            case t.ListType(item=inner) | t.DictType(value=inner):
                self.named(inner, seen)
            case t.TupleType(items=inners) | t.UnionType(members=inners):
                for inner in inners:
                    self.named(inner, seen)
            case t.ModelType(name=name) if name not in seen:
                seen.add(name)
                for field in self._lowering.program.models[name].fields:
                    self.named(field.type, seen)
            case _:
                pass
        return seen


def _named(of: t.Type, conversions: _Conversions) -> set[str]:
    return conversions.named(of, set())


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and n else c.lower() for n, c in enumerate(name))
