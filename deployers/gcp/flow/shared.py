"""Subworkflows that steps of all flows call: what a failed call means, what is tried again, the helper function."""

from __future__ import annotations

from typing import Any

from skyloom.deployers.gcp.flow.lowering import Lowering
from skyloom.deployers.gcp.flow.output import HELPER, Invoke
from skyloom.deployers.gcp.flow.texts import RUN, environment, expression, quoted
from skyloom.deployers.gcp.limits import EXPRESSION, MARGIN
from skyloom.deployers.gcp.steps import Assign, Call, Case, Parameter, Raise, Retry, Return, Subworkflow, Switch, Try
from skyloom.errors import TaskFailed, TaskTimedOut
from skyloom.flows.ir.program import RetryPolicy
from skyloom.flows.outcome import ErrorValue

Json = Any

HELPER_TIMEOUT = 60
"""Seconds that one evaluation may take."""
INFRASTRUCTURE_RETRIES = 5
SHORTEST_DELAY = 0.001
"""Seconds between attempts."""

_TAGS = 'default(map.get(e, "tags"), [])'
_TOLD = 'map.get(e, ["body", "error", "type"])'


def infrastructure_retry(lowering: Lowering) -> Retry:
    """Failures of the platform, before or after a task ran: always tried again, after 2, 4, 8, 16 and 32 seconds."""
    return Retry(
        predicate=expression(lowering.share("is_platform_failure", _platform_failure)),
        max_retries=INFRASTRUCTURE_RETRIES,
        initial_delay=2,
        max_delay=32,
        multiplier=2,
    )


def _platform_failure(name: str) -> Subworkflow:
    """Whether the platform failed, and not the function: no answer of ours, and no time that ran out."""
    said = Switch(
        name="look",
        cases=(
            Case(condition=expression(f"{_TOLD} != null"), steps=(Return(name="said_by_function", value=False),)),
            Case(
                condition=expression('"ConnectionError" in ' + _TAGS), steps=(Return(name="no_connection", value=True),)
            ),
            Case(
                condition=expression('map.get(e, "code") in [429, 500, 502, 503, 504]'),
                steps=(Return(name="unavailable", value=expression('not("TimeoutError" in ' + _TAGS + ")")),),
            ),
        ),
    )
    return Subworkflow(
        name=name,
        parameters=(Parameter(name="e"),),
        steps=(said, Return(name="something_else", value=False)),
        comment="Whether the platform failed, and not the function: such calls are made again.",
    )


def policy_retry(lowering: Lowering, policy: RetryPolicy) -> Retry:
    """The attempts of a task or prompt behind the first. The random part of a delay is always 0 (decision 0024)."""
    key = (policy.on, policy.never)
    wish = "is_retried" if policy.on == ("Exception",) and not policy.never else "is_retried_for"
    if wish == "is_retried_for":
        wish += "_" + "_".join(policy.on) + "".join(f"_not_{name}" for name in policy.never)
    return Retry(
        predicate=expression(lowering.share(wish, lambda name: _retried(name, policy), ("retry", key))),
        max_retries=policy.attempts - 1,
        # Whether a delay may be 0 is not documented.
        initial_delay=_number(max(policy.delay, SHORTEST_DELAY)),
        max_delay=_number(max(policy.max_delay, policy.delay, SHORTEST_DELAY)),
        multiplier=_number(max(1.0, policy.backoff)),
    )


def _retried(name: str, policy: RetryPolicy) -> Subworkflow:
    cases = [
        Case(condition=test, steps=(Return(name=f"never_{number}", value=False),))
        for number, test in enumerate(is_a("e", policy.never), 1)
    ]
    everything = "Exception" in policy.on
    for number, test in enumerate(() if everything else is_a("e", policy.on), 1):
        cases.append(Case(condition=test, steps=(Return(name=f"on_{number}", value=True),)))
    last = Return(name="others", value=everything)
    steps = (*((Switch(name="look", cases=tuple(cases)),) if cases else ()), last)
    return Subworkflow(
        name=name,
        parameters=(Parameter(name="e"),),
        steps=steps,
        comment="Which errors of an attempt lead to another.",
    )


