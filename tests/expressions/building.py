"""A small front end for tests: typed expression nodes from Python source, independent of the real one."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from skyloom.errors import Span
from skyloom.flows.expr import nodes
from skyloom.flows.expr.builtins import call_type
from skyloom.flows.expr.rules import binary_type, item_type, iteration_type, slice_type, truth, unary_type
from skyloom.flows.expr.types import (
    BOOL,
    ERROR,
    FLOAT,
    NULL,
    STR,
    DateTimeType,
    DictType,
    ListType,
    LiteralType,
    TupleType,
    Type,
    members,
    union,
)

SPAN = Span(1, 1, 1, 1)
Types = Mapping[str, Type]
Build = Callable[..., nodes.Expr]

_OPERATORS: dict[type, Any] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
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
    ast.USub: "-",
    ast.UAdd: "+",
    ast.And: "and",
    ast.Or: "or",
}


def build(source: str, **types: Type) -> nodes.Expr:
    """`build("x + 1", x=INT)`: the node of the source, with the given types of variables; `**{".name": STR}` gives the
    type of fields of that name."""
    return _expr(ast.parse(source, mode="eval").body, types)


def _known(of: Type | None) -> Type:
    assert of is not None, "the test's expression has no type"
    return of


def _test(node: ast.expr, types: Types) -> nodes.Expr:
    inner = _expr(node, types)
    return inner if truth(inner.type) == "bool" else nodes.Truth(span=SPAN, type=BOOL, operand=inner)


def _expr(node: ast.expr, types: Types) -> nodes.Expr:
    match node:
        case ast.Constant(value=None | float() as value):
            return nodes.Literal(span=SPAN, type=NULL if value is None else FLOAT, value=value)
        case ast.Constant(value=bool() | int() | str() as value):
            return nodes.Literal(span=SPAN, type=LiteralType((value,)), value=value)
        case ast.Name(id=name):
            return nodes.Name(span=SPAN, type=types[name], name=name)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return nodes.Unary(span=SPAN, type=BOOL, operator="not", operand=_test(operand, types))
        case ast.UnaryOp(op=op, operand=operand):
            inner = _expr(operand, types)
            operator = _OPERATORS[type(op)]
            return nodes.Unary(
                span=SPAN, type=_known(unary_type(operator, inner.type)), operator=operator, operand=inner
            )
        case ast.BinOp(left=left, op=op, right=right):
            one, other, operator = _expr(left, types), _expr(right, types), _OPERATORS[type(op)]
            result = _known(binary_type(operator, one.type, other.type))
            return nodes.Binary(span=SPAN, type=result, operator=operator, left=one, right=other)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return nodes.Compare(
                span=SPAN, type=BOOL, operator=_OPERATORS[type(op)], left=_expr(left, types), right=_expr(right, types)
            )
        case ast.BoolOp(op=op, values=values):
            parts = tuple(_expr(value, types) for value in values)
            result = union(*(part.type for part in parts))
            return nodes.Logic(span=SPAN, type=result, operator=_OPERATORS[type(op)], operands=parts)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yes, no = _expr(body, types), _expr(orelse, types)
            return nodes.Conditional(
                span=SPAN, type=union(yes.type, no.type), test=_test(test, types), body=yes, orelse=no
            )
        case ast.Subscript(value=value, slice=ast.Slice() as bounds):
            return _slice(_expr(value, types), bounds, types)
        case ast.Subscript(value=value, slice=index):
            obj, key = _expr(value, types), _expr(index, types)
            constant = key.value if isinstance(key, nodes.Literal) and isinstance(key.value, int | str) else None
            return nodes.Item(span=SPAN, type=_known(item_type(obj.type, key.type, constant)), object=obj, index=key)
        case ast.Attribute(value=value, attr=name):
            return nodes.Field(span=SPAN, type=types[f".{name}"], object=_expr(value, types), name=name)
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            return _array(node, [_expr(elt, types) for elt in elts])
        case ast.Starred(value=value):
            inner = _expr(value, types)
            return nodes.Spread(span=SPAN, type=inner.type, value=inner)
        case ast.Dict(keys=keys, values=entries):
            return _object(keys, entries, types)
        case ast.JoinedStr(values=values):
            return nodes.Format(span=SPAN, type=STR, parts=tuple(_part(value, types) for value in values))
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
            return _comprehension(node, types)
        case ast.Call():
            return _call(node, types)
        case _:
            raise NotImplementedError(ast.dump(node))


def _slice(of: nodes.Expr, bounds: ast.Slice, types: Types) -> nodes.Expr:
    parts = [None if b is None else _expr(b, types) for b in (bounds.lower, bounds.upper, bounds.step)]
    constants = (
        [ast.literal_eval(b) if b is not None else None for b in (bounds.lower, bounds.upper, bounds.step)]
        if (isinstance(of.type, TupleType))
        else None
    )
    result = _known(slice_type(of.type, None if constants is None else slice(*constants)))
    return nodes.Slice(span=SPAN, type=result, object=of, start=parts[0], stop=parts[1], step=parts[2])


def _array(node: ast.expr, items: list[nodes.Expr]) -> nodes.Expr:
    of: Type
    if isinstance(node, ast.Tuple):
        of = TupleType(tuple(item.type for item in items))
    else:
        inner = [_known(iteration_type(i.type)) if isinstance(i, nodes.Spread) else i.type for i in items]
        of = ListType(union(*inner))
    return nodes.Array(span=SPAN, type=of, items=tuple(items))


def _object(keys: list[ast.expr | None], values: list[ast.expr], types: Types) -> nodes.Expr:
    entries: list[nodes.Entry] = []
    held: list[Type] = []
    for key, value in zip(keys, values, strict=True):
        inner = _expr(value, types)
        if key is None:
            assert isinstance(inner.type, DictType)
            held.append(inner.type.value)
            entries.append(nodes.Entry(key=None, value=nodes.Spread(span=SPAN, type=inner.type, value=inner)))
        else:
            held.append(inner.type)
            entries.append(nodes.Entry(key=_expr(key, types), value=inner))
    return nodes.Object(span=SPAN, type=DictType(union(*held)), entries=tuple(entries))


def _part(node: ast.expr, types: Types) -> nodes.Expr:
    if not isinstance(node, ast.FormattedValue):
        return _expr(node, types)
    value = _expr(node.value, types)
    if node.format_spec is None:
        return value if value.type == STR else _builtin("str", [value], {})
    assert isinstance(node.format_spec, ast.JoinedStr)
    return _builtin("format", [value, _expr(node.format_spec.values[0], types)], {})


def _target(node: ast.expr, of: Type, types: dict[str, Type]) -> nodes.Target:
    if isinstance(node, ast.Name):
        types[node.id] = of
        return nodes.Bind(name=node.id)
    assert isinstance(node, ast.Tuple)
    parts = of.items if isinstance(of, TupleType) else [_known(iteration_type(of))] * len(node.elts)
    return nodes.Unpack(targets=tuple(_target(n, t, types) for n, t in zip(node.elts, parts, strict=True)))


def _comprehension(node: ast.ListComp | ast.GeneratorExp | ast.DictComp, outer: Types) -> nodes.Expr:
    types = dict(outer)
    generators = []
    for clause in node.generators:
        items = _expr(clause.iter, types)
        target = _target(clause.target, _known(iteration_type(items.type)), types)
        conditions = tuple(_test(condition, types) for condition in clause.ifs)
        generators.append(nodes.Generator(target=target, items=items, conditions=conditions))
    key = _expr(node.key, types) if isinstance(node, ast.DictComp) else None
    element = _expr(node.value if isinstance(node, ast.DictComp) else node.elt, types)
    return nodes.Comprehension(
        span=SPAN,
        type=ListType(element.type) if key is None else DictType(element.type),
        element=element,
        generators=tuple(generators),
        key=key,
        lazy=isinstance(node, ast.GeneratorExp),
    )


def _call(node: ast.Call, types: Types) -> nodes.Expr:
    arguments = [_expr(argument, types) for argument in node.args]
    match node.func:
        case ast.Name(id="format"):
            name = "format"
        case ast.Name(id=name):
            pass
        case ast.Attribute(value=ast.Name(id="math" | "json" as module), attr=attr):
            name = f"{module}.{attr}"
        case ast.Attribute(value=value, attr=attr):
            arguments.insert(0, _expr(value, types))
            name = f"{_method_owner(arguments[0].type)}.{attr}"
        case _:
            raise NotImplementedError(ast.dump(node))
    keywords: dict[str, nodes.Expr] = {}
    for keyword in node.keywords:
        assert keyword.arg is not None
        keywords[keyword.arg] = _keyword(keyword.value, arguments, types)
    return _builtin(name, arguments, keywords)


def _keyword(node: ast.expr, arguments: list[nodes.Expr], types: Types) -> nodes.Expr:
    if not isinstance(node, ast.Lambda):
        return _expr(node, types)
    parameter = node.args.args[0].arg
    elements = [_known(iteration_type(arguments[0].type))] if len(arguments) == 1 else [a.type for a in arguments]
    body = _expr(node.body, {**types, parameter: union(*elements)})
    return nodes.Function(span=SPAN, type=body.type, parameter=parameter, body=body)


def _method_owner(of: Type) -> str:
    match members(of)[0]:
        case ListType():
            return "list"
        case DictType():
            return "dict"
        case DateTimeType():
            return "datetime"
        case _ if of == ERROR:
            return "error"
        case _:
            return "str"


def _builtin(name: str, arguments: list[nodes.Expr], keywords: dict[str, nodes.Expr]) -> nodes.Expr:
    result = call_type(name, [a.type for a in arguments], {k: v.type for k, v in keywords.items()})
    named = tuple(nodes.Named(name=k, value=v) for k, v in keywords.items())
    return nodes.Call(span=SPAN, type=result, function=name, arguments=tuple(arguments), keywords=named)
