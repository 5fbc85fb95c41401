"""The builtin catalog as data: every function and method an expression may call, and what it means.

All are pure. Names are Python's; a method is `type.method`, its object the first argument. Each means exactly what
Python 3.11 says; `meaning` reminds, and says what is left out. Signatures are explained in
`skyloom.flows.expr.patterns`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal as OneOf

from skyloom.flows.expr.comparing import compare_problem
from skyloom.flows.expr.formatting import format_problem
from skyloom.flows.expr.properties import widen
from skyloom.flows.expr.types import BoolType, ListType, Type, members

Gives = OneOf["value", "view", "iterator"]


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function or method that expressions may call.

    Attributes:
        name: as Python writes it; `str.upper` is a method of strings.
        signatures: the first that fits counts.
        meaning: one line.
        raises: classes of the errors a call may end with.
        gives: in Python the result is a `value`; a `view` or an `iterator`, typed as the list of its elements, which
            may stand only where it is used up at once (`for`, a comprehension, a spread, and the parameters that
            `accepts` names).
        hint: what to do about arguments that do not fit.
        check: a rule on the argument types that signatures cannot say; gives what is wrong.
    """

    name: str
    signatures: tuple[str, ...]
    meaning: str
    raises: tuple[str, ...] = ()
    gives: Gives = "value"
    hint: str | None = None
    check: Callable[[Sequence[Type]], str | None] | None = None


def _same_elements(arguments: Sequence[Type]) -> str | None:
    """Of `list.index` and `list.count`: the value can be an element."""
    for member in members(arguments[0]):
        problem = compare_problem("in", arguments[1], member) if isinstance(member, ListType) else None
        if problem is not None:
            return problem
    return None


def _number_to_start(arguments: Sequence[Type]) -> str | None:
    """Of `sum`: of no elements it gives `start` itself, which True would not make an int."""
    started = len(arguments) > 1 and any(isinstance(member, BoolType) for member in members(widen(arguments[1])))
    return "sum() starts with a number, not with a bool" if started else None


_DUMPS = "build a dict of plain values first, or let a task do it"
_TEXT = "json.dumps(value) gives the text of a list or dict; of a model take its fields"
_VALUE, _OVERFLOW, _TYPE = ("ValueError",), ("OverflowError",), ("TypeError",)
_NUMBER = ("ValueError", "OverflowError")

NUMBERS = (
    Builtin("abs", ("(value: N, /) -> N",), "The number without its sign."),
    Builtin(
        "divmod",
        (
            "(left: F, right: N, /) -> tuple[float, float]",
            "(left: N, right: F, /) -> tuple[float, float]",
            "(left: N, right: N, /) -> tuple[N, N]",
        ),
        "Quotient, rounded down, and remainder.",
        ("ZeroDivisionError",),
    ),
    Builtin(
        "round",
        (
            "(value: float, /) -> int",
            "(value: N, /, ndigits: int) -> N",
        ),
        "The nearest integer, or number with so many decimals; halves go to the even neighbour.",
        _NUMBER,
    ),
    Builtin("math.ceil", ("(value: float, /) -> int",), "The smallest integer not below.", _NUMBER),
    Builtin("math.fabs", ("(value: float, /) -> float",), "The number without its sign, as a float.", _OVERFLOW),
    Builtin("math.floor", ("(value: float, /) -> int",), "The largest integer not above.", _NUMBER),
    Builtin(
        "math.isclose",
        ("(a: float, b: float, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool",),
        "Whether two numbers are nearly equal.",
        _NUMBER,
    ),
    Builtin(
        "math.sqrt",
        ("(value: float, /) -> float",),
        "The square root; of a negative number ValueError.",
        _NUMBER,
    ),
    Builtin("math.trunc", ("(value: float, /) -> int",), "The integer part.", _NUMBER),
    Builtin("seconds", ("(count: float) -> float",), "A duration; durations are numbers of seconds.", _OVERFLOW),
    Builtin("minutes", ("(count: float) -> float",), "A duration of so many minutes, in seconds.", _OVERFLOW),
    Builtin("hours", ("(count: float) -> float",), "A duration of so many hours, in seconds.", _OVERFLOW),
    Builtin("days", ("(count: float) -> float",), "A duration of so many days of 24 hours, in seconds.", _OVERFLOW),
)

