"""What comes of the combinations of a form: what plain Python says, and how an engine's answers are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from expressions.comparing import carried, holdable
from sweep.front import Accepted
from sweep.plain import Raised, as_python, exactly, plain

from skyloom.flows.expr.types import Type
from skyloom.flows.ir.conform import Mismatch, conformed

Json = Any

KINDS = ("equal", "error", "handed", "hoisted", "open")


@dataclass(slots=True)
class Tally:
    """What came of the combinations on one engine.

    Attributes:
        counts: by kind: `equal`, `error` (foreseen, and raised by the helper function), `handed` (a value that the
            helper function computes for these values), `hoisted` (always computed there), `open` (a number that no flow
            carries: the language leaves it open).
        reasons: combinations by the reason why they are hoisted.
        different: what disagrees.
    """

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    reasons: dict[str, int] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)

    def add(self, kind: str, number: int = 1) -> None:
        """Counts combinations."""
        self.counts[kind] += number

    def hoisted(self, reason: str, number: int) -> None:
        """Counts combinations that are left to the helper function."""
        self.add("hoisted", number)
        self.reasons[reason] = self.reasons.get(reason, 0) + number

    def compare(self, wanted: Expected, number: int, found: Json, text: str = "") -> None:
        """Counts a value as equal, or keeps how it differs."""
        if equal(found, wanted.outcomes[number], wanted.accepted.expr.type):
            self.add("equal")
        else:
            self.differs(wanted, number, found, text)

    def differs(self, wanted: Expected, number: int, found: Any, text: str = "") -> None:
        """Keeps a disagreement."""
        form, expected = wanted.accepted.form, wanted.outcomes[number]
        self.different.append(
            f"{form.group}: {form.source}  {dict(form.types)}  {shown(wanted.rows[number])}\n"
            f"    gives {shown(found)}, Python {shown(expected)}\n    {shown(text)}"
        )


def shown(value: Any) -> str:
    """The value, short enough to read."""
    text = repr(value)
    return text if len(text) < 400 else f"{text[:200]} ... {text[-100:]}"


def equal(found: Json, expected: Json, of: Type) -> bool:
    """Whether an engine's number, text or structure is Python's, once the static type says which numbers are floats."""
    try:
        return exactly(conformed(found, of, {})) == exactly(conformed(expected, of, {}))
    except (Mismatch, TypeError):
        return False


@dataclass(frozen=True, slots=True)
class Expected:
    """What plain Python says of every row."""

    accepted: Accepted
    rows: Sequence[dict[str, Json]]
    outcomes: Sequence[Json | Raised]

    def known(self) -> list[int]:
        """The rows that a flow may have: the others have numbers that no step carries."""
        return [n for n, found in enumerate(self.outcomes) if isinstance(found, Raised) or holdable(found)]


def expected(accepted: Accepted) -> Expected:
    """Every row of the form, and what Python says."""
    rows = [as_carried(row) for row in accepted.form.rows()]
    function = plain(accepted.form)
    values = [{name: as_python(row[name], of) for name, of in accepted.types.items()} for row in rows]
    return Expected(accepted, rows, [function(value) for value in values])


def as_carried(row: dict[str, Json]) -> dict[str, Json]:
    """The values as they come out of a step."""
    found: dict[str, Json] = carried(row)
    return found
