"""Payloads of events are taken, refused and completed as on one's own machine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyloom.deployers.schemas import schema_of
from skyloom.deployers.services.payloads import fitted_payload
from skyloom.deployers.services.schema import Misfit
from skyloom.flows.expr import types as t
from skyloom.flows.ir.conform import Mismatch, conformed
from skyloom.flows.ir.program import ModelDefinition, ModelField

FIELDS = (
    ModelField(name="a", attribute="a", type=t.IntType()),
    ModelField(name="b", attribute="b", type=t.FloatType(), required=False, default=1.0),
)
OTHER = (ModelField(name="b", attribute="b", type=t.AnyType(), required=False, default=None),)
MODELS = {
    "One": ModelDefinition(name="One", flavour="pydantic", module="m", qualname="One", fields=FIELDS),
    "Two": ModelDefinition(name="Two", flavour="dataclass", module="m", qualname="Two", fields=OTHER),
    "Keys": ModelDefinition(name="Keys", flavour="typeddict", module="m", qualname="Keys", fields=OTHER),
}
PLAIN: list[t.Type] = [
    t.NullType(), t.BoolType(), t.IntType(), t.FloatType(), t.StrType(), t.AnyType(), t.LiteralType((1, "x", True)),
    t.EnumType("E", (("A", 1), ("B", "x"))), t.ModelType("One"), t.ModelType("Two"), t.ModelType("Keys"),
]  # fmt: skip
TYPES = st.recursive(
    st.sampled_from(PLAIN),
    lambda inner: (
        st.builds(t.ListType, inner)
        | st.builds(t.DictType, inner)
        | st.builds(t.TupleType, st.tuples(inner, inner))
        | st.builds(t.UnionType, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=4,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([1.0, 0.5, -0.0, "x", "", "y"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abx"), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=1500)
@given(TYPES, VALUES)
def test_as_on_ones_own_machine(of: t.Type, value: Any) -> None:
    schema = schema_of(of, MODELS)
    try:
        wanted = conformed(value, of, MODELS)
    except Mismatch:
        with pytest.raises(Misfit):
            fitted_payload(value, schema)
        return
    assert repr(fitted_payload(value, schema)) == repr(wanted)
