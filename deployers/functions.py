"""The functions of an app: its tasks and prompts, grouped by what they need and may do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ReadBucket:
    """List and read the objects of one of the app's buckets."""

    bucket: str


@dataclass(frozen=True, slots=True, order=True)
class WriteBucket:
    """Write and delete objects of one of the app's buckets."""

    bucket: str


@dataclass(frozen=True, slots=True, order=True)
class SendQueue:
    """Send messages to one of the app's queues."""

    queue: str


@dataclass(frozen=True, slots=True, order=True)
class ReadSecret:
    """Read one of the app's secrets. Where `variable` is named, the host puts the value into that variable of the
    process before the code that looks for it there runs."""

    secret: str
    variable: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class AskModel:
    """Ask one model, by its name at the provider, such as `bedrock` and `amazon.nova-lite-v1:0`."""

    provider: str
    model: str


Permission = ReadBucket | WriteBucket | SendQueue | ReadSecret | AskModel


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionGroup:
    """Tasks and prompts that share one function: they need the same and may do the same.

    Attributes:
        key: readable, stable, unique in the app: the member's name where there is one, else what sets the group apart.
            Lower-case letters, digits and hyphens, at most 40.
        tasks: names of tasks, sorted.
        prompts: names of prompts, sorted.
        requires: requirements as pip understands them, sorted; the union of what the members' modules need.
        memory: MiB, or None for the target's smallest sensible size.
        timeout: seconds that one attempt may take: every member's own `timeout`. The host enforces it, so the
            function's limit lies a little above it.
        permissions: what the code may do, sorted; the claim check's access to the app's own bucket is not listed.
    """

    key: str
    tasks: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    memory: int | None = None
    timeout: float
    permissions: tuple[Permission, ...] = ()
