"""Changes inside a variable's value (`x[i] = v`, `x.append(v)`), as expressions and as Python source."""

from __future__ import annotations

from collections.abc import Sequence

from skyloom.errors import Span
from skyloom.flows.expr.nodes import Expr, Item
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.python import PythonEmitter, safe_name
from skyloom.flows.expr.types import ANY, DictType, IntType, ListType, Type
from skyloom.flows.ir.nodes import Append, Extend, SetItem

_LIST, _DICT = ListType(ANY), DictType(ANY)


def is_index(key: Expr) -> bool:
    """Whether a key is the index of a list, and not the key of a dict or model."""
    return isinstance(widen(key.type), IntType)


def container_type(keys: Sequence[Expr], last: Type = _LIST) -> Type:
    """The type of a container as far as the next key tells it; `last` where there is none."""
    if not keys:
        return last
    return _LIST if is_index(keys[0]) else _DICT


def item_at(of: Expr, keys: Sequence[Expr], span: Span) -> Expr:
    """What stands at `keys` inside `of`."""
    for position, key in enumerate(keys):
        of = Item(span=span, type=container_type(keys[position + 1 :]), object=of, index=key)
    return of


def python_of(statement: SetItem | Append | Extend) -> str:
    """Source that changes the variable's value, and gives it. Python evaluates the value of `a[i] = v` first, and the
    argument of `a[i].append(v)` last."""
    emitter = PythonEmitter()
    keys = [f"[{emitter.emit(key.index)}]" for key in statement.path]
    value = emitter.emit(statement.value)
    variable = safe_name(statement.variable)
    if isinstance(statement, SetItem):
        container = variable + "".join(keys[:-1])
        changed = f"{container}.__setitem__({keys[-1][1:-1]}, _new)"
        return f"(lambda _new: ({changed}, {variable})[1])({value})"
    method = "append" if isinstance(statement, Append) else "extend"
    return f"({variable}{''.join(keys)}.{method}({value}), {variable})[1]"
