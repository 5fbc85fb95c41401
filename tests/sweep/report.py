"""What came of a sweep, and its section in the documentation."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sweep.tally import Tally

BEGIN, END = "<!-- sweep: begin -->", "<!-- sweep: end -->"
"""Between these `make sweep` writes its figures."""

COLUMNS = {
    "equal": "equal value",
    "error": "equal error",
    "handed": "handed over",
    "hoisted": "hoisted",
    "open": "left open",
}
MOST_REASONS = 12


@dataclass(slots=True)
class Report:
    """What came of a sweep.

    Attributes:
        forms: expressions that reached the engines.
        combinations: expressions with values.
        refused: expressions that the front end refuses, by code.
        engines: by name.
        seconds: how long it took.
    """

    forms: int = 0
    combinations: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    engines: dict[str, Tally] = field(default_factory=dict)
    seconds: float = 0.0


def markdown(report: Report) -> str:
    """The figures as Markdown."""
    lines = [
        f"{datetime.date.today()}: {report.forms:,} expressions with {report.combinations:,} combinations of values, in"
        f" {report.seconds / 60:.0f} minutes. {sum(report.refused.values()):,} further expressions are refused by the"
        f" front end, on all engines alike: {_counted(report.refused)}.",
        "",
        f"| engine | {' | '.join(COLUMNS.values())} | different |",
        f"|---|{'---:|' * (len(COLUMNS) + 1)}",
    ]
    for name, tally in report.engines.items():
        counts = " | ".join(f"{tally.counts[kind]:,}" for kind in COLUMNS)
        lines.append(f"| {name} | {counts} | {len(tally.different):,} |")
    for name, tally in report.engines.items():
        if tally.reasons and not name.endswith("-python"):
            lines += ["", f"Why {name.split(',')[0]} hoists, most combinations first:", "", *_reasons(tally)]
    return "\n".join(lines)


def _counted(codes: Counter[str]) -> str:
    return ", ".join(f"{code} {number:,}" for code, number in codes.most_common())


def _reasons(tally: Tally) -> list[str]:
    ordered = sorted(tally.reasons.items(), key=lambda item: (-item[1], item[0]))
    rows = [f"| {number:,} | {reason} |" for reason, number in ordered[:MOST_REASONS]]
    left = ordered[MOST_REASONS:]
    if left:
        rows.append(f"| {sum(number for _, number in left):,} | {len(left)} further reasons |")
    return ["| combinations | reason |", "|---:|---|", *rows]


def write(report: Report, page: Path) -> None:
    """Puts the figures between the markers of the page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{markdown(report)}\n{END}{after}", encoding="utf-8")
