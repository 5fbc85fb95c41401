"""What the sweep found, and was mended: each form with all of its values, on all engines."""

from __future__ import annotations

from pathlib import Path

from sweep.forms import form
from sweep.run import sweep

FOUND = [
    # A text of no characters, padded to no width, became "0".
    form("str.zfill", "a.zfill(b)", a="str", b="int"),
    form("str.zfill", "a.zfill(0)", a="str"),
    # The compiler stopped where a required argument was given by its name.
    form("math.isclose", "math.isclose(a, b=1e300, rel_tol=True)", a="int"),
    form("math.isclose", "math.isclose(b=a, a=b)", a="float", b="float"),
    form("minutes", "minutes(count=a)", a="int"),
    form("sha256", "sha256(text=a)", a="str"),
    form("round", "round(a, ndigits=1)", a="int"),
    # `true` was written as True.
    form("divmod", "divmod(a, True)", a="bool"),
    form("arithmetic", "a % True", a="int"),
    # jsonata-python takes no product beyond all floats.
    form("math.isclose", "math.isclose(a, b=0.0, rel_tol=1e300)", a="float"),
    # A member of an enum is true, whatever its value: of a list of them the values were asked.
    form("all", "all(a)", a="list[Level]"),
    form("any", "any(a)", a="tuple[Level, Level]"),
    form("any", "any(v for v in a)", a="list[Level]"),
]
REFUSED = [
    # Python's `enumerate` has no argument of that name.
    form("enumerate", "list(enumerate(values=a))", a="list[int]"),
    # Of no elements it is the start itself, a bool, where the type says int.
    form("sum", "sum(a, b)", a="list[bool]", b="bool"),
    form("sum", "sum(a, start=True)", a="list[bool]"),
]


def test_what_was_found_stays_mended(tmp_path: Path) -> None:
    report = sweep(FOUND, tmp_path)
    assert report.forms == len(FOUND) and not report.refused
    assert [found for tally in report.engines.values() for found in tally.different] == []


def test_what_python_does_not_know_is_refused(tmp_path: Path) -> None:
    assert sweep(REFUSED, tmp_path).refused == {"SKY216": len(REFUSED)}
