"""Approvals and events: a callback goes out, and the workflow waits until somebody calls it."""

from __future__ import annotations

from typing import Any

from skyloom.deployers.forms import form_schema
from skyloom.deployers.gcp.flow.context import Context
from skyloom.deployers.gcp.flow.evaluating import Hoisted, Root, evaluate, hoist
from skyloom.deployers.gcp.flow.labels import Lowered
from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.output import WAITS, Invoke
from skyloom.deployers.gcp.flow.shared import infrastructure_retry, raise_call_failure
from skyloom.deployers.gcp.flow.texts import environment, expression, inner
from skyloom.deployers.gcp.limits import MARGIN
from skyloom.deployers.gcp.steps import Assign, Call, Case, Parameter, Raise, Return, Subworkflow, Switch, Try
from skyloom.deployers.schemas import schema_of
from skyloom.errors import ApprovalTimedOut, EventTimedOut
from skyloom.flows.expr.nodes import Expr, Literal, free_names
from skyloom.flows.expr.python import PythonEmitter
from skyloom.flows.ir.nodes import Approval, WaitFor
from skyloom.flows.outcome import ErrorValue

Json = Any

LONGEST_WAIT = 31_536_000
"""Seconds that an execution may take, a year: how long a step waits that has no timeout of its own."""
OPENING_TIMEOUT = 60
"""Seconds that the service may take to open or close a wait."""


def lower_approval(lowering: Lowering, context: Context, step: Approval) -> list[Lowered]:
    """Asks people."""
    given: dict[str, Expr | None] = {
        "message": step.message,
        "show": step.show,
        "to": step.to,
        "timeout": step.timeout,
        "default": step.default,
    }
    before, known = _known(lowering, context, step, given)
    asked: dict[str, Json] = {name: known[name] for name in ("message", "show", "to") if name in known}
    if step.form is not None:
        asked["form"] = form_schema(step.form, lowering.program.models)
    late: list[Lowered] = []
    answer = context.variable(f"{step.id}_answer")
    if step.default is not None and step.target is not None:
        decided = {"approved": known["default"], "comment": "timed out", "by": "", "answer": None}
        pairs = ((context.places[step.target], decided),)
        late = [Assign(name=context.step(f"{step.id}_default"), at=context.at(step.span), pairs=pairs)]
    elif step.default is None and step.timeout is not None:
        late = _timed_out(lowering, context, step, step.timeout, "nobody decided within ", " s: ", known["message"])
    return [*before, *_wait(lowering, context, step, "approval", asked, known.get("timeout"), late, answer)]


def lower_wait_for(lowering: Lowering, context: Context, step: WaitFor) -> list[Lowered]:
    """Waits for an event."""
    given: dict[str, Expr | None] = {"event": step.event, "key": step.key, "timeout": step.timeout}
    before, known = _known(lowering, context, step, given)
    asked: dict[str, Json] = {name: known[name] for name in ("event", "key") if name in known}
    asked["payload"] = schema_of(step.payload, lowering.program.models)
    late: list[Lowered] = []
    answer = context.variable(f"{step.id}_answer")
    if step.timeout is not None:
        late = _timed_out(lowering, context, step, step.timeout, "no event ", " s", known["event"])
    return [*before, *_wait(lowering, context, step, "event", asked, known.get("timeout"), late, answer)]


def _known(
    lowering: Lowering, context: Context, step: Approval | WaitFor, given: dict[str, Expr | None]
) -> tuple[list[Lowered], dict[str, Json]]:
    said = {"show": "what an approval shows"}
    roots = [Root(name, expr, crossing=said.get(name)) for name, expr in given.items() if expr is not None]
    before, values = evaluate(lowering, context, roots, step.span)
    return before, {root.label: value for root, value in zip(roots, values, strict=True)}


def _wait(
    lowering: Lowering,
    context: Context,
    step: Approval | WaitFor,
    kind: str,
    asked: dict[str, Json],
    timeout: Json,
    late: list[Lowered],
    answer: str,
) -> list[Lowered]:
    at = context.at(step.span)
    request = {
        "kind": kind,
        "run": context.run,
        "flow": lowering.program.main,
        "step": context.step_path(step.id),
        **asked,
    }
    if step.timeout is not None:
        request["timeout"] = timeout
    call = Call(
        name=context.step(step.id),
        at=at,
        function=lowering.share("wait_for_answer", lambda name: _waiting(lowering, name)),
        arguments={"request": request, "seconds": LONGEST_WAIT if step.timeout is None else timeout},
        result=answer,
    )
    taken: list[Lowered] = []
    if step.target is not None:
        pairs = ((context.places[step.target], expression(f"{answer}.value")),)
        taken = [Assign(name=context.step(f"set_{step.target}"), at=at, pairs=pairs)]
    if not late:
        return [call, *taken]
    cases = [Case(condition=expression(f"{answer} == null"), steps=context.settled(late))]
    if taken:
        cases.append(Case(condition=True, steps=context.settled(taken)))
    return [call, Switch(name=context.step(f"if_{step.id}_late"), at=at, cases=tuple(cases))]


