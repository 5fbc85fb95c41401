"""Builtins that take texts apart: `partition`, `split`, `splitlines`."""

from __future__ import annotations

from skyloom.deployers.aws.expr_code import Code, array, call, choice, function, string
from skyloom.deployers.aws.expr_loops import as_list
from skyloom.deployers.aws.expr_strings import SPACE, from_both_ends
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.deployers.expressions.constants import constant, keyword
from skyloom.deployers.expressions.kinds import STRING, kinds
from skyloom.flows.expr.nodes import Call, Expr, Literal
from skyloom.flows.expr.types import NULL

_LINE_END = r"\r\n|[\n-\r\x1c-\x1e\x85\u2028\u2029]"


def partition(writer: Writer, expr: Call) -> Code:
    """`partition`."""

    def body(_: Writer, text: Code, separator: Code) -> Code:
        parts = array(call("substringBefore", text, separator), separator, call("substringAfter", text, separator))
        return choice(call("contains", text, separator), parts, array(text, "''", "''"))

    return writer.let([("text", expr.arguments[0]), ("separator", expr.arguments[1])], body)


def partition_last(writer: Writer, expr: Call) -> Code:
    """`rpartition`."""
    separator = from_both_ends(expr, expr.arguments[1])

    def body(inner: Writer, text: Code) -> Code:
        _, last = inner.fresh("last")
        sign = string(separator)
        kept = f"$length({text.text}) - $length({last}) - {len(separator)}"
        parts = array(call("substring", text, "0", kept), sign, last)
        missing = array("''", "''", text)
        pieces = call("split", text, sign)
        found = choice(call("contains", text, sign), parts, missing)
        return Code(f"({last} := {pieces.text}[-1]; {found.text})")

    return writer.let([("text", expr.arguments[0])], body)


def split(writer: Writer, expr: Call) -> Code:
    """`split` and `rsplit`."""
    text = expr.arguments[0]
    separator, most = keyword(expr, "sep", 1), keyword(expr, "maxsplit", 2)
    limit = -1 if most is None else constant(most)
    if separator is None or separator.type == NULL:
        if limit is None or limit >= 0:
            raise cannot(expr, "a limited split at white space is known to Python only")
        _, word = writer.fresh("word")
        words = call("split", writer.code(text), f"/[{SPACE}]+/")
        return as_list(call("filter", words, function([word], Code(f"{word} != ''"))), nested=False)
    if kinds(separator.type) != STRING:
        raise cannot(expr, "whether there is a separator shows only at run time")
    last = expr.function == "str.rsplit"
    if limit is not None and limit < 0:
        if last:
            from_both_ends(expr, separator)
        return call("split", writer.code(text), writer.code(separator))
    if limit == 0:
        return array(writer.code(text))
    if limit != 1:
        raise cannot(expr, "only maxsplit=1 is exact on AWS", "use partition, or split without a limit")
    return _split_last(writer, expr, text, separator) if last else _split_once(writer, text, separator)


def _split_once(writer: Writer, text: Expr, separator: Expr) -> Code:
    def body(_: Writer, value: Code, sign: Code) -> Code:
        parts = array(call("substringBefore", value, sign), call("substringAfter", value, sign))
        return choice(call("contains", value, sign), parts, array(value))

    return writer.let([("text", text), ("separator", separator)], body)


def _split_last(writer: Writer, expr: Call, text: Expr, separator: Expr) -> Code:
    wanted = from_both_ends(expr, separator)

    def body(inner: Writer, value: Code) -> Code:
        _, last = inner.fresh("last")
        sign = string(wanted)
        kept = f"$length({value.text}) - $length({last}) - {len(wanted)}"
        parts = array(call("substring", value, "0", kept), last)
        found = choice(call("contains", value, sign), parts, array(value))
        return Code(f"({last} := {call('split', value, sign).text}[-1]; {found.text})")

    return writer.let([("text", text)], body)


def split_lines(writer: Writer, expr: Call) -> Code:
    """`splitlines`."""
    keep = keyword(expr, "keepends", 1)
    if keep is not None and not (isinstance(keep, Literal) and keep.value is False):
        raise cannot(expr, "splitlines that keeps line ends is known to Python only")

    def body(inner: Writer, lines: Code) -> Code:
        inner, line = inner.fresh("line")
        _, index = inner.fresh("index")
        test = Code(f"{line} != '' or {index} < $count({lines.text}) - 1")
        return as_list(call("filter", lines, function([line, index], test)), nested=False)

    return writer.let([("lines", call("split", writer.code(expr.arguments[0]), f"/{_LINE_END}/"))], body)
