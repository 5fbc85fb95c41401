"""Approvals and events: a token goes out, and the machine waits until somebody sends it back."""

from __future__ import annotations

from skyloom.deployers.aws.machine import errors
from skyloom.deployers.aws.machine.context import Context, ErrorClass
from skyloom.deployers.aws.machine.graph import Catcher, Edge, Task
from skyloom.deployers.aws.machine.hoisting import Hoisted, Root, evaluate, hoist
from skyloom.deployers.aws.machine.invoking import PAYLOAD, catch, retriers
from skyloom.deployers.aws.machine.lowering import Lowering
from skyloom.deployers.aws.machine.output import WAITS, Invoke
from skyloom.deployers.aws.machine.raising import raise_error
from skyloom.deployers.aws.machine.steps import taken
from skyloom.deployers.aws.machine.values import Constant, Placeholder, Value, path, record, snippet, variable
from skyloom.deployers.forms import form_schema
from skyloom.deployers.schemas import schema_of
from skyloom.errors import ApprovalTimedOut, EventTimedOut
from skyloom.flows.expr.nodes import Expr, Literal, free_names
from skyloom.flows.expr.python import PythonEmitter
from skyloom.flows.ir.nodes import Approval, WaitFor

_RESULT = path("$states.result")
LONGEST_WAIT = 31_536_000
"""Seconds that an execution may take, a year: how long a step waits that has no timeout of its own."""


def lower_approval(lowering: Lowering, context: Context, step: Approval, edge: Edge) -> Edge:
    """Asks people."""
    given: dict[str, Expr | None] = {
        "message": step.message,
        "show": step.show,
        "to": step.to,
        "timeout": step.timeout,
        "default": step.default,
    }
    said = {"show": "what an approval shows"}
    roots = [Root(name, expr, crossing=said.get(name)) for name, expr in given.items() if expr is not None]
    values, edge = evaluate(lowering, context, edge, roots, step.span)
    known = {root.label: value for root, value in zip(roots, values, strict=True)}
    asked: dict[str, Value] = {name: known[name] for name in ("message", "show", "to") if name in known}
    if step.form is not None:
        asked["form"] = Constant(form_schema(step.form, lowering.program.models))
    node = _wait(lowering, context, step, "approval", asked, known.get("timeout"))
    edge.to(node)
    after = lowering.join(context, step.id, step.span)
    if step.timeout is not None:
        late = Catcher(("States.Timeout", "States.HeartbeatTimeout"), Edge())
        node.catchers.append(late)
        if step.default is None:
            _approval_timed_out(lowering, context, step, late.edge, known["message"], step.timeout)
        else:
            taken(context, late.edge, step.target, _decided(known["default"])).to(after)
    catch(context, node, errors.caught(step.id))
    taken(context, node.edge, step.target, _RESULT).to(after)
    return after.edge


def lower_wait_for(lowering: Lowering, context: Context, step: WaitFor, edge: Edge) -> Edge:
    """Waits for an event."""
    given: dict[str, Expr | None] = {"event": step.event, "key": step.key, "timeout": step.timeout}
    roots = [Root(name, expr) for name, expr in given.items() if expr is not None]
    values, edge = evaluate(lowering, context, edge, roots, step.span)
    known = {root.label: value for root, value in zip(roots, values, strict=True)}
    asked: dict[str, Value] = {name: known[name] for name in ("event", "key") if name in known}
    asked["payload"] = Constant(schema_of(step.payload, lowering.program.models))
    node = _wait(lowering, context, step, "event", asked, known.get("timeout"))
    edge.to(node)
    if step.timeout is not None:
        late = Catcher(("States.Timeout", "States.HeartbeatTimeout"), Edge())
        node.catchers.append(late)
        _event_timed_out(lowering, context, step, late.edge, known["event"], step.timeout)
    catch(context, node, errors.caught(step.id))
    return taken(context, node.edge, step.target, _RESULT)


def _wait(
    lowering: Lowering,
    context: Context,
    step: Approval | WaitFor,
    kind: str,
    asked: dict[str, Value],
    timeout: Value | None,
) -> Task:
    need = Invoke(WAITS)
    payload: dict[str, Value] = {
        "kind": Constant(kind),
        "token": path("$states.context.Task.Token"),
        "execution": path("$states.context.Execution.Id"),
        "run": context.run,
        "flow": context.main,
        "step": context.step_path(step.id),
        **asked,
    }
    seconds = _seconds(step.timeout, timeout)
    if timeout is not None:
        payload["timeout"] = seconds
    return lowering.node(
        Task,
        context,
        step.id,
        step.span,
        resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
        arguments=record({"FunctionName": Constant(Placeholder(need.placeholder)), "Payload": record(payload)}),
        timeout=seconds,
        retry=retriers(),
        need=need,
    )


def _seconds(expr: Expr | None, value: Value | None) -> Value:
    if value is None:
        return Constant(LONGEST_WAIT)
    if isinstance(expr, Literal):
        assert isinstance(expr.value, int | float)
        return Constant(int(expr.value) if expr.value == int(expr.value) else expr.value)
    return value


def _decided(default: Value) -> Value:
    """The decision that time takes."""
    return record({"approved": default, "comment": "timed out", "by": "", "answer": None})


def _approval_timed_out(
    lowering: Lowering, context: Context, step: Approval, edge: Edge, message: Value, seconds: Expr
) -> None:
    """Nobody decided in time."""
    shown, edge = _shown(lowering, context, edge, seconds, step)
    text = snippet("'nobody decided within ' & ", shown, " & ' s: ' & ", message)
    _raise(lowering, context, edge, ApprovalTimedOut, text, step)


def _event_timed_out(
    lowering: Lowering, context: Context, step: WaitFor, edge: Edge, event: Value, seconds: Expr
) -> None:
    """No event came in time."""
    shown, edge = _shown(lowering, context, edge, seconds, step)
    text = snippet("'no event ' & ", event, " & ' within ' & ", shown, " & ' s'")
    _raise(lowering, context, edge, EventTimedOut, text, step)


def _shown(
    lowering: Lowering, context: Context, edge: Edge, seconds: Expr, step: Approval | WaitFor
) -> tuple[Value, Edge]:
    """A timeout as messages show it."""
    if isinstance(seconds, Literal):
        return Constant(f"{seconds.value:g}"), edge
    python = f'format({PythonEmitter().emit(seconds)}, "g")'
    reason = "it formats a number for a message"
    hoisted = Hoisted("timeout", "timeout", python, free_names(seconds), reason)  # `:g` shows 2 and 2.0 alike
    edge = hoist(lowering, context, edge, hoisted, step.span)
    name = context.scope.variable("timeout_text")
    return variable(name), edge.let(name, PAYLOAD)


def _raise(
    lowering: Lowering, context: Context, edge: Edge, error: type[Exception], message: Value, step: Approval | WaitFor
) -> None:
    value = errors.of_class(error, message)
    bases = value.entries["bases"]
    assert isinstance(bases, Constant)
    raise_error(lowering, context, edge, value, ErrorClass(error.__name__, tuple(bases.value)), step.span)
