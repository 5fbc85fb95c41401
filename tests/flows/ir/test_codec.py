"""Programs as JSON: unchanged by a round trip, described by the published schema, refused with a place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyloom.errors import EngineError, Span
from skyloom.flows.expr.nodes import Binary, Expr, Literal, Name
from skyloom.flows.expr.types import FLOAT, INT, Type
from skyloom.flows.ir.codec import InvalidDocument, digest, dumps, from_document, loads, schema, to_document
from skyloom.flows.ir.nodes import Assign, Block, If, Return, Statement
from skyloom.flows.ir.program import ErrorDefinition, ModelDefinition, Program, PromptDefinition

AT = Span(3, 5, 3, 20)
PUBLISHED = Path(__file__).parents[3] / "docs" / "ir.schema.json"
Build = Callable[..., Program]
VALIDATOR = jsonschema.Draft202012Validator(schema())


def number(value: float) -> Literal:
    return Literal(span=AT, type=FLOAT if isinstance(value, float) else INT, value=value)


CLASSES = [cls for alias in (Type, Expr, Statement) for cls in get_args(get_args(alias)[0])]


def _program_with(program_of: Build, node: Any) -> Program:
    if isinstance(node, get_args(get_args(Statement)[0])):
        return program_of(node)
    if isinstance(node, get_args(get_args(Type)[0])):
        node = Name(span=AT, type=node, name="v")
    return program_of(Return(span=AT, value=node))


@pytest.mark.parametrize("cls", [*CLASSES, PromptDefinition, ModelDefinition, ErrorDefinition])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_round_trip_changes_nothing(
    program_of: Build, nodes_of: Callable[[type], st.SearchStrategy[Any]], cls: type, data: st.DataObject
) -> None:
    node = data.draw(nodes_of(cls))
    table = {PromptDefinition: "prompts", ModelDefinition: "models", ErrorDefinition: "errors"}.get(cls)
    program = program_of(**{table: {"a": node}}) if table is not None else _program_with(program_of, node)
    text = dumps(program)
    again = loads(text)
    assert again == program
    assert repr(again) == repr(program), "1, 1.0 and True are equal, but not the same"
    assert (dumps(again), digest(again)) == (text, digest(program))
    VALIDATOR.validate(json.loads(text))


def test_the_published_schema_is_current() -> None:
    assert json.loads(PUBLISHED.read_text()) == schema(), (
        "write it anew: python -m skyloom.flows.ir.codec > docs/ir.schema.json"
    )


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_schema_tells_what_a_document_must_have(program_of: Build) -> None:
    document = to_document(program_of(Return(span=AT, value=number(1))))
    VALIDATOR.validate(document)
    document["flows"]["main"]["body"][0]["value"]["kind"] = "nonsense"
    assert not VALIDATOR.is_valid(document)
    del document["flows"]["main"]["body"][0]["value"]["kind"]
    assert not VALIDATOR.is_valid(document)


def test_the_document_reads_well(program_of: Build) -> None:
    statement = to_document(program_of(Return(span=AT, value=number(1.5))))["flows"]["main"]["body"][0]
    assert statement == {
        "span": [3, 5, 3, 20],
        "value": {"span": [3, 5, 3, 20], "type": {"kind": "float"}, "value": 1.5, "kind": "literal"},
        "kind": "return",
    }


def _broken(document: dict[str, Any], *path: Any, value: Any) -> dict[str, Any]:
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("format",), 2, "not a program of format 1: its format is 2"),
        (("format",), True, "not a program of format 1: its format is True"),
        (("main",), 3, "not a program: main: Input should be a valid string"),
        (("extra",), 3, "not a program: extra: Unexpected keyword argument"),
        (
            ("flows", "main", "body", 0, "value", "kind"),
            "lambda",
            "not a program: flows.main.body.0.return.value: Input tag 'lambda' found using 'kind' does not match",
        ),
        (
            ("flows", "main", "span"),
            [1, 2, 3],
            "not a program: flows.main.span.3: Field required",
        ),
        (
            ("flows", "main", "body", 0, "span"),
            [0, 1, 1, 1],
            "not a program: flows.main.body.0.return.span.0: Input should be greater than or equal to 1",
        ),
    ],
)
def test_what_is_no_program_is_refused_with_its_place(
    program_of: Build, path: tuple[Any, ...], value: Any, message: str
) -> None:
    document = _broken(to_document(program_of(Return(span=AT, value=number(1)))), *path, value=value)
    with pytest.raises(InvalidDocument) as refusal:
        from_document(document)
    assert str(refusal.value).startswith(message)
    assert isinstance(refusal.value, EngineError)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a program: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "not a program of format 1: no format is given"),
        ("{}", "not a program of format 1: no format is given"),
        (b"\xff", "not a program: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    ],
)
def test_texts_that_are_no_program(text: str | bytes, message: str) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        loads(text)
    assert str(refusal.value) == message


def test_the_digest_sees_every_difference_and_no_order(program_of: Build) -> None:
    one = program_of(Return(span=AT, value=number(1)))
    assert digest(one) == digest(program_of(Return(span=AT, value=number(1))))
    assert len(digest(one)) == 64
    assert digest(one) != digest(program_of(Return(span=AT, value=number(1.0))))
    assert digest(one) != digest(program_of(Return(span=Span(3, 5, 3, 21), value=number(1))))
    document = to_document(one)
    shuffled = dict(reversed(document.items()))
    assert digest(from_document(shuffled)) == digest(one)


def _deep_if(depth: int) -> Block:
    block: Block = ()
    for _ in range(depth):
        block = (If(span=AT, test=Literal(span=AT, type=INT, value=True), body=(), orelse=block),)
    return block


def _deep_sum(depth: int) -> Expr:
    result: Expr = number(1)
    for _ in range(depth):
        result = Binary(span=AT, type=INT, operator="+", left=result, right=number(1))
    return result


def test_deep_programs(program_of: Build) -> None:
    program = program_of(*_deep_if(100), Assign(span=AT, variable="v", value=_deep_sum(200)))
    assert loads(dumps(program)) == program


def test_programs_that_are_too_deep_are_refused(program_of: Build) -> None:
    program = program_of(Assign(span=AT, variable="v", value=_deep_sum(400)))
    with pytest.raises(InvalidDocument, match="the program cannot be written: Maximum serialization depth exceeded"):
        to_document(program)
