"""Where steps of workflows stand: where they go on, and what is known of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skyloom.deployers.charging import Call as Made
from skyloom.deployers.charging import NotCounted, Way, Work
from skyloom.deployers.fused import FusedTask
from skyloom.deployers.gcp.charging_own import ENTERING, MAIN, function_of
from skyloom.deployers.gcp.steps import Case


@dataclass(frozen=True, slots=True)
class Inside:
    """What the steps of a call take until it returns, and until it raises an error; None where it never does."""

    returns: int | None
    raises: int | None


@dataclass(frozen=True, slots=True)
class Called:
    """What a call of a step is billed, what is at work, which call of the flow it is, what the helper evaluates; the
    calls that share the invocation, where several do; and what its own steps take, where they stand elsewhere."""

    units: Mapping[str, int]
    works: tuple[Work, ...] = ()
    call: Made | None = None
    expression: str = ""
    fused: FusedTask | None = None
    inside: Inside | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where steps stand: where they go on, by name and at their end; where a `return` and an error lead.

    Attributes:
        result: the variable that a `return` sets where it leads to.
        scope: what tells the variables of this call of a subworkflow from those of others.
        inside: the subworkflows that these steps are inside of, the innermost last.
        parts: the part of another run that this execution is, last, and those that it is itself started by.
    """

    after: str
    returned: str
    failed: str
    jumps: Mapping[str, str] = field(default_factory=dict)
    result: str | None = None
    scope: str = ""
    inside: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


def chosen(cases: Sequence[Case], place: Place) -> tuple[Sequence[Case], bool]:
    """The cases that may be true, and whether one of them is: it is known which part of another run an execution is."""
    part = place.parts[-1] if place.parts else None
    functions = [function_of(case) for case in cases]
    wanted = ENTERING if part is not None and ENTERING in functions else part
    if wanted is not None and place.inside[-1] in (ENTERING, MAIN) and wanted in functions:
        return (cases[functions.index(wanted)],), True
    kept = [case for case, function in zip(cases, functions, strict=True) if function != ENTERING]
    return kept, any(case.condition is True for case in kept)


def onward(name: str | None, place: Place) -> Way:
    """Where a step goes on that names its next one."""
    if name is None:
        return Way(place.after)
    if name == "end":
        return Way(place.returned)
    if name not in place.jumps:
        raise NotCounted(f"a step goes on with {name}, which is not there")
    return Way(place.jumps[name])
