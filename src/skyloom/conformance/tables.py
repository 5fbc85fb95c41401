"""Outcomes as tables: one line for each file of cases, or for each case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from skyloom.conformance.gaps import Gap
from skyloom.conformance.outcomes import Outcome, Outcomes, Verdict

_ORDER: tuple[Verdict, ...] = ("never", "notimpl", "notyet", "differs")
NOT_RUN = "-"

Row = tuple[str, ...]


def headers(outcomes: Outcomes, first: str = "file") -> Row:
    """The heads of columns."""
    return (first, "cases", *outcomes.engines) if first == "file" else (first, *outcomes.engines)


def by_file(outcomes: Outcomes) -> list[Row]:
    """A row for each file: how many cases, and how many of them each engine carries out as they say. The last row is
    the sum."""
    files: dict[str, list[str]] = {}
    for case in outcomes.cases:
        files.setdefault(case.partition("/")[0], []).append(case)
    rows = [_summed(file, cases, outcomes) for file, cases in files.items()]
    return [*rows, _summed("all", list(outcomes.cases), outcomes)]


def by_case(outcomes: Outcomes) -> list[Row]:
    """A row for each case."""
    return [
        (case, *(row[engine].verdict if engine in row else NOT_RUN for engine in outcomes.engines))
        for case, row in outcomes.cases.items()
    ]


def _summed(name: str, cases: Sequence[str], outcomes: Outcomes) -> Row:
    rows = [outcomes.cases[case] for case in cases]
    cells = (_cell([row[engine] for row in rows if engine in row]) for engine in outcomes.engines)
    return (name, str(len(cases)), *cells)


def _cell(found: Sequence[Outcome]) -> str:
    if not found:
        return NOT_RUN
    counted = Counter(outcome.verdict for outcome in found)
    others = [f"{counted[verdict]} {verdict}" for verdict in _ORDER if counted[verdict]]
    return ", ".join([str(counted["same"]), *others])


def gap_rows(outcomes: Outcomes) -> list[Row]:
    """A row for each reason: engine, kind, how many cases, reason, diagnostic, reference, cases."""
    found: dict[tuple[str, Gap], list[str]] = {}
    for case, engine, gap in outcomes.gaps():
        found.setdefault((engine, gap), []).append(case)
    return [
        (engine, gap.kind, str(len(cases)), gap.reason, gap.code, gap.reference, ", ".join(cases))
        for (engine, gap), cases in found.items()
    ]


def told(outcomes: Outcomes) -> list[str]:
    """A line for each reason why cases are not carried out as they say, and for each difference."""
    lines = [
        f"{kind} on {engine}, {many} cases: {reason} {f'({code}) ' if code else ''}[{reference}]"
        for engine, kind, many, reason, code, reference, _ in gap_rows(outcomes)
    ]
    return lines + [f"DIFFERS {case} on {engine}: {one.problem}" for case, engine, one in outcomes.differences()]


# --- as pages -------------------------------------------------------------------------------------------------------


def markdown(outcomes: Outcomes, link: Callable[[str], str] = str) -> str:
    """The tables as a part of a page: by file, gaps, differences, and every case.

    Args:
        link: makes of a gap's reference what the page shows.
    """
    steps = "; ".join(f"{engine} {seconds:.0f} s" for engine, seconds in outcomes.seconds.items())
    cells = sum(len(row) for row in outcomes.cases.values())
    parts = [
        f"Run on {outcomes.date} with Skyloom {outcomes.version}: {len(outcomes.cases)} cases, {cells} runs, "
        f"{len(outcomes.gaps())} gaps, {len(outcomes.differences())} differences."
        + (f" It took: {steps}." if steps else ""),
        "A number is that of cases which went as they say.",
        _table(headers(outcomes), by_file(outcomes)),
        "### Gaps",
        _gaps(outcomes, link),
        "### Differences",
        _differences(outcomes),
        "### Every case",
        *_details(outcomes),
    ]
    return "\n\n".join(parts)


def _gaps(outcomes: Outcomes, link: Callable[[str], str]) -> str:
    rows = [
        (engine, kind, many, " ".join(filter(None, (reason, code and f"({code})"))), link(reference), cases)
        for engine, kind, many, reason, code, reference, cases in gap_rows(outcomes)
    ]
    return _table(("engine", "kind", "cases", "reason", "reference", "which"), rows) if rows else "None."


def _differences(outcomes: Outcomes) -> str:
    rows = [(case, engine, outcome.problem) for case, engine, outcome in outcomes.differences()]
    return _table(("case", "engine", "what"), rows) if rows else "None."


def _details(outcomes: Outcomes) -> list[str]:
    files: dict[str, list[Row]] = {}
    for row in by_case(outcomes):
        file, _, name = row[0].partition("/")
        files.setdefault(file, []).append((name, *row[1:]))
    return [
        f"<details><summary>{file} ({len(rows)})</summary>\n\n{_table(headers(outcomes, 'case'), rows)}\n\n</details>"
        for file, rows in files.items()
    ]


def _table(heads: Row, rows: Iterable[Row]) -> str:
    lines = [_line(heads), "|" + "---|" * len(heads), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Row) -> str:
    return f"| {' | '.join(' '.join(cell.replace('|', chr(92) + '|').split()) for cell in cells)} |"
