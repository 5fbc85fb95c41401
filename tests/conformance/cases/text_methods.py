"""Strings: methods, slices and f-strings."""

from __future__ import annotations

from skyloom.conformance.case import call, case
from skyloom.flows import flow, sha256, task


@task
def greet(name: str) -> str:
    return f"hello {name}"


@flow
def change_case(word: str) -> list[str]:
    return [word.upper(), word.lower(), word.title(), word.capitalize(), word.swapcase(), word.casefold()]


@flow
def strip(word: str) -> list[str]:
    return [word.strip(), word.lstrip(), word.rstrip(), word.strip(" x"), word.lstrip("x "), word.rstrip("\n ")]


@flow
def affixes(word: str) -> list[str]:
    return [
        word.removeprefix("re"),
        word.removesuffix("ed"),
        word.removeprefix("zz"),
        str(word.startswith("re")),
        str(word.startswith("tr", 2)),
        str(word.endswith("ed")),
        str(word.endswith(("x", "ied"))),
        str(word.startswith(("x", ""))),
    ]


@flow
def search(word: str, part: str) -> list[int]:
    return [
        word.find(part),
        word.rfind(part),
        word.find(part, 2),
        word.find(part, 2, 4),
        word.find(part, -2),
        word.count(part),
        word.count(""),
        word.find("zz"),
    ]


@flow
def replace(word: str) -> list[str]:
    return [word.replace("a", "o"), word.replace("a", "", 2), word.replace("", "-"), word.replace("an", "AN")]


@flow
def split(line: str) -> list[list[str]]:
    return [
        line.split(),
        line.split(" "),
        line.split(None, 1),
        line.split(" ", 1),
        line.rsplit(" ", 1),
        line.rsplit(maxsplit=1),
        line.split(sep="b"),
        line.split("zz"),
    ]


@flow
def split_lines(text: str) -> list[list[str]]:
    return [text.splitlines(), text.splitlines(keepends=True), text.split("\n")]


@flow
def partition(address: str) -> list[str]:
    name, at, host = address.partition("@")
    before, _, last = address.rpartition(".")
    return [name, at, host, before, last]


@flow
def join(words: list[str], counts: dict[str, int]) -> list[str]:
    return [
        ", ".join(words),
        "".join(words),
        "-".join("abc"),
        " ".join(counts),
        "+".join(w.upper() for w in words if w),
        "|".join([f"{k}:{v}" for k, v in counts.items()]),
    ]


@flow
def pad(word: str) -> list[str]:
    return [
        word.ljust(5) + "|",
        word.rjust(5, "."),
        word.center(6, "*"),
        word.center(7, "*"),
        "42".zfill(5),
        "-42".zfill(5),
        word.zfill(1),
    ]


@flow
def kinds(word: str) -> list[bool]:
    return [
        word.isalpha(),
        word.isdigit(),
        word.isalnum(),
        word.isspace(),
        word.isupper(),
        word.islower(),
    ]


@flow
def slices(word: str) -> list[str]:
    return [
        word[1:3],
        word[:2],
        word[-2:],
        word[::-1],
        word[::2],
        word[-1:-4:-1],
        word[5:1],
        word[100:],
        word[:-100],
        word[:],
        word[0],
        word[-1],
    ]


@flow
def slices_by_variables(word: str, start: int, end: int) -> list[str]:
    return [word[start:end], word[start:], word[:end], word[start : len(word) - 1]]


@flow
def interpolate(name: str, count: int, price: float, maybe: str | None) -> str:
    return f"{name}: {count} x {price} = {count * price} ({maybe}) {{braces}} {True} {'quoted'} {name!s}"


@flow
def formats(count: int, price: float, name: str) -> list[str]:
    return [
        f"{price:.2f}",
        f"{price:,.2f}",
        f"{count:,}",
        f"{count:d}",
        f"{count:05d}",
        f"{count:8d}|",
        f"{price / 10000:.1%}",
        f"[{name:>6}]",
        f"[{name:<6}]",
        f"[{name:^7}]",
        f"[{count:<7}]",
        f"{count:.1f}",
        f"{-count:,}",
    ]


@flow
def half_way_formats() -> list[str]:
    return [f"{0.5:.1f}", f"{2.675:.2f}", f"{0.125:.2f}", f"{1e15:,.1f}", f"{-0.004:.2f}", f"{0.5:.1%}", f"{7:^5}|"]


@flow
def interpolated_calls(first: str, second: str) -> str:
    return f"{greet(first)} and {greet(second)}, {len(greet(first))} letters"


@flow
def nested_quotes(table: dict[str, str]) -> str:
    return f"{table['it']} {'-'.join([f'<{k}>' for k in table])} {table.get('no', 'none')!s}"


@flow
def long_text() -> str:
    return (
        "one "
        "two "
        f"{1 + 2}"
        """ four
five"""
    )


@flow
def unicode_text(word: str) -> list[str]:
    return [str(len(word)), word[::-1], word.upper(), word[1], word.center(8, "·"), word.casefold()]


@flow
def hashes(word: str) -> str:
    return sha256(word)


@flow
def escapes() -> list[str]:
    return [
        "tab\there",
        "line\nbreak",
        'quote"',
        "back\\slash",
        r"raw\n",
        "nul\x00",
        "\u00e9\U0001f600",
        "{x}",
        "%s $ $$ ${x}",
    ]


@flow
def compare_and_concat(a: str, b: str) -> str:
    return a + ("<" if a < b else ">=") + b + "!" * len(a)


@flow
def method_on_result(name: str) -> list[str]:
    return greet(name).upper().split()


