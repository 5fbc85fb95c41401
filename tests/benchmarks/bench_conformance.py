"""How long the cases of the conformance suite take on each engine: what the last complete run has noted, which takes
longer than all benchmarks together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Ratio, Say

NOTED = Path(__file__).parents[2] / "docs" / "conformance.json"


def ratios(quick: bool, say: Say) -> Iterator[Ratio]:
    """Seconds of every engine beside those of plain Python."""
    say("conformance: what the last complete run has noted")
    noted = json.loads(NOTED.read_text(encoding="utf-8"))
    seconds: dict[str, float] = noted["seconds"]
    for engine, taken in seconds.items():
        if engine != "plain":
            yield Ratio(
                group=f"make conformance, the complete run of {noted['date']}",
                what=f"{len(noted['cases'])} cases, {engine}",
                ours=taken,
                beside="plain Python",
                theirs=seconds["plain"],
                unit="s",
            )
