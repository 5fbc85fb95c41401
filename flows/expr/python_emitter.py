"""The Python emitter: expressions as readable Python source over JSON values. It is the reference for all others.

Python's tuples, views and iterators do not exist among JSON values: where such a value is kept the source makes a list
of it, and leaves it as it is where it is used up at once (`for i, x in enumerate(xs)`, `sum(range(n))`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import assert_never

from skyloom.flows.expr import fstrings
from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Expr,
    Field,
    Format,
    Function,
    Generator,
    Item,
    Literal,
    Logic,
    Name,
    Object,
    Scalar,
    Slice,
    Spread,
    Target,
    Truth,
    Unary,
    Unpack,
)
from skyloom.flows.expr.python_calls import CallWriter, has_error
from skyloom.flows.expr.python_names import (
    AND,
    COMPARISON,
    CONDITIONAL,
    LAMBDA,
    LEVELS,
    NOT,
    OR,
    PRIMARY,
    SIGN,
    SUM,
    Source,
    enclosed,
    safe_name,
)
from skyloom.flows.expr.rules import iteration_type, may_raise
from skyloom.flows.expr.types import (
    BOOL,
    DateTimeType,
    EnumType,
    ErrorType,
    ListType,
    ModelType,
    NullType,
    TupleType,
    Type,
    members,
)


class PythonEmitter(CallWriter):
    """Writes expressions as Python source.

    Args:
        variable: how a variable is written; by default its name (see `safe_name`).
    """

    def __init__(self, variable: Callable[[str], str] = safe_name) -> None:
        self._variable = variable

    def emit_test(self, expr: Expr) -> str:
        """The source of `expr` where Python itself takes the truth of it, as behind `if` and `while`."""
        return self._test(expr)[0]

    def emit_items(self, expr: Expr, target: Target) -> str:
        """The source of `expr` as it stands in `for target in ...`: a view or an iterator stays one."""
        return self._items(expr, target)[0]

    def emit_target(self, target: Target) -> str:
        """The source of a loop target."""
        match target:
            case Bind(name=name):
                return safe_name(name)
            case Unpack(targets=targets):
                inner = [self.emit_target(t) if isinstance(t, Bind) else f"({self.emit_target(t)})" for t in targets]
                return ", ".join(inner) + ("," if len(inner) == 1 else "")

    # --- nodes --------------------------------------------------------------------------------------------------

    def _source(self, expr: Expr) -> Source:
        match expr:
            case Literal(value=value):
                return _literal(value)
            case Name(name=name):
                return self._variable(name), PRIMARY
            case Field(object=of, name=name):
                return f"{self._at(of, PRIMARY)}[{fstrings.quoted(name)}]", PRIMARY
            case Item(object=of, index=index):
                place = f"[{self._at(index, CONDITIONAL)}]"
                if isinstance(of.type, TupleType) and may_raise(expr):
                    # So that the error speaks of a tuple.
                    return f"tuple({self._at(of, CONDITIONAL)}){place}", PRIMARY
                return f"{self._at(of, PRIMARY)}{place}", PRIMARY
            case Slice():
                return self._slice(expr), PRIMARY
            case Unary(operator="not", operand=operand):
                return f"not {enclosed(self._test(operand), NOT)}", NOT
            case Unary(operator=operator, operand=operand):
                return f"{operator}{self._at(operand, SIGN)}", SIGN
            case Binary():
                return self._binary(expr)
            case Compare():
                return self._compare(expr)
            case Truth(operand=operand):
                return self._truth(operand)
            case Logic():
                return self._logic(expr)
            case Conditional():
                return self._choice(self._test(expr.test), self._source(expr.body), self._source(expr.orelse))
            case Spread(value=value):
                return f"*{enclosed(self._items(value), SUM)}", LAMBDA
            case Array(items=items):
                return f"[{', '.join(self._source(item)[0] for item in items)}]", PRIMARY
            case Object():
                return f"{{{', '.join(self._entries(expr))}}}", PRIMARY
            case Format():
                return self._format(expr)
            case Comprehension():
                return self._comprehension(expr), PRIMARY
            case Function(parameter=parameter, body=body):
                return f"lambda {safe_name(parameter)}: {self.emit(body)}", LAMBDA
            case Call():
                return self._call(_with_truths(expr))
            case _:
                assert_never(expr)

    def _slice(self, expr: Slice) -> str:
        bounds = [expr.start, expr.stop] if expr.step is None else [expr.start, expr.stop, expr.step]
        text = ":".join("" if bound is None else self._at(bound, CONDITIONAL) for bound in bounds)
        return f"{self._at(expr.object, PRIMARY)}[{text}]"

    def _binary(self, expr: Binary) -> Source:
        level = LEVELS[expr.operator]
        if expr.operator == "**":
            return f"{self._at(expr.left, PRIMARY)} ** {self._at(expr.right, SIGN)}", level
        return f"{self._at(expr.left, level)} {expr.operator} {self._at(expr.right, level + 1)}", level

    def _compare(self, expr: Compare) -> Source:
        operator, left, right = expr.operator, expr.left, expr.right
        if operator in ("==", "!=") and _is_none(left) and not _is_none(right):
            left, right = right, left
        if operator in ("==", "!=") and _is_none(right) and not isinstance(left, Literal):
            return f"{self._at(left, SUM)} {'is' if operator == '==' else 'is not'} None", COMPARISON
        if operator in ("in", "not in"):
            return f"{self._at(left, SUM)} {operator} {enclosed(self._items(right), SUM)}", COMPARISON
        kinds = {m.what for side in (left, right) for m in members(side.type) if isinstance(m, DateTimeType)}
        # Equal points in time have equal texts; texts of times of day may differ in their offset.
        if kinds == {"time"} or (kinds and operator not in ("==", "!=")):
            parse = f"{kinds.pop()}.fromisoformat"
            return f"{parse}({self.emit(left)}) {operator} {parse}({self.emit(right)})", COMPARISON
        return f"{self._at(left, SUM)} {operator} {self._at(right, SUM)}", COMPARISON

    def _choice(self, test: Source, body: Source, orelse: Source) -> Source:
        text = f"{enclosed(body, OR)} if {enclosed(test, OR)} else {enclosed(orelse, CONDITIONAL)}"
        return text, CONDITIONAL

    def _entries(self, expr: Object) -> Iterator[str]:
        for entry in expr.entries:
            if isinstance(entry.value, Spread):
                yield f"**{self._at(entry.value.value, SUM)}"
            elif entry.key is not None:
                yield f"{self._at(entry.key, CONDITIONAL)}: {self._at(entry.value, CONDITIONAL)}"

    # --- truth --------------------------------------------------------------------------------------------------

    def _test(self, expr: Expr) -> Source:
        """`expr` where only its truth counts."""
        match expr:
            case Truth(operand=operand) if _looks_true(operand.type):
                return self._source(operand)
            case Logic(operator=operator, operands=operands):
                level = AND if operator == "and" else OR
                return f" {operator} ".join(enclosed(self._test(o), level + 1) for o in operands), level
            case _:
                return self._source(expr)

    def _truth(self, operand: Expr) -> Source:
        if _looks_true(operand.type):
            return f"bool({self.emit(operand)})", PRIMARY
        if all(isinstance(m, NullType) or _is_always_true(m) for m in members(operand.type)):
            return f"{self._at(operand, SUM)} is not None", COMPARISON
        return f"bool({self.emit(operand)}) or isinstance({self.emit(operand)}, dict)", OR

    def _logic(self, expr: Logic) -> Source:
        *first, last = expr.operands
        if all(_looks_true(operand.type) for operand in first):
            level = AND if expr.operator == "and" else OR
            return f" {expr.operator} ".join(self._at(operand, level + 1) for operand in expr.operands), level
        result = self._source(last)
        for operand in reversed(first):
            value = self._source(operand)
            chosen = (result, value) if expr.operator == "and" else (value, result)
            result = self._choice(self._truth(operand), *chosen)
        return result

    # --- text ---------------------------------------------------------------------------------------------------

    def _format(self, expr: Format) -> Source:
        if all(isinstance(part, Literal) for part in expr.parts):
            return fstrings.quoted(
                "".join(str(part.value) for part in expr.parts if isinstance(part, Literal))
            ), PRIMARY
        text = fstrings.fstring([str(p.value) if isinstance(p, Literal) else self._hole(p) for p in expr.parts])
        if text is not None:
            return text, PRIMARY
        return " + ".join(self._at(part, SUM + 1) for part in expr.parts), SUM

    def _hole(self, part: Expr) -> fstrings.Hole:
        match part:
            case Call(function="format", arguments=(value, Literal(value=str() as spec))):
                return fstrings.Hole(self._at(value, CONDITIONAL), spec)
            case Call(function="str", arguments=(value,)) if not has_error(value.type):
                return fstrings.Hole(self._at(value, CONDITIONAL))
            case _:
                return fstrings.Hole(self._at(part, CONDITIONAL))

    # --- iteration ----------------------------------------------------------------------------------------------

    def _comprehension(self, expr: Comprehension) -> str:
        text = self._clauses(expr)
        return f"{{{text}}}" if expr.key is not None else f"[{text}]"

    def _clauses(self, expr: Comprehension) -> str:
        element = self._at(expr.element, CONDITIONAL)
        head = element if expr.key is None else f"{self._at(expr.key, CONDITIONAL)}: {element}"
        return " ".join([head, *(self._generator(generator) for generator in expr.generators)])

    def _generator(self, generator: Generator) -> str:
        items = enclosed(self._items(generator.items, generator.target), OR)
        conditions = "".join(f" if {enclosed(self._test(c), OR)}" for c in generator.conditions)
        return f"for {self.emit_target(generator.target)} in {items}{conditions}"


def _literal(value: Scalar) -> Source:
    if isinstance(value, str):
        return fstrings.quoted(value), PRIMARY
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")', PRIMARY
    return repr(value), SIGN if repr(value).startswith("-") else PRIMARY


def _with_truths(expr: Call) -> Call:
    """`all` and `any` of values whose truth is not that of their JSON: of their truths instead."""
    if expr.function not in ("all", "any"):
        return expr
    (values,) = expr.arguments
    element = iteration_type(values.type)
    if element is None or _looks_true(element):
        return expr
    if isinstance(values, Comprehension) and values.lazy:
        truths = replace(values, element=_truth_of(values.element))
    else:
        # What is iterated over is evaluated outside: the name hides nothing there.
        each = Generator(target=Bind(name="value"), items=values)
        item = Name(span=expr.span, type=element, name="value")
        of = ListType(BOOL)
        truths = Comprehension(span=expr.span, type=of, element=_truth_of(item), generators=(each,), lazy=True)
    return replace(expr, arguments=(truths,))


def _truth_of(expr: Expr) -> Truth:
    return Truth(span=expr.span, type=BOOL, operand=expr)


def _is_none(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.value is None


def _is_always_true(of: Type) -> bool:
    return isinstance(of, ModelType | ErrorType | DateTimeType) or (isinstance(of, EnumType) and not of.text)


def _looks_true(of: Type) -> bool:
    """Whether the JSON value has the truth of the Python value. A model without fields is `{}`, a member of an enum may
    stand for `""` or 0, and both are true."""
    return not any(
        isinstance(m, ModelType) or (isinstance(m, EnumType) and not m.text and not all(v for _, v in m.members))
        for m in members(of)
    )
