"""Moments, as texts: their canonical form, in which the order of the texts is the order of time."""

from __future__ import annotations

from collections.abc import Mapping

from skyloom.deployers.aws.expr_code import PRODUCT, SUM, Code, call, infix, negation, number
from skyloom.deployers.aws.expr_strings import END
from skyloom.deployers.aws.expr_writer import Writer
from skyloom.flows.expr.nodes import Call

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = "T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z"
CANONICAL: Mapping[str, str] = {"datetime": _DATE + _TIME, "date": _DATE}
"""Patterns of the texts of moments that can be compared as texts. Datetimes without an offset are no such moments."""

_COUNTABLE = "(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}" + _TIME
"""Moments whose microseconds since 1970 are exact numbers."""


def not_canonical(code: Code, what: str) -> Code:
    """Whether a moment is written in another way."""
    return negation(call("contains", code, f"/^{CANONICAL[what]}{END}/"))


def timestamp(writer: Writer, expr: Call) -> Code:
    """`timestamp`: JSONata's moments have milliseconds, so the last three digits are added as a number."""

    def body(_: Writer, moment: Code) -> Code:
        whole = call("toMillis", infix("&", call("substring", moment, "0", "23"), Code("'Z'"), SUM))
        rest = call("number", call("substring", moment, "23", "3"))
        micros = infix("+", infix("*", whole, number(1000), PRODUCT), rest, SUM)
        return infix("/", micros, number(1_000_000), PRODUCT)

    return writer.let([("moment", expr.arguments[0])], body)


def not_countable(writer: Writer, expr: Call) -> Code:
    """Whether `timestamp` is left to Python."""
    return negation(call("contains", writer.code(expr.arguments[0]), f"/^{_COUNTABLE}{END}/"))
