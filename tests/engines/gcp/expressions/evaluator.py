"""The value of an expression.

    evaluate('a + len(items)', {"a": 1, "items": [2]})  ->  2

`and` leaves its right side out when the left one is false: Google's own sample of pages of results depends on it
(`"pageToken" in page and page.pageToken != ""`, github.com/GoogleCloudPlatform/workflows-samples,
src/bigquery_pagetoken). Nothing says so of `or`: a right side that fails, and does not matter, is undocumented. `if()`
and `default()` evaluate all of their arguments.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence

from engines.gcp.errors import ExpressionRefused, Undocumented, Value, WorkflowError, type_error
from engines.gcp.expressions.operators import binary, item, negated, shown
from engines.gcp.expressions.parser import parse
from engines.gcp.expressions.syntax import Binary, Call, Expression, Index, ListOf, Literal, Member, Name, Unary, dotted
from engines.gcp.library.function import Reference, Surroundings, positional
from engines.gcp.library.table import FUNCTIONS, MODULES, POLICIES, PREDICATES


class Alone:
    """The surroundings of an expression outside of any execution."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self.variables = environment or {}

    def environment(self, name: str) -> str | None:
        """The value of an environment variable."""
        return self.variables.get(name)

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def new_id(self) -> str:
        """A fresh UUID."""
        return str(uuid.uuid4())

    def subworkflow(self, name: str, arguments: Sequence[Value]) -> Value:
        """There are none."""
        raise ExpressionRefused(f"there is no function {name}")


def evaluate(text: str, variables: Mapping[str, Value], around: Surroundings | None = None) -> Value:
    """The value of an expression.

    Args:
        text: The expression, with or without `${}`.
        variables: Variables by name.
        around: What it can ask for; nothing when left out.

    Raises:
        ExpressionRefused: It cannot be deployed.
        WorkflowError: It fails, with an error that a workflow can catch.
        Undocumented: What happens is documented nowhere.
    """
    return value_of(parse(text), variables, around or Alone())


def value_of(node: Expression, variables: Mapping[str, Value], around: Surroundings) -> Value:
    """The value of a node."""
    match node:
        case Literal(value):
            return value
        case Name(name):
            return variable(name, variables)
        case Member(base, field):
            return of_library(node, variables) or item(value_of(base, variables, around), field)
        case Index(base, index):
            return item(value_of(base, variables, around), value_of(index, variables, around))
        case ListOf(items):
            return [value_of(one, variables, around) for one in items]
        case Unary(operator, operand):
            return negated(operator, value_of(operand, variables, around))
        case Binary("and" | "or", _, _):
            return logical(node, variables, around)
        case Binary(operator, left, right):
            return binary(operator, value_of(left, variables, around), value_of(right, variables, around))
        case Call(function, arguments):
            return called(function, [value_of(one, variables, around) for one in arguments], around)


def variable(name: str, variables: Mapping[str, Value]) -> Value:
    """The value of a variable; with which error reading an unassigned one fails is documented nowhere."""
    if name not in variables:
        raise Undocumented(f"the variable {name} is read before it is assigned")
    return variables[name]


def of_library(node: Expression, variables: Mapping[str, Value]) -> Reference | None:
    """The function or policy that a dotted name stands for."""
    name = dotted(node)
    if name is None or name.split(".")[0] not in MODULES or name.split(".")[0] in variables:
        return None
    if name in PREDICATES or name in POLICIES:
        return Reference(name)
    raise ExpressionRefused(f"{name} is no value")


def logical(node: Binary, variables: Mapping[str, Value], around: Surroundings) -> bool:
    """`and`, `or`, of booleans."""
    left = value_of(node.left, variables, around)
    if not isinstance(left, bool):
        raise type_error(f"logical operators take booleans: {shown(left)} {node.operator} ...")
    if node.operator == "and" and not left:
        return False
    decided = left is (node.operator == "or")
    try:
        right = value_of(node.right, variables, around)
    except WorkflowError as problem:
        if decided:
            raise Undocumented(f"`{node.operator}` whose right side fails but does not matter: {problem}") from None
        raise
    if not isinstance(right, bool):
        if decided:
            raise Undocumented(f"`{node.operator}` whose right side is {shown(right)} but does not matter")
        raise type_error(f"logical operators take booleans: ... {node.operator} {shown(right)}")
    return left if decided else right


def called(name: str, arguments: list[Value], around: Surroundings) -> Value:
    """The result of a function."""
    function = FUNCTIONS.get(name)
    if function is None:
        return around.subworkflow(name, arguments)
    if function.body is None:
        raise ExpressionRefused(f"{name} cannot be called in an expression, only by a step")
    return function.body(around, *positional(name, function, arguments))
