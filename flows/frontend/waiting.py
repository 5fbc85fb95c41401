"""Compiles the constructs that wait, publish, or take a sample of the world."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skyloom.flows import constructs
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.frontend.body import Body
from skyloom.flows.frontend.syntax import MISSING
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir import nodes as ir

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions

Construct = Callable[[ast.Call], x.Expr]


class Waiting:
    """Compiles `approval`, `wait_for`, `emit`, `sleep`, `now` and `uuid` in one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions
        self.constructs: dict[Any, Construct] = {
            constructs.approval: self._approval,
            constructs.wait_for: self._wait_for,
            constructs.emit: self._emit,
            constructs.sleep: self._sleep,
            constructs.now: lambda node: self._sample(node, "now", t.DATETIME),
            constructs.uuid: lambda node: self._sample(node, "uuid", t.STR),
        }

    def _options(
        self, node: ast.Call, parameters: list[str], required: list[str], types: dict[str, t.Type]
    ) -> dict[str, x.Expr]:
        """The compiled arguments of a construct, but for `form` and `payload`, which are types."""
        name = ast.unparse(node.func)
        bound = self.expressions.steps.bound(name, parameters, node)
        for wanted in required:
            if wanted not in dict(bound):
                raise self.body.problem("SKY228", f"`{name}` wants `{wanted}`", node, f"add `{wanted}=...`")
        plain = [(key, value) for key, value in bound if key not in ("form", "payload_type")]
        values = self.expressions.operands([value for _, value in plain])
        options = {}
        for (key, written), value in zip(plain, values, strict=True):
            of = types.get(key)
            options[key] = value if of is None else self.expressions.fitting.fitted(value, of, written, f"`{key}`")
        return options

    def _approval(self, node: ast.Call) -> x.Expr:
        parameters = ["message", "show", "to", "timeout", "default", "form"]
        if len(node.args) > 1:
            hint = f"name it: `show={ast.unparse(node.args[1])}`"
            raise self.body.problem("SKY302", "`approval` takes named arguments behind the message", node.args[1], hint)
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
            self.body.report(
                "SKY302", "a `default` without a `timeout` never decides", where, "add `timeout=hours(24)`"
            )
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
        return self.expressions.steps.added(step, target, decision)

    def _form(self, node: ast.expr | None) -> tuple[str | None, t.Type]:
        types = self.body.builder.types
        if node is None or (isinstance(node, ast.Constant) and node.value is None):
            return None, types.resolve(constructs.Decision)
        cls = self.expressions.names.static(node)
        try:
            if cls is MISSING or not isinstance(cls, type):
                raise Unsupported("it is no class", None)
            return types.model(cls).name, types.resolve(constructs.Decision[cls])  # type: ignore[valid-type]
        except Unsupported as problem:
            raise self.body.problem(
                "SKY302", f"the form must be a model: {problem.message}", node, "name a model class"
            ) from None

    def _wait_for(self, node: ast.Call) -> x.Expr:
        payload = node.args[1] if len(node.args) > 1 else None
        payload = next((k.value for k in node.keywords if k.arg == "payload"), payload)
        if len(node.args) > 2:
            raise self.body.problem(
                "SKY303", "`wait_for` takes an event and a type; name the others", node.args[2], "name it"
            )
        rest = ast.Call(func=node.func, args=node.args[:1], keywords=[k for k in node.keywords if k.arg != "payload"])
        ast.copy_location(rest, node)
        types = {"event": t.STR, "key": t.optional(t.STR), "timeout": t.optional(t.FLOAT)}
        options = self._options(rest, ["event", "key", "timeout"], ["event"], types)
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
        return self.expressions.steps.added(step, target, of)

    def _payload(self, node: ast.expr) -> t.Type:
        try:
            annotation = self.expressions.names.annotation(node, "SKY303")
            return self.body.builder.types.resolve(annotation, self.body.names)
        except Unsupported as problem:
            raise self.body.problem(
                "SKY303", f"the payload's type: {problem.message}", node, problem.hint or "name a model"
            ) from None

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
            raise self.body.problem("SKY228", f"`{function}` takes no arguments", node, f"write `{function}()`")
        step_id = self.body.step_id(function)
        target = self.body.temporary(step_id)
        return self.expressions.steps.added(
            ir.Sample(span=self.body.span(node), id=step_id, target=target, function=function), target, of
        )
