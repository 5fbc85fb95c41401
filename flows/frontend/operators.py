"""Compiles arithmetic and comparisons."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from skyloom.errors import Span
from skyloom.flows.constructs import Decision
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.rules import binary_type, compare_problem, iteration_type, unary_type, widen
from skyloom.flows.frontend.body import Body, did_you_mean
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.ir import nodes as ir

if TYPE_CHECKING:
    from skyloom.flows.frontend.expressions import Expressions

_ARITHMETIC: dict[type[ast.operator], x.ArithmeticOperator] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
_COMPARISONS: dict[type[ast.cmpop], x.ComparisonOperator] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "==",
    ast.IsNot: "!=",
}


class Operators:
    """Compiles the operators of one flow."""

    def __init__(self, body: Body, expressions: Expressions) -> None:
        self.body = body
        self.expressions = expressions

    def binary(self, node: ast.BinOp) -> x.Expr:
        symbol = self.symbol(node.op, node)
        left, right = self.expressions.operands([node.left, node.right])
        return self.arithmetic(symbol, left, right, node)

    def symbol(self, operation: ast.operator, node: ast.AST) -> x.ArithmeticOperator:
        """The operator's symbol."""
        symbol = _ARITHMETIC.get(type(operation))
        if symbol is None:
            raise self.body.problem(
                "SKY110", "bit and matrix operators are not in the language", node, "use them inside a task"
            )
        return symbol

    def arithmetic(self, symbol: x.ArithmeticOperator, left: x.Expr, right: x.Expr, node: ast.AST) -> x.Expr:
        """`left symbol right`."""
        self.refuse_unknown(left, left.span, f"`{symbol}`")
        self.refuse_unknown(right, right.span, f"`{symbol}`")
        result = binary_type(symbol, left.type, right.type, _exponent(right) if symbol == "**" else None)
        if result is None:
            ours, theirs = t.show(widen(left.type)), t.show(widen(right.type))
            hint = "convert one side: `str(...)`, `int(...)`, `float(...)`"
            if t.NULL in t.members(left.type) or t.NULL in t.members(right.type):
                hint = "one side may be None: test `is not None` first"
            elif t.STR in (widen(left.type), widen(right.type)) and symbol == "+":
                hint = 'use an f-string: f"{...}"'
            raise self.body.problem("SKY212", f"`{ours} {symbol} {theirs}` has no meaning", node, hint)
        if symbol == "**" and _may_be_complex(left, right):
            message = "a negative number to a power with a fraction is a complex number, which no engine carries"
            raise self.body.problem("SKY212", message, node, "`math.sqrt(...)` for a root; else do it in a task")
        of = widen(result)
        return x.Binary(span=self.body.span(node), type=of, operator=symbol, left=left, right=right)

    def refuse_unknown(self, value: x.Expr, node: ast.AST | Span, use: str) -> None:
        """Reports a value of unknown type where its type decides the meaning."""
        if isinstance(value.type, t.AnyType):
            raise self.body.problem(
                "SKY211",
                f"the type of this value is not known, so {use} has no meaning",
                node,
                "annotate where it comes from",
            )

    def refuse_decision(self, of: t.Type, node: ast.AST, written: str = "") -> None:
        """Reports a decision where its truth is asked: people write `if approval(...)` and mean `.approved`."""
        types = self.body.builder.types
        if any(isinstance(one, t.ModelType) and types.class_of(one.name) is Decision for one in t.members(of)):
            written = written or (ast.unparse(node) if isinstance(node, ast.expr) else "")
            hint = f"ask `{written}.approved`" if 0 < len(written) <= 40 else "ask `.approved`"
            if t.NULL in t.members(of):
                hint = "it may be None: test `is not None` first, then ask `.approved`"
            raise self.body.problem("SKY210", "a decision is neither true nor false", node, hint)

    def unary(self, node: ast.UnaryOp) -> x.Expr:
        if isinstance(node.op, ast.Not):
            return self.expressions.logic.condition(node)
        if isinstance(node.op, ast.Invert):
            raise self.body.problem("SKY110", "bit operators are not in the language", node, "use them inside a task")
        operand = self.expressions.value(node.operand)
        symbol: Any = "-" if isinstance(node.op, ast.USub) else "+"
        self.refuse_unknown(operand, operand.span, f"`{symbol}`")
        result = unary_type(symbol, operand.type)
        if result is None:
            raise self.body.problem("SKY212", f"`{symbol}{t.show(operand.type)}` has no meaning", node, "use a number")
        of = result
        if isinstance(operand, x.Literal) and isinstance(operand.value, int) and not isinstance(operand.value, bool):
            of = t.LiteralType((-operand.value if symbol == "-" else operand.value,))
        return x.Unary(span=self.body.span(node), type=of, operator=symbol, operand=operand)

    def comparison(self, node: ast.Compare) -> x.Expr:
        if len(node.ops) == 1:
            views = (node.comparators[0],) if isinstance(node.ops[0], ast.In | ast.NotIn) else ()
            left, right = self.expressions.operands(
                [node.left, node.comparators[0]], lambda one: self._comparand(one, view=one in views)
            )
            return self._compare(node.ops[0], left, right, node)
        return self._chain(node)

    def _comparand(self, node: ast.expr, *, view: bool) -> x.Expr:
        """A side of a comparison. `range(...)`, and `d.keys()` where something is looked for in it, are lists there."""
        if _is_range(node) or (view and _is_view(node)):
            return self.expressions.iterable(node)
        return self.expressions.value(node)

    def _chain(self, node: ast.Compare) -> x.Expr:
        """`a < b < c`: c is evaluated only when a < b. What b calls is called once; the rest of b, which is pure, is
        computed twice, so that the comparison can stand wherever an expression does."""
        left, middle = self.expressions.operands([node.left, node.comparators[0]])
        test = self._compare(node.ops[0], left, middle, node)
        rest = ast.Compare(left=node.comparators[0], ops=node.ops[1:], comparators=node.comparators[1:])
        ast.copy_location(rest, node)

        def following() -> x.Expr:
            if len(node.ops) > 2:
                return self._chain_from(middle, rest, node)
            return self._compare(node.ops[1], middle, self.expressions.value(node.comparators[1]), node)

        return self._and_then(test, following, node)

    def _chain_from(self, left: x.Expr, rest: ast.Compare, node: ast.Compare) -> x.Expr:
        middle = self.expressions.value(rest.comparators[0])
        test = self._compare(rest.ops[0], left, middle, node)
        if len(rest.ops) == 1:
            return test
        shorter = ast.Compare(left=rest.comparators[0], ops=rest.ops[1:], comparators=rest.comparators[1:])
        return self._and_then(test, lambda: self._chain_from(middle, ast.copy_location(shorter, rest), node), node)

    def _and_then(self, test: x.Expr, following: Any, node: ast.AST) -> x.Expr:
        span = self.body.span(node)
        with self.body.inner_block() as block:
            second = following()
        if not block:
            return x.Logic(span=span, type=t.BOOL, operator="and", operands=(test, second))
        target = self.body.temporary("value")
        self.body.emit(ir.Assign(span=span, variable=target, value=test))
        block.append(ir.Assign(span=span, variable=target, value=second))
        self.body.emit(ir.If(span=span, test=x.Name(span=span, type=t.BOOL, name=target), body=tuple(block)))
        self.body.scope.assign(target, t.BOOL, Ownership.FRESH)
        return x.Name(span=span, type=t.BOOL, name=target)

    def _compare(self, operation: ast.cmpop, left: x.Expr, right: x.Expr, node: ast.AST) -> x.Expr:
        symbol = _COMPARISONS[type(operation)]
        if symbol in ("in", "not in"):
            right = self.expressions.displays.as_dict(right)
        if isinstance(operation, ast.Is | ast.IsNot) and t.NULL not in (left.type, right.type):
            raise self.body.problem("SKY111", "`is` compares with None only", node, "use `==`")
        problem = compare_problem(symbol, left.type, right.type)
        if problem is not None and not (symbol in ("==", "!=") and t.NULL in (left.type, right.type)):
            message, _, hint = problem.partition("; ")
            raise self.body.problem("SKY213", message, node, hint or _comparison_hint(symbol, left, right))
        return x.Compare(span=self.body.span(node), type=t.BOOL, operator=symbol, left=left, right=right)


