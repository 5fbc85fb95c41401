"""The constructs a flow is written with, besides Python itself and calls of tasks, prompts and flows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Never, TypeVar, overload

from skyloom.flows import session

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")
T1 = TypeVar("T1")
T2 = TypeVar("T2")
T3 = TypeVar("T3")
T4 = TypeVar("T4")
T5 = TypeVar("T5")
T6 = TypeVar("T6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision(Generic[T]):
    """What people decided on an `approval`.

    Attributes:
        approved: yes or no.
        comment: what the person wrote; "timed out" when the default decided.
        by: who decided; empty when the default did.
        answer: the filled-in form, where the approval has one and was answered with it.
    """

    approved: bool
    comment: str = ""
    by: str = ""
    answer: T | None = None

    def __bool__(self) -> bool:
        # An object is true, and a rejection that counts as true is an approval.
        raise TypeError("a decision is neither true nor false; ask .approved")


@overload
def approval(
    message: str, *, show: Any = ..., to: str | None = ..., timeout: float | None = ..., default: bool | None = ...
) -> Decision[None]: ...
@overload
def approval(
    message: str,
    *,
    form: type[T],
    show: Any = ...,
    to: str | None = ...,
    timeout: float | None = ...,
    default: bool | None = ...,
) -> Decision[T]: ...
def approval(
    message: str,
    *,
    show: Any = None,
    to: str | None = None,
    timeout: float | None = None,
    default: bool | None = None,
    form: type | None = None,
) -> Decision[Any]:
    """Asks people for a decision and waits for it, for seconds or for weeks.

    Args:
        message: the question, in one line.
        show: any value the people should see to decide.
        to: the group or address to notify.
        timeout: seconds to wait; for ever where left out.
        default: the decision taken when `timeout` passes.
        form: a model that the person fills in; comes back as `Decision.answer`.

    Raises:
        ApprovalTimedOut: `timeout` passed and there is no `default`.
    """
    decision: Decision[Any] = session.required("approval").approval(message, show, to, timeout, default, form)
    return decision


@overload
def wait_for(event: str, *, key: str | None = ..., timeout: float | None = ...) -> Any: ...
@overload
def wait_for(event: str, payload: type[T], *, key: str | None = ..., timeout: float | None = ...) -> T: ...
def wait_for(event: str, payload: Any = Any, *, key: str | None = None, timeout: float | None = None) -> Any:
    """Waits for an event from outside and gives its payload.

    Args:
        event: the event's name.
        payload: the type of the payload.
        key: tells apart events of one name, such as an order number.
        timeout: seconds to wait; for ever where left out.

    Raises:
        EventTimedOut: `timeout` passed.
    """
    return session.required("wait_for").wait_for(event, payload, key, timeout)


def emit(event: str, payload: Any = None, *, key: str | None = None) -> None:
    """Publishes an event for the world outside. Waits for nothing, and reaches no `wait_for` of the same run."""
    session.required("emit").emit(event, payload, key)


# mypy refuses the result of a function that returns `None` as an argument, as in `race(sleep(60), wait_for("paid"))`.
# `Never | None` is the same type and passes.
def sleep(seconds: float) -> Never | None:  # noqa: RUF020
    """Waits. In a scripted test the clock moves on at once."""
    session.required("sleep").sleep(seconds)
    return None


@overload
def parallel(a: T1, b: T2, /) -> tuple[T1, T2]: ...
@overload
def parallel(a: T1, b: T2, c: T3, /) -> tuple[T1, T2, T3]: ...
@overload
def parallel(a: T1, b: T2, c: T3, d: T4, /) -> tuple[T1, T2, T3, T4]: ...
@overload
def parallel(a: T1, b: T2, c: T3, d: T4, e: T5, /) -> tuple[T1, T2, T3, T4, T5]: ...
@overload
def parallel(a: T1, b: T2, c: T3, d: T4, e: T5, f: T6, /) -> tuple[T1, T2, T3, T4, T5, T6]: ...
@overload
def parallel(*branches: T) -> tuple[T, ...]: ...
def parallel(*branches: Any) -> tuple[Any, ...]:
    """Runs its arguments side by side and gives their results, in order.

    Each argument is a branch: the calls in it belong to it. Errors are as if the branches ran in order: the first
    failing branch in order decides, and later ones are cancelled. A plain call runs the branches one after the other.
    """
    session.required("parallel")
    return branches


@overload
def race(a: T1, b: T2, /) -> T1 | T2: ...
@overload
def race(a: T1, b: T2, c: T3, /) -> T1 | T2 | T3: ...
@overload
def race(a: T1, b: T2, c: T3, d: T4, /) -> T1 | T2 | T3 | T4: ...
@overload
def race(*branches: T) -> T: ...
def race(*branches: Any) -> Any:
    """Runs its arguments side by side; the first to end, with a result or an error, decides, the others are cancelled.

    A plain call runs the branches one after the other on one clock (see `skyloom.flows.testing.script`) and takes the
    quickest; at a tie, the first. There a branch that raises ends the race at once.
    """
    return session.required("race").race(branches)


def each(items: Iterable[T], /, *, limit: int) -> list[T]:
    """The items of a parallel map, at most `limit` at once: `[draft(a) for a in each(articles, limit=8)]`."""
    if limit < 1:
        raise ValueError("each() needs a limit of at least 1")
    return list(items)


def now() -> datetime:
    """The time, in UTC. Taken once and recorded: a resumed run sees the same."""
    moment: datetime = session.required("now").now()
    return moment


def uuid() -> str:
    """A random UUID (36 characters). Taken once and recorded: a resumed run sees the same."""
    return session.required("uuid").uuid()


def sha256(text: str) -> str:
    """The SHA-256 of the text's UTF-8 bytes, as 64 lower-case hexadecimal digits."""
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
