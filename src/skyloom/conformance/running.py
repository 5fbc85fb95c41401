"""Tries the cases on an engine, beside plain Python."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from skyloom.conformance.audience import Audience
from skyloom.conformance.capabilities import needed
from skyloom.conformance.case import Case, programs_of
from skyloom.conformance.ending import within
from skyloom.conformance.engine import Deployed, Engine
from skyloom.conformance.gaps import Gap
from skyloom.conformance.judging import Difference, differences
from skyloom.conformance.observed import Observed
from skyloom.conformance.outcomes import SAME, Outcome, of_gap
from skyloom.conformance.plain import differences_of_plain, plain
from skyloom.errors import CheckFailed
from skyloom.flows.ir.program import Program
from skyloom.flows.runner import launch

PLAIN = "plain"
LONGEST = 600.0
"""How many seconds a case may take on an engine: a service that starts cold takes minutes."""

LONGEST_DEPLOY = 1800.0
"""How many seconds deploying the flows of a file may take, and removing them."""

_THEIRS = (Exception, SystemExit)
"""What the code of an engine may raise, and does not stop the others."""


def outcomes_of(
    name: str,
    engine: Engine,
    suite: Mapping[Path, Mapping[str, Case]],
    *,
    longest: float = LONGEST,
    longest_deploy: float = LONGEST_DEPLOY,
) -> Iterator[tuple[str, dict[str, Outcome]]]:
    """Each case as it ends, with its outcome as a plain call and on the engine of that name. Whatever the engine does
    is an outcome: of the last case of a file, where it fails to remove what it deployed.

    Args:
        longest: how many seconds a case may take on the engine.
        longest_deploy: how many seconds deploying a file may take, and removing it. What takes longer is left behind.
    """
    for file, cases in suite.items():
        programs = programs_of(cases.values())
        last: tuple[str, dict[str, Outcome]] | None = None
        try:
            with ExitStack() as stack:
                deployed = _deployed(stack, engine, file, programs, longest_deploy)
                for case_name, case in cases.items():
                    if last is not None:
                        yield last
                    found = judged(case_name, case, name, engine, deployed, longest=longest)
                    last = case_name, {PLAIN: _plainly(case), name: found}
        except _THEIRS as problem:
            # What is raised between two cases is of whoever takes them.
            if last is None or last[0] != list(cases)[-1]:
                raise
            last[1][name] = _differs(f"what was deployed could not be removed: {_told(problem)}")
        if last is not None:
            yield last


def _deployed(
    stack: ExitStack, engine: Engine, file: Path, programs: Mapping[str, Program], longest: float
) -> Deployed | Exception | SystemExit:
    def begin() -> tuple[AbstractContextManager[Deployed], Deployed]:
        manager = engine.deployed(file, programs)
        return manager, manager.__enter__()

    try:
        manager, deployed = within(longest, begin)
    except _THEIRS as problem:
        return problem
    stack.callback(within, longest, lambda: manager.__exit__(None, None, None))
    return deployed


def _plainly(case: Case) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        found: list[Difference] = []
        for number, run in enumerate((*case.earlier, case)):
            (own := Path(folder, str(number))).mkdir()
            found += differences_of_plain(run, plain(run, own))
    return _differs("; ".join(map(str, found))) if found else SAME


def judged(
    case_name: str,
    case: Case,
    name: str,
    engine: Engine,
    deployed: Deployed | Exception | SystemExit,
    *,
    longest: float = LONGEST,
) -> Outcome:
    """What becomes of a case. Gaps are strict: one that is no longer true is a difference."""
    undeclared = sorted(set().union(*map(needed, programs_of([case]).values())) - engine.capabilities)
    gap = engine.gaps.get(case_name)
    if undeclared:
        gap = Gap("never", f"it needs {', '.join(undeclared)}", reference=f"the capabilities that `{name}` declares")
    if isinstance(deployed, Exception | SystemExit):
        return _differs(f"the file could not be deployed: {_told(deployed)}")
    try:
        found = _seen_otherwise(case, engine, deployed, longest)
    except CheckFailed as refusal:
        return _refused(refusal, gap)
    except _THEIRS as problem:
        return of_gap(gap) if gap is not None and gap.kind != "never" else _differs(_told(problem))
    if gap is None:
        return _differs("; ".join(found)) if found else SAME
    if gap.kind == "never":
        return _differs(f"it was compiled and run, though it can never be: {gap.reason}")
    return of_gap(gap) if found else _differs(f"it is as the case says: the gap is no longer one ({gap.reason})")


def _seen_otherwise(case: Case, engine: Engine, deployed: Deployed, longest: float) -> list[str]:
    before = [
        f"an earlier run: {one}" for run in case.earlier for one in _seen_otherwise(run, engine, deployed, longest)
    ]
    if before:
        return before
    arguments = launch.prepare(case.flow, case.input).arguments
    observed = within(longest, lambda: deployed.run(case.flow.name, arguments, Audience(case)))
    if not isinstance(observed, Observed):
        raise TypeError(f"the engine gave {type(observed).__name__} instead of what it observed")
    return [str(one) for one in differences(case, observed, exact=engine.exact)]


def _refused(refusal: CheckFailed, gap: Gap | None) -> Outcome:
    """A compiler may refuse what was said to be refused, and says where, why, and what to do instead."""
    if gap is None:
        return _differs(f"refused: {refusal}")
    if gap.kind != "never":
        return of_gap(gap)
    codes = {problem.code for problem in refusal.diagnostics}
    if gap.code and codes != {gap.code}:
        return _differs(f"refused with {', '.join(sorted(codes))} instead of {gap.code}")
    if not all(problem.span and problem.hint for problem in refusal.diagnostics):
        return _differs(f"refused without a place or a hint: {refusal}")
    return of_gap(Gap(gap.kind, gap.reason, ", ".join(sorted(codes)), gap.reference))


def _differs(problem: str) -> Outcome:
    return Outcome("differs", problem=" ".join(problem.split()))


def _told(problem: BaseException) -> str:
    return f"{type(problem).__name__}: {problem}"
