"""`skyloom conformance`: the cases of the language, on the engine of a deployer."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyloom.cli.edge import FAILED
from skyloom.cli.output import say, show_table, show_text
from skyloom.errors import Diagnostic, UserError

if TYPE_CHECKING:
    from skyloom.conformance.capabilities import Capability
    from skyloom.conformance.outcomes import Outcomes


def conformance(
    deployer: Annotated[str, typer.Option("--deployer", metavar="NAME", help="A deployer that brings an engine.")],
    cases: Annotated[
        str, typer.Option("--cases", metavar="PATTERN", help="Only cases whose names fit: 'approving/*'.")
    ] = "*",
    longest: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="How long a case may take on the engine.")
    ] = 600,
    longest_deploy: Annotated[
        float,
        typer.Option("--deploy-timeout", metavar="SECONDS", min=1, help="How long deploying a file of cases may take."),
    ] = 1800,
    required: Annotated[
        str, typer.Option("--require", metavar="CAPABILITIES", help="What the engine must carry: map,events.")
    ] = "",
    detailed: Annotated[bool, typer.Option("--detailed", help="A line for each case.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the tables as a page, too.")
    ] = None,
) -> None:
    """Try every case of the language on a deployer's engine, beside plain Python.

    The distribution of the deployer registers the engine in the group `skyloom.conformance`. Exit code: 0 all goes as
    the cases and the declared gaps say, 1 something differs, a required capability is not carried, or no case at all
    is, 2 there is no such engine, case or capability.
    """
    wanted = _capabilities(required)
    if out is not None and not out.parent.is_dir():
        raise UserError(Diagnostic("SKY610", f"there is no folder {out.parent}", "command line", hint="make it first"))
    with redirect_stdout(sys.stderr):
        outcomes, declared, many = _tried(deployer, cases, longest, longest_deploy)
    if as_json:
        from skyloom.conformance.outcomes import to_json

        show_text(to_json(outcomes).rstrip())
    else:
        _show(outcomes, detailed=detailed)
    if out is not None:
        from skyloom.conformance.tables import markdown

        out.write_text(f"# Conformance of {deployer}\n\n{markdown(outcomes)}\n", encoding="utf-8")
        say(f"wrote {out}")
    lacking = _lacking(outcomes, deployer, wanted, declared)
    for line in lacking:
        say(line, "red")
    carried = len(outcomes.carried(deployer))
    part = "" if len(outcomes.cases) == many else f", of {many} that there are"
    line = f"{carried} of {len(outcomes.cases)} cases carried{part}"
    say(line) if as_json else show_text(line)
    if outcomes.differences() or lacking or not (carried or part):
        raise typer.Exit(FAILED)


def _capabilities(named: str) -> list[Capability]:
    """Raises UserError."""
    from skyloom.conformance.capabilities import EVERYTHING

    names = [name.strip() for name in named.split(",") if name.strip()]
    unknown = [name for name in names if name not in EVERYTHING]
    if unknown:
        hint = f"there are {', '.join(sorted(EVERYTHING))}"
        raise UserError(Diagnostic("SKY610", f"there is no capability `{unknown[0]}`", "--require", hint=hint))
    return [one for one in sorted(EVERYTHING) if one in names]


def _lacking(
    outcomes: Outcomes, engine: str, wanted: Sequence[Capability], declared: frozenset[Capability]
) -> list[str]:
    """A line for each required capability that the engine does not carry."""
    from skyloom.conformance import suite
    from skyloom.conformance.capabilities import needed

    carried = set(outcomes.carried(engine))
    known = {name: case for found in suite.selected().values() for name, case in found.items()}
    lines = []
    for one in wanted:
        needing = [name for name in outcomes.cases if one in needed(known[name].flow.program)]
        if one not in declared:
            lines.append(f"required: {engine} does not declare `{one}`")
        elif not carried.intersection(needing):
            lines.append(f"required: of the {len(needing)} cases tried that need `{one}`, {engine} carries none")
    return lines


def _tried(
    deployer: str, pattern: str, longest: float, longest_deploy: float
) -> tuple[Outcomes, frozenset[Capability], int]:
    """The outcomes, what the engine declares, and how many cases there are. Raises UserError, ConfigError."""
    import datetime
    import tempfile

    from skyloom import __version__
    from skyloom.conformance import registry, running, suite
    from skyloom.conformance.outcomes import Outcome, Outcomes

    everything = suite.selected()
    names = [name for found in everything.values() for name in found]
    with tempfile.TemporaryDirectory(prefix="skyloom-conformance-") as folder:
        engine = registry.engine(deployer, Path(folder), names)
        wanted = suite.selected(pattern)
        if not wanted:
            hint = "names are `file/case`: 'approving/*', '*/word_table'"
            raise UserError(Diagnostic("SKY610", f"no case is called `{pattern}`", "command line", hint=hint))
        found: dict[str, dict[str, Outcome]] = {}
        for case, row in running.outcomes_of(deployer, engine, wanted, longest=longest, longest_deploy=longest_deploy):
            found[case] = row
            if row[deployer].verdict == "differs":
                say(f"{case} differs")
        declared = engine.capabilities
    outcomes = Outcomes(
        engines=(running.PLAIN, deployer),
        cases=found,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        version=__version__,
    )
    return outcomes, declared, len(names)


def _show(outcomes: Outcomes, *, detailed: bool) -> None:
    from skyloom.conformance import tables

    if detailed:
        show_table(tables.headers(outcomes, "case"), tables.by_case(outcomes))
        show_text("")
    show_table(tables.headers(outcomes), tables.by_file(outcomes))
    for line in tables.told(outcomes):
        show_text(line)
