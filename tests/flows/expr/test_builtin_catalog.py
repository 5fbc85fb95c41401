"""The catalog: every entry reads, its types are inferred, and what does not fit is refused with words that help."""

from __future__ import annotations

import pytest

from skyloom.flows.expr.builtins import BUILTINS, NoSignature, accepts, call_type, markdown
from skyloom.flows.expr.catalog import CATALOG
from skyloom.flows.expr.patterns import parse
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    BYTES,
    DATETIME,
    ERROR,
    FLOAT,
    INT,
    NEVER,
    NULL,
    STR,
    DictType,
    EnumType,
    ListType,
    LiteralType,
    ModelType,
    TupleType,
    Type,
    optional,
    union,
)

INTS, FLOATS, TEXTS = ListType(INT), ListType(FLOAT), ListType(STR)
TICKET, REPLY = ModelType("Ticket"), ModelType("Reply")
TICKETS = ListType(TICKET)
PLAIN_ENUM = EnumType("Colour", (("RED", "red"),))
TEXT_ENUM = EnumType("Tone", (("WARM", "warm"),), text=True)
PAIR = TupleType((STR, INT))


def text(value: str) -> LiteralType:
    return LiteralType((value,))


def test_names_are_unique_and_entries_complete() -> None:
    assert len(BUILTINS) == len(CATALOG)
    for builtin in CATALOG:
        assert builtin.meaning.endswith("."), builtin.name
        assert "\n" not in builtin.meaning, builtin.name
        assert [parse(signature).text for signature in builtin.signatures] == list(builtin.signatures)


FITTING: tuple[tuple[str, list[Type], dict[str, Type], Type], ...] = (
    ("len", [STR], {}, INT),
    ("len", [PAIR], {}, INT),
    ("len", [union(TEXTS, DictType(INT))], {}, INT),
    ("sum", [INTS], {}, INT),
    ("sum", [FLOATS], {}, union(INT, FLOAT)),
    ("sum", [FLOATS], {"start": INT}, union(FLOAT, INT)),
    ("sum", [FLOATS], {"start": FLOAT}, FLOAT),
    ("sum", [ListType(union(INT, FLOAT))], {"start": FLOAT}, FLOAT),
    ("sum", [ListType(LiteralType((1, 2)))], {}, INT),
    ("sum", [ListType(NEVER)], {}, INT),
    ("sum", [INTS], {"start": FLOAT}, FLOAT),
    ("abs", [BOOL], {}, INT),
    ("abs", [union(INT, FLOAT)], {}, union(INT, FLOAT)),
    ("abs", [union(BOOL, FLOAT)], {}, union(INT, FLOAT)),
    ("round", [FLOAT], {}, INT),
    ("round", [FLOAT, INT], {}, FLOAT),
    ("round", [INT], {"ndigits": INT}, INT),
    ("round", [union(INT, FLOAT)], {"ndigits": INT}, union(INT, FLOAT)),
    ("min", [INTS], {}, INT),
    ("min", [INTS], {"default": NULL}, optional(INT)),
    ("max", [INT, FLOAT], {}, union(INT, FLOAT)),
    ("max", [text("a"), text("b"), STR], {}, STR),
    ("max", [TICKETS], {"key": FLOAT}, TICKET),
    ("max", [TICKETS], {"key": FLOAT, "default": NULL}, optional(TICKET)),
    ("min", [TICKET, REPLY], {"key": STR}, union(TICKET, REPLY)),
    ("sorted", [DictType(INT)], {}, TEXTS),
    ("sorted", [TICKETS], {"key": TupleType((INT, STR)), "reverse": BOOL}, TICKETS),
    ("sorted", [ListType(DATETIME)], {}, ListType(DATETIME)),
    ("any", [ListType(optional(TICKET))], {}, BOOL),
    ("range", [INT], {}, INTS),
    ("zip", [INTS, STR], {}, ListType(TupleType((INT, STR)))),
    ("zip", [INTS, INTS, TEXTS, FLOATS], {"strict": BOOL}, ListType(TupleType((INT, INT, STR, FLOAT)))),
    ("enumerate", [TEXTS], {"start": INT}, ListType(TupleType((INT, STR)))),
    ("list", [], {}, ListType(NEVER)),
    ("list", [PAIR], {}, ListType(union(STR, INT))),
    ("dict", [], {}, DictType(NEVER)),
    ("dict", [ListType(PAIR)], {}, DictType(INT)),
    ("dict", [DictType(INT)], {}, DictType(INT)),
    ("tuple", [PAIR], {}, PAIR),
    ("tuple", [], {}, TupleType(())),
    ("reversed", [PAIR], {}, ListType(union(STR, INT))),
    ("bool", [TICKET], {}, BOOL),
    ("int", [STR], {}, INT),
    ("float", [BOOL], {}, FLOAT),
    ("str", [union(INT, NULL, ERROR)], {}, STR),
    ("str", [TEXT_ENUM], {}, STR),
    ("format", [FLOAT, text(",.2f")], {}, STR),
    ("format", [BOOL, text("05d")], {}, STR),
    ("format", [STR, text("^20")], {}, STR),
    ("error.type", [ERROR], {}, STR),
    ("json.dumps", [ListType(optional(TEXT_ENUM))], {"indent": INT}, STR),
    ("json.dumps", [ANY], {}, STR),
    ("json.loads", [STR], {}, ANY),
    ("datetime.timestamp", [DATETIME], {}, FLOAT),
    ("dict.get", [DictType(INT), STR], {}, optional(INT)),
    ("dict.get", [DictType(INT), STR, LiteralType((0,))], {}, INT),
    ("dict.items", [DictType(FLOAT)], {}, ListType(TupleType((STR, FLOAT)))),
    ("list.index", [TEXTS, text("a")], {}, INT),
    ("list.count", [ListType(PLAIN_ENUM), PLAIN_ENUM], {}, INT),
    ("str.split", [STR], {"maxsplit": INT}, TEXTS),
    ("str.join", [STR, DictType(INT)], {}, STR),
    ("str.startswith", [STR, TupleType((STR, STR))], {}, BOOL),
    ("str.partition", [STR, STR], {}, TupleType((STR, STR, STR))),
    ("str.upper", [text("a")], {}, STR),
    ("hours", [INT], {}, FLOAT),
    ("hours", [], {"count": INT}, FLOAT),
    ("math.floor", [FLOAT], {}, INT),
    ("divmod", [INT, INT], {}, TupleType((INT, INT))),
    ("divmod", [INT, FLOAT], {}, TupleType((FLOAT, FLOAT))),
    ("divmod", [FLOAT, union(INT, FLOAT)], {}, TupleType((FLOAT, FLOAT))),
    ("divmod", [INT, union(INT, FLOAT)], {}, TupleType((union(INT, FLOAT), union(INT, FLOAT)))),
)


