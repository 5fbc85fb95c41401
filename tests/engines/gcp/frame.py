"""Where a thread of an execution is: its routine, its variables, how deep it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engines.gcp.errors import Undocumented, Value
from engines.gcp.variables import Scope

if TYPE_CHECKING:
    from engines.gcp.execution import Execution


@dataclass(frozen=True)
class Frame:
    """A place in an execution; also what expressions ask for.

    Attributes:
        execution: The execution.
        routine: The name of the routine.
        scope: The variables.
        calls: Routines on the stack.
        parallel: Parallel steps around.
        parent: The number of the entry around.
    """

    execution: Execution
    routine: str
    scope: Scope
    calls: int = 1
    parallel: int = 0
    parent: int | None = None

    def environment(self, name: str) -> str | None:
        """The value of an environment variable."""
        return self.execution.environment.get(name)

    def now(self) -> float:
        """Seconds since the epoch, on the engine's clock."""
        return self.execution.clock.now()

    def new_id(self) -> str:
        """A fresh UUID."""
        return self.execution.new_id()

    def subworkflow(self, name: str, arguments: Sequence[Value]) -> Value:
        """Runs a subworkflow that an expression calls."""
        from engines.gcp.running import call_routine

        routine = self.execution.source.routines.get(name)
        if routine is None:
            raise Undocumented(f"there is no function {name}")
        return call_routine(routine, dict(zip(routine.parameters, arguments, strict=False)), self)

    def inside(self, scope: Scope, *, branch: bool = False, parent: int | None = None) -> Frame:
        """A place in a scope within this one."""
        return replace(self, scope=scope, parallel=self.parallel + branch, parent=parent or self.parent)
