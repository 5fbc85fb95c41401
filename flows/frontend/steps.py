"""Compiles steps: calls of tasks, prompts and sub-flows, and the constructs that wait or fan out."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from skyloom.flows import constructs
from skyloom.flows.definitions import Flow, Prompt, Task
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.frontend.body import Body, Stop, did_you_mean
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.frontend.syntax import MISSING
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Parameter, PromptDefinition, TaskDefinition

if TYPE_CHECKING:
    from skyloom.flows.frontend.calls import Calls
    from skyloom.flows.frontend.expressions import Expressions

Construct = Callable[[ast.Call], x.Expr]


class Steps:
    """Compiles the steps of one flow."""

    def __init__(self, body: Body, expressions: Expressions, calls: Calls) -> None:
        self.body = body
        self.expressions = expressions
        self.calls = calls
        self._constructs: dict[Any, Construct] = {
            constructs.approval: self._approval,
            constructs.wait_for: self._wait_for,
            constructs.emit: self._emit,
            constructs.sleep: self._sleep,
            constructs.parallel: self._parallel,
            constructs.race: self._race,
            constructs.now: lambda node: self._sample(node, "now", t.DATETIME),
            constructs.uuid: lambda node: self._sample(node, "uuid", t.STR),
            constructs.each: self._each,
        }

    def construct(self, found: Any) -> Construct | None:
        """The compiler of a construct; None where `found` is none."""
        try:
            return self._constructs.get(found)
        except TypeError:
            return None

    # --- tasks, prompts, flows ----------------------------------------------------------------------------------

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
        return self._added(step, target, definition.returns)

    def _added(self, step: ir.Statement, target: str, of: t.Type) -> x.Name:
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
                fitted.append(
                    ir.Argument(
                        name=parameter, value=self.expressions.fitted(value, of, written, what, checked=checked)
                    )
                )
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
                self.body.fail("SKY106", "`*` cannot stand in a call", argument, "name the arguments")
            if index >= len(parameters):
                message = f"`{name}` takes {len(parameters)} arguments, and this is one more"
                self.body.fail("SKY228", message, argument, f"it takes {', '.join(parameters) or 'none'}")
            bound.append((parameters[index], argument))
        for keyword in node.keywords:
            if keyword.arg is None:
                self.body.fail("SKY106", "`**` cannot stand in a call", keyword.value, "name the arguments")
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

    # --- waiting ------------------------------------------------------------------------------------------------

    def _options(
        self, node: ast.Call, parameters: list[str], required: list[str], types: dict[str, t.Type]
    ) -> dict[str, x.Expr]:
        """The compiled arguments of a construct, but for `form` and `payload`, which are types."""
        name = ast.unparse(node.func)
        bound = self.bound(name, parameters, node)
        for wanted in required:
            if wanted not in dict(bound):
                self.body.fail("SKY228", f"`{name}` wants `{wanted}`", node, f"add `{wanted}=...`")
        plain = [(key, value) for key, value in bound if key not in ("form", "payload_type")]
        values = self.expressions.operands([value for _, value in plain])
        options = {}
        for (key, written), value in zip(plain, values, strict=True):
            of = types.get(key)
            options[key] = value if of is None else self.expressions.fitted(value, of, written, f"`{key}`")
        return options

    def _approval(self, node: ast.Call) -> x.Expr:
        parameters = ["message", "show", "to", "timeout", "default", "form"]
        if len(node.args) > 1:
            hint = f"name it: `show={ast.unparse(node.args[1])}`"
            self.body.fail("SKY302", "`approval` takes named arguments behind the message", node.args[1], hint)
        types: dict[str, t.Type] = {
            "message": t.STR,
            "to": t.optional(t.STR),
            "timeout": t.optional(t.FLOAT),
            "default": t.optional(t.BOOL),
        }
        options = self._options(node, parameters, ["message"], types)
        form = next((keyword.value for keyword in node.keywords if keyword.arg == "form"), None)
        model, decision = self._form(form)
        if "default" in options and "timeout" not in options:
            where = next(keyword.value for keyword in node.keywords if keyword.arg == "default")
            self.body.report("SKY302", "a `default` without a `timeout` never decides", where, "add `timeout=hours(24)`")
        step_id = self.body.step_id("approval")
        target = self.body.temporary(step_id)
        step = ir.Approval(
            span=self.body.span(node),
            id=step_id,
            target=target,
            message=options["message"],
            show=options.get("show"),
            to=options.get("to"),
            timeout=options.get("timeout"),
            default=options.get("default"),
            form=model,
        )
        return self._added(step, target, decision)

    def _form(self, node: ast.expr | None) -> tuple[str | None, t.Type]:
        types = self.body.builder.types
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return None, types.resolve(constructs.Decision)
        cls = self.expressions.static(node)
        try:
            if cls is MISSING or not isinstance(cls, type):
                raise Unsupported("it is no class", None)
            return types.model(cls).name, types.resolve(constructs.Decision[cls])  # type: ignore[valid-type]
        except Unsupported as problem:
            self.body.fail("SKY302", f"the form must be a model: {problem.message}", node, "name a model class")

    def _wait_for(self, node: ast.Call) -> x.Expr:
        payload = node.args[1] if len(node.args) > 1 else None
        payload = next((k.value for k in node.keywords if k.arg == "payload"), payload)
        if len(node.args) > 2:
            self.body.fail("SKY303", "`wait_for` takes an event and a type; name the others", node.args[2], "name it")
        rest = ast.Call(func=node.func, args=node.args[:1], keywords=[k for k in node.keywords if k.arg != "payload"])
        ast.copy_location(rest, node)
        types = {"event": t.STR, "key": t.optional(t.STR), "timeout": t.optional(t.FLOAT)}
        options = self._options(rest, ["event", "key", "timeout"], ["event"], cast(dict[str, t.Type], types))
        of: t.Type = t.ANY if payload is None else self._payload(payload)
        event = options["event"]
        name = str(event.value) if isinstance(event, x.Literal) else "for"
        step_id = self.body.step_id(f"wait_{''.join(c if c.isalnum() else '_' for c in name)}")
        target = self.body.temporary(step_id)
        step = ir.WaitFor(
            span=self.body.span(node),
            id=step_id,
            target=target,
            event=event,
            payload=of,
            key=options.get("key"),
            timeout=options.get("timeout"),
        )
        return self._added(step, target, of)

    def _payload(self, node: ast.expr) -> t.Type:
        try:
            annotation = eval(compile(ast.Expression(node), "<annotation>", "eval"), dict(self.body.names))
            return self.body.builder.types.resolve(annotation)
        except Unsupported as problem:
            self.body.fail("SKY303", f"the payload's type: {problem.message}", node, problem.hint or "name a model")
        except Exception:
            self.body.fail(
                "SKY303", "the payload's type is not a type of the module", node, "name a model, or `int`, ..."
            )

    def _emit(self, node: ast.Call) -> x.Expr:
        types: dict[str, t.Type] = {"event": t.STR, "key": t.optional(t.STR)}
        options = self._options(node, ["event", "payload", "key"], ["event"], types)
        span = self.body.span(node)
        step = ir.Emit(
            span=span,
            id=self.body.step_id("emit"),
            event=options["event"],
            payload=options.get("payload", x.Literal(span=span, type=t.NULL, value=None)),
            key=options.get("key"),
        )
        return self._without_value(step)

    def _sleep(self, node: ast.Call) -> x.Expr:
        options = self._options(node, ["seconds"], ["seconds"], {"seconds": t.FLOAT})
        step = ir.Sleep(span=self.body.span(node), id=self.body.step_id("sleep"), seconds=options["seconds"])
        return self._without_value(step)

    def _without_value(self, step: ir.Statement) -> x.Expr:
        self.body.checkpoint()
        self.body.emit(step)
        return x.Literal(span=step.span, type=t.NULL, value=None)

    def _sample(self, node: ast.Call, function: Any, of: t.Type) -> x.Expr:
        if node.args or node.keywords:
            self.body.fail("SKY228", f"`{function}` takes no arguments", node, f"write `{function}()`")
        step_id = self.body.step_id(function)
        target = self.body.temporary(step_id)
        return self._added(
            ir.Sample(span=self.body.span(node), id=step_id, target=target, function=function), target, of
        )

    # --- side by side -------------------------------------------------------------------------------------------

    def _each(self, node: ast.Call) -> x.Expr:
        self.body.fail(
            "SKY301",
            "`each` stands in a comprehension only",
            node,
            "write `[task(item) for item in each(items, limit=8)]`",
        )

    def _branches(self, node: ast.Call) -> tuple[ir.Branch, ...]:
        name = ast.unparse(node.func)
        if node.keywords:
            self.body.fail(
                "SKY304", f"`{name}` takes its branches by position", node.keywords[0], "leave the name out"
            )
        branches = []
        stopped = False
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self.body.fail(
                    "SKY304", f"`{name}` cannot take `*`", argument, "use a comprehension: `[task(x) for x in xs]`"
                )
            try:
                with self.body.in_scope(self.body.scope.copy()), self.body.inner_block() as block:
                    result = self.expressions.value(argument)
                branches.append(ir.Branch(body=tuple(block), result=result, span=self.body.span(argument)))
            except Stop:
                stopped = True
        if stopped:
            raise Stop
        if len(branches) < 2:
            self.body.fail("SKY304", f"`{name}` needs two branches or more", node, "call it directly")
        return tuple(branches)

    def _parallel(self, node: ast.Call) -> x.Expr:
        branches = self._branches(node)
        of = t.TupleType(tuple(branch.result.type for branch in branches))
        step_id = self.body.step_id("parallel")
        target = self.body.temporary(step_id)
        return self._added(
            ir.Parallel(span=self.body.span(node), id=step_id, target=target, branches=branches), target, of
        )

    def _race(self, node: ast.Call) -> x.Expr:
        branches = self._branches(node)
        for branch, argument in zip(branches, node.args, strict=True):
            single = (
                len(branch.body) == 1 and isinstance(branch.body[0], ir.Step) and not isinstance(branch.body[0], ir.Map)
            )
            direct = isinstance(branch.result, x.Literal) or (
                isinstance(branch.result, x.Name)
                and single
                and branch.result.name == cast(ir.Step, branch.body[0]).target
            )
            if not (single and direct) or isinstance(branch.body[0], ir.Parallel | ir.Race):
                self.body.fail(
                    "SKY305",
                    "a branch of a race is one call, with arguments that are already there",
                    argument,
                    "put several calls into a flow of their own",
                )
        of = t.union(*(branch.result.type for branch in branches))
        step_id = self.body.step_id("race")
        target = self.body.temporary(step_id)
        return self._added(ir.Race(span=self.body.span(node), id=step_id, target=target, branches=branches), target, of)
