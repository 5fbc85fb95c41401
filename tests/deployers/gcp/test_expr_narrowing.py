"""Types that a test makes narrower: what it has ruled out is never evaluated."""

from __future__ import annotations

import pytest
from expressions.agreement_on_gcp import agree, emitted, taken, unfolded
from expressions.building import SPAN, build

from skyloom.deployers.gcp.expr import WorkflowsEmitter
from skyloom.flows.expr import nodes
from skyloom.flows.expr.emitter import CannotEmit
from skyloom.flows.expr.types import BOOL, INT, Type, optional
from skyloom.flows.ir.rewrite import rewrite

EMITTER = WorkflowsEmitter()
KNOWN: dict[str, Type] = {"count": INT, "amount": optional(INT), "amount_there": INT, "yes": BOOL}


def narrowed(source: str) -> nodes.Expr:
    """`amount` read behind a test, as the front end types it there."""

    def rename(expr: nodes.Expr) -> nodes.Expr:
        if isinstance(expr, nodes.Name) and expr.name == "amount_there":
            return nodes.Name(span=SPAN, type=INT, name="amount")
        return expr

    return rewrite(build(source, **KNOWN), expr=rename)


@pytest.mark.parametrize(
    "source",
    [
        "amount is None or amount_there < 0",
        "amount is not None and amount_there < 0",
        "yes or amount is None or amount_there < 0",
        "not (amount is None or amount_there < 0)",
        "amount_there + 1 if amount is not None else 0",
        "0 if amount is None else amount_there * 2",
        "0 if amount is None or amount_there < 0 else amount_there",
        "amount and amount_there + 1",
        "count if amount is not None and amount_there > 3 else 0",
    ],
)
def test_what_a_test_has_ruled_out_is_not_evaluated(source: str) -> None:
    expr = narrowed(source)
    ways = unfolded(expr)
    assert ways is not None
    for amount in (None, -2, 0, 5):
        for yes in (False, True):
            values = {"amount": amount, "yes": yes, "count": 7}
            variables = {f"v_{name}": value for name, value in values.items()}
            plain = eval(source.replace("amount_there", "amount"), {}, values)
            assert taken(ways, variables) == plain, (ways, values)
            if emitted(expr) is not None:
                agree(expr, {name: values[name] for name in nodes.free_names(expr)})


@pytest.mark.parametrize(
    "source",
    [
        "str(amount and amount_there + 1)",
        "[amount and amount_there + 1]",
        "(0 if amount is None else amount_there * 2) + 1",
        "f'{0 if amount is None else amount_there}'",
    ],
)
def test_inside_of_others_such_choices_are_left_to_python(source: str) -> None:
    expr = narrowed(source)
    assert unfolded(expr) is None
    with pytest.raises(CannotEmit, match="everything inside"):
        EMITTER.guards(expr)


def test_conditionals_that_rely_on_their_test_are_no_single_expression() -> None:
    with pytest.raises(CannotEmit, match="everything inside"):
        EMITTER.emit(narrowed("amount_there + 1 if amount is not None else 0"))
    assert EMITTER.emit(narrowed("1 if amount is not None else 0")) == "if(amount != null, 1, 0)"