CONVERSIONS = (
    Builtin("bool", ("() -> bool", "(value: B, /) -> bool"), "Python's truth of the value."),
    Builtin(
        "float",
        ("(value: float | str, /) -> float",),
        "The number; of a text the number it spells. `nan` and `inf` are read too, and no step takes them.",
        _NUMBER,
    ),
    Builtin(
        "int",
        ("(value: float | str, /) -> int",),
        "The integer part; of a text the integer it spells, in decimal.",
        _NUMBER,
    ),
    Builtin(
        "str",
        ("() -> str", "(value: P, /) -> str"),
        "The text: of a float the shortest that reads back, `True`, `None`, of a caught error its message.",
        hint=_TEXT,
    ),
    Builtin(
        "format",
        ("(value: float | str, spec: str, /) -> str",),
        "The text by a constant format: `.2f` `,` `,.2f` `d` `5d` `05d` `.1%` for numbers, `>8` `<8` `^8` for both.",
        _OVERFLOW,
        check=format_problem,
    ),
    Builtin("error.type", ("(error: Error, /) -> str",), "`type(error).__name__`: the class name of a caught error."),
    Builtin(
        "json.dumps",
        ("(obj: J, *, indent: int | None = None, sort_keys: bool = False, ensure_ascii: bool = True) -> str",),
        "The value as JSON text.",
        hint=_DUMPS,
    ),
    Builtin("json.loads", ("(text: str, /) -> Any",), "The value that a JSON text holds.", ("JSONDecodeError",)),
    Builtin(
        "sha256",
        ("(text: str) -> str",),
        "SHA-256 of the text's UTF-8 bytes, 64 lower-case hexadecimal digits.",
        ("UnicodeEncodeError",),
    ),
    Builtin(
        "datetime.timestamp",
        ("(moment: datetime, /) -> float",),
        "Seconds since 1970 began, UTC. A datetime without an offset counts as local time.",
        _OVERFLOW,
    ),
)

