"""The helper function: expressions that a state machine cannot say, evaluated as Python means them."""

from __future__ import annotations

import pytest
from servers.lambda_function import Function, Start

from skyloom.deployers.aws.functions import FunctionSettings, helper_package
from skyloom.deployers.hoisted import HoistedExpression
from skyloom.deployers.packaging import running_python
from skyloom.errors import Span
from skyloom.flows.expr.types import FLOAT, STR, ListType, ModelType
from skyloom.flows.ir.program import ModelDefinition, ModelField

PRICE = ModelDefinition(
    name="Price",
    flavour="pydantic",
    module="shop",
    qualname="Price",
    fields=(ModelField(name="net", attribute="net", type=FLOAT), ModelField(name="currency", attribute="c", type=STR)),
)


def hoisted(id: str, source: str, *names: str, **more: object) -> HoistedExpression:  # noqa: A002
    return HoistedExpression(
        id=id,
        source=source,
        names=names,
        file="shop.py",
        span=Span(31, 5, 31, 20),
        reason="its text",
        **more,  # type: ignore[arg-type]
    )


EXPRESSIONS = (
    hoisted("answer_31_ratio", "a / b", "a", "b"),
    hoisted("answer_32_text", 'f"{total} {prices}"', "prices", "total", types=(("total", FLOAT),)),
    hoisted("answer_33_digest", "hashlib.sha256(text.encode()).hexdigest()[:4]", "text"),
    hoisted(
        "answer_34_prices",
        'json.dumps([price["net"] for price in prices])',
        "prices",
        types=(("prices", ListType(item=ModelType(name="Price"))),),
        models=(PRICE,),
    ),
)


@pytest.fixture
def helper(start: Start) -> Function:
    return start(helper_package(EXPRESSIONS, FunctionSettings(python=running_python(), architecture="x86_64")))


def evaluated(helper: Function, expression: str, **values: object) -> object:
    return helper.invoke({"expression": expression, "values": values}).result


def test_values_are_those_of_python(helper: Function) -> None:
    assert evaluated(helper, "answer_31_ratio", a=7, b=2) == 3.5
    assert evaluated(helper, "answer_33_digest", text="x") == "2d71"


def test_floats_come_back_as_floats(helper: Function) -> None:
    assert evaluated(helper, "answer_32_text", total=2, prices=[3]) == "2.0 [3]"
    prices = [{"net": 2, "currency": "EUR"}, {"net": 2.5, "currency": "EUR"}]
    assert evaluated(helper, "answer_34_prices", prices=prices) == "[2.0, 2.5]"


def test_what_does_not_fit_its_type_stays_as_it_is(helper: Function) -> None:
    assert evaluated(helper, "answer_32_text", total=None, prices=[]) == "None []"


def test_the_error_is_pythons_own(helper: Function) -> None:
    done = helper.invoke({"expression": "answer_31_ratio", "values": {"a": 1, "b": 0}})
    assert done.kind == "ZeroDivisionError"
    assert done.error == {
        "type": "ZeroDivisionError",
        "bases": ["ArithmeticError", "Exception"],
        "message": "division by zero",
    }
    assert done.record["expression"] == "answer_31_ratio"


def test_an_unknown_expression_fails_in_words(helper: Function) -> None:
    done = helper.invoke({"expression": "gone", "values": {}})
    assert done.kind == "TaskFailed"
