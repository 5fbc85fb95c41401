"""Statements that hold others: `if`, loops, `try`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from fuzz.blocks import Place, Writing, Written, indented
from fuzz.expressions import Scope
from fuzz.kinds import ITEMS

Block = Callable[[Writing, Scope, Place], list[str]]
"""Draws the lines of a block."""

_CAUGHT = """
    Exception Exception Busy VeryBusy Gone LookupError IndexError KeyError ValueError ArithmeticError ZeroDivisionError
    TaskFailed FlowError TimeoutError (Busy,ValueError) (LookupError,ArithmeticError,Busy) (KeyError,IndexError)
    RuntimeError PromptFailed TaskTimedOut
"""
CAUGHT = _CAUGHT.split()


def choose(writing: Writing, scope: Scope, place: Place, block: Block) -> Written:
    """`if`, `elif`, `else`."""
    choices, expressions = writing.choices, writing.expressions
    optional = scope.free("maybe", "word", "list")
    if optional and choices.chance(40):
        return _narrowed(writing, scope, place, block, choices.pick(optional))
    lines = [f"if {expressions.of('bool', scope)}:", *indented(block(writing, scope, place.inside()))]
    while choices.chance(25):
        lines += [f"elif {expressions.of('bool', scope)}:", *indented(block(writing, scope, place.inside()))]
    if choices.chance(50):
        lines += ["else:", *indented(block(writing, scope, place.inside()))]
    return lines, scope


def _narrowed(writing: Writing, scope: Scope, place: Place, block: Block, name: str) -> Written:
    """A test for None, behind which the value is there."""
    there = scope.having({name: ITEMS[scope.kinds[name]]}).fixing(name)
    without = replace(scope, kinds={of: kind for of, kind in scope.kinds.items() if of != name})
    reads = indented(block(writing, there, place.inside()))
    misses = indented(block(writing, without, place.inside()))
    match writing.choices.below(3):
        case 0:
            return [f"if {name} is not None:", *reads, "else:", *misses], scope
        case 1:
            return [f"if {name} is None:", *misses, "else:", *reads], scope
        case _:
            return [f"if {name}:", *reads], scope


def loop(writing: Writing, scope: Scope, place: Place, block: Block) -> Written:
    """`for`."""
    choices, expressions = writing.choices, writing.expressions
    one, other = writing.new_name(), writing.new_name()
    known = scope.free("int")
    if known and choices.chance(12):
        # A variable that is there already: it keeps the last element behind the loop.
        one = choices.pick(known)
        head = choices.pick([f"for {one} in {expressions.of('ints', scope, 1)}:", f"for {one} in range(3):"])
        return [head, *indented(block(writing, scope, place.inside(loop=True)))], scope
    inside = place.inside(loop=True)
    depth = choices.between(0, 2)
    heads: list[tuple[int, Callable[[], tuple[str, dict[str, str]]]]] = [
        (4, lambda: (f"for {one} in {expressions.of('ints', scope, depth)}:", {one: "int"})),
        (3, lambda: (f"for {one} in {expressions.of('strs', scope, depth)}:", {one: "str"})),
        (3, lambda: (f"for {one} in range({choices.pick(['2', '3', '1, 4', '4, 0, -2', '0'])}):", {one: "int"})),
        (1, lambda: (f"for {one} in range({expressions.of('int', scope, 1)} % 4):", {one: "int"})),
        (2, lambda: (f"for {one} in {expressions.of('rows', scope, depth)}:", {one: "ints"})),
        (1, lambda: (f"for {one} in {expressions.of('nulls', scope, depth)}:", {one: "maybe"})),
        (2, lambda: (f"for {one} in {expressions.of('people', scope, depth)}:", {one: "person"})),
        (2, lambda: (f"for {one}, {other} in {expressions.of('pairs', scope, depth)}:", {one: "str", other: "int"})),
        (2, lambda: (
            f"for {one}, {other} in enumerate({expressions.of('strs', scope, depth)}):", {one: "int", other: "str"},
        )),
        (1, lambda: (f"for {one} in {expressions.of('str', scope, 1)}[:4]:", {one: "str"})),
        (1, lambda: (
            f"for {one}, {other} in zip({expressions.of('ints', scope, 1)}, {expressions.of('strs', scope, 1)}):",
            {one: "int", other: "str"},
        )),
    ]  # fmt: skip
    if expressions.features.order:
        heads += [
            (2, lambda: (
                f"for {one}, {other} in {expressions.of('dict', scope, 1)}.items():", {one: "str", other: "int"},
            )),
            (1, lambda: (f"for {one} in {expressions.of('dict', scope, 1)}:", {one: "str"})),
        ]  # fmt: skip
    head, bound = choices.weighted(heads)()
    within = scope.having(bound)
    owned = [name for name in within.owned if name in head]
    return [head, *indented(block(writing, within.keeping(*owned), inside))], scope


def repeat(writing: Writing, scope: Scope, place: Place, block: Block) -> Written:
    """`while`, a few times at most."""
    choices, expressions = writing.choices, writing.expressions
    counter = writing.new_name()
    within = scope.having({counter: "int"}).fixing(counter)
    bound = choices.pick(["1", "2", "3", "4"])
    test = f"{counter} < {bound}"
    if choices.chance(40):
        test += f" and {expressions.of('bool', within, 2)}"
    body = [f"{counter} += 1", *block(writing, within, place.inside(loop=True))]
    return [f"{counter}: int = 0", f"while {test}:", *indented(body)], within


def attempt(writing: Writing, scope: Scope, place: Place, block: Block) -> Written:
    """`try`."""
    choices = writing.choices
    lines = ["try:", *indented(block(writing, scope, place.inside(guarded=True)))]
    handlers = choices.pick([0, 1, 1, 1, 2, 2, 3])
    final = handlers == 0 or choices.chance(35)
    for _ in range(handlers):
        lines += _handler(writing, scope, place, block)
    if handlers and choices.chance(30):
        lines += ["else:", *indented(block(writing, scope, place.inside()))]
    if final:
        # A `return` there would hide what went wrong; it may stand, but seldom does.
        lines += ["finally:", *indented(block(writing, scope, place.inside()))]
    return lines, scope


def _ends(line: str) -> bool:
    """Whether nothing comes behind the line."""
    return line.strip().startswith(("raise", "return", "break", "continue"))


def _handler(writing: Writing, scope: Scope, place: Place, block: Block) -> list[str]:
    classes = writing.choices.pick(CAUGHT).replace(",", ", ")
    if writing.choices.chance(30):
        return [f"except {classes}:", *indented(block(writing, scope, place.inside(handler=True)))]
    name, message = writing.new_name(), writing.new_name()
    told = writing.choices.pick(
        [f"str({name})", f'f"{{{name}}}"', f"type({name}).__name__", f'f"{{type({name}).__name__}}: {{{name}}}"']
    )
    within = scope.having({message: "str"})
    body = [f"{message} = {told}", *block(writing, within, place.inside(handler=True))]
    if writing.choices.chance(8) and not _ends(body[-1]):
        body.append(f"raise {name}")
    return [f"except {classes} as {name}:", *indented(body)]
