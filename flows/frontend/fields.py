"""The fields of the three kinds of record: pydantic models, dataclasses and typed dictionaries."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from skyloom.flows import records, values
from skyloom.flows.frontend.unsupported import RECORD_HINT, Unsupported

Flavour = Literal["pydantic", "dataclass", "typeddict"]

MISSING: Any = object()
"""Stands for a default that is not there, or is not known before the constructor runs."""


@dataclass(frozen=True, slots=True)
class RawField:
    """A field as its class declares it: `name` is the JSON key."""

    attribute: str
    name: str
    annotation: Any
    required: bool
    default: Any = MISSING


def flavour(cls: type) -> Flavour | None:
    """What kind of record `cls` is; None where it is none."""
    if is_model(cls):
        return "pydantic"
    if dataclasses.is_dataclass(cls):
        return "dataclass"
    return "typeddict" if typing.is_typeddict(cls) or _is_extension_typed_dict(cls) else None


def is_model(cls: Any) -> bool:
    """Whether `cls` is a pydantic model. Looks without importing pydantic: who has a model has imported it."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(cls, type) and issubclass(cls, pydantic.BaseModel)


def of(cls: type, kind: Flavour, arguments: tuple[Any, ...]) -> list[RawField]:
    """The fields of `cls`, in order, with `arguments` put in for its type parameters.

    Raises:
        Unsupported: the class as a whole cannot be carried, or one of its names cannot be resolved.
    """
    try:
        if kind == "pydantic":
            return _model_fields(cls)
        if kind == "typeddict":
            return [RawField(key, key, hint, required) for key, (hint, required) in records.keys(cls).items()]
        hints = typing.get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise Unsupported(f"`{cls.__name__}` refers to `{error.name}`, which is not defined", "import it") from None
    parameters = getattr(cls, "__parameters__", ())
    known = dict(zip(parameters, arguments or (Any,) * len(parameters), strict=True))
    return [_dataclass_field(field, substituted(hints[field.name], known)) for field in dataclasses.fields(cls)]


def default_json(item: RawField) -> values.Json:
    """The JSON of the field's default; null where it has none, or one made at construction.

    Raises:
        Unsupported: the default is not of the field's type.
    """
    if item.default is MISSING:
        return None
    try:
        return values.to_json(item.default, item.annotation)
    except values.NotOfType as error:
        hint = f"annotate it `{spelled(item.annotation)} | None`" if item.default is None else None
        raise Unsupported(f"its default does not fit its annotation: {error}", hint) from None


def has_int_default(item: RawField) -> bool:
    """Whether the field's default, which is of its type, has an int where a float is wanted. A constructor leaves it;
    where the value crosses a step it becomes a float."""
    if item.default is MISSING:
        return False
    return _has_int(values.by_class(item.default), values.to_json(item.default, item.annotation))


def _has_int(written: values.Json, canonical: values.Json) -> bool:
    if isinstance(written, list) and isinstance(canonical, list):
        return any(map(_has_int, written, canonical))
    if isinstance(written, dict) and isinstance(canonical, dict):
        return any(_has_int(inner, canonical.get(key)) for key, inner in written.items())
    return type(written) is int and type(canonical) is float


def converts(cls: type) -> bool:
    """Whether the constructor of `cls` makes floats of ints where floats are wanted, as pydantic does."""
    return is_model(cls) or "__pydantic_core_schema__" in vars(cls)


def description(cls: type) -> str:
    """The class's own documentation; empty where it has none (a dataclass writes its signature there)."""
    text = cls.__dict__.get("__doc__") or ""
    return "" if dataclasses.is_dataclass(cls) and text.startswith(f"{cls.__name__}(") else inspect.cleandoc(text)


def spelled(annotation: Any) -> str:
    """`annotation` as a programmer writes it."""
    if isinstance(annotation, type) and not typing.get_args(annotation):
        return annotation.__name__
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(origin, type) and arguments and origin.__module__ != "types":
        return f"{origin.__name__}[{', '.join(spelled(argument) for argument in arguments)}]"
    return str(annotation).replace("typing.", "")


