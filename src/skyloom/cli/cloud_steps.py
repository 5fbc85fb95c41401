"""The steps of a run in a cloud on paper: one row a step, as those of a run on one's own machine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skyloom.cli.output import duration, iso
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.deployers.base import CloudStep

QUIET_KINDS = ("Choice", "Pass", "Succeed", "Fail")
"""Kinds of states that take no time and do no work: shown with --all only."""


def label(step: CloudStep) -> str:
    """What people call the step: its path without the flow in front; a state that is none of the flow's own steps by
    its name."""
    return step.path.partition("/")[2] or step.name


def shown(steps: Iterable[CloudStep], *, everything: bool) -> list[CloudStep]:
    """The steps worth a row; all states where `everything` is asked for."""
    return [step for step in steps if everything or step.path or step.kind not in QUIET_KINDS]


def rows(steps: Iterable[CloudStep], *, everything: bool) -> Iterable[tuple[str, str, str, str, str]]:
    """Step, kind, time, attempts, outcome. What a step of a map's body came to over all items stands in one row."""
    groups: dict[str, _Group] = {}
    for step in steps:
        name = label(step) if everything else re.sub(r"\[\d+\]", "[*]", label(step))
        # Two states of one name are two rows; two attempts to do a step are one.
        key = name if step.path else f"{name} {step.started if everything else ''}"
        groups.setdefault(key, _Group(name)).steps.append(step)
    return (group.row for group in groups.values())


@dataclass(slots=True)
class _Group:
    name: str
    steps: list[CloudStep] = field(default_factory=list)

    @property
    def row(self) -> tuple[str, str, str, str, str]:
        """The row of a table."""
        ended = [step.ended - step.started for step in self.steps if step.ended is not None]
        attempts = sum(step.attempts for step in self.steps)
        took = duration(sum(ended)) if len(ended) == len(self.steps) else ""
        return self.name, self.steps[0].kind.lower(), took, str(attempts or ""), self._outcome

    @property
    def _outcome(self) -> str:
        failed = [step.error for step in self.steps if step.error]
        going = sum(step.ended is None for step in self.steps)
        if len(self.steps) == 1:
            return failed[0] if failed else "under way" if going else "done"
        if failed:
            return f"{len(failed)} of {len(self.steps)} failed: {failed[0]}"
        return f"{going} of {len(self.steps)} under way" if going else f"{len(self.steps)} done"


def step_json(step: CloudStep) -> dict[str, Json]:
    """A step for programs: `step` is its path where it is one of the flow's own, `state` what the cloud calls it."""
    return {
        "step": step.path or step.name,
        "state": step.name,
        "kind": step.kind,
        "started": iso(step.started),
        "ended": iso(step.ended),
        "attempts": step.attempts,
        "error": step.error or None,
    }
