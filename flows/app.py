"""An app: the flows that are deployed together, what starts them, what they own, and how environments differ.

    app = App(
        "support",
        flows=[answer, digest],
        triggers=[Http(answer, "/tickets"), Schedule(digest, "0 8 * * MON-FRI", timezone="Europe/Berlin")],
        resources=[Secret("mail-key", readers=[send])],
        notify=[EmailNotifier(address="leads@example.com", to="support-leads")],
        environments={"prod": Environment(account="123456789012", region="eu-central-1", keep_data=True)},
        tags={"team": "support"},
    )

Making an app never fails; `skyloom check` says what is wrong with it. A file without one stands for an app of its own
name with all its flows and no trigger: only those who may deploy it can start it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from skyloom.flows.resources import Bucket, EmailNotifier, Notifier, Queue, Resource, Secret, WebhookNotifier
from skyloom.flows.triggers import (
    Auth,
    Http,
    Iam,
    Jwt,
    ObjectCreated,
    OnEvent,
    Public,
    QueueMessage,
    Schedule,
    StoredObject,
    Trigger,
)

if TYPE_CHECKING:
    from skyloom.flows.definitions import Flow

__all__ = [
    "App",
    "Auth",
    "Bucket",
    "EmailNotifier",
    "Environment",
    "Http",
    "Iam",
    "Jwt",
    "Notifier",
    "ObjectCreated",
    "OnEvent",
    "Public",
    "Queue",
    "QueueMessage",
    "Resource",
    "Schedule",
    "Secret",
    "StoredObject",
    "Trigger",
    "WebhookNotifier",
    "Written",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """How an app is deployed under one name, such as `dev` or `prod`.

    Attributes:
        account: the account (AWS), subscription (Azure) or project (Google Cloud). Deploying elsewhere is refused.
        region: where; by default what the target's own configuration says.
        architecture: the processor of the functions; by default the cheaper one of the cloud, on AWS `arm64`.
        python: the Python of the functions; by default the one that compiles them, so that what was tested is deployed.
        keep_data: whether `destroy` leaves buckets and tables in place.
        log_days: how long logs are kept.
        log_data: whether the log of a run holds the values that flow through it, and not only its steps.
        concurrency: how many executions of one function may run at once; None leaves it to the account's own limit.
        tags: laid over the app's.
    """

    account: str | None = None
    region: str | None = None
    architecture: Literal["arm64", "x86_64"] | None = None
    python: Literal["3.11", "3.12", "3.13", "3.14"] | None = None
    keep_data: bool = False
    log_days: int = 30
    log_data: bool = False
    concurrency: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


DEFAULT_ENVIRONMENT = Environment()


@dataclass(frozen=True, slots=True)
class Written:
    """Where an app was written, for messages."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class App:
    """Flows with all that is deployed with them.

    Attributes:
        name: lower-case letters, digits and hyphens, at most 32; what is deployed is named after it.
        flows: the flows that can be started; their sub-flows come along.
        short: those of them that are over in at most 300 seconds (their `timeout` says so), wait for nobody, and need
            no record of their runs. AWS runs them as Express workflows: cheaper, and the caller of an `Http` trigger
            gets the result itself. On every other engine they run as all others do.
        triggers: what starts them, besides `skyloom invoke`.
        resources: what they own.
        environments: by name; one that is not named here is deployed with the defaults.
        notify: who is told of approvals and alarms.
        tags: put on everything that is deployed.
        written: the file and line of the call; set by itself.
    """

    name: str
    flows: Sequence[Flow[..., Any]] = field(kw_only=True)
    short: Sequence[Flow[..., Any]] = field(default=(), kw_only=True)
    triggers: Sequence[Trigger] = field(default=(), kw_only=True)
    resources: Sequence[Resource] = field(default=(), kw_only=True)
    environments: Mapping[str, Environment] = field(default_factory=dict, kw_only=True)
    notify: Sequence[Notifier] = field(default=(), kw_only=True)
    tags: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    written: Written | None = field(default=None, kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.written is None:
            # This method's caller is the constructor, whose caller wrote the app.
            frame = sys._getframe(2)
            object.__setattr__(self, "written", Written(frame.f_code.co_filename, frame.f_lineno))

    def environment(self, name: str) -> Environment:
        """The environment of that name; the defaults where the app does not name it."""
        return self.environments.get(name, DEFAULT_ENVIRONMENT)

    def tags_in(self, environment: str) -> dict[str, str]:
        """The tags of everything that is deployed in that environment."""
        return {**self.tags, **self.environment(environment).tags}
