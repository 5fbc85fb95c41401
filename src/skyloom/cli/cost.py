"""`skyloom cost`: what 1,000 runs of a flow cost on each cloud, from a sample run and a dated list of prices."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.edge import MISTAKE
from skyloom.cli.inputs import read_object
from skyloom.cli.output import show_diagnostics, show_json
from skyloom.cli.run import JSON_HELP
from skyloom.cli.target import PLACE, Chosen, Environment, choose, split_app
from skyloom.errors import CheckFailed, Diagnostic, UserError
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.deployers.costing import Assumptions, Cost
    from skyloom.flows.definitions import Flow
    from skyloom.flows.sampling import Sample

_CLOUDS = "aws,azure,gcp"


def cost(
    source: Annotated[str, typer.Argument(metavar="FILE:FLOW", help="The flow, or the file of its app with --flow.")],
    to: Annotated[str, typer.Option("--to", "--targets", metavar="TARGETS", help="The clouds, or one.")] = _CLOUDS,
    given: Annotated[
        str, typer.Option("--input", "-i", metavar="JSON|@FILE|-", help="The input of the sample run.")
    ] = "{}",
    events: Annotated[
        list[str] | None, typer.Option("--event", metavar="NAME=JSON", help="An event that the sample run waits for.")
    ] = None,
    flow: Annotated[str | None, typer.Option("--flow", "-f", metavar="FLOW", help="The flow, of several.")] = None,
    task_seconds: Annotated[float, typer.Option(min=0, help="How long a call of a task or prompt takes.")] = 1.0,
    own_seconds: Annotated[
        float,
        typer.Option(
            min=0, help="How long a call of the app's own functions takes: helper, waits, emit, orchestrator."
        ),
    ] = 0.1,
    seconds: Annotated[
        list[str] | None, typer.Option("--seconds", metavar="NAME=SECONDS", help="The same of one of these, by name.")
    ] = None,
    prices: Annotated[
        list[str] | None,
        typer.Option("--price", metavar="TARGET:UNIT=DOLLARS", help="What one unit costs, in the place of the list."),
    ] = None,
    output_tokens: Annotated[int, typer.Option(min=0, help="How long the answer of a model is.")] = 500,
    environment: Environment = None,
    as_json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> None:
    """Say what 1,000 runs of a flow cost on each cloud, as far as that is known. Calls no cloud.

    Runs the flow once on this machine, tasks included: the calls it makes lead through what it is compiled to, whose
    billed units are counted. Approvals are given. Exit code: 0, or 2 where a cloud refuses the flow or is not
    counted.
    """
    arguments = read_object(given, "--input")
    chosen = [_chosen(target, source, flow, environment) for target in _targets(to)]
    picked = _flow(chosen[0], flow, source)
    assumed = replace(
        _assumed(task_seconds, own_seconds, seconds or (), output_tokens, picked), prices=dict(_prices(prices or ()))
    )
    from skyloom.cli.cost_report import document, show_report
    from skyloom.flows.sampling import sample

    with redirect_stdout(sys.stderr):
        seen = sample(picked, arguments, _events(events or ()))
    found: list[Cost] = []
    refused: dict[str, Sequence[Diagnostic]] = {}
    for one in chosen:
        try:
            found.append(_counted(one, picked, seen, assumed, source))
        except (CheckFailed, UserError) as error:
            if len(chosen) == 1:
                raise
            refused[one.deployer.target] = error.diagnostics
    if as_json:
        show_json(document(picked.name, found, refused, seen, assumed))
    else:
        show_report(picked.name, found, refused, seen, assumed)
        show_diagnostics(dict.fromkeys(diagnostic for those in refused.values() for diagnostic in those))
    if refused:
        raise typer.Exit(MISTAKE)


def _targets(given: str) -> Iterable[str]:
    named = dict.fromkeys(name.strip() for name in given.split(",") if name.strip())
    if not named:
        raise UserError(Diagnostic("SKY770", "--to names no cloud", PLACE, hint=_CLOUDS))
    return named


def _events(given: Iterable[str]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for text in given:
        name, _, payload = text.partition("=")
        try:
            found.setdefault(name, []).append(json.loads(payload))
        except ValueError:
            message = f"--event {text} has no JSON behind its name"
            raise UserError(Diagnostic("SKY777", message, PLACE, hint="--event 'payment={\"amount\": 3}'")) from None
    return found


def _chosen(target: str, source: str, flow: str | None, environment: str | None) -> Chosen:
    """The app that the flow is deployed with: `FILE:FLOW` means that of the file, where there is one."""
    file, name = split_app(source)
    if name is not None and flow is None:
        with suppress(UserError):
            whole = choose(target, str(file), environment)
            if whole.app is not None and any(one.name == name for one in whole.app.flows):
                return whole
    return choose(target, source, environment)


def _flow(chosen: Chosen, name: str | None, source: str) -> Flow[..., object]:
    if chosen.app is None:
        raise UserError(Diagnostic("SKY771", "a sample run needs the flow's source", source, hint="give its file"))
    flows = {one.name: one for one in chosen.app.flows}
    wanted = name or split_app(source)[1]
    if wanted in flows:
        return flows[wanted]
    if name is None and len(flows) == 1:
        return next(iter(flows.values()))
    message = f"there is no flow {name}" if name else "there are several flows"
    raise UserError(Diagnostic("SKY005" if name else "SKY006", message, source, hint=f"--flow {'|'.join(flows)}"))


def _assumed(
    task_seconds: float, own_seconds: float, given: Iterable[str], output_tokens: int, flow: Flow[..., object]
) -> Assumptions:
    from skyloom.deployers.costing import OWN, Assumptions

    program = flow.program
    return Assumptions(
        task_seconds=Decimal(str(task_seconds)),
        own_seconds=Decimal(str(own_seconds)),
        seconds=dict(_named(given, (*program.tasks, *program.prompts, *OWN))),
        output_tokens=output_tokens,
    )


def _prices(given: Iterable[str]) -> Iterator[tuple[tuple[str, str], Decimal]]:
    for text in given:
        named, _, number = text.rpartition("=")
        target, colon, unit = named.partition(":")
        dollars = _decimal(number)
        if not (target and colon and unit) or dollars is None:
            hint = "--price 'azure:scheduler actions=0.000001', with the unit as the report calls it"
            raise UserError(Diagnostic("SKY778", f"--price {text} is no price", PLACE, hint=hint))
        yield (target, unit), dollars


def _decimal(text: str) -> Decimal | None:
    """A number that is not negative."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None