@pytest.mark.parametrize(("name", "arguments", "keywords", "expected"), FITTING)
def test_call_type(name: str, arguments: list[Type], keywords: dict[str, Type], expected: Type) -> None:
    assert call_type(name, arguments, keywords) == expected


FORMATS = "known formats: .2f  ,  ,.2f  .1%  d  5d  05d  >8  <8  ^8"
REFUSED: tuple[tuple[str, list[Type], dict[str, Type], str], ...] = (
    ("len", [INT], {}, "argument 1 of len() must be a list, tuple, str or dict, not int"),
    ("len", [optional(STR)], {}, "argument 1 of len() must be a list, tuple, str or dict, not str | None"),
    ("len", [STR, STR], {}, "len() takes 1 argument, not 2"),
    ("len", [], {}, "len() is missing values"),
    ("str.upper", [STR, INT], {}, "upper() takes no arguments, not 1"),
    ("str.replace", [STR, STR], {}, "replace() is missing new"),
    ("str.split", [STR, INT], {}, "argument 1 of split() must be str or None, not int"),
    ("str.join", [STR, INTS], {}, "argument 1 of join() must be a list, tuple, str or dict of str, not list[int]"),
    ("sorted", [INTS], {"revers": BOOL}, "sorted() has no option 'revers'; did you mean 'reverse'?"),
    ("sorted", [TICKETS], {}, "sorted() needs values that have an order, not Ticket"),
    ("sorted", [TICKETS], {"key": optional(INT)}, "sorted() needs values that have an order, not int | None"),
    ("enumerate", [], {"values": INTS}, "enumerate() has no option 'values'"),
    ("enumerate", [INTS, INT], {"start": INT}, "enumerate() got 'start' twice"),
    ("min", [INT, STR], {}, "min() needs values that have an order, not int | str"),
    ("sum", [TEXTS], {}, "sum() needs numbers, not str"),
    ("any", [ListType(ANY)], {}, "any() needs values whose truth is certain, not Any"),
    ("str", [INTS], {}, "str() needs str, int, float, bool, None or a caught error, not list[int]"),
    ("str", [DATETIME], {}, "str() needs str, int, float, bool, None or a caught error, not datetime"),
    ("str", [PLAIN_ENUM], {}, "str() needs str, int, float, bool, None or a caught error, not Colour"),
    ("int", [optional(STR)], {}, "argument 1 of int() must be float or str, not str | None"),
    ("tuple", [INTS], {}, "tuple() needs a tuple, not list[int]"),
    ("dict", [INTS], {}, "argument 1 of dict() must be a dict, not list[int]"),
    ("json.dumps", [TICKET], {}, "json.dumps() needs plain data (no models, datetimes, bytes or enums), not Ticket"),
    (
        "json.dumps",
        [DictType(BYTES)],
        {},
        "json.dumps() needs plain data (no models, datetimes, bytes or enums), not dict[str, bytes]",
    ),
    ("list.index", [TEXTS, INT], {}, "int and str are never equal"),
    (
        "list.index",
        [TICKETS, TICKET],
        {},
        "index() needs str, numbers, bool, None, or lists and dicts of these, not Ticket",
    ),
    ("dict.get", [DictType(INT), INT], {}, "argument 1 of get() must be str, not int"),
    ("list.copy", [STR], {}, "the object of copy() must be a list, not str"),
    ("format", [STR, text(".2f")], {}, "the format '.2f' needs any number, not str"),
    ("format", [FLOAT, text("d")], {}, "the format 'd' needs an int, not float"),
    ("format", [BOOL, text(">8")], {}, "the format '>8' needs a str or a number, not bool"),
    ("format", [FLOAT, text("g")], {}, f"the format 'g' is not known; {FORMATS}"),
    ("format", [FLOAT, text("")], {}, f"the format '' is not known; {FORMATS}"),
    ("format", [FLOAT, STR], {}, f"a format must be a constant text; {FORMATS}"),
    ("format", [NULL, text(">8")], {}, "argument 1 of format() must be float or str, not None"),
)


