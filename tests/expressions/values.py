"""JSON values of any type, of the kinds that engines get wrong: lists of none and of one, lists in lists, nulls, keys
with odd characters, characters beyond the basic plane, numbers at the edge."""

from __future__ import annotations

from typing import Any, assert_never

from hypothesis import strategies as st

from skyloom.flows.expr import types as t

KEYS = ["a", "b", "", "$", "odd key", "it's", 'a"b', "a`b", "and", "é", "𝒳", "constructor", "a.b", "[0]", "line\nbreak"]
TEXTS = [
    *KEYS,
    "a'b\"c",
    "\\",
    "%}",
    "{%",
    "{% $a %}",
    "\u2028",
    "\ue000",
    "\uffff",
    "e\u0301",
    "\t",
    "\x00",
    "\x7f",
    "Ab",
]

texts = st.sampled_from(TEXTS) | st.text("ab'\"\\\n \ue000𝒳é", max_size=4)
integers = st.integers(-3, 4) | st.sampled_from([2**50, -(2**50) - 1, 10**15, -(10**15) - 1])
floats = st.sampled_from([0.0, -0.0, 0.5, -1.5, 2.0, 1e300, 5e-324, 1e-7, 2.675, 0.125, 1e15]) | st.floats(-100, 100)
floats |= st.integers(-10000, 10000).map(lambda cents: cents / 100)
anything = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
    max_leaves=4,
)

MODELS: dict[str, dict[str, t.Type]] = {
    "Person": {
        "name": t.STR,
        "tags": t.ListType(t.STR),
        "rows": t.ListType(t.ListType(t.INT)),
        "maybe": t.optional(t.INT),
        "inner": t.ModelType("Inner"),
    },
    "Inner": {"and": t.INT, "odd $ key": t.optional(t.ListType(t.INT)), "a`b": t.STR},
    "Empty": {},
}
"""Models that values may have, with their fields."""


def values(of: t.Type) -> st.SearchStrategy[Any]:
    """JSON values of the type."""
    match of:
        case t.NullType() | t.NeverType():
            return st.none()
        case t.BoolType():
            return st.booleans()
        case t.IntType():
            return integers
        case t.FloatType():
            return floats
        case t.StrType() | t.BytesType():
            return texts
        case t.DateTimeType():
            return st.sampled_from(["2024-02-29T23:00:00.000001Z", "2024-02-29T23:00:00.000000Z"])
        case t.LiteralType(values=constants):
            return st.sampled_from(constants)
        case t.EnumType(members=members):
            return st.sampled_from([value for _, value in members])
        case t.ListType(item=item):
            return st.lists(values(item), max_size=0 if item == t.NEVER else 3)
        case t.TupleType(items=items):
            return st.tuples(*map(values, items)).map(list)
        case t.DictType(value=value):
            return st.dictionaries(st.sampled_from(KEYS), values(value), max_size=3)
        case t.ModelType(name=name):
            return st.fixed_dictionaries({key: values(field) for key, field in MODELS[name].items()})
        case t.UnionType(members=alternatives):
            return st.one_of(*map(values, alternatives))
        case t.ErrorType():
            return st.fixed_dictionaries({"type": st.just("Boom"), "bases": st.just(["Exception"]), "message": texts})
        case t.AnyType():
            return anything
        case _:
            assert_never(of)
