"""Programs for the tests of the IR: random ones, and small ones built by hand."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import strategies as st

from skyloom.errors import Span
from skyloom.flows.expr import nodes as expr
from skyloom.flows.expr.types import BOOL, INT, STR, ListType, Type
from skyloom.flows.ir import nodes as ir
from skyloom.flows.ir.program import FlowDefinition, Parameter, Program, RetryPolicy, TaskDefinition

_LEAVES = (expr.Literal, expr.Name, expr.Bind, ir.Assign, ir.Break, ir.Sample)
_SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text("aé", max_size=2)
_KEYS = st.sampled_from(["kind", "span", "a"])
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=2), max_leaves=4
)


@functools.cache
def _of(annotation: Any, depth: int) -> st.SearchStrategy[Any]:
    """Values of an annotation, nested at most `depth` nodes deep."""
    arguments = get_args(annotation)
    match get_origin(annotation):
        case origin if origin in (Union, types.UnionType):
            members = [a for a in arguments if depth > 0 or _is_leaf(a)]
            return st.one_of([_of(member, depth) for member in members])
        case origin if origin is tuple and arguments[-1] is ...:
            return st.lists(_of(arguments[0], depth), max_size=2).map(tuple)
        case origin if origin is tuple:
            return st.tuples(*(_of(argument, depth) for argument in arguments))
        case origin if origin is dict:
            return st.dictionaries(st.text("ab", max_size=2), _of(arguments[1], depth), max_size=2)
        case origin if origin is Literal:
            return st.sampled_from(arguments)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: st.sampled_from(["", "a", "é", "kind"]),
        int: st.integers(-(2**53), 2**53),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        type(None): st.none(),
        Any: _JSON,
        Span: st.builds(Span, *[st.integers(1, 9999)] * 4),
    }
    if annotation in simple:
        return simple[annotation]
    hints = get_type_hints(annotation)
    return st.builds(annotation, **{name: _of(hint, depth - 1) for name, hint in hints.items()})


def _is_leaf(cls: Any) -> bool:
    fields = getattr(cls, "__dataclass_fields__", None)
    return fields is None or cls in _LEAVES or len(fields) == 1


@pytest.fixture(scope="session")
def nodes_of() -> Callable[[type], st.SearchStrategy[Any]]:
    """Random nodes of a class, with random nodes inside: any nesting, no sense."""
    return lambda cls: _of(cls, 3)


AT = Span(3, 5, 3, 20)


def name(of: str, type_: Type = INT) -> expr.Name:
    return expr.Name(span=AT, type=type_, name=of)


@pytest.fixture
def program_of() -> Callable[..., Program]:
    """A program with one flow `main(xs: list[int], n: int, p: bool) -> str`, the task `work(x)` and the given body."""

    def build(*body: ir.Statement, **more: Any) -> Program:
        parameters = (
            Parameter(name="xs", type=ListType(INT)),
            Parameter(name="n", type=INT),
            Parameter(name="p", type=BOOL),
        )
        flow = FlowDefinition(
            name="main",
            module="m",
            qualname="main",
            file="m.py",
            span=AT,
            parameters=parameters,
            returns=STR,
            body=body,
            input_schema={},
            output_schema={},
        )
        task = TaskDefinition(
            name="work",
            module="m",
            qualname="work",
            file="m.py",
            span=AT,
            parameters=(Parameter(name="x", type=INT), Parameter(name="y", type=INT, required=False, default=1)),
            returns=STR,
            timeout=60.0,
            retry=RetryPolicy(),
        )
        return Program(**{"main": "main", "flows": {"main": flow}, "tasks": {"work": task}, **more})

    return build