@pytest.mark.parametrize(("name", "arguments", "keywords", "message"), REFUSED)
def test_calls_that_do_not_fit(name: str, arguments: list[Type], keywords: dict[str, Type], message: str) -> None:
    with pytest.raises(NoSignature) as refusal:
        call_type(name, arguments, keywords)
    assert refusal.value.message == message
    assert refusal.value.hint


def test_hints_say_what_to_write_instead() -> None:
    for name, arguments, hint in (
        ("str", [INTS], "json.dumps(value) gives the text of a list or dict; of a model take its fields"),
        ("sorted", [TICKETS], "give a key: sorted(rows, key=lambda row: row.name)"),
        ("len", [INT], "len: The number of elements, characters or entries."),
    ):
        with pytest.raises(NoSignature) as refusal:
            call_type(name, list(arguments))
        assert refusal.value.hint == hint


def test_an_unknown_builtin_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        call_type("nonsense", [])


def test_what_is_no_list_in_python() -> None:
    assert {name for name, builtin in BUILTINS.items() if builtin.gives == "iterator"} == {
        "enumerate",
        "reversed",
        "zip",
    }
    views = {"range", "dict.items", "dict.keys", "dict.values"}
    assert {name for name, builtin in BUILTINS.items() if builtin.gives == "view"} == views


def test_where_views_and_iterators_may_stand() -> None:
    assert accepts("list", 0, "iterator")
    assert accepts("zip", 2, "iterator")
    assert accepts("str.join", 1, "iterator")
    assert accepts("len", 0, "view")
    assert not accepts("len", 0, "iterator")
    assert accepts("reversed", 0, "view")
    assert not accepts("reversed", 0, "iterator")
    assert not accepts("list.index", 0, "view")
    assert not accepts("sum", 1, "iterator")
    assert accepts("list.index", 0, "value")


@pytest.mark.parametrize("signature", ["(a: 3) -> int", "(a: set[T]) -> int"])
def test_a_signature_that_cannot_be_read(signature: str) -> None:
    with pytest.raises(ValueError, match="of a signature"):
        parse(signature)


def test_the_table_for_the_documentation() -> None:
    table = markdown().splitlines()
    assert table[0] == "| builtin | signature | meaning | raises |"
    assert len(table) == 2 + len(BUILTINS)
    assert (
        "| `dict.get` | `(entries: dict[str, T], key: str, /) -> T \\| None`<br>"
        "`(entries: dict[str, T], key: str, default: U, /) -> T \\| U` "
        "| The value at the key; without one `default`. |  |"
    ) in table
    assert table[2].startswith("| `abs` |")