def evaluated(annotation: Any, namespace: Mapping[str, Any] | None) -> Any:
    """`annotation`; a string or forward reference is evaluated in `namespace` first.

    Raises:
        Unsupported: it names something that is not there.
    """
    text = annotation.__forward_arg__ if isinstance(annotation, typing.ForwardRef) else annotation
    if not isinstance(text, str):
        return annotation
    try:
        return eval(text, dict(namespace or {}))
    except NameError as error:
        raise Unsupported(f"`{error.name}` is not defined", "import it, also at run time") from None
    except Exception as error:
        raise Unsupported(
            f"the annotation `{text}` cannot be read: {error}", "name a type that the module knows"
        ) from None


def substituted(annotation: Any, known: Mapping[Any, Any]) -> Any:
    """`annotation` with the type variables in `known` replaced."""
    if annotation in known:
        return known[annotation]
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(known.get(parameter, Any) for parameter in parameters)]


def refuse_serializers(metadata: Iterable[Any]) -> None:
    """Raises Unsupported where `metadata` changes how a value is written as JSON."""
    for item in metadata:
        if type(item).__module__.startswith("pydantic.") and "Serialize" in type(item).__name__:
            raise Unsupported(f"`{type(item).__name__}` gives it another JSON form", "annotate the JSON's own type")


def _is_extension_typed_dict(cls: type) -> bool:
    extensions = sys.modules.get("typing_extensions")
    return extensions is not None and bool(extensions.is_typeddict(cls))


def _model_fields(cls: Any) -> list[RawField]:
    pydantic = sys.modules["pydantic"]
    if cls is pydantic.BaseModel:
        raise Unsupported("`BaseModel` has no fields", "name the model")
    if issubclass(cls, pydantic.RootModel):
        raise Unsupported(f"`{cls.__name__}` is a root model", "use the type inside it")
    if not cls.__pydantic_complete__ and cls.model_rebuild(raise_errors=False) is False:
        raise Unsupported(f"`{cls.__name__}` refers to a type that is not defined", "import it, also at run time")
    if any(getattr(parameter, "__name__", "") for parameter in cls.__pydantic_generic_metadata__["parameters"]):
        raise Unsupported(f"`{cls.__name__}` has open type parameters", f"name them: {cls.__name__}[...]")
    decorators = cls.__pydantic_decorators__
    for name in (*decorators.field_serializers, *decorators.model_serializers):
        raise Unsupported(
            f"`{cls.__name__}.{name}` gives `{cls.__name__}` another JSON form than its fields", RECORD_HINT
        )
    if cls.model_config.get("use_enum_values"):
        raise Unsupported(
            f"`{cls.__name__}` turns enum members into their values (use_enum_values)", "use a StrEnum instead"
        )
    return [_model_field(cls, name, field) for name, field in cls.model_fields.items()]


def _model_field(cls: Any, attribute: str, field: Any) -> RawField:
    where = f"field `{attribute}` of `{cls.__name__}`"
    if field.exclude:
        raise Unsupported(f"{where} is left out of the model's JSON", "remove `exclude`")
    key, written = field.validation_alias or attribute, field.serialization_alias or attribute
    if not isinstance(key, str) or key != written:
        raise Unsupported(f"{where} is read and written under different names", 'use one name: Field(alias="...")')
    refuse_serializers(field.metadata)
    default = field.default
    if field.default_factory is not None or field.is_required():
        default = _made(field.default_factory)
    return RawField(attribute, key, field.annotation, field.is_required(), default)


def _dataclass_field(field: dataclasses.Field[Any], hint: Any) -> RawField:
    default = field.default
    if default is dataclasses.MISSING:
        default = _made(field.default_factory)
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return RawField(field.name, field.name, hint, required, default)


def _made(factory: Any) -> Any:
    """What a default factory makes, where that is sure to be the same every time."""
    return factory() if factory in PURE_FACTORIES else MISSING


PURE_FACTORIES = records.PURE_FACTORIES
