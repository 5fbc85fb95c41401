"""What one invocation of a function may carry out in the place of several steps: which statements, and how long."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from skyloom.errors import Span
from skyloom.flows.expr.nodes import Comprehension, Expr, Function, Name, bound_names, free_names
from skyloom.flows.expr.nodes import walk as walk_expr
from skyloom.flows.expr.python import safe_name
from skyloom.flows.expr.types import ANY, NEVER, Type, union
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, FusedCalls, Parameter, Program, RetryPolicy, TaskDefinition
from skyloom.flows.ir.rewrite import rewrite
from skyloom.flows.passes.engine import Engine
from skyloom.flows.passes.liveness import expressions, reads, writes

PURE = (ir.Assign, ir.SetItem, ir.Append, ir.Extend)
"""Statements that may stand between calls in one invocation."""


def worst_case(task: TaskDefinition) -> float:
    """Seconds that a call of the task takes at most: all attempts, and all pauses between them."""
    policy = task.retry
    pauses = (min(policy.delay * policy.backoff**n, policy.max_delay) for n in range(policy.attempts - 1))
    return policy.attempts * task.timeout + sum(pauses) * (1 + policy.jitter)


@dataclass(frozen=True, slots=True)
class Apart:
    """Calls that their author allows to share an invocation, and that do not: where, why, and a way out."""

    file: str
    span: Span
    reason: str
    hint: str


@dataclass(slots=True)
class Fusing:
    """Fuses statements of one flow.

    Attributes:
        made: tasks that calls have become, by name.
        apart: calls that are left as they are.
    """

    program: Program
    flow: FlowDefinition
    engine: Engine
    made: dict[str, TaskDefinition] = field(default_factory=dict)
    apart: list[Apart] = field(default_factory=list)
    _types: dict[str, Type] | None = None
    _taken: set[str] | None = None

    def function_of(self, statement: ir.Statement) -> str | None:
        """The function of a call that may share an invocation; None for every other statement."""
        if isinstance(statement, ir.CallTask) and self.program.tasks[statement.task].fuse:
            return self.engine.functions.get(statement.task)
        return None

    def seconds(self, statements: Iterable[ir.Statement]) -> float:
        """What the statements take at most."""
        return sum(worst_case(self.program.tasks[one.task]) for one in statements if isinstance(one, ir.CallTask))

    def leave(self, span: Span, reason: str, hint: str) -> None:
        """Notes that calls are left apart."""
        self.apart.append(Apart(self.flow.file, span, reason, hint))

    def inputs(self, body: Sequence[ir.Statement], result: Iterable[Expr] = (), own: Iterable[str] = ()) -> list[str]:
        """The variables that statements, and expressions behind them, read from outside; `own` come from elsewhere."""
        known, found = set(own), set[str]()
        for statement in body:
            found |= reads(statement) - known
            name = writes(statement)
            if name is not None:
                known.add(name)
        for expr in result:
            found |= free_names(expr) - known
        return sorted(found)

    def type_of(self, name: str) -> Type:
        """The type of a variable wherever it is read."""
        if self._types is None:
            self._types = {}
            for expr in _all_expressions(self.flow):
                if isinstance(expr, Name):
                    self._types[expr.name] = union(self._types.get(expr.name, NEVER), expr.type)
        return self._types.get(name, ANY)

    def written_type(self, body: Sequence[ir.Statement], name: str) -> Type:
        """The type of a variable behind statements that write it."""
        last = next(statement for statement in reversed(body) if writes(statement) == name)
        match last:
            case ir.Assign(value=value):
                return value.type
            case ir.CallTask(task=task):
                return self.program.tasks[task].returns
            case _:
                return self.type_of(name)

    def fresh(self, wish: str) -> str:
        """A variable that the flow does not have."""
        if self._taken is None:
            self._taken = _names_of(self.flow)
        name = wish
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

    def call(
        self,
        calls: Sequence[ir.CallTask],
        fused: FusedCalls,
        arguments: Mapping[str, Type],
        returns: Type,
        seconds: float,
        target: str | None,
    ) -> ir.CallTask:
        """The step in the place of `calls`."""
        first, last = calls[0], calls[-1]
        task = self.program.tasks[first.task]
        name = f"{self.flow.name}_{first.id}"
        while name in self.program.tasks or name in self.made:
            name += "_"
        self.made[name] = TaskDefinition(
            name=name,
            module=task.module,
            qualname=task.qualname,
            file=self.flow.file,
            span=first.span,
            parameters=tuple(Parameter(name=safe_name(name), type=of) for name, of in arguments.items()),
            returns=returns,
            timeout=float(math.ceil(seconds)),
            retry=RetryPolicy(),
            requires=task.requires,
            memory=task.memory,
            description=f"{fused.title}, in one invocation" if last is not first else task.description,
            fused=fused,
        )
        given = (
            ir.Argument(name=safe_name(name), value=Name(span=first.span, type=of, name=name))
            for name, of in arguments.items()
        )
        return ir.CallTask(span=first.span, id=first.id, target=target, task=name, arguments=tuple(given))


def title(calls: Iterable[ir.CallTask]) -> str:
    """The tasks of several calls, for messages: `clean, count and rank`."""
    *others, last = dict.fromkeys(call.task for call in calls)
    return f"{', '.join(others)} and {last}" if others else last


def each_flow(program: Program, engine: Engine, body_of: Callable[[Fusing], ir.Block]) -> tuple[Program, list[Apart]]:
    """The program whose flows have other bodies and call the tasks that were made for them; and what stays apart. The
    same program where no invocation may carry out several calls."""
    apart: list[Apart] = []
    if engine.longest is None or not any(task.fuse for task in program.tasks.values()):
        return program, apart
    flows = dict(program.flows)
    made: dict[str, TaskDefinition] = {}
    for name, flow in program.flows.items():
        fusing = Fusing(program, flow, engine)
        flows[name] = replace(flow, body=body_of(fusing))
        made |= fusing.made
        apart += fusing.apart
    changed = replace(program, flows=flows, tasks={**program.tasks, **made}) if made else program
    return changed, apart


def _all_expressions(flow: FlowDefinition) -> list[Expr]:
    found: list[Expr] = []
    for statement in ir.walk(flow.body):
        for expr in expressions(statement):
            found += walk_expr(expr)
        if isinstance(statement, ir.Parallel | ir.Race):
            for branch in statement.branches:
                found += walk_expr(branch.result)
    return found


def _names_of(flow: FlowDefinition) -> set[str]:
    """All names that stand for variables anywhere in the flow."""
    names = {parameter.name for parameter in flow.parameters}

    def note(expr: Expr) -> Expr:
        match expr:
            case Name(name=name):
                names.add(name)
            case Function(parameter=name):
                names.add(name)
            case Comprehension(generators=generators):
                names.update(name for one in generators for name in bound_names(one.target))
            case _:
                pass
        return expr

    rewrite(flow.body, note)
    for statement in ir.walk(flow.body):
        name = writes(statement)
        names |= set() if name is None else {name}
        match statement:
            case ir.For(target=target) | ir.Map(over=target):
                names.update(bound_names(target))
            case ir.Try(handlers=handlers):
                names.update(handler.variable for handler in handlers)
            case _:
                pass
    return names
