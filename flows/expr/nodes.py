"""The nodes of an expression. Every expression is pure: it calls no task, waits for nothing, changes nothing.

A closed set: walk it with `match` and end with `assert_never`. Every node carries its static `type` and the `span` of
source it came from. Evaluation order is left to right, as in Python; an expression may raise the error that Python
raises for it (`KeyError`, `IndexError`, `ZeroDivisionError`, `ValueError`, `OverflowError`; `TypeError` for an order
between datetimes with and without an offset, and for padding by more than one character), and none other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from typing import Literal as OneOf

from skyloom.flows.expr.types import Type
from skyloom.flows.expr.wire import BY_KIND, Place

Scalar = None | bool | int | float | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What every expression has."""

    span: Place
    type: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Node):
    """A constant: null, a boolean, a number or a string."""

    value: Scalar
    kind: OneOf["literal"] = "literal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """The value of a variable."""

    name: str
    kind: OneOf["name"] = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """A field of a model: `object.name`. `name` is the JSON key. `object` is never null; the key is always there,
    except in a TypedDict with optional keys, which the front end reads with `Item` instead."""

    object: Expr
    name: str
    kind: OneOf["field"] = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Node):
    """`object[index]` on a list, tuple, string (integer index, negative counts from the end; IndexError) or a dict
    (string key; KeyError)."""

    object: Expr
    index: Expr
    kind: OneOf["item"] = "item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Node):
    """`object[start:stop:step]` on a list, tuple or string; never raises but for a step of 0 (ValueError)."""

    object: Expr
    start: Expr | None = None
    stop: Expr | None = None
    step: Expr | None = None
    kind: OneOf["slice"] = "slice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unary(Node):
    """`-x`, `+x` on a number; `not x` on a boolean (a `Truth` stands below it where the source had another type)."""

    operator: OneOf["-", "+", "not"]
    operand: Expr
    kind: OneOf["unary"] = "unary"


ArithmeticOperator = OneOf["+", "-", "*", "/", "//", "%", "**"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(Node):
    """Arithmetic on numbers with Python's meaning (`/` gives a float, `//` and `%` round down). `+` also joins two
    strings, two lists or two tuples, `*` repeats a string or a list. The operands' types say which."""

    operator: ArithmeticOperator
    left: Expr
    right: Expr
    kind: OneOf["binary"] = "binary"


