"""What the benchmarks share: a ratio, a home of their own, and times of commands taken in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SKYLOOM = [sys.executable, "-m", "skyloom"]

Say = Callable[[str], None]
"""Told in a line of text what is being measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Two numbers of one run, and what the first should be of the second.

    Attributes:
        group: the heading in the table.
        what: what was measured.
        ours: the median.
        beside: what it is compared with.
        theirs: the median of that.
        unit: of both numbers.
        aim: what the ratio, or `ours`, should be; empty where there is no aim.
    """

    group: str
    what: str
    ours: float
    beside: str
    theirs: float
    unit: str
    aim: str = ""

    @property
    def ratio(self) -> float:
        """`ours` as a multiple of `theirs`."""
        return self.ours / self.theirs

    def to_json(self) -> dict[str, Any]:
        """The ratio as a JSON object."""
        return {**asdict(self), "ratio": round(self.ratio, 4)}


@contextmanager
def own_home() -> Iterator[Path]:
    """A folder that is `SKYLOOM_HOME` inside the block. A server that was started there is stopped at the end."""
    from skyloom.flows.runner import server

    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="skyloom-bench-", ignore_cleanup_errors=True) as folder:
        os.environ.update(SKYLOOM_HOME=folder, DO_NOT_TRACK="1", PREFECT_SERVER_ANALYTICS_ENABLED="false")
        os.environ.pop("PREFECT_API_URL", None)
        try:
            yield Path(folder)
        finally:
            os.environ.pop("PREFECT_API_URL", None)
            server.stop()
            os.environ.clear()
            os.environ.update(before)


def seconds_of(command: Sequence[str]) -> float:
    """How long the command takes. Raises SystemExit with what it said when it fails."""
    start = time.perf_counter()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    taken = time.perf_counter() - start
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}\nended with {ended.returncode}:\n{ended.stderr or ended.stdout}")
    return taken


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of the processor, of a command and of all processes it waited for, and seconds by the clock."""

    processor: float
    clock: float


def taken_by(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Taken:
    """What the command takes. Raises SystemExit with what it said when it fails."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        clock = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)}\nended with {process.returncode}:\n{said.read().decode()}")
    return Taken(usage.ru_utime + usage.ru_stime, clock)


def medians(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    """The median seconds of each command. They take turns, so that all see the same load; one round is for nothing."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, command in commands.items():
            seconds = seconds_of(command)
            if number:
                taken[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}