COLLECTIONS = (
    Builtin(
        "all", ("(values: Iterable[B], /) -> bool",), "Whether every element is true; stops at the first that is not."
    ),
    Builtin("any", ("(values: Iterable[B], /) -> bool",), "Whether some element is true; stops at the first that is."),
    Builtin(
        "dict",
        (
            "() -> dict[str, Never]",
            "(entries: dict[str, T], /) -> dict[str, T]",
            "(pairs: Iterable[tuple[str, T]], /) -> dict[str, T]",
        ),
        "A new dict, of another dict's entries or of pairs.",
    ),
    Builtin(
        "enumerate",
        ("(values: Iterable[T], /, start: int = 0) -> list[tuple[int, T]]",),
        "Pairs of position and element.",
        gives="iterator",
    ),
    Builtin("len", ("(values: Sized[T], /) -> int",), "The number of elements, characters or entries."),
    Builtin("list", ("() -> list[Never]", "(values: Iterable[T], /) -> list[T]"), "A new list of the elements."),
    *(
        Builtin(
            name,
            (
                "(values: Iterable[O], /) -> O",
                "(values: Iterable[O], /, *, default: U) -> O | U",
                "(values: Iterable[T], /, *, key: Key[O]) -> T",
                "(values: Iterable[T], /, *, key: Key[O], default: U) -> T | U",
                "(first: O, second: O, /, *more: O) -> O",
                "(first: T, second: T, /, *more: T, key: Key[O]) -> T",
            ),
            f"The {what} element, or argument; of several the first. Without any, `default` or ValueError.",
            _VALUE,
        )
        for name, what in (("max", "largest"), ("min", "smallest"))
    ),
    Builtin(
        "range",
        ("(stop: int, /) -> list[int]", "(start: int, stop: int, step: int = 1, /) -> list[int]"),
        "The integers from `start` (0) up to, not with, `stop`.",
        _VALUE,
        gives="view",
    ),
    Builtin(
        "reversed", ("(values: Reversible[T], /) -> list[T]",), "The elements from last to first.", gives="iterator"
    ),
    Builtin(
        "sorted",
        (
            "(values: Iterable[O], /, *, reverse: bool = False) -> list[O]",
            "(values: Iterable[T], /, *, key: Key[O], reverse: bool = False) -> list[T]",
        ),
        "A new list in order; equal elements keep theirs.",
        hint="give a key: sorted(rows, key=lambda row: row.name)",
    ),
    Builtin(
        "sum",
        (
            "(values: Iterable[N], /) -> int | N",
            "(values: Iterable[N], /, start: F) -> float",
            "(values: Iterable[N], /, start: N) -> N",
        ),
        "`start` (0) and all elements, added.",
        hint='only numbers are added: "".join(texts) for texts, int(flag) for a bool to start with',
        check=_number_to_start,
    ),
    Builtin(
        "tuple",
        ("() -> tuple[()]", "(values: S, /) -> S"),
        "The tuple itself. The length of a tuple is part of its type: a list gives none.",
        hint="use list(...); a tuple's length must be known",
    ),
    Builtin(
        "zip",
        (
            "(first: Iterable[T], /, *, strict: bool = False) -> list[tuple[T]]",
            "(first: Iterable[T], second: Iterable[U], /, *, strict: bool = False) -> list[tuple[T, U]]",
            "(first: Iterable[T], second: Iterable[U], third: Iterable[V], /, *, strict: bool = False)"
            " -> list[tuple[T, U, V]]",
            "(first: Iterable[T], second: Iterable[U], third: Iterable[V], fourth: Iterable[W], /, *,"
            " strict: bool = False) -> list[tuple[T, U, V, W]]",
        ),
        "Tuples of the elements at the same position, until the shortest ends; with `strict` ValueError then.",
        _VALUE,
        gives="iterator",
    ),
    Builtin("list.copy", ("(values: list[T], /) -> list[T]",), "A new list of the same elements."),
    Builtin(
        "list.count",
        ("(values: list[T], value: U, /) -> int",),
        "How many elements equal the value.",
        check=_same_elements,
    ),
    Builtin(
        "list.index",
        ("(values: list[T], value: R, start: int = 0, stop: int = 0, /) -> int",),
        "The position of the first element that equals the value.",
        _VALUE,
        check=_same_elements,
    ),
    Builtin("dict.copy", ("(entries: dict[str, T], /) -> dict[str, T]",), "A new dict of the same entries."),
    Builtin(
        "dict.get",
        (
            "(entries: dict[str, T], key: str, /) -> T | None",
            "(entries: dict[str, T], key: str, default: U, /) -> T | U",
        ),
        "The value at the key; without one `default`.",
    ),
    Builtin(
        "dict.items", ("(entries: dict[str, T], /) -> list[tuple[str, T]]",), "Pairs of key and value.", gives="view"
    ),
    Builtin(
        "dict.keys", ("(entries: dict[str, T], /) -> list[str]",), "The keys, in the order they came in.", gives="view"
    ),
    Builtin(
        "dict.values", ("(entries: dict[str, T], /) -> list[T]",), "The values, in the order of the keys.", gives="view"
    ),
)

_PADDING = ("(text: str, width: int, fillchar: str = ' ', /) -> str",)
_SEARCH = ("(text: str, sub: str, start: int | None = None, end: int | None = None, /) -> int",)
_AFFIX = ("(text: str, affix: str | tuple[str, ...], start: int | None = None, end: int | None = None, /) -> bool",)
_STRIP = ("(text: str, chars: str | None = None, /) -> str",)
_SPLIT = ("(text: str, /, sep: str | None = None, maxsplit: int = -1) -> list[str]",)
_PARTITION = ("(text: str, sep: str, /) -> tuple[str, str, str]",)
_PLAIN = ("(text: str, /) -> str",)
_TEST = ("(text: str, /) -> bool",)

