"""How a state ends other than well, and which names in `Retry` and `Catch` stand for which error."""

from __future__ import annotations

from collections.abc import Iterable

Json = object


class StateFailure(Exception):
    """A state failed with an error that `Retry` and `Catch` may look at.

    `cause` is None where Step Functions gives none, as for a task that ran out of time. `heartbeat`: a heartbeat was
    missed, which `States.HeartbeatTimeout` matches although the error that is reported is `States.Timeout`.
    """

    def __init__(self, error: str, cause: str | None = None, *, heartbeat: bool = False) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
        self.heartbeat = heartbeat

    @property
    def output(self) -> dict[str, str]:
        """`$states.errorOutput`."""
        return {"Error": self.error} | ({} if self.cause is None else {"Cause": self.cause})


class Stopped(Exception):
    """The execution, or the branch, was ended from outside: nothing more happens in it."""


NOT_COVERED_BY_ALL = frozenset({"States.DataLimitExceeded", "States.Runtime"})


def matches(names: Iterable[str], failure: StateFailure) -> bool:
    """Whether a retrier or catcher with these `ErrorEquals` looks at the failure.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: `States.ALL` matches any known
    error but States.DataLimitExceeded and States.Runtime; `States.TaskFailed` any but States.Timeout.
    """
    for name in names:
        match name:
            case "States.ALL":
                found = failure.error not in NOT_COVERED_BY_ALL
            case "States.TaskFailed":
                found = failure.error not in {"States.Timeout", *NOT_COVERED_BY_ALL}
            case "States.HeartbeatTimeout":
                found = failure.heartbeat
            case _:
                found = False
        if found or name == failure.error:
            return True
    return False
