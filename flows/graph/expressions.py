"""An expression as a reader of the picture wants it: short Python, close to the source."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import assert_never

from skyloom.flows.expr.nodes import (
    Array,
    Binary,
    Bind,
    Call,
    Compare,
    Comprehension,
    Conditional,
    Entry,
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
from skyloom.flows.expr.types import ModelType, TupleType

_METHOD_OWNERS = frozenset({"str", "list", "dict", "tuple", "int", "float", "bytes", "datetime", "date", "time"})
"""Catalog names `owner.name` that are methods of their first argument; other owners are modules."""

_LAMBDA, _CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(11)
"""How tightly an operator binds, loosest first."""

_BINDING = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "**": _POWER}


def source(expr: Expr, names: Mapping[str, str] | None = None) -> str:
    """`expr` as one line of Python.

    Args:
        names: what to write for a variable in place of its own name; for the front end's temporaries.
    """
    return _write(expr, _LAMBDA, names or {})


def template(expr: Expr, names: Mapping[str, str] | None = None) -> str:
    """A text as a person reads it: a string without its quotes, an f-string with its holes `{ticket.customer}`, and
    any other expression as one hole."""
    names = names or {}
    match expr:
        case Literal(value=str(text)):
            return prose(text)
        case Format(parts=parts):
            return prose(_holes(parts, names))
        case _:
            return "{" + _write(expr, _LAMBDA, names) + "}"


def target_source(target: Target) -> str:
    """A loop target as it stands behind `for`."""
    match target:
        case Bind(name=name):
            return name
        case Unpack(targets=targets):
            return ", ".join(
                f"({target_source(inner)})" if isinstance(inner, Unpack) else target_source(inner) for inner in targets
            )
        case _:
            assert_never(target)


def literal(value: Scalar) -> str:
    """A constant as Python writes it; strings in double quotes."""
    return printable(json.dumps(value, ensure_ascii=False)) if isinstance(value, str) else repr(value)


def printable(text: str) -> str:
    """`text` with an escape such as `\\x00` for each character that has no look of its own."""
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def prose(text: str) -> str:
    """`text` on one line, printable."""
    return printable(" ".join(text.split()))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _write(expr: Expr, around: int, names: Mapping[str, str]) -> str:
    binding, text = _bound(expr, names)
    return f"({text})" if binding < around else text


def _bound(expr: Expr, names: Mapping[str, str]) -> tuple[int, str]:
    """The text of `expr`, and how tightly its outermost operator binds."""
    match expr:
        case Literal(value=value):
            negative = isinstance(value, int | float) and value < 0
            return (_SIGN if negative else _ATOM), literal(value)
        case Name(name=name):
            return _ATOM, names.get(name, name)
        case Field() | Item() | Slice() | Call():
            return _postfix(expr, names)
        case Unary() | Binary() | Compare() | Logic() | Conditional():
            return _operation(expr, names)
        case Truth(operand=operand):
            return _bound(operand, names)
        case Function(parameter=parameter, body=body):
            return _LAMBDA, f"lambda {parameter}: {_write(body, _CHOICE, names)}"
        case Spread() | Array() | Object() | Format() | Comprehension():
            return _ATOM, _display(expr, names)
        case _:
            assert_never(expr)


def _operation(expr: Unary | Binary | Compare | Logic | Conditional, names: Mapping[str, str]) -> tuple[int, str]:
    match expr:
        case Unary(operator="not", operand=operand):
            return _NOT, "not " + _write(operand, _NOT, names)
        case Unary(operator=sign, operand=operand):
            return _SIGN, sign + _write(operand, _SIGN, names)
        case Binary(operator=operator, left=left, right=right):
            binding = _BINDING[operator]
            # Every operator joins to the left, but for the power.
            nearer, farther = (binding + 1, binding) if operator == "**" else (binding, binding + 1)
            return binding, f"{_write(left, nearer, names)} {operator} {_write(right, farther, names)}"
        case Compare(operator="==" | "!=" as operator, left=left, right=Literal(value=None)):
            word = "is" if operator == "==" else "is not"
            return _COMPARE, f"{_write(left, _COMPARE + 1, names)} {word} None"
        case Compare(operator=operator, left=left, right=right):
            return _COMPARE, f"{_write(left, _COMPARE + 1, names)} {operator} {_write(right, _COMPARE + 1, names)}"
        case Logic(operator=operator, operands=operands):
            binding = _OR if operator == "or" else _AND
            return binding, f" {operator} ".join(_write(operand, binding + 1, names) for operand in operands)
        case Conditional(test=test, body=body, orelse=orelse):
            parts = (_write(body, _OR, names), _write(test, _OR, names), _write(orelse, _CHOICE, names))
            return _CHOICE, "{} if {} else {}".format(*parts)
        case _:
            assert_never(expr)


def _postfix(expr: Field | Item | Slice | Call, names: Mapping[str, str]) -> tuple[int, str]:
    match expr:
        case Field(object=inner, name=name):
            return _ATOM, f"{_write(inner, _ATOM, names)}.{name}"
        case Item(object=inner, index=index):
            return _ATOM, f"{_write(inner, _ATOM, names)}[{source(index, names)}]"
        case Slice(object=inner, start=start, stop=stop, step=step):
            first, last = ("" if part is None else source(part, names) for part in (start, stop))
            stride = "" if step is None else f":{source(step, names)}"
            return _ATOM, f"{_write(inner, _ATOM, names)}[{first}:{last}{stride}]"
        case Call(function=function, arguments=arguments, keywords=keywords):
            owner, _, method = function.rpartition(".")
            if owner in _METHOD_OWNERS and arguments:
                function, arguments = f"{_write(arguments[0], _ATOM, names)}.{method}", arguments[1:]
            inside = [source(argument, names) for argument in arguments]
            inside += [f"{keyword.name}={source(keyword.value, names)}" for keyword in keywords]
            return _ATOM, f"{function}({', '.join(inside)})"
        case _:
            assert_never(expr)


def _display(expr: Spread | Array | Object | Format | Comprehension, names: Mapping[str, str]) -> str:
    match expr:
        case Spread(value=value):
            return "*" + _write(value, _OR, names)
        case Array(items=items):
            inside = ", ".join(source(item, names) for item in items)
            if isinstance(expr.type, TupleType):
                return f"({inside},)" if len(items) == 1 else f"({inside})"
            return f"[{inside}]"
        case Object(entries=entries):
            if isinstance(expr.type, ModelType):
                return f"{expr.type.name}({', '.join(_entry(entry, '=', names) for entry in entries)})"
            return "{" + ", ".join(_entry(entry, ": ", names) for entry in entries) + "}"
        case Format(parts=parts):
            return "f" + literal(_holes(parts, names)).replace('\\"', "'")
        case Comprehension(element=element, generators=generators, key=key):
            loops = " ".join(_generator(generator, names) for generator in generators)
            inside = f"{source(element, names)} {loops}"
            return f"[{inside}]" if key is None else f"{{{source(key, names)}: {inside}}}"
        case _:
            assert_never(expr)


def _entry(entry: Entry, between: str, names: Mapping[str, str]) -> str:
    if entry.key is None:
        return "*" + source(entry.value, names)
    # A model's field and a keyword stand without quotes.
    key = entry.key.value if between == "=" and isinstance(entry.key, Literal) else source(entry.key, names)
    return f"{key}{between}{source(entry.value, names)}"


def _generator(generator: Generator, names: Mapping[str, str]) -> str:
    conditions = "".join(f" if {_write(condition, _OR, names)}" for condition in generator.conditions)
    return f"for {target_source(generator.target)} in {_write(generator.items, _OR, names)}{conditions}"


def _holes(parts: tuple[Expr, ...], names: Mapping[str, str]) -> str:
    """The inside of an f-string."""
    texts = []
    for part in parts:
        match part:
            case Literal(value=str(text)):
                texts.append(text)
            case Call(function="str", arguments=(inner,)):
                texts.append("{" + source(inner, names) + "}")
            case Call(function="format", arguments=(inner, Literal(value=str(spec)))):
                texts.append("{" + source(inner, names) + ":" + spec + "}")
            case _:
                texts.append("{" + source(part, names) + "}")
    return "".join(texts)
