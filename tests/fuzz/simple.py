"""Simple statements: assignments of every form, changes in place, `raise`, `return`, `emit`, calls."""

from __future__ import annotations

from fuzz.blocks import Place, Writing, Written
from fuzz.expressions import Scope
from fuzz.kinds import ANNOTATIONS, ITEMS

NEW_KINDS = [
    *["int"] * 4, *["str"] * 4, *["ints"] * 3, *["strs"] * 2, "float", "number", "bool", "bool", "rows", "dict", "dict",
    "lists", "pair", "pairs", "maybe", "maybe", "word", "list", "nulls", "either", "person", "person", "people",
    "point", "entry", "level", "moment", "any", "grade", "floats",
]  # fmt: skip
_INFERRED = {"int", "bool", "float", "pair", "person", "people", "point", "rows", "pairs"}
"""Kinds whose variables often go without an annotation."""
_NARROWED = {"any", "maybe", "word", "list", "either", "grade", "level", "number"}
"""Kinds of which a variable has a narrower type after some assignments: these go through a task."""
MODELS = {"person", "point"}
CHANGED = {"person", "point", "ints", "strs", "rows", "dict", "lists", "pairs", "nulls", "floats"}

ERRORS = ["Busy", "VeryBusy", "Gone", "ValueError", "RuntimeError", "LookupError", "IndexError"]


def new_variable(writing: Writing, scope: Scope, place: Place) -> Written:
    """A variable's first assignment."""
    kind = writing.choices.pick(NEW_KINDS)
    name = writing.new_name()
    owned = kind in CHANGED and writing.choices.chance(60)
    value = fresh(writing, kind, scope) if owned else value_of(writing, kind, scope)
    bare = kind in _INFERRED and writing.choices.chance(50) and not owned
    line = f"{name} = {value}" if bare else f"{name}: {ANNOTATIONS[kind]} = {value}"
    return [line], scope.having({name: kind}, owned=owned)


def value_of(writing: Writing, kind: str, scope: Scope) -> str:
    """A value for a variable of the kind."""
    value = writing.expressions.of(kind, scope)
    if kind in _NARROWED and writing.choices.chance(75):
        return f"same_{kind}({value})"
    return value


def fresh(writing: Writing, kind: str, scope: Scope) -> str:
    """A value that nothing else has."""
    expressions, choices = writing.expressions, writing.choices
    if choices.chance(30) and kind not in MODELS:
        return "{}" if kind in ("dict", "lists") else "[]"
    if kind in MODELS:
        return _fresh_model(writing, kind, scope)
    if kind == "rows":
        inner = [fresh(writing, "ints", scope) for _ in range(choices.between(1, 3))]
        return f"[{', '.join(inner)}]"
    if kind == "lists":
        return f'{{"a": {fresh(writing, "ints", scope)}, "b b": {fresh(writing, "ints", scope)}}}'
    if kind == "dict":
        return f"dict({expressions.of(kind, scope)})"
    return choices.pick([f"list({expressions.of(kind, scope)})", f"[*{expressions.of(kind, scope, 1)}]"])


def _fresh_model(writing: Writing, kind: str, scope: Scope) -> str:
    """A model that shares no list."""
    of = writing.expressions.of
    if kind == "point":
        return f"Point({of('int', scope, 1)}, labels={fresh(writing, 'strs', scope)})"
    rest = [
        f"tags={fresh(writing, 'strs', scope)}",
        f"rows={fresh(writing, 'rows', scope)}",
        f"age={of('int', scope, 1)}",
    ]
    return f"Person(name={of('str', scope, 1)}, {', '.join(rest[: writing.choices.below(4)])})".replace(", )", ")")


def assign_again(writing: Writing, scope: Scope, place: Place) -> Written:
    """Another value for a variable."""
    names = scope.free()
    if not names:
        return new_variable(writing, scope, place)
    name = writing.choices.pick(names)
    kind = scope.kinds[name]
    if name in scope.owned:
        return [f"{name} = {fresh(writing, kind, scope)}"], scope
    return [f"{name} = {value_of(writing, kind, scope)}"], scope


def augment(writing: Writing, scope: Scope, place: Place) -> Written:
    """`x += ...` of numbers and texts."""
    choices, expressions = writing.choices, writing.expressions
    names = scope.free("int", "str", "float", "number")
    if not names:
        return new_variable(writing, scope, place)
    name = choices.pick(names)
    match scope.kinds[name]:
        case "int":
            operator = choices.pick(["+=", "+=", "-=", "*=", "//=", "%="])
            value = expressions.of("int", scope, 1) if operator != "*=" else choices.pick(["2", "-1", "3"])
        case "float":
            operator, value = choices.pick(["+=", "-=", "*=", "/="]), expressions.of("float", scope, 1)
        case "number":
            operator, value = choices.pick(["+=", "-=", "*="]), expressions.of(choices.pick(["int", "float"]), scope, 1)
        case _:
            operator, value = "+=", expressions.of("str", scope, 2)
    return [f"{name} {operator} {value}"], scope


