"""What an app's resources are made from, and what follows from it before any resource is written: which are needed, and
what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from skyloom.deployers.app_layout import AppLayout, Wait, waits_of
from skyloom.deployers.azure.kinds import APP_TAG, ENVIRONMENT_TAG, KEEP_TAG, NAME_TAG
from skyloom.deployers.azure.resources.arm import (
    API,
    LOCATION,
    Address,
    Expression,
    Json,
    Resources,
    call,
    value,
)
from skyloom.deployers.azure.resources.names import Names
from skyloom.deployers.azure.resources.words import MAIN
from skyloom.deployers.functions import AskModel, FunctionGroup, Permission
from skyloom.flows.app import App
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import Program

_ELSEWHERE = {
    "Microsoft.Communication/communicationServices": "global",
    "Microsoft.Communication/emailServices": "global",
    "Microsoft.Communication/emailServices/domains": "global",
    "Microsoft.Insights/actionGroups": "Global",
    "Microsoft.Insights/metricAlerts": "global",
}
"""Types that lie in no region."""
TRACKED = frozenset(
    {
        *_ELSEWHERE,
        "Microsoft.CognitiveServices/accounts",
        "Microsoft.DurableTask/schedulers",
        "Microsoft.EventGrid/systemTopics",
        "Microsoft.EventGrid/topics",
        "Microsoft.Insights/components",
        "Microsoft.Insights/scheduledQueryRules",
        "Microsoft.KeyVault/vaults",
        "Microsoft.Logic/workflows",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.OperationalInsights/workspaces",
        "Microsoft.ServiceBus/namespaces",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Web/serverfarms",
        "Microsoft.Web/sites",
    }
)
"""Types that have a place, and tags."""

_NO_TAG = re.compile(r"[<>%&\\?/]")
"""https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations"""
MEMORY = 2048
"""MiB of an instance that nobody asks more of. https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan"""
FEWEST_INSTANCES, INSTANCES, MOST_INSTANCES = 40, 100, 1000
"""Instances at most that can be asked for at least; that there are if nobody asks; that can be asked for at most."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A further function app: the groups of tasks that run in it, and the memory of an instance in MiB."""

    groups: tuple[str, ...]
    memory: int = MEMORY


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a template is made from.

    Attributes:
        environment: the name of the environment.
        programs: the programs of the app's flows, by flow.
        groups: the app's tasks and prompts, grouped by what they need and may do.
        workers: the function apps besides the main one, by key.
        functions: by function app the names of what has to be there once the code is; for whoever deploys.
        flows: the orchestrator of each flow; for whoever deploys.
        models: by provider the id of the resource that answers, where it is known.
        elsewhere: the providers whose models answer at an address that skyloom.toml names.
        python: the Python of the functions, such as `3.13`.
        memory: MiB of an instance of the main app.
    """

    app: App
    environment: str
    programs: Mapping[str, Program]
    groups: tuple[FunctionGroup, ...] = ()
    workers: Mapping[str, Worker] = field(default_factory=dict)
    functions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    flows: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()
    python: str
    memory: int = MEMORY


@dataclass(frozen=True, slots=True)
class AtOnce:
    """How many instances a function app has at most, and how many activities each runs at once; None: as the host
    likes."""

    instances: int
    activities: int | None


def at_once(concurrency: int | None) -> AtOnce:
    """What keeps executions of one function to `concurrency`, as far as it can be kept."""
    if concurrency is None:
        return AtOnce(INSTANCES, None)
    activities = max(1, concurrency // FEWEST_INSTANCES)
    return AtOnce(min(MOST_INSTANCES, max(FEWEST_INSTANCES, concurrency // activities)), activities)


class Layout(AppLayout, Names):
    """What follows from the parts."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.app, parts.environment)
        self.parts = parts

    # --- what there is ------------------------------------------------------------------------------------------

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Everything that flows wait for."""
        return waits_of(self.parts.programs, self.parts.programs)

    @cached_property
    def emits(self) -> bool:
        """Whether a flow tells the world of events."""
        bodies = (flow.body for program in self.parts.programs.values() for flow in program.flows.values())
        return any(isinstance(statement, ir.Emit) for body in bodies for statement in ir.walk(body))

    @property
    def has_topic(self) -> bool:
        """Whether events come or go."""
        return self.emits or self.listens or bool(self.on_events)

    @property
    def mails(self) -> bool:
        """Whether people are asked by mail."""
        return self.asks and any(one.approvals for one in self.emails)

    @property
    def has_bus(self) -> bool:
        """Whether anything comes by a queue."""
        return bool(self.own_queues or self.listens or self.on_events or self.objects or self.tells)

    @property
    def has_vault(self) -> bool:
        """Whether there is a key, or a secret."""
        return self.asks or bool(self.own_secrets)

    @cached_property
    def own_models(self) -> tuple[str, ...]:
        """The models that prompts ask of the app's own account, sorted."""
        return tuple(sorted({one.model for key in self.app_keys for one in self.asked(key)}))

    def asked(self, key: str) -> list[AskModel]:
        """What a function app asks of the app's own account."""
        known = self.parts.elsewhere | self.parts.models.keys()
        found = [one for one in self.permissions(key) if isinstance(one, AskModel)]
        return [one for one in found if one.provider not in known]

    # --- function apps ------------------------------------------------------------------------------------------

    @cached_property
    def app_keys(self) -> tuple[str, ...]:
        """The keys of all function apps, the main one first."""
        return (MAIN, *sorted(self.parts.workers))

    def permissions(self, key: str) -> tuple[Permission, ...]:
        """What the tasks and prompts of a function app may do, sorted."""
        elsewhere = {group for worker in self.parts.workers.values() for group in worker.groups}
        worker = self.parts.workers.get(key)
        own = [
            group
            for group in self.parts.groups
            if (group.key in worker.groups if worker else group.key not in elsewhere)
        ]
        return tuple(sorted({one for group in own for one in group.permissions}, key=repr))

    # --- resources ----------------------------------------------------------------------------------------------

    @cached_property
    def tags(self) -> dict[str, str]:
        """The tags of everything that takes tags."""
        given = {tag_name(name): given for name, given in self.app.tags_in(self.parts.environment).items()}
        own = {APP_TAG: self.app.name, ENVIRONMENT_TAG: self.parts.environment}
        return dict(sorted({**{name: value(one) for name, one in given.items()}, **own}.items()))

    def made(
        self,
        at: Address,
        name: str,
        properties: Json,
        *,
        keep: bool = False,
        scope: Address | None = None,
        after: Sequence[Expression] = (),
        **more: Json,
    ) -> Resources:
        """A resource. `name` is what people call it; `keep`: it holds data; `scope`: what it is about, where it does
        not lie in it; `after`: what it has to wait for and does not refer to."""
        made: dict[str, Json] = {"type": at.type, "apiVersion": API[at.type], "name": at.name}
        if at.type in TRACKED:
            made["location"] = _ELSEWHERE.get(at.type, value(LOCATION))
            made["tags"] = {**self.tags, NAME_TAG: value(name), **({KEEP_TAG: "true"} if keep else {})}
        if scope is not None:
            made["scope"] = value(scope.id)
        made |= {key: given for key, given in more.items() if given is not None}
        made["properties"] = properties
        if after:
            made["dependsOn"] = [value(one) for one in after]
        id_ = at.id if scope is None else call("extensionResourceId", scope.id, at.type, *at.names)
        return {id_.text: made}


def tag_name(name: str) -> str:
    """The name of a tag, with what Azure takes."""
    return _NO_TAG.sub("-", name)