def _exponent(value: x.Expr) -> int | None:
    """The value of a constant integer expression: `2`, `-1`, `3**2`."""
    match value:
        case x.Literal(value=bool()):
            return None
        case x.Literal(value=int() as number):
            return number
        case x.Unary(operator="-", operand=operand):
            inner = _exponent(operand)
            return None if inner is None else -inner
        case x.Binary(operator="**", left=left, right=right):
            base, power = _exponent(left), _exponent(right)
            return None if base is None or power is None or not 0 <= power <= 64 else base**power
        case _:
            return None


def _may_be_complex(base: x.Expr, exponent: x.Expr) -> bool:
    """Whether `base ** exponent` is a complex number for some values: a negative base, and a fraction."""
    whole = t.FLOAT not in t.members(widen(exponent.type)) or _constants(exponent, lambda value: value % 1 == 0)
    return not whole and not _constants(base, lambda value: value >= 0)


def _constants(value: x.Expr, hold: Callable[[float], bool]) -> bool:
    """Whether the value is a constant number, or one of some, for which this holds."""
    match value:
        case x.Literal(value=int() | float() as number):
            return hold(number)
        case x.Unary(operator="-" | "+", operand=x.Literal(value=int() | float() as number)):
            return hold(-number if value.operator == "-" else number)
        case _:
            known = [one for member in t.members(value.type) for one in getattr(member, "values", (None,))]
            return all(isinstance(one, int) and hold(one) for one in known)


def _comparison_hint(symbol: x.ComparisonOperator, left: x.Expr, right: x.Expr) -> str:
    if symbol in ("in", "not in") and iteration_type(right.type) is None:
        return "look into a list, a text or a dict; for one value use `==`"
    if symbol not in ("==", "!=") and t.NULL in (*t.members(left.type), *t.members(right.type)):
        return "it may be None: test `is not None` first"
    for one, other in ((left, right), (right, left)):
        known = [v for m in t.members(one.type) if isinstance(m, t.LiteralType) for v in m.values]
        if isinstance(other, x.Literal) and len(known) > 1:
            return did_you_mean(str(other.value), known) or f"it is one of {', '.join(map(repr, known))}"
    return "compare values of the same type"


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"


def _is_view(node: ast.expr) -> bool:
    method = node.func if isinstance(node, ast.Call) and not node.args else None
    return isinstance(method, ast.Attribute) and method.attr in ("keys", "values", "items")
