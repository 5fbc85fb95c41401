"""Call steps: subworkflows, the library, HTTP, callbacks, sleeping, connectors."""

from __future__ import annotations

from engines.gcp.callbacks import seconds_of
from engines.gcp.connectors import CONNECTORS, connect
from engines.gcp.errors import Undocumented, Value, type_error, value_error
from engines.gcp.expressions.numbers import is_number
from engines.gcp.expressions.operators import type_name
from engines.gcp.frame import Frame
from engines.gcp.library.function import named
from engines.gcp.library.table import FUNCTIONS
from engines.gcp.limits import CALLBACK_SECONDS, LONGEST_SECONDS
from engines.gcp.model import Call
from engines.gcp.requests import external, request_of, response_of
from engines.gcp.templates import resolved

SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")


def call_step(action: Call, frame: Frame) -> None:
    """Calls a function, and assigns what it gives."""
    arguments = {name: resolved(value, frame.scope, frame) for name, value in action.arguments.items()}
    found = called(action.function, arguments, frame)
    if action.result is not None:
        frame.scope.put(action.result, found)


def called(name: str, arguments: dict[str, Value], frame: Frame) -> Value:
    """What a function gives."""
    from engines.gcp.running import call_routine

    execution = frame.execution
    if name in execution.source.routines:
        return call_routine(execution.source.routines[name], arguments, frame)
    if name in CONNECTORS:
        return connect(name, arguments, execution.services, execution.connections)
    function = FUNCTIONS[name]
    if function.body is not None:
        return function.body(frame, *named(name, function, arguments))
    return blocking(name, arguments, frame)


def blocking(name: str, arguments: dict[str, Value], frame: Frame) -> Value:
    """The calls that the engine does itself."""
    match name.split("."):
        case ["http", method]:
            return request(arguments.pop("method", None) if method == "request" else method, arguments, frame)
        case ["events", "create_callback_endpoint"]:
            return frame.execution.callbacks.create(arguments.get("http_callback_method", "POST"))
        case ["events", "await_callback"]:
            billed_as(frame, is_external=True)
            return frame.execution.await_callback(
                arguments["callback"],
                seconds_of(arguments.get("timeout"), CALLBACK_SECONDS, LONGEST_SECONDS, "timeout"),
            )
        case ["sys", "sleep"]:
            return sleep(arguments["seconds"], frame)
        case ["sys", "log"]:
            return log(arguments, frame)
        case _:
            raise Undocumented(f"{name}: left out")


def billed_as(frame: Frame, *, is_external: bool) -> None:
    """Notes of the step that runs whether it is an external one."""
    for entry in reversed(frame.execution.history.entries):
        if entry.number == frame.parent:
            entry.external = is_external
            break


def request(method: Value, arguments: dict[str, Value], frame: Frame) -> Value:
    """`http.*`."""
    if not isinstance(method, str):
        raise type_error("method is a text")
    execution = frame.execution
    made = request_of(method.upper(), arguments, execution.services.network.token)
    billed_as(frame, is_external=external(made.url))
    answer = execution.services.network.send(made, execution.connections)
    execution.alive()
    return response_of(answer)


def sleep(seconds: Value, frame: Frame) -> None:
    """`sys.sleep`."""
    if not is_number(seconds):
        raise type_error(f"seconds is a number, not {type_name(seconds)}")
    if not 0 < seconds <= LONGEST_SECONDS:
        raise Undocumented(f"sys.sleep of {seconds} seconds")
    frame.execution.sleep(float(seconds))


def log(arguments: dict[str, Value], frame: Frame) -> None:
    """`sys.log`: one of data, text, json, and a severity."""
    given = [name for name in ("data", "text", "json") if name in arguments]
    if len(given) != 1:
        raise Undocumented(f"sys.log with {given or 'nothing'}")
    severity = arguments.get("severity", "DEFAULT")
    if severity not in SEVERITIES:
        raise value_error(f"no severity: {severity}")
    frame.execution.logs.append((severity, arguments[given[0]]))
