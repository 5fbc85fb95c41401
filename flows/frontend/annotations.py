"""From annotations to static types: the table of everything that the annotations of one program name."""

from __future__ import annotations

import collections.abc
import dataclasses
import inspect
import sys
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, time
from enum import Enum
from typing import Any

from skyloom.flows.constructs import Decision
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    BYTES,
    DATETIME,
    FLOAT,
    INT,
    NEVER,
    NULL,
    STR,
    DateTimeType,
    DictType,
    EnumType,
    ListType,
    LiteralType,
    ModelType,
    SpelledTuple,
    TupleType,
    Type,
    union,
)
from skyloom.flows.frontend import construction, fields
from skyloom.flows.frontend.error_table import ErrorTable
from skyloom.flows.frontend.unsupported import Unsupported, why_not
from skyloom.flows.ir.program import ModelDefinition, ModelField

__all__ = ["TypeTable", "Unsupported"]

_PLAIN: dict[Any, Type] = {
    None: NULL,
    type(None): NULL,
    bool: BOOL,
    int: INT,
    float: FLOAT,
    str: STR,
    typing.LiteralString: STR,
    bytes: BYTES,
    datetime: DATETIME,
    date: DateTimeType("date"),
    time: DateTimeType("time"),
    Any: ANY,
    inspect.Parameter.empty: ANY,
    list: ListType(ANY),
    dict: DictType(ANY),
    tuple: SpelledTuple(ANY),
}
_LISTS = (
    list,
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Iterable,
    collections.abc.Collection,
)
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


