"""What is wrong with the triggers of an app."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from skyloom.errors import CheckFailed, Diagnostic
from skyloom.flows import values
from skyloom.flows.app import App
from skyloom.flows.cron import Cron, NotCron
from skyloom.flows.definitions import Flow
from skyloom.flows.frontend.app_source import AppSource
from skyloom.flows.frontend.python_checks import python_check
from skyloom.flows.ir.program import FlowDefinition
from skyloom.flows.triggers import Http, Iam, Jwt, ObjectCreated, OnEvent, Public, QueueMessage, Schedule, Trigger

_PATH = re.compile(r"(/[A-Za-z0-9_~.-]+)+")
_MINUTE, _YEAR = 60, 365 * 86_400
RESERVED_PATHS = ("runs", "approvals")
"""First parts of paths that the app's own service answers."""


def trigger_problems(app: App, source: AppSource) -> Iterator[Diagnostic]:
    """Everything that is wrong with the app's triggers."""
    paths: set[str] = set()
    for index, trigger in enumerate(app.triggers):
        check = _Check(app, source, index, trigger)
        if not isinstance(trigger, Http | Schedule | ObjectCreated | QueueMessage | OnEvent):
            yield check.problem("SKY524", f"{trigger!r} is no trigger", hint="Http, Schedule, ObjectCreated, ...")
            continue
        if trigger.flow not in app.flows:
            name = trigger.flow.name if isinstance(trigger.flow, Flow) else repr(trigger.flow)
            yield check.problem("SKY524", f"the app has no flow `{name}`", "flow", f"add it: `flows=[{name}]`")
            continue
        yield from check.run()
        if isinstance(trigger, Http):
            if trigger.path in paths:
                yield check.problem(
                    "SKY524", f"two flows are started at `{trigger.path}`", "path", "choose another path"
                )
            paths.add(trigger.path)
        elif trigger in app.triggers[:index]:
            message = f"`{trigger.flow.name}` is started in the same way twice"
            yield check.problem("SKY524", message, hint="leave one of the two triggers out")


