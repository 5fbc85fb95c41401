"""Every operator, comparison, index, slice, truth, display and format, with every type of operand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from sweep.forms import Form, form

NUMBERS = ("int", "float", "bool", "int | float")
COMPARED = (
    *NUMBERS,
    "str",
    "int | None",
    "str | None",
    "list[int]",
    "list[str | None]",
    "list[list[int]]",
    "tuple[str, int]",
    "dict[str, int]",
    "dict[str, int | None]",
    "datetime",
    "date",
    "Level",
    "Literal['low', 'high']",
    "Any",
)
ARITHMETIC = ("+", "-", "*", "/", "//", "%")
BOUNDS = ("", "0", "1", "-1", "2", "-2", "9", "-9")
SLICED = ("str", "list[int]", "list[int | None]", "list[list[int]]")
FORMATS = ("", ":.2f", ":.0f", ":,", ":,.2f", ":.1%", ":d", ":5d", ":05d", ":>8", ":<8", ":^8")
TESTED = (*COMPARED, "None", "tuple[int]", "list[list[list[int]]]", "dict[str, list[int]]")


def operator_forms() -> Iterator[Form]:
    """All of them."""
    for forms in (_arithmetic, _joining, _comparing, _truth, _items, _slices, _texts, _displays):
        yield from dict.fromkeys(forms())


def _arithmetic() -> Iterator[Form]:
    for of in (*NUMBERS, "str"):
        for sign in ("-", "+"):
            yield form("unary", f"{sign}a", a=of)
    for operator, one, other in itertools.product(ARITHMETIC, NUMBERS, NUMBERS):
        yield form("arithmetic", f"a {operator} b", a=one, b=other)
    for operator, of, constant in itertools.product(ARITHMETIC, NUMBERS, ("0", "1", "3", "-7", "0.1", "2.0")):
        yield form("arithmetic", f"a {operator} {constant}", a=of)
        yield form("arithmetic", f"{constant} {operator} a", a=of)
    for one, other in itertools.product(NUMBERS, NUMBERS):
        yield form("power", "a ** b", a=one, b=other)
    for of, exponent in itertools.product(NUMBERS, ("0", "1", "2", "3", "-1", "0.5", "2.0")):
        yield form("power", f"a ** {exponent}", a=of)


def _joining() -> Iterator[Form]:
    joined = ("str", "list[int]", "list[str]", "list[list[int]]", "tuple[str, int]", "int", "dict[str, int]")
    for one, other in itertools.product(joined, joined):
        yield form("joining", "a + b", a=one, b=other)
    for of in ("str", "list[int]", "list[list[int]]", "list[int | None]"):
        yield form("repetition", "a * b", a=of, b="int")
        yield form("repetition", "a * b", a=of, b="bool")
        yield form("repetition", "b * a", b="int", a=of)
        for times in ("0", "1", "2", "-1"):
            yield form("repetition", f"a * {times}", a=of)


def _comparing() -> Iterator[Form]:
    for one, other in itertools.product(COMPARED, COMPARED):
        for operator in ("==", "!=", "<", ">="):
            yield form("comparison", f"a {operator} b", a=one, b=other)
    for of, operator in itertools.product(COMPARED, ("<=", ">")):
        yield form("comparison", f"a {operator} b", a=of, b=of)
    for of, operator, constant in itertools.product(
        COMPARED, ("==", "!=", "<", ">="), ("0", "1", "True", "2.5", '""', '"a"', '"𝒳"', "[]", "[1]", "{}")
    ):
        yield form("comparison", f"a {operator} {constant}", a=of)
    for of in COMPARED:
        yield form("comparison", "a is None", a=of)
        yield form("comparison", "a != None", a=of)
        yield form("containment", "a in b", a=of, b="str")
        yield form("containment", "a in b", a=of, b="dict[str, int]")
        yield form("containment", "b in (a, a)", a=of, b=of)
        for operator, inner in itertools.product(("in", "not in"), COMPARED):
            yield form("containment", f"b {operator} a", a=f"list[{inner}]", b=of)


def _truth() -> Iterator[Form]:
    for of in TESTED:
        for source in ("1 if a else 2", "not a", "bool(a)", "a and 1", "a or 1", "1 if not a else 2"):
            yield form("truth", source, a=of)
        for other in ("int", "str", "list[int]"):
            yield form("truth", "a or b", a=of, b=other)
            yield form("truth", "a and b", a=of, b=other)
        yield form("truth", "[v for v in a if v]", a=f"list[{of}]")


def _items() -> Iterator[Form]:
    for of in (*SLICED, "list[str]", "tuple[str, int]", "dict[str, int]", "dict[str, int | None]", "Any"):
        yield form("items", "a[b]", a=of, b="int")
        yield form("items", "a[b]", a=of, b="str")
        for index in ("0", "1", "-1", "-2", "9", '"a"', '"a.b"', '"it\'s"', "'a\"b'", '"$"', '"a`b"', '"é"', '""'):
            yield form("items", f"a[{index}]", a=of)
    for of in ("list[list[int]]", "dict[str, list[int]]", "list[dict[str, int]]"):
        for index in ("[0][0]", '["a"][0]', '[0]["a"]', "[-1][-1]"):
            yield form("items", f"a{index}", a=of)


def _slices() -> Iterator[Form]:
    for of, start, stop in itertools.product((*SLICED, "tuple[str, int]"), BOUNDS, BOUNDS):
        yield form("slices", f"a[{start}:{stop}]", a=of)
    for of, start, stop, step in itertools.product(SLICED, ("", "1", "-2"), ("", "2", "-1"), ("1", "2", "-1", "-2")):
        yield form("slices", f"a[{start}:{stop}:{step}]", a=of)
    for of in SLICED:
        for source in ("a[b:]", "a[:b]", "a[1:b]", "a[b:-1]", "a[::b]"):
            yield form("slices", source, a=of, b="int")
        yield form("slices", "a[b:c]", a=of, b="int", c="int")


def _texts() -> Iterator[Form]:
    shown = (*NUMBERS, "str", "None", "int | None", "str | None", "str | int", "list[int]", "Literal['low', 'high']")
    for of, spec in itertools.product(shown, FORMATS):
        yield form("f-strings", f'f"{{a{spec}}}"', a=of)
        yield form("f-strings", f'f"x{{a{spec}}}$\'{{b}}\\n"', a=of, b="str")
    for of in ("float", "int"):
        yield form("f-strings", 'f"{-a}"', a=of)
        yield form("f-strings", 'f"{-a:.1f}"', a=of)
    yield form("f-strings", 'f"{a}{b}{c}"', a="str", b="str", c="str")


def _displays() -> Iterator[Form]:
    held = ("int", "float", "str", "None", "int | None", "list[int]", "list[list[int]]", "dict[str, int]", "Any")
    for of in held:
        for source in (
            "[a]",
            "[a, a]",
            "[[a]]",
            "(a,)",
            '{"a": a}',
            '{"a.b": [a]}',
            "[[], a, [[]]]",
            '{"a": {"b": a}}',
        ):
            yield form("displays", source, a=of)
        lists = f"list[{of}]"
        for source in (
            "[*a]",
            "[*a, *a]",
            "[v for v in a]",
            "[[v] for v in a]",
            "[(v, v) for v in a]",
            "[{'a': v} for v in a]",
            "[[w, v] for v in a for w in a]",
            "[v for v in a if v == a[0]]",
            "{'k': v for v in a}",
            "[v for v in reversed(a)]",
        ):
            yield form("displays", source, a=lists)
        for source in (
            "{**a}",
            '{**a, "b": 1}',
            "{b: c, **a}",
            "{k: v for k, v in a.items()}",
            "[v for v in a.values()]",
        ):
            yield (
                form("displays", source, a=f"dict[str, {of}]", b="str", c="int")
                if "b:" in source
                else form("displays", source, a=f"dict[str, {of}]")
            )
