"""Who carries out the calls of a flow that runs as plain Python: the session of the current thread or asyncio task."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from skyloom.errors import SkyloomError

if TYPE_CHECKING:
    from skyloom.flows.definitions import Definition, Flow, Prompt, Task


class Session(Protocol):
    """What a flow's plain call needs carried out. Arguments come by parameter name, as Python values."""

    def call_task(self, task: Task[..., Any], arguments: dict[str, Any]) -> Any: ...
    def call_prompt(self, prompt: Prompt[..., Any], arguments: dict[str, Any]) -> Any: ...
    def call_flow(self, flow: Flow[..., Any], arguments: dict[str, Any]) -> Any: ...
    def approval(
        self, message: str, show: Any, to: str | None, timeout: float | None, default: bool | None, form: type | None
    ) -> Any: ...
    def wait_for(self, event: str, payload: Any, key: str | None, timeout: float | None) -> Any: ...
    def emit(self, event: str, payload: Any, key: str | None) -> None: ...
    def sleep(self, seconds: float) -> None: ...
    def race(self, results: tuple[Any, ...]) -> Any: ...
    def now(self) -> Any: ...
    def uuid(self) -> str: ...


_current: ContextVar[Session | None] = ContextVar("skyloom_session", default=None)


def current() -> Session | None:
    """The session that is active here, if a flow is running as plain Python."""
    return _current.get()


def required(construct: str) -> Session:
    """The active session. Raises SkyloomError outside a flow."""
    active = _current.get()
    if active is None:
        raise SkyloomError(f"{construct}() has a meaning inside a flow only; call it from a function marked @flow")
    return active


def start(definition: Definition[..., Any]) -> Session:
    """A new session for a plain call of `definition`."""
    from skyloom.flows.plain import PlainSession

    return PlainSession.for_call(definition)


@contextmanager
def active(session: Session | None) -> Iterator[None]:
    """Makes `session` the active one within the block; `None` while a task's body runs."""
    token = _current.set(session)
    try:
        yield
    finally:
        _current.reset(token)
