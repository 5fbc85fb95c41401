"""What compiling an app tells its author, beside what it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from skyloom.errors import Diagnostic


class Telling(Protocol):
    """A compiled workflow, of whichever cloud."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]: ...


def told(workflows: Iterable[Telling]) -> tuple[Diagnostic, ...]:
    """What the workflows of an app tell, each once: flows that several of them run are compiled with each."""
    return tuple(dict.fromkeys(diagnostic for workflow in workflows for diagnostic in workflow.diagnostics))