def _waiting(lowering: Lowering, name: str) -> Subworkflow:
    """Opens a wait and gives what came of it, `{value}`; null when the time is over."""
    lowering.needs.add(Invoke(WAITS))
    callback = Call(
        name="create_callback",
        function="events.create_callback_endpoint",
        arguments={"http_callback_method": "POST"},
        result="callback",
    )
    told = Assign(name="tell", pairs=(('request["callback"]', expression("callback.url")), ("answer", None)))
    opened = _service_call(lowering, "open", expression("request"))
    answered = Call(
        name="await",
        function="events.await_callback",
        arguments={"callback": expression("callback"), "timeout": expression("seconds")},
        result="called",
    )
    taken = Assign(name="take", pairs=(("answer", expression("called.http_request.body")),))
    # Somebody may have decided in the last moment: then that counts.
    closing = {"kind": "close", "run": expression("request.run"), "step": expression("request.step")}
    closing["callback"] = expression("callback.url")
    # An event's wait is found by its name and key.
    closing |= {name: expression(f'default(map.get(request, "{name}"), null)') for name in ("event", "key")}
    is_late = expression('"TimeoutError" in default(map.get(e, "tags"), [])')
    last = Assign(name="take_last", pairs=(("answer", expression("closed.body.answer")),))
    late = Switch(
        name="if_late",
        cases=(
            Case(condition=is_late, steps=(_service_call(lowering, "close", closing, "closed"), last)),
            Case(condition=True, steps=(Raise(name="failed", value=expression("e")),)),
        ),
    )
    waiting = Try(name="try_to_await", steps=(answered, taken), caught="e", handler=(late,))
    refused = Switch(
        name="look",
        cases=(
            Case(condition=expression("answer == null"), steps=(Return(name="nothing", value=None),)),
            Case(
                condition=expression('"error" in answer'),
                steps=(Raise(name="refused", value=expression("answer.error")),),
            ),
        ),
    )
    return Subworkflow(
        name=name,
        parameters=(Parameter(name="request"), Parameter(name="seconds")),
        steps=(callback, told, opened, waiting, refused, Return(name="answered", value=expression("answer"))),
        comment="Opens an approval, or waits for an event; gives {value}, or null when the time is over.",
    )


def _service_call(lowering: Lowering, name: str, body: Json, result: str | None = None) -> Try:
    call = Call(
        name=f"{name}_wait",
        function="http.post",
        arguments={
            "url": environment(Invoke(WAITS).variable),
            "auth": {"type": "OIDC"},
            "timeout": OPENING_TIMEOUT,
            "body": body,
        },
        result=result,
    )
    error = f"{name}_error"
    failed = Call(
        name=f"{name}_failed",
        function=raise_call_failure(lowering),
        arguments={
            "e": expression(error),
            "task": expression("request.step"),
            "seconds": str(OPENING_TIMEOUT - MARGIN),
        },
    )
    return Try(
        name=f"{name}_wait", steps=(call,), retry=infrastructure_retry(lowering), caught=error, handler=(failed,)
    )


def _timed_out(
    lowering: Lowering, context: Context, step: Approval | WaitFor, seconds: Expr, first: str, last: str, said: Json
) -> list[Lowered]:
    """Nobody answered in time."""
    before, shown = _shown(lowering, context, seconds, step)
    what = inner(said)
    variable = context.variable("said")
    at = context.at(step.span)
    if what is None:
        before.append(Assign(name=context.step(f"{step.id}_said"), at=at, pairs=((variable, said),)))
        what = variable
    if isinstance(step, Approval):
        error = ErrorValue.of(ApprovalTimedOut(""))
        message = f'"{first}" + {shown} + "{last}" + {what}'
    else:
        error = ErrorValue.of(EventTimedOut(""))
        message = f'"{first}" + {what} + " within " + {shown} + "{last}"'
    value = {"type": error.type, "bases": list(error.bases), "message": expression(message)}
    return [*before, Raise(name=context.step(f"{step.id}_timed_out"), at=at, value=value)]


def _shown(lowering: Lowering, context: Context, seconds: Expr, step: Approval | WaitFor) -> tuple[list[Lowered], str]:
    """The seconds as Python writes them with `:g`: the text of an expression."""
    if isinstance(seconds, Literal):
        return [], f'"{seconds.value:g}"'
    python = f'format({PythonEmitter().emit(seconds)}, "g")'
    hoisted = Hoisted("seconds", python, free_names(seconds), "Workflows writes numbers otherwise")
    asked, shown = hoist(lowering, context, hoisted, step.span, "seconds")
    return [asked], shown