def take_apart(writing: Writing, scope: Scope, place: Place) -> Written:
    """Several names at once."""
    choices, expressions = writing.choices, writing.expressions
    if choices.chance(40):
        same = scope.free("int", "str")
        if len(same) > 1:
            one = choices.pick(same)
            other = choices.pick([name for name in same if scope.kinds[name] == scope.kinds[one]])
            if one != other:
                return [f"{one}, {other} = {other}, {expressions.of(scope.kinds[one], scope, 2)}"], scope
    one, other = writing.new_name(), writing.new_name()
    if choices.chance(50):
        return [f"{one}, {other} = {expressions.of('pair', scope)}"], scope.having({one: "str", other: "int"})
    third = writing.new_name()
    kind = choices.pick(["ints", "int", "str", "person"])
    value = f"{expressions.of(kind, scope, 2)}, {expressions.of('pair', scope, 2)}"
    return [f"{one}, ({other}, {third}) = {value}"], scope.having({one: kind, other: "str", third: "int"})


def change(writing: Writing, scope: Scope, place: Place) -> Written:
    """A change in place."""
    choices, expressions = writing.choices, writing.expressions
    names = scope.owned_of(*(CHANGED - MODELS))
    if not names:
        return new_variable(writing, scope, place)
    name = choices.pick(sorted(names))
    kind = scope.kinds[name]
    item = ITEMS[kind]
    deep = choices.pick([0, 1, 2, 3])
    index = f"[{expressions.of('int', scope, deep)}]" if choices.chance(50) else "[0]"
    key = f"[{expressions.of('str', scope, deep)}]" if choices.chance(50) else '["a"]'
    if kind in ("rows", "lists"):
        inner = fresh(writing, "ints", scope)
        part = f"{name}{index if kind == 'rows' else key}"
        number = expressions.of("int", scope, 2)
        lines = [f"{part}.append({number})", f"{part} = {inner}", f"{part}[0] = {number}", f"{part} += {inner}"]
        lines += [f"{part}.extend({inner})", *([f"{name}.append({inner})"] * 2 if kind == "rows" else [])]
        return [choices.pick(lines)], scope
    value = expressions.of(item, scope)
    if kind == "dict":
        return [choices.pick([f"{name}{key} = {value}", f"{name}{key} += {value}", f"{name}{key} = {value}"])], scope
    more = expressions.of(kind, scope, 2)
    lines = [f"{name}.append({value})"] * 3 + [
        f"{name}.extend({more})",
        f"{name} += {more}",
        f"{name}{index} = {value}",
    ]
    if kind == "ints":
        lines += [f"{name}{index} += {value}", f"{name}{index}, {name}[-1] = {name}[-1], {value}"]
    return [choices.pick(lines)], scope


def change_model(writing: Writing, scope: Scope, place: Place) -> Written:
    """A change of a model's field, or of what is in it."""
    choices, of = writing.choices, writing.expressions.of
    names = scope.owned_of(*MODELS)
    if not names:
        return new_variable(writing, scope, place)
    name = choices.pick(sorted(names))
    if scope.kinds[name] == "point":
        lines = [f"{name}.x = {of('int', scope, 1)}", f"{name}.labels.append({of('str', scope, 1)})", f"{name}.y += 1"]
        return [choices.pick(lines)], scope
    lines = [f"{name}.age = {of('int', scope, 2)}", f"{name}.name += {of('str', scope, 1)}", f"{name}.age += 2"]
    lines += [f"{name}.tags.append({of('str', scope, 1)})", f"{name}.tags += {fresh(writing, 'strs', scope)}"]
    lines += [f"{name}.rows.append({fresh(writing, 'ints', scope)})", f"{name}.maybe = {of('maybe', scope, 1)}"]
    lines += [f"{name}.rows[0].append({of('int', scope, 1)})", f"{name}.tags[0] = {of('str', scope, 1)}"]
    return [choices.pick(lines)], scope


def leave(writing: Writing, scope: Scope, place: Place) -> Written:
    """Out of the block, in one way or another. The block ends with it."""
    choices, expressions = writing.choices, writing.expressions
    ways = ["return", *["raise"] * (2 if place.guarded else choices.below(2))]
    if place.loop:
        ways += ["break"] * 3 + ["continue"] * 3
    if place.handler:
        ways += ["again"] * 2
    match choices.pick(ways):
        case "return":
            return [returned(writing, scope, place)], scope
        case "raise":
            return [f"raise {choices.pick(ERRORS)}({expressions.of('str', scope, 2)})"], scope
        case "again":
            return ["raise"], scope
        case word:
            return [word], scope


def returned(writing: Writing, scope: Scope, place: Place) -> str:
    """A `return`."""
    parts = [writing.expressions.of(kind, scope, 1) for kind in place.signature.returns]
    return f"return {parts[0]}" if len(parts) == 1 else f"return ({', '.join(parts)})"


def assure(writing: Writing, scope: Scope, place: Place) -> Written:
    """An `assert`, or nothing at all."""
    if not place.guarded or writing.choices.chance(30):
        return ["pass"], scope
    test = writing.expressions.of("bool", scope, 2)
    return [f"assert {test}, {writing.expressions.of('str', scope, 1)}"], scope
