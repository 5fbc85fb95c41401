"""The structural rules: sound programs have no problem, every broken rule is named with its place."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr.types import BOOL, INT, NULL, STR, DictType, ListType, ModelType, Type
from skyloom.flows.ir.nodes import (
    Append,
    Approval,
    Argument,
    Assign,
    Block,
    Branch,
    Break,
    CallFlow,
    CallPrompt,
    CallTask,
    Continue,
    Emit,
    Extend,
    For,
    Handler,
    If,
    Key,
    Map,
    Parallel,
    Race,
    Raise,
    Reraise,
    Return,
    Sample,
    SetItem,
    Sleep,
    Statement,
    Try,
    WaitFor,
    While,
)
from skyloom.flows.ir.program import ModelDefinition, ModelField, Parameter, Program, PromptDefinition, RetryPolicy
from skyloom.flows.ir.structure import problems

AT = Span(3, 5, 3, 20)
Build = Callable[..., Program]
INTS = ListType(INT)


def var(name: str, of: Type = INT) -> x.Expr:
    return x.Name(span=AT, type=of, name=name)


def lit(value: Any) -> x.Expr:
    of: dict[type, Type] = {bool: BOOL, int: INT, str: STR, type(None): NULL}
    return x.Literal(span=AT, type=of[type(value)], value=value)


def work(*names: str, step: str = "work", to: str | None = None, **values: x.Expr) -> CallTask:
    arguments = tuple(Argument(name=name, value=lit(1)) for name in names)
    more = tuple(Argument(name=name, value=value) for name, value in values.items())
    return CallTask(span=AT, id=step, target=to, task="work", arguments=arguments + more)


def call(function: str, *arguments: x.Expr, **keywords: x.Expr) -> x.Expr:
    named = tuple(x.Named(name=name, value=value) for name, value in keywords.items())
    return x.Call(span=AT, type=INT, function=function, arguments=arguments, keywords=named)


def assign(name: str, value: x.Expr | None = None) -> Assign:
    return Assign(span=AT, variable=name, value=value or lit(1))


def back(value: x.Expr | None = None) -> Return:
    return Return(span=AT, value=value or lit("x"))


def when(test: x.Expr, body: Block = (), orelse: Block = ()) -> If:
    return If(span=AT, test=test, body=body, orelse=orelse)


def each(*body: Statement, result: x.Expr | None = None, **more: Any) -> Map:
    given = {"over": x.Bind(name="v"), "items": var("xs", INTS), "id": "work_map", "target": None, **more}
    return Map(span=AT, body=body, result=result or var("v"), **given)


def comprehension(element: x.Expr, *targets: str, lazy: bool = False, key: x.Expr | None = None, **more: Any) -> x.Expr:
    generators = tuple(x.Generator(target=x.Bind(name=t), items=var("xs", INTS), **more) for t in targets)
    return x.Comprehension(span=AT, type=INTS, element=element, generators=generators, lazy=lazy, key=key)


def trying(body: Block = (), *handlers: Handler, orelse: Block = (), final: Block = ()) -> Try:
    return Try(span=AT, body=body, handlers=handlers, orelse=orelse, final=final)


def caught(*body: Statement, errors: tuple[str, ...] = ("Exception",), variable: str = "e") -> Handler:
    return Handler(errors=errors, variable=variable, body=body, span=AT)


KEY = x.Function(span=AT, type=INT, parameter="k", body=var("k"))
SPREAD = x.Spread(span=AT, type=INTS, value=var("xs", INTS))

SOUND: tuple[Block, ...] = (
    (),
    (assign("a"), back(var("a"))),
    (work("x", to="r"), work("x", "y", step="work_2", to="r"), back(var("r"))),
    (when(var("p", BOOL), (assign("a"),), (assign("a"),)), back(var("a"))),
    (For(span=AT, target=x.Bind(name="v"), items=var("xs", INTS), body=(Continue(span=AT),)), assign("w", var("v"))),
    (While(span=AT, test=lit(True), body=(work("x", to="r"), when(var("p", BOOL), (Break(span=AT),)))), back(var("r"))),
    (While(span=AT, test=var("p", BOOL), body=(when(var("p", BOOL), (assign("b", var("a")),)), assign("a"))),),
    (trying((work("x", to="r"),), caught(Reraise(span=AT, variable="e")), orelse=(back(var("r")),)),),
    (trying((assign("a"),), final=(assign("b", var("a")),)), back(var("b"))),
    (For(span=AT, target=x.Bind(name="v"), items=var("xs", INTS), body=(trying((), final=(Break(span=AT),)),)),),
    (each(work("x", to="r"), result=var("r"), target="rs", condition=lit(True), limit=2), back(var("rs"))),
    (
        each(
            For(span=AT, target=x.Bind(name="w"), items=var("xs", INTS), body=(Break(span=AT),)),
            each(work("x"), id="inner"),
        ),
    ),
    (
        Parallel(
            span=AT,
            id="parallel",
            target="both",
            branches=(
                Branch(body=(work("x", to="r"),), result=var("r"), span=AT),
                Branch(body=(), result=lit(1), span=AT),
            ),
        ),
        back(var("both")),
    ),
    (
        Race(
            span=AT,
            id="race",
            branches=(Branch(body=(Sleep(span=AT, id="s", seconds=lit(1)),), result=lit(1), span=AT),),
        ),
    ),
    (
        Sample(span=AT, id="now", target="t", function="now"),
        Raise(span=AT, error="E", bases=("Exception",), message=var("t")),
    ),
    (
        assign("a", x.Array(span=AT, type=INTS, items=(SPREAD,))),
        Append(span=AT, variable="a", path=(), value=lit(1)),
        Extend(span=AT, variable="a", path=(Key(index=lit(0)),), value=var("xs")),
        SetItem(span=AT, variable="a", path=(Key(index=lit(0)),), value=lit(1)),
    ),
    (back(call("sorted", var("xs", INTS), key=KEY)),),
    (back(call("sum", comprehension(var("v"), "v", lazy=True))),),
    (back(comprehension(var("v"), "v", conditions=(lit(True),))),),
    (back(comprehension(var("v"), "v", key=lit("k"))),),
    (
        Approval(span=AT, id="approval", message=lit("?"), form="Form", target="d"),
        WaitFor(span=AT, id="wait", event=lit("paid"), payload=INT, timeout=lit(1), target="w"),
        Emit(span=AT, id="emit", event=lit("done"), payload=var("w")),
        back(var("d", ModelType("Form"))),
    ),
)
FORM = ModelDefinition(
    name="Form",
    flavour="pydantic",
    module="m",
    qualname="Form",
    fields=(ModelField(name="a", attribute="a", type=INT),),
)


@pytest.mark.parametrize("body", SOUND, ids=range(len(SOUND)))
def test_sound_programs(program_of: Build, body: Block) -> None:
    assert problems(program_of(*body, models={"Form": FORM})) == []


BROKEN: tuple[tuple[str, Block, tuple[str, ...]], ...] = (
    ("step ids", (work("x"), work("x")), ("step id 'work' is used twice",)),
    ("step ids inside", (work("x"), each(work("x"))), ("step id 'work' is used twice",)),
    ("empty step id", (work("x", step=""),), ("step id '' is empty",)),
    ("unbound", (back(var("z")),), ("variable 'z' is read before it is assigned",)),
    ("bound later", (assign("b", var("a")), assign("a")), ("variable 'a' is read before it is assigned",)),
    ("own target", (work(x=var("r"), to="r"),), ("variable 'r' is read before it is assigned",)),
    ("changed", (Append(span=AT, variable="z", path=(), value=lit(1)),),
     ("variable 'z' is changed before it is assigned",)),
    ("no path", (SetItem(span=AT, variable="n", path=(), value=lit(1)),), ("an item assignment needs a path",)),
    ("inner scope", (each(work("x", to="r")), back(var("r"))), ("variable 'r' is read before it is assigned",)),
    ("inner target", (each(work("x")), back(var("v"))), ("variable 'v' is read before it is assigned",)),
    ("handler variable outside", (trying((), caught()), Reraise(span=AT, variable="e")),
     ("`raise` of 'e', which no handler around it has caught",)),
    ("reraise in a map", (trying((), caught(each(Reraise(span=AT, variable="e")))),),
     ("`raise` of 'e', which no handler around it has caught",)),
    ("reraise of a variable", (trying((), caught(Reraise(span=AT, variable="n"))),),
     ("`raise` of 'n', which no handler around it has caught",)),
    ("comprehension name", (assign("a", comprehension(var("v"), "v")), back(var("v"))),
     ("variable 'v' is read before it is assigned",)),
    ("break outside", (Break(span=AT),), ("`break` stands in no loop of its scope",)),
    ("continue outside", (when(lit(True), (Continue(span=AT),)),), ("`continue` stands in no loop of its scope",)),
    ("break behind a loop", (While(span=AT, test=lit(True), body=()), Break(span=AT)),
     ("`break` stands in no loop of its scope",)),
    ("break across a scope",
     (For(span=AT, target=x.Bind(name="v"), items=var("xs", INTS), body=(each(Break(span=AT)),)),),
     ("`break` stands in no loop of its scope",)),
    ("return inside", (each(back()),), ("`return` stands in a map or branch",)),
    ("return in a branch",
     (Race(span=AT, id="race", branches=(Branch(body=(back(),), result=lit(1), span=AT),)),),
     ("`return` stands in a map or branch",)),
    ("no test", (when(lit(1)),), ("a test is not boolean",)),
    ("no loop test", (While(span=AT, test=lit("x"), body=()),), ("a test is not boolean",)),
    ("no condition", (each(work("x"), condition=lit(None)),), ("a test is not boolean",)),
    ("no filter", (back(comprehension(var("v"), "v", conditions=(lit(1),))),), ("a test is not boolean",)),
    ("no choice", (back(x.Conditional(span=AT, type=INT, test=lit(1), body=lit(1), orelse=lit(2))),),
     ("a test is not boolean",)),
    ("not of a number", (back(x.Unary(span=AT, type=BOOL, operator="not", operand=lit(1))),),
     ("a test is not boolean",)),
    ("limit", (each(work("x"), limit=0),), ("the limit is 0: at least 1 is needed",)),
    ("try alone", (trying((assign("a"),)),), ("`try` has neither handlers nor a final block",)),
    ("empty handler", (trying((), caught(errors=())),), ("a handler names no error",)),
    ("task", (CallTask(span=AT, id="a", task="nope", arguments=()),), ("task 'nope' is not there",)),
    ("prompt", (CallPrompt(span=AT, id="a", prompt="nope", arguments=()),), ("prompt 'nope' is not there",)),
    ("flow", (CallFlow(span=AT, id="a", flow="nope", arguments=()),), ("flow 'nope' is not there",)),
    ("form", (Approval(span=AT, id="a", message=lit("?"), form="Nope"),), ("model 'Nope' is not there",)),
    ("model", (back(var("n", ListType(ModelType("Nope")))),), ("model 'Nope' is not there",)),
    ("builtin", (back(call("nope")),), ("builtin 'nope' is not there",)),
    ("missing argument", (work("y"),), ("task 'work' is not given x",)),
    ("unknown argument", (work("x", "z"),), ("task 'work' has no parameter 'z'",)),
    ("argument twice", (work("x", "x"),), ("task 'work' is given 'x' twice",)),
    ("argument unbound", (work(x=var("z")),), ("variable 'z' is read before it is assigned",)),
    ("spread", (back(SPREAD),), ("a spread stands outside of a display",)),
    ("spread in a call", (back(call("len", SPREAD)),), ("a spread stands outside of a display",)),
    ("function", (back(KEY),), ("a function stands elsewhere than as the key of sorted, min or max",)),
    ("function as argument", (back(call("len", KEY)),),
     ("a function stands elsewhere than as the key of sorted, min or max",)),
    ("function as another option", (back(call("sorted", var("xs", INTS), reverse=KEY)),),
     ("a function stands elsewhere than as the key of sorted, min or max",)),
    ("lazy", (back(comprehension(var("v"), "v", lazy=True)),),
     ("a lazy comprehension stands where no builtin iterates over it",)),
    ("lazy length", (back(call("len", comprehension(var("v"), "v", lazy=True))),),
     ("a lazy comprehension stands where no builtin iterates over it",)),
    ("lazy dict", (back(call("any", comprehension(var("v"), "v", lazy=True, key=lit("k")))),),
     ("a dict comprehension is lazy",)),
    ("no generator", (back(comprehension(lit(1))),), ("a comprehension has no generator",)),
    ("target twice",
     (For(span=AT, target=x.Unpack(targets=(x.Bind(name="a"), x.Bind(name="a"))), items=var("xs", INTS), body=()),),
     ("the target 'a' stands there twice",)),
    ("empty target", (For(span=AT, target=x.Unpack(targets=()), items=var("xs", INTS), body=()),),
     ("a target takes nothing apart",)),
    ("entry without key",
     (back(x.Object(span=AT, type=DictType(INT), entries=(x.Entry(key=None, value=lit(1)),))),),
     ("an entry has no key",)),
    ("spread with key",
     (back(x.Object(span=AT, type=DictType(INT), entries=(x.Entry(key=lit("k"), value=SPREAD),))),),
     ("a spread has a key", "a spread stands outside of a display")),
    ("option twice",
     (back(x.Call(span=AT, type=INT, function="sorted", arguments=(var("xs"),),
                  keywords=(x.Named(name="reverse", value=lit(True)),) * 2)),),
     ("sorted is given 'reverse' twice",)),
)  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_programs(program_of: Build, body: Block, expected: tuple[str, ...]) -> None:
    assert problems(program_of(*body)) == [f"flow main, line 3: {message}" for message in expected]


def _prompt(template: x.Expr, **more: Any) -> PromptDefinition:
    fields: dict[str, Any] = {
        "name": "ask",
        "module": "m",
        "qualname": "ask",
        "file": "m.py",
        "span": AT,
        "parameters": (Parameter(name="q", type=STR),),
        "returns": STR,
        "template": template,
        "system": None,
        "model": "fast",
        "output_schema": {},
        "timeout": 60.0,
        "retry": RetryPolicy(),
    }
    return PromptDefinition(**(fields | more))


def test_tables(program_of: Build) -> None:
    sound = program_of()
    main, task = sound.flows["main"], sound.tasks["work"]
    lazy = dataclasses.replace(task, retry=RetryPolicy(attempts=0))
    prompts = {"ask": _prompt(var("q", STR), system=var("z", STR))}
    for program, expected in (
        (dataclasses.replace(sound, main="other"), ["the main flow 'other' is not there"]),
        (
            dataclasses.replace(sound, flows={"main": dataclasses.replace(main, name="other")}),
            ["flow 'main' is named 'other' in its definition"],
        ),
        (dataclasses.replace(sound, tasks={"job": task}), ["task 'job' is named 'work' in its definition"]),
        (dataclasses.replace(sound, models={"F": FORM}), ["model 'F' is named 'Form' in its definition"]),
        (dataclasses.replace(sound, tasks={"work": lazy}), ["'work' has 0 attempts: at least 1 is needed"]),
        (dataclasses.replace(sound, prompts=prompts), ["prompt 'ask' reads 'z', which is none of its parameters"]),
    ):
        assert problems(program) == expected


def test_flows_do_not_call_themselves(program_of: Build) -> None:
    arguments = tuple(Argument(name=name, value=var(name)) for name in ("xs", "n", "p"))
    program = program_of(CallFlow(span=AT, id="helper", flow="helper", arguments=arguments))
    helper = dataclasses.replace(
        program.flow, name="helper", body=(each(CallFlow(span=AT, id="main", flow="main", arguments=arguments)),)
    )
    looped = dataclasses.replace(program, flows={"main": program.flow, "helper": helper})
    assert problems(looped) == ["flow 'main' calls itself", "flow 'helper' calls itself"]
    ended = dataclasses.replace(looped, flows={"main": program.flow, "helper": dataclasses.replace(helper, body=())})
    assert problems(ended) == []
