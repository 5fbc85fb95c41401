"""Templates of prompts: what they fill in, and what is wrong with them, to the character."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from skyloom.errors import Span
from skyloom.flows.expr.nodes import Expr, Format
from skyloom.flows.expr.nodes import Literal as Constant
from skyloom.flows.expr.python import compile_expr
from skyloom.flows.frontend.annotations import TypeTable
from skyloom.flows.frontend.literals import LiteralText
from skyloom.flows.frontend.source import Report, SourceFile
from skyloom.flows.frontend.templates import TemplateReader

HERE = Span(1, 1, 1, 2)


class Colour(StrEnum):
    RED = "red"


class Customer(BaseModel):
    name: str = Field(alias="fullName")
    age: int | None = None


@dataclass
class Ticket:
    body: str
    customer: Customer
    tags: list[str]
    score: float = 0.5
    note: str | None = None


class Row(TypedDict, total=False):
    id: str
    name: str


PARAMETERS: dict[str, Any] = {
    "ticket": Ticket,
    "text": str,
    "count": int,
    "colour": Colour,
    "kind": Literal["a", "b"],
    "at": datetime,
    "raw": bytes,
    "maybe": str | None,
    "lost": Ticket | None,
    "pair": tuple[int, str],
    "table": dict[str, int],
    "rows": list[Row],
    "data": Any,
    "mixed": int | str,
}
VALUES: dict[str, Any] = {
    "ticket": {
        "body": "Ü",
        "customer": {"fullName": "Ann", "age": 5},
        "tags": ["x", "y"],
        "score": 1.0,
        "note": None,
    },
    "text": 'so "quoted"',
    "count": 3,
    "colour": "red",
    "kind": "b",
    "at": "2024-01-01T00:00:00.000000Z",
    "raw": "AA==",
    "maybe": None,
    "lost": None,
    "pair": [1, "é"],
    "table": {"7": 70, "a b": 1},
    "rows": [{"id": "r1", "name": "n"}],
    "data": {"k": ["v"]},
    "mixed": "m",
}


def read(template: str) -> tuple[Expr, Report]:
    types, report = TypeTable(), Report()
    resolved = {name: types.resolve(annotation) for name, annotation in PARAMETERS.items()}
    source = SourceFile(Path("p.py"), "x")
    reader = TemplateReader(resolved, types.models, source, report)
    return reader.read(template, LiteralText(source, None, HERE)), report


FILLED = [
    ("", ""),
    ("plain", "plain"),
    ("{{}} {{text}}", "{} {text}"),
    ("{text}", 'so "quoted"'),
    ("a{text}b{count}c", 'aso "quoted"b3c'),
    ("{ticket.body}", "Ü"),
    ("{ticket.customer.name}", "Ann"),
    ("{ticket.customer}", '{"fullName": "Ann", "age": 5}'),
    ("{ticket.tags[0]}{ticket.tags[-1]}", "xy"),
    ("{ticket.tags}", '["x", "y"]'),
    ("{ticket.score}", "1.0"),
    ("{ticket.note}|{maybe}", "null|null"),
    ("{lost}", "null"),
    ("{colour}{kind}", "redb"),
    ("{at}", "2024-01-01T00:00:00.000000Z"),
    ("{raw}", "AA=="),
    ("{pair[0]}{pair[1]}{pair}", '1é[1, "é"]'),
    ("{table[7]}{table[a b]}", "701"),
    ("{rows[0][id]}", "r1"),
    ("{data[k][0]}{data}", '"v"{"k": ["v"]}'),
    ("{mixed}", '"m"'),
]


@pytest.mark.parametrize(("template", "text"), FILLED)
def test_a_template_is_filled(template: str, text: str) -> None:
    expression, report = read(template)
    assert report.diagnostics == []
    assert compile_expr(expression)(VALUES) == text


def test_plain_text_is_a_constant() -> None:
    assert isinstance(read("a {{b}}")[0], Constant)
    assert isinstance(read("a {text}")[0], Format)


PROBLEMS: list[tuple[str, str, str, str | None]] = [
    ("{txet}", "SKY513", "the prompt has no parameter `txet`", "did you mean `text`?"),
    ("{ticket.bdy}", "SKY513", "`Ticket` has no field `bdy`", "did you mean `body`?"),
    ("{ticket.zzz}", "SKY513", "`Ticket` has no field `zzz`", "its fields: body, customer, tags, score, note"),
    ("{ticket.customer.fullName}", "SKY513", "`Customer` has no field `fullName`", "did you mean `name`?"),
    ("{ticket[body]}", "SKY513", "`Ticket` has no items", "write .body"),
    ("{text.upper}", "SKY513", "`str` has no fields", None),
    ("{table.a}", "SKY513", "`dict[str, int]` has no fields", "write [a]"),
    ("{rows[0].id}", "SKY513", "`Row` has no fields", "write [id]"),
    ("{rows[0][nme]}", "SKY513", "`Row` has no key `nme`", "did you mean `name`?"),
    ("{data.k}", "SKY513", "`Any` has no fields", "write [k]"),
    ("{pair[2]}", "SKY513", "`tuple[int, str]` has no item [2]", None),
    ("{count[0]}", "SKY513", "`int` has no item [0]", None),
    ("{rows[id]}", "SKY514", "`list[Row]` needs a number in brackets, not `id`", None),
    (
        "{lost.body}",
        "SKY514",
        "`lost` may be None here",
        "pass the part that the prompt needs as a parameter of its own",
    ),
    (
        "{count!r}",
        "SKY514",
        "a template has no conversions and formats",
        "format the value in the flow, and pass the text",
    ),
    (
        "{count:>5}",
        "SKY514",
        "a template has no conversions and formats",
        "format the value in the flow, and pass the text",
    ),
    ("{", "SKY512", "this `{` has no partner", "write {{ and }} for braces that are text"),
    ("a } b", "SKY512", "this `}` has no partner", "write {{ and }} for braces that are text"),
    ("{text {count", "SKY512", "this `{` has no partner", "write {{ and }} for braces that are text"),
    ("{}", "SKY512", "these braces are empty", "write {{ and }} for braces that are text"),
    ('{"a": 1}', "SKY512", '`{"a": 1}` holds no parameter', "write {{ and }} for braces that are text"),
    ("{0}", "SKY512", "`{0}` holds no parameter", "write {{ and }} for braces that are text"),
    (
        "{count + 1}",
        "SKY512",
        "`count + 1` is no parameter, field or item",
        "a template takes `name`, `name.field` and `name[0]`; compute other values in the flow",
    ),
    ("{ticket.}", "SKY512", "`.` is neither a field nor an item", "write `name.field` or `name[0]`"),
    ("{rows[0}", "SKY512", "`[0` is neither a field nor an item", "write `name.field` or `name[0]`"),
    ("{rows[]}", "SKY512", "`[]` is neither a field nor an item", "write `name.field` or `name[0]`"),
]


@pytest.mark.parametrize(("template", "code", "message", "hint"), PROBLEMS)
def test_a_template_is_refused(template: str, code: str, message: str, hint: str | None) -> None:
    found = read(template)[1].diagnostics
    assert found
    assert {(d.code, d.message, d.hint) for d in found} == {(code, message, hint)}
    assert found[0].span == HERE


def test_every_problem_is_found() -> None:
    found = read("{a} {b} {ticket.body} }{ticket.c}")[1].diagnostics
    assert [d.message for d in found] == [
        "this `}` has no partner",
        "`Ticket` has no field `c`",
        "the prompt has no parameter `a`",
        "the prompt has no parameter `b`",
    ]
