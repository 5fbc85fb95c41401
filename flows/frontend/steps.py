"""Compiles steps: calls of tasks, prompts and sub-flows."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skyloom.flows import values
from skyloom.flows.definitions import Flow, Prompt, Task
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.frontend.body import Body, Stop, did_you_mean
from skyloom.flows.frontend.construction import annotation_obstacle
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.frontend.side_by_side import SideBySide
from skyloom.flows.frontend.waiting import Waiting
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Parameter, PromptDefinition, TaskDefinition

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions

Construct = Callable[[ast.Call], x.Expr]


class Steps:
    """Compiles the steps of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions
        self._constructs: dict[Any, Construct] = {
            **Waiting(body, expressions).constructs,
            **SideBySide(body, expressions).constructs,
        }

    def construct(self, found: Any) -> Construct | None:
        """The compiler of a construct; None where `found` is none."""
        try:
            return self._constructs.get(found)
        except TypeError:
            return None

    def invoke(self, callee: Task[..., Any] | Prompt[..., Any] | Flow[..., Any], node: ast.Call) -> x.Expr:
        """A call of a task, a prompt or a sub-flow."""
        builder, span = self.body.builder, self.body.span(node)
        definition: TaskDefinition | PromptDefinition | FlowDefinition
        match callee:
            case Task():
                definition = builder.task(callee)
            case Prompt():
                definition = builder.prompt(callee)
            case Flow():
                definition = builder.flow(callee, (self.body.source, node))
        checked = not isinstance(callee, Flow)
        arguments = self._arguments(definition.name, definition.parameters, node, checked)
        if not builder.readable(callee):
            raise Stop
        if isinstance(callee, Flow):
            self._check_unchecked(callee, arguments, node)
        step_id = self.body.step_id(definition.name)
        target = self.body.temporary(step_id)
        step: ir.Statement
        match definition:
            case TaskDefinition():
                step = ir.CallTask(span=span, id=step_id, target=target, task=definition.name, arguments=arguments)
            case PromptDefinition():
                step = ir.CallPrompt(span=span, id=step_id, target=target, prompt=definition.name, arguments=arguments)
            case FlowDefinition():
                step = ir.CallFlow(span=span, id=step_id, target=target, flow=definition.name, arguments=arguments)
        return self.added(step, target, definition.returns)

    def _check_unchecked(self, callee: Flow[..., Any], arguments: tuple[ir.Argument, ...], node: ast.Call) -> None:
        """A sub-flow's arguments are looked at by their types only."""
        try:
            types = values.signature_types(callee.function)
        except NameError:
            return  # Reported where the flow is read.
        for argument in arguments:
            problem = annotation_obstacle(types[argument.name])
            if problem is not None:
                message = f"`{argument.name}` of `{callee.name}` {problem}, which is only checked where a run begins"
                hint = "check it in a task, or take it out of the annotation"
                self.body.report("SKY518", message, node, hint)

    def added(self, step: ir.Statement, target: str, of: t.Type) -> x.Name:
        """Adds a step; gives its result, in the variable `target`."""
        self.body.checkpoint()
        self.body.emit(step)
        self.body.scope.assign(target, of, Ownership.FRESH)
        return x.Name(span=step.span, type=of, name=target)

    def _arguments(
        self, name: str, parameters: tuple[Parameter, ...], node: ast.Call, checked: bool
    ) -> tuple[ir.Argument, ...]:
        """The arguments by parameter name, bound as Python binds them."""
        bound = self.bound(name, [p.name for p in parameters], node)
        missing = [p.name for p in parameters if p.required and p.name not in dict(bound)]
        if missing:
            listed = "`, `".join(missing)
            self.body.report("SKY228", f"`{name}` wants `{listed}`", node, f"add `{missing[0]}=...`")
            raise Stop
        values = self.expressions.operands([value for _, value in bound])
        types = {p.name: p.type for p in parameters}
        fitted = []
        stopped = False
        for (parameter, written), value in zip(bound, values, strict=True):
            try:
                what = f"`{parameter}` of `{name}`"
                of = types[parameter]
                fit = self.expressions.fitting.fitted
                given = fit(value, of, written, what, checked=checked, crosses=True)
                fitted.append(ir.Argument(name=parameter, value=given))
            except Stop:
                stopped = True
        if stopped:
            raise Stop
        return tuple(fitted)

    def bound(self, name: str, parameters: list[str], node: ast.Call) -> list[tuple[str, ast.expr]]:
        """Arguments with their parameters' names, in the order in which they are written."""
        bound: list[tuple[str, ast.expr]] = []
        wrong = False
        for index, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred):
                raise self.body.problem("SKY106", "`*` cannot stand in a call", argument, "name the arguments")
            if index >= len(parameters):
                message = f"`{name}` takes {len(parameters)} arguments, and this is one more"
                raise self.body.problem("SKY228", message, argument, f"it takes {', '.join(parameters) or 'none'}")
            bound.append((parameters[index], argument))
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.body.problem("SKY106", "`**` cannot stand in a call", keyword.value, "name the arguments")
            if keyword.arg not in parameters:
                hint = did_you_mean(keyword.arg, parameters) or f"it takes {', '.join(parameters) or 'none'}"
                self.body.report("SKY228", f"`{name}` has no parameter `{keyword.arg}`", keyword, hint)
                wrong = True
            elif keyword.arg in dict(bound):
                self.body.report("SKY228", f"`{keyword.arg}` is given twice", keyword, "leave one out")
                wrong = True
            bound.append((keyword.arg, keyword.value))
        if wrong:
            raise Stop
        return bound
