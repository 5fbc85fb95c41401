"""Writes values as JSONata and as fields of states, with the assignments that come before them on the same edge.

What is assigned in a state is seen by the next state only. A value that reads what the same edge assigns therefore
takes the assigned value in: a path or a literal in the variable's place, anything else as a variable of a block.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, assert_never

from skyloom.deployers.aws import expr_code
from skyloom.deployers.aws.expr import JsonataEmitter
from skyloom.deployers.aws.machine.graph import Let
from skyloom.deployers.aws.machine.values import (
    Constant,
    Listing,
    Record,
    Ref,
    Slot,
    Snippet,
    Source,
    Value,
    named,
)

Json = Any

_PATH = re.compile(r"\$\w+(\.(\w+|`[^`]*`))*")
_CALL = re.compile(r"\$\w+\([^()]*\)")
_TEXT = re.compile(r"'[^'\\]*'")
_LONGEST_COPIED_TEXT = 24
_ROOT = re.compile(r"\$(\w+)")


def field(text: str) -> str:
    """JSONata as the value of a field."""
    assert "%}" not in text, text
    return f"{{% {text} %}}"


class Writing:
    """Writes the values of one machine. What reads the same everywhere is written once and kept."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[Value, str]] = {}
        self._renamed: dict[str, str] = {}

    @contextmanager
    def renamed(self, names: Mapping[str, str]) -> Iterator[None]:
        """Inside the block these variables are called differently."""
        around = self._renamed
        self._renamed = around | dict(names)
        yield
        self._renamed = around

    def name(self, variable: str) -> str:
        """What a variable is called here."""
        return self._renamed.get(variable, variable)

    def text(self, value: Value, given: Sequence[Let] = ()) -> str:
        """The JSONata text of `value` behind the assignments `given`."""
        value, given = _resolved(value, given)
        bindings, known = self._bindings(value, given)
        text = self._text(value, known)
        if len(bindings) == 1:
            text, bindings = _taken_in(bindings[0], text)
        return f"({'; '.join([*bindings, text])})" if bindings else text

    def template(self, value: Value, given: Sequence[Let] = ()) -> Json:
        """The value of a state's field: objects and arrays stay what they are, what is computed is JSONata."""
        value, given = _resolved(value, given)
        match value:
            case Constant(value=constant):
                return _constant_field(constant)
            case Record(entries=entries):
                return {name: self.template(entry, given) for name, entry in entries.items()}
            case Listing(items=items):
                return [self.template(item, given) for item in items]
            case Source(form="value"):
                bindings, known = self._bindings(value, given)
                return field(self.text(value, given)) if bindings else self._emitter(value, known).template(value.expr)
            case _:
                return field(self.text(value, given))

    # --- assignments of the same edge ---------------------------------------------------------------------------

    def _bindings(self, value: Value, given: Sequence[Let]) -> tuple[list[str], dict[str, str]]:
        """What a block must bind in front of `value`, and the texts that stand for variables in it."""
        needed = needed_by(value, given)
        bindings: list[str] = []
        known: dict[str, str] = {}
        for position, let in enumerate(needed):
            text = self._text(let.value, known)
            later = {other.variable for other in needed[position + 1 :]}
            if _is_simple(text) and later.isdisjoint(_ROOT.findall(text)):
                known[let.variable] = text
            else:
                bindings.append(f"${let.variable} := {text}")
                known[let.variable] = f"${let.variable}"
        return bindings, known

    # --- values -------------------------------------------------------------------------------------------------

    def _text(self, value: Value, known: Mapping[str, str]) -> str:
        if not value.reads.isdisjoint(known) or not value.reads.isdisjoint(self._renamed):
            return self._written(value, known)
        kept = self._texts.get(id(value))
        if kept is None:
            kept = self._texts[id(value)] = (value, self._written(value, known))
        return kept[1]

    def _written(self, value: Value, known: Mapping[str, str]) -> str:
        match value:
            case Constant(value=constant):
                return literal(constant)
            case Source(form="value", expr=expr):
                return self._emitter(value, known).emit(expr)
            case Source(form="test", expr=expr):
                return self._emitter(value, known).emit_test(expr)
            case Source(expr=expr):
                return self._emitter(value, known).fails(expr, value.facts) or "false"
            case Snippet(parts=parts):
                alone = len(parts) == 1
                return "".join(self._part(part, known, alone) for part in parts)
            case Record(entries=entries):
                inside = ", ".join(f"{literal(name)}: {self._text(entry, known)}" for name, entry in entries.items())
                return f"{{{inside}}}"
            case Listing(items=items):
                return f"[{', '.join(self._text(item, known) for item in items)}]"
            case _:
                assert_never(value)

    def _part(self, part: str | Ref | Slot | Value, known: Mapping[str, str], alone: bool) -> str:
        match part:
            case str():
                return part
            case Slot(text=text):
                return text
            case Ref(variable=name):
                text = known.get(name, f"${self.name(name)}")
            case _:
                text = self._text(part, known)
        return text if alone or isinstance(part, Record | Listing | Constant) else enclosed(text)

    def _emitter(self, value: Source, known: Mapping[str, str]) -> JsonataEmitter:
        def text(name: str) -> str:
            variable = value.names[name]
            return known.get(variable, f"${self.name(variable)}")

        return JsonataEmitter(text)


