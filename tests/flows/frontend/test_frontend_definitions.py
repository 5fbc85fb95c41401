"""Definitions read and checked: what a program says about tasks, prompts and flows, and what is wrong with them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from skyloom.errors import CheckFailed, Span
from skyloom.flows.definitions import Flow
from skyloom.flows.expr.nodes import Format
from skyloom.flows.expr.types import INT, NULL, STR, ListType, ModelType, Type, optional
from skyloom.flows.frontend import CheckedFile, check_file, compile_flow, load_file
from skyloom.flows.frontend.definitions import ProgramBuilder
from skyloom.flows.frontend.source import SourceFile
from skyloom.flows.ir.nodes import Block
from skyloom.flows.ir.program import Parameter, RetryPolicy, TaskDefinition

Write = Callable[..., Path]
Check = Callable[..., CheckedFile]

HEAD = """\
from __future__ import annotations
import datetime
from typing import TYPE_CHECKING, Any
from pydantic import BaseModel
from skyloom.flows import Retry, flow, hours, minutes, prompt, task
import skyloom.flows as sf
if TYPE_CHECKING:
    from decimal import Decimal

class Ticket(BaseModel):
    customer: str
    body: str = ""

"""
LINES = HEAD.count("\n")


def compile_names(
    function: ast.FunctionDef,
    source: SourceFile,
    namespace: Mapping[str, Any],
    builder: ProgramBuilder,
    parameters: tuple[Parameter, ...],
    returns: Type,
) -> Block:
    """Stands in for the compiler of bodies: asks the builder for every flow that the body calls."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found = namespace.get(node.func.id)
            if isinstance(found, Flow):
                builder.flow(found, (source, node))
    return ()


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiles bodies with `compile_names`."""
    stand_in = ModuleType("skyloom.flows.frontend.statements")
    stand_in.__dict__["compile_body"] = compile_names
    monkeypatch.setitem(sys.modules, stand_in.__name__, stand_in)


def test_a_task(write: Write) -> None:
    text = '''
@task(timeout=minutes(2), retry=Retry(attempts=4, on=(KeyError, OSError), never=TimeoutError), requires=["httpx>=0.28"],
      memory=512)
async def search(topic: str, limit: int = 3, *, ticket: Ticket | None = None) -> list[Ticket]:
    """Finds things.

    More.
    """
    return []
'''
    module = load_file(write(HEAD + text))
    builder = ProgramBuilder()
    assert builder.task(module.search) == TaskDefinition(
        name="search",
        module="review",
        qualname="search",
        file="review.py",
        span=Span(LINES + 4, 11, LINES + 4, 17),
        parameters=(
            Parameter(name="topic", type=STR),
            Parameter(name="limit", type=INT, required=False, default=3),
            Parameter(name="ticket", type=optional(ModelType("Ticket")), required=False, default=None),
        ),
        returns=ListType(ModelType("Ticket")),
        timeout=120.0,
        retry=RetryPolicy(attempts=4, on=("KeyError", "OSError"), never=("TimeoutError",)),
        requires=("httpx>=0.28",),
        memory=512,
        description="Finds things.\n\nMore.",
    )
    assert builder.task(module.search) is builder.task(module.search)
    assert builder.report.diagnostics == []
    assert list(builder.types.errors.definitions) == ["KeyError", "OSError", "TimeoutError"]


def test_a_prompt(write: Write) -> None:
    text = '''
@sf.prompt("Classify.\\n\\n{ticket.body}", system="You are {role}.", model="smart", temperature=0.5, max_tokens=100,
           repairs=2)
def triage(ticket: Ticket, role: str = "kind") -> Ticket:
    """Sorts."""
'''
    module = load_file(write(HEAD + text))
    builder = ProgramBuilder()
    found = builder.prompt(module.triage)
    assert builder.report.diagnostics == []
    assert isinstance(found.template, Format)
    assert isinstance(found.system, Format)
    assert [part.span for part in found.template.parts] == [
        Span(LINES + 2, 13, LINES + 2, 26),
        Span(LINES + 2, 26, LINES + 2, 39),
    ]
    assert (found.model, found.temperature, found.max_tokens, found.repairs) == ("smart", 0.5, 100, 2)
    assert found.output_schema["required"] == ["customer"]
    assert found.retry == RetryPolicy(attempts=1)
    assert (found.returns, found.timeout, found.description) == (ModelType("Ticket"), 300.0, "Sorts.")


def test_a_program(write: Write, bodies: None) -> None:
    text = """
@flow
def inner(ticket: Ticket) -> str:
    return ""

@flow(timeout=hours(1))
def outer(ticket: Ticket, count: int = 2) -> None:
    inner(ticket)
    inner(ticket)
