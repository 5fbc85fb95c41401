"""What became of each case on each engine, and its form as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from skyloom.conformance.gaps import Gap

FORMAT = 1
"""The version of the JSON form."""

Verdict = Literal["same", "notimpl", "notyet", "never", "differs"]
"""`same`: as the case says. `differs`: not so, and no gap says why. The others: a gap, and it is as it says."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case on an engine. `gap` where one is the verdict; `problem` where it differs."""

    verdict: Verdict
    gap: Gap | None = None
    problem: str = ""


SAME = Outcome("same")


def of_gap(gap: Gap) -> Outcome:
    """The gap is as it says."""
    return Outcome(gap.kind, gap)


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """One run of cases.

    Attributes:
        engines: their names, in the order of columns.
        cases: by case (`file/case`) and engine.
        date: when, as 2026-11-21.
        version: of Skyloom.
        seconds: how long each engine took for all of its cases, where it was measured.
    """

    engines: tuple[str, ...]
    cases: Mapping[str, Mapping[str, Outcome]]
    date: str
    version: str
    seconds: Mapping[str, float] = field(default_factory=dict)

    def differences(self) -> list[tuple[str, str, Outcome]]:
        """Case, engine and outcome of all that differs."""
        return [found for found in self._found() if found[2].verdict == "differs"]

    def gaps(self) -> list[tuple[str, str, Gap]]:
        """Case, engine and gap of all that a gap explains."""
        return [(case, engine, outcome.gap) for case, engine, outcome in self._found() if outcome.gap is not None]

    def carried(self, engine: str) -> list[str]:
        """Cases that went on the engine as they say."""
        return [case for case, row in self.cases.items() if engine in row and row[engine].verdict == "same"]

    def missing(self, wanted: Iterable[str]) -> list[str]:
        """Cases of those wanted that did not run on every engine."""
        return [case for case in wanted if set(self.cases.get(case, {})) != set(self.engines)]

    def _found(self) -> Iterable[tuple[str, str, Outcome]]:
        for case, row in self.cases.items():
            for engine in self.engines:
                if engine in row:
                    yield case, engine, row[engine]


def to_json(outcomes: Outcomes) -> str:
    """A document with a line for each case, so that changes can be read."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "date": outcomes.date,
        "version": outcomes.version,
        "engines": list(outcomes.engines),
        "seconds": {engine: round(seconds, 1) for engine, seconds in outcomes.seconds.items()},
        "gaps": [{"case": case, "engine": engine, **asdict(gap)} for case, engine, gap in outcomes.gaps()],
        "differences": [
            {"case": case, "engine": engine, "problem": outcome.problem}
            for case, engine, outcome in outcomes.differences()
        ],
    }
    rows = [
        f"    {json.dumps(case)}: {json.dumps({engine: outcome.verdict for engine, outcome in row.items()})}"
        for case, row in outcomes.cases.items()
    ]
    listed = "{}" if not rows else "{\n" + ",\n".join(rows) + "\n  }"
    return json.dumps(head, indent=2).removesuffix("\n}") + f',\n  "cases": {listed}\n}}\n'


def from_json(text: str) -> Outcomes:
    """What `to_json` made.

    Raises:
        ValueError: it is no such document, or of another format.
    """
    document = json.loads(text)
    if document.get("format") != FORMAT:
        raise ValueError(f"no outcomes of format {FORMAT}")
    details: dict[tuple[str, str], Outcome] = {}
    for entry in document["gaps"]:
        gap = Gap(entry["kind"], entry["reason"], entry["code"], entry["reference"])
        details[entry["case"], entry["engine"]] = of_gap(gap)
    for entry in document["differences"]:
        details[entry["case"], entry["engine"]] = Outcome("differs", problem=entry["problem"])
    cases = {
        case: {engine: SAME if verdict == "same" else details[case, engine] for engine, verdict in row.items()}
        for case, row in document["cases"].items()
    }
    return Outcomes(
        engines=tuple(document["engines"]),
        cases=cases,
        date=document["date"],
        version=document["version"],
        seconds=document["seconds"],
    )
