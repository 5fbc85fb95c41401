"""Apps of a file: finding the one that is meant, and everything that is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from skyloom.errors import Diagnostic, UserError
from skyloom.flows.app import App, Environment
from skyloom.flows.definitions import Flow, Task
from skyloom.flows.frontend.app_source import AppSource
from skyloom.flows.frontend.load import definitions_in
from skyloom.flows.frontend.source import shown
from skyloom.flows.resources import Bucket, EmailNotifier, Queue, Resource, Secret, WebhookNotifier

_NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
_LONGEST_NAME = 32
_MAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def apps_in(module: ModuleType) -> dict[str, App]:
    """The apps of a module, by the names of their variables."""
    return {name: value for name, value in vars(module).items() if isinstance(value, App)}


def pick_app(module: ModuleType, name: str | None) -> App:
    """The app `name` of `module`; without a name its only one, and where it has none one of all its flows.

    Raises:
        UserError: SKY520, there is no such app, or nothing that an app could be made of; SKY521, there are several and
            none is named.
    """
    file = shown(Path(module.__file__ or module.__name__))
    found = apps_in(module)
    if name is not None:
        if name in found:
            return found[name]
        value = getattr(module, name, None)
        if isinstance(value, Flow):
            return implied(module, [value])
        named = [item.name for item in definitions_in(module) if isinstance(item, Flow)]
        close = get_close_matches(name, (*found, *named), n=1)
        known = [f"its {what}: {', '.join(names)}" for what, names in (("apps", found), ("flows", named)) if names]
        hint = f"did you mean `{close[0]}`?" if close else "; ".join(known) or "mark a function with @flow"
        raise UserError(Diagnostic("SKY520", f"the file has no app and no flow `{name}`", file, hint=hint))
    apps = {id(app): app for app in found.values()}
    if len(apps) > 1:
        hint = f"name one: {file}:{next(iter(found))}"
        raise UserError(Diagnostic("SKY521", f"the file has several apps: {', '.join(found)}", file, hint=hint))
    if apps:
        return next(iter(apps.values()))
    flows = [item for item in definitions_in(module) if isinstance(item, Flow)]
    if not flows:
        raise UserError(
            Diagnostic("SKY520", "the file has no app and no flow", file, hint="mark a function with @flow")
        )
    return implied(module, flows)


def implied(module: ModuleType, flows: Iterable[Flow[..., Any]]) -> App:
    """The app that a file without one stands for: its flows, under the file's name."""
    from skyloom.flows.app import Written

    file = Path(module.__file__ or f"{module.__name__}.py")
    words = re.findall(r"[a-z0-9]+", file.stem.lower())
    name = "-".join(words)[:_LONGEST_NAME].rstrip("-")
    return App(
        name if name[:1].isalpha() else f"app-{name}"[:_LONGEST_NAME].rstrip("-"),
        flows=tuple(flows),
        written=Written(str(file), 1),
    )


def problems(app: App) -> list[Diagnostic]:
    """Everything that is wrong with the app itself; its flows are checked for themselves."""
    from skyloom.flows.frontend.triggers import trigger_problems

    source = AppSource(app)
    return [
        *_name_problems(app, source),
        *_flow_problems(app, source),
        *trigger_problems(app, source),
        *_resource_problems(app, source),
        *_notifier_problems(app, source),
        *_environment_problems(app, source),
    ]