STRINGS = (
    Builtin("str.capitalize", _PLAIN, "First character in title case, the others in lower case."),
    Builtin("str.casefold", _PLAIN, "Lower case for comparing, stronger than `lower` (ß becomes ss)."),
    Builtin("str.center", _PADDING, "Padded on both sides to a width.", _TYPE),
    Builtin("str.count", _SEARCH, "How often a text occurs, without overlap."),
    Builtin("str.endswith", _AFFIX, "Whether the text ends with another, or with one of a tuple."),
    Builtin("str.find", _SEARCH, "The first position of a text; -1 without one."),
    Builtin("str.index", _SEARCH, "The first position of a text; ValueError without one.", _VALUE),
    Builtin("str.isalnum", _TEST, "Whether all characters are letters or digits, and there is one."),
    Builtin("str.isalpha", _TEST, "Whether all characters are letters, and there is one."),
    Builtin("str.isdigit", _TEST, "Whether all characters are digits, and there is one."),
    Builtin("str.islower", _TEST, "Whether all cased characters are in lower case, and there is one."),
    Builtin("str.isspace", _TEST, "Whether all characters are white space, and there is one."),
    Builtin("str.isupper", _TEST, "Whether all cased characters are in upper case, and there is one."),
    Builtin(
        "str.join", ("(separator: str, parts: Iterable[str], /) -> str",), "The parts with the separator between them."
    ),
    Builtin("str.ljust", _PADDING, "Padded on the right to a width.", _TYPE),
    Builtin("str.lower", _PLAIN, "In lower case."),
    Builtin("str.lstrip", _STRIP, "Without white space, or some characters, at its start."),
    Builtin("str.partition", _PARTITION, "What is before, at and behind the first separator.", _VALUE),
    Builtin("str.removeprefix", ("(text: str, prefix: str, /) -> str",), "Without the prefix, where it has it."),
    Builtin("str.removesuffix", ("(text: str, suffix: str, /) -> str",), "Without the suffix, where it has it."),
    Builtin(
        "str.replace",
        ("(text: str, old: str, new: str, count: int = -1, /) -> str",),
        "With every `old`, or the first few, replaced by `new`.",
    ),
    Builtin("str.rfind", _SEARCH, "The last position of a text; -1 without one."),
    Builtin("str.rjust", _PADDING, "Padded on the left to a width.", _TYPE),
    Builtin("str.rpartition", _PARTITION, "What is before, at and behind the last separator.", _VALUE),
    Builtin("str.rsplit", _SPLIT, "The parts between separators, or white space, counted from the end.", _VALUE),
    Builtin("str.rstrip", _STRIP, "Without white space, or some characters, at its end."),
    Builtin("str.split", _SPLIT, "The parts between separators, or white space.", _VALUE),
    Builtin(
        "str.splitlines",
        ("(text: str, /, keepends: bool = False) -> list[str]",),
        "The lines, by every line boundary of Unicode.",
    ),
    Builtin("str.startswith", _AFFIX, "Whether the text starts with another, or with one of a tuple."),
    Builtin("str.strip", _STRIP, "Without white space, or some characters, at both ends."),
    Builtin("str.swapcase", _PLAIN, "With upper and lower case exchanged."),
    Builtin("str.title", _PLAIN, "Every word with a capital."),
    Builtin("str.upper", _PLAIN, "In upper case."),
    Builtin("str.zfill", ("(text: str, width: int, /) -> str",), "Padded with zeros, behind a sign, to a width."),
)

CATALOG: tuple[Builtin, ...] = (*NUMBERS, *CONVERSIONS, *COLLECTIONS, *STRINGS)
