"""No value of a case's run is smaller or larger than what is known of it before the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conformance.engines import on
from conformance.suite import ALL

from skyloom.deployers.carrying import carried
from skyloom.deployers.sizes.extent import Extent, size_of
from skyloom.deployers.sizes.observed import Observed
from skyloom.deployers.sizes.payloads import Payloads
from skyloom.flows.expr.nodes import Expr
from skyloom.flows.expr.python import Compiled, compile_expr
from skyloom.flows.ir.nodes import walk
from skyloom.flows.passes.liveness import expressions
from skyloom.flows.runner import launch, scopes
from skyloom.flows.runner.replaying import replayed
from skyloom.flows.runner.store import RunStore

FILES = (
    "containers",
    "edge_values",
    "fanning_out",
    "loops",
    "large_values",
    "own_copies",
    "record_types",
    "side_by_side",
    "sub_flows",
    "text_methods",
)
CASES = [name for name in ALL if name.split("/")[0] in FILES]
_NEVER_LARGE = {"reference": 10**9, "gathered": 10**9}


@pytest.mark.parametrize("name", CASES)
def test_values_are_as_large_as_is_known(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = ALL[name]
    program = case.flow.program
    payloads = Payloads(program, carried(program, frozenset(), lambda prompt: False), _NEVER_LARGE)
    known = {
        id(expr): (expr, payloads.variables.sizing(flow.name).of(expr))
        for flow in program.flows.values()
        for statement in walk(flow.body)
        for expr in expressions(statement)
    }
    monkeypatch.setattr(scopes, "compile_expr", _checking(known))
    on(launch.run_inline)(case, tmp_path)
    store = RunStore(tmp_path / "runs.db")
    for run in store.runs():
        seen = Observed((replayed(program, run, store.steps(run.id)),), _NEVER_LARGE)
        for payload in payloads:
            for one in seen.of(payload):
                if not payload.may_hold_pointers:
                    assert _fits(one.whole, payload.extent), (payload, one)


def _checking(known: Mapping[int, tuple[Expr, Extent]]) -> Callable[[Expr], Compiled]:
    def compiling(expr: Expr) -> Compiled:
        compiled = compile_expr(expr)

        def value(variables: Mapping[str, Any]) -> Any:
            found = compiled(variables)
            if id(expr) in known and not _is_beyond(found):
                assert _fits(found, known[id(expr)][1]), (expr, found)
            return found

        return value

    return compiling


def _fits(value: Any, extent: Extent) -> bool:
    return extent.least <= size_of(value) and (extent.most is None or size_of(value) <= extent.most)


def _is_beyond(value: Any) -> bool:
    """Whether there is an integer in it that crosses nowhere."""
    match value:
        case int():
            return abs(value) > 2**53
        case list() | tuple():
            return any(map(_is_beyond, value))
        case dict():
            return any(map(_is_beyond, value.values()))
        case _:
            return False
