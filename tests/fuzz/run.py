"""`make fuzz N=200 SEED=0 ENGINES=inline,aws,gcp`: random programs by their seeds, and what did not agree."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fuzz.choices import Seeded
from fuzz.engines import ENGINES
from fuzz.minimising import minimised
from fuzz.programs import FuzzProgram, program
from fuzz.trying import Outcome, attempt

MEMORY = 4 << 30
"""Bytes that the process may take: a text as long as a large integer shall not take all of the machine."""


def main(arguments: list[str]) -> int:
    """Tries the programs; 1 when any engine disagreed."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--number", type=int, default=100, help="programs")
    parser.add_argument("--seed", type=int, default=0, help="of the first program; each next one has the next seed")
    parser.add_argument("--engines", default="inline,aws,gcp", help="engines that are compared with plain Python")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--out", type=Path, help="a folder for the sources of what did not agree")
    parser.add_argument("--small", type=int, default=0, help="tries to make each program that did not agree smaller")
    given = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    total, began = Total(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="skyloom-fuzz-") as folder:
        for seed in range(given.seed, given.seed + given.number):
            if time.monotonic() - began > given.seconds:
                break
            made = program(Seeded(seed))
            outcome = attempt(made, given.engines.split(","), Path(folder))
            total.add(outcome)
            if outcome.disagreements:
                _tell(seed, made, outcome, Path(folder), given)
    sys.stdout.write(f"{total.told()}\nseconds      {time.monotonic() - began:.0f}\n")
    return 1 if total.disagreeing else 0


def _tell(seed: int, made: FuzzProgram, outcome: Outcome, folder: Path, given: argparse.Namespace) -> None:
    """Writes down what did not agree, made small where that is asked for."""
    first = outcome.disagreements[0]
    for found in outcome.disagreements:
        sys.stdout.write(f"--- seed {seed}\n{str(found)[:1500]}\n")
    sys.stdout.flush()
    if given.small:

        def keeps(smaller: FuzzProgram) -> bool:
            found = attempt(smaller, dict.fromkeys(["inline", first.engine]) if first.engine in ENGINES else [], folder)
            return any(first.is_like(other) for other in found.disagreements)

        made = minimised(made, keeps, given.small)
        outcome = attempt(made, given.engines.split(","), folder)
        sys.stdout.write(f"{made.source}\n# {made.inputs}\n")
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        told = "".join(f"# {line}\n" for found in outcome.disagreements for line in str(found).splitlines())
        (given.out / f"seed_{seed}.py").write_text(f"{made.source}\n# {made.inputs!r}\n{told}", encoding="utf-8")
    sys.stdout.flush()


class Total:
    """What came of all programs."""

    def __init__(self) -> None:
        self.programs = self.accepted = self.disagreeing = 0
        self.refused: Counter[str] = Counter()
        self.ran: Counter[str] = Counter()
        self.open: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """One more."""
        self.programs += 1
        self.accepted += not outcome.refused
        self.disagreeing += bool(outcome.disagreements)
        self.refused.update(f"{who} {code}" for who, codes in outcome.refused.items() for code in codes)
        self.ran += outcome.ran
        self.open += outcome.open
        self.errors += outcome.errors

    def told(self) -> str:
        """As text."""
        ended = self.errors.total()
        return "\n".join(
            [
                f"programs     {self.programs}, accepted by all engines {self.accepted}",
                f"refused      {_counted(self.refused) or 'none'}",
                f"runs         {ended}, {ended - self.errors['']} ended with an error ({_counted(self.errors)})",
                f"agreed       {_counted(self.ran)}",
                f"left open    {_counted(self.open) or 'none'}",
                f"disagreeing  {self.disagreeing} programs",
            ]
        )


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counter.most_common() if name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
