"""What the Python emitter writes: readable, with no more parentheses than needed, and right on JSON values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from skyloom.errors import Span
from skyloom.flows.expr import nodes
from skyloom.flows.expr.emitter import CannotEmit, Emitter, gaps
from skyloom.flows.expr.python import PythonEmitter, compile_expr, evaluate, safe_name
from skyloom.flows.expr.types import (
    ANY,
    BOOL,
    DATETIME,
    ERROR,
    FLOAT,
    INT,
    NULL,
    STR,
    DateTimeType,
    DictType,
    EnumType,
    ListType,
    ModelType,
    TupleType,
    Type,
    optional,
    union,
)

Build = Callable[..., nodes.Expr]
SPAN = Span(1, 1, 1, 1)
INTS, TEXTS, PRICES = ListType(INT), ListType(STR), DictType(FLOAT)
TYPES: dict[str, Type] = {
    "a": INT,
    "b": INT,
    "c": INT,
    "x": FLOAT,
    "s": STR,
    "t": STR,
    "p": BOOL,
    "q": BOOL,
    "xs": INTS,
    "ss": TEXTS,
    "d": PRICES,
    "pair": TupleType((STR, INT)),
    "maybe": optional(STR),
    "e": ERROR,
    "m": ModelType("Ticket"),
    ".body": STR,
}

SAME = (
    "a + b * c",
    "(a + b) * c",
    "a - (b - c)",
    "a - b - c",
    "-a ** 2",
    "(-a) ** 2",
    "2 ** -a",
    "a ** b ** c",
    "(a ** b) ** c",
    "-(a + b)",
    "not p",
    "not (p and q)",
    "p and (q or p)",
    "p and q or p",
    "(a < b) == p",
    "a if p else b",
    "(a if p else b) + c",
    "a if p else b if q else c",
    "(a if p else b) if q else c",
    "xs[a + 1]",
    "xs[1:]",
    "xs[:-1]",
    "xs[a:b:2]",
    "xs[::-1]",
    "[*xs, a]",
    '{"k": x, **d}',
    "s.upper().strip()",
    "(s + t).upper()",
    'ss[0].split(",")',
    's.split(maxsplit=1)',
    "maybe is None",
    "maybe is not None",
    "a in xs",
    "s not in d",
    "[a + b for a in xs if a > b]",
    "[a for a in xs if a > 1 if a < 9]",
    "{k: len(k) for k in ss}",
    "[i * len(v) for i, v in enumerate(ss)]",
    "[i for i, (v, w) in enumerate(zip(ss, xs))]",
    "[k for k, v in d.items() if v > 1.5]",
    "[v for v in d.values()]",
    "sum(x * 2 for x in xs)",
    "sum(range(a))",
    "any(v > a for v in xs)",
    '", ".join(v.upper() for v in ss)',
    "len(range(a, b, 2))",
    "max(a, b, key=lambda n: -n)",
    "sorted(xs, key=lambda n: (-n) ** 2, reverse=True)",
    "dict(zip(ss, xs))",
    "list(range(3))",
    'sorted(d.values())',
    'f"{a} of {len(xs)}"',
    'f"{x:,.2f} {s:>8}"',
    'f"{{{s}}}"',
    """f'{s.replace("a", "b")}'""",
    """f'{s.replace("#", "-")}'""",
    '"it\'s"',
    """'say "no"'""",
    '"a\\nb"',
    "[*range(a)]",
    "abs(a)",
    "math.floor(x / 2)",
    "json.dumps(xs, indent=2)",
    "1.5e-10",
    "-1",
)  # fmt: skip


@pytest.mark.parametrize("source", SAME)
def test_python_comes_out_as_it_went_in(build: Build, source: str) -> None:
    assert PythonEmitter().emit(build(source, **TYPES)) == source


CHANGED = (
    ("m.body", 'm["body"]'),
    ("f'{m.body}!'", """f'{m["body"]}!'"""),
    ("(a, s)", "[a, s]"),
    ("range(a)", "list(range(a))"),
    ("zip(xs, ss)", "list(map(list, zip(xs, ss)))"),
    ("d.items()", "list(map(list, d.items()))"),
    ("d.keys()", "list(d)"),
    ("d.values()", "list(d.values())"),
    ("reversed(xs)", "list(reversed(xs))"),
    ("[v for v in d.keys()]", "[v for v in d]"),
    ("[v for v in d.items()]", "[v for v in map(list, d.items())]"),
    ("[i for i, v in enumerate(zip(xs, ss))]", "[i for i, v in enumerate(map(list, zip(xs, ss)))]"),
    ("[k for k, v in reversed(d.items())]", "[k for k, v in reversed(d.items())]"),
    ("[v for v in reversed(d.items())]", "[v for v in reversed(list(map(list, d.items())))]"),
    ("sorted(d.items(), key=lambda v: v[1])", "sorted(map(list, d.items()), key=lambda v: v[1])"),
    ("list(zip(xs, ss))", "list(map(list, zip(xs, ss)))"),
    ("max(range(a), range(b), key=lambda v: len(v))", "max(list(range(a)), list(range(b)), key=lambda v: len(v))"),
    ("list()", "[]"),
    ("dict()", "{}"),
    ("str()", '""'),
    ("bool()", "False"),
    ("tuple(pair)", "pair"),
    ("divmod(a, b)", "list(divmod(a, b))"),
    ("s.partition(':')", 'list(s.partition(":"))'),
    ("s.startswith(('a', 'b'))", 's.startswith(tuple(["a", "b"]))'),
    ("str(e)", 'e["message"]'),
    ("f'failed: {e}'", """f'failed: {e["message"]}'"""),
    ("hours(a + b)", "(a + b) * 3600.0"),
    ("seconds(2)", "float(2)"),
    ("sha256(s + t)", "hashlib.sha256((s + t).encode()).hexdigest()"),
    ("bool(maybe)", "bool(maybe)"),
    ("a if s else b", "a if s else b"),
    ("not xs", "not xs"),
    ("a if m else b", "a if m is not None else b"),
    ("None == maybe", "maybe is None"),
    ("s in d.keys()", "s in d"),
)


@pytest.mark.parametrize(("source", "expected"), CHANGED)
def test_python_values_become_json_values(build: Build, source: str, expected: str) -> None:
    assert PythonEmitter().emit(build(source, **TYPES)) == expected


def test_what_no_f_string_of_python_311_can_say_is_a_sum(build: Build) -> None:
    slashes = build(r"s.replace('\\', '/')", **TYPES)
    parts = (build("'<'"), slashes, build("str(a)", **TYPES), build("format(x, '.1f')", **TYPES))
    expr = nodes.Format(span=SPAN, type=STR, parts=parts)
    assert PythonEmitter().emit(expr) == r""""<" + s.replace("\\", "/") + str(a) + format(x, ".1f")"""
    assert compile_expr(expr)({"s": r"a\b", "a": 7, "x": 0.25}) == "<a/b70.2"


def test_an_f_string_of_texts_is_a_text() -> None:
    parts = tuple(nodes.Literal(span=SPAN, type=STR, value=text) for text in ("a", "{b}"))
    assert PythonEmitter().emit(nodes.Format(span=SPAN, type=STR, parts=parts)) == '"a{b}"'


def test_every_builtin_is_emitted() -> None:
    emitter: Emitter = PythonEmitter()
    assert gaps(emitter) == []
    assert emitter.unsupported == {}


def test_gaps_of_an_emitter_are_named() -> None:
    class Poor(PythonEmitter):
        @property
        def emitted(self) -> frozenset[str]:
            return frozenset(super().emitted) - {"len"} | {"nonsense"}

        @property
        def unsupported(self) -> dict[str, str]:
            return {"abs": "no sign", "sum": ""}

    assert gaps(Poor()) == [
        "len: neither emitted nor declared unsupported",
        "abs: emitted and declared unsupported",
        "sum: emitted and declared unsupported",
        "nonsense: no builtin of the catalog",
        "sum: unsupported without a reason",
    ]


def test_a_refusal_carries_its_node_and_reason(build: Build) -> None:
    node = build("a", a=INT)
    refusal = CannotEmit(node, "no such number", "use another")
    assert (refusal.node, str(refusal), refusal.hint) == (node, "no such number", "use another")


# --- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [("rows", "rows"), ("len", "len_"), ("len_", "len__"), ("json", "json_"), ("_env", "_env_"), ("Len", "Len")],
)
def test_names_that_the_source_needs_are_not_hidden(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_variables_named_like_builtins(build: Build) -> None:
    expr = build("[len + x for x in zip]", len=INT, zip=INTS)
    assert PythonEmitter().emit(expr) == "[len_ + x for x in zip_]"
    assert compile_expr(expr)({"len": 10, "zip": [1, 2]}) == [11, 12]


def test_other_variables_are_written_as_asked(build: Build) -> None:
    assert PythonEmitter(lambda name: f"state.{name}").emit(build("a + b", a=INT, b=INT)) == "state.a + state.b"


# --- compiled ---------------------------------------------------------------------------------------------------

COMPILED: tuple[tuple[str, dict[str, Any], Any], ...] = (
    ("[[a * x for x in xs] for a in xs]", {"xs": [1, 2]}, [[1, 2], [2, 4]]),
    ("[a + x for x in xs]", {"xs": [1, 2], "a": 5}, [6, 7]),
    ("sorted(xs, key=lambda n: n * a)", {"xs": [1, 2, 3], "a": -1}, [3, 2, 1]),
    ("[max(xs, key=lambda n: n * a * x) for x in xs]", {"xs": [1, -2], "a": 1}, [1, -2]),
    ("{k: [v for v in xs if v < len(k)] for k in ss}", {"xs": [1, 2], "ss": ["a", "bb"]}, {"a": [], "bb": [1]}),
    ("[x for x in [x for x in xs if x > a]]", {"xs": [1, 2, 3], "a": 1}, [2, 3]),
    ("any(a / n > 1 for n in xs)", {"xs": [1, 0], "a": 2}, True),
    ("(a, [b, (s, None)])", {"a": 1, "b": 2, "s": "x"}, [1, [2, ["x", None]]]),
)


@pytest.mark.parametrize(("source", "variables", "expected"), COMPILED)
def test_compiled_expressions_see_their_variables(
    build: Build, source: str, variables: dict[str, Any], expected: Any
) -> None:
    expr = build(source, **TYPES)
    assert compile_expr(expr)(variables) == expected
    assert evaluate(expr, variables) == expected


def test_a_comprehension_that_is_not_lazy_raises_behind_the_deciding_element(build: Build) -> None:
    lazy = build("any(a / n > 1 for n in xs)", **TYPES)
    eager = build("any([a / n > 1 for n in xs])", **TYPES)
    assert compile_expr(lazy)({"a": 2, "xs": [1, 0]}) is True
    with pytest.raises(ZeroDivisionError):
        compile_expr(eager)({"a": 2, "xs": [1, 0]})


def test_an_expression_is_compiled_once(build: Build) -> None:
    expr = build("a + 1", a=INT)
    assert compile_expr(expr) is compile_expr(expr)


def test_compiled_expressions_reach_nothing_else(build: Build) -> None:
    call = nodes.Name(span=SPAN, type=ANY, name="x")
    with pytest.raises(KeyError):
        compile_expr(call)({"__builtins__": {}})
    with pytest.raises(KeyError):
        compile_expr(build("a + b", a=INT, b=INT))({"a": 1})


def test_displays_are_new_at_every_evaluation(build: Build) -> None:
    function = compile_expr(build("[1, 2]"))
    first = function({})
    first.append(3)
    assert function({}) == [1, 2]


# --- types decide -----------------------------------------------------------------------------------------------

EMPTY = ModelType("Empty")
BLANK = EnumType("Blank", (("NONE", ""), ("SOME", "x")))


def _truth(of: Type) -> nodes.Expr:
    return nodes.Truth(span=SPAN, type=BOOL, operand=nodes.Name(span=SPAN, type=of, name="v"))


@pytest.mark.parametrize(
    ("of", "value", "expected"),
    [
        (STR, "", False),
        (STR, "x", True),
        (INTS, [], False),
        (PRICES, {}, False),
        (EMPTY, {}, True),
        (optional(EMPTY), {}, True),
        (optional(EMPTY), None, False),
        (BLANK, "", True),
        (optional(BLANK), "", True),
        (optional(BLANK), None, False),
        (union(STR, EMPTY), {}, True),
        (union(STR, EMPTY), "", False),
        (DATETIME, "2024-01-01T00:00:00.000000Z", True),
        (NULL, None, False),
        (TupleType(()), [], False),
    ],
)
def test_truth_is_that_of_the_python_value(of: Type, value: Any, expected: bool) -> None:
    assert compile_expr(_truth(of))({"v": value}) is expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [("or", {}, {}), ("or", None, "other"), ("and", {}, "other"), ("and", None, None)],
)
def test_logic_gives_the_deciding_operand(operator: Any, value: Any, expected: Any) -> None:
    first = nodes.Name(span=SPAN, type=optional(EMPTY), name="v")
    other = nodes.Literal(span=SPAN, type=STR, value="other")
    expr = nodes.Logic(span=SPAN, type=union(first.type, STR), operator=operator, operands=(first, other))
    assert compile_expr(expr)({"v": value}) == expected


def test_logic_of_values_reads_as_python_does(build: Build) -> None:
    expr = build("maybe or s or 'none'", **TYPES)
    assert PythonEmitter().emit(expr) == 'maybe or s or "none"'
    assert compile_expr(expr)({"maybe": None, "s": ""}) == "none"


@pytest.mark.parametrize(
    ("what", "left", "right", "operator", "expected"),
    [
        ("datetime", "2024-01-01T10:00:00.000000Z", "2024-01-01T09:00:00.000000Z", ">", True),
        ("datetime", "2024-01-01T10:00:00+02:00", "2024-01-01T09:00:00.000000Z", "<", True),
        ("date", "2024-01-31", "2024-02-01", "<", True),
        ("time", "10:00:00+02:00", "08:00:00Z", "==", True),
    ],
)
def test_points_in_time_are_compared_as_such(what: Any, left: str, right: str, operator: Any, expected: bool) -> None:
    of = DateTimeType(what)
    expr = nodes.Compare(
        span=SPAN,
        type=BOOL,
        operator=operator,
        left=nodes.Name(span=SPAN, type=of, name="v"),
        right=nodes.Name(span=SPAN, type=of, name="w"),
    )
    assert compile_expr(expr)({"v": left, "w": right}) is expected


def test_the_order_of_points_in_time_with_and_without_offset_is_refused_as_in_python() -> None:
    v, w = (nodes.Name(span=SPAN, type=DATETIME, name=name) for name in "vw")
    expr = nodes.Compare(span=SPAN, type=BOOL, operator="<", left=v, right=w)
    with pytest.raises(TypeError, match="can't compare offset-naive and offset-aware datetimes"):
        compile_expr(expr)({"v": "2024-01-01T00:00:00.000000", "w": "2024-01-01T00:00:00.000000Z"})


def test_the_text_of_an_error_or_a_text() -> None:
    value = nodes.Name(span=SPAN, type=union(ERROR, STR), name="v")
    expr = nodes.Call(span=SPAN, type=STR, function="str", arguments=(value,))
    function = compile_expr(expr)
    assert function({"v": "text"}) == "text"
    assert function({"v": {"type": "ValueError", "bases": ["Exception"], "message": "bad"}}) == "bad"


def test_prefixes_that_are_a_text_or_a_tuple(build: Build) -> None:
    expr = build("s.startswith(w)", s=STR, w=union(STR, TupleType((STR, STR))))
    assert compile_expr(expr)({"s": "abc", "w": "ab"}) is True
    assert compile_expr(expr)({"s": "abc", "w": ["x", "ab"]}) is True
    assert compile_expr(expr)({"s": "abc", "w": ["x", "y"]}) is False


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_infinite_constants_keep_their_value(value: float) -> None:
    assert compile_expr(nodes.Literal(span=SPAN, type=FLOAT, value=value))({}) == value


def test_loop_heads_for_compilers(build: Build) -> None:
    emitter = PythonEmitter()
    target = nodes.Unpack(targets=(nodes.Bind(name="i"), nodes.Unpack(targets=(nodes.Bind(name="v"),))))
    assert emitter.emit_target(target) == "i, (v,)"
    assert emitter.emit_items(build("enumerate(xs)", xs=INTS), target) == "enumerate(xs)"
    assert emitter.emit_items(build("enumerate(xs)", xs=INTS), nodes.Bind(name="v")) == "map(list, enumerate(xs))"
    assert emitter.emit_test(_truth(STR)) == "v"
    assert emitter.emit_test(_truth(EMPTY)) == "v is not None"
