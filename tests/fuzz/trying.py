"""Runs one random program on engines and says how they compare."""

from __future__ import annotations

import itertools
import shutil
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.case import Case
from conformance.engines import Observed, plain
from engines.gcp.errors import Undocumented
from fuzz.engines import ENGINES, LIMIT, Engine, Inline
from fuzz.judging import Disagreement, judge, judge_paths
from fuzz.programs import FuzzProgram

from skyloom.errors import CheckFailed
from skyloom.flows.definitions import Flow
from skyloom.flows.frontend import load_file

LONGEST = 30
"""Seconds that one run may take; they take a tenth of one."""
LONGEST_SLOW = 240
"""Seconds that a run may take on a slow engine: hundreds of calls on Prefect take many, more beside other work."""
LONGEST_PLAIN = 5
"""Seconds that a plain call may take, which waits for nothing."""

_numbers = itertools.count(1)


@dataclass
class Outcome:
    """What came of a program.

    Attributes:
        refused: codes of diagnostics by who refused it: `front end` or an engine.
        ran: runs that agreed, by engine.
        open: runs that are not compared, since the language leaves open what happens, by engine.
        disagreements: what did not agree.
        errors: classes of the errors that the plain runs ended with.
        endless: inputs whose values grow until memory or time is over in plain Python; no engine is asked.
    """

    refused: dict[str, list[str]] = field(default_factory=dict)
    ran: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    endless: int = 0


class TookTooLong(BaseException):
    """A run does not end."""


def attempt(program: FuzzProgram, engines: Iterable[str], folder: Path) -> Outcome:
    """Compiles the program and runs it with all its inputs on all these engines."""
    outcome = Outcome()
    with _own_folder(folder) as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = place / f"fuzzed_{next(_numbers)}.py"
        path.write_text(program.source, encoding="utf-8")
        flow = _checked(path, outcome)
        if flow is None:
            return outcome
        compiled = _compiled(flow, engines, place, outcome)
        for number, given in enumerate(program.inputs):
            case = Case(
                flow=flow, name="fuzzed", input=given, approvals=program.approvals, events=program.events
            )  # fmt: skip
            here = {name: engine for name, engine in compiled.items() if number == program.chosen or not engine.slow}
            _run_all(case, here, place / str(number), outcome)
    return outcome


def _checked(path: Path, outcome: Outcome) -> Any:
    """The flow that is run, compiled with all that it calls."""
    try:
        flow = vars(load_file(path)).get("main_flow")
        if isinstance(flow, Flow):
            _ = flow.program
            return flow
    except CheckFailed as refused:
        outcome.refused["front end"] = sorted({problem.code for problem in refused.diagnostics})
    except Exception as problem:
        outcome.disagreements.append(_crash("front end", "compiling", problem))
    return None


def _compiled(flow: Any, engines: Iterable[str], place: Path, outcome: Outcome) -> dict[str, Engine]:
    compiled: dict[str, Engine] = {}
    for name in engines:
        folder = place / f"for-{name}"
        folder.mkdir()
        try:
            with _in_time():
                compiled[name] = ENGINES[name](flow.program, folder)
        except CheckFailed as refused:
            codes = sorted({problem.code for problem in refused.diagnostics})
            if any(code.startswith("SKY0") for code in codes):
                # No cloud's: a file of the tests could not be imported.
                outcome.disagreements.append(_crash(name, "compiling", refused))
            else:
                outcome.refused[name] = codes
        except (Exception, TookTooLong) as problem:
            outcome.disagreements.append(_crash(name, "compiling", problem))
    return compiled


def _run_all(case: Case, compiled: dict[str, Engine], folder: Path, outcome: Outcome) -> None:
    try:
        with _in_time(LONGEST_PLAIN):
            wanted = plain(case, _made(folder / "plain"))
    except Exception:  # The input is not of the types of a program that was made small.
        return
    except TookTooLong:
        outcome.endless += 1
        return
    if wanted.error is not None and wanted.error[0] == "MemoryError":
        outcome.endless += 1
        return
    outcome.errors[wanted.error[0] if wanted.error else ""] += 1
    leaves_open, local = False, wanted
    for name, engine in compiled.items():
        try:
            with _in_time(LONGEST_SLOW if engine.slow else LONGEST):
                seen = engine.run(case, _made(folder / name))
        except Undocumented as problem:
            # What Workflows makes of a number that is not finite, nobody has written down.
            if leaves_open:
                outcome.open[name] += 1
            else:
                outcome.disagreements.append(_crash(name, "running", problem, case.input))
            continue
        except (Exception, TookTooLong) as problem:
            outcome.disagreements.append(_crash(name, "running", problem, case.input))
            continue
        if isinstance(engine, Inline):
            leaves_open |= engine.met.beyond
            if engine.met.wrong:
                outcome.disagreements.append(Disagreement("type", name, "", engine.met.wrong[0]))
            local = seen
        found = judge(case, wanted, seen, name, exact=engine.exact)
        if found is None and local is not wanted:
            found = judge_paths(case, wanted, local, seen, name)
        if found is None:
            outcome.ran[name] += 1
        elif (leaves_open and not engine.exact) or (seen.error is not None and seen.error[0] == LIMIT):
            outcome.open[name] += 1
        else:
            outcome.disagreements.append(found)


def _crash(engine: str, when: str, problem: BaseException, given: Any = None) -> Disagreement:
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return Disagreement(when, engine, "", f"{type(problem).__name__}: {problem} ({where})")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


@contextmanager
def _own_folder(folder: Path) -> Iterator[Path]:
    place = folder / f"program-{next(_numbers)}"
    place.mkdir(parents=True)
    modules, path = set(sys.modules), list(sys.path)
    try:
        yield place
    finally:
        for name in set(sys.modules) - modules:
            if name.startswith(("fuzzed_", "expressions_of_cases_")):
                del sys.modules[name]
        sys.path[:] = path
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _in_time(seconds: int = LONGEST) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TookTooLong(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


__all__ = ["Observed", "Outcome", "attempt"]