def name_problem(name: Any) -> str | None:
    """What is wrong with the name of an app or a resource."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"the name {name!r} must be lower-case letters, digits and single hyphens, beginning with a letter"
    if len(name) > _LONGEST_NAME:
        return f"the name `{name}` has {len(name)} characters, more than {_LONGEST_NAME}"
    return None


def _name_problems(app: App, source: AppSource) -> Iterator[Diagnostic]:
    problem = name_problem(app.name)
    if problem is not None:
        yield source.problem("SKY522", f"app: {problem}", "such as `support-desk`", "name")


def _flow_problems(app: App, source: AppSource) -> Iterator[Diagnostic]:
    if not app.flows:
        yield source.problem("SKY523", "the app has no flow", "name its flows: `flows=[answer]`", "flows")
    taken: dict[str, Any] = {}
    for index, item in enumerate(app.flows):
        if not isinstance(item, Flow):
            message = f"{_said(item)} is no flow"
            yield source.problem("SKY523", message, "mark the function with @flow", "flows", index)
        elif taken.setdefault(item.name, item) is not item:
            message = f"two flows of the app are called `{item.name}`"
            hint = "rename one: what is deployed is named after them"
            yield source.problem("SKY523", message, hint, "flows", index)
        elif app.flows.index(item) != index:
            yield source.problem("SKY523", f"the flow `{item.name}` is named twice", None, "flows", index)
    for index, item in enumerate(app.short):
        if not isinstance(item, Flow) or item not in app.flows:
            said = f"the flow `{item.name}`" if isinstance(item, Flow) else _said(item)
            message = f"{said} is not among the app's flows, so it cannot be one of the short ones"
            yield source.problem("SKY523", message, "add it to `flows`", "short", index)


# --- resources ----------------------------------------------------------------------------------------------------


def _resource_problems(app: App, source: AppSource) -> Iterator[Diagnostic]:
    variables: dict[str, Resource] = {}
    tasks = used_tasks(app)
    for index, item in enumerate(app.resources):
        place = ("resources", index)
        if not isinstance(item, Bucket | Queue | Secret):
            yield source.problem("SKY526", f"{_said(item)} is no resource", "Bucket, Queue or Secret", *place)
            continue
        kind = type(item).__name__.lower()
        problem = name_problem(item.name)
        if problem is not None:
            yield source.problem("SKY526", f"{kind}: {problem}", None, *place, "name", item)
            continue
        if variables.setdefault(item.variable, item) is not item:
            message = f"two resources share the variable {item.variable}"
            yield source.problem("SKY526", message, "rename one", *place, "name", item)
        if isinstance(item, Queue) and not (isinstance(item.attempts, int) and 1 <= item.attempts <= 1000):
            message = f"queue `{item.name}`: `attempts` must be 1 to 1000, not {item.attempts!r}"
            yield source.problem("SKY526", message, None, *place, "attempts", item)
        for grant, users in grants(item).items():
            for user in users:
                if not isinstance(user, Task):
                    message = f"{kind} `{item.name}`: {_said(user)} is no task"
                    yield source.problem("SKY526", message, f"`{grant}` names tasks", *place, grant, item)
                elif tasks is not None and user not in tasks:
                    message = f"{kind} `{item.name}`: no flow of the app calls the task `{user.name}`"
                    hint = "leave it out, or add the flow that calls it"
                    yield source.problem("SKY526", message, hint, *place, grant, item)


def grants(resource: Resource) -> Mapping[str, tuple[Any, ...]]:
    """The tasks that may use the resource, by the attribute that names them."""
    match resource:
        case Bucket():
            return {"readers": tuple(resource.readers), "writers": tuple(resource.writers)}
        case Queue():
            return {"senders": tuple(resource.senders)}
        case Secret():
            return {"readers": tuple(resource.readers)}


def used_tasks(app: App) -> set[Task[..., Any]] | None:
    """The tasks that the app's flows call, sub-flows included; None where one does not compile: nobody knows then."""
    from skyloom.errors import CheckFailed
    from skyloom.flows.runner.locate import locate

    found: set[Task[..., Any]] = set()
    for flow in app.flows:
        if isinstance(flow, Flow):
            try:
                located = [locate(definition) for definition in flow.program.tasks.values()]
            except CheckFailed:
                return None
            found.update(item for item in located if isinstance(item, Task))
    return found


# --- people and places --------------------------------------------------------------------------------------------


def _notifier_problems(app: App, source: AppSource) -> Iterator[Diagnostic]:
    for index, item in enumerate(app.notify):
        place = ("notify", index)
        match item:
            case EmailNotifier(address=address):
                if not (isinstance(address, str) and _MAIL.fullmatch(address)):
                    yield source.problem("SKY527", f"{address!r} is no mail address", None, *place, "address", item)
            case WebhookNotifier(url=url):
                if not isinstance(url, Secret):
                    message = "the address of a webhook is a secret: who knows it can post there"
                    hint = '`url=hook`, with `hook = Secret("hook")` among the resources'
                    yield source.problem("SKY527", message, hint, *place, "url", item)
                elif url not in app.resources:
                    message = f"the secret `{url.name}` is not among the app's resources"
                    yield source.problem("SKY527", message, "add it to `resources`", *place, "url", item)
            case _:
                hint = "EmailNotifier or WebhookNotifier"
                yield source.problem("SKY527", f"{_said(item)} is no notifier", hint, *place)


def _environment_problems(app: App, source: AppSource) -> Iterator[Diagnostic]:
    yield from _tag_problems(app.tags, source, "tags", None)
    for name, item in app.environments.items():
        place = ("environments", name)
        problem = name_problem(name)
        if problem is not None:
            yield source.problem("SKY528", f"environment: {problem}", None, *place)
        if not isinstance(item, Environment):
            yield source.problem("SKY528", f"{_said(item)} is no environment", "Environment(...)", *place)
            continue
        for option, least in (("log_days", 1), ("concurrency", 1)):
            given = getattr(item, option)
            if given is not None and not (isinstance(given, int) and not isinstance(given, bool) and given >= least):
                message = f"environment `{name}`: `{option}` must be a whole number, at least {least}, not {given!r}"
                yield source.problem("SKY528", message, None, *place, option, item)
        for option, known in (("architecture", ("arm64", "x86_64")), ("python", PYTHONS)):
            given = getattr(item, option)
            if given is not None and given not in known:
                message = f"environment `{name}`: `{option}` must be one of {', '.join(known)}, not {given!r}"
                yield source.problem("SKY528", message, None, *place, option, item)
        yield from _tag_problems(item.tags, source, *place)


PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The Pythons that functions may run on."""

_TAKEN_TAGS = ("aws:", "skyloom:")


def _tag_problems(tags: Mapping[Any, Any], source: AppSource, option: str, index: str | None) -> Iterator[Diagnostic]:
    for key, value in tags.items():
        if not (isinstance(key, str) and isinstance(value, str) and 0 < len(key) <= 128 and len(value) <= 256):
            message = f"the tag {key!r}: {value!r} must be a text of up to 128 characters, and one of up to 256"
            yield source.problem("SKY528", message, None, option, index or str(key), "tags" if index else None)
        elif key.lower().startswith(_TAKEN_TAGS):
            message = f"the tag {key!r}: keys that begin with `aws:` are AWS's own, with `skyloom:` Skyloom's"
            yield source.problem("SKY528", message, None, option, index or key, "tags" if index else None)


def _said(value: Any) -> str:
    name = getattr(value, "__name__", None)
    return f"`{name}`" if isinstance(name, str) else f"{value!r}"