"""
    module = load_file(write(HEAD + text))
    program = compile_flow(module.outer)
    assert compile_flow(module.outer) is program
    assert module.outer.program is program
    assert (program.main, list(program.flows), program.tasks) == ("outer", ["inner", "outer"], {})
    assert (program.flow.timeout, program.flow.returns, program.flow.body) == (3600.0, NULL, ())
    assert program.flow.span == Span(LINES + 7, 5, LINES + 7, 10)
    schema = program.flow.input_schema
    assert (schema["title"], schema["required"], schema["additionalProperties"]) == ("outer", ["ticket"], False)
    assert schema["properties"]["count"] == {"default": 2, "title": "Count", "type": "integer"}
    assert program.flow.output_schema == {"type": "null"}
    assert list(program.models) == ["Ticket"]


PROBLEMS: list[tuple[str, list[tuple[str, str, str, str | None]]]] = [
    (
        "@task\ndef f(x, y: int): ...\n",
        [
            ("2:5-6", "SKY501", "the result of task `f` has no annotation", "write `-> None` where it returns nothing"),
            ("2:7-8", "SKY501", "parameter `x` of task `f` has no annotation", "write `x: str`, or its type"),
        ],
    ),
    (
        "@flow\ndef f(x: Decimal, y: 'set[int]', z: datetime.timedelta) -> list[Nowhere]: ...\n",
        [
            (
                "2:10-17",
                "SKY502",
                "parameter `x` of flow `f`: `Decimal` is not defined",
                "import it outside of `if TYPE_CHECKING`",
            ),
            ("2:22-32", "SKY502", "parameter `y` of flow `f`: `set[int]` has no JSON form", "use a list"),
            ("2:37-55", "SKY502", "parameter `z` of flow `f`: `timedelta` has no JSON form", "use a float of seconds"),
            (
                "2:60-73",
                "SKY502",
                "the result of flow `f`: `Nowhere` is not defined",
                "import it outside of `if TYPE_CHECKING`",
            ),
        ],
    ),
    (
        "@task\ndef f(a: int, /, *b: int, **c: int) -> None: ...\n",
        [
            (
                "2:7-13",
                "SKY506",
                "parameter `a` of task `f` is positional-only",
                "remove the `/`: engines pass arguments by name",
            ),
            (
                "2:19-25",
                "SKY506",
                "parameter `*b` of task `f` takes any number of arguments",
                "take a list: b: list[...]",
            ),
            (
                "2:29-35",
                "SKY506",
                "parameter `**c` of task `f` takes any number of arguments",
                "take a dict: c: dict[str, ...]",
            ),
        ],
    ),
    (
        "@task\ndef f(a: str = None, b: int = 'x', *, c: Any = {1}) -> None: ...\n",
        [
            (
                "2:16-20",
                "SKY507",
                "the default of parameter `a` of task `f`: Input should be a valid string",
                "add `| None` to the annotation",
            ),
            ("2:31-34", "SKY507", "the default of parameter `b` of task `f`: Input should be a valid integer", None),
            ("2:48-51", "SKY507", "the default of parameter `c` of task `f`: a value of type set is not JSON", None),
        ],
    ),
    (
        "@task\ndef f() -> list[int]:\n    yield 1\n",
        [("2:5-6", "SKY503", "task `f` is a generator", "return a list")],
    ),
    (
        "@flow\nasync def f() -> None: ...\n",
        [("2:11-12", "SKY503", "flow `f` is `async def`", "write `def`: steps wait by themselves")],
    ),
    (
        "f = task(lambda: 1)\n",
        [("1:1-20", "SKY503", "task `<lambda>` is no function of its own", "write it with `def`")],
    ),
    (
        "def outer():\n    @task\n    def f() -> None: ...\n    return f\n\nf = outer()\n",
        [
            (
                "3:9-10",
                "SKY504",
                "task `f` stands inside a function",
                "move it to the top level of its module; pass what it needs as parameters",
            )
        ],
    ),
    (
        "class Steps:\n    @task\n    def f(name: str) -> None: ...\n\nf = Steps.f\n",
        [
            (
                "3:9-10",
                "SKY504",
                "task `f` stands inside a class",
                "move it to the top level of its module; pass what it needs as parameters",
            )
        ],
    ),
    (
        "def f() -> None: ...\n\ng = flow(f)\n",
        [
            (
                "1:5-6",
                "SKY504",
                "the name `f` of its module does not hold flow `f`",
                "use the decorator on the definition, last of all decorators, and keep the name",
            )
        ],
    ),
    (
        "def double(f):\n    return f\n\n@flow\n@double\ndef f() -> None: ...\n\n"
        "@task\n@double\ndef g() -> None: ...\n",
        [
            (
                "5:2-8",
                "SKY515",
                "flow `f` has a second decorator",
                "call what it does in a task: a flow is compiled from its own source alone",
            )
        ],
    ),
    (
        "@task(timeout=0, memory=-1, requires=['httpx>=0.28', 'no good', 7],\n"
        "      retry=Retry(attempts=0, delay=-1, backoff=0.5, max_delay=float('inf'), jitter=2))\n"
        "def f() -> None: ...\n",
        [
            ("1:15-16", "SKY508", "task `f`: `timeout` must be a number of seconds above 0, not 0", None),
            ("1:25-27", "SKY508", "task `f`: `memory` must be a whole number of MiB, at least 1, not -1", None),
            (
                "1:54-63",
                "SKY509",
                "task `f`: `no good` is no requirement: "
                "Expected semicolon (after name with no version specifier) or end",
                "such as `httpx>=0.28`",
            ),
            (
                "1:65-66",
                "SKY509",
                'task `f`: `requires` takes texts such as "httpx>=0.28", not 7',
                "such as `httpx>=0.28`",
            ),
            (
                "2:28-29",
                "SKY508",
                "task `f`: `attempts` must be a whole number, at least 1 (the first attempt counts), not 0",
                None,
            ),
            ("2:37-39", "SKY508", "task `f`: `delay` must be a number of seconds, 0 or more, not -1", None),
            ("2:49-52", "SKY508", "task `f`: `backoff` must be a number, at least 1, not 0.5", None),
            ("2:64-76", "SKY508", "task `f`: `max_delay` must be a number of seconds, 0 or more, not inf", None),
            ("2:85-86", "SKY508", "task `f`: `jitter` must be a share from 0 to 1, not 2", None),
        ],
    ),
    (
        "RETRY = Retry(attempts=True, on=(KeyError, BaseException), never='x')\n\n"
        "@task(retry=RETRY)\ndef f() -> None: ...\n\n@task(retry=3)\ndef g() -> None: ...\n",
        [
            (
                "3:13-18",
                "SKY508",
                "task `f`: `attempts` must be a whole number, at least 1 (the first attempt counts), not True",
                None,
            ),
            (
                "3:13-18",
                "SKY508",
                "task `f`: `never` must name exception classes below Exception, not 'x'",
                None,
            ),
            (
                "3:13-18",
                "SKY508",
                "task `f`: `on` must name exception classes below Exception, not BaseException",
                None,
            ),
            ("6:13-14", "SKY508", "task `g`: `retry` must be a Retry(...), not 3", "write `retry=Retry(attempts=3)`"),
        ],
    ),
    (
        "class KeyError(Exception): ...\n\n@task(retry=Retry(on=KeyError))\ndef f() -> None: ...\n",
        [
            (
                "3:22-30",
                "SKY516",
                "two exception classes are called `KeyError`: review.KeyError and builtins.KeyError",
                "rename one: errors keep their class name, and nothing else, on every engine",
            )
        ],
    ),
    (
        "@prompt('', model=' ', temperature=3, max_tokens=0, repairs=-1, timeout=True)\ndef f() -> str: ...\n",
        [
            ("1:19-22", "SKY508", "prompt `f`: `model` must be the name of a model, such as `fast`, not ' '", None),
            ("1:36-37", "SKY508", "prompt `f`: `temperature` must be a number from 0 to 2, not 3", None),
            ("1:50-51", "SKY508", "prompt `f`: `max_tokens` must be a whole number, at least 1, not 0", None),
            ("1:61-63", "SKY508", "prompt `f`: `repairs` must be a whole number, at least 0, not -1", None),
            ("1:73-77", "SKY508", "prompt `f`: `timeout` must be a number of seconds above 0, not True", None),
        ],
    ),
    (
        "@prompt('x')\nasync def f() -> None:\n    '''Asks.'''\n    pass\n    return 5\n",
        [
            ("2:11-12", "SKY503", "prompt `f` is `async def`", "write `def`: the engine makes the call"),
            ("2:18-22", "SKY502", "prompt `f` returns nothing", "name what the model answers: str, or a model"),
            (
                "5:5-13",
                "SKY511",
                "prompt `f` has a body, which would never run",
                "leave the body as `...`; the template says what the model is asked",
            ),
        ],
    ),
    (
        "@prompt(\n    'See {tiket.body}'\n    ' and {ticket.bdy}',\n    system='''\n  {x''',\n)\n"
        "def f(ticket: Ticket) -> str: ...\n",
        [
            ("2:11-16", "SKY513", "the prompt has no parameter `tiket`", "did you mean `ticket`?"),
            ("3:18-22", "SKY513", "`Ticket` has no field `bdy`", "did you mean `body`?"),
            ("5:3-4", "SKY512", "this `{` has no partner", "write {{ and }} for braces that are text"),
        ],
    ),
    (
        "TEXT = '{a}'\n\n@prompt(TEXT, system=5)\ndef f() -> str: ...\n",
        [
            ("3:9-13", "SKY513", "the prompt has no parameter `a`", "it has no parameters"),
            ("3:22-23", "SKY508", "the system of prompt `f` must be a text, not 5", None),
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), PROBLEMS, ids=lambda v: v[:30] if isinstance(v, str) else "")
def test_every_problem_is_reported_at_its_place(
    text: str, expected: list[tuple[str, str, str, str | None]], check: Check, bodies: None
) -> None:
    found = [
        (f"{d.span.line - LINES}:{d.span.column}-{d.span.end_column}", d.code, d.message, d.hint)
        for d in check(HEAD + text).diagnostics
        if d.span is not None
    ]
    assert found == expected


def test_names_are_taken_once(write: Write, bodies: None) -> None:
    write("from skyloom.flows import task\n\n@task\ndef search() -> None: ...\n", "first.py")
    text = "import first\nfrom skyloom.flows import prompt, task\n\n@task\ndef search() -> None: ...\n"
    module = load_file(write(text))
    builder = ProgramBuilder()
    builder.task(module.first.search)
    builder.task(module.search)
    assert [d.render() for d in builder.report.diagnostics] == [
        "review.py:5:5: SKY510 task `search` has the name of another one, at first.py:4\n"
        "    5 | def search() -> None: ...\n"
        "      |     ^^^^^^\n"
        "hint: rename one: steps and functions are called by these names on every engine"
    ]


@pytest.mark.parametrize(
    ("callee", "code"),
    [
        ("@flow\ndef callee(n: int) -> int:\n    for k in range(n):\n        last = k\n    return last", "SKY202"),
        ("@flow\ndef callee(n: int) -> int:\n    main(n)\n    return n", "SKY505"),
        ("@task\ndef callee(n) -> int: ...", "SKY501"),
        ('@prompt("{m}")\ndef callee(n: int) -> int: ...', "SKY513"),
    ],
)
def test_problems_of_what_is_first_called_in_a_loop(callee: str, code: str, write: Write) -> None:
    caller = "@flow\ndef main(n: int) -> None:\n    for k in range(n):\n        while k > n:\n            callee(k)"
    module = load_file(write(f"{HEAD}\n{caller}\n\n{callee}\n"))
    with pytest.raises(CheckFailed) as failure:
        compile_flow(module.main)
    assert code in {diagnostic.code for diagnostic in failure.value.diagnostics}


def test_a_flow_that_reaches_itself(write: Write, bodies: None) -> None:
    text = """
