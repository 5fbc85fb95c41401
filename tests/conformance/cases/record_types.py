"""Pydantic models, dataclasses, typed dictionaries, enums, Literal, Optional and unions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum, StrEnum
from typing import Any, Literal, NotRequired

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from skyloom.conformance.case import call, case
from skyloom.flows import flow, task


class Level(StrEnum):
    LOW = "low"
    HIGH = "high"


class Priority(IntEnum):
    LATER = 1
    NOW = 5


class Color(Enum):
    RED = "red"
    GREEN = "green"


class Address(BaseModel):
    city: str
    zip: str | None = None


class Customer(BaseModel):
    name: str
    age: int = 18
    credit: float = 0.0
    address: Address | None = None
    tags: list[str] = []
    scores: dict[str, int] = Field(default_factory=dict)


class Measure(BaseModel):
    """Floats in every place."""

    one: float | None = None
    named: dict[str, float] = {}
    some: list[float] | None = None
    rows: list[list[float]] = []
    pair: tuple[float, float] = (0.0, 0.0)
    either: int | float = 0


class Mail(BaseModel):
    sender: str = Field(alias="fromAddress")
    to: list[str] = Field(default_factory=list, alias="toAddresses")


class Ticket(BaseModel):
    """Documentation, and a docstring only."""

    level: Level
    color: Color = Color.GREEN
    kind: Literal["bug", "idea"] = "bug"
    priority: Priority = Priority.LATER


class Special(Customer):
    discount: float = 0.1


@dataclass
class Point:
    x: int
    y: int = 0


@dataclass
class Shape:
    name: str
    points: list[Point] = field(default_factory=list)
    weight: float = 1.0


class Row(TypedDict):
    name: str
    count: int
    note: NotRequired[str]


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float


class Square(BaseModel):
    kind: Literal["square"] = "square"
    side: float


@task
def customer(name: str) -> Customer:
    return Customer(name=name, address=Address(city="Oslo"), tags=["t"])


@task
def describe(customer: Customer) -> str:
    return f"{type(customer).__name__} {customer.name} {customer.credit!r}"


@task
def type_names(point: Point, row: Row, level: Level, color: Color, mail: Mail, ratio: float) -> list[str]:
    return [type(v).__name__ for v in (point, row, level, color, mail, ratio)]


@task
def double(shape: Shape) -> Shape:
    return replace(shape, points=[*shape.points, *shape.points])


@task
def rank(level: Level) -> Priority:
    return Priority.NOW if level is Level.HIGH else Priority.LATER


@task
def echo(value: str) -> str:
    return value


@flow
def defaults() -> Customer:
    return Customer(name="ann")


@flow
def defaults_are_not_shared() -> list[Customer]:
    one, two = Customer(name="one"), Customer(name="two")
    one.tags.append("x")
    one.scores["a"] = 1
    return [one, two, Customer(name="three")]


@flow
def int_becomes_float() -> list[str]:
    ann = Customer(name="ann", credit=3)
    bob = Customer(name="bob")
    return [str(ann.credit), str(bob.credit), str(ann.credit + 1), describe(ann), describe(bob)]


@flow
def ints_become_floats(n: int, maybe: int | None, counts: list[int], known: bool) -> list[str]:
    plain = Measure(
        one=n,
        named={"a": 1, "n": n, "f": 2.5},
        some=[1, n, *counts],
        rows=[[n, 2.5], counts, [*(7, 8.5)][1:]] if known else [counts],  # type: ignore[list-item]
        pair=(n, 2.5),
        either=n,
    )
    other = Measure(
        one=maybe,
        named={name: len(name) for name in ["x", "yy"]},
        some=counts if known else None,  # type: ignore[arg-type]
        rows=[[c, c * 2] for c in counts],
        pair=(0.5, maybe or 4),
        either=2.5,
    )
    third = Measure(one=n if known else 2.5, some=[c for c in counts if c > 1], rows=[counts, counts])  # type: ignore[list-item]
    found: list[str] = []
    for measure in [plain, other, third]:
        found.append(f"{measure.one} {measure.pair[0]} {measure.pair[1]} {measure.either}")
        found.append(" ".join([f"{key}={value}" for key, value in measure.named.items()]))
        found.append(" ".join([str(value) for value in measure.some or []]))
        found.append(" ".join([str(value) for row in measure.rows for value in row]))
    return found


@flow
def nested_models(city: str) -> str:
    who = Customer(name="ann", address=Address(city=city, zip="1"), tags=["a", "b"])
    if who.address is None:
        return "nowhere"
    return f"{who.address.city}/{who.address.zip} {who.tags[-1]}"


@flow
def optional_fields(name: str, known: bool) -> list[str]:
    who = customer(name) if known else Customer(name=name)
    found = [who.name]
    if who.address is not None:
        found.append(who.address.city)
        if who.address.zip is None:
            found.append("no zip")
        else:
            found.append(who.address.zip.strip())
    found.append(who.address.city if who.address else "no address")
    return found


@flow
def early_return_narrows(who: Customer | None) -> str:
    if who is None:
        return "nobody"
    if not who.address or who.address.zip is None:
        return who.name
    return who.name + who.address.zip


@flow
def aliases(sender: str) -> Mail:
    mail = Mail(fromAddress=sender, toAddresses=["x"])
    mail.to.append(mail.sender.upper())
    return mail


@flow
def alias_of_input(mail: Mail) -> list[str]:
    return [mail.sender, *mail.to]


@flow
def inherited_fields() -> Special:
    return Special(name="vip", discount=0.5, age=40)


@flow
def dataclasses(names: list[str]) -> Shape:
    shape = Shape("first", weight=2.5)
    shape.points.append(Point(1, 2))
    shape.points.append(Point(x=3))
    shape.points[0].y += 10
    for index, name in enumerate(names):
        shape.name += name
        shape.points.append(Point(y=index, x=-index))
    return shape


@flow
def dataclass_through_task() -> list[int]:
    shape = double(Shape(name="s", points=[Point(1), Point(2)]))
    return [p.x for p in shape.points]


@flow
def typed_dicts(name: str, noted: bool) -> list[Any]:
    row: Row = {"name": name, "count": 1}
    row["count"] += 1
    if noted:
        row["note"] = "n"
    other = Row(name="o", count=0)
    rows = [{**row}, {**other}]
    return [row["name"], row["count"], row.get("note", "none"), "note" in row, len(rows), other]


@flow
def types_inside_tasks() -> list[str]:
    return type_names(Point(1), {"name": "r", "count": 1}, Level.LOW, Color.RED, Mail(fromAddress="a"), 1)


@flow
def str_enums(level: Level) -> list[str]:
    found = [f"{level}", str(level), level.upper(), level + "!"]
    if level == Level.HIGH:
        found.append("high!")
    if level == "low":
        found.append("low!")
    found.append("known" if level in (Level.LOW, Level.HIGH) else "unknown")
    return found


@flow
def int_enums(level: Level) -> list[int]:
    priority = rank(level)
    return [priority + 1, max(priority, Priority.LATER), 1 if priority > 3 else 0, 1 if priority == Priority.NOW else 0]


@flow
def plain_enums(color: Color) -> list[Any]:
    same = color == Color.RED
    chosen = Color.GREEN if same else Color.RED
    return [same, color != Color.GREEN, chosen, color]


@flow
def enum_values(color: Color, level: Level, priority: Priority) -> list[Any]:
    return [color.value, level.value, priority.value, color.name, level.name]


@flow
def enum_fields(ticket: Ticket) -> Ticket:
    if ticket.level == Level.LOW and ticket.color == Color.RED and ticket.kind == "idea":
        return Ticket(level=Level.HIGH, priority=Priority.NOW)
    ticket.kind = "idea"
    return ticket


@flow
def enum_as_key(levels: list[Level]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for level in levels:
        counts[level] = counts.get(level, 0) + 1
    return counts


@flow
def unions(value: int | str | None) -> str:
    if value is None:
        return "nothing"
    return f"{value}"


@flow
def models_of_several_kinds(shapes: list[Circle | Square]) -> float:
    total = 0.0
    for shape in shapes:
        if shape.kind == "circle":
            total += shape.radius * 2
        else:
            total += shape.side * 4
    return total


@flow
def model_equality() -> list[bool]:
    one, two = Address(city="Oslo"), Address(city="Oslo", zip=None)
    return [
        one == two,
        one != Address(city="Rome"),
        Point(1, 2) == Point(1, 2),
        [Point(1)] == [Point(1, 0)],
        one in [Address(city="x"), two],
        Address(city="") == Address(city="", zip=""),
    ]


@flow
def list_of_models(names: list[str]) -> list[Any]:
    people = [Customer(name=n, age=20 + i) for i, n in enumerate(names)]
    oldest = max(people, key=lambda p: p.age)
    by_name = {p.name: p for p in sorted(people, key=lambda p: p.name)}
    return [oldest.name, list(by_name), sum(p.age for p in people), [p.name for p in people if p.age > 20]]


@flow
def models_in_containers() -> dict[str, list[Point]]:
    return {"a": [Point(1), Point(2, 3)], "b": []}


@flow
def tuple_of_models(pair: tuple[Point, Level]) -> tuple[int, str, Point]:
    point, level = pair
    return point.x, level, Point(point.y, point.x)


@flow
def optional_list(values: list[int] | None, extra: dict[str, int] | None) -> int:
    total = 0
    for value in values or []:
        total += value
    if extra:
        total += sum(extra.values())
    return total


@flow
def literal_value(kind: Literal["a", "b"], size: Literal[1, 2]) -> str:
    return echo(kind) * size + ("!" if kind in ("a", "c") else "?")


_ANN = {"name": "ann", "age": 18, "credit": 0.0, "address": None, "tags": [], "scores": {}}

CASES = [
    case(defaults, result=_ANN),
    case(
        defaults_are_not_shared,
        result=[
            {**_ANN, "name": "one", "tags": ["x"], "scores": {"a": 1}},
            {**_ANN, "name": "two"},
            {**_ANN, "name": "three"},
        ],
    ),
    case(int_becomes_float, result=["3.0", "0.0", "4.0", "Customer ann 3.0", "Customer bob 0.0"]),
    case(
        ints_become_floats,
        {"n": 3, "maybe": 5, "counts": [1, 2], "known": True},
        result=[
            "3.0 3.0 2.5 3",
            "a=1.0 n=3.0 f=2.5",
            "1.0 3.0 1.0 2.0",
            "3.0 2.5 1.0 2.0 8.5",
            "5.0 0.5 5.0 2.5",
            "x=1.0 yy=2.0",
            "1.0 2.0",
            "1.0 2.0 2.0 4.0",
            "3.0 0.0 0.0 0",
            "",
            "2.0",
            "1.0 2.0 1.0 2.0",
        ],
        name="known",
    ),
    case(
        ints_become_floats,
        {"n": 3, "maybe": None, "counts": [], "known": False},
        result=[
            "3.0 3.0 2.5 3",
            "a=1.0 n=3.0 f=2.5",
            "1.0 3.0",
            "",
            "None 0.5 4.0 2.5",
            "x=1.0 yy=2.0",
            "",
            "",
            "2.5 0.0 0.0 0",
            "",
            "",
            "",
        ],
        name="unknown",
    ),
    case(nested_models, {"city": "Rome"}, result="Rome/1 b"),
    case(optional_fields, {"name": "x", "known": True}, result=["x", "Oslo", "no zip", "Oslo"], name="known"),
    case(optional_fields, {"name": "x", "known": False}, result=["x", "no address"], name="unknown"),
    case(early_return_narrows, {"who": None}, result="nobody", name="null"),
    case(early_return_narrows, {"who": {"name": "a"}}, result="a", name="no-address"),
    case(
        early_return_narrows,
        {"who": {"name": "a", "address": {"city": "c", "zip": "9"}}},
        result="a9",
        name="everything",
    ),
    case(aliases, {"sender": "me"}, result={"fromAddress": "me", "toAddresses": ["x", "ME"]}),
    case(alias_of_input, {"mail": {"fromAddress": "a"}}, result=["a"]),
    case(inherited_fields, result={**_ANN, "name": "vip", "age": 40, "discount": 0.5}),
    case(
        dataclasses,
        {"names": ["A", "B"]},
        result={
            "name": "firstAB",
            "points": [{"x": 1, "y": 12}, {"x": 3, "y": 0}, {"x": 0, "y": 0}, {"x": -1, "y": 1}],
            "weight": 2.5,
        },
    ),
    case(dataclass_through_task, result=[1, 2, 1, 2]),
    case(
        typed_dicts,
        {"name": "r", "noted": True},
        result=["r", 2, "n", True, 2, {"name": "o", "count": 0}],
        name="noted",
    ),
    case(
        typed_dicts,
        {"name": "r", "noted": False},
        result=["r", 2, "none", False, 2, {"name": "o", "count": 0}],
        name="plain",
    ),
    case(types_inside_tasks, result=["Point", "dict", "Level", "Color", "Mail", "float"]),
    case(str_enums, {"level": "high"}, result=["high", "high", "HIGH", "high!", "high!", "known"], name="high"),
    case(str_enums, {"level": "low"}, result=["low", "low", "LOW", "low!", "low!", "known"], name="low"),
    case(
        int_enums,
        {"level": "high"},
        result=[6, 5, 1, 1],
        calls=[call("rank", level="high")],
    ),
    case(int_enums, {"level": "low"}, result=[2, 1, 0, 0], name="low"),
    case(plain_enums, {"color": "red"}, result=[True, True, "green", "red"]),
    case(
        enum_values,
        {"color": "red", "level": "low", "priority": 5},
        result=["red", "low", 5, "RED", "LOW"],
    ),
    case(
        enum_fields,
        {"ticket": {"level": "low", "color": "red", "kind": "idea"}},
        result={"level": "high", "color": "green", "kind": "bug", "priority": 5},
        name="rebuilt",
    ),
    case(
        enum_fields,
        {"ticket": {"level": "low", "priority": 5}},
        result={"level": "low", "color": "green", "kind": "idea", "priority": 5},
        name="changed",
    ),
    case(enum_as_key, {"levels": ["low", "high", "low"]}, result={"low": 2, "high": 1}),
    case(unions, {"value": 3}, result="3", name="int"),
    case(unions, {"value": ""}, result="", name="text"),
    case(unions, {"value": None}, result="nothing", name="null"),
    case(
        models_of_several_kinds,
        {"shapes": [{"kind": "circle", "radius": 1.5}, {"kind": "square", "side": 2}]},
        result=11.0,
    ),
    case(model_equality, result=[True, True, True, True, True, False]),
    case(
        list_of_models,
        {"names": ["c", "a", "b"]},
        result=["b", ["a", "b", "c"], 63, ["a", "b"]],
    ),
    case(models_in_containers, result={"a": [{"x": 1, "y": 0}, {"x": 2, "y": 3}], "b": []}),
    case(tuple_of_models, {"pair": [{"x": 1, "y": 2}, "low"]}, result=[1, "low", {"x": 2, "y": 1}]),
    case(optional_list, {"values": None, "extra": None}, result=0, name="null"),
    case(optional_list, {"values": [1, 2], "extra": {"a": 3}}, result=6, name="filled"),
    case(literal_value, {"kind": "b", "size": 2}, result="bb?"),
]
