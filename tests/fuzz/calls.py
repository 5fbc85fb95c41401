"""Statements that call: tasks that work and fail, sub-flows, maps, branches, races, people, events, pauses."""

from __future__ import annotations

from collections.abc import Callable

from fuzz.blocks import Place, Signature, Writing, Written
from fuzz.expressions import Scope
from fuzz.kinds import ANNOTATIONS
from fuzz.simple import NEW_KINDS

EVENTS = {"an int": "int", "words": "strs", "a person": "person", "maybe $x": "maybe"}
"""Events that come, and the kinds of their payloads."""


def call_task(writing: Writing, scope: Scope, place: Place) -> Written:
    """A task's result, or its call alone."""
    source, kind = _call(writing, scope, fails=_may_fail(writing, place))
    if writing.choices.chance(40):
        return [source], scope
    name = writing.new_name()
    return [f"{name} = {source}"], scope.having({name: kind})


def _call(writing: Writing, scope: Scope, *, fails: bool, depth: int = 2) -> tuple[str, str]:
    """A call and the kind of what it gives."""
    choices, of, features = writing.choices, writing.expressions.of, writing.expressions.features
    if fails and features.slow and choices.chance(25):
        return choices.pick([(f"slow({of('int', scope, 1)})", "int"), (f"slow_at_first({of('str', scope, 1)})", "str")])
    if features.asks and choices.chance(30):
        return _question(writing, scope, fails=fails)
    if fails and choices.chance(50):
        attempt = choices.pick(["1", "2", "3", "4"])
        kind_of_error = choices.pick(["0", "1", "2", "4", "5", of("int", scope, 1)])
        return choices.pick(
            [
                (f"at_attempt({of('str', scope, depth)}, {attempt})", "str"),
                (f"picky({kind_of_error}, attempt={attempt})", "int"),
                (f"check({of('int', scope, depth)}, {of('int', scope, 1)})", "int"),
                (f"fail({kind_of_error}, {of('str', scope, depth)})", "int"),
                (f"check(limit={of('int', scope, 1)}, value={of('int', scope, depth)})", "int"),
                (f"wrong({of('str', scope, 1)})", "int"),
            ]
        )
    if writing.flows and choices.chance(40):
        flow = choices.pick(writing.flows)
        return _flow_call(writing, flow, scope, depth), flow.returns[0]
    kind = choices.pick(NEW_KINDS)
    return f"same_{kind}({of(kind, scope, depth)})", kind


def _question(writing: Writing, scope: Scope, *, fails: bool) -> tuple[str, str]:
    """A question to a model."""
    of = writing.expressions.of
    text = of("str", scope, 1)
    if fails and writing.choices.chance(20):
        return f"impossible({text}).number", "int"
    return writing.choices.pick(
        [
            (f"summary({text})", "str"),
            (f"estimate({text})", "int"),
            (f"estimate(limit={of('int', scope, 1)}, text={text})", "int"),
            (f"keywords({of('person', scope, 1)})", "strs"),
            (f"graded({text})", "grade"),
            (f"author({text})", "person"),
        ]
    )


def _may_fail(writing: Writing, place: Place) -> bool:
    """Whether a task that fails may be called: one that nobody catches mostly ends the run too early."""
    return writing.expressions.features.fails and (place.guarded or writing.choices.chance(25))


def _flow_call(writing: Writing, flow: Signature, scope: Scope, depth: int) -> str:
    arguments = [
        f"{name}={writing.expressions.of(kind, scope, depth)}" if index and writing.choices.chance(50)
        else writing.expressions.of(kind, scope, depth)
        for index, (name, kind) in enumerate(flow.parameters.items())
    ]  # fmt: skip
    named = False
    for index, argument in enumerate(arguments):
        name = list(flow.parameters)[index]
        if argument.startswith(f"{name}="):
            named = True
        elif named:
            arguments[index] = f"{name}={argument}"
    return f"{flow.name}({', '.join(arguments)})"