CASES = [
    case(
        change_case,
        {"word": "heLLo woRLD"},
        result=["HELLO WORLD", "hello world", "Hello World", "Hello world", "HEllO WOrld", "hello world"],
    ),
    case(
        change_case,
        {"word": "straße ǆ"},
        result=["STRASSE Ǆ", "straße ǆ", "Straße ǅ", "Straße ǆ", "STRASSE Ǆ", "strasse ǆ"],
        name="unicode",
    ),
    case(change_case, {"word": ""}, result=["", "", "", "", "", ""], name="empty"),
    case(strip, {"word": " x hi x \n"}, result=["x hi x", "x hi x \n", " x hi x", "hi x \n", "hi x \n", " x hi x"]),
    case(
        affixes,
        {"word": "retried"},
        result=["tried", "retri", "retried", "True", "True", "True", "True", "True"],
    ),
    case(search, {"word": "banana", "part": "an"}, result=[1, 3, 3, -1, -1, 2, 7, -1]),
    case(search, {"word": "aaaa", "part": "aa"}, result=[0, 2, 2, 2, 2, 2, 5, -1], name="overlap"),
    case(replace, {"word": "banana"}, result=["bonono", "bnna", "-b-a-n-a-n-a-", "bANANa"]),
    case(
        split,
        {"line": " a  b c "},
        result=[
            ["a", "b", "c"],
            ["", "a", "", "b", "c", ""],
            ["a", "b c "],
            ["", "a  b c "],
            [" a  b c", ""],
            [" a  b", "c"],
            [" a  ", " c "],
            [" a  b c "],
        ],
    ),
    case(split, {"line": ""}, result=[[], [""], [], [""], [""], [], [""], [""]], name="empty"),
    case(
        split_lines,
        {"text": "a\nb\r\nc\n\n"},
        result=[["a", "b", "c", ""], ["a\n", "b\r\n", "c\n", "\n"], ["a", "b\r", "c", "", ""]],
    ),
    case(
        partition,
        {"address": "ann@mail.example.org"},
        result=["ann", "@", "mail.example.org", "ann@mail.example", "org"],
    ),
    case(partition, {"address": "nothing"}, result=["nothing", "", "", "", "nothing"], name="missing"),
    case(
        join,
        {"words": ["a", "", "c"], "counts": {"x": 1, "y": 2}},
        result=["a, , c", "ac", "a-b-c", "x y", "A+C", "x:1|y:2"],
    ),
    case(join, {"words": [], "counts": {}}, result=["", "", "a-b-c", "", "", ""], name="empty"),
    case(pad, {"word": "abc"}, result=["abc  |", "..abc", "*abc**", "**abc**", "00042", "-0042", "abc"]),
    case(kinds, {"word": "abc"}, result=[True, False, True, False, False, True], name="letters"),
    case(kinds, {"word": "A1"}, result=[False, False, True, False, True, False], name="mixed"),
    case(kinds, {"word": ""}, result=[False, False, False, False, False, False], name="empty"),
    case(kinds, {"word": " \t"}, result=[False, False, False, True, False, False], name="space"),
    case(
        slices,
        {"word": "abcdef"},
        result=["bc", "ab", "ef", "fedcba", "ace", "fed", "", "", "", "abcdef", "a", "f"],
    ),
    case(slices_by_variables, {"word": "abcdef", "start": 1, "end": -1}, result=["bcde", "bcdef", "abcde", "bcde"]),
    case(slices_by_variables, {"word": "abc", "start": 3, "end": 0}, result=["", "", "", ""], name="empty"),
    case(
        interpolate,
        {"name": "nut", "count": 3, "price": 0.5, "maybe": None},
        result="nut: 3 x 0.5 = 1.5 (None) {braces} True quoted nut",
    ),
    case(
        formats,
        {"count": 12345, "price": 1234.5, "name": "abc"},
        result=[
            "1234.50",
            "1,234.50",
            "12,345",
            "12345",
            "12345",
            "   12345|",
            "12.3%",
            "[   abc]",
            "[abc   ]",
            "[  abc  ]",
            "[12345  ]",
            "12345.0",
            "-12,345",
        ],
    ),
    case(
        formats,
        {"count": -7, "price": 0.0, "name": "abcdefgh"},
        result=[
            "0.00",
            "0.00",
            "-7",
            "-7",
            "-0007",
            "      -7|",
            "0.0%",
            "[abcdefgh]",
            "[abcdefgh]",
            "[abcdefgh]",
            "[-7     ]",
            "-7.0",
            "7",
        ],
        name="small",
    ),
    case(half_way_formats, result=["0.5", "2.67", "0.12", "1,000,000,000,000,000.0", "-0.00", "50.0%", "  7  |"]),
    case(
        interpolated_calls,
        {"first": "a", "second": "b"},
        result="hello a and hello b, 7 letters",
        calls=[call("greet", name="a"), call("greet", name="b"), call("greet", name="a")],
    ),
    case(nested_quotes, {"table": {"it": "IT", "x": "y"}}, result="IT <it>-<x> none"),
    case(long_text, result="one two 3 four\nfive"),
    case(unicode_text, {"word": "né😀ß"}, result=["4", "ß😀én", "NÉ😀SS", "é", "··né😀ß··", "né😀ss"]),
    case(hashes, {"word": ""}, result="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", name="empty"),
    case(hashes, {"word": "abc"}, result="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    case(
        escapes,
        result=["tab\there", "line\nbreak", 'quote"', "back\\slash", "raw\\n", "nul\x00", "é😀", "{x}", "%s $ $$ ${x}"],
    ),
    case(compare_and_concat, {"a": "ab", "b": "b"}, result="ab<b!!"),
    case(method_on_result, {"name": "bob"}, result=["HELLO", "BOB"]),
]
