"""The services of an app on Azure: their functions, and what these carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from skyloom.deployers import services_package
from skyloom.deployers.azure.naming import FunctionNames
from skyloom.deployers.azure.services.callers import Callers
from skyloom.deployers.azure.services.notices import Notifier
from skyloom.deployers.azure.services.surroundings import OPERATE_ROUTE
from skyloom.deployers.azure.services_functions import clock, schedule_key, service_functions
from skyloom.deployers.bundle import json_bytes
from skyloom.deployers.services_package import object_starts, starts_of
from skyloom.flows.app import App
from skyloom.flows.ir.program import Program
from skyloom.flows.resources import EmailNotifier
from skyloom.flows.resources import Notifier as ToldNotifier
from skyloom.flows.triggers import Auth, Http, Iam, Jwt, Public, Schedule

__all__ = ["Services", "notifiers", "route_problems", "services"]

_FOLDER = "deployers/azure/services"
_BESIDE = (
    "adapters/azure_apis.py",
    "adapters/hosts/azure_values.py",
    "adapters/hosts/durable_texts.py",
    "adapters/web_apis.py",
    "deployers/azure/errors.py",
    "flows/cron.py",
)
_TOKENS = "pyjwt[crypto]>=2.10"
"""Checks the tokens of callers."""
_ZONES = "tzdata>=2025.1"
"""The time zones, which the platform's image need not have."""
_KEPT = ("admin", "runtime")
"""First parts of addresses that the host answers itself, whatever routes an app has.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of an app.

    Attributes:
        imports: lines for the head of `function_app.py`.
        source: the functions, as they stand there.
        files: what they carry, by path.
        requires: what they require.
        names: the names of the functions.
    """

    imports: tuple[str, ...]
    source: str
    files: Mapping[str, bytes]
    requires: tuple[str, ...]
    names: tuple[str, ...]


def services(app: App, programs: Mapping[str, Program], names: FunctionNames) -> Services:
    """The services that an app needs. `programs` are those of its flows, by flow."""
    functions = [*service_functions(app, programs)]
    modules = sorted({function.module for function in functions})
    return Services(
        imports=tuple(f"from skyloom.deployers.azure.services import {module}" for module in modules),
        source="\n\n\n".join(function.source for function in functions) + "\n",
        files=_files(app, programs, names),
        requires=tuple(_requires(app)),
        names=tuple(sorted(function.name for function in functions)),
    )


def route_problems(app: App) -> Iterator[tuple[Http, str, str]]:
    """Routes that a function app cannot have: the trigger, what is wrong, and a way out."""
    known: dict[str, str] = {}
    for trigger in _https(app):
        path = trigger.path.lower()
        first = path.split("/")[1]
        if first in _KEPT:
            yield trigger, f"paths below /{first} belong to Azure Functions", "choose another path"
        if path == f"/{OPERATE_ROUTE}":
            yield trigger, f"{trigger.path} belongs to the app's own service", "choose another path"
        if known.get(path, trigger.path) != trigger.path:
            message = f"{known[path]} and {trigger.path} are one path: the case of letters does not count"
            yield trigger, message, "choose another path"
        known[path] = trigger.path


def notifiers(app: App) -> list[Notifier]:
    """Whom the app's services tell of approvals. Of alarms, the cloud's own means do."""
    return [_notifier(number, told) for number, told in enumerate(app.notify)]


def _notifier(number: int, told: ToldNotifier) -> Notifier:
    if isinstance(told, EmailNotifier):
        return Notifier(number=number, kind="mail", address=told.address, to=told.to, approvals=told.approvals)
    return Notifier(number=number, kind="web", secret=told.url.variable, to=told.to, approvals=told.approvals)


def _files(app: App, programs: Mapping[str, Program], names: FunctionNames) -> Mapping[str, bytes]:
    starts = {**starts_of(app, programs), **object_starts(app, programs)}
    files = services_package.service_files(_FOLDER, _BESIDE, starts)
    told = {
        "callers": {trigger.path: asdict(_callers(trigger.auth)) for trigger in _https(app)},
        "notifiers": [asdict(notifier) for notifier in notifiers(app)],
        "orchestrators": {flow: names.orchestrator_name(flow) for flow in sorted(programs)},
        "schedules": {schedule_key(schedule): asdict(clock(schedule)) for schedule in _schedules(app)},
    }
    written = {f"skyloom/{_FOLDER}/{name}.json": json_bytes(document) for name, document in told.items()}
    return dict(sorted({**files, **written}.items()))


def _callers(auth: Auth) -> Callers:
    match auth:
        case Public(rate=rate, burst=burst):
            return Callers(kind="public", rate=float(rate), burst=burst)
        case Jwt(issuer=issuer, audience=audience, scopes=scopes):
            return Callers(kind="jwt", issuer=issuer, audience=tuple(audience), scopes=tuple(scopes))
        case Iam():
            return Callers(kind="iam")


def _https(app: App) -> Iterable[Http]:
    return (trigger for trigger in app.triggers if isinstance(trigger, Http))


def _schedules(app: App) -> Iterable[Schedule]:
    return (trigger for trigger in app.triggers if isinstance(trigger, Schedule))


def _requires(app: App) -> Iterator[str]:
    if any(not isinstance(trigger.auth, Public) for trigger in _https(app)):
        yield _TOKENS
    if any(schedule.cron and schedule.timezone != "UTC" for schedule in _schedules(app)):
        yield _ZONES