class _Check:
    """One trigger, being looked at."""

    def __init__(self, app: App, source: AppSource, index: int, trigger: Trigger) -> None:
        self.app = app
        self.source = source
        self.index = index
        self.trigger = trigger

    def problem(self, code: str, message: str, part: str | None = None, hint: str | None = None) -> Diagnostic:
        return self.source.problem(code, message, hint, "triggers", self.index, part, self.trigger)

    def run(self) -> Iterator[Diagnostic]:
        definition = flow_definition(self.trigger.flow)
        match self.trigger:
            case Http(path=path, auth=auth):
                yield from self._path(path)
                yield from self._auth(auth)
            case Schedule():
                yield from self._schedule(self.trigger)
                if definition is not None:
                    yield from self._input(self.trigger.input, definition)
                return
            case ObjectCreated(bucket=bucket):
                if bucket not in self.app.resources:
                    yield self._no_resource("bucket", bucket.name)
            case QueueMessage(queue=queue):
                if queue not in self.app.resources:
                    yield self._no_resource("queue", queue.name)
            case OnEvent(event=event):
                if not (isinstance(event, str) and event.strip()):
                    yield self.problem("SKY524", f"`event` must be the name of an event, not {event!r}", "event")
        if definition is not None:
            yield from self._parameter(definition)

    def _no_resource(self, kind: str, name: str) -> Diagnostic:
        message = f"the {kind} `{name}` is not among the app's resources"
        return self.problem("SKY524", message, kind, "add it to `resources`")

    # --- requests -----------------------------------------------------------------------------------------------

    def _path(self, path: Any) -> Iterator[Diagnostic]:
        if not (isinstance(path, str) and _PATH.fullmatch(path)):
            message = f"`path` must be a path such as /tickets, not {path!r}"
            yield self.problem("SKY524", message, "path", "letters, digits and `-_.~`, in parts that begin with `/`")
        elif path.split("/")[1] in RESERVED_PATHS:
            message = f"paths below /{path.split('/')[1]} belong to the app's own service"
            yield self.problem("SKY524", message, "path", "choose another path")

    def _auth(self, auth: Any) -> Iterator[Diagnostic]:
        match auth:
            case Iam():
                pass
            case Jwt(issuer=issuer, audience=audience):
                if not (isinstance(issuer, str) and re.fullmatch(r"https://[^\s/?#]+(/[^\s?#]*)?", issuer)):
                    message = f"the issuer must be an https address, not {issuer!r}"
                    yield self.problem("SKY524", message, "auth")
                if isinstance(audience, str) or not audience:
                    message = "a token without an audience is good for any service of its issuer"
                    yield self.problem("SKY524", message, "auth", "name yours: `audience=[...]`")
            case Public(reason=reason, rate=rate, burst=burst):
                if not (isinstance(reason, str) and reason.strip()):
                    message = "an address that everybody may call needs a reason"
                    yield self.problem("SKY524", message, "auth", 'such as `Public("a contact form")`')
                if not (_number(rate) and rate > 0 and isinstance(burst, int) and burst > 0):
                    yield self.problem("SKY524", "`rate` and `burst` must be above 0", "auth")
            case _:
                yield self.problem(
                    "SKY524", f"{auth!r} says not who may call", "auth", "Iam(), Jwt(...) or Public(...)"
                )

    # --- the clock ----------------------------------------------------------------------------------------------

    def _schedule(self, schedule: Schedule) -> Iterator[Diagnostic]:
        if (schedule.cron is None) == (schedule.every is None):
            hint = '`Schedule(digest, "0 8 * * *")` or `Schedule(digest, every=hours(1))`'
            yield self.problem("SKY525", "a schedule has either `cron` or `every`", None, hint)
        elif schedule.cron is not None:
            try:
                Cron.parse(schedule.cron)
            except NotCron as error:
                yield self.problem("SKY525", str(error), "cron", "such as `0 8 * * MON-FRI`")
        elif not (
            _number(schedule.every) and _MINUTE <= (schedule.every or 0) <= _YEAR and (schedule.every or 0) % 60 == 0
        ):
            message = f"`every` must be whole minutes, at least one and at most a year, not {schedule.every!r} s"
            yield self.problem("SKY525", message, "every", "such as `every=minutes(5)`")
        if not _is_zone(schedule.timezone):
            message = f"there is no time zone {schedule.timezone!r}"
            yield self.problem("SKY525", message, "timezone", "IANA names, such as `Europe/Berlin`")

    # --- input --------------------------------------------------------------------------------------------------

    def _input(self, given: Mapping[str, Any], definition: FlowDefinition) -> Iterator[Diagnostic]:
        for message in input_problems(self.trigger.flow, definition, given):
            yield self.problem("SKY525", f"the input of `{definition.name}`: {message}", "input")

    def _parameter(self, definition: FlowDefinition) -> Iterator[Diagnostic]:
        assert not isinstance(self.trigger, Schedule)
        names = [parameter.name for parameter in definition.parameters]
        name = self.trigger.parameter
        if name is None:
            if not isinstance(self.trigger, ObjectCreated):
                yield from self._checked_without_python(names)
                return
            name = object_parameter(self.trigger, definition)
            if name is None:
                message = f"it is not clear which parameter of `{definition.name}` takes the object"
                yield self.problem("SKY524", message, None, "name it: `parameter=...`")
                return
        elif name not in names:
            message = f"`{definition.name}` has no parameter `{name}`"
            yield self.problem("SKY524", message, "parameter", f"its parameters: {', '.join(names) or 'none'}")
            return
        missing = [p.name for p in definition.parameters if p.required and p.name != name]
        if missing:
            message = (
                f"nothing gives `{definition.name}` its parameter{'s' if missing[1:] else ''} {', '.join(missing)}"
            )
            hint = "give them defaults" if isinstance(self.trigger, ObjectCreated) else "leave `parameter` out"
            yield self.problem("SKY524", message, "parameter", hint)
        if isinstance(self.trigger, Http | QueueMessage | OnEvent):
            yield from self._checked_without_python([name])
        if isinstance(self.trigger, ObjectCreated):
            sample = {"bucket": "inbox", "key": "a.txt", "size": 1}
            for message in _misfits(self.trigger.flow, name, sample):
                hint = f"annotate it `{name}: StoredObject`"
                yield self.problem("SKY524", f"`{definition.name}` cannot take an object: {message}", "flow", hint)

    def _checked_without_python(self, names: list[str]) -> Iterator[Diagnostic]:
        """What arrives is checked by the target's own services, which know its JSON Schema and none of its code."""
        types = values.signature_types(self.trigger.flow.function)
        for name in names:
            found = python_check(types.get(name, Any))
            if found is not None:
                message = f"`{self.trigger.flow.name}` is started from outside, and of its `{name}` {found}"
                hint = "nothing runs Python before a run begins: take plain fields, and check them in a task"
                yield self.problem("SKY532", message, "flow", hint)


def flow_definition(flow: Flow[..., Any]) -> FlowDefinition | None:
    """What the flow's program says; None where it does not compile."""
    try:
        return flow.program.flow
    except CheckFailed:
        return None


def object_parameter(trigger: ObjectCreated, definition: FlowDefinition) -> str | None:
    """The parameter that takes the object: the named one, else the only one without a default, else the only one."""
    if trigger.parameter is not None:
        return trigger.parameter
    required = [parameter.name for parameter in definition.parameters if parameter.required]
    candidates = required or [parameter.name for parameter in definition.parameters]
    return candidates[0] if len(candidates) == 1 else None


def input_problems(flow: Flow[..., Any], definition: FlowDefinition, given: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a flow's input."""
    names = {parameter.name for parameter in definition.parameters}
    yield from (f"there is no parameter `{name}`" for name in given if name not in names)
    for parameter in definition.parameters:
        if parameter.name in given:
            yield from _misfits(flow, parameter.name, given[parameter.name])
        elif parameter.required:
            yield f"`{parameter.name}` is missing"


def _misfits(flow: Flow[..., Any], name: str, value: Any) -> Iterator[str]:
    try:
        values.from_json(value, values.signature_types(flow.function).get(name, Any))
    except values.NotOfType as error:
        yield f"{name}: {error}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_zone(name: Any) -> bool:
    from zoneinfo import ZoneInfo, available_timezones

    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_+/-]+", name):
        return False
    if not available_timezones():
        # This machine has no list of zones; the target has.
        return True
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True
