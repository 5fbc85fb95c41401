"""Compiles expressions: Python's syntax tree to typed, pure IR expressions; steps in them go out into statements.

Operands are evaluated left to right. Where an operand holds a step, the step becomes a statement in front, and so does
every operand before it that may raise an error, so that nothing happens earlier or later than in Python.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Sequence
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from skyloom.errors import Span
from skyloom.flows.expr import nodes as x
from skyloom.flows.expr import types as t
from skyloom.flows.expr.builtins import BUILTINS, NoSignature, call_type
from skyloom.flows.expr.rules import (
    assignable,
    binary_type,
    compare_problem,
    formattable,
    item_type,
    iteration_type,
    may_raise,
    slice_type,
    truth,
    unary_type,
    widen,
)
from skyloom.flows.frontend import ownership
from skyloom.flows.frontend.body import Body, Stop, did_you_mean
from skyloom.flows.frontend.narrowing import assume, falsy, field_type, place_of, truthy
from skyloom.flows.frontend.scope import Ownership
from skyloom.flows.frontend.syntax import MISSING, explain, is_data
from skyloom.flows.frontend.unsupported import Unsupported
from skyloom.flows.ir import nodes as ir
from skyloom.flows.values import MAX_INT

if TYPE_CHECKING:
    from skyloom.flows.frontend.calls import Calls

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


class Expressions:
    """Compiles the expressions of one flow."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.calls: Calls
        """Compiles calls; set by whoever makes both."""

    # --- entry points -------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> x.Expr:
        """The expression as a value. Raises Stop, with the problem reported."""
        compiled = self.iterable(node)
        if isinstance(compiled, x.Call) and BUILTINS[compiled.function].gives != "value":
            self.body.fail(
                "SKY217",
                f"`{compiled.function}(...)` is no list in Python",
                node,
                f"write `list({compiled.function.rpartition('.')[2]}(...))`",
            )
        return compiled

    def iterable(self, node: ast.expr) -> x.Expr:
        """The expression where it is used up at once: `range(3)` and the like may stand here too."""
        match node:
            case ast.Constant():
                return self._constant(node)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                return self._logic(node)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp():
                return self._conditional(node)
            case ast.JoinedStr():
                return self._fstring(node)
            case ast.List() | ast.Tuple():
                return self._array(node)
            case ast.Dict():
                return self._dict(node)
            case ast.ListComp() | ast.DictComp():
                return self.calls.comprehension(node)
            case ast.GeneratorExp():
                self.body.fail("SKY118", "a generator expression cannot stand here", node, "write a list: `[...]`")
            case ast.Call():
                return self.calls.call(node)
            case _:
                self.body.fail(*explain(node))

    def condition(self, node: ast.expr) -> x.Expr:
        """The truth of the expression, as a boolean."""
        match node:
            case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return self._logic_condition(node)
            case _:
                return self.as_truth(self.value(node), node)

    def as_truth(self, value: x.Expr, node: ast.AST) -> x.Expr:
        """The truth of a compiled value, as a boolean."""
        kind = truth(value.type)
        if kind == "bool":
            return value
        if kind == "unknown":
            self.body.fail(
                "SKY210",
                f"whether a value of type `{t.show(value.type)}` counts as true cannot be told",
                node,
                "compare it: `== ...`, `is not None`; or annotate the value's type",
            )
        return x.Truth(span=value.span, type=t.BOOL, operand=value)

    def operands(self, nodes: Sequence[ast.expr], compile_one: Any = None) -> list[x.Expr]:
        """Several operands, evaluated in order. Reports the problems of all of them before it gives up."""
        compiled: list[x.Expr] = []
        positions: list[int] = []
        stopped = False
        for node in nodes:
            try:
                compiled.append((compile_one or self.value)(node))
            except Stop:
                stopped = True
            positions.append(len(self.body.block))
        if stopped:
            raise Stop
        return self.in_order(compiled, positions)

    def in_order(self, compiled: list[x.Expr], positions: list[int]) -> list[x.Expr]:
        """Holds those operands that may raise in front of the steps of later ones. `positions` is the length of the
        block behind each operand."""
        end = len(self.body.block)
        for index in range(len(compiled) - 1, -1, -1):
            if positions[index] < end and may_raise(compiled[index]):
                compiled[index] = self.body.hold(compiled[index], at=positions[index])
        return compiled

    # --- names and constants ------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> x.Expr:
        return self.constant(node.value, node)

    def constant(self, value: Any, node: ast.AST) -> x.Expr:
        """A constant of the source, or of a module, as an expression."""
        span = self.body.span(node)
        match value:
            case None:
                return x.Literal(span=span, type=t.NULL, value=None)
            case Enum():
                return self._member(value, node)
            case bool() | str():
                return x.Literal(span=span, type=t.LiteralType((value,)), value=value)
            case int():
                if abs(value) > MAX_INT:
                    self.body.fail("SKY218", "the integer is larger than 2**53", node, "use a str, or a float")
                return x.Literal(span=span, type=t.LiteralType((value,)), value=value)
            case float():
                return x.Literal(span=span, type=t.FLOAT, value=value)
            case list() | tuple():
                items = tuple(self.constant(item, node) for item in value)
                of_items = tuple(item.type for item in items)
                of = t.TupleType(of_items) if isinstance(value, tuple) else t.ListType(element_type(of_items))
                return x.Array(span=span, type=of, items=items)
            case dict():
                entries = tuple(
                    x.Entry(key=self.constant(key, node), value=self.constant(item, node))
                    for key, item in value.items()
                )
                inner = t.union(*(entry.value.type for entry in entries))
                return x.Object(span=span, type=t.DictType(inner), entries=entries)
            case _:
                kind = type(value).__name__
                self.body.fail("SKY219", f"a {kind} cannot be a value of a flow", node, "values are JSON; see a task")

    def _member(self, value: Enum, node: ast.AST) -> x.Expr:
        """A member of an enumeration, as its value."""
        try:
            of = self.body.builder.types.resolve(type(value))
        except Unsupported as problem:
            self.body.fail("SKY502", problem.message, node, problem.hint)
        assert isinstance(of, t.EnumType)
        single = t.EnumType(of.name, ((value.name, value.value),), of.text)
        return x.Literal(span=self.body.span(node), type=single, value=value.value)

    def _name(self, node: ast.Name) -> x.Expr:
        name, scope = node.id, self.body.scope
        if name in scope.poisoned:
            raise Stop
        if name in scope.types:
            if name not in scope.sure:
                self.body.fail(
                    "SKY202", f"`{name}` may have no value here", node, f"give `{name}` a value on every path before"
                )
            return x.Name(span=self.body.span(node), type=scope.type_of(name), name=name)
        if name in self.body.locals:
            self.body.fail("SKY202", f"`{name}` has no value yet", node, f"assign `{name}` before this line")
        found = self.static(node)
        if found is MISSING:
            known = [*scope.types, *(k for k in self.body.names if not k.startswith("_"))]
            self.body.fail("SKY201", f"`{name}` is not known", node, did_you_mean(name, known) or f"define `{name}`")
        return self._static_value(found, node)

    def static(self, node: ast.expr) -> Any:
        """The Python object that a name of the module, or an attribute of one, stands for; MISSING for all else."""
        match node:
            case ast.Name(id=name):
                if name in self.body.scope.types or name in self.body.locals:
                    return MISSING
                return self.body.names.get(name, MISSING)
            case ast.Attribute(value=inner, attr=attribute):
                outer = self.static(inner)
                if isinstance(outer, ModuleType | type):
                    return getattr(outer, attribute, MISSING)
        return MISSING

    def _static_value(self, found: Any, node: ast.expr) -> x.Expr:
        if is_data(found):
            return self.constant(found, node)
        shown = ast.unparse(node)
        if callable(found):
            self.body.fail("SKY203", f"`{shown}` is a function or class, not a value", node, f"call it: `{shown}(...)`")
        kind = type(found).__name__
        self.body.fail("SKY203", f"`{shown}` is a {kind}, which a flow cannot carry", node, "use it inside a task")

    # --- fields and items ---------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> x.Expr:
        if node.attr == "__name__" and isinstance(node.value, ast.Call) and self.static(node.value.func) is type:
            return self._error_class(node.value, node)
        found = self.static(node)
        if found is not MISSING:
            return self._static_value(found, node)
        outer = self.static(node.value)
        if isinstance(outer, ModuleType | type):
            known = [n for n in vars(outer) if not n.startswith("_")]
            if isinstance(outer, type) and issubclass(outer, Enum):
                known = [member.name for member in outer]
            hint = did_you_mean(node.attr, known) or f"it has {', '.join(known[:8]) or 'nothing'}"
            self.body.fail("SKY204", f"`{ast.unparse(node.value)}` has no `{node.attr}`", node, hint)
        return self.field(self.value(node.value), node)

    def _error_class(self, call: ast.Call, node: ast.AST) -> x.Expr:
        """`type(error).__name__`."""
        value = self.value(call.args[0]) if len(call.args) == 1 else None
        if value is None or not isinstance(value.type, t.ErrorType):
            self.body.fail("SKY221", "only a caught error has a class in a flow", node, "test a Literal field instead")
        return x.Call(span=self.body.span(node), type=t.STR, function="error.type", arguments=(value,))

    def field(self, of: x.Expr, node: ast.Attribute) -> x.Expr:
        """`of.attribute`."""
        span, attribute = self.body.span(node), node.attr
        alternatives = t.members(of.type)
        if t.NULL in alternatives and len(alternatives) > 1:
            shown = ast.unparse(node.value)
            self.body.fail(
                "SKY206",
                f"`{shown}` may be None, which has no `{attribute}`",
                node,
                f"test `if {shown} is not None:` first",
            )
        if all(isinstance(member, t.EnumType) for member in alternatives):
            return self._enum_field(of, attribute, node)
        if not all(isinstance(member, t.ModelType) for member in alternatives):
            self._refuse_attribute(of, node)
        names = {self._json_key(cast(t.ModelType, member), node) for member in alternatives}
        if len(names) != 1:
            self.body.fail("SKY205", f"`{attribute}` has another JSON key in each alternative", node, "narrow first")
        inner = field_type(of.type, attribute, self.body.models)
        assert inner is not None
        place = place_of(node)
        narrowed = self.body.scope.facts.get(place) if place else None
        return x.Field(span=span, type=narrowed or inner, object=of, name=names.pop())

    def _json_key(self, of: t.ModelType, node: ast.Attribute) -> str:
        model = self.body.models[of.name]
        if model.flavour == "typeddict":
            self.body.fail(
                "SKY205", f"`{of.name}` is a TypedDict: it has keys, no fields", node, f'write `[...]["{node.attr}"]`'
            )
        for field in model.fields:
            if field.attribute == node.attr:
                return field.name
        cls = self.body.builder.types.class_of(of.name)
        if hasattr(cls, node.attr):
            self.body.fail(
                "SKY207",
                f"`{node.attr}` of `{of.name}` is no plain field",
                node,
                "a flow reads fields only; compute it in a task",
            )
        fields = [field.attribute for field in model.fields]
        hint = did_you_mean(node.attr, fields) or f"it has {', '.join(fields) or 'none'}"
        self.body.fail("SKY205", f"`{of.name}` has no field `{node.attr}`", node, hint)

    def _enum_field(self, of: x.Expr, attribute: str, node: ast.Attribute) -> x.Expr:
        members = [m for member in t.members(of.type) for m in cast(t.EnumType, member).members]
        span = self.body.span(node)
        if attribute == "value":
            values = t.LiteralType(tuple(value for _, value in members))
            return self._retyped(of, values)
        if attribute == "name":
            values = t.LiteralType(tuple(name for name, _ in members))
            result: x.Expr = x.Literal(span=span, type=t.LiteralType((members[-1][0],)), value=members[-1][0])
            for name, value in reversed(members[:-1]):
                same = x.Compare(
                    span=span,
                    type=t.BOOL,
                    operator="==",
                    left=of,
                    right=x.Literal(span=span, type=of.type, value=value),
                )
                text = x.Literal(span=span, type=t.LiteralType((name,)), value=name)
                result = x.Conditional(span=span, type=values, test=same, body=text, orelse=result)
            return result
        self.body.fail("SKY205", f"an enum member has no `{attribute}` in a flow", node, "use `.value` or `.name`")

    @staticmethod
    def _retyped(value: x.Expr, of: t.Type) -> x.Expr:
        from dataclasses import replace

        return replace(value, type=of)

    def _refuse_attribute(self, of: x.Expr, node: ast.Attribute) -> None:
        kind = t.show(of.type)
        if isinstance(of.type, t.DictType):
            self.body.fail("SKY205", f"a `{kind}` has keys, no fields", node, f'write `[...]["{node.attr}"]`')
        if isinstance(of.type, t.AnyType):
            self.body.fail(
                "SKY211",
                f"the type of this value is not known, so it has no `{node.attr}`",
                node,
                "annotate it with a model",
            )
        if isinstance(of.type, t.ErrorType):
            self.body.fail("SKY205", f"a caught error has no `{node.attr}` in a flow", node, "use `str(e)`")
        if any(f"{owner}.{node.attr}" in BUILTINS for owner in ("str", "list", "dict", "datetime")):
            self.body.fail("SKY205", f"`{node.attr}` is a method", node, f"call it: `{ast.unparse(node)}(...)`")
        self.body.fail("SKY205", f"a `{kind}` has no field `{node.attr}`", node, "call a method, or use a model")

    def _subscript(self, node: ast.Subscript) -> x.Expr:
        if isinstance(node.slice, ast.Slice):
            return self._slice(node, node.slice)
        of, index = self.operands([node.value, node.slice])
        return self.item(of, index, node)

    def item(self, of: x.Expr, index: x.Expr, node: ast.Subscript) -> x.Expr:
        """`of[index]`."""
        span = self.body.span(node)
        literal = index.value if isinstance(index, x.Literal) and isinstance(index.value, int | str) else None
        if isinstance(index, x.Unary) and index.operator == "-" and isinstance(index.operand, x.Literal):
            literal = -cast(int, index.operand.value) if isinstance(index.operand.value, int) else None
        if isinstance(of.type, t.ModelType) and self.body.models[of.type.name].flavour == "typeddict":
            return x.Item(span=span, type=self._key_type(of.type, literal, node), object=of, index=index)
        alternatives = t.members(of.type)
        if t.NULL in alternatives:
            shown = ast.unparse(node.value)
            self.body.fail(
                "SKY206", f"`{shown}` may be None, which has no items", node, f"test `if {shown} is not None:`"
            )
        inner = item_type(of.type, index.type, None if isinstance(literal, bool) else literal)
        if inner is None:
            self._refuse_item(of, index, node)
        return x.Item(span=span, type=cast(t.Type, inner), object=of, index=index)

    def _key_type(self, of: t.ModelType, key: Any, node: ast.Subscript) -> t.Type:
        model = self.body.models[of.name]
        if not isinstance(key, str):
            self.body.fail("SKY208", f"a key of `{of.name}` must be a constant text", node.slice, 'write `["name"]`')
        for field in model.fields:
            if field.name == key:
                return field.type
        hint = did_you_mean(key, [field.name for field in model.fields]) or "check its TypedDict"
        self.body.fail("SKY208", f"`{of.name}` has no key {key!r}", node.slice, hint)

    def _refuse_item(self, of: x.Expr, index: x.Expr, node: ast.Subscript) -> None:
        match of.type:
            case t.ModelType(name=name):
                key = index.value if isinstance(index, x.Literal) and isinstance(index.value, str) else "name"
                hint = f"read a field: `{ast.unparse(node.value)}.{key}`"
                self.body.fail("SKY208", f"a `{name}` has fields, no items", node, hint)
            case t.TupleType(items=items) if assignable(index.type, t.INT):
                self.body.fail("SKY208", f"the tuple has {len(items)} elements", node.slice, _within(items))
            case t.DictType():
                message = f"a key of `{t.show(of.type)}` is a str, not `{t.show(widen(index.type))}`"
                self.body.fail("SKY208", message, node.slice, 'write `str(...)`, or `f"..."`')
            case t.ListType() | t.TupleType() | t.StrType() | t.LiteralType():
                message = f"a `{t.show(widen(of.type))}` is indexed with an int, not `{t.show(widen(index.type))}`"
                self.body.fail("SKY208", message, node.slice, "use a position: 0 is the first, -1 the last")
            case _:
                message = f"a `{t.show(of.type)}` has no items"
                self.body.fail("SKY208", message, node, "index a list with an int, a dict with a str")

    def _slice(self, node: ast.Subscript, cut: ast.Slice) -> x.Expr:
        parts = [part for part in (node.value, cut.lower, cut.upper, cut.step) if part is not None]
        compiled = self.operands(parts)
        of, given = compiled[0], iter(compiled[1:])
        bounds = [next(given) if part is not None else None for part in (cut.lower, cut.upper, cut.step)]
        for bound in bounds:
            if bound is not None and not assignable(bound.type, t.optional(t.INT)):
                message = f"a slice bound is an int, not `{t.show(bound.type)}`"
                self.body.fail("SKY208", message, bound.span, "use an int, or leave it out")
        constants = [_constant_bound(bound) for bound in bounds]
        known = None if MISSING in constants else slice(*constants)
        result = slice_type(of.type, known)
        if result is None:
            self.body.fail("SKY208", f"a `{t.show(of.type)}` cannot be sliced", node, "slice a list or a text")
        return x.Slice(
            span=self.body.span(node),
            type=cast(t.Type, result),
            object=of,
            start=bounds[0],
            stop=bounds[1],
            step=bounds[2],
        )

    # --- operators ----------------------------------------------------------------------------------------------

    def _binary(self, node: ast.BinOp) -> x.Expr:
        symbol = self.symbol(node.op, node)
        left, right = self.operands([node.left, node.right])
        return self.arithmetic(symbol, left, right, node)

    def symbol(self, operation: ast.operator, node: ast.AST) -> x.ArithmeticOperator:
        """The operator's symbol."""
        symbol = _ARITHMETIC.get(type(operation))
        if symbol is None:
            self.body.fail("SKY110", "bit and matrix operators are not in the language", node, "use them inside a task")
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
            self.body.fail("SKY212", f"`{ours} {symbol} {theirs}` has no meaning", node, hint)
        of = widen(cast(t.Type, result))
        return x.Binary(span=self.body.span(node), type=of, operator=symbol, left=left, right=right)

    def refuse_unknown(self, value: x.Expr, node: ast.AST | Span, use: str) -> None:
        """Reports a value of unknown type where its type decides the meaning."""
        if isinstance(value.type, t.AnyType):
            self.body.fail(
                "SKY211",
                f"the type of this value is not known, so {use} has no meaning",
                node,
                "annotate where it comes from",
            )

    def _unary(self, node: ast.UnaryOp) -> x.Expr:
        if isinstance(node.op, ast.Not):
            return self._logic_condition(node)
        if isinstance(node.op, ast.Invert):
            self.body.fail("SKY110", "bit operators are not in the language", node, "use them inside a task")
        operand = self.value(node.operand)
        symbol: Any = "-" if isinstance(node.op, ast.USub) else "+"
        self.refuse_unknown(operand, operand.span, f"`{symbol}`")
        result = unary_type(symbol, operand.type)
        if result is None:
            self.body.fail("SKY212", f"`{symbol}{t.show(operand.type)}` has no meaning", node, "use a number")
        of = cast(t.Type, result)
        if isinstance(operand, x.Literal) and isinstance(operand.value, int) and not isinstance(operand.value, bool):
            of = t.LiteralType((-operand.value if symbol == "-" else operand.value,))
        return x.Unary(span=self.body.span(node), type=of, operator=symbol, operand=operand)

    def _comparison(self, node: ast.Compare) -> x.Expr:
        if len(node.ops) == 1:
            left, right = self.operands([node.left, node.comparators[0]], self._comparand)
            return self._compare(node.ops[0], left, right, node)
        return self._chain(node)

    def _comparand(self, node: ast.expr) -> x.Expr:
        return self.iterable(node) if _is_range(node) else self.value(node)

    def _chain(self, node: ast.Compare) -> x.Expr:
        """`a < b < c`: b is evaluated once, and c only when a < b."""
        left, middle = self.operands([node.left, node.comparators[0]])
        if not isinstance(middle, x.Name | x.Literal):
            [left, middle] = [self.body.hold(left) if may_raise(left) else left, self.body.hold(middle)]
        test = self._compare(node.ops[0], left, middle, node)
        rest = ast.Compare(left=node.comparators[0], ops=node.ops[1:], comparators=node.comparators[1:])
        ast.copy_location(rest, node)

        def following() -> x.Expr:
            if len(node.ops) > 2:
                return self._chain_from(middle, rest, node)
            return self._compare(node.ops[1], middle, self.value(node.comparators[1]), node)

        return self._and_then(test, following, node)

    def _chain_from(self, left: x.Expr, rest: ast.Compare, node: ast.Compare) -> x.Expr:
        middle = self.value(rest.comparators[0])
        if not isinstance(middle, x.Name | x.Literal):
            middle = self.body.hold(middle)
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
            right = self.as_dict(right)
        if isinstance(operation, ast.Is | ast.IsNot) and t.NULL not in (left.type, right.type):
            self.body.fail("SKY111", "`is` compares with None only", node, "use `==`")
        problem = compare_problem(symbol, left.type, right.type)
        if problem is not None and not (symbol in ("==", "!=") and t.NULL in (left.type, right.type)):
            message, _, hint = problem.partition("; ")
            self.body.fail("SKY213", message, node, hint or _comparison_hint(symbol, left, right))
        return x.Compare(span=self.body.span(node), type=t.BOOL, operator=symbol, left=left, right=right)

    # --- short circuit ------------------------------------------------------------------------------------------

    def _logic_condition(self, node: ast.BoolOp | ast.UnaryOp) -> x.Expr:
        """`and`, `or`, `not` where only the truth counts."""
        if isinstance(node, ast.UnaryOp):
            inner = self.condition(node.operand)
            return x.Unary(span=self.body.span(node), type=t.BOOL, operator="not", operand=inner)
        return self._short_circuit(node, self.condition, t.BOOL)

    def _logic(self, node: ast.BoolOp) -> x.Expr:
        return self._short_circuit(node, self.value, None)

    def _short_circuit(self, node: ast.BoolOp, compile_one: Any, of: t.Type | None) -> x.Expr:
        conjunction = isinstance(node.op, ast.And)
        entry, span = self.body.scope, self.body.span(node)
        scope = entry
        compiled: list[x.Expr] = []
        blocks: list[list[ir.Statement]] = []
        for value in node.values:
            with self.body.in_scope(scope.copy()), self.body.inner_block() as block:
                compiled.append(compile_one(value))
                after = self.body.scope
            blocks.append(block)
            for name in after.types.keys() - entry.types.keys():
                entry.assign(name, after.types[name], after.owners.get(name, Ownership.FRESH))
            scope = assume(value, conjunction, after, self.body.models)
        result = of or self._logic_type(compiled, conjunction)
        if of is None:
            for operand, value in zip(compiled[:-1], node.values, strict=False):
                self.as_truth(operand, value)
        self.body.block += blocks[0]
        if not any(blocks[1:]):
            symbol: Any = "and" if conjunction else "or"
            return x.Logic(span=span, type=result, operator=symbol, operands=tuple(compiled))
        return self._as_statements(compiled, blocks, conjunction, result, node)

    @staticmethod
    def _logic_type(compiled: list[x.Expr], conjunction: bool) -> t.Type:
        deciding = falsy if conjunction else truthy
        return t.union(*(deciding(operand.type) for operand in compiled[:-1]), compiled[-1].type)

    def _as_statements(
        self, compiled: list[x.Expr], blocks: list[list[ir.Statement]], conjunction: bool, of: t.Type, node: ast.BoolOp
    ) -> x.Expr:
        """The operands one after the other, each only when the one before has not decided."""
        span = self.body.span(node)
        target = self.body.temporary("value")
        held = x.Name(span=span, type=of, name=target)
        statements: list[ir.Statement] = []
        for index in range(len(compiled) - 1, -1, -1):
            operand = compiled[index]
            inner: list[ir.Statement] = [ir.Assign(span=operand.span, variable=target, value=operand)]
            if index < len(compiled) - 1:
                truthful = self.as_truth(self._retyped(held, operand.type), node.values[index])
                test = truthful if conjunction else x.Unary(span=span, type=t.BOOL, operator="not", operand=truthful)
                inner.append(ir.If(span=span, test=test, body=tuple(statements)))
            statements = [*(blocks[index] if index else []), *inner]
        self.body.block += statements
        owner = max(ownership.store(operand, self.body.scope, self.body.temporaries) for operand in compiled)
        self.body.scope.assign(target, of, owner)
        return held

    def _conditional(self, node: ast.IfExp) -> x.Expr:
        span = self.body.span(node)
        test = self.condition(node.test)
        entry = self.body.scope
        sides: list[tuple[x.Expr, list[ir.Statement]]] = []
        for side, outcome in ((node.body, True), (node.orelse, False)):
            with (
                self.body.in_scope(assume(node.test, outcome, entry, self.body.models).copy()),
                self.body.inner_block() as block,
            ):
                value = self.value(side)
                inner = self.body.scope
            for name in inner.types.keys() - entry.types.keys():
                entry.assign(name, inner.types[name], inner.owners.get(name, Ownership.FRESH))
            sides.append((value, block))
        (body, first), (orelse, second) = sides
        of = t.union(body.type, orelse.type)
        if not first and not second:
            return x.Conditional(span=span, type=of, test=test, body=body, orelse=orelse)
        target = self.body.temporary("value")
        owner = max(ownership.store(value, entry, self.body.temporaries) for value, _ in sides)
        first.append(ir.Assign(span=body.span, variable=target, value=body))
        second.append(ir.Assign(span=orelse.span, variable=target, value=orelse))
        self.body.emit(ir.If(span=span, test=test, body=tuple(first), orelse=tuple(second)))
        entry.assign(target, of, owner)
        return x.Name(span=span, type=of, name=target)

    # --- displays and text --------------------------------------------------------------------------------------

    def _array(self, node: ast.List | ast.Tuple) -> x.Expr:
        inner = [item.value if isinstance(item, ast.Starred) else item for item in node.elts]
        spread = [isinstance(item, ast.Starred) for item in node.elts]
        compiled = self.operands(inner, self.iterable)
        items: list[x.Expr] = []
        types: list[t.Type] = []
        for value, is_spread, written in zip(compiled, spread, node.elts, strict=True):
            if not is_spread:
                if isinstance(value, x.Call) and BUILTINS[value.function].gives != "value":
                    self.value(cast(ast.expr, written))
                items.append(value)
                types.append(value.type)
                continue
            element = iteration_type(value.type)
            if element is None:
                self.body.fail("SKY214", f"`*` needs a list, not `{t.show(value.type)}`", written, "spread a list")
            items.append(x.Spread(span=value.span, type=value.type, value=value))
            if isinstance(node, ast.Tuple) and isinstance(value.type, t.TupleType):
                types += value.type.items
            elif isinstance(node, ast.Tuple):
                self.body.fail("SKY214", "the length of this tuple is not known", written, "write a list: `[*...]`")
            else:
                types.append(cast(t.Type, element))
        of = t.TupleType(tuple(types)) if isinstance(node, ast.Tuple) else t.ListType(element_type(types))
        return x.Array(span=self.body.span(node), type=of, items=tuple(items))

    def _dict(self, node: ast.Dict) -> x.Expr:
        flat = [part for pair in zip(node.keys, node.values, strict=True) for part in pair if part is not None]
        compiled = iter(self.operands(flat))
        entries: list[x.Entry] = []
        types: list[t.Type] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.as_dict(next(compiled))
                if not isinstance(inner.type, t.DictType):
                    message = f"`**` needs a dict, not `{t.show(inner.type)}`"
                    self.body.fail("SKY214", message, value, "spread a dict[str, ...]")
                entries.append(x.Entry(key=None, value=x.Spread(span=inner.span, type=inner.type, value=inner)))
                types.append(cast(t.DictType, inner.type).value)
                continue
            compiled_key, compiled_value = next(compiled), next(compiled)
            self._check_key(compiled_key, key)
            entries.append(x.Entry(key=compiled_key, value=compiled_value))
            types.append(compiled_value.type)
        return x.Object(span=self.body.span(node), type=t.DictType(element_type(types)), entries=tuple(entries))

    def as_dict(self, value: x.Expr) -> x.Expr:
        """A TypedDict as the dict that it is; any other value as it is."""
        if isinstance(value.type, t.ModelType) and self.body.models[value.type.name].flavour == "typeddict":
            fields = self.body.models[value.type.name].fields
            return self._retyped(value, t.DictType(t.union(*(field.type for field in fields))))
        return value

    def _check_key(self, key: x.Expr, node: ast.expr) -> None:
        if not assignable(key.type, t.STR):
            message = f"a key is a str, not `{t.show(widen(key.type))}`"
            self.body.fail("SKY208", message, node, "write `str(...)`: object keys are texts in JSON")

    def _fstring(self, node: ast.JoinedStr) -> x.Expr:
        holes = [part for part in node.values if isinstance(part, ast.FormattedValue)]
        compiled = iter(self.operands([hole.value for hole in holes]))
        parts: list[x.Expr] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(self._constant(part))
            elif isinstance(part, ast.FormattedValue):
                parts.append(self._hole(next(compiled), part))
        return x.Format(span=self.body.span(node), type=t.STR, parts=tuple(parts))

    def _hole(self, value: x.Expr, node: ast.FormattedValue) -> x.Expr:
        if node.conversion not in (-1, ord("s")):
            hint = "use the plain value, or json.dumps(...)"
            self.body.fail("SKY112", "`!r` and `!a` are not in the language", node.value, hint)
        if node.conversion == ord("s"):
            value = self.text(value, node.value)
        if node.format_spec is not None:
            return self._formatted(value, node)
        return self.text(value, node.value)

    def text(self, value: x.Expr, node: ast.AST) -> x.Expr:
        """`str(value)`."""
        if isinstance(widen(value.type), t.StrType):
            return value
        if not formattable(value.type):
            self.body.fail(
                "SKY215",
                f"the text of a `{t.show(value.type)}` is Python's own affair",
                node,
                "name the fields you want, or use json.dumps(...)",
            )
        return x.Call(span=value.span, type=t.STR, function="str", arguments=(value,))

    def _formatted(self, value: x.Expr, node: ast.FormattedValue) -> x.Expr:
        spec = node.format_spec
        assert isinstance(spec, ast.JoinedStr)
        if not all(isinstance(part, ast.Constant) for part in spec.values):
            self.body.fail("SKY112", "a format must be constant", node.value, "write the format out: `.2f`")
        text = "".join(str(part.value) for part in spec.values if isinstance(part, ast.Constant))
        literal = x.Literal(span=self.body.span(node), type=t.LiteralType((text,)), value=text)
        try:
            of = call_type("format", [value.type, literal.type])
        except NoSignature as problem:
            self.body.fail("SKY216", problem.message, node.value, problem.hint)
        return x.Call(span=self.body.span(node), type=of, function="format", arguments=(value, literal))

    # --- fitting ------------------------------------------------------------------------------------------------

    def fitted(self, value: x.Expr, of: t.Type, node: ast.AST, what: str, *, checked: bool = False) -> x.Expr:
        """`value` where a value `of` a type is wanted; a dict display where a TypedDict is wanted becomes that.

        Args:
            what: what wants it, for the message.
            checked: a value of unknown type passes, because its receiver checks it.
        """
        if isinstance(value, x.Object) and isinstance(of, t.ModelType) and isinstance(value.type, t.DictType):
            return self.calls.typed_dict(value, of, node)
        if not (checked and isinstance(value.type, t.AnyType)) and not assignable(value.type, of):
            self._refuse_fit(value, of, node, what)
        return value

    @staticmethod
    def converted(value: x.Expr, of: t.Type) -> x.Expr:
        """`value` as a pydantic model takes it: an int where a float is wanted becomes one."""
        span = value.span
        if t.FLOAT in t.members(of) and t.INT not in t.members(of) and widen(value.type) == t.INT:
            if isinstance(value, x.Literal) and isinstance(value.value, int):
                return x.Literal(span=span, type=t.FLOAT, value=float(value.value))
            return x.Call(span=span, type=t.FLOAT, function="float", arguments=(value,))
        if of == t.ListType(t.FLOAT) and isinstance(value.type, t.ListType) and widen(value.type.item) == t.INT:
            name = x.Name(span=span, type=t.INT, name="_each")
            element = x.Call(span=span, type=t.FLOAT, function="float", arguments=(name,))
            generator = x.Generator(target=x.Bind(name="_each"), items=value)
            return x.Comprehension(span=span, type=of, element=element, generators=(generator,))
        return value

    def _refuse_fit(self, value: x.Expr, of: t.Type, node: ast.AST, what: str) -> None:
        have, want = t.show(value.type), t.show(of)
        hint = f"give a `{want}`"
        if value.type != t.NULL and t.NULL in t.members(value.type) and assignable(t.without_null(value.type), of):
            hint = "it may be None: test `is not None` first"
        elif isinstance(value.type, t.AnyType):
            hint = f"the type of this value is not known: annotate where it comes from, as `{want}`"
        elif isinstance(value, x.Literal) and isinstance(of, t.LiteralType) and isinstance(value.value, str):
            hint = did_you_mean(value.value, of.values) or f"one of {', '.join(map(repr, of.values))}"
        self.body.fail("SKY209", f"{what} wants `{want}`, and this is `{have}`", node, hint)


def element_type(types: Sequence[t.Type]) -> t.Type:
    """The type of the elements of a display: several kinds of lists become lists of several kinds, and so with dicts,
    because elements may be added to any of them."""
    joined = t.members(t.union(*types))
    lists = [member for member in joined if isinstance(member, t.ListType)]
    dicts = [member for member in joined if isinstance(member, t.DictType)]
    rest = [member for member in joined if not isinstance(member, t.ListType | t.DictType)]
    if lists:
        rest.append(t.ListType(element_type([one.item for one in lists])))
    if dicts:
        rest.append(t.DictType(element_type([one.value for one in dicts])))
    return t.union(*rest)


def _constant_bound(bound: x.Expr | None) -> Any:
    match bound:
        case None:
            return None
        case x.Literal(value=int() | None as value):
            return value
        case x.Unary(operator="-", operand=x.Literal(value=int() as value)):
            return operator.neg(value)
        case _:
            return MISSING


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


def _within(items: tuple[t.Type, ...]) -> str:
    return f"write 0 to {len(items) - 1}, or -{len(items)} to -1" if items else "it is empty"


def _is_range(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"
