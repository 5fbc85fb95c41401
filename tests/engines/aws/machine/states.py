"""Walks through the states of a machine, of a branch or of an iteration.

https://states-language.net and https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from engines.aws.machine.failure import StateFailure
from engines.aws.machine.history import now
from engines.aws.machine.queries import of_type
from engines.aws.machine.scope import Scope, State, Visit, checked_size

Json = Any
Step = Callable[[Visit], tuple[Json, str | None]]
"""Carries out a state: gives its output and the name of the state that follows."""

LONGEST_CAUSE = 32_768
LONGEST_ERROR = 256
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html"""


def run_states(machine: Mapping[str, Any], given: Json, scope: Scope, *, again: bool = False) -> Json:
    """The output of the last state.

    Args:
        again: the execution was in the first state before, which is carried out anew.

    Raises:
        StateFailure: a state failed and nobody caught it.
        Stopped: ended from outside.
    """
    checked_size(given, "input", machine["StartAt"])
    name: str | None = machine["StartAt"]
    value = given
    while name is not None:
        scope.stop.check()
        value, name = _enter(Visit(name, machine["States"][name], scope, value, now()), again)
        again = False
    return value


def _enter(visit: Visit, again: bool) -> tuple[Json, str | None]:
    kind, scope = visit.state["Type"], visit.scope
    if not again:
        scope.record(f"{kind}StateEntered", {"name": visit.name, "input": json.dumps(visit.raw)})
    output, following = STEPS[kind](visit)
    details: dict[str, Json] = {"name": visit.name, "output": json.dumps(output)}
    if visit.assigned:
        details["assignedVariables"] = {name: json.dumps(value) for name, value in visit.assigned.items()}
    scope.record(f"{kind}StateExited", details)
    return output, following


def _pass(visit: Visit) -> tuple[Json, str | None]:
    return visit.leave(visit.state, visit.raw), visit.state.get("Next")


def _succeed(visit: Visit) -> tuple[Json, str | None]:
    return visit.leave(visit.state, visit.raw), None


def _fail(visit: Visit) -> tuple[Json, str | None]:
    error = _text(visit, "Error", LONGEST_ERROR)
    raise StateFailure(error or "States.Fail", _text(visit, "Cause", LONGEST_CAUSE))


def _text(visit: Visit, field: str, longest: int) -> str | None:
    if field not in visit.state:
        return None
    value = of_type(visit.value(visit.state[field], field), "string", visit.state[field], field)
    if len(value) > longest:
        raise StateFailure("States.DataLimitExceeded", f"{field} of {visit.name} is longer than {longest} characters.")
    return str(value)


def _choice(visit: Visit) -> tuple[Json, str | None]:
    for index, rule in enumerate(visit.state["Choices"]):
        field = f"Choices[{index}]/Condition"
        if of_type(visit.value(rule["Condition"], field), "boolean", rule["Condition"], field):
            return visit.leave(rule, visit.raw, f"Choices[{index}]/"), rule["Next"]
    if "Default" not in visit.state:
        raise StateFailure("States.NoChoiceMatched", f"No rule of {visit.name} matched, and there is no Default.")
    return visit.leave(visit.state, visit.raw), visit.state["Default"]


def _wait(visit: Visit) -> tuple[Json, str | None]:
    visit.scope.stop.sleep(_seconds(visit, visit.state) * visit.scope.execution.pace)
    return visit.leave(visit.state, visit.raw), visit.state.get("Next")


def _seconds(visit: Visit, state: State) -> float:
    if "Timestamp" in state:
        text = of_type(visit.value(state["Timestamp"], "Timestamp"), "string", state["Timestamp"], "Timestamp")
        try:
            return (datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            message = f"The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time: {text}"
            raise StateFailure("States.QueryEvaluationError", message) from None
    return whole_number(visit, "Seconds", least=0)


def whole_number(visit: Visit, field: str, *, least: int) -> int:
    """A field that has to be a whole number, such as `TimeoutSeconds`."""
    value = of_type(visit.value(visit.state[field], field), "number", visit.state[field], field)
    if not isinstance(value, int) or not least <= value <= 99_999_999:
        raise StateFailure("States.QueryEvaluationError", f"{field} of {visit.name} must be a whole number: {value}")
    return value


STEPS: dict[str, Step] = {"Pass": _pass, "Succeed": _succeed, "Fail": _fail, "Choice": _choice, "Wait": _wait}
"""By type; `tasks` and `fanning` add theirs."""
