"""Programs built by hand, so that pictures are tested without the front end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from skyloom.errors import Span
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Compare,
    Comprehension,
    Entry,
    Expr,
    Field,
    Format,
    Generator,
    Item,
    Literal,
    Name,
    Object,
    Scalar,
    Unary,
    Unpack,
)
from skyloom.flows.expr.types import ANY, BOOL, FLOAT, INT, NULL, STR, ListType, ModelType, Type
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
    Emit,
    For,
    Handler,
    If,
    Map,
    Parallel,
    Race,
    Raise,
    Reraise,
    Return,
    Sleep,
    Try,
    WaitFor,
    While,
    walk,
)
from skyloom.flows.ir.program import (
    FlowDefinition,
    Parameter,
    Program,
    PromptDefinition,
    RetryPolicy,
    TaskDefinition,
)

TICKET, REPLY = ModelType("Ticket"), ModelType("Reply")


def at(line: int) -> Span:
    return Span(line, 5, line, 40)


def lit(value: Scalar) -> Literal:
    types: dict[type, Type] = {str: STR, int: INT, float: FLOAT, bool: BOOL, type(None): NULL}
    return Literal(value=value, span=at(1), type=types[type(value)])


def var(name: str) -> Expr:
    """`ticket`, or `ticket.body` with its fields."""
    first, *fields = name.split(".")
    expr: Expr = Name(name=first, span=at(1), type=ANY)
    for field in fields:
        expr = Field(object=expr, name=field, span=at(1), type=ANY)
    return expr


def fstring(*parts: str | Expr) -> Format:
    return Format(parts=tuple(lit(p) if isinstance(p, str) else p for p in parts), span=at(1), type=STR)


def equal(left: Expr, right: Scalar) -> Compare:
    return Compare(operator="==", left=left, right=lit(right), span=at(1), type=BOOL)


def no(operand: Expr) -> Unary:
    return Unary(operator="not", operand=operand, span=at(1), type=BOOL)


def builtin(function: str, *arguments: Expr) -> Call:
    return Call(function=function, arguments=arguments, span=at(1), type=ANY)


def build(name: str, **fields: Expr) -> Object:
    entries = tuple(Entry(key=lit(key), value=value) for key, value in fields.items())
    return Object(entries=entries, span=at(1), type=ModelType(name))


def part(name: str, index: int) -> Item:
    return Item(object=var(name), index=lit(index), span=at(1), type=ANY)


def arguments(*values: Expr | str) -> tuple[Argument, ...]:
    return tuple(Argument(name=f"p{n}", value=var(v) if isinstance(v, str) else v) for n, v in enumerate(values))


def task(name: str, *values: Expr | str, line: int, to: str | None = None, step: str = "") -> CallTask:
    return CallTask(task=name, arguments=arguments(*values), span=at(line), id=step or name, target=to)


def ask(name: str, *values: Expr | str, line: int, to: str | None = None) -> CallPrompt:
    return CallPrompt(prompt=name, arguments=arguments(*values), span=at(line), id=name, target=to)


def sub(name: str, *values: Expr | str, line: int, to: str | None = None) -> CallFlow:
    return CallFlow(flow=name, arguments=arguments(*values), span=at(line), id=name, target=to)


def back(value: Expr, line: int) -> Return:
    return Return(value=value, span=at(line))


def branch(*body: CallTask | CallPrompt, line: int) -> Branch:
    return Branch(body=body, result=var(str(body[-1].target)), span=at(line))


def flow_of(name: str, body: Block, *parameters: tuple[str, Type], line: int = 1, **more: object) -> FlowDefinition:
    return FlowDefinition(
        name=name,
        module="example",
        qualname=name,
        file="example.py",
        span=at(line),
        parameters=tuple(Parameter(name=n, type=t) for n, t in parameters),
        returns=REPLY,
        body=body,
        input_schema={},
        output_schema={},
        description=str(more.get("description", "")),
    )


def program_of(*flows: FlowDefinition, retry: int = 1) -> Program:
    """A program whose first flow is the main one; tasks and prompts are those that the flows call."""
    steps = [statement for flow in flows for statement in walk(flow.body)]
    tasks = {s.task: _task(s.task, retry) for s in steps if isinstance(s, CallTask)}
    prompts = {s.prompt: _prompt(s.prompt) for s in steps if isinstance(s, CallPrompt)}
    return Program(main=flows[0].name, flows={f.name: f for f in flows}, tasks=tasks, prompts=prompts)


def _task(name: str, attempts: int) -> TaskDefinition:
    return TaskDefinition(
        name=name,
        module="example",
        qualname=name,
        file="example.py",
        span=at(1),
        parameters=(),
        returns=ANY,
        timeout=300.0,
        retry=RetryPolicy(attempts=attempts),
    )


def _prompt(name: str) -> PromptDefinition:
    return PromptDefinition(
        name=name,
        module="example",
        qualname=name,
        file="example.py",
        span=at(1),
        parameters=(),
        returns=ANY,
        template=lit("?"),
        system=None,
        model="fast",
        output_schema={},
        timeout=300.0,
        retry=RetryPolicy(attempts=1),
    )


def triage() -> Program:
    """The support tickets of the design: a prompt, a parallel, a map, an approval inside an `if`."""
    body: Block = (
        ask("triage", "ticket", line=31, to="kind"),
        Parallel(
            branches=(
                branch(task("search", "kind.topic", line=32, to="_search"), line=32),
                branch(task("load_history", "ticket.customer", line=32, to="_load_history"), line=32),
            ),
            span=at(32),
            id="parallel",
            target="_parallel",
        ),
        Assign(variable="articles", value=part("_parallel", 0), span=at(32)),
        Assign(variable="history", value=part("_parallel", 1), span=at(32)),
        Map(
            over=Bind(name="a"),
            items=var("articles"),
            body=(ask("draft", "ticket", "a", line=33, to="_draft"),),
            result=var("_draft"),
            limit=8,
            span=at(33),
            id="draft_map",
            target="drafts",
        ),
        task("pick", "drafts", "history", line=34, to="best"),
        If(
            test=equal(var("kind.urgency"), "high"),
            body=(
                Approval(
                    message=fstring("Send this to ", var("ticket.customer"), "?"),
                    show=var("best"),
                    to=lit("support-leads"),
                    timeout=builtin("hours", lit(24)),
                    span=at(36),
                    id="approval",
                    target="decision",
                ),
                If(
                    test=no(var("decision.approved")),
                    body=(back(build("Reply", status=lit("rejected"), reason=var("decision.comment")), 38),),
                    span=at(37),
                ),
            ),
            span=at(35),
        ),
        back(build("Reply", status=lit("sent"), text=var("best.text")), 39),
    )
    flow = flow_of("answer", body, ("ticket", TICKET), line=30, description="Answers one support ticket.")
    return program_of(flow, retry=4)


def saga() -> Program:
    """An order with compensation: loops, `try` with handlers and `finally`, a race, waits, an event, a sub-flow."""
    undo = For(
        target=Unpack(targets=(Bind(name="number"), Bind(name="item"))),
        items=builtin("enumerate", builtin("reversed", var("done"))),
        body=(task("release", "item.sku", "number", line=21),),
        span=at(20),
    )
    reserve = For(
        target=Bind(name="item"),
        items=var("order.items"),
        body=(
            task("reserve", "item.sku", "item.quantity", line=13, to="_reserve"),
            If(
                test=equal(var("_reserve.state"), "sold out"),
                body=(
                    Raise(
                        error="OutOfStock",
                        bases=("Exception",),
                        message=fstring(var("item.sku"), " is sold out"),
                        span=at(14),
                    ),
                ),
                span=at(13),
            ),
            Append(variable="done", path=(), value=var("item"), span=at(15)),
        ),
        span=at(12),
    )
    body: Block = (
        Assign(variable="done", value=Array(items=(), span=at(10), type=ListType(ANY)), span=at(10)),
        Assign(
            variable="total",
            value=builtin(
                "sum",
                Comprehension(
                    element=Binary(operator="*", left=var("i.price"), right=var("i.quantity"), span=at(11), type=FLOAT),
                    generators=(Generator(target=Bind(name="i"), items=var("order.items")),),
                    span=at(11),
                    type=ListType(FLOAT),
                ),
            ),
            span=at(11),
        ),
        Try(
            body=(reserve, task("charge", "order.card", "total", line=16, to="payment")),
            handlers=(
                Handler(
                    errors=("OutOfStock", "PaymentDeclined"),
                    variable="error",
                    body=(
                        undo,
                        back(build("Reply", status=lit("refused"), reason=builtin("str", var("error"))), 22),
                    ),
                    span=at(19),
                ),
                Handler(
                    errors=("Exception",),
                    variable="_error",
                    body=(
                        task("alert", lit("order failed"), line=24),
                        Reraise(variable="_error", span=at(25)),
                    ),
                    span=at(23),
                ),
            ),
            final=(Emit(event=lit("order-closed"), payload=var("order.id"), span=at(27), id="emit"),),
            span=at(11),
        ),
        Race(
            branches=(
                Branch(
                    body=(
                        WaitFor(
                            event=lit("delivered"),
                            payload=ANY,
                            key=var("order.id"),
                            timeout=lit(172800.0),
                            span=at(28),
                            id="wait_delivered",
                            target="_wait",
                        ),
                    ),
                    result=var("_wait"),
                    span=at(28),
                ),
                Branch(
                    body=(Sleep(seconds=builtin("hours", lit(36)), span=at(29), id="sleep"),),
                    result=lit(None),
                    span=at(29),
                ),
            ),
            span=at(28),
            id="race",
            target="receipt",
        ),
        While(
            test=lit(True),
            body=(
                sub("notify", "order.customer", "receipt", line=31, to="_notify"),
                If(test=var("_notify.ok"), body=(Break(span=at(32)),), span=at(32)),
                Sleep(seconds=lit(90), span=at(33), id="sleep_2"),
            ),
            span=at(30),
        ),
        If(
            test=equal(var("receipt"), None),
            body=(task("trace", "order.id", line=35),),
            orelse=(
                If(
                    test=equal(var("receipt.damaged"), True),
                    body=(task("refund", "payment", line=37), task("restock", "done", line=38)),
                    orelse=(task("thank", "order.customer", line=40),),
                    span=at(36),
                ),
            ),
            span=at(34),
        ),
    )
    notify: Block = (
        If(
            test=no(var("receipt")),
            body=(back(build("Reply", status=lit("late")), 3),),
            span=at(2),
        ),
        ask("write", "customer", line=4, to="letter"),
        task("post", "letter", line=5, to="_post"),
        back(var("_post"), 5),
    )
    return program_of(
        flow_of("order", body, ("order", ModelType("Order")), line=9, description="Sells, or gives everything back."),
        flow_of("notify", notify, ("customer", STR), ("receipt", ANY), line=1),
    )


def hostile() -> Program:
    """Words that are punctuation, markup or keywords of what draws them."""
    body: Block = (
        task("end", lit('"]} --> <b>&amp; #35; `x` %%{init}%% $$x$$'), line=2, to="graph", step="end"),
        task("größe", "graph", line=3, to="default", step="größe"),
        task("größe", "graph", line=3, to="click", step="gru00f6u00dfe"),
        If(
            test=equal(var("subgraph"), 'a"b|c</text>;--x'),
            body=(),
            orelse=(Sleep(seconds=var("style"), span=at(5), id="sleep"),),
            span=at(4),
        ),
        For(target=Bind(name="o"), items=var("x"), body=(), span=at(6)),
        Approval(
            message=lit("1. Ist “größer” > 日本語 🙂 & <i>*besser*</i> _so_?\nzweite Zeile " + "lang " * 60),
            span=at(7),
            id="approval",
        ),
        sub("graph", line=8),
    )
    other: Block = (task("o", line=2, step="o"), task("x", line=3, step="x"))
    return program_of(flow_of("end", body), flow_of("graph", other))


@pytest.fixture
def written() -> ModuleType:
    """The functions of this file, to write programs and expressions with."""
    return sys.modules[__name__]


@pytest.fixture(params=[triage, saga, hostile], ids=lambda make: make.__name__)
def program(request: pytest.FixtureRequest) -> Program:
    """Each of the three programs."""
    make: Callable[[], Program] = request.param
    return make()
