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

    def lowercase(string: Any) -> Any:
        return string.lower() if isinstance(string, str) else string

    Jsonata.evaluate_numeric_expression = evaluate_numeric_expression
    Functions.Comparator.compare = compare
    Functions.lowercase = staticmethod(lowercase)
    Jsonata.define_function("lowercase", "<s-:s>")