ComparisonOperator = OneOf["==", "!=", "<", "<=", ">", ">=", "in", "not in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Node):
    """One comparison, giving a boolean. `is None` arrives as `== null`. `==` is deep on lists and objects, 1 == 1.0,
    and true == 1 as in Python; `in` looks for an element, a key or a substring by the right operand's type. Order is
    defined on numbers, strings (by code point), datetimes, and lists and tuples of these."""

    operator: ComparisonOperator
    left: Expr
    right: Expr
    kind: OneOf["compare"] = "compare"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth(Node):
    """Python's truth of a value that is no boolean, as a boolean: null, 0, 0.0, "", [] and {} are false; a model, an
    enum member and a caught error are true."""

    operand: Expr
    kind: OneOf["truth"] = "truth"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic(Node):
    """`and` / `or` over two or more operands, short-circuit, giving the deciding *operand* as Python does. Where all
    operands are boolean this is plain logic."""

    operator: OneOf["and", "or"]
    operands: tuple[Expr, ...]
    kind: OneOf["logic"] = "logic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional(Node):
    """`body if test else orelse`; `test` is boolean; only the chosen side is evaluated."""

    test: Expr
    body: Expr
    orelse: Expr
    kind: OneOf["conditional"] = "conditional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread(Node):
    """`*values` inside a list or tuple display, `**entries` inside a dict display; stands nowhere else."""

    value: Expr
    kind: OneOf["spread"] = "spread"


@dataclass(frozen=True, slots=True, kw_only=True)
class Array(Node):
    """A list or tuple display; `type` tells which. Elements may be `Spread`."""

    items: tuple[Expr, ...]
    kind: OneOf["array"] = "array"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`key: value` of an object display; a `Spread` value has no key. A later entry wins over an earlier one."""

    key: Expr | None
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Object(Node):
    """A dict display, or a model built by its constructor (`type` is then a ModelType, every field is there, defaults
    filled in, in the order of the model's fields)."""

    entries: tuple[Entry, ...]
    kind: OneOf["object"] = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format(Node):
    """An f-string: string literals and string-valued expressions joined. Conversions stand inside as `str(...)` or
    `format(...)` calls."""

    parts: tuple[Expr, ...]
    kind: OneOf["format"] = "format"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A loop target: the element gets this name."""

    name: str
    kind: OneOf["bind"] = "bind"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpack:
    """A loop target: the element is a tuple (or a list of that length) and is taken apart."""

    targets: tuple[Target, ...]
    kind: OneOf["unpack"] = "unpack"


Target = Annotated[Bind | Unpack, BY_KIND]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """`for target in items if conditions`: `items` is a list; conditions are boolean."""

    target: Target
    items: Expr
    conditions: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comprehension(Node):
    """`[element for ... if ...]`; with a `key`, `{key: element for ...}`. Generators nest left to right; their names
    are visible inside only. `lazy` marks a generator expression: it stands only where a builtin iterates over its
    argument, and its elements are evaluated one by one as they are asked for. `any`, `all` and `zip` may stop early, so
    that an error behind the deciding element is not raised; of a comprehension that is not lazy it is."""

    element: Expr
    generators: tuple[Generator, ...]
    key: Expr | None = None
    lazy: bool = False
    kind: OneOf["comprehension"] = "comprehension"


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Node):
    """`lambda parameter: body`, only as the `key` of `sorted`, `min` and `max`. `type` is the body's type."""

    parameter: str
    body: Expr
    kind: OneOf["function"] = "function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A keyword argument of a builtin."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Node):
    """A builtin of the catalog (`skyloom.flows.expr.builtins`), by its catalog name: `len`, `str.upper`, `dict.get`.
    A method's object is the first argument."""

    function: str
    arguments: tuple[Expr, ...]
    keywords: tuple[Named, ...] = ()
    kind: OneOf["call"] = "call"


Expr = Annotated[
    Literal
    | Name
    | Field
    | Item
    | Slice
    | Unary
    | Binary
    | Compare
    | Truth
    | Logic
    | Conditional
    | Spread
    | Array
    | Object
    | Format
    | Comprehension
    | Function
    | Call,
    BY_KIND,
]


def children(node: Expr) -> Iterator[Expr]:
    """The expressions directly below `node`, in the order in which they are evaluated."""
    match node:
        case Literal() | Name():
            return
        case Field(object=inner) | Unary(operand=inner) | Truth(operand=inner) | Spread(value=inner):
            yield inner
        case Item(object=inner, index=index):
            yield from (inner, index)
        case Slice():
            yield from (part for part in (node.object, node.start, node.stop, node.step) if part is not None)
        case Binary(left=left, right=right) | Compare(left=left, right=right):
            yield from (left, right)
        case Logic(operands=parts) | Array(items=parts) | Format(parts=parts):
            yield from parts
        case Conditional():
            yield from (node.test, node.body, node.orelse)
        case Object(entries=entries):
            for entry in entries:
                if entry.key is not None:
                    yield entry.key
                yield entry.value
        case Comprehension():
            for generator in node.generators:
                yield generator.items
                yield from generator.conditions
            if node.key is not None:
                yield node.key
            yield node.element
        case Function(body=body):
            yield body
        case Call():
            yield from node.arguments
            yield from (keyword.value for keyword in node.keywords)


def walk(node: Expr) -> Iterator[Expr]:
    """`node` and every expression below it, outside in."""
    yield node
    for child in children(node):
        yield from walk(child)


def bound_names(target: Target) -> tuple[str, ...]:
    """The names that a loop target binds, left to right."""
    match target:
        case Bind(name=name):
            return (name,)
        case Unpack(targets=targets):
            return tuple(name for inner in targets for name in bound_names(inner))


def free_names(node: Expr) -> frozenset[str]:
    """The variables that `node` reads: its names without those that its own comprehensions and lambdas bind."""
    match node:
        case Name(name=name):
            return frozenset({name})
        case Function(parameter=parameter, body=body):
            return free_names(body) - {parameter}
        case Comprehension():
            free: frozenset[str] = frozenset()
            bound: frozenset[str] = frozenset()
            for generator in node.generators:
                free |= free_names(generator.items) - bound
                bound |= frozenset(bound_names(generator.target))
                free |= frozenset().union(*map(free_names, generator.conditions)) - bound
            results = free_names(node.element) | (free_names(node.key) if node.key is not None else frozenset())
            return free | (results - bound)
        case _:
            return frozenset().union(*map(free_names, children(node)))