class TypeTable:
    """What annotations mean. Collects the models and errors that they name, each under a name of its own.

    Attributes:
        models: the record types by name. A model with a field that has no JSON form is in the table too, with that
            field of type Any; `resolve` refuses it.
        errors: the exception classes.
    """

    def __init__(self) -> None:
        self.models: dict[str, ModelDefinition] = {}
        self.errors = ErrorTable()
        self._classes: dict[str, type] = {}
        self._names: dict[Any, str] = {}
        self._refused: dict[str, Unsupported] = {}
        self._open_aliases: list[Any] = []
        self._int_defaults: set[tuple[type, str]] = set()

    def resolve(self, annotation: Any, namespace: Mapping[str, Any] | None = None) -> Type:
        """The static type of `annotation`; strings in it are looked up in `namespace`.

        Raises:
            Unsupported: it has no JSON form, or not one that a flow could rely on.
        """
        annotation = fields.evaluated(annotation, namespace)
        try:
            if annotation in _PLAIN:
                return _PLAIN[annotation]
        except TypeError:
            # An Annotated[...] whose metadata cannot be hashed.
            pass
        if isinstance(annotation, type) and not typing.get_args(annotation):
            return self._class(annotation)
        return self._form(annotation, namespace)

    def model(self, cls: type) -> ModelType:
        """The type of the model class `cls`. Raises Unsupported, also where it is no model."""
        found = self.resolve(cls)
        if not isinstance(found, ModelType):
            raise Unsupported(f"`{cls.__name__}` is no model", "use a pydantic model, a dataclass or a TypedDict")
        return found

    def class_of(self, name: str) -> type:
        """The class behind the model or enumeration `name`; of a parametrised dataclass, the bare class."""
        return self._classes[name]

    def constructible(self, name: str) -> str | None:
        """Why a flow may not construct the model `name`; None where it may, because construction is pure data."""
        return construction.obstacle(self._classes[name])

    def mutable(self, name: str) -> str | None:
        """Why a flow may not assign to fields of the model `name`; None where it may."""
        return construction.assignment_obstacle(self._classes[name])

    def has_int_default(self, name: str, attribute: str) -> bool:
        """Whether the constructor of the model `name` puts an int into a float field that is left out."""
        return (self._classes[name], attribute) in self._int_defaults

    # --- classes ------------------------------------------------------------------------------------------------

    def _class(self, cls: type) -> Type:
        if issubclass(cls, Enum):
            return self._enum(cls)
        if sys.version_info < (3, 12) and typing.is_typeddict(cls):
            # What `typing` keeps about a TypedDict is not enough for pydantic before 3.12.
            hint = "`from typing_extensions import TypedDict`, or Python 3.12"
            raise Unsupported(f"`{cls.__name__}` is a `typing.TypedDict`, which needs Python 3.12", hint)
        if fields.flavour(cls) is not None:
            return self._record(cls, cls, ())
        raise why_not(cls)

    def _enum(self, cls: type[Enum]) -> EnumType:
        values = [(member.name, member.value) for member in cls]
        for name, value in values:
            if type(value) not in (str, int, bool):
                kind = type(value).__name__
                raise Unsupported(f"the value of `{cls.__name__}.{name}` is a {kind}", "use str, int or bool values")
        if not values:
            raise Unsupported(f"the enumeration `{cls.__name__}` has no members", "give it one")
        text = all(str(member) == str(member.value) == format(member) for member in cls)
        return EnumType(self._name(cls, cls, cls.__name__), tuple(values), text)

    def _record(self, key: Any, cls: type, arguments: tuple[Any, ...]) -> ModelType:
        """The model `cls`, with `arguments` for its type parameters; `key` is its annotation."""
        if key in self._names:
            name = self._names[key]
            if name in self._refused:
                raise self._refused[name]
            return ModelType(name)
        kind = fields.flavour(cls)
        assert kind is not None
        found = fields.of(cls, kind, arguments)
        name = self._name(key, cls, self._title(cls, arguments))
        problems: list[Unsupported] = []
        self.models[name] = ModelDefinition(
            name=name,
            flavour=kind,
            module=cls.__module__,
            qualname=cls.__qualname__,
            fields=tuple([self._field(cls, item, problems) for item in found]),
            description=fields.description(cls),
        )
        if problems:
            message = "; ".join(problem.message for problem in problems)
            self._refused[name] = Unsupported(message, problems[0].hint)
            raise self._refused[name]
        return ModelType(name)

    def _field(self, cls: type, item: fields.RawField, problems: list[Unsupported]) -> ModelField:
        of_type: Type = ANY
        default: Any = None
        try:
            of_type = self.resolve(item.annotation)
            default = fields.default_json(item)
            if fields.has_int_default(item):
                self._int_defaults.add((cls, item.attribute))
        except Unsupported as problem:
            message = f"field `{item.attribute}` of `{cls.__name__}`: {problem.message}"
            problems.append(Unsupported(message, problem.hint))
        return ModelField(
            name=item.name, attribute=item.attribute, type=of_type, required=item.required, default=default
        )

    def _title(self, cls: type, arguments: tuple[Any, ...]) -> str:
        if cls is Decision:
            form = next((a for a in arguments if a not in (Any, None, type(None))), None)
            return "Decision" if form is None else f"Decision_{fields.spelled(form)}"
        if not arguments:
            return cls.__name__
        return f"{cls.__name__}[{', '.join(fields.spelled(a) for a in arguments)}]"

    def _name(self, key: Any, cls: type, title: str) -> str:
        """A name that no other class has: the second class of one name is qualified by its module."""
        if key not in self._names:
            choices = (title, f"{cls.__module__}.{title}", f"{cls.__module__}.{cls.__qualname__}")
            free = [choice for choice in choices if choice not in self._classes]
            name = free[0] if free else f"{choices[-1]}_{len(self._classes)}"
            self._names[key] = name
            self._classes[name] = cls
        return self._names[key]

    # --- forms --------------------------------------------------------------------------------------------------

    def _form(self, annotation: Any, namespace: Mapping[str, Any] | None) -> Type:
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if isinstance(annotation, typing.NewType):
            return self.resolve(annotation.__supertype__, namespace)
        if type(annotation).__name__ == "TypeAliasType":
            return self._alias(annotation, annotation.__value__, namespace)
        if type(origin).__name__ == "TypeAliasType":
            value = fields.substituted(origin.__value__, dict(zip(origin.__type_params__, arguments, strict=False)))
            return self._alias(annotation, value, namespace)
        if origin is typing.Annotated:
            fields.refuse_serializers(arguments[1:])
            return self.resolve(arguments[0], namespace)
        if origin is typing.Literal:
            return self._literal(arguments)
        if origin in (typing.Union, types.UnionType):
            return union(*(self.resolve(argument, namespace) for argument in arguments))
        if origin is tuple:
            return self._tuple(arguments, namespace)
        if origin in _LISTS:
            return ListType(self.resolve(arguments[0], namespace) if arguments else ANY)
        if origin in _DICTS:
            return self._dict(annotation, arguments, namespace)
        if origin is Decision:
            return self._decision(arguments[0])
        if isinstance(origin, type) and dataclasses.is_dataclass(origin):
            return self._record(annotation, origin, arguments)
        raise why_not(annotation)

    def _alias(self, alias: Any, value: Any, namespace: Mapping[str, Any] | None) -> Type:
        if alias in self._open_aliases:
            raise Unsupported(f"the type alias `{alias}` contains itself", "use a model, or Any")
        self._open_aliases.append(alias)
        try:
            return self.resolve(value, namespace)
        finally:
            self._open_aliases.pop()

    def _literal(self, values: tuple[Any, ...]) -> Type:
        plain = tuple(value for value in values if value is not None)
        for value in plain:
            if type(value) not in (str, int, bool):
                shown = f"`{value}`" if isinstance(value, Enum) else repr(value)
                raise Unsupported(f"Literal has the value {shown}", "use str, int, bool or None values")
        choices = LiteralType(plain) if plain else NEVER
        return union(choices, NULL) if len(plain) < len(values) else choices

    def _tuple(self, arguments: tuple[Any, ...], namespace: Mapping[str, Any] | None) -> Type:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return SpelledTuple(self.resolve(arguments[0], namespace))
        return TupleType(tuple([self.resolve(argument, namespace) for argument in arguments]))

    def _dict(self, annotation: Any, arguments: tuple[Any, ...], namespace: Mapping[str, Any] | None) -> Type:
        if not arguments:
            return DictType(ANY)
        if len(arguments) != 2:
            raise Unsupported(f"`{fields.spelled(annotation)}` names no key and value", "use dict[str, ...]")
        key = self.resolve(arguments[0], namespace)
        text = key == STR or (isinstance(key, LiteralType) and all(isinstance(value, str) for value in key.values))
        if not text:
            raise Unsupported(f"the keys of `{fields.spelled(annotation)}` are not strings", "use dict[str, ...]")
        return DictType(self.resolve(arguments[1], namespace))

    def _decision(self, form: Any) -> Type:
        if form in (Any, None, type(None)):
            return self.resolve(Decision)
        if not isinstance(self.resolve(form), ModelType):
            raise Unsupported(f"the form `{fields.spelled(form)}` is no model", "use a pydantic model or a dataclass")
        return self._record(Decision[form], Decision, (form,))
