"""Which models a flow may construct and change, and the reason where it may not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    PrivateAttr,
    field_validator,
    model_validator,
)
from typing_extensions import TypedDict

from skyloom.flows.constructs import Decision
from skyloom.flows.frontend.annotations import TypeTable


class Colour(StrEnum):
    RED = "red"


class Checked(BaseModel):
    count: PositiveInt


class Keyed(TypedDict, total=False):
    type: str


class Good(BaseModel):
    model_config = ConfigDict(extra="forbid", title="Good", str_strip_whitespace=False)
    type: str
    at: datetime | None = None
    colour: Colour | Literal["none"] = Colour.RED
    tags: list[dict[str, tuple[int, float]]] = Field(default_factory=list, description="all of them")
    inner: Checked | None = None
    many: list[Good] = []
    anything: Any = None

    @property
    def size(self) -> int:
        return len(self.tags)


class Inherited(Good):
    more: Annotated[int, "no constraint"] = 0


class Tagged(BaseModel):
    kind: Literal["tagged"]
    other: Annotated[Inherited | Good, Field(union_mode="left_to_right")]


class OwnInit(BaseModel):
    a: int

    def __init__(self, **data: Any) -> None:
        super().__init__(**data)


class OwnNew(BaseModel):
    a: int

    def __new__(cls, **data: Any) -> OwnNew:
        return super().__new__(cls)


class PostInit(BaseModel):
    a: int

    def model_post_init(self, context: Any) -> None:
        self.a += 1


class Private(BaseModel):
    a: int
    _cache: int = PrivateAttr(default=0)


class Stripped(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)
    a: str


class Short(BaseModel):
    model_config = ConfigDict(str_max_length=3)
    a: str


class Again(BaseModel):
    model_config = ConfigDict(revalidate_instances="always")
    a: Checked


class FieldValidator(BaseModel):
    a: int

    @field_validator("a")
    @classmethod
    def positive(cls, value: int) -> int:
        return value


class ModelValidator(BaseModel):
    a: int

    @model_validator(mode="after")
    def whole(self) -> ModelValidator:
        return self


class InheritedValidator(FieldValidator):
    b: int


class NestedConstraint(BaseModel):
    a: dict[str, list[Annotated[str, Field(max_length=3)]]]


class Patterned(BaseModel):
    a: str = Field(pattern="x")


class Function(BaseModel):
    a: Annotated[int, AfterValidator(abs)]


class Factory(BaseModel):
    a: int = Field(default_factory=lambda: 1)


class Unusual(BaseModel):
    a: Sequence[int]


@dataclass
class Plain:
    a: int
    b: Annotated[int, Field(ge=1)] = 1
    c: list[int] = dataclasses.field(default_factory=list)


@dataclass
class PostInitData:
    a: int

    def __post_init__(self) -> None:
        self.a += 1


@dataclass(init=False)
class OwnInitData:
    a: int

    def __init__(self) -> None:
        self.a = 1


@dataclass
class InitVarData:
    a: int
    b: InitVar[int]


@dataclass
class NotTaken:
    a: int
    b: int = dataclasses.field(default=0, init=False)


@dataclass
class FactoryData:
    a: int = dataclasses.field(default_factory=lambda: 1)


@pydantic.dataclasses.dataclass
class PydanticData:
    type: str
    a: int = 0


@pydantic.dataclasses.dataclass
class CheckedData:
    a: PositiveInt


CONSTRUCTION: list[tuple[type, str | None]] = [
    (Good, None),
    (Inherited, None),
    (Tagged, None),
    (Plain, None),
    (Keyed, None),
    (PydanticData, None),
    (Decision, None),
    (Checked, "its field `count` is constrained (gt)"),
    (OwnInit, "it has its own `__init__`"),
    (OwnNew, "it has its own `__new__`"),
    (PostInit, "it has its own `model_post_init`"),
    (Private, "it has the private attribute `_cache`"),
    (Stripped, "it changes strings (str_strip_whitespace)"),
    (Short, "it checks its values (str_max_length)"),
    (Again, "it checks the models inside it again (revalidate_instances)"),
    (FieldValidator, "it has the validator `positive`"),
    (InheritedValidator, "it has the validator `positive`"),
    (ModelValidator, "it has the validator `whole`"),
    (NestedConstraint, "its field `a` is constrained (max_length)"),
    (Patterned, "its field `a` is constrained (pattern)"),
    (Function, "its field `a` is checked by a function"),
    (Factory, "its field `a` has a default that is made by a function"),
    (Unusual, "its field `a` is checked by a function"),
    (PostInitData, "it has its own `__post_init__`"),
    (OwnInitData, "it has its own `__init__`"),
    (InitVarData, "`b` is an InitVar"),
    (NotTaken, "its constructor does not take the field `b`"),
    (FactoryData, "the default of its field `a` is made by a function"),
    (CheckedData, "its field `a` is constrained (gt)"),
]


@pytest.mark.parametrize(("cls", "reason"), CONSTRUCTION)
def test_construction(cls: type, reason: str | None) -> None:
    table = TypeTable()
    assert table.constructible(table.model(cls).name) == reason


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    a: int


class FrozenField(BaseModel):
    a: int = Field(frozen=True)


class Assigned(BaseModel):
    model_config = ConfigDict(validate_assignment=True)
    a: int


class OwnSet(BaseModel):
    a: int

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)


@dataclass
class OwnSetData:
    a: int

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)


ASSIGNMENT: list[tuple[type, str | None]] = [
    (Good, None),
    (Plain, None),
    (Keyed, None),
    (Frozen, "it is frozen"),
    (FrozenField, "it is frozen"),
    (Decision, "it is frozen"),
    (Assigned, "it checks what is assigned (validate_assignment)"),
    (OwnSet, "it has its own `__setattr__`"),
    (OwnSetData, "it has its own `__setattr__`"),
]


@pytest.mark.parametrize(("cls", "reason"), ASSIGNMENT)
def test_assignment(cls: type, reason: str | None) -> None:
    table = TypeTable()
    assert table.mutable(table.model(cls).name) == reason