def run_map(writing: Writing, scope: Scope, place: Place) -> Written:
    """A comprehension over calls."""
    choices, of = writing.choices, writing.expressions.of
    depth = choices.between(0, 2)
    heads: list[Callable[[], tuple[str, str, dict[str, str]]]] = [
        lambda: ("a", of("ints", scope, depth), {"a": "int"}),
        lambda: ("b", of("strs", scope, depth), {"b": "str"}),
        lambda: ("r", of("rows", scope, depth), {"r": "ints"}),
        lambda: ("w", of("nulls", scope, depth), {"w": "maybe"}),
        lambda: ("o", of("people", scope, depth), {"o": "person"}),
        lambda: ("k, v", of("pairs", scope, depth), {"k": "str", "v": "int"}),
        lambda: ("m, b", f"enumerate({of('strs', scope, depth)})", {"m": "int", "b": "str"}),
        lambda: ("a", f"range({choices.pick(['1', '2', '3', '0'])})", {"a": "int"}),
        lambda: ("a, b", f"zip({of('ints', scope, 1)}, {of('strs', scope, 1)})", {"a": "int", "b": "str"}),
    ]
    target, items, bound = choices.pick(heads)()
    within = scope.having(bound)
    source, kind = _call(writing, within, fails=_may_fail(writing, place))
    if choices.chance(30):
        items = f"each({items}, limit={choices.pick(['1', '2', '8'])})"
    test = f" if {writing.expressions.of('bool', within, 2, calls=False)}" if choices.chance(30) else ""
    name = writing.new_name()
    if kind == "int" and choices.chance(20) and "b" in bound:
        return [f"{name} = {{b: {source} for {target} in {items}{test}}}"], scope.having({name: "dict"})
    if kind in ("int", "str") and choices.chance(20):
        more = f" for z_ in {of('strs', scope, 1, calls=False)}"
        return [f"{name} = [{source} for {target} in {items}{test}{more}]"], _with_list(scope, name, kind)
    return [f"{name} = [{source} for {target} in {items}{test}]"], _with_list(scope, name, kind)


def run_reduction(writing: Writing, scope: Scope, place: Place) -> Written:
    """Calls for what a builtin makes of their results."""
    choices, of = writing.choices, writing.expressions.of
    name = writing.new_name()
    items = of("ints", scope, 2)
    within = scope.having({"a": "int"})
    number, text = of("int", within, 1, calls=False), of("str", within, 1, calls=False)
    kept = of("bool", scope.having({"b": "str"}), 1, calls=False)
    line, kind = choices.pick(
        [
            (f"sum(same_int({number}) for a in {items})", "int"),
            (f"max([same_int({number}) for a in {items}], default={of('int', scope, 1)})", "int"),
            (f'",".join(same_str({text}) for a in {items})', "str"),
            (f"sorted([same_str({text}) for a in {items}], key=lambda b: len(b))", "strs"),
            (f"len([same_maybe({of('maybe', within, 1, calls=False)}) for a in {items}])", "int"),
            (
                f"[b for b in [same_str({text}) for a in {items}] if {kept}]",
                "strs",
            ),
            (f"[v + m for m, v in enumerate([same_int({number}) for a in {items}])]", "ints"),
            (f"dict([(str(a), same_int({number})) for a in {items}])", "dict"),
        ]
    )
    return [f"{name} = {line}"], scope.having({name: kind})


_LISTS = {
    "int": "ints",
    "str": "strs",
    "float": "floats",
    "ints": "rows",
    "pair": "pairs",
    "maybe": "nulls",
    "person": "people",
}


def _with_list(scope: Scope, name: str, kind: str) -> Scope:
    return scope.having({name: _LISTS[kind]}) if kind in _LISTS else scope