def _taken_in(binding: str, text: str) -> tuple[str, list[str]]:
    """A variable that is read once, and not inside a function, needs no block: its value stands in its place."""
    name, _, value = binding.partition(" := ")
    read = re.findall(rf"{re.escape(name)}(?!\w)", text)
    if len(read) != 1 or "function(" in text or ":=" in text:
        return text, [binding]
    before, after = re.split(rf"{re.escape(name)}(?!\w)", text)
    alone = before.endswith("(") and after.startswith(")")
    return f"{before}{value if alone else enclosed(value)}{after}", []


def _resolved(value: Value, given: Sequence[Let]) -> tuple[Value, Sequence[Let]]:
    """What stands for `value` where it is nothing but a variable that `given` assigns, and what comes before that."""
    name = named(value)
    while name is not None and given:
        last = next((n for n in range(len(given) - 1, -1, -1) if given[n].variable == name), None)
        if last is None:
            break
        value, given = given[last].value, given[:last]
        name = named(value)
    return value, given


def needed_by(value: Value, given: Sequence[Let]) -> list[Let]:
    """Those of the assignments `given` on which `value` depends, directly or through others, in their order."""
    if not given:
        return []
    wanted = set(value.reads)
    needed: list[Let] = []
    for let in reversed(given):
        if let.variable in wanted:
            needed.append(let)
            wanted.discard(let.variable)
            wanted |= let.value.reads
    needed.reverse()
    return needed


def literal(value: Json) -> str:
    """A JSON value as JSONata writes it."""
    match value:
        case str():
            return expr_code.string(value).text
        case dict():
            return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
        case list() | tuple():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return json.dumps(value)


def _constant_field(value: Json) -> Json:
    match value:
        case str() if value.startswith("{%"):
            return field(literal(value))
        case dict():
            return {key: _constant_field(item) for key, item in value.items()}
        case list() | tuple():
            return [_constant_field(item) for item in value]
        case _:
            return value


def _is_simple(text: str) -> bool:
    """Whether the text may stand in the place of a variable, more than once."""
    return bool(_PATH.fullmatch(text)) or text in ("true", "false", "null", "[]") or _is_plain_literal(text)


def _is_plain_literal(text: str) -> bool:
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return True
    return len(text) <= _LONGEST_COPIED_TEXT and bool(_TEXT.fullmatch(text))


def enclosed(text: str) -> str:
    """The text, in parentheses where it could not stand beside an operator."""
    return text if _is_closed(text) else f"({text})"


def _is_closed(text: str) -> bool:
    """Whether the text can stand beside an operator as it is."""
    return bool(_PATH.fullmatch(text) or _CALL.fullmatch(text) or _TEXT.fullmatch(text)) or _is_simple(text)
