"""What starts a flow: a request, the clock, a new object, a message, an event.

A flow's input is a JSON object with a key for each parameter, as `skyloom run --input` takes it. What arrives is that
object; with `parameter` it is the argument of that one parameter instead. Input that does not fit the flow starts
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skyloom.flows.definitions import Flow
    from skyloom.flows.resources import Bucket, Queue


@dataclass(frozen=True, slots=True)
class Iam:
    """Callers sign their requests with an identity of the target: IAM on AWS and Google Cloud, Entra ID on Azure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jwt:
    """Callers bring a token of an OpenID Connect issuer.

    Attributes:
        issuer: the issuer's https address.
        audience: whom the token must be for: one of these.
        scopes: of which the token must have one, where any are named.
    """

    issuer: str
    audience: Sequence[str]
    scopes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Public:
    """Everybody may call. Give a reason: it stands in the template, for whoever reviews it.

    Attributes:
        reason: why nobody has to say who they are.
        rate: requests a second, all callers together.
        burst: how many may come at once.
    """

    reason: str
    rate: float = 5
    burst: int = 10


Auth = Iam | Jwt | Public


@dataclass(frozen=True, slots=True)
class Http:
    """`POST` of JSON to `path` starts a run, and is answered at once: 202, with the address that tells its state.

    Attributes:
        flow: what is started.
        path: where, such as `/tickets`.
        auth: who may call; by default those whom the target's IAM lets.
        parameter: the parameter that takes the body; None: the body is the flow's input.
    """

    flow: Flow[..., Any]
    path: str
    auth: Auth = field(default_factory=Iam)
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Starts a run by the clock.

    Attributes:
        flow: what is started.
        cron: `minute hour day-of-month month day-of-week`, as in crontab; `0 8 * * MON-FRI` is eight o'clock on working
            days.
        every: seconds between runs, instead of `cron`: whole minutes, at least one.
        timezone: the IANA name of the zone that `cron` counts in.
        input: the flow's input.
    """

    flow: Flow[..., Any]
    cron: str | None = None
    every: float | None = field(default=None, kw_only=True)
    timezone: str = field(default="UTC", kw_only=True)
    input: Mapping[str, Any] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that arrived in a bucket: what `ObjectCreated` gives to its flow.

    Attributes:
        bucket: the bucket's name at the target.
        key: the object's name.
        size: its bytes.
    """

    bucket: str
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class ObjectCreated:
    """Starts a run for every new object of a bucket.

    Attributes:
        flow: what is started.
        bucket: one of the app's resources.
        prefix: how the object's name must begin.
        suffix: how it must end, such as `.pdf`.
        parameter: the parameter that takes the `StoredObject`; None: the only one without a default.
    """

    flow: Flow[..., Any]
    bucket: Bucket
    prefix: str = field(default="", kw_only=True)
    suffix: str = field(default="", kw_only=True)
    parameter: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """Starts a run for every message of a queue. The message's body is JSON.

    Attributes:
        flow: what is started.
        queue: one of the app's resources.
        parameter: the parameter that takes the body; None: the body is the flow's input.
    """

    flow: Flow[..., Any]
    queue: Queue
    parameter: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class OnEvent:
    """Starts a run for every event of that name that a flow of the app emits, or that is sent to the app from outside.

    Attributes:
        flow: what is started.
        event: the event's name, as `emit` gives it.
        parameter: the parameter that takes the payload; None: the payload is the flow's input.
    """

    flow: Flow[..., Any]
    event: str
    parameter: str | None = field(default=None, kw_only=True)


Trigger = Http | Schedule | ObjectCreated | QueueMessage | OnEvent
