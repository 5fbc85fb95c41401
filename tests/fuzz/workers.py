"""Processes that share the seeds of a run: each makes the program of a seed, tries it, and makes it small."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing.connection import wait
from pathlib import Path

from fuzz.choices import Seeded
from fuzz.engines import ENGINES
from fuzz.minimising import minimised
from fuzz.programs import FuzzProgram, program
from fuzz.trying import Outcome, attempt

_PROGRAMS = 500
"""After so many programs for each worker new ones take over: what was compiled stays in caches."""


@dataclass(frozen=True)
class Asked:
    """What is tried with every program.

    Attributes:
        small: tries to make a program that does not agree smaller.
        folder: where files may lie meanwhile.
    """

    engines: tuple[str, ...]
    small: int
    folder: Path

    @property
    def own_folder(self) -> Path:
        """The part of the folder for this process."""
        return self.folder / str(os.getpid())


@dataclass(frozen=True)
class Found:
    """What came of a seed: of its program as it was first, and the program, smaller where engines disagreed."""

    seed: int
    outcome: Outcome
    source: str
    inputs: str


def found_by(asked: Asked, seeds: Iterable[int], workers: int) -> Iterator[Found]:
    """Tries the programs of all seeds, in this process or in several others."""
    tried = partial(try_seed, asked)
    if workers == 1:
        yield from map(tried, seeds)
        return
    # Not forked: engines start threads, and Prefect's client is bound to its process.
    context = multiprocessing.get_context("spawn")
    left = iter(seeds)
    while together := list(islice(left, _PROGRAMS * workers)):
        with ProcessPoolExecutor(workers, context, _end_with_parent) as pool:
            for done in as_completed([pool.submit(tried, seed) for seed in together]):
                yield done.result()


def _end_with_parent() -> None:
    """Ends this process when the one that started it is killed: it would go on making smaller what nobody asks for."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def try_seed(asked: Asked, seed: int) -> Found:
    """Tries one program."""
    made = program(Seeded(seed))
    outcome = attempt(made, asked.engines, asked.own_folder)
    if outcome.disagreements and asked.small:
        made = _small(asked, made, outcome)
    return Found(seed, outcome, made.source, repr(made.inputs))


def _small(asked: Asked, made: FuzzProgram, outcome: Outcome) -> FuzzProgram:
    """The program made smaller, as long as the same engine disagrees about the same thing."""
    first = outcome.disagreements[0]
    engines = dict.fromkeys(["inline", first.engine]) if first.engine in ENGINES else ()

    def keeps(smaller: FuzzProgram) -> bool:
        again = attempt(smaller, engines, asked.own_folder)
        return any(first.is_like(other) for other in again.disagreements)

    return minimised(made, keeps, asked.small)
