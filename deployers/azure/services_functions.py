"""The functions of an app's services, as they stand in `function_app.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from skyloom.deployers.app_layout import waits_of
from skyloom.deployers.azure.services.schedules import Clock, timer
from skyloom.deployers.azure.services.surroundings import (
    APPROVALS_ROUTE,
    EVENTS_QUEUE,
    NOTICES_QUEUE,
    OPERATE_ROUTE,
)
from skyloom.deployers.bundle import json_bytes
from skyloom.deployers.inputs import scheduled_input
from skyloom.deployers.naming import digest
from skyloom.deployers.services_package import object_start_key, start_key
from skyloom.flows.app import App
from skyloom.flows.expr.fstrings import quoted
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program
from skyloom.flows.triggers import Http, ObjectCreated, OnEvent, QueueMessage, Schedule

_LINE = 120
"""Characters of a line."""
_CLIENT = "client: df.DurableOrchestrationClient"


@dataclass(frozen=True, slots=True)
class ServiceFunction:
    """A function: its name, the module of services that it calls, and its source."""

    name: str
    module: str
    source: str


def service_functions(app: App, programs: Mapping[str, Program]) -> Iterator[ServiceFunction]:
    """The service functions that an app needs."""
    kinds = {wait.kind for wait in waits_of(programs, programs)}
    if kinds:
        yield _activity("skyloom_waits", "waits")
    if any(emits(program) for program in programs.values()):
        yield _activity("skyloom_emit", "emit")
    for trigger in app.triggers:
        yield from _triggered(trigger)
    if "approval" in kinds:
        yield _http("skyloom_decide", "decide", APPROVALS_ROUTE, ["GET", "POST"], "request, client")
    yield _http("skyloom_operate", "operate", OPERATE_ROUTE, ["POST"], "request, client", "FUNCTION")
    if "event" in kinds:
        yield _queue("skyloom_events", "events", EVENTS_QUEUE, "arrive(message, client)")
    if "approval" in kinds and any(notifier.approvals for notifier in app.notify):
        yield _notices()


def emits(program: Program) -> bool:
    """Whether a flow, or one that it calls, emits events."""
    return any(isinstance(found, ir.Emit) for flow in program.flows.values() for found in ir.walk(flow.body))


# --- keys -----------------------------------------------------------------------------------------------------------


def schedule_key(schedule: Schedule) -> str:
    """The key of a schedule: its name in its package."""
    given = json_bytes(scheduled_input(schedule)).decode()
    told = (schedule.cron or "", str(schedule.every or ""), schedule.timezone, given)
    return f"clock-{schedule.flow.name}-{digest(*told)}"


def clock(schedule: Schedule) -> Clock:
    """The schedule as the service knows it."""
    flow, given = schedule.flow.name, scheduled_input(schedule)
    if schedule.every is not None:
        return Clock(flow=flow, input=given, minutes=int(schedule.every) // 60)
    return Clock(flow=flow, input=given, cron=schedule.cron, timezone=schedule.timezone)


# --- kinds of functions ---------------------------------------------------------------------------------------------


def _triggered(trigger: object) -> Iterator[ServiceFunction]:
    match trigger:
        case Http(path=path):
            name, route = f"{_plain(path)}_{digest(path)}", path.strip("/")
            call = f"request, client, {quoted(f'POST {path}')}"
            yield _http(f"skyloom_start_{name}", "api", route, ["POST"], call)
            call = f"request, client, {quoted(f'GET {path}/{{run}}')}"
            yield _http(f"skyloom_status_{name}", "api", f"{route}/{{run}}", ["GET"], call)
        case QueueMessage(queue=queue):
            yield _started(start_key(trigger), queue.name, "queue")
        case OnEvent():
            yield _started(start_key(trigger), start_key(trigger), "event")
        case ObjectCreated():
            yield _started(object_start_key(trigger), object_start_key(trigger), "object")
        case Schedule():
            yield _timer(trigger)
        case _:
            return


def _activity(name: str, module: str) -> ServiceFunction:
    head = ['@app.activity_trigger(input_name="call")']
    return _function(name, module, head, ["call: str"], "str", f"return {module}.activity(call)")


def _http(
    name: str, module: str, route: str, methods: Sequence[str], arguments: str, level: str = "ANONYMOUS"
) -> ServiceFunction:
    told = f"[{', '.join(map(quoted, methods))}]"
    route_ = [f"route={quoted(route)}", f"methods={told}", f"auth_level=func.AuthLevel.{level}"]
    route_ += ['trigger_arg_name="request"']
    head = [_wrapped("@app.route(", route_, ")"), '@app.durable_client_input(client_name="client")']
    body = f"return await {module}.respond({arguments})"
    return _function(name, module, head, ["request: func.HttpRequest", _CLIENT], "func.HttpResponse", body, True)


def _queue(name: str, module: str, queue: str, call: str) -> ServiceFunction:
    head = [_bus_trigger(queue), '@app.durable_client_input(client_name="client")']
    parameters = ["message: func.ServiceBusMessage", _CLIENT]
    return _function(name, module, head, parameters, "None", f"await {module}.{call}", True)


def _notices() -> ServiceFunction:
    body = "notices.deliver(message)"
    head, parameters = [_bus_trigger(NOTICES_QUEUE)], ["message: func.ServiceBusMessage"]
    return _function("skyloom_notices", "notices", head, parameters, "None", body)


def _started(key: str, queue: str, source: str) -> ServiceFunction:
    call = f"start(message, client, {quoted(key)}, {quoted(source)})"
    return _queue(f"skyloom_{_plain(key)}", "start", queue, call)


def _timer(schedule: Schedule) -> ServiceFunction:
    key, known = schedule_key(schedule), clock(schedule)
    told = f"`{known.cron}` in {known.timezone}" if known.cron else f"every {known.minutes} minutes"
    head = [
        f"# Starts {schedule.flow.name}: {told}.",
        f'@app.timer_trigger(schedule="{timer(known)}", arg_name="timer", run_on_startup=False)',
        '@app.durable_client_input(client_name="client")',
    ]
    body = f"await schedules.tick(timer, client, {quoted(key)})"
    name = f"skyloom_{_plain(key)}"
    return _function(name, "schedules", head, ["timer: func.TimerRequest", _CLIENT], "None", body, True)


# --- text -----------------------------------------------------------------------------------------------------------


def _function(
    name: str,
    module: str,
    head: Sequence[str],
    parameters: Sequence[str],
    result: str,
    body: str,
    waits: bool = False,
) -> ServiceFunction:
    opening = f"{'async ' if waits else ''}def {name}("
    lines = [*head, _wrapped(opening, parameters, f") -> {result}:"), f"    {body}"]
    # A remark stands above everything else.
    lines.insert(1 if lines[0].startswith("#") else 0, f"@app.function_name({quoted(name)})")
    return ServiceFunction(name, module, "\n".join(lines))


def _bus_trigger(queue: str) -> str:
    arguments = ['arg_name="message"', f"queue_name={quoted(queue)}", 'connection="SKYLOOM_BUS"']
    return _wrapped("@app.service_bus_queue_trigger(", arguments, ")")


def _wrapped(opening: str, parts: Sequence[str], closing: str) -> str:
    """One line where it fits, else one more for what stands between."""
    inner = ", ".join(parts)
    line = f"{opening}{inner}{closing}"
    return line if len(line) <= _LINE else f"{opening}\n    {inner}\n{closing}"


def _plain(text: str) -> str:
    """The text as a part of a Python name."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40].strip("_")
