"""Every error Skyloom raises, and the diagnostics that carry a user's mistakes.

Exception
└── SkyloomError
    ├── UserError                what the user wrote is wrong: exit code 2, never a traceback
    │   ├── CheckFailed          a flow does not compile; carries every diagnostic of the file
    │   ├── InvalidInput         the input does not fit the flow's signature
    │   └── ConfigError          skyloom.toml, the environment or an extra is missing or wrong
    ├── EngineError              the engine, its store or its server failed: nothing recorded is lost
    └── FlowError                the neutral errors a flow can meet on every engine
        ├── TaskFailed           a task broke its contract (its result is no JSON or not its annotated type)
        ├── PromptFailed         a model gave no usable answer within its repairs
        ├── TaskTimedOut         (also a TimeoutError)
        ├── FlowTimedOut         (also a TimeoutError)
        ├── ApprovalTimedOut     (also a TimeoutError)
        └── EventTimedOut        (also a TimeoutError)
BaseException
└── FlowCancelled                somebody stopped the run; `except Exception` does not catch it
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from skyloom.diagnostics import Diagnostic as Diagnostic
    from skyloom.diagnostics import Span as Span


class SkyloomError(Exception):
    """The root of everything Skyloom raises."""


class UserError(SkyloomError):
    """Something the user wrote or passed is wrong; `diagnostics` say what, where and how to mend it."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__("\n".join(d.render() for d in diagnostics))
        self.diagnostics: Sequence[Diagnostic] = diagnostics


class CheckFailed(UserError):
    """A flow does not compile."""


class InvalidInput(UserError):
    """The input does not fit the flow's signature."""


class ConfigError(UserError):
    """Configuration, environment or an installation extra is missing or wrong."""


class EngineError(SkyloomError):
    """The engine below the flow failed: its server, its store, its disk. What was recorded stays recorded."""


class FlowError(SkyloomError):
    """The root of the neutral errors: those a flow can meet, and catch, on every engine."""


class TaskFailed(FlowError):
    """A task broke its contract: what it returned is not JSON, or not of its annotated type."""


class PromptFailed(FlowError):
    """A model gave no usable answer: an error of the service, or no valid JSON within the allowed repairs."""


class TaskTimedOut(FlowError, TimeoutError):
    """A task or prompt ran longer than its `timeout`."""


class FlowTimedOut(FlowError, TimeoutError):
    """A flow ran longer than its `timeout`. It stops where it stands: its own `except` and `finally` do not run."""


class ApprovalTimedOut(FlowError, TimeoutError):
    """Nobody decided before the approval's `timeout`, and it has no default."""


class EventTimedOut(FlowError, TimeoutError):
    """The event that `wait_for` waited for did not arrive before its `timeout`."""


class FlowCancelled(BaseException):
    """Somebody stopped the run. Not an `Exception`: a flow cannot swallow it."""


def __getattr__(name: str) -> Any:
    # A function that runs one task meets no diagnostics, and starts sooner without them.
    if name not in ("Diagnostic", "Span"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from skyloom import diagnostics

    value = globals()[name] = getattr(diagnostics, name)
    return value