def run_branches(writing: Writing, scope: Scope, place: Place) -> Written:
    """`parallel`."""
    number = writing.choices.between(2, 3)
    calls = [_call(writing, scope, fails=_may_fail(writing, place)) for _ in range(number)]
    if writing.choices.chance(25):
        value = writing.expressions.of("str", scope.having({"a": "int"}), 1, calls=False)
        calls[0] = (f"[same_str({value}) for a in {writing.expressions.of('ints', scope, 1)}]", "strs")
    if writing.choices.chance(20):
        calls[-1] = (f"same_int({writing.expressions.of('int', scope, 1)}) + same_int(2)", "int")
    names = [writing.new_name() for _ in calls]
    line = f"{', '.join(names)} = parallel({', '.join(source for source, _ in calls)})"
    return [line], scope.having({name: kind for name, (_, kind) in zip(names, calls, strict=True)})


def run_race(writing: Writing, scope: Scope, place: Place) -> Written:
    """`race`, where it is known who wins."""
    choices, of = writing.choices, writing.expressions.of
    name = writing.new_name()
    value = of("int", scope, 1, calls=False)
    line, kind = choices.pick(
        [
            (f"{name} = race(same_int({value}), sleep(20))", "maybe"),
            (f"{name} = race(sleep(20), same_int({value}))", "maybe"),
            (f'{name} = race(wait_for("never", int), sleep(0.02))', "maybe"),
            (f"{name} = race(fail(0, {of('str', scope, 1, calls=False)}), sleep(20))", "maybe"),
            (f'{name} = race(wait_for("never", str), same_str({of("str", scope, 1, calls=False)}))', "str"),
        ]
    )
    return [line], scope.having({name: kind})


def wait(writing: Writing, scope: Scope, place: Place) -> Written:
    """Something that takes time, or an answer from outside."""
    choices, of = writing.choices, writing.expressions.of
    name = writing.new_name()
    ways = ["sleep", "emit", "emit", "approval", "approval", "event", "event"]
    match choices.pick([*ways, "never"] if place.guarded else ways):
        case "sleep":
            return [f"sleep({choices.pick(['0.01', '0', '-1', 'seconds(0.01)'])})"], scope
        case "emit":
            kind = choices.pick(NEW_KINDS)
            key = f", key={of('str', scope, 1)}" if choices.chance(30) else ""
            return [f"emit({choices.pick(['done', 'it is $x', 'a'])!r}, {of(kind, scope, 2)}{key})"], scope
        case "approval":
            return _approval(writing, scope, name)
        case "never":
            return [f'{name} = wait_for("never", int, timeout=0.02)'], scope.having({name: "int"})
        case _ if choices.chance(25):
            key = choices.pick(["'a'", "'a'", "'b'", of("str", scope, 1)])
            return [f'{name} = wait_for("keyed", str, key={key})'], scope.having({name: "str"})
        case _:
            event = choices.pick(list(EVENTS))
            line = f"{name} = wait_for({event!r}, {ANNOTATIONS[EVENTS[event]]})"
            return [line], scope.having({name: EVENTS[event]})


def _approval(writing: Writing, scope: Scope, name: str) -> Written:
    """A question to people, and what they say."""
    choices, of, features = writing.choices, writing.expressions.of, writing.expressions.features
    told = choices.pick(["", f", show={of(choices.pick(['person', 'ints', 'str', 'nulls']), scope, 1)}"])
    if features.forms:
        told += ", form=Form"
    if features.late:
        told += f", timeout=0.02{choices.pick(['', ', default=True', ', default=False'])}"
    answer, comment = writing.new_name(), writing.new_name()
    lines = [f"{name} = approval({of('str', scope, 1)}{told})"]
    lines += [f"{answer} = {name}.approved", f"{comment} = {name}.comment"]
    known = scope.having({answer: "bool", comment: "str"})
    if not features.forms:
        return lines, known
    street, number, form = writing.new_name(), writing.new_name(), writing.new_name()
    lines += [f"{form} = {name}.answer", f'{street} = {form}.street if {form} is not None else "nowhere"']
    lines += [f"{number} = 0 if {form} is None else {form}.number"]
    return lines, known.having({street: "str", number: "int"})
