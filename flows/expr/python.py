"""The Python emitter: expressions as readable Python source over JSON values. It is the reference for all others.

The source stands on its own but for the imports of `IMPORTS`. Variables keep their names; one that would hide a name
the source needs (`len`, `json`) gets an underscore. `compile_expr` makes a function of it, for the interpreter.

Python's tuples, views and iterators do not exist among JSON values: where such a value is kept the source makes a list
of it, and leaves it as it is where it is used up at once (`for i, x in enumerate(xs)`, `sum(range(n))`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, assert_never

from skyloom.flows.expr import fstrings
from skyloom.flows.expr.builtins import BUILTINS, accepts
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
    free_names,
    walk,
)
from skyloom.flows.expr.python_names import (
    AND,
    COMPARISON,
    CONDITIONAL,
    ENVIRONMENT,
    FUNCTIONS,
    GLOBALS,
    IMPORTS,
    LAMBDA,
    LEVELS,
    METHODS,
    NOT,
    OR,
    PRIMARY,
    SIGN,
    SUM,
    TEMPLATES,
    Source,
    safe_name,
)
from skyloom.flows.expr.types import (
    DateTimeType,
    EnumType,
    ErrorType,
    ModelType,
    NullType,
    TupleType,
    Type,
    members,
)

__all__ = ["IMPORTS", "PythonEmitter", "compile_expr", "safe_name"]

_PAIRS = frozenset({"zip", "enumerate", "dict.items"})
_USES_UP = frozenset({"all", "any", "dict", "len", "str.join", "sum"})
"""Builtins that look at the elements of their argument and keep none of them: tuples do there."""


class PythonEmitter:
    """Writes expressions as Python source.

    Args:
        variable: how a variable is written; by default its name (see `safe_name`).
    """

    def __init__(self, variable: Callable[[str], str] = safe_name) -> None:
        self._variable = variable

    @property
    def emitted(self) -> AbstractSet[str]:
        """Every builtin: this is the reference."""
        return FUNCTIONS.keys() | METHODS.keys() | TEMPLATES.keys() | self._exceptions.keys()

    @property
    def unsupported(self) -> Mapping[str, str]:
        """None."""
        return {}

    def emit(self, expr: Expr) -> str:
        """The source of `expr`, without parentheses around it."""
        return self._source(expr)[0]

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

    def _at(self, expr: Expr, level: int) -> str:
        """The source of `expr` for a place that needs it to bind at least as tightly as `level`."""
        return _enclosed(self._source(expr), level)

    def _source(self, expr: Expr) -> Source:
        match expr:
            case Literal(value=value):
                return _literal(value)
            case Name(name=name):
                return self._variable(name), PRIMARY
            case Field(object=of, name=name):
                return f"{self._at(of, PRIMARY)}[{fstrings.quoted(name)}]", PRIMARY
            case Item(object=of, index=index):
                return f"{self._at(of, PRIMARY)}[{self._at(index, CONDITIONAL)}]", PRIMARY
            case Slice():
                return self._slice(expr), PRIMARY
            case Unary(operator="not", operand=operand):
                return f"not {_enclosed(self._test(operand), NOT)}", NOT
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
                return f"*{_enclosed(self._items(value), SUM)}", LAMBDA
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
                return self._call(expr)
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
        if operator in ("==", "!=") and _is_none(right):
            return f"{self._at(left, SUM)} {'is' if operator == '==' else 'is not'} None", COMPARISON
        if operator in ("in", "not in"):
            return f"{self._at(left, SUM)} {operator} {_enclosed(self._items(right), SUM)}", COMPARISON
        kinds = {m.what for side in (left, right) for m in members(side.type) if isinstance(m, DateTimeType)}
        # Equal points in time have equal texts; texts of times of day may differ in their offset.
        if kinds == {"time"} or (kinds and operator not in ("==", "!=")):
            parse = f"{kinds.pop()}.fromisoformat"
            return f"{parse}({self.emit(left)}) {operator} {parse}({self.emit(right)})", COMPARISON
        return f"{self._at(left, SUM)} {operator} {self._at(right, SUM)}", COMPARISON

    def _choice(self, test: Source, body: Source, orelse: Source) -> Source:
        text = f"{_enclosed(body, OR)} if {_enclosed(test, OR)} else {_enclosed(orelse, CONDITIONAL)}"
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
                return f" {operator} ".join(_enclosed(self._test(o), level + 1) for o in operands), level
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
        parts = [part.value if isinstance(part, Literal) else self._hole(part) for part in expr.parts]
        text = fstrings.fstring([part if isinstance(part, fstrings.Hole) else str(part) for part in parts])
        if text is not None:
            return text, PRIMARY
        return " + ".join(self._at(part, SUM + 1) for part in expr.parts), SUM

    def _hole(self, part: Expr) -> fstrings.Hole:
        match part:
            case Call(function="format", arguments=(value, Literal(value=str() as spec))):
                return fstrings.Hole(self._at(value, CONDITIONAL), spec)
            case Call(function="str", arguments=(value,)) if not _has_error(value.type):
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
        items = _enclosed(self._items(generator.items, generator.target), OR)
        conditions = "".join(f" if {_enclosed(self._test(c), OR)}" for c in generator.conditions)
        return f"for {self.emit_target(generator.target)} in {items}{conditions}"

    def _items(self, expr: Expr, target: Target | None = None, *, tuples: bool = False) -> Source:
        """`expr` where Python iterates over it. Its elements may be tuples where `target` takes them apart at once, or
        with `tuples`; elsewhere they are lists."""
        apart = tuples or isinstance(target, Unpack)
        match expr:
            case Comprehension(lazy=True):
                return f"({self._clauses(expr)})", PRIMARY
            case Call(function="dict.keys", arguments=(entries,)):
                return self._source(entries)
            case Call(function="range" | "dict.values"):
                return self._plain_call(expr)
            case Call(function="reversed", arguments=(inner,)):
                source = self.emit(inner) if _is_pairs(inner) and not apart else self._items(inner, target)[0]
                return f"reversed({source})", PRIMARY
            case Call(function="zip" | "enumerate" | "dict.items"):
                pairs = self._pairs(expr, target)
                return (pairs if apart else f"map(list, {pairs})"), PRIMARY
            case _:
                return self._source(expr)

    def _pairs(self, expr: Call, target: Target | None) -> str:
        """A call that iterates over tuples, whose parts `target` may take apart further."""
        if expr.function == "dict.items":
            return self._plain_call(expr)[0]
        inner = target.targets if isinstance(target, Unpack) else ()
        if expr.function == "enumerate":
            inner = inner[1:]
        sources = [
            self._items(argument, inner[position] if position < len(inner) else None)[0]
            if self._iterates(expr, position)
            else self._at(argument, CONDITIONAL)
            for position, argument in enumerate(expr.arguments)
        ]
        return f"{expr.function}({', '.join([*sources, *self._keywords(expr)])})"

    # --- builtins -----------------------------------------------------------------------------------------------

    def _call(self, expr: Call) -> Source:
        name = expr.function
        if name in self._exceptions:
            return self._exceptions[name](self, expr)
        if BUILTINS[name].gives != "value":
            return f"list({self._items(expr)[0]})", PRIMARY
        return self._plain_call(expr)

    def _plain_call(self, expr: Call) -> Source:
        """A call by the tables."""
        name, arguments = expr.function, expr.arguments
        if name in TEMPLATES:
            template = TEMPLATES[name]
            return template.text.format(*(self._at(a, template.arguments) for a in arguments)), template.level
        if name in METHODS:
            rest = [*self._arguments(expr)][1:]
            return f"{self._at(arguments[0], PRIMARY)}.{METHODS[name]}({', '.join(rest)})", PRIMARY
        return f"{FUNCTIONS[name]}({', '.join(self._arguments(expr))})", PRIMARY

    def _arguments(self, expr: Call) -> Iterator[str]:
        """The arguments, named ones last; what the builtin iterates over stays a view, an iterator or a generator."""
        alone = len(expr.arguments) + len(expr.keywords) == (2 if expr.function in METHODS else 1)
        for position, argument in enumerate(expr.arguments):
            if not self._iterates(expr, position):
                yield self._at(argument, CONDITIONAL)
            elif alone and isinstance(argument, Comprehension) and argument.lazy:
                yield self._clauses(argument)
            else:
                yield self._items(argument, tuples=expr.function in _USES_UP)[0]
        yield from self._keywords(expr)

    def _iterates(self, expr: Call, position: int) -> bool:
        argument = expr.arguments[position]
        if expr.function in ("min", "max") and len(expr.arguments) > 1:
            return False
        if isinstance(argument, Comprehension) and argument.lazy:
            return accepts(expr.function, position, "iterator")
        return (
            isinstance(argument, Call)
            and BUILTINS[argument.function].gives != "value"
            and accepts(expr.function, position, BUILTINS[argument.function].gives)
        )

    def _keywords(self, expr: Call) -> Iterator[str]:
        for keyword in expr.keywords:
            yield f"{keyword.name}={self._at(keyword.value, LAMBDA)}"

    def _bool(self, expr: Call) -> Source:
        return self._truth(expr.arguments[0]) if expr.arguments else ("False", PRIMARY)

    def _str(self, expr: Call) -> Source:
        if not expr.arguments:
            return '""', PRIMARY
        (value,) = expr.arguments
        message = f'{self._at(value, PRIMARY)}["message"]', PRIMARY
        text = f"str({self.emit(value)})", PRIMARY
        if not _has_error(value.type):
            return text
        if all(isinstance(member, ErrorType) for member in members(value.type)):
            return message
        return self._choice((f"isinstance({self.emit(value)}, dict)", PRIMARY), message, text)

    def _empty_or_call(self, expr: Call) -> Source:
        """`list()`, `dict()`: a display where they are empty."""
        if expr.arguments:
            return self._plain_call(expr)
        return ("{}" if expr.function == "dict" else "[]"), PRIMARY

    def _tuple(self, expr: Call) -> Source:
        return self._source(expr.arguments[0]) if expr.arguments else ("[]", PRIMARY)

    def _affix(self, expr: Call) -> Source:
        """`startswith`, `endswith`: Python takes alternatives as a tuple only."""
        text, affix, *bounds = expr.arguments
        kinds = {isinstance(member, TupleType) for member in members(affix.type)}
        if kinds == {False}:
            return self._plain_call(expr)
        source = self.emit(affix)
        wanted = f"tuple({source})"
        if kinds != {True}:
            wanted += f" if isinstance({source}, list) else {self._at(affix, CONDITIONAL)}"
        rest = ", ".join([wanted, *(self._at(bound, CONDITIONAL) for bound in bounds)])
        return f"{self._at(text, PRIMARY)}.{METHODS[expr.function]}({rest})", PRIMARY

    _exceptions: Mapping[str, Callable[[PythonEmitter, Call], Source]] = {
        "bool": _bool,
        "dict": _empty_or_call,
        "list": _empty_or_call,
        "str": _str,
        "str.endswith": _affix,
        "str.startswith": _affix,
        "tuple": _tuple,
    }


def _enclosed(source: Source, level: int) -> str:
    text, own = source
    return text if own >= level else f"({text})"


def _literal(value: Scalar) -> Source:
    if isinstance(value, str):
        return fstrings.quoted(value), PRIMARY
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")', PRIMARY
    return repr(value), SIGN if repr(value).startswith("-") else PRIMARY


def _is_none(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.value is None


def _is_pairs(expr: Expr) -> bool:
    return isinstance(expr, Call) and expr.function in _PAIRS


def _has_error(of: Type) -> bool:
    return any(isinstance(member, ErrorType) for member in members(of))


def _is_always_true(of: Type) -> bool:
    return isinstance(of, ModelType | ErrorType | DateTimeType) or (isinstance(of, EnumType) and not of.text)


def _looks_true(of: Type) -> bool:
    """Whether the JSON value has the truth of the Python value. A model without fields is `{}`, a member of an enum may
    stand for `""` or 0, and both are true."""
    return not any(
        isinstance(m, ModelType) or (isinstance(m, EnumType) and not m.text and not all(v for _, v in m.members))
        for m in members(of)
    )


# --- compiling --------------------------------------------------------------------------------------------------

Compiled = Callable[[Mapping[str, Any]], Any]

_compiled: dict[int, tuple[Expr, Compiled]] = {}
"""By the identity of the expression, which the entry keeps alive."""


def compile_expr(expr: Expr) -> Compiled:
    """A function from variables, by name, to the value of `expr`. It raises what Python raises for the expression.

    The function of one expression object is made once.
    """
    known = _compiled.get(id(expr))
    if known is not None:
        return known[1]
    code = compile(_function_source(expr), "<flow expression>", "eval")
    function: Compiled = eval(code, dict(GLOBALS))
    _compiled[id(expr)] = (expr, function)
    return function


def _function_source(expr: Expr) -> str:
    if not any(isinstance(node, Comprehension | Function) for node in walk(expr)):
        return f"lambda {ENVIRONMENT}: {PythonEmitter(_lookup).emit(expr)}"
    # Comprehensions and lambdas see enclosing functions' variables only, so the variables become parameters.
    names = sorted(free_names(expr))
    parameters = ", ".join(map(safe_name, names))
    return (
        f"lambda {ENVIRONMENT}: (lambda {parameters}: {PythonEmitter().emit(expr)})({', '.join(map(_lookup, names))})"
    )


def _lookup(name: str) -> str:
    return f"{ENVIRONMENT}[{fstrings.quoted(name)}]"
