"""What an app's resources are made from, and what follows from it before any resource is written: which are needed, and
what they are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from skyloom.deployers.app_layout import AppLayout, Wait, waits_of
from skyloom.deployers.functions import FunctionGroup
from skyloom.deployers.gcp.flow.output import HELPER, WAITS, Invoke, Publish, Workflow
from skyloom.deployers.gcp.naming import APP_LABEL, ENVIRONMENT_LABEL
from skyloom.deployers.gcp.resources.words import block_name, cloud_name
from skyloom.flows.app import App
from skyloom.flows.ir.program import Program
from skyloom.flows.resources import Bucket, Queue, Secret
from skyloom.flows.triggers import Iam, ObjectCreated, OnEvent, QueueMessage

SERVICES = "services"
"""The key of the code that all service functions share."""

_FUNCTION_NAME = 49
"""Characters of the Cloud Run service behind it. https://cloud.google.com/run/docs/deploying#service"""
_WORKFLOW_NAME = 64
"""https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows/create"""
_LABEL = 63
"""https://cloud.google.com/resource-manager/docs/labels-overview#requirements"""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a configuration is made from.

    Attributes:
        environment: the name of the environment.
        programs: the programs of the app's flows, by flow.
        workflows: the workflows of the app.
        groups: the functions of its tasks and prompts.
        code: where the code lies in the artifacts bucket: by group, `helper`, and `services`.
        entries: the modules in which functions begin, where it is not `main`.
        runtime: what the app's own functions run on.
    """

    app: App
    environment: str
    programs: Mapping[str, Program]
    workflows: tuple[Workflow, ...]
    groups: tuple[FunctionGroup, ...]
    code: Mapping[str, str]
    entries: Mapping[str, str] = field(default_factory=dict)
    runtime: str


class Layout(AppLayout):
    """What follows from the parts."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts.app, parts.environment)
        self.parts = parts
        self.start = re.sub(r"[^a-z0-9]+", "-", f"{self.prefix}-".lower())
        """How the names of functions and workflows begin."""

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels of everything that takes labels: letters in lower case, digits, `-` and `_`."""
        tags = self.app.tags_in(self.parts.environment)
        given = {_label(name): _label(value) for name, value in tags.items()}
        own = {APP_LABEL: self.app.name, ENVIRONMENT_LABEL: _label(self.parts.environment)}
        return dict(sorted({**given, **own}.items()))

    # --- functions and workflows --------------------------------------------------------------------------------

    def function_name(self, key: str) -> str:
        """The name of a function in Google Cloud."""
        return cloud_name(_FUNCTION_NAME, self.prefix, key)

    def function(self, key: str) -> str:
        """The address of the function that workflows know by this key."""
        return f"google_cloudfunctions2_function.{block_name(key)}"

    def workflow_name(self, flow: str) -> str:
        """The name of a flow's workflow in Google Cloud."""
        return cloud_name(_WORKFLOW_NAME, self.prefix, flow)

    def workflow(self, flow: str) -> str:
        """The address of a flow's workflow."""
        return f"google_workflows_workflow.{block_name(flow)}"

    @cached_property
    def called(self) -> dict[str, list[str]]:
        """The flows whose workflows call a function, by the function's key."""
        found: dict[str, list[str]] = {}
        for workflow in sorted(self.parts.workflows, key=lambda workflow: workflow.flow):
            for need in sorted(need.function for need in workflow.uses if isinstance(need, Invoke)):
                found.setdefault(need, []).append(workflow.flow)
        return found

    @property
    def has_helper(self) -> bool:
        """Whether some workflow has expressions evaluated."""
        return HELPER in self.called

    # --- waits and events ---------------------------------------------------------------------------------------

    @cached_property
    def waits(self) -> tuple[Wait, ...]:
        """Everything that workflows wait for."""
        waiting = (workflow.flow for workflow in self.parts.workflows if Invoke(WAITS) in workflow.uses)
        return waits_of(waiting, self.parts.programs)

    @property
    def has_topic(self) -> bool:
        """Whether events come or go."""
        emits = any(Publish() in workflow.uses for workflow in self.parts.workflows)
        return emits or self.listens or bool(self.on_events)

    @property
    def subscribes(self) -> bool:
        """Whether messages are taken from topics."""
        return bool(self.started or self.listens or self.queues or self.webhooks)

    @property
    def has_gateway(self) -> bool:
        """Whether something is answered to callers whom Google Cloud's IAM does not know."""
        return self.asks or any(not isinstance(trigger.auth, Iam) for trigger in self.https)

    # --- triggers -----------------------------------------------------------------------------------------------

    @property
    def started(self) -> tuple[QueueMessage | OnEvent | ObjectCreated, ...]:
        """The triggers that need a function to start their runs."""
        return (*self.messages, *self.on_events, *self.objects)

    # --- what the app owns --------------------------------------------------------------------------------------

    @cached_property
    def buckets(self) -> dict[str, Bucket]:
        """The app's buckets by address."""
        return {f"google_storage_bucket.{block_name(f'bucket-{found.name}')}": found for found in self.own_buckets}

    @cached_property
    def queues(self) -> dict[str, Queue]:
        """The app's queues by the address of their topics."""
        return {f"google_pubsub_topic.{block_name(f'queue-{found.name}')}": found for found in self.own_queues}

    @cached_property
    def secrets(self) -> dict[str, Secret]:
        """The app's secrets by address, those of notifiers included."""
        return {f"google_secret_manager_secret.{block_name(found.name)}": found for found in self.own_secrets}

    @cached_property
    def owned(self) -> dict[str, str]:
        """Addresses of what the app owns, by kind and name: `bucket inbox`."""
        return {
            **{f"bucket {found.name}": address for address, found in self.buckets.items()},
            **{f"queue {found.name}": address for address, found in self.queues.items()},
            **{f"secret {found.name}": address for address, found in self.secrets.items()},
        }

    @property
    def tells(self) -> bool:
        """Whether somebody is told of approvals."""
        return self.asks and bool(self.webhooks)


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:_LABEL]