def is_a(error: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Tests of which one is true where the error in a variable is of one of the classes: one, where its text is short
    enough."""
    found: list[str] = []
    for name in names:
        test = f"{error}.type == {quoted(name)} or {quoted(name)} in {error}.bases"
        if found and len(expression(f"{found[-1]} or {test}")) <= EXPRESSION.value:
            found[-1] += f" or {test}"
        else:
            found.append(test)
    return tuple(map(expression, found))


def raise_call_failure(lowering: Lowering) -> str:
    """The subworkflow that raises the error a failed call stands for: `{type, bases, message}`."""
    return lowering.share("raise_failure", _raise_failure)


def _raise_failure(name: str) -> Subworkflow:
    late, failed = ErrorValue.of(TaskTimedOut("")), ErrorValue.of(TaskFailed(""))
    too_late = {
        "type": late.type,
        "bases": list(late.bases),
        "message": expression('task + " ran longer than " + seconds + " s"'),
    }
    other = {
        "type": failed.type,
        "bases": list(failed.bases),
        "message": expression('task + ": " + reported'),
    }
    look = Switch(
        name="look",
        cases=(
            Case(
                condition=expression(f"{_TOLD} != null"),
                steps=(Raise(name="said_by_function", value=expression("e.body.error")),),
            ),
            Case(condition=expression(f'"TimeoutError" in {_TAGS}'), steps=(Raise(name="too_late", value=too_late),)),
        ),
    )
    reported = Assign(
        name="report",
        pairs=(("reported", expression('default(map.get(e, "message"), json.encode_to_string(e))')),),
    )
    return Subworkflow(
        name=name,
        parameters=(Parameter(name="e"), Parameter(name="task"), Parameter(name="seconds")),
        steps=(look, reported, Raise(name="platform_failed", value=other)),
        comment="Raises the error that a failed call stands for.",
    )


def in_python(lowering: Lowering) -> str:
    """The subworkflow that has the helper function evaluate an expression."""
    return lowering.share("in_python", lambda name: _in_python(lowering, name))


def _in_python(lowering: Lowering, name: str) -> Subworkflow:
    call = helper_call(lowering, "evaluate", expression("expression"), expression("values"), "answer")
    tried = helper_try(lowering, call, "", expression("expression"), "e", "failed")
    return Subworkflow(
        name=name,
        parameters=(Parameter(name="expression"), Parameter(name="values")),
        steps=(tried, Return(name="value", value=expression("answer.body"))),
        comment="Evaluates an expression in Python, in the app's helper function.",
    )


def helper_call(lowering: Lowering, name: str, identifier: str, values: Json, result: str) -> Call:
    """The call of the helper function."""
    lowering.needs.add(Invoke(HELPER))
    return Call(
        name=name,
        function="http.post",
        arguments={
            "url": environment(Invoke(HELPER).variable),
            "auth": {"type": "OIDC"},
            "timeout": HELPER_TIMEOUT + MARGIN,
            "body": {"expression": identifier, "values": values, "context": {"run": RUN}},
        },
        result=result,
    )


def helper_try(lowering: Lowering, call: Call, at: str, identifier: str, caught: str, failed: str) -> Try:
    """The call, again where the platform fails; its error is the expression's."""
    failure = Call(
        name=failed,
        function=raise_call_failure(lowering),
        arguments={"e": expression(caught), "task": identifier, "seconds": str(HELPER_TIMEOUT)},
    )
    retry = infrastructure_retry(lowering)
    return Try(name=call.name, at=at, steps=(call,), retry=retry, caught=caught, handler=(failure,))


def _number(value: float) -> float:
    return int(value) if value == int(value) else value
