"""The limits of Step Functions and Lambda that compiled flows must keep, each with its source, and what checks them.

Numbers are from the AWS documentation as of November 2026. What is larger than a limit allows in every run is refused
when it is compiled; what only some runs exceed fails in these, with the service's own error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from skyloom.deployers.least import Counts, least
from skyloom.deployers.limits import FunctionLimits, Limit, duration_problems, function_problems
from skyloom.errors import Diagnostic, Span
from skyloom.flows.app import App
from skyloom.flows.ir.program import Program

Json = Any

_DOCS = "https://docs.aws.amazon.com/"
_QUOTAS = f"{_DOCS}step-functions/latest/dg/service-quotas.html"
_VARIABLES = f"{_DOCS}step-functions/latest/dg/workflow-variables.html"
_STATES = f"{_DOCS}step-functions/latest/dg/statemachine-structure.html"
_STACKS = "AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
_LAMBDA = f"{_DOCS}lambda/latest/dg/gettingstarted-limits.html"

STATE_NAME = Limit(
    "the name of a state", 80, "characters", f"{_DOCS}step-functions/latest/dg/statemachine-structure.html"
)
VARIABLE_NAME = Limit("the name of a variable", 80, "characters", _VARIABLES)
DEFINITION = Limit("the definition of a state machine", 1024 * 1024, "bytes", _QUOTAS)
PAYLOAD = Limit("the input or output of a state, and a variable", 256 * 1024, "bytes", _QUOTAS)
VARIABLES = Limit("all variables of an execution together", 10 * 1024 * 1024, "bytes", _VARIABLES)
EVENTS = Limit("the history of an execution", 25_000, "events", _QUOTAS)
EXECUTION = Limit("an execution", 365 * 24 * 3600, "seconds", _QUOTAS)
EXPRESS = Limit("an execution of an Express workflow", 300, "seconds", _QUOTAS)
API = Limit("a request to an HTTP API", 30, "seconds", f"{_DOCS}apigateway/latest/developerguide/http-api-quotas.html")
MAP_WIDTH = Limit("iterations of a map at once", 40, "", f"{_DOCS}step-functions/latest/dg/state-map-inline.html")
FUNCTION = Limit("an invocation of a function", 900, "seconds", _LAMBDA)
MEMORY = Limit("the memory of a function", 10_240, "MiB", _LAMBDA)
RESOURCES = Limit("the template of an app", 500, "resources", f"{_DOCS}{_STACKS}")
TEMPLATE = Limit("the template of an app", 1024 * 1024, "bytes", f"{_DOCS}{_STACKS}")

HOST_SECONDS = 10
"""Of a function's time, what its host keeps: to report that a task ran too long it must outlive the task."""
_FUNCTIONS = FunctionLimits(
    time=FUNCTION,
    host=HOST_SECONDS,
    says_time=f"a Lambda function has {FUNCTION.value} s",
    memory=MEMORY,
    called="a Lambda function",
)


def definition_problems(program: Program, definition: Json) -> Iterator[Diagnostic]:
    """What is too large in a machine of the program's main flow."""
    flow = program.flow
    size = definition_size(definition)
    if size > DEFINITION.value:
        yield Diagnostic(
            "SKY701",
            f"the state machine of {flow.name} has {size:,} bytes; Step Functions takes {DEFINITION}",
            flow.file,
            flow.span,
            hint="move parts of it into flows of their own: what is too large becomes several machines",
        )
    for name, state in definition["States"].items():
        size = constants_size(state)
        if size > PAYLOAD.value:
            message = f"the step {name} is given {size:,} bytes of constants; Step Functions takes {PAYLOAD}"
            yield Diagnostic("SKY702", message, flow.file, flow.span, hint="let a task read them from a file or bucket")


def definition_size(definition: Json) -> int:
    """The bytes of a machine's definition."""
    return len(json.dumps(definition, ensure_ascii=False, separators=(",", ":")).encode())


def constants_size(state: Json) -> int:
    """The bytes that a state gives to what it calls, whatever the values are: its constants, and its expressions."""
    return len(json.dumps(state.get("Arguments"), ensure_ascii=False).encode())


def template_problems(app: App, template: bytes) -> Iterator[Diagnostic]:
    """What is too large in the template of an app."""
    resources = len(json.loads(template)["Resources"])
    sizes = ((resources, RESOURCES, "resources"), (len(template), TEMPLATE, "bytes"))
    for size, limit, unit in sizes:
        if size > limit.value:
            written = app.written
            yield Diagnostic(
                "SKY709",
                f"the template of {app.name} has {size:,} {unit}; CloudFormation takes {limit}",
                written.file if written is not None else "<unknown>",
                None if written is None else Span(written.line, 1, written.line, 1),
                hint="make two apps of it, or let tasks share functions: those with equal `requires`, `memory` and "
                "permissions do",
            )


def program_problems(program: Program, *, keeps_history: bool) -> Iterator[Diagnostic]:
    """What no machine, or no function, can carry out of the flows that a program's main flow runs. `keeps_history`:
    whether it is a Standard workflow; that of an Express one has no limit, and it ends after five minutes."""
    yield from function_problems(program, _FUNCTIONS)
    for flow in program.flows.values():
        yield from duration_problems(flow, EXECUTION, ", the longest that an execution of Step Functions takes")
    if keeps_history:
        yield from _event_problems(program)


# --- history ----------------------------------------------------------------------------------------------------


def _event_problems(program: Program) -> Iterator[Diagnostic]:
    flow = program.flow
    events = least_events(program)
    if events > EVENTS.value:
        yield Diagnostic(
            "SKY706",
            f"a run of {flow.name} writes at least {events:,} events; the history of an execution holds {EVENTS}",
            flow.file,
            flow.span,
            hint="move the loop into a task, or let a sub-flow with a timeout do many rounds: it has its own history",
        )


COUNTS = Counts(step=5, pause=2, round=2, test=2, apart=5)
"""Events of a history. A call: entered, scheduled, started, succeeded, exited; a state that only waits or decides:
entered, exited. An item of a map: started, succeeded."""


def least_events(program: Program) -> int:
    """The events that a run of the program's main flow writes at least, where nothing fails."""
    return least(program, COUNTS)
