"""Random programs: a file with a flow and its sub-flows, inputs for it, and what people and events answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fuzz import calls, control, simple
from fuzz.blocks import Place, Signature, Writing, Written, indented
from fuzz.choices import Choices, Drawn
from fuzz.expressions import Expressions, Features, Scope
from fuzz.kinds import ANNOTATIONS, Values
from hypothesis import strategies as st

from skyloom.flows.testing import Answer, Arrival

Json = Any
DEPTH = 5
"""How deep statements stand in each other."""

HEAD = """import json
import math
from datetime import UTC, datetime
from typing import Any, Literal

from fuzz.prelude import *
from skyloom.flows import *
"""


@dataclass(frozen=True)
class FuzzProgram:
    """A program, and what it is run with.

    Attributes:
        source: the text of its file; the flow to run is called `main_flow`.
        inputs: what it is called with, once with each.
        approvals: what people answer.
        events: what arrives.
        chosen: the place of the input that engines get on which a run takes long.
    """

    source: str
    inputs: tuple[dict[str, Json], ...]
    approvals: tuple[Answer, ...]
    events: dict[str, list[Arrival]]
    chosen: int = 0


def program(choices: Choices, inputs: int = 3) -> FuzzProgram:
    """A random program."""
    features = Features(
        order=choices.chance(15),
        calls=choices.chance(50),
        side_by_side=choices.chance(45),
        waits=choices.chance(30),
        fails=choices.chance(55),
        late=choices.chance(30),
        forms=choices.chance(40),
        asks=choices.chance(15),
        slow=choices.chance(4),
        depth=choices.between(1, 4),
    )
    signatures: list[Signature] = []
    parts: list[str] = []
    for number in range(choices.pick([0, 0, 0, 1, 1, 2])):
        kinds = [choices.pick(simple.NEW_KINDS) for _ in range(choices.between(0, 3))]
        returns = (choices.pick(simple.NEW_KINDS),)
        signature = Signature(f"sub_{number}", dict(zip(("one", "two", "three"), kinds, strict=False)), returns)
        parts.append(_flow(choices, features, signature, signatures, choices.between(1, 8), apart=True))
        signatures.append(signature)
    names = ("p", "q_", "r_", "table")[: choices.between(1, 4)]
    parameters = {name: choices.pick(simple.NEW_KINDS) for name in names}
    main = Signature(
        "main_flow", parameters, tuple(choices.pick(simple.NEW_KINDS) for _ in range(choices.between(2, 4)))
    )
    parts.append(_flow(choices, features, main, signatures, choices.between(4, 30), apart=False))
    values = Values(choices, nasty=True)
    source = "\n\n".join([HEAD, *parts]) + "\n"
    return FuzzProgram(
        source=source,
        inputs=tuple({name: values.of(kind) for name, kind in parameters.items()} for _ in range(inputs)),
        approvals=_answers(choices, values, features) if " approval(" in source else (),
        events=_arrivals(values) if "wait_for(" in source else {},
        chosen=choices.below(inputs),
    )


def _answers(choices: Choices, values: Values, features: Features) -> tuple[Answer, ...]:
    """What people do, one after the other."""
    return tuple(_answer(choices, values, features) for _ in range(3)) * 30


def _arrivals(values: Values) -> dict[str, list[Arrival]]:
    """What happens outside."""
    known = {name: [Arrival(payload=values.of(kind)) for _ in range(3)] * 30 for name, kind in calls.EVENTS.items()}
    # One without a key is taken by whoever waits first.
    keyed = [Arrival(payload=values.of("str"), key=key) for key in ("b", "a", None, "it's", "a", "b", None)] * 30
    return {**known, "keyed": keyed, "never": [Arrival(after=None)] * 90}


def _answer(choices: Choices, values: Values, features: Features) -> Answer:
    """What a person does; nothing where time shall decide."""
    if features.late:
        return Answer(after=None)
    form = values.of("form") if features.forms and choices.chance(75) else None
    return Answer(approved=choices.chance(60), comment=values.of("str"), by="ann", answer=form)


@st.composite
def programs(draw: st.DrawFn) -> FuzzProgram:
    """Random programs as Hypothesis draws them."""
    return program(Drawn(draw), inputs=2)


def _flow(
    choices: Choices, features: Features, signature: Signature, flows: list[Signature], size: int, *, apart: bool
) -> str:
    """The source of a flow."""
    if apart:
        features = Features(**{**vars(features), "waits": False})
    writing = Writing(choices, Expressions(choices, features), size, list(flows), apart)
    writing.taken |= set(signature.parameters)
    owned = {name for name, kind in signature.parameters.items() if kind in simple.CHANGED and choices.chance(40)}
    scope, place = Scope(dict(signature.parameters), frozenset(owned)), Place(signature)
    lines: list[str] = []
    while writing.left > 0:
        more, scope = statement(writing, scope, place)
        lines += more
    lines.append(_seen(writing, scope, place))
    annotated = ", ".join(
        [
            *(f"{name}: {ANNOTATIONS[kind]}" for name, kind in signature.parameters.items()),
            *(
                f"{name}: {ANNOTATIONS[kind]} = {source}"
                for name, (kind, source) in writing.expressions.defaults.items()
            ),
        ]
    )
    kinds = [ANNOTATIONS[kind] for kind in signature.returns]
    result = kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"
    bound = "(timeout=60)" if apart and choices.chance(20) else ""
    return "\n".join([f"@flow{bound}", f"def {signature.name}({annotated}) -> {result}:", *indented(lines)])


def _seen(writing: Writing, scope: Scope, place: Place) -> str:
    """The last `return`: it shows variables of the flow where there are some."""
    parts = []
    for kind in place.signature.returns:
        names = scope.of(kind)
        parts.append(names[-1] if names else writing.expressions.of(kind, scope, 2))
    return f"return {parts[0]}" if len(parts) == 1 else f"return ({', '.join(parts)})"


def statement(writing: Writing, scope: Scope, place: Place) -> Written:
    """One statement, with all that stands in it."""
    writing.left -= 1
    features = writing.expressions.features
    options: list[tuple[int, Callable[[], Written]]] = [
        (9, lambda: simple.new_variable(writing, scope, place)),
        (7, lambda: simple.assign_again(writing, scope, place)),
        (5, lambda: simple.augment(writing, scope, place)),
        (3, lambda: simple.take_apart(writing, scope, place)),
        (8, lambda: simple.change(writing, scope, place)),
        (1, lambda: simple.assure(writing, scope, place)),
        (2, lambda: simple.change_model(writing, scope, place)),
        (6, lambda: calls.call_task(writing, scope, place)),
    ]
    if features.side_by_side:
        options += [
            (5, lambda: calls.run_map(writing, scope, place)),
            (2, lambda: calls.run_reduction(writing, scope, place)),
            (3, lambda: calls.run_branches(writing, scope, place)),
            (1, lambda: calls.run_race(writing, scope, place)),
        ]
    if features.waits:
        options.append((6, lambda: calls.wait(writing, scope, place)))
    if place.depth < DEPTH and writing.left > 0:
        options += [
            (8, lambda: control.choose(writing, scope, place, block)),
            (7, lambda: control.loop(writing, scope, place, block)),
            (3, lambda: control.repeat(writing, scope, place, block)),
            (10, lambda: control.attempt(writing, scope, place, block)),
        ]
    return writing.choices.weighted(options)()


def block(writing: Writing, scope: Scope, place: Place) -> list[str]:
    """The statements of a block."""
    lines: list[str] = []
    for _ in range(writing.choices.pick([1, 1, 2, 3])):
        if writing.left <= 0:
            break
        more, scope = statement(writing, scope, place)
        lines += more
    if not lines or writing.choices.chance(12):
        if lines or writing.choices.chance(50):
            lines += simple.leave(writing, scope, place)[0]
        else:
            lines += simple.assign_again(writing, scope, place)[0]
    return lines
