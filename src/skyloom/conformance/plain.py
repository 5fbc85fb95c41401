"""Cases as plain calls of Python functions: the meaning that all engines are held to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skyloom.conformance.case import Case, TaskCall
from skyloom.conformance.judging import Difference, differences
from skyloom.conformance.observed import Observed
from skyloom.flows import invoke
from skyloom.flows.outcome import ErrorValue
from skyloom.flows.testing import script


@contextmanager
def traced(folder: Path) -> Iterator[list[TaskCall]]:
    """Collects the attempts of tasks that are made inside the block, in this process."""
    path, calls = folder / "trace.jsonl", list[TaskCall]()
    before = os.environ.get(invoke.TRACE_VARIABLE)
    os.environ[invoke.TRACE_VARIABLE] = str(path)
    try:
        yield calls
    finally:
        if before is None:
            del os.environ[invoke.TRACE_VARIABLE]
        else:
            os.environ[invoke.TRACE_VARIABLE] = before
    if path.exists():
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        calls += [TaskCall(record["task"], record["arguments"], record["step"]) for record in records]


def plain(case: Case, folder: Path) -> Observed:
    """A call of the Python function, in virtual time. `folder` is empty."""
    result, error = None, None
    with traced(folder) as calls, script(approvals=case.approvals, events=case.events) as played:
        arguments = invoke.decode_arguments(case.flow, case.input)
        try:
            result = invoke.encode_result(case.flow, case.flow(**arguments))
        except Exception as raised:
            value = ErrorValue.of(raised)
            error = (value.type, value.message)
    return Observed(result, error, calls, played.emitted)


def differences_of_plain(case: Case, observed: Observed) -> list[Difference]:
    """All that differs in a plain call: there calls have one order even where engines make them side by side."""
    found = [one for one in differences(case, observed, exact=True) if one.about != "calls"]
    if case.calls is not None:
        wanted, may = [str(call) for call in case.calls], {str(call) for call in case.may_call}
        seen = [call for call in map(str, observed.calls) if call in wanted or call not in may]
        if seen != wanted:
            found.append(Difference("calls", ", ".join(wanted), ", ".join(seen)))
    return found