def _named(given: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, Decimal]]:
    names = list(known)
    for text in given:
        name, _, number = text.partition("=")
        seconds = _decimal(number)
        if name not in names or seconds is None:
            message = f"--seconds {text} says no time of a function that is called"
            raise UserError(Diagnostic("SKY776", message, PLACE, hint=f"NAME=SECONDS, with {', '.join(names)}"))
        yield name, seconds


def _counted(chosen: Chosen, flow: Flow[..., object], seen: Sample, assumed: Assumptions, source: str) -> Cost:
    """What the cloud charges.

    Raises:
        CheckFailed, ConfigError: the app does not compile for it.
        UserError: SKY773, SKY775: what was compiled cannot be counted.
    """
    from skyloom.deployers.charging import NotCounted
    from skyloom.deployers.costing import cost as costs
    from skyloom.flows.config import load_config

    assert chosen.app is not None
    target = chosen.deployer.target
    config = load_config(chosen.file, chosen.environment, known=chosen.app.environments)
    try:
        found = costs(target, flow.name, chosen.compiled().charges, seen, config, assumed)
    except NotCounted as problem:
        message = f"what runs of {flow.name} are charged for on {target} is not known: {problem}"
        raise UserError(Diagnostic("SKY775", message, source)) from None
    if found is None:
        message = f"what {flow.name} was compiled to for {target} has no way with the calls of the sample run"
        hint = "is one of its flows stopped by its timeout, or decided by a race? That is not always followed"
        raise UserError(Diagnostic("SKY773", message, source, hint=hint))
    return found
