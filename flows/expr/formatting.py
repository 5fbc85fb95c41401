"""The formats of f-strings: `{price:,.2f}` and the few others that mean the same on every engine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skyloom.flows.expr.properties import assignable, is_number, widen
from skyloom.flows.expr.types import BOOL, INT, STR, LiteralType, Type, members, show, union

FORMATS: tuple[tuple[str, Type | None, str], ...] = (
    (r",?(\.\d{1,2}f)?", None, "any number"),
    (r"\.\d{1,2}%", None, "any number"),
    (r"0?\d{0,3}d", INT, "an int"),
    (r"[<>^]\d{1,3}", union(STR, INT), "a str or a number"),
)
"""Pattern of the format, the type it needs (None: any number), and that type in words."""

_KNOWN = "known formats: .2f  ,  ,.2f  .1%  d  5d  05d  >8  <8  ^8"


def format_problem(arguments: Sequence[Type]) -> str | None:
    """What is wrong with `format(value, spec)`, where `spec` is a literal type when it is a constant."""
    value, spec = arguments
    if not (isinstance(spec, LiteralType) and all(isinstance(text, str) for text in spec.values)):
        return f"a format must be a constant text; {_KNOWN}"
    for text in spec.values:
        problem = _one_problem(value, str(text))
        if problem is not None:
            return problem
    return None


def _one_problem(value: Type, spec: str) -> str | None:
    found = [row for row in FORMATS if spec and re.fullmatch(row[0], spec)]
    if not found:
        return f"the format {spec!r} is not known; {_KNOWN}"
    _, needed, words = found[0]
    plain = members(widen(value))
    if needed is None or needed == INT:
        fits = is_number(value) if needed is None else assignable(value, INT)
    else:
        # Python pads True as the number 1: nobody means that.
        fits = BOOL not in plain and all(member == STR or is_number(member) for member in plain)
    return None if fits else f"the format {spec!r} needs {words}, not {show(value)}"
