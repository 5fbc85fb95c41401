"""Annotations as static types: what each becomes, what is refused and with which way out."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import pathlib
import typing
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, Flag, IntEnum, StrEnum
from types import SimpleNamespace
from typing import Annotated, Any, ForwardRef, Generic, Literal, NamedTuple, NewType, NoReturn, TypeVar

import pytest
import typing_extensions
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PositiveInt, RootModel, field_serializer
from typing_extensions import TypedDict

from skyloom.flows.constructs import Decision
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    BYTES,
    DATETIME,
    FLOAT,
    INT,
    NULL,
    STR,
    DateTimeType,
    DictType,
    EnumType,
    ListType,
    LiteralType,
    ModelType,
    TupleType,
    Type,
    UnionType,
    optional,
)
from skyloom.flows.frontend.annotations import TypeTable, Unsupported
from skyloom.flows.ir.program import ErrorDefinition, ModelDefinition, ModelField

T = TypeVar("T")


class Colour(StrEnum):
    RED = "red"
    ROUGE = "red"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(str, Enum):  # noqa: UP042
    A = "a"


class Shape(Enum):
    ROUND = (1, 2)


class Empty(Enum):
    pass


class Bits(Flag):
    A = 1


class Line(BaseModel):
    """One line of an order."""

    price: float
    label: str | None = None


class Special(Line):
    code: str = Field("x", alias="Code")


class Tree(BaseModel):
    value: int
    children: list[Tree] = Field(default_factory=list)
    parent: Tree | None = None


class Page(BaseModel, Generic[T]):
    items: list[T]
    size: int = Field(default_factory=lambda: 10)


@dataclass
class Point:
    x: float
    y: float = 0
    kind: typing.ClassVar[str] = "point"


@dataclass
class Pair(Generic[T]):
    left: T
    right: list[T] = dataclasses.field(default_factory=list)


class Row(TypedDict, total=False):
    id: typing.Required[int]
    note: str


class Wide(typing_extensions.TypedDict):
    a: typing_extensions.NotRequired[Annotated[int, "x"]]
    b: typing_extensions.ReadOnly[str]


class Named(NamedTuple):
    a: int


class Ordinary:
    pass


class Broken(BaseModel):
    tags: set[str]
    name: str = None  # type: ignore[assignment]
    inner: Line
    span: datetime.timedelta


class Around(BaseModel):
    broken: Broken


class Names(RootModel[list[str]]):
    pass


class Written(BaseModel):
    at: int

    @field_serializer("at")
    def text(self, value: int) -> str:
        return str(value)


class Hidden(BaseModel):
    secret: str = Field(exclude=True)


class TwoNames(BaseModel):
    name: str = Field(validation_alias="in", serialization_alias="out")


class EnumValues(BaseModel):
    model_config = ConfigDict(use_enum_values=True)
    colour: Colour


UserId = NewType("UserId", str)
Alias = typing_extensions.TypeAliasType("Alias", list[int])
Looped = typing_extensions.TypeAliasType("Looped", "list[Looped] | int")
Twice = typing_extensions.TypeAliasType("Twice", tuple[T, T], type_params=(T,))

COLOUR = EnumType("Colour", (("RED", "red"),), True)

MEANINGS: list[tuple[Any, Type]] = [
    (None, NULL),
    (type(None), NULL),
    (float, FLOAT),
    (bytes, BYTES),
    (Any, ANY),
    (datetime.datetime, DATETIME),
    (datetime.date, DateTimeType("date")),
    (datetime.time, DateTimeType("time")),
    (Literal["a", 1, True], LiteralType(("a", 1, True))),
    (Literal["a", None], UnionType((LiteralType(("a",)), NULL))),
    (Literal[None], NULL),
    (Colour, COLOUR),
    (Level, EnumType("Level", (("LOW", 1), ("HIGH", 2)), True)),
    (Mixed, EnumType("Mixed", (("A", "a"),), False)),
    (typing.Optional[int], optional(INT)),  # noqa: UP045
    (typing.Union[int, str, None], UnionType((INT, STR, NULL))),  # noqa: UP007
    (int | str, UnionType((INT, STR))),
    (list, ListType(ANY)),
    (list[int], ListType(INT)),
    (typing.List[int], ListType(INT)),  # noqa: UP006
    (Sequence[str], ListType(STR)),
    (Iterable[str], ListType(STR)),
    (typing.Sequence[str], ListType(STR)),
    (collections.abc.Collection[str], ListType(STR)),
    (tuple[int, str], TupleType((INT, STR))),
    (tuple[int, ...], ListType(INT)),
    (tuple[()], TupleType(())),
    (tuple, ListType(ANY)),
    (dict, DictType(ANY)),
    (dict[str, int], DictType(INT)),
    (typing.Dict[str, Any], DictType(ANY)),  # noqa: UP006
    (Mapping[UserId, int], DictType(INT)),
    (dict[Literal["a", "b"], int], DictType(INT)),
    (Annotated[int, Field(ge=1, json_schema_extra={})], INT),
    (PositiveInt, INT),
    (UserId, STR),
    (Alias, ListType(INT)),
    (Twice[int], TupleType((INT, INT))),
    ("list[Line]", ListType(ModelType("Line"))),
    (ForwardRef("Line"), ModelType("Line")),
    (Line, ModelType("Line")),
    (Page[int], ModelType("Page[int]")),
    (Pair[Line], ModelType("Pair[Line]")),
    (Decision, ModelType("Decision")),
    (Decision[None], ModelType("Decision")),
    (Decision[Line], ModelType("Decision_Line")),
]


@pytest.mark.parametrize(("annotation", "meaning"), MEANINGS, ids=lambda v: str(v)[:60])
def test_an_annotation_means_a_type(annotation: Any, meaning: Type) -> None:
    assert TypeTable().resolve(annotation, globals()) == meaning


REFUSED: list[tuple[Any, str, str | None]] = [
    (set[int], "`set[int]` has no JSON form", "use a list"),
    (frozenset, "`frozenset` has no JSON form", "use a list"),
    (typing.Set[int], "`Set[int]` has no JSON form", "use a list"),  # noqa: UP006
    (collections.abc.Iterator[int], "`collections.abc.Iterator[int]` has no JSON form", "use a list"),
    (complex, "`complex` has no JSON form", "use a pair of floats"),
    (bytearray, "`bytearray` has no JSON form", "use bytes"),
    (decimal.Decimal, "`Decimal` has no JSON form", "use float, or str to keep every digit"),
    (uuid.UUID, "`UUID` has no JSON form", "use str"),
    (pathlib.Path, "`Path` has no JSON form", "use str"),
    (datetime.timedelta, "`timedelta` has no JSON form", "use a float of seconds"),
    (
        Callable[[int], str],
        "`collections.abc.Callable[[int], str]` has no JSON form",
        "pass data, and call the function in a task",
    ),
    (type, "`type` has no JSON form", "pass data, not classes"),
    (type[int], "`type[int]` has no JSON form", "pass data, not classes"),
    (object, "`object` says nothing about the value", "use Any"),
    (ValueError, "`ValueError` has no JSON form", "pass the message, a str"),
    (NoReturn, "there is no value of this type", "annotate None"),
    (T, "the type variable `~T` stands for no one type", "name the type"),
    (
        Ordinary,
        "`Ordinary` is a plain class: it has no JSON form",
        "use a pydantic model, a dataclass or a TypedDict",
    ),
    (Named, "the named tuple `Named` would become a plain array", "use a dataclass"),
    (5, "`5` is no type that a flow can carry", "use a pydantic model, a dataclass or a TypedDict"),
    (dict[int, str], "the keys of `dict[int, str]` are not strings", "use dict[str, ...]"),
    (dict[Colour, str], "the keys of `dict[Colour, str]` are not strings", "use dict[str, ...]"),
    (Literal[Colour.RED], "Literal has the value `red`", "use str, int, bool or None values"),
    (Literal[b"x"], "Literal has the value b'x'", "use str, int, bool or None values"),
    (Shape, "the value of `Shape.ROUND` is a tuple", "use str, int or bool values"),
    (Empty, "the enumeration `Empty` has no members", "give it one"),
    (Looped, "the type alias `Looped` contains itself", "use a model, or Any"),
    (Decision[int], "the form `int` is no model", "use a pydantic model or a dataclass"),
    (Page, "`Page` has open type parameters", "name them: Page[...]"),
    (BaseModel, "`BaseModel` has no fields", "name the model"),
    (Names, "`Names` is a root model", "use the type inside it"),
    (
        Written,
        "`Written.text` gives `Written` another JSON form than its fields",
        "use a pydantic model, a dataclass or a TypedDict",
    ),
    (Hidden, "field `secret` of `Hidden` is left out of the model's JSON", "remove `exclude`"),
    (
        TwoNames,
        "field `name` of `TwoNames` is read and written under different names",
        'use one name: Field(alias="...")',
    ),
    (
        EnumValues,
        "`EnumValues` turns enum members into their values (use_enum_values)",
        "use a StrEnum instead",
    ),
    (
        Annotated[int, PlainSerializer(str)],
        "`PlainSerializer` gives it another JSON form",
        "annotate the JSON's own type",
    ),
    ("Zork", "`Zork` is not defined", "import it, also at run time"),
    (list["Zork"], "`Zork` is not defined", "import it, also at run time"),  # type: ignore[name-defined]  # noqa: F821
    (
        "list[",
        "the annotation `list[` cannot be read: '[' was never closed (<string>, line 1)",
        "name a type that the module knows",
    ),
    (
        Broken,
        "field `tags` of `Broken`: `set[str]` has no JSON form; field `name` of `Broken`: its default does not fit its "
        "annotation: Input should be a valid string; field `span` of `Broken`: `timedelta` has no JSON form",
        "use a list",
    ),
]


@pytest.mark.parametrize(("annotation", "message", "hint"), REFUSED, ids=lambda v: str(v)[:60])
def test_an_annotation_is_refused(annotation: Any, message: str, hint: str | None) -> None:
    with pytest.raises(Unsupported) as refusal:
        TypeTable().resolve(annotation, globals())
    assert (refusal.value.message, refusal.value.hint) == (message, hint)


def required(name: str, of_type: Type, attribute: str | None = None) -> ModelField:
    return ModelField(name=name, attribute=attribute or name, type=of_type)


def defaulted(name: str, of_type: Type, default: Any, attribute: str | None = None) -> ModelField:
    return ModelField(name=name, attribute=attribute or name, type=of_type, required=False, default=default)


FIELDS: list[tuple[Any, str, tuple[ModelField, ...]]] = [
    (Line, "pydantic", (required("price", FLOAT), defaulted("label", optional(STR), None))),
    (
        Special,
        "pydantic",
        (required("price", FLOAT), defaulted("label", optional(STR), None), defaulted("Code", STR, "x", "code")),
    ),
    (
        Tree,
        "pydantic",
        (
            required("value", INT),
            defaulted("children", ListType(ModelType("Tree")), []),
            defaulted("parent", optional(ModelType("Tree")), None),
        ),
    ),
    (Page[Colour], "pydantic", (required("items", ListType(COLOUR)), defaulted("size", INT, None))),
    (Point, "dataclass", (required("x", FLOAT), defaulted("y", FLOAT, 0.0))),
    (Pair[int], "dataclass", (required("left", INT), defaulted("right", ListType(INT), []))),
    (Row, "typeddict", (required("id", INT), defaulted("note", STR, None))),
    (Wide, "typeddict", (defaulted("a", INT, None), required("b", STR))),
    (
        Decision[Line],
        "dataclass",
        (
            required("approved", BOOL),
            defaulted("comment", STR, ""),
            defaulted("by", STR, ""),
            defaulted("answer", optional(ModelType("Line")), None),
        ),
    ),
]


@pytest.mark.parametrize(("annotation", "flavour", "fields"), FIELDS, ids=lambda v: str(v)[:40])
def test_the_fields_of_a_record(annotation: Any, flavour: str, fields: tuple[ModelField, ...]) -> None:
    table = TypeTable()
    found = table.resolve(annotation)
    assert isinstance(found, ModelType)
    assert table.models[found.name].flavour == flavour
    assert table.models[found.name].fields == fields


def test_a_definition_names_its_class() -> None:
    table = TypeTable()
    assert table.model(Line) == ModelType("Line")
    definition = table.models["Line"]
    assert definition == ModelDefinition(
        name="Line",
        flavour="pydantic",
        module=__name__,
        qualname="Line",
        fields=definition.fields,
        description="One line of an order.",
    )
    assert table.class_of("Line") is Line
    table.resolve(list[Decision[Line] | Colour | Point])
    assert table.class_of("Decision_Line") is Decision
    assert table.class_of("Colour") is Colour
    assert table.models["Point"].description == ""
    with pytest.raises(Unsupported, match="`int` is no model"):
        table.model(int)


def test_two_classes_of_one_name_are_told_apart() -> None:
    other = type("Line", (BaseModel,), {"__annotations__": {"other": int}, "__module__": "elsewhere"})
    third = type("Line", (BaseModel,), {"__annotations__": {"third": int}, "__module__": "elsewhere"})
    table = TypeTable()
    names = [table.resolve(cls) for cls in (Line, other, third, Line, other)]
    assert names[:3] == [ModelType("Line"), ModelType("elsewhere.Line"), ModelType("elsewhere.Line_2")]
    assert names[3:] == names[:2]
    assert [field.name for field in table.models["elsewhere.Line"].fields] == ["other"]


def test_a_refused_model_stays_refused_and_keeps_its_good_fields() -> None:
    table = TypeTable()
    for _ in range(2):
        with pytest.raises(Unsupported, match="field `tags` of `Broken`"):
            table.resolve(Broken)
    with pytest.raises(Unsupported, match="field `broken` of `Around`: field `tags` of `Broken`"):
        table.resolve(Around)
    assert [field.type for field in table.models["Broken"].fields] == [ANY, STR, ModelType("Line"), ANY]


def test_a_model_that_names_something_undefined() -> None:
    class Lost(BaseModel):
        other: Nowhere  # type: ignore[name-defined]  # noqa: F821

    with pytest.raises(Unsupported, match="`Lost` refers to a type that is not defined"):
        TypeTable().resolve(Lost)


class Declined(Exception):
    pass


class CardDeclined(Declined, LookupError):
    pass


def test_errors_keep_their_bases() -> None:
    table = TypeTable()
    assert table.errors.add(CardDeclined) == ErrorDefinition(
        name="CardDeclined",
        bases=("Declined", "LookupError", "Exception"),
        module=__name__,
        qualname="CardDeclined",
    )
    assert table.errors.add(Exception).bases == ()
    assert table.errors.add(KeyError).bases == ("LookupError", "Exception")
    assert table.errors.add(IOError).name == "OSError"
    assert list(table.errors.definitions) == ["CardDeclined", "Exception", "KeyError", "OSError"]


def test_errors_of_one_name_are_refused() -> None:
    table = TypeTable()
    table.errors.add(Declined)
    other = type("Declined", (Exception,), {"__module__": "elsewhere"})
    with pytest.raises(Unsupported) as refusal:
        table.errors.add(other)
    assert refusal.value.message == (
        f"two exception classes are called `Declined`: elsewhere.Declined and {__name__}.Declined"
    )
    shadow = type("ValueError", (Exception,), {"__module__": "mine"})
    with pytest.raises(Unsupported, match=r"mine\.ValueError and builtins\.ValueError"):
        TypeTable().errors.add(shadow)


def test_a_namespace_is_only_looked_at() -> None:
    names = SimpleNamespace(Line=Line)
    assert TypeTable().resolve("dict[str, Line]", vars(names)) == DictType(ModelType("Line"))
    assert vars(names) == {"Line": Line}
