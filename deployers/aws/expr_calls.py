"""Which builtins are emitted and how, and which are not and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from skyloom.deployers.aws import expr_collections as collections
from skyloom.deployers.aws import expr_letters as letters
from skyloom.deployers.aws import expr_numbers as numbers
from skyloom.deployers.aws import expr_padding as padding
from skyloom.deployers.aws import expr_splitting as splitting
from skyloom.deployers.aws import expr_strings as strings
from skyloom.deployers.aws.expr_code import Code, member
from skyloom.deployers.aws.expr_loops import ITERATORS
from skyloom.deployers.aws.expr_moments import timestamp
from skyloom.deployers.aws.expr_ordering import extreme, ordered_list
from skyloom.deployers.aws.expr_text import as_text, formatted
from skyloom.deployers.aws.expr_writer import Writer, cannot
from skyloom.flows.expr.nodes import Call

EMITTED: Mapping[str, Callable[[Writer, Call], Code]] = {
    "abs": numbers.absolute,
    "all": collections.every,
    "any": collections.some,
    "bool": numbers.as_bool,
    "datetime.timestamp": timestamp,
    "days": numbers.duration(86400),
    "dict": collections.as_dict,
    "dict.copy": collections.same,
    "dict.get": collections.looked_up,
    "divmod": numbers.division,
    "error.type": lambda writer, expr: member(writer.code(expr.arguments[0]), "type"),
    "float": numbers.as_float,
    "format": formatted,
    "hours": numbers.duration(3600),
    "int": numbers.as_int,
    "len": collections.length,
    "list": collections.as_list_call,
    "list.copy": collections.same,
    "list.count": collections.counted,
    "list.index": collections.position,
    "math.ceil": numbers.ceiling,
    "math.fabs": numbers.absolute,
    "math.floor": numbers.floor,
    "math.isclose": numbers.close,
    "math.sqrt": numbers.root,
    "math.trunc": numbers.truncated,
    "max": extreme(">"),
    "min": extreme("<"),
    "minutes": numbers.duration(60),
    "round": numbers.rounded,
    "seconds": numbers.duration(1),
    "sha256": strings.digest,
    "sorted": ordered_list,
    "str": as_text,
    "str.capitalize": letters.capitalized,
    "str.casefold": strings.plain("lowercase"),
    "str.center": padding.center,
    "str.count": strings.count,
    "str.endswith": strings.affix(front=False),
    "str.find": strings.find,
    "str.index": strings.find,
    "str.isalnum": letters.consists_of("0-9A-Za-z"),
    "str.isalpha": letters.consists_of("A-Za-z"),
    "str.isdigit": letters.consists_of("0-9"),
    "str.islower": letters.cased("a-z", "A-Z"),
    "str.isspace": letters.is_space,
    "str.isupper": letters.cased("A-Z", "a-z"),
    "str.join": strings.join,
    "str.ljust": padding.pad(front=False),
    "str.lower": strings.plain("lowercase"),
    "str.lstrip": padding.strip(back=False),
    "str.partition": splitting.partition,
    "str.removeprefix": strings.remove_affix(front=True),
    "str.removesuffix": strings.remove_affix(front=False),
    "str.replace": strings.replace,
    "str.rfind": strings.find_last,
    "str.rjust": padding.pad(front=True),
    "str.rpartition": splitting.partition_last,
    "str.rsplit": splitting.split,
    "str.rstrip": padding.strip(front=False),
    "str.split": splitting.split,
    "str.splitlines": splitting.split_lines,
    "str.startswith": strings.affix(front=True),
    "str.strip": padding.strip(),
    "str.swapcase": letters.swapped,
    "str.title": letters.title,
    "str.upper": strings.plain("uppercase"),
    "str.zfill": padding.zero_fill,
    "sum": collections.total,
    "tuple": collections.as_tuple,
    **dict.fromkeys(ITERATORS, collections.iterated),
}

UNSUPPORTED: Mapping[str, str] = {
    "json.dumps": "Python's spaces, escapes and floats in JSON are its own",
    "json.loads": "Python tells 2 from 2.0, and knows more spellings than JSON",
}


def builtin_call(writer: Writer, expr: Call) -> Code:
    """The call of a builtin."""
    if expr.function in UNSUPPORTED:
        raise cannot(expr, f"{expr.function}: {UNSUPPORTED[expr.function]}")
    return EMITTED[expr.function](writer, expr)
