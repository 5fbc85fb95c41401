"""One expression at least for every node and builtin, and values for its variables: what emitters are compared on."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from skyloom.flows.expr.types import (
    BOOL,
    DATETIME,
    FLOAT,
    INT,
    STR,
    DateTimeType,
    DictType,
    ListType,
    TupleType,
    Type,
    optional,
    union,
)
from skyloom.flows.policy import days, hours, minutes, seconds

TYPES: dict[str, Type] = {
    "i": INT,
    "j": INT,
    "x": FLOAT,
    "y": FLOAT,
    "s": STR,
    "t": STR,
    "p": BOOL,
    "n": optional(INT),
    "u": union(STR, INT),
    "si": ListType(INT),
    "sf": ListType(FLOAT),
    "m": union(INT, FLOAT),
    "sm": ListType(union(INT, FLOAT)),
    "ss": ListType(STR),
    "sp": ListType(TupleType((STR, INT))),
    "sl": ListType(ListType(INT)),
    "ds": DictType(STR),
    "di": DictType(INT),
    "pair": TupleType((STR, INT)),
    "when": DATETIME,
    "then": DATETIME,
    "day": DateTimeType("date"),
    "hour": DateTimeType("time"),
}

EXPRESSIONS = """
i + j ; i - j ; i * j ; i / j ; i // j ; i % j ; x + y ; x * y ; x / y ; x // y ; x % y ; i ** 2 ; x ** 2 ; i + x
x - i ; p + p ; p * i ; -i ; +p ; -x ; -p ; not i ; not s ; not si ; not p ; i // x ; x % i ; 2 ** p ; s + t ; s * p
si + si ; si * 2 ; pair + pair ; 2 * ss ; i == j ; i == x ; i != p ; s == t ; s < t ; i <= x ; si == sl[0] ; si < si
pair == pair ; pair < ("a", 1) ; n == None ; n is None ; n is not None ; s in t ; s not in ss ; i in si ; s in ds
x in si ; pair in sp ; i in range(5) ; s in di.keys() ; when < then ; when == then ; when >= then ; day < day
day == day ; hour < hour ; hour == hour ; p and i ; i or j ; s or t or "none" ; si and si[0] ; n or 5 ; n and i
u or "x" ; i if p else s ; s if si else t ; i if not n else j ; i if si and p else j ; 1 if p or s else 2 ; si[i]
ss[-1] ; s[i] ; s[0] ; ds["a"] ; di[s] ; pair[0] ; pair[-1] ; sp[0][1] ; si[i:] ; si[:j] ; s[i:j] ; s[::-1]
si[::2] ; si[i:j:-1] ; pair[:1] ; sl[i][j] ; si[p] ; [i, *si, *ss] ; [*range(3)] ; (s, i, [x]) ; {"a": i, **di}
{s: t, t: s} ; [] ; {} ; () ; f"{i} {x} {p} {s} {n}" ; f"{x:.2f} {i:,} {x:,.1f} {i:05d} {s:>5}|{s:<5}|{s:^5}"
f"{x:.1%} {i:d} {i:3d}" ; f"{s!s}" ; [a * 2 for a in si] ; [a for a in si if a > i]
[a + b for a in si for b in si] ; [a for b in sl for a in b if a] ; [(k, v) for k, v in di.items()]
[k for k in di] ; [v for v in di.values()] ; [kv for kv in di.items()] ; {k: v * 2 for k, v in di.items()}
{k: len(k) for k in ss} ; [c for c in s] ; [a for a, b in sp] ; [q for q in enumerate(ss)]
[a + str(b) for a, b in sp if b] ; [i for i in si] ; [i + a for a in si if s] ; [[a, b] for a, b in zip(si, ss)]
[(m, a, b) for m, (a, b) in enumerate(zip(si, ss))] ; [m for m in zip(si, ss)]
[(m, q) for m, q in enumerate(zip(si, ss), 1)] ; [r for r in reversed(si)] ; [k for k, v in reversed(di.items())]
[e for e in reversed(di.items())] ; abs(i) ; abs(x) ; abs(p) ; divmod(i, j) ; divmod(x, y) ; round(x) ; round(x, 1)
round(i, -1) ; round(i) ; round(x, i) ; math.ceil(x) ; math.floor(x) ; math.trunc(x) ; math.fabs(i) ; math.sqrt(x)
math.isclose(x, y) ; math.isclose(x, y, rel_tol=0.5) ; math.isclose(x, y, abs_tol=x) ; math.floor(i) ; seconds(i)
minutes(x) ; hours(i) ; days(x) ; math.sqrt(i) ; bool(i) ; bool(s) ; bool(si) ; bool(n) ; bool() ; bool(u)
float(i) ; float(s) ; float(x) ; float(p) ; int(x) ; int(s) ; int(p) ; str(i) ; str(x) ; str(p) ; str(n) ; str(s)
str() ; str(None) ; str(u) ; format(x, ".3f") ; format(i, "d") ; format(p, "d") ; json.dumps(si)
json.dumps(di, sort_keys=True) ; json.dumps(sp) ; json.dumps(s, ensure_ascii=False) ; json.dumps(sl, indent=2)
json.dumps({"a": pair, "b": n}) ; json.loads(s) ; json.loads("[1, 2.5, null]") ; json.loads(t) == 1 ; sha256(s)
all(si) ; any(si) ; all(a > 0 for a in si) ; any(a / i > 1 for a in si) ; any([a / i > 1 for a in si])
all(10 // a for a in si) ; any(s for s in ss) ; all([]) ; any(zip(si, ss)) ; any(range(j)) ; all(di)
all(di.values()) ; dict() ; dict(di) ; dict(sp) ; dict(zip(ss, si)) ; dict(pair for pair in sp) ; dict([(s, i)])
dict(di.items()) ; len(s) ; len(si) ; len(di) ; len(pair) ; len(range(i)) ; len(di.items()) ; len(di.keys())
len(di.values()) ; list() ; list(s) ; list(si) ; list(di) ; list(pair) ; list(range(5)) ; list(zip(si, ss))
list(enumerate(ss)) ; list(di.items()) ; list(reversed(s)) ; list(reversed(pair)) ; list(reversed(range(3)))
list(a for a in si) ; list(di.values()) ; list(enumerate(s, i)) ; list(zip(si, ss, s))
list(zip(si, ss, strict=True)) ; list(enumerate(di.items())) ; list(zip(di.items(), si)) ; list(zip(si))
list(range(1, 10, 3)) ; list(range(0, 5, p)) ; list(zip(si, si, si, si)) ; list(enumerate(values for values in si))
max(si) ; min(si) ; max(si, default=0) ; min(ss, default=None) ; max(si, key=lambda a: -a)
min(ss, key=lambda a: len(a)) ; max(i, j) ; min(x, i, j) ; max(s, t, key=lambda a: a.lower()) ; min(sp) ; max(sl)
min(si, key=lambda a: 1 / a) ; max(s) ; max(a + 1 for a in si) ; min(di) ; max(di.values()) ; max(di.items())
min(si, key=lambda a: -a, default=7) ; max(zip(si, ss)) ; sorted(si) ; sorted(ss, reverse=True) ; sorted(sp)
sorted(sl) ; sorted(ss, key=lambda a: (len(a), a)) ; sorted(di) ; sorted(s) ; sorted(di.items())
sorted(di.items(), key=lambda kv: kv[1]) ; sorted(sp, key=lambda a: a[1], reverse=p)
sorted(range(3), reverse=True) ; sum(si) ; sum(sf) ; sum(si, i) ; sum(si, start=x) ; sum(a * a for a in si)
sum(range(10)) ; sum([]) ; sum(di.values()) ; sum([p, p]) ; tuple() ; tuple(pair) ; si.copy() ; si.count(i)
ss.count(s) ; si.index(i) ; ss.index(s) ; si.index(i, 1) ; sl.index(si) ; di.copy() ; di.get(s) ; di.get("a", 0)
ds.get(s, None) ; di.get(s, t) ; si.index(x) ; si.index(i, 0, 2) ; [n].index(n) ; s.capitalize() ; s.casefold()
s.center(7) ; s.center(7, "*") ; s.count(t) ; s.count("a", 1) ; s.endswith(t) ; s.endswith(("a", t)) ; s.find(t)
s.find("a", 1, 3) ; s.index(t) ; s.isalnum() ; s.isalpha() ; s.isdigit() ; s.islower() ; s.isspace() ; s.isupper()
s.join(ss) ; ",".join(a.upper() for a in ss) ; ",".join(s) ; ",".join(di) ; s.ljust(5) ; s.ljust(5, t) ; s.lower()
s.lstrip() ; s.lstrip(t) ; s.partition(":") ; s.partition(t) ; s.removeprefix(t) ; s.removesuffix(t)
s.replace("a", t) ; s.replace(t, "-", 1) ; s.rfind(t) ; s.rjust(5) ; s.rjust(i, "0") ; s.rpartition(t) ; s.rsplit(t)
s.rsplit(":", 1) ; s.rstrip() ; s.rstrip("a") ; s.split() ; s.split(t) ; s.split(",", 1) ; s.split(maxsplit=1)
s.split(sep=None, maxsplit=1) ; s.splitlines() ; s.splitlines(True) ; s.startswith(t) ; s.startswith("a", 1)
s.startswith((s, t), 0, 2) ; s.strip() ; s.strip(None) ; s.swapcase() ; s.title() ; s.upper() ; s.zfill(6)
s.index("a", 1) ; s.count("") ; s.splitlines(keepends=p) ; " ".join(sorted(s.split())) ; (s + t).upper()[::-1]
when.timestamp() ; [str(a) for a in sf] ; sum(len(w) for w in s.split()) / max(len(ss), 1)
{k: sorted(v) for k, v in {"a": si}.items()}
sum(sm) ; sum(sm, 0.0) ; sum(sf, 0.0) ; sum(sf, i) ; sum(sf, start=m) ; sum(si, 0.5) ; sum([]) ; sum([p, x]) ; abs(m)
round(m, 1) ; round(m) ; round(i, 1) ; round(p, 1) ; divmod(m, j) ; divmod(j, m) ; divmod(m, x) ; divmod(i, y) ; -m ; +p
min(i, j) ; ' '.join([s, 'x', t]) ; s.split(',')[0] ; si + [i] ; [i] + si ; [i, *si, j] ; si == [] ; i in (1, j)
m + i ; m - x ; m * p ; m / 2 ; m // 2 ; m // y ; m % j ; m % 2.5 ; m ** 2 ; m ** -2 ; i ** 3 ; y ** 3 ; m or x
m and i ; max(m, i) ; min(x, i) ; max(sm, default=0) ; max(sf, default=0) ; sorted(sm) ; sm + sf ; [m, *sf] ; sm * 2
i if p else x ; math.fabs(m) ; math.floor(m) ; minutes(m) ; float(m) ; int(m) ; f"{m} {x} {-m:.1f}"
json.dumps([m, x]) ; str(abs(m)) ; s.zfill(j) ; s.zfill(0) ; math.isclose(x, b=y) ; math.isclose(a=x, b=y, abs_tol=1.5)
""".replace(";", "\n").split("\n")  # fmt: skip

SOURCES = [line.strip() for line in EXPRESSIONS if line.strip()]

PLAIN: dict[str, Any] = {
    "math": math,
    "json": json,
    "seconds": seconds,
    "minutes": minutes,
    "hours": hours,
    "days": days,
    "sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
}

small = st.integers(-4, 12)
numbers = st.sampled_from([0.0, -0.0, 0.5, 1.5, 2.5, -1.0, 2.675, 1e16, 1e-7, 123456.789, -0.05]) | st.floats(-50, 50)
texts = st.sampled_from(
    [
        "",
        "a",
        "b",
        ":",
        "A b",
        " x ",
        "ab:ab",
        "12",
        "-3.5",
        "null",
        "[1]",
        "Straße",
        "ǅ",
        "١٢",
        "a\r\nb\x1cc",
        "e\u0301",
        "𝒳",
    ]
) | st.text("ab: \n1ÄŉΣς", max_size=6)
moments = st.builds(
    lambda offset, micros: datetime(2024, 2, 29, 23, tzinfo=UTC) + timedelta(seconds=offset, microseconds=micros),
    st.integers(-4, 4),
    st.integers(0, 2),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "i": small | st.sampled_from([10**6, -(10**6)]),
    "j": small,
    "x": numbers,
    "m": numbers | small,
    "y": numbers,
    "s": texts,
    "t": texts,
    "p": st.booleans(),
    "n": st.none() | small,
    "u": texts | small,
    "si": st.lists(small, max_size=4),
    "sf": st.lists(numbers, max_size=4),
    "sm": st.lists(numbers | small, max_size=4),
    "ss": st.lists(texts, max_size=4),
    "sp": st.lists(st.tuples(texts, small), max_size=4),
    "sl": st.lists(st.lists(small, max_size=2), max_size=3),
    "ds": st.dictionaries(texts, texts, max_size=3),
    "di": st.dictionaries(texts, small, max_size=3),
    "pair": st.tuples(texts, small),
    "when": moments,
    "then": moments,
    "day": st.dates(date(2023, 12, 30), date(2024, 1, 2)),
    "hour": st.builds(time, st.integers(8, 10)),
}


def to_json(value: Any) -> Any:
    """The value as flows carry it."""
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date() | time():
            return value.isoformat()
        case list() | tuple():
            return [to_json(item) for item in value]
        case dict():
            return {key: to_json(item) for key, item in value.items()}
        case _ if isinstance(value, str | int | float | None):
            return value
        case _:
            # An iterator or a view: its elements are what a flow would see of it.
            return [to_json(item) for item in value]


def outcome(compute: Callable[[], Any]) -> tuple[Any, ...]:
    """The JSON text of the value (which tells 1 from 1.0 and True), or the error's class and message."""
    try:
        return ("value", json.dumps(to_json(compute())))
    except Exception as error:
        return ("error", type(error).__name__, str(error))
