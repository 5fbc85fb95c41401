"""Mends jsonata-python 0.7.1 where it differs from jsonata-js, whose answers Step Functions gives."""

from __future__ import annotations

import math
from typing import Any

from jsonata.functions import Functions
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

_mended = False


def mend() -> None:
    """Changes the library for this process:

    - `%` gives the remainder of floats, not its integer part.
    - `$sort` keeps the order of elements of which the comparator puts none first.
    - A null inside of a variable is a null, also where a function is called with it; it was no value at all.
    - `$replace` of a text by a text takes the new one as it is, `$` and all.
    - `$lowercase` gives lower case; it folded the case, as for comparing.
    """
    global _mended
    if _mended:
        return
    _mended = True
    numeric = Jsonata.evaluate_numeric_expression

    def evaluate_numeric_expression(self: Any, lhs: Any, rhs: Any, op: str) -> Any:
        if op == "%" and lhs is not None and rhs is not None and Utils.is_numeric(lhs) and Utils.is_numeric(rhs):
            # JavaScript gives NaN for a remainder of 0, which no JSON number is.
            return Utils.convert_number(math.fmod(lhs, rhs)) if rhs else "NaN"
        return numeric(self, lhs, rhs, op)

    def compare(self: Any, first: Any, second: Any) -> int:
        if Functions.func_apply(self._comparator, [first, second]):
            return 1
        return -1 if Functions.func_apply(self._comparator, [second, first]) else 0

    replace_by_pattern = Functions.replace

    def replace(string: Any, pattern: Any, replacement: Any, limit: Any = None) -> Any:
        if isinstance(string, str) and isinstance(pattern, str) and pattern and isinstance(replacement, str):
            return string.replace(pattern, replacement, -1 if limit is None else limit)
        return replace_by_pattern(string, pattern, replacement, limit)

    def lowercase(string: Any) -> Any:
        return string.lower() if isinstance(string, str) else string

    evaluate = Jsonata.evaluate

    def evaluate_with_nulls(self: Any, input: Any, bindings: Any = None) -> Any:  # noqa: A002
        return evaluate(self, input, None if bindings is None else {k: with_nulls(v) for k, v in bindings.items()})

    Jsonata.evaluate = evaluate_with_nulls
    Jsonata.evaluate_numeric_expression = evaluate_numeric_expression
    Functions.Comparator.compare = compare
    Functions.replace = staticmethod(replace)
    Functions.lowercase = staticmethod(lowercase)
    Jsonata.define_function("lowercase", "<s-:s>")
    Jsonata.define_function("replace", "<s-(sf)(sf)n?:s>")


def with_nulls(value: Any) -> Any:
    """A copy in which every null is the library's own."""
    match value:
        case None:
            return Utils.NULL_VALUE
        case dict():
            return {key: with_nulls(inner) for key, inner in value.items()}
        case list():
            return [with_nulls(inner) for inner in value]
        case _:
            return value
