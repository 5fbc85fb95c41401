"""`skyloom cost`: what 1,000 runs of a flow cost, from a sample run and a dated list of prices."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.inputs import read_object
from skyloom.cli.output import say, show, show_json, show_table
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import Environment, choose, split_app
from skyloom.errors import Diagnostic, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.deployers.prices import Price
    from skyloom.flows.definitions import Flow
    from skyloom.flows.sampling import Sample

_RUNS = 1_000
_PLACE = "command line"
NOT_IN_IT = (
    "what models charge for their tokens",
    "attempts after the first one, logs, metrics, network, storage, keys, the API and its queues",
    "free tiers and discounts",
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One thing that is charged: how much of it 1,000 runs take, its price, and what that makes in dollars."""

    unit: str
    number: Decimal
    price: Price | None

    @property
    def dollars(self) -> Decimal | None:
        return None if self.price is None else self.price.of(self.number)


def cost(
    source: Annotated[str, typer.Argument(metavar="FILE:FLOW", help="The flow, or the file of its app with --flow.")],
    to: Annotated[str, typer.Option("--to", metavar="TARGET", help="The cloud.")] = "aws",
    given: Annotated[
        str, typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="The input of the sample run.")
    ] = "{}",
    flow: Annotated[str | None, typer.Option("--flow", "-f", metavar="FLOW", help="The flow, of several.")] = None,
    task_seconds: Annotated[float, typer.Option(min=0, help="How long a call of a function takes.")] = 1.0,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Say what 1,000 runs of a flow cost in a cloud at least. Calls no cloud.

    Runs the flow once on this machine, tasks included: the calls it makes lead through the compiled definition, whose
    billed units are counted. Approvals are given. So far for AWS.
    """
    arguments = read_object(given, "--input")
    chosen = choose(to, source, environment)
    if chosen.app is None:
        raise UserError(Diagnostic("SKY771", "a sample run needs the flow's source", source, hint="give its file"))
    picked = _flow({one.name: one for one in chosen.app.flows}, flow, source)
    graph = chosen.compiled().graphs.get(picked.name)
    if graph is None:
        message = f"what runs of {picked.name} are charged on {to} is not counted"
        hint = "counted are Standard workflows of Step Functions: --to aws"
        raise UserError(Diagnostic("SKY772", message, source, hint=hint))
    from skyloom.deployers.charging import billed
    from skyloom.flows.sampling import sample

    with redirect_stdout(sys.stderr):
        seen = sample(picked, arguments)
    units = billed(graph, seen.calls, failed=seen.error is not None)
    if units is None:
        message = f"the compiled definition of {picked.name} has no way with the calls of the sample run"
        hint = "races, and flows that are stopped by their timeout, are not followed"
        raise UserError(Diagnostic("SKY773", message, source, hint=hint))
    lines = list(_lines(to, units, Decimal(str(task_seconds))))
    assumptions = _assumptions(seen, task_seconds)
    if as_json:
        show_json(_document(picked.name, to, lines, assumptions))
    else:
        _show(picked.name, to, lines, assumptions)


def _flow(flows: dict[str, Flow[..., object]], name: str | None, source: str) -> Flow[..., object]:
    wanted = name or split_app(source)[1]
    if wanted in flows:
        return flows[wanted]
    if name is None and len(flows) == 1:
        return next(iter(flows.values()))
    message = f"there is no flow {name}" if name else "there are several flows"
    raise UserError(Diagnostic("SKY005" if name else "SKY006", message, source, hint=f"--flow {'|'.join(flows)}"))


def _lines(target: str, units: Counter[str], seconds: Decimal) -> Iterator[_Line]:
    from skyloom.deployers.charging import MEMORY_SECONDS
    from skyloom.deployers.prices import price

    for unit, number in sorted(units.items()):
        many = Decimal(number) * _RUNS
        if unit.startswith(MEMORY_SECONDS):
            unit, many = unit.replace(MEMORY_SECONDS, "GB-seconds on"), many * seconds / 1024
        yield _Line(unit, many, price(target, unit))


def _assumptions(seen: Sample, task_seconds: float) -> list[str]:
    ended = "ended well" if seen.error is None else f"ended with {seen.error}"
    return [
        f"every run makes the {len(seen.calls)} calls of the sample run, which {ended}",
        "where several ways through the definition make these calls, the cheapest one",
        f"each call of a function takes {task_seconds:g} s",
    ]


def _total(lines: list[_Line]) -> Decimal:
    return sum((line.dollars for line in lines if line.dollars is not None), Decimal(0))


def _document(flow: str, target: str, lines: list[_Line], assumptions: list[str]) -> Json:
    from skyloom.deployers.prices import READ

    return {
        "flow": flow,
        "target": target,
        "runs": _RUNS,
        "dollars": float(_total(lines)),
        "prices": READ,
        "charged": [
            {
                "unit": line.unit,
                "number": float(line.number),
                "dollars": None if line.dollars is None else float(line.dollars),
                "region": None if line.price is None else line.price.region,
                "source": None if line.price is None else line.price.source,
                "read_at": (line.price.read_at or None) if line.price is not None else None,
            }
            for line in lines
        ],
        "assumptions": list[Json](assumptions),
        "not_in_it": list[Json](NOT_IN_IT),
    }


def _show(flow: str, target: str, lines: list[_Line], assumptions: list[str]) -> None:
    from skyloom.deployers.prices import READ

    show(f"{flow} on {target}: ${_total(lines):,.4f} for {_RUNS:,} runs at least", "bold")
    show_table(("CHARGED", "NUMBER", "DOLLARS", "PRICE", "REGION", "SOURCE"), map(_cells, lines))
    show()
    for text in (*(f"assumed: {one}" for one in assumptions), *(f"not in it: {one}" for one in NOT_IN_IT)):
        show(text)
    show(f"list prices as read on {READ}")
    if any(line.price is None for line in lines):
        say("what has no price is not in the sum", "yellow")


def _cells(line: _Line) -> tuple[str, ...]:
    number = f"{line.number:,.10g}"
    if line.price is None or line.dollars is None:
        return line.unit, number, "no price", "", "", ""
    per = "" if line.price.per == 1 else f" for {line.price.per:,}"
    told = f" (as told by {line.price.read_at})" if line.price.read_at else ""
    cost_of_one = f"${line.price.dollars}{per}"
    return line.unit, number, f"{line.dollars:,.4f}", cost_of_one, line.price.region, f"{line.price.source}{told}"
