"""The figures of a complete run, and their section in the documentation."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fuzz.engines import ENGINES
from fuzz.total import Total, counted

BEGIN, END = "<!-- fuzz: begin -->", "<!-- fuzz: end -->"
"""Between these `make fuzz WRITE=...` writes its figures."""
TITLES = {"inline": "interpreter", "prefect": "Prefect", "aws": "AWS", "gcp": "Google Cloud", "azure": "Azure"}


@dataclass(frozen=True)
class Run:
    """A run of the fuzzer that tried the programs of all its seeds on all engines."""

    date: datetime.date
    seeds: range
    workers: int
    seconds: float
    total: Total


def markdown(run: Run) -> str:
    """The figures as Markdown."""
    total, runs = run.total, run.total.errors.total()
    return "\n".join(
        [
            f"{run.date}: {total.programs:,} programs (`SEED={run.seeds.start} N={len(run.seeds)}`) in"
            f" {run.seconds / 60:.0f} minutes, in {run.workers} processes. The front end refuses"
            f" {total.refusing['front end']:,} of them, on all engines alike: {_codes(total, 'front end')}."
            f" The others ran {runs:,} times in plain Python; {runs - total.errors['']:,} of these runs ended with an"
            f" error: {counted(total.errors) or 'none'}. {total.endless} inputs let values grow until memory or time"
            f" is over, in plain Python already. Disagreements: {total.disagreeing} programs.",
            "",
            "| engine | runs that agree | runs left open | programs refused | by code | programs it disagrees about |",
            "|---|---:|---:|---:|---|---:|",
            *(_row(name, total) for name in ENGINES),
        ]
    )


def _row(name: str, total: Total) -> str:
    numbers = f"{total.ran[name]:,} | {total.open[name]:,} | {total.refusing[name]:,}"
    return f"| {TITLES[name]} | {numbers} | {_codes(total, name)} | {total.against[name]:,} |"


def _codes(total: Total, who: str) -> str:
    return counted(Counter({code: number for (by, code), number in total.refused.items() if by == who})) or "none"


def write(run: Run, page: Path) -> None:
    """Puts the figures between the markers of the page. Raises ValueError where it has none."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {BEGIN} and {END}")
    page.write_text(f"{before}{BEGIN}\n{markdown(run)}\n{END}{after}", encoding="utf-8")
