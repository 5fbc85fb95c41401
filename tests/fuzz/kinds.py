"""The kinds of values that the fuzzer's flows compute with, and JSON values of them that engines get wrong."""

from __future__ import annotations

from typing import Any

from fuzz.choices import Choices

Json = Any

ANNOTATIONS = {
    "int": "int",
    "float": "float",
    "number": "int | float",
    "str": "str",
    "bool": "bool",
    "ints": "list[int]",
    "floats": "list[float]",
    "strs": "list[str]",
    "rows": "list[list[int]]",
    "dict": "dict[str, int]",
    "lists": "dict[str, list[int]]",
    "pair": "tuple[str, int]",
    "pairs": "list[tuple[str, int]]",
    "maybe": "int | None",
    "word": "str | None",
    "list": "list[int] | None",
    "nulls": "list[int | None]",
    "either": "int | str",
    "person": "Person",
    "people": "list[Person]",
    "point": "Point",
    "entry": "Entry",
    "level": "Level",
    "grade": 'Literal["low", "high"]',
    "moment": "datetime",
    "any": "Any",
}
"""The annotation of each kind."""

KEYS = ["a", "b", "", "$", "odd key", "it's", 'a"b', "a`b", "a.b", "[0]", "line\nbreak", "é", "𝒳", "constructor", "a\\"]
TEXTS = [
    *["", "a", "ab", "A b", " x ", "ab:ab", "12", "-3", "a,b", "null", "true", "{{x}}", "${a}", "{% $a %}", "$states"],
    *[
        "it's",
        'say "hi"',
        "back\\slash",
        "two\nlines",
        "tab\t",
        "e\u0301",
        "é",
        "Straße",
        "ǅ",
        "𝒳😀",
        "👩‍👩‍👧",
        "\u2028",
    ],
    *["\ue000", "\uffff", "\x00", "\x7f", "١٢", "a\r\nb", "%}", "'", '"', "`", "$0", "abcabc", "low", "high"],
]
INTEGERS = [0, 1, -1, 2, 3, 5, 7, 10, -3, 12, 100, 1000]
EDGES = [2**31, -(2**31) - 1, 2**53, -(2**53), 2**53 - 1, 10**15, 2**50]
MOMENTS = ["2024-02-29T23:00:00.000001Z", "2024-02-29T23:00:00.000000Z", "1969-12-31T23:59:59.500000Z"]
FLOATS = [0.0, -0.0, 0.5, 1.0, -1.5, 2.0, 2.5, 2.675, 0.1, 1e-7, 1e15, 123456.789, 100.0]
FAR = [1e300, -1e300, 5e-324, 1e16, 1e22, 0.30000000000000004]


class Values:
    """JSON values by their kind."""

    def __init__(self, choices: Choices, *, nasty: bool) -> None:
        self._choices = choices
        self._nasty = nasty

    def of(self, kind: str) -> Json:
        """A value of the kind."""
        choices = self._choices
        match kind:
            case "int":
                return choices.pick(EDGES if self._nasty and choices.chance(6) else INTEGERS)
            case "float":
                return choices.pick(FAR if self._nasty and choices.chance(10) else FLOATS)
            case "number":
                return self.of(choices.pick(["int", "float"]))
            case "str":
                return self._text()
            case "bool":
                return choices.below(2) == 1
            case "ints" | "floats" | "strs" | "rows" | "pairs" | "nulls" | "people":
                return [self.of(ITEMS[kind]) for _ in range(choices.pick([0, 1, 1, 2, 3, 4]))]
            case "dict" | "lists":
                return {choices.pick(KEYS): self.of(ITEMS[kind]) for _ in range(choices.pick([0, 1, 2, 3]))}
            case "pair":
                return [self.of("str"), self.of("int")]
            case "maybe" | "word" | "list":
                return None if choices.chance(40) else self.of(ITEMS[kind])
            case "either":
                return self.of(choices.pick(["int", "str"]))
            case "level":
                return choices.pick(["", "high", "it's $odd"])
            case "grade":
                return choices.pick(["low", "high"])
            case "moment":
                return choices.pick(MOMENTS)
            case "any":
                return self._anything(2)
            case _:
                return self._model(kind)

    def _anything(self, depth: int) -> Json:
        """JSON of no known type. Without floats: whether a whole number is one is not kept there."""
        choices = self._choices
        match choices.below(6 if depth else 4):
            case 0:
                return None
            case 1:
                return self.of("int")
            case 2:
                return self.of("str")
            case 3:
                return self.of("bool")
            case 4:
                return [self._anything(depth - 1) for _ in range(choices.below(3))]
            case _:
                return {choices.pick(KEYS): self._anything(depth - 1) for _ in range(choices.below(3))}

    def _text(self) -> str:
        choices = self._choices
        if self._nasty and choices.chance(1):
            return choices.pick(["a", "é", "𝒳", '"']) * choices.pick([400, 2_000])
        return choices.pick(TEXTS)

    def _model(self, kind: str) -> Json:
        """A model's value. Fields with a default may be left out, or be null where that is another value."""
        choices = self._choices
        match kind:
            case "person":
                fields = {"age": "int", "tags": "strs", "rows": "rows", "maybe": "maybe"}
                told = {name: self.of(of) for name, of in fields.items() if choices.chance(60)}
                if choices.chance(50):
                    told["inner"] = {"amount": self.of("float"), "notes": self.of("strs")}
                return {"name": self.of("str"), **told}
            case "point":
                rest = {"y": self.of("int"), "labels": self.of("strs")}
                return {"x": self.of("int"), **{name: value for name, value in rest.items() if choices.chance(60)}}
            case "entry":
                return {"key": self.of("str"), "count": self.of("int")}
            case "form":
                rest = {"number": self.of("int"), "note": self.of("word")}
                return {"street": self.of("str"), **{name: value for name, value in rest.items() if choices.chance(60)}}
        raise AssertionError(kind)


ITEMS = {
    "ints": "int",
    "floats": "float",
    "strs": "str",
    "rows": "ints",
    "pairs": "pair",
    "nulls": "maybe",
    "people": "person",
    "dict": "int",
    "lists": "ints",
    "maybe": "int",
    "word": "str",
    "list": "ints",
}
"""The kind of the elements, or of what is there where something is."""


def literal(kind: str, choices: Choices) -> str:
    """Python source of a constant of the kind; of a model, of its construction."""
    values = Values(choices, nasty=False)
    match kind:
        case "level":
            return choices.pick(["Level.LOW", "Level.HIGH", "Level.ODD"])
        case "person":
            return f"Person(name={values.of('str')!r}, tags={values.of('strs')!r})"
        case "people":
            return f"[{', '.join(literal('person', choices) for _ in range(choices.between(1, 2)))}]"
        case "point":
            return f"Point(x={values.of('int')}, labels={values.of('strs')!r})"
        case "entry":
            return f"Entry(key={values.of('str')!r}, count={values.of('int')})"
        case "pair":
            return f"({values.of('str')!r}, {values.of('int')})"
        case "pairs":
            return f"[{', '.join(literal('pair', choices) for _ in range(choices.below(3)))}]"
        case "moment":
            return f"datetime({choices.between(1990, 2030)}, 2, 28, 23, 0, {choices.below(60)}, 500, tzinfo=UTC)"
        case _:
            return repr(values.of(kind))