@flow
def a(n: int) -> None:
    b(n)

@flow
def b(n: int) -> None:
    c(n)

@flow
def c(n: int) -> None:
    b(n)
"""
    module = load_file(write(HEAD + text))
    with pytest.raises(CheckFailed) as failure:
        compile_flow(module.a)
    (diagnostic,) = failure.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("SKY505", "flow `b` calls itself: b -> c -> b")
    assert diagnostic.span == Span(LINES + 12, 5, LINES + 12, 9)


def test_what_has_no_source(bodies: None) -> None:
    names: dict[str, Any] = {"__name__": "typed"}
    exec("from skyloom.flows import flow, task\n@flow\ndef f() -> None: ...\nt = task(len)\n", names)
    with pytest.raises(CheckFailed, match="SKY004 the source of `f` cannot be found"):
        compile_flow(names["f"])
    builder = ProgramBuilder()
    builder.task(names["t"])
    assert [d.code for d in builder.report.diagnostics] == ["SKY004"]


def test_a_file_is_checked_whole(check: Check, bodies: None) -> None:
    text = """
import json
from skyloom.flows import flow, prompt, task

@flow
def last(x) -> None: ...

@prompt("{zzz}")
def unused() -> str: ...

@task
def alone(x) -> None: ...
"""
    found = check(text)
    assert [(d.span.line, d.code) for d in found.diagnostics if d.span] == [
        (6, "SKY501"),
        (8, "SKY513"),
        (12, "SKY501"),
    ]
    assert list(found.flows) == ["last"]
    assert found.module is not None
    assert check_file(Path("review.py")).diagnostics == found.diagnostics


def test_a_file_that_cannot_be_imported_is_checked(check: Check) -> None:
    assert [d.code for d in check("x = = 1\n", "a.py").diagnostics] == ["SKY001"]
    assert [d.code for d in check("1 / 0\n", "b.py").diagnostics] == ["SKY003"]
    missing = check_file(Path("c.py"))
    assert [d.code for d in missing.diagnostics] == ["SKY002"]
    assert (missing.module, missing.flows) == (None, {})
