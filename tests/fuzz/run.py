"""`make fuzz N=200 SEED=0 ENGINES=inline,aws,gcp WORKERS=2`: random programs by their seeds, and what did not agree."""

from __future__ import annotations

import argparse
import datetime
import resource
import sys
import tempfile
import time
from pathlib import Path

from fuzz.engines import ENGINES
from fuzz.report import Run, write
from fuzz.surroundings import surroundings
from fuzz.total import Total
from fuzz.workers import Asked, Found, found_by

_OFTEN = 100
"""Programs after which a line says how far the run is."""

MEMORY = 4 << 30
"""Bytes that this process and each worker may take: a text as long as a large integer shall not take all of the
machine."""


def main(arguments: list[str]) -> int:
    """Tries the programs; 1 when any engine disagreed."""
    given = _arguments(arguments)
    engines = tuple(given.engines.split(","))
    total, began = Total(), time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="skyloom-fuzz-") as folder,
        surroundings(Path(folder), prefect="prefect" in engines),
    ):
        asked = Asked(engines, given.small, Path(folder))
        seeds = range(given.seed, given.seed + given.number)
        for found in found_by(asked, seeds, given.workers):
            total.add(found.outcome)
            _tell(found, given.out)
            if total.programs % _OFTEN == 0:
                took = time.monotonic() - began
                sys.stderr.write(f"{total.programs} of {given.number} programs, {took:.0f} s\n")
            if time.monotonic() - began > given.seconds:
                break
    seconds = time.monotonic() - began
    sys.stdout.write(f"{total.told()}\nseconds      {seconds:.0f}\n")
    if given.write is not None and total.programs == given.number and set(engines) == set(ENGINES):
        write(Run(datetime.date.today(), seeds, given.workers, seconds, total), given.write)
    return 1 if total.disagreeing else 0


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--number", type=int, default=100, help="programs")
    parser.add_argument("--seed", type=int, default=0, help="of the first program; each next one has the next seed")
    parser.add_argument("--engines", default="inline,aws,gcp", help="engines that are compared with plain Python")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the programs")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--out", type=Path, help="a folder for the sources of what did not agree")
    parser.add_argument("--small", type=int, default=0, help="tries to make each program that did not agree smaller")
    parser.add_argument("--write", type=Path, help="a page that gets the figures of a complete run on all engines")
    return parser.parse_args(arguments)


def _tell(found: Found, out: Path | None) -> None:
    """Writes down what did not agree."""
    if not found.outcome.disagreements:
        return
    told = "".join(f"--- seed {found.seed}\n{str(one)[:1500]}\n" for one in found.outcome.disagreements)
    sys.stdout.write(f"{told}{found.source}\n# {found.inputs}\n")
    sys.stdout.flush()
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        told = "".join(f"# {line}\n" for one in found.outcome.disagreements for line in str(one).splitlines())
        (out / f"seed_{found.seed}.py").write_text(f"{found.source}\n# {found.inputs}\n{told}", encoding="utf-8")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.exit(main(sys.argv[1:]))
