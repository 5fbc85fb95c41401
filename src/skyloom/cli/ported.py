"""The portability report of `skyloom check --targets`: what each cloud makes of each flow, for people and programs."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from skyloom.cli.output import diagnostic_json, duration, say, show, show_diagnostics, show_table
from skyloom.errors import Diagnostic, UserError
from skyloom.flows.graph.labels import shorten
from skyloom.flows.outcome import Json

if TYPE_CHECKING:
    from skyloom.deployers.base import Explanation
    from skyloom.deployers.measures import Measure
    from skyloom.deployers.portability import Portability

_VERDICTS = {
    "native": "runs natively",
    "errors": "runs natively; errors by the helper",
    "helper": "runs with the helper function",
    "refused": "refused",
}
_WHOLE = "(the app)"
_WIDEST = 48
"""Characters of an expression in a table; `--json` has all."""


def ported(
    file: Path, app: str | None, targets: str, environment: str | None, runs: int | None = None
) -> tuple[Portability, ...]:
    """What the clouds make of the flows of a file. `runs`: so many recorded runs of each flow tell of sizes.

    Raises:
        CheckFailed: the file cannot be imported, or its app is wrong.
        ConfigError: SKY640, there is no such target.
        UserError: SKY770, no target is named; SKY521, the file has several apps; SKY772, there are no recorded runs.
    """
    from skyloom.cli.recorded import recorded_runs
    from skyloom.deployers.functions import load_app
    from skyloom.deployers.portability import portability
    from skyloom.flows.config import DEFAULT_ENVIRONMENT

    named = dict.fromkeys(name.strip() for name in targets.split(",") if name.strip())
    if not named:
        raise UserError(Diagnostic("SKY770", "--targets names no cloud", "command line", hint="aws,azure,gcp"))
    chosen = environment or os.environ.get("SKYLOOM_ENV") or DEFAULT_ENVIRONMENT
    with redirect_stdout(sys.stderr):
        loaded = load_app(file, app)
        recorded = () if runs is None else recorded_runs(loaded, runs)
        return tuple(one for target in named for one in portability(loaded, target, chosen, recorded))


# --- for programs -----------------------------------------------------------------------------------------------------


def report_json(one: Portability) -> Json:
    """One flow in one cloud. `flow` is null where the app as a whole is meant."""
    return {
        "target": one.target,
        "flow": one.flow or None,
        "verdict": one.verdict,
        "helper": [_helped_json(helped) for helped in one.helped],
        "refused": [diagnostic_json(diagnostic) for diagnostic in one.refusals],
        "advice": [diagnostic_json(diagnostic) for diagnostic in one.advice],
        "near": [_measure_json(measure) for measure in one.near],
        "waiting": [_measure_json(measure) | {"from": measure.waits_from} for measure in one.waiting],
        "unbounded": [
            {"of": measure.of, "place": measure.place, "limit": measure.limit.what} for measure in one.unbounded
        ],
        "rounds": [
            _measure_json(measure) | {"rounds": measure.rounds, "items": measure.items} for measure in one.rounds
        ],
    }


def _helped_json(one: Explanation) -> Json:
    return {
        "place": one.place,
        "name": one.name,
        "expression": one.expression,
        "only_errors": one.only_errors,
        "why": one.why,
        "cost": one.cost,
    }


def _measure_json(measure: Measure) -> dict[str, Json]:
    return {
        "limit": measure.limit.what,
        "value": measure.value,
        "known": measure.known,
        "most": measure.limit.value,
        "unit": measure.limit.unit,
        "share": round(measure.share, 3),
        "of": measure.of or None,
        "place": measure.place or None,
        "run": measure.run or None,
        "source": measure.limit.source,
    }


# --- for people -------------------------------------------------------------------------------------------------------


def show_report(found: Sequence[Portability]) -> None:
    """A table of flows and clouds, what the helper function does, limits that are near; refusals on stderr."""
    if not found:
        return
    rows = ((one.flow or _WHOLE, one.target, *_summary(one)) for one in found)
    show_table(("FLOW", "TARGET", "RUNS", "HELPER", "LIMITS NEAR", "OPEN LOOPS"), rows)
    _show_part(
        "what the helper function does", ("FLOW", "TARGET", "PLACE", "EXPRESSION", "COSTS", "WHY"), _helped(found)
    )
    _show_part("limits that are near", ("FLOW", "TARGET", "PLACE", "LIMIT", "VALUE", "MOST"), _near(found))
    waits = ("FLOW", "TARGET", "PLACE", "VALUE", "SIZE", "WAITS", "MOST")
    _show_part("large values that wait in the bucket, while pointers travel", waits, _waiting(found))
    heads = ("FLOW", "TARGET", "PLACE", "LIMIT", "A ROUND TAKES", "FULL AFTER")
    _show_part("loops and maps whose length only a run knows", heads, _rounds(found))
    _show_sources(found)
    _say_unbounded(found)
    _say_diagnostics(found)


def _say_unbounded(found: Sequence[Portability]) -> None:
    """What is not told, and how it can be."""
    values = {(measure.place, measure.of) for one in found for measure in one.unbounded}
    if values:
        many = f"{len(values)} values have" if len(values) > 1 else "1 value has"
        say(f"sizes: {many} no bound (`max_length`), and no run that is measured has them (`--runs N`)")


def _say_diagnostics(found: Sequence[Portability]) -> None:
    """Every refusal and advice once for each cloud, below the flows that it is about."""
    told: dict[tuple[str, str, Diagnostic], list[str]] = {}
    for one in found:
        for kind, diagnostics in (("refuses", one.refusals), ("on", one.advice)):
            for diagnostic in diagnostics:
                told.setdefault((one.target, kind, diagnostic), []).append(one.flow or _WHOLE)
    before = ""
    for (target, kind, diagnostic), flows in told.items():
        names = ", ".join(dict.fromkeys(flows))
        head = f"{target} refuses {names}:" if kind == "refuses" else f"{names} on {target}:"
        if head != before:
            say()
            say(head, "bold")
        before = head
        show_diagnostics([diagnostic])
    if told:
        say()


def _summary(one: Portability) -> tuple[str, str, str, str]:
    verdict = _VERDICTS[one.verdict]
    if one.refusals:
        verdict += f": {', '.join(dict.fromkeys(diagnostic.code for diagnostic in one.refusals))}"
    elif not one.flow:
        verdict = ", ".join(dict.fromkeys(diagnostic.code for diagnostic in one.advice)) or "-"
    return verdict, str(len(one.helped) or "-"), str(len(one.near) or "-"), str(len(one.rounds) or "-")


def _show_part(title: str, headers: Sequence[str], rows: Iterator[tuple[str, ...]]) -> None:
    listed = list(rows)
    if listed:
        show()
        show(title, "bold")
        show_table(headers, listed)


def _helped(found: Sequence[Portability]) -> Iterator[tuple[str, ...]]:
    """Expressions of which all is alike stand in one row."""
    for one in found:
        rows = Counter((helped.place, helped.expression, helped.cost, helped.why) for helped in one.helped)
        for (place, expression, cost, why), many in rows.items():
            each = f"{cost}, for each of {many} expressions" if many > 1 else cost
            yield one.flow, one.target, place, shorten(expression, _WIDEST), each, why


def _near(found: Sequence[Portability]) -> Iterator[tuple[str, ...]]:
    for one in found:
        for measure in one.near:
            what = f"{measure.limit.what} ({measure.of})" if measure.of else measure.limit.what
            value, most = f"{measure.value:,.10g}", str(measure.limit)
            if measure.limit.is_time:
                value, most = duration(measure.value), duration(measure.limit.value)
            known = f"{_up_to(measure)}{value} {_known(measure)}, {measure.share:.0%}"
            yield one.flow or _WHOLE, one.target, measure.place, what, known, most


def _waiting(found: Sequence[Portability]) -> Iterator[tuple[str, ...]]:
    for one in found:
        for measure in one.waiting:
            value = f"{_up_to(measure)}{measure.value:,.0f} {measure.limit.unit} {_known(measure)}"
            bucket = f"in the bucket, from {measure.waits_from:,} {measure.limit.unit} on"
            yield one.flow, one.target, measure.place, measure.of, value, bucket, str(measure.limit)


def _up_to(measure: Measure) -> str:
    """What is declared of a value is how large it may be; times are as declared."""
    return "up to " if measure.known == "declared" and measure.limit.unit == "bytes" else ""


def _known(measure: Measure) -> str:
    return f"{measure.known} in {measure.run}" if measure.run else measure.known


def _rounds(found: Sequence[Portability]) -> Iterator[tuple[str, ...]]:
    for one in found:
        for measure in one.rounds:
            assert measure.rounds is not None
            takes = f"at least {measure.value:,.0f} of {measure.limit}"
            full = f"at most {measure.rounds:,} rounds"
            if measure.items > 1:
                full += f" of {measure.items} items"
            yield one.flow, one.target, measure.place, measure.limit.what, takes, full


def _measures(one: Portability) -> tuple[Measure, ...]:
    return (*one.near, *one.waiting, *one.rounds)


def _show_sources(found: Sequence[Portability]) -> None:
    """Lines, not a table: an address that is folded cannot be opened."""
    limits = dict.fromkeys((one.target, near.limit) for one in found for near in _measures(one))
    if limits:
        show()
        show("where limits stand", "bold")
    for target, limit in limits:
        show(f"{target}  {limit.what}: {limit.source}")
