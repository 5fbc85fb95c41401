"""What an app owns besides its flows, and who may use it: buckets, queues, secrets; and whom it notifies.

A resource is declared once, at module level, and named in `App(resources=[...])`. Access is granted where the resource
is declared, to single tasks: their functions may do exactly that, and no other function may.

    inbox = Bucket("inbox", readers=[extract], writers=[store])

A function finds a resource by a variable of its environment: `SKYLOOM_BUCKET_INBOX` holds the bucket's name,
`SKYLOOM_QUEUE_ORDERS` the queue's address, `SKYLOOM_SECRET_STRIPE_KEY` a reference to the secret, never its value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skyloom.adapters.buckets import Objects
    from skyloom.flows.definitions import Task


@dataclass(frozen=True, slots=True)
class Bucket:
    """A place for objects (files): private, encrypted, versioned.

    Attributes:
        name: its name in the app: lower-case letters, digits and hyphens.
        readers: the tasks that may list and read objects.
        writers: the tasks that may write and delete objects.
    """

    name: str
    readers: Sequence[Task[..., Any]] = ()
    writers: Sequence[Task[..., Any]] = ()

    @property
    def variable(self) -> str:
        """The variable that tells a function the bucket's name at the target."""
        return variable_of("BUCKET", self.name)

    def read(self, key: str) -> bytes | None:
        """What the object of that key holds, in a task that is one of the `readers`; None where there is none. On your
        own machine objects are files below `$SKYLOOM_HOME/buckets`.

        Raises:
            OSError: the service refuses, or does not answer.
            ConfigError: SKY606, the task's function was given no such bucket.
            ValueError: the key is none that every store takes: names with `/` between them, at most 1,024 bytes.
        """
        from skyloom.adapters.buckets import checked_key

        return self._objects().get(checked_key(key))

    def write(self, key: str, content: bytes | str) -> None:
        """Keeps the content, of a text its UTF-8, as the object of that key, in a task that is one of the `writers`. An
        attempt that is repeated writes it again; who reads at the same time gets the old content or the new one.

        Raises: as `read`.
        """
        from skyloom.adapters.buckets import checked_key

        self._objects().put(checked_key(key), content.encode() if isinstance(content, str) else content)

    def _objects(self) -> Objects:
        from skyloom.adapters.buckets import objects_at, objects_here
        from skyloom.errors import ConfigError, Diagnostic

        address = os.environ.get(self.variable)
        if address:
            return objects_at(address)
        if "SKYLOOM_APP" in os.environ:
            hint = "name the task in `readers` or `writers` of the bucket, and the bucket in `App(resources=[...])`"
            message = f"this task may not use the bucket `{self.name}`: ${self.variable} is not set"
            raise ConfigError(Diagnostic("SKY606", message, "buckets", hint=hint))
        return objects_here(self.name)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of messages, with another one for those that failed again and again.

    Attributes:
        name: its name in the app: lower-case letters, digits and hyphens.
        senders: the tasks that may send messages.
        attempts: how often a message is tried before it is set aside; at least 1.
    """

    name: str
    senders: Sequence[Task[..., Any]] = ()
    attempts: int = 5

    @property
    def variable(self) -> str:
        """The variable that tells a function the queue's address at the target."""
        return variable_of("QUEUE", self.name)


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that nobody may see: kept by the target's own service, fetched when it is needed, never written down.

    Attributes:
        name: its name in the app: lower-case letters, digits and hyphens.
        readers: the tasks that may read it.
    """

    name: str
    readers: Sequence[Task[..., Any]] = ()

    @property
    def variable(self) -> str:
        """The variable that tells a function where the secret is kept."""
        return variable_of("SECRET", self.name)

    def read(self) -> str:
        """The secret's value, in a task that is one of the `readers`. On your own machine it is the value of an
        environment variable called like the secret: `STRIPE_KEY` for `stripe-key`.

        Raises:
            ConfigError: SKY605, there is no such value, or it may not be read.
        """
        from skyloom.adapters.secrets import read_secret, unreadable

        reference = os.environ.get(self.variable)
        if reference:
            return read_secret(reference)
        local = self.variable.removeprefix("SKYLOOM_SECRET_")
        if local not in os.environ:
            raise unreadable(self.name, f"${local} is not set")
        return os.environ[local]


Resource = Bucket | Queue | Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailNotifier:
    """Tells people by mail.

    Attributes:
        address: whom.
        to: the audience it serves, as `approval(..., to="support-leads")` names it; None serves every approval whose
            audience has no notifier of its own.
        alarms: whether alarms (failed runs and functions) go there too.
        approvals: whether approvals do.
    """

    address: str
    to: str | None = None
    alarms: bool = False
    approvals: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookNotifier:
    """Tells a chat or a ticket system: a POST of JSON with `text`, `app`, `run`, `step` and, for approvals, `url`.

    Attributes:
        url: the secret that holds the address; who knows it can post there.
        to: as in `EmailNotifier`.
        alarms: as in `EmailNotifier`.
        approvals: as in `EmailNotifier`.
    """

    url: Secret
    to: str | None = None
    alarms: bool = False
    approvals: bool = True


Notifier = EmailNotifier | WebhookNotifier


def variable_of(kind: str, name: str) -> str:
    """The environment variable of a resource: `SKYLOOM_BUCKET_INBOX`."""
    return f"SKYLOOM_{kind}_{re.sub(r'[^A-Z0-9]', '_', name.upper())}"
