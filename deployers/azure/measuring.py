"""How near the orchestrators and functions of an app come to the limits of Azure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from skyloom.deployers.azure.app_limits import MOST_BYTES, MOST_RESOURCES
from skyloom.deployers.azure.apps import SIZES
from skyloom.deployers.azure.limits import ATTEMPT, COUNTS, PAYLOAD, RUN, STEPS, constants
from skyloom.deployers.limits import Limit
from skyloom.deployers.measures import Measure, callees, lengths, longest, place_of, timeouts
from skyloom.flows.ir.program import Program

_TEMPLATES = "https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits"
_PLANS = "https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan#instance-sizes"
_RESOURCES = Limit("the template of an app", MOST_RESOURCES, "resources", _TEMPLATES)
_TEMPLATE = Limit("the template of an app", MOST_BYTES, "bytes", _TEMPLATES)
_MEMORY = Limit("the memory of a function", SIZES[-1], "MiB", _PLANS)


def measures(
    programs: Mapping[str, Program], compiled: Mapping[str, Program], resources: int, template: int
) -> Iterator[Measure]:
    """Of every flow and what it calls, then of the template: `template` are its bytes. `compiled`: the programs after
    the passes."""
    for name, program in programs.items():
        yield from lengths(name, compiled[name], STEPS, COUNTS)
        yield from longest(name, program.flow, RUN)
        given = max(constants(program.flow), key=lambda one: one[1], default=None)
        if given is not None:
            step, size = given
            place = place_of(program.flow.file, step.span)
            yield Measure(flow=name, limit=PAYLOAD, value=size, known="at least", of=step.id, place=place)
        for callee in callees(program):
            yield from timeouts(name, callee, ATTEMPT, 0, _MEMORY)
    yield Measure(flow="", limit=_RESOURCES, value=resources, known="measured")
    yield Measure(flow="", limit=_TEMPLATE, value=template, known="measured")
